//! [`Augment`]: images that are changed a little each time that they are seen.

use std::fmt;

use crate::tensor::{Error, Kind, Result, Rng, Tensor};

/// Changes images at random while a network trains, so that it sees none twice: [`Batches::augmented`] and
/// [`Trainer::augment`] do it to every batch.
///
/// An image is turned, then moved, then mirrored. What comes to an image depends on the seed, the number of the epoch
/// and the number of its row in the dataset alone, whatever the size of batches and the number of threads.
///
/// ```
/// use gradtape::data::{Augment, digits};
/// let digits = digits();
/// let augment = Augment::parse("shift:1,rotate:10", [1, 8, 8])?;
/// let mut batches = digits.batches(32)?.shuffled(42).augmented(augment)?;
/// let [one, other] = [0, 0].map(|epoch| batches.epoch(epoch).next().unwrap().x.to_f64_vec());
/// assert_eq!(one, other);
///
/// let error = Augment::parse("shfit:1", [1, 8, 8]).unwrap_err().to_string();
/// assert!(error.contains("did you mean shift?"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// [`Batches::augmented`]: super::Batches::augmented
/// [`Trainer::augment`]: crate::train::Trainer::augment
#[derive(Clone, Debug, PartialEq)]
pub struct Augment {
    image: [usize; 3],
    /// Of the first channels; the last number counts for the rest.
    background: Vec<f32>,
    shift: usize,
    crop: usize,
    flip: bool,
    rotate: f64,
}

impl Augment {
    /// What [`Augment::parse`] knows.
    pub const NAMES: [&str; 4] = ["shift", "crop", "flip", "rotate"];

    /// Nothing yet, of images of `[channels, height, width]`, each a row of so many numbers in any shape.
    pub fn new(image: [usize; 3]) -> Augment {
        Augment { image, background: Vec::new(), shift: 0, crop: 0, flip: false, rotate: 0.0 }
    }

    /// From a text such as `shift:2,crop:4,flip,rotate:10`, any of these, in any order. Fails for another word and for
    /// a number that does not fit.
    pub fn parse(text: &str, image: [usize; 3]) -> Result<Augment> {
        text.split(',').try_fold(Augment::new(image), |augment, part| augment.with(part.trim()))
    }

    fn with(self, part: &str) -> Result<Augment> {
        let (name, value) = part.split_once(':').map_or((part, None), |(n, v)| (n, Some(v)));
        let wrong = |needs: &str| {
            Err(Error::new(Kind::Value, format!("augment {part:?}: {name} needs {needs}")))
        };
        let pixels = value.and_then(|value| value.parse::<usize>().ok());
        let degrees = value.and_then(|value| value.parse::<f64>().ok());
        let degrees = degrees.filter(|degrees| TURNS.contains(degrees));
        match (name, pixels, degrees) {
            ("shift", Some(pixels), _) => Ok(self.shift(pixels)),
            ("crop", Some(pixels), _) => Ok(self.crop(pixels)),
            ("shift" | "crop", ..) => wrong("a number of pixels, as in shift:2"),
            ("flip", ..) if value.is_none() => Ok(self.flip()),
            ("flip", ..) => wrong("no number"),
            ("rotate", _, Some(degrees)) => Ok(self.rotate(degrees)),
            ("rotate", ..) => wrong("degrees from 0 to 180, as in rotate:10"),
            _ => {
                let error = Error::new(Kind::Value, format!("augment: there is no {name:?}"));
                Err(match crate::tensor::nearest(name, Augment::NAMES) {
                    Some(near) => error.hint(format!("did you mean {near}?")),
                    None => error.hint("there are shift:2, crop:4, flip and rotate:10"),
                })
            }
        }
    }

    /// Moves an image by up to so many pixels along each axis; what comes in from outside is background.
    #[must_use]
    pub fn shift(self, pixels: usize) -> Augment {
        Augment { shift: pixels, ..self }
    }

    /// Moves an image by up to so many pixels along each axis, mirrored at its edges: a random part of the image with
    /// so many pixels around it. For photographs, which have no background.
    #[must_use]
    pub fn crop(self, pixels: usize) -> Augment {
        Augment { crop: pixels, ..self }
    }

    /// Mirrors every second image, left and right.
    #[must_use]
    pub fn flip(self) -> Augment {
        Augment { flip: true, ..self }
    }

