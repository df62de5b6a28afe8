//! [`Blueprint`]: a network for images in a few words.

use std::fmt;
use std::str::FromStr;

use super::fit::MOST_WEIGHTS;
use super::{
    AdaptiveAvgPool2d, BatchNorm2d, Conv2d, ConvOptions, Dropout, Flatten, Linear, MaxPool2d,
    Padding, Relu, Residual, Sequential, Unflatten,
};
use crate::tensor::{Error, Kind, Result, Rng, nearest};

/// A network for images in a few words, which is built for images of any size:
///
/// | text | network |
/// |---|---|
/// | `lenet` | `cnn:6c5-p2-16c5-p2-120-84`, after LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998), with [`Relu`] |
/// | `resnet8` | `cnn:16c3b-r16-r32s2-r64s2-avg`, a residual network (He, Zhang, Ren and Sun 2015) |
/// | `cnn:PARTS` | parts, one after another, with hyphens between |
///
/// | part | layers |
/// |---|---|
/// | `32c3` | [`Conv2d`] of 32 channels with a kernel of 3 x 3 that keeps the size, and [`Relu`] |
/// | `32c3b` | the same with [`BatchNorm2d`] between them |
/// | `r32` | two convolutions of 3 x 3 with normalisation and a way around them ([`Residual`]), 32 channels |
/// | `r32s2` | the same with windows 2 apart, so that height and width are halved |
/// | `p2` | [`MaxPool2d`] of 2 x 2 |
/// | `avg` | the mean of each channel |
/// | `d0.5` | [`Dropout`] of one half |
/// | `128` | [`Linear`] of 128 outputs, and [`Relu`]; images become rows before the first of them |
///
/// At the end stands a [`Linear`] of as many outputs as are asked for.
///
/// ```
/// use gradtape::nn::{Blueprint, Module};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let lenet: Blueprint = "lenet".parse()?;
/// let net = lenet.build([1, 28, 28], 10, &mut Rng::new(42))?;
/// let images = Tape::new();
/// let images = images.constant(Tensor::zeros([5, 1, 28, 28], DType::F32));
/// assert_eq!(net.forward(images).shape()[..], [5, 10]);
///
/// let small: Blueprint = "cnn:8c3-p2-p2-p2-16".parse()?;
/// let error = small.build([1, 6, 6], 10, &mut Rng::new(1)).err().unwrap().to_string();
/// assert!(error.contains("part 4, p2: windows of 2 x 2 in images of 1 x 1"), "{error}");
///
/// let error = "cnn:32c3-q2".parse::<Blueprint>().unwrap_err().to_string();
/// assert!(error.contains("part 2, \"q2\""), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Blueprint {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Conv { channels: usize, kernel: usize, norm: bool },
    Residual { channels: usize, stride: usize },
    Pool(usize),
    Average,
    Dropout(f64),
    Dense(usize),
}

impl Blueprint {
    /// What stands before the parts of a network that is put together.
    pub const PARTS: &str = "cnn:";

    /// The networks that have a name, with the parts that they consist of.
    pub const NAMED: &[(&str, &str)] =
        &[("lenet", "6c5-p2-16c5-p2-120-84"), ("resnet8", "16c3b-r16-r32s2-r64s2-avg")];

    /// The network for images of `[channels, height, width]`, with new numbers: `[n, channels, height, width]` to
    /// `[n, outputs]`. It begins with an [`Unflatten`], so that it takes images without an axis of channels, and rows of
    /// pixels, too.
    ///
    /// Fails where images become too small for a part, with the sizes that they have before each; for a part of images
    /// after they became rows; and beyond a thousand million weights.
    pub fn build(&self, image: [usize; 3], outputs: usize, rng: &mut Rng) -> Result<Sequential> {
        let net = Sequential::new().add(Unflatten::new(image));
        let mut made = Made { net, size: Size::Image(image), weights: 0.0, way: vec![] };
        for (number, part) in self.parts.iter().enumerate() {
            made.add(*part, rng).map_err(|error| {
                let error = error.context(format!("{self}, part {}, {part}", number + 1));
                match made.way.len() {
                    0 => error,
                    _ => error.note(format!("on the way: {}", made.way.join(" → "))),
                }
            })?;
            made.way.push(format!("{part} {}", made.size));
        }
        made.linear(outputs, rng).map_err(|error| error.context(self))?;
        Ok(made.net)
    }
}