    /// Turns an image about its middle by up to so many degrees either way; pixels are interpolated, and what comes in
    /// from outside is background. Another number than one from 0 to 180 is an error where images are changed.
    #[must_use]
    pub fn rotate(self, degrees: f64) -> Augment {
        Augment { rotate: degrees, ..self }
    }

    /// The number that the background of each channel has: 0 if not said otherwise, and another one where images are
    /// standardised. Of fewer numbers than channels, the last one counts for the rest.
    #[must_use]
    pub fn background(mut self, channels: &[f64]) -> Augment {
        self.background = channels.iter().map(|&number| number as f32).collect();
        self
    }

    /// The shape of an image, `[channels, height, width]`.
    pub fn image(&self) -> [usize; 3] {
        self.image
    }

    /// What [`Augment::background`] said.
    pub(crate) fn backgrounds(&self) -> &[f32] {
        &self.background
    }

    /// The images changed; `rows` are their numbers in the dataset. Fails for images that are not f32, that have another
    /// number of pixels, or another count than the rows.
    pub fn apply(&self, images: &Tensor, rows: &[usize], seed: u64, epoch: u64) -> Result<Tensor> {
        self.check(images)?;
        let pixels = images.contiguous();
        let Some(from) = pixels.as_slice::<f32>().filter(|_| images.shape()[0] == rows.len())
        else {
            let message = format!("augment {}: {} rows were named", images.shape(), rows.len());
            return Err(Error::new(Kind::Shape, message).hint("each image is one row"));
        };
        let mut made = vec![0.0; from.len()];
        let size = elements(&self.image).max(1);
        let epoch = Rng::new(seed).split(EPOCHS).split(epoch);
        for ((from, into), &row) in from.chunks(size).zip(made.chunks_mut(size)).zip(rows) {
            self.draw(epoch.split(row as u64)).write(self, from, into);
        }
        Tensor::from_vec(made, images.shape())
    }

    /// Whether images can be changed.
    pub(crate) fn check(&self, images: &Tensor) -> Result<()> {
        if !TURNS.contains(&self.rotate) {
            let message = format!("augment: rotate by {} degrees", self.rotate);
            return Err(Error::new(Kind::Value, message).hint("give a number from 0 to 180"));
        }
        let size = elements(&self.image);
        let own = elements(images.shape().get(1..).unwrap_or_default());
        if images.rank() > 0 && own == size && images.dtype() == crate::tensor::DType::F32 {
            return Ok(());
        }
        let message = format!(
            "augment images of {:?}: what is given is {}{}",
            self.image,
            images.dtype(),
            images.shape()
        );
        Err(Error::new(Kind::Shape, message)
            .hint("each row needs as many f32 as an image of [channels, height, width]"))
    }

    fn draw(&self, mut rng: Rng) -> Change {
        let mut between = |most: usize| {
            let most = most.min(MOST_PIXELS);
            rng.below(2 * most + 1) as isize - most as isize
        };
        let shift = [between(self.shift), between(self.shift)];
        let crop = [between(self.crop), between(self.crop)];
        let angle = (2.0 * rng.uniform() - 1.0) * self.rotate.to_radians();
        let flip = self.flip && rng.uniform() < 0.5;
        Change { shift, crop, flip, turn: (self.rotate > 0.0).then(|| angle.sin_cos()) }
    }
}

/// The degrees that images may be turned by.
const TURNS: std::ops::RangeInclusive<f64> = 0.0..=180.0;

/// How many numbers there are of a shape; a shape may be of more than can be counted.
fn elements(shape: &[usize]) -> usize {
    shape.iter().copied().fold(1, usize::saturating_mul)
}

/// What distinguishes the streams of random numbers of a seed from those of the order of rows.
const EPOCHS: u64 = 0x6175_676d_656e_7400;

/// Far enough for any image, and no sum of it overflows.
const MOST_PIXELS: usize = 1 << 20;

/// In the form that [`Augment::parse`] reads.
impl fmt::Display for Augment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.shift > 0).then(|| format!("shift:{}", self.shift)),
            (self.crop > 0).then(|| format!("crop:{}", self.crop)),
            self.flip.then(|| "flip".to_string()),
            (self.rotate > 0.0).then(|| format!("rotate:{}", self.rotate)),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

/// What is done to one image.
struct Change {
    shift: [isize; 2],
    crop: [isize; 2],
    flip: bool,
    /// Sine and cosine of the angle.
    turn: Option<(f64, f64)>,
}

impl Change {
    /// For each pixel of the new image looks up where it comes from.
    fn write(&self, augment: &Augment, from: &[f32], into: &mut [f32]) {
        let [_, height, width] = augment.image;
        let plane = elements(&[height, width]).max(1);
        let last = augment.background.last().copied().unwrap_or(0.0);
        let background = augment.background.iter().copied().chain(std::iter::repeat(last));
        let channels = from.chunks(plane).zip(into.chunks_mut(plane)).zip(background);
        for ((from, into), background) in channels {
            let old = Plane { pixels: from, height, width, background };
            for (place, into) in into.iter_mut().enumerate() {
                let (y, x) = (place / width, place % width);
                let x = if self.flip { width - 1 - x } else { x };
                let y = mirrored(y as isize - self.crop[0], height) - self.shift[0];
                let x = mirrored(x as isize - self.crop[1], width) - self.shift[1];
                *into = match self.turn {
                    None => old.at(y, x),
                    Some((sin, cos)) => {
                        let middle = [height, width].map(|size| (size as f64 - 1.0) / 2.0);
                        let (y, x) = (y as f64 - middle[0], x as f64 - middle[1]);
                        old.between(middle[0] + y * cos + x * sin, middle[1] + x * cos - y * sin)
                    }
                };
            }
        }
    }
}

/// A place on an axis that is mirrored at its ends, without the last pixel twice.
fn mirrored(place: isize, size: usize) -> isize {
    let period = 2 * (size as isize - 1);
    if period <= 0 {
        return 0;
    }
    let place = place.rem_euclid(period);
    place.min(period - place)
}

struct Plane<'a> {
    pixels: &'a [f32],
    height: usize,
    width: usize,
    background: f32,
}