impl FromStr for Blueprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Blueprint> {
        let named = Blueprint::NAMED.iter().find(|(name, _)| *name == text);
        let parts = named.map(|(_, parts)| *parts).or(text.strip_prefix(Blueprint::PARTS));
        let names = || Blueprint::NAMED.iter().map(|(name, _)| *name);
        let Some(parts) = parts else {
            let error = Error::new(Kind::Value, format!("there is no network {text:?} for images"));
            return Err(match nearest(text, names()) {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error.hint(format!(
                    "there are {}, and {}PARTS as in cnn:32c3-p2-128",
                    names().collect::<Vec<_>>().join(", "),
                    Blueprint::PARTS
                )),
            });
        };
        let read = |(number, part): (usize, &str)| {
            Part::read(part).ok_or_else(|| {
                let message =
                    format!("{text}: part {}, {part:?}, is no part of a network", number + 1);
                Error::new(Kind::Value, message).hint(PARTS)
            })
        };
        let parts = parts.split('-').enumerate().map(read).collect::<Result<_>>()?;
        Ok(Blueprint { text: text.to_string(), parts })
    }
}

/// What parts there are, for who wrote another.
const PARTS: &str = "parts are 32c3 (32 channels, kernel 3), 32c3b (with batch normalisation), r32 and r32s2 (residual), \
                     p2 (max pooling), avg (global mean), d0.5 (dropout), 128 (a dense layer)";

/// The text that it was read from.
impl fmt::Display for Blueprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Part {
    fn read(text: &str) -> Option<Part> {
        // Sums and products of such numbers do not overflow.
        let number = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|n| plain && (1..=1_000_000).contains(n))
        };
        if text == "avg" {
            return Some(Part::Average);
        }
        if let Some(size) = text.strip_prefix('p') {
            return Some(Part::Pool(number(size)?));
        }
        if let Some(share) = text.strip_prefix('d') {
            let share = share.parse().ok().filter(|share| (0.0..1.0).contains(share))?;
            return Some(Part::Dropout(share));
        }
        if let Some(rest) = text.strip_prefix('r') {
            let (channels, stride) = rest.split_once('s').unwrap_or((rest, "1"));
            return Some(Part::Residual { channels: number(channels)?, stride: number(stride)? });
        }
        if let Some((channels, kernel)) = text.split_once('c') {
            let (kernel, norm) = match kernel.strip_suffix('b') {
                Some(kernel) => (kernel, true),
                None => (kernel, false),
            };
            return Some(Part::Conv { channels: number(channels)?, kernel: number(kernel)?, norm });
        }
        Some(Part::Dense(number(text)?))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Conv { channels, kernel, norm } => {
                write!(f, "{channels}c{kernel}{}", if *norm { "b" } else { "" })
            }
            Part::Residual { channels, stride: 1 } => write!(f, "r{channels}"),
            Part::Residual { channels, stride } => write!(f, "r{channels}s{stride}"),
            Part::Pool(size) => write!(f, "p{size}"),
            Part::Average => write!(f, "avg"),
            Part::Dropout(share) => write!(f, "d{share}"),
            Part::Dense(width) => write!(f, "{width}"),
        }
    }
}

/// What goes from part to part for one example.
#[derive(Clone, Copy)]
enum Size {
    Image([usize; 3]),
    Row(usize),
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Size::Image([channels, height, width]) => write!(f, "[{channels}, {height}, {width}]"),
            Size::Row(width) => write!(f, "[{width}]"),
        }
    }
}

/// A network that is being put together.
struct Made {
    net: Sequential,
    size: Size,
    weights: f64,
    /// The parts before with the sizes that they give.
    way: Vec<String>,
}