impl Plane<'_> {
    fn at(&self, y: isize, x: isize) -> f32 {
        let inside = |place: isize, size: usize| usize::try_from(place).ok().filter(|p| *p < size);
        match (inside(y, self.height), inside(x, self.width)) {
            (Some(y), Some(x)) => self.pixels[y * self.width + x],
            _ => self.background,
        }
    }

    /// Interpolated between the four pixels around a place.
    fn between(&self, y: f64, x: f64) -> f32 {
        let (top, left) = (y.floor(), x.floor());
        let (down, right) = ((y - top) as f32, (x - left) as f32);
        let (top, left) = (top as isize, left as isize);
        let row = |y| (1.0 - right) * self.at(y, left) + right * self.at(y, left + 1);
        (1.0 - down) * row(top) + down * row(top + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    const IMAGE: [usize; 3] = [2, 4, 5];

    fn images(n: usize) -> Tensor {
        let numbers = (0..n * 40).map(|i| 1.0 + i as f32).collect();
        Tensor::from_vec(numbers, [n, 40]).unwrap()
    }

    fn write(augment: &Augment, change: Change) -> Vec<f32> {
        let (from, mut into) = (images(1).to_vec::<f32>().unwrap(), vec![0.0; 40]);
        change.write(augment, &from, &mut into);
        into
    }

    fn still() -> Change {
        Change { shift: [0, 0], crop: [0, 0], flip: false, turn: None }
    }

    #[test]
    fn every_change_puts_pixels_where_they_belong() {
        let augment = Augment::new(IMAGE).background(&[-1.0, -2.0]);
        let all: Vec<f32> = (1..=40).map(|i| i as f32).collect();
        assert_eq!(write(&augment, still()), all);

        let moved = write(&augment, Change { shift: [1, -2], ..still() });
        assert_eq!(moved[..10], [-1., -1., -1., -1., -1., 3., 4., 5., -1., -1.]);
        assert_eq!(moved[20..30], [-2., -2., -2., -2., -2., 23., 24., 25., -2., -2.]);

        let cropped = write(&augment, Change { crop: [1, -2], ..still() });
        assert_eq!(cropped[..10], [8., 9., 10., 9., 8., 3., 4., 5., 4., 3.]);

        let flipped = write(&augment, Change { flip: true, ..still() });
        assert_eq!(flipped[..10], [5., 4., 3., 2., 1., 10., 9., 8., 7., 6.]);

        let half = write(&augment, Change { turn: Some((0.0, -1.0)), ..still() });
        let mut turned = all[..20].to_vec();
        turned.reverse();
        assert_eq!(half[..20], turned[..]);

        // A quarter of a turn of a square.
        let square = Augment::new([1, 2, 2]);
        let mut into = [0.0; 4];
        Change { turn: Some((1.0, 0.0)), ..still() }.write(&square, &[1., 2., 3., 4.], &mut into);
        assert!(into == [2., 4., 1., 3.] || into == [3., 1., 4., 2.], "{into:?}");
    }

    #[test]
    fn what_comes_to_a_row_depends_on_seed_epoch_and_row_alone() {
        let augment = Augment::parse("shift:1,crop:2,flip,rotate:30", IMAGE).unwrap();
        let all = augment.apply(&images(6), &[0, 1, 2, 3, 4, 5], 7, 3).unwrap();
        let some = images(6).take_rows(&[4, 1]).unwrap();
        let some = augment.apply(&some, &[4, 1], 7, 3).unwrap();
        assert!(some.equals(&all.take_rows(&[4, 1]).unwrap()));
        for (seed, epoch) in [(8, 3), (7, 4)] {
            let other = augment.apply(&images(6), &[0, 1, 2, 3, 4, 5], seed, epoch).unwrap();
            assert!(!other.equals(&all));
        }
    }

    #[test]
    fn changes_stay_within_what_was_asked_for_and_reach_it() {
        let augment = Augment::parse("shift:2,flip", IMAGE).unwrap();
        let draws: Vec<Change> = (0..200).map(|row| augment.draw(Rng::new(1).split(row))).collect();
        for axis in [0, 1] {
            let seen: std::collections::BTreeSet<isize> =
                draws.iter().map(|change| change.shift[axis]).collect();
            assert!(seen.into_iter().eq(-2..=2));
        }
        let flipped = draws.iter().filter(|change| change.flip).count();
        assert!((70..130).contains(&flipped), "{flipped}");
        assert!(draws.iter().all(|change| change.crop == [0, 0] && change.turn.is_none()));
    }

    #[test]
    fn texts_are_read_back_and_nonsense_is_refused() {
        for text in ["shift:2,crop:4,flip,rotate:10", "flip", "rotate:7.5"] {
            assert_eq!(Augment::parse(text, IMAGE).unwrap().to_string(), text);
        }
        for (text, word) in [
            ("", "there are shift:2"),
            ("flop", "did you mean flip?"),
            ("shift", "a number of pixels"),
            ("crop:x", "a number of pixels"),
            ("flip:1", "no number"),
            ("rotate:181", "degrees from 0 to 180"),
            ("rotate:nan", "degrees from 0 to 180"),
            ("flip,,crop:1", "there is no \"\""),
        ] {
            let error = Augment::parse(text, IMAGE).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
        let augment = Augment::new(IMAGE).shift(usize::MAX).crop(usize::MAX);
        assert!(augment.apply(&images(2), &[0, 1], 1, 0).is_ok());
        let few = Tensor::zeros([2, 39], DType::F32);
        for shape in [[usize::MAX, 1, 1], [usize::MAX, 2, 3], [3, usize::MAX, usize::MAX]] {
            assert!(Augment::new(shape).background(&[1.0]).apply(&few, &[0, 1], 1, 0).is_err());
        }
        let none = Augment::new([usize::MAX, usize::MAX, 0]);
        assert!(none.apply(&Tensor::zeros([2, 0], DType::F32), &[0, 1], 1, 0).is_ok());
        for degrees in [f64::INFINITY, f64::NAN, -1.0, 181.0] {
            let error = Augment::new(IMAGE).rotate(degrees).apply(&images(2), &[0, 1], 1, 0);
            assert!(error.unwrap_err().message().contains("degrees"), "{degrees}");
        }
        assert!(augment.apply(&few, &[0, 1], 1, 0).unwrap_err().message().contains("[2, 39]"));
        let wide = Tensor::zeros([2, 40], DType::F64);
        assert!(augment.apply(&wide, &[0, 1], 1, 0).is_err());
        assert!(augment.apply(&images(2), &[0], 1, 0).unwrap_err().message().contains("1 rows"));
        let none = Augment::new([1, 0, 3]).rotate(10.0);
        assert!(none.apply(&Tensor::zeros([2, 0], DType::F32), &[0, 1], 1, 0).is_ok());
    }
}