impl Made {
    fn add(&mut self, part: Part, rng: &mut Rng) -> Result<()> {
        match part {
            Part::Conv { channels, kernel, norm } => {
                let [inputs, height, width] = self.image()?;
                self.count(inputs.saturating_mul(channels), kernel.saturating_mul(kernel))?;
                let options =
                    ConvOptions { padding: Padding::Same, bias: !norm, ..ConvOptions::default() };
                self.push(|net| {
                    Ok(net.add(Conv2d::with(inputs, channels, [kernel; 2], options, rng)?))
                })?;
                if norm {
                    self.push(|net| Ok(net.add(BatchNorm2d::new(channels))))?;
                }
                self.push(|net| Ok(net.add(Relu)))?;
                self.size = Size::Image([channels, height, width]);
            }
            Part::Residual { channels, stride } => {
                let [inputs, height, width] = self.image()?;
                self.count(inputs.saturating_add(channels).saturating_mul(channels), 9)?;
                self.push(|net| Ok(net.add(residual(inputs, channels, stride, rng)?).add(Relu)))?;
                let [height, width] = [height, width].map(|size| size.div_ceil(stride));
                self.size = Size::Image([channels, height, width]);
            }
            Part::Pool(size) => {
                let [channels, height, width] = self.image()?;
                if size > height.min(width) {
                    let message =
                        format!("windows of {size} x {size} in images of {height} x {width}");
                    return Err(Error::new(Kind::Shape, message)
                        .hint("the images are too small for so many pools: leave one out"));
                }
                self.push(|net| Ok(net.add(MaxPool2d::new([size; 2]))))?;
                self.size = Size::Image([channels, height / size, width / size]);
            }
            Part::Average => {
                let [channels, ..] = self.image()?;
                self.push(|net| Ok(net.add(AdaptiveAvgPool2d::new([1, 1])?)))?;
                self.size = Size::Image([channels, 1, 1]);
            }
            Part::Dropout(share) => self.push(|net| Ok(net.add(Dropout::new(share, rng))))?,
            Part::Dense(width) => {
                self.linear(width, rng)?;
                self.push(|net| Ok(net.add(Relu)))?;
            }
        }
        Ok(())
    }

    /// A linear layer, before which images become rows.
    fn linear(&mut self, outputs: usize, rng: &mut Rng) -> Result<()> {
        let inputs = match self.size {
            Size::Row(width) => width,
            Size::Image(sizes) => {
                self.push(|net| Ok(net.add(Flatten)))?;
                sizes.into_iter().fold(1, usize::saturating_mul)
            }
        };
        self.count(inputs, outputs)?;
        self.push(|net| Ok(net.add(Linear::with(inputs, outputs, Default::default(), rng)?)))?;
        self.size = Size::Row(outputs);
        Ok(())
    }

    fn push(&mut self, add: impl FnOnce(Sequential) -> Result<Sequential>) -> Result<()> {
        self.net = add(std::mem::take(&mut self.net))?;
        Ok(())
    }

    fn image(&self) -> Result<[usize; 3]> {
        match self.size {
            Size::Image(sizes) => Ok(sizes),
            Size::Row(width) => {
                let message =
                    format!("it takes images, but what comes are rows of {width} numbers");
                Err(Error::new(Kind::Shape, message).hint("dense layers stand at the end"))
            }
        }
    }

    fn count(&mut self, inputs: usize, outputs: usize) -> Result<()> {
        self.weights += inputs as f64 * outputs as f64;
        if self.weights <= MOST_WEIGHTS {
            return Ok(());
        }
        let message =
            format!("the network has {:.1e} weights, more than {MOST_WEIGHTS:.0e}", self.weights);
        Err(Error::new(Kind::Value, message)
            .hint("take fewer channels, or pool before a dense layer"))
    }
}

/// Two convolutions of 3 x 3 with normalisation and a way around them.
fn residual(inputs: usize, channels: usize, stride: usize, rng: &mut Rng) -> Result<Residual> {
    let options = |stride, zeros| ConvOptions {
        stride: [stride; 2],
        padding: Padding::Zeros([zeros; 2]),
        bias: false,
        ..ConvOptions::default()
    };
    let inner = Sequential::new()
        .add(Conv2d::with(inputs, channels, [3, 3], options(stride, 1), rng)?)
        .add(BatchNorm2d::new(channels))
        .add(Relu)
        .add(Conv2d::with(channels, channels, [3, 3], options(1, 1), rng)?)
        .add(BatchNorm2d::new(channels));
    if inputs == channels && stride == 1 {
        return Ok(Residual::new(inner));
    }
    let shortcut = Sequential::new()
        .add(Conv2d::with(inputs, channels, [1, 1], options(stride, 0), rng)?)
        .add(BatchNorm2d::new(channels));
    Ok(Residual::new(inner).with_shortcut(shortcut))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Module;
    use crate::tape::Tape;
    use crate::tensor::{DType, Tensor};

    fn build(text: &str, image: [usize; 3]) -> Result<Sequential> {
        text.parse::<Blueprint>()?.build(image, 10, &mut Rng::new(1))
    }

    #[test]
    fn sizes_follow_the_parts_and_every_network_computes() {
        for (text, image, count) in [
            ("lenet", [1, 28, 28], 156 + 2416 + 784 * 120 + 120 + 120 * 84 + 84 + 850),
            ("lenet", [1, 8, 8], 156 + 2416 + 64 * 120 + 120 + 120 * 84 + 84 + 850),
            ("resnet8", [3, 32, 32], 78_042),
            ("resnet8", [1, 9, 5], 77_754),
            ("cnn:4c2b-p2-d0.5-r4-r6s3-avg-7", [2, 8, 6], 1_073),
            ("cnn:12", [1, 2, 2], 60 + 130),
        ] {
            let net = build(text, image).unwrap();
            assert_eq!(net.parameter_count(), count, "{text}");
            let tape = Tape::new();
            let [channels, height, width] = image;
            let images = Tensor::ones([2, channels, height, width], DType::F32);
            let outputs = net.forward(tape.constant(images)).value().unwrap();
            assert_eq!(outputs.shape()[..], [2, 10], "{text}");
            let again = Sequential::from_specs(&net.specs().unwrap(), &mut Rng::new(2)).unwrap();
            assert_eq!(again.specs().unwrap(), net.specs().unwrap());
        }
    }

    #[test]
    fn texts_are_read_back_and_nonsense_is_refused_by_its_part() {
        for text in ["lenet", "resnet8", "cnn:32c3-32c3b-p2-r8-r8s2-avg-d0.25-128"] {
            let read: Blueprint = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
            assert!(
                Blueprint::NAMED.iter().any(|(name, _)| *name == text) || {
                    let parts: Vec<String> = read.parts.iter().map(Part::to_string).collect();
                    format!("cnn:{}", parts.join("-")) == text
                }
            );
        }
        for (text, word) in [
            ("lanet", "did you mean lenet?"),
            ("mlp", "there are lenet, resnet8"),
            ("cnn:", "part 1, \"\""),
            ("cnn:32c3--p2", "part 2, \"\""),
            ("cnn:0c3", "\"0c3\""),
            ("cnn:+3c3", "\"+3c3\""),
            ("cnn:3c", "\"3c\""),
            ("cnn:p0", "\"p0\""),
            ("cnn:d1", "\"d1\""),
            ("cnn:r8s0", "\"r8s0\""),
            ("cnn:99999999999999999999", "part 1"),
        ] {
            let error = text.parse::<Blueprint>().unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {word} is not in {error}");
        }
    }

    #[test]
    fn what_cannot_be_built_says_which_part_and_why() {
        for (text, words) in [
            ("cnn:8c3-p2-p2-p2", ["part 4, p2", "8c3 [8, 6, 6] → p2 [8, 3, 3] → p2 [8, 1, 1]"]),
            ("cnn:16-3c3", ["part 2, 3c3", "rows of 16 numbers"]),
            ("cnn:1000000c1000", ["part 1", "weights"]),
            ("cnn:1000000", ["part 1, 1000000", ""]),
        ] {
            let built = build(text, if text == "cnn:1000000" { [9, 60, 60] } else { [1, 6, 6] });
            let error = built.err().unwrap().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{text}: {error}");
        }
        for text in ["cnn:8c3", "cnn:r8"] {
            let error = build(text, [usize::MAX, 6, 6]).err().unwrap().to_string();
            assert!(error.contains("weights"), "{text}: {error}");
        }
    }
}
