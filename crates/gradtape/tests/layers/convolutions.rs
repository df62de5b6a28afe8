//! Convolutions against PyTorch's values and against plain loops.

use gradtape::nn::{
    Conv1d, Conv2d, Conv3d, ConvOptions, ConvTranspose1d, ConvTranspose2d, ConvTransposeOptions,
    Module, Padding, Sequential,
};
use gradtape::{DType, Result, Rng, Tape, Tensor, vjp};
use serde_json::Value;

use super::shared::{build, close, get, numbers as draw, predict, refused, set, stir};
use crate::reference::{Tolerance, cases, numbers, read, tensor};

fn pair(value: &Value) -> [usize; 2] {
    [0, 1].map(|i| value[i].as_u64().unwrap() as usize)
}

#[test]
fn values_and_gradients_agree_with_the_reference() -> Result<()> {
    let file = read("tensor_ops.json");
    let all: Vec<&Value> = cases(&file).iter().filter(|case| case["op"] == "conv2d").collect();
    assert_eq!(all.len(), 6);
    for case in all {
        let (id, attrs, inputs) = (case["id"].as_str().unwrap(), &case["attrs"], &case["inputs"]);
        let groups = attrs["groups"].as_u64().unwrap() as usize;
        let weight = tensor(&inputs["weight"]);
        let bias = inputs.get("bias").map(tensor);
        let [out, per_group, height, width] = weight.shape()[..] else { panic!("{id}") };
        let options = ConvOptions {
            stride: pair(&attrs["stride"]),
            padding: Padding::Zeros(pair(&attrs["padding"])),
            dilation: pair(&attrs["dilation"]),
            groups,
            bias: bias.is_some(),
            dtype: DType::F64,
            ..ConvOptions::default()
        };
        let rng = &mut Rng::new(1);
        let layer = Conv2d::with(per_group * groups, out, [height, width], options, rng)?;
        set(&layer, "weight", weight);
        let mut names = vec!["x", "weight"];
        if let Some(bias) = bias {
            set(&layer, "bias", bias);
            names.push("bias");
        }
        let tape = Tape::new();
        let mut watched = vec![tape.watch(tensor(&inputs["x"]))];
        let y = layer.forward(watched[0]);
        watched.extend(layer.parameters().iter().map(|own| tape.parameter(own)));
        let slopes = vjp(&[y], &[tape.constant(tensor(&case["cotangent"]))], &watched);
        let tolerance = Tolerance::of(&file, case);
        let data = |value: &Value| numbers(&value["data"]);
        tolerance.check(id, &y.value()?.to_f64_vec(), &data(&case["output"]));
        for (name, slope) in names.into_iter().zip(slopes) {
            let (what, want) = (format!("{id}: gradient of {name}"), data(&case["grads"][name]));
            tolerance.check(&what, &slope.value()?.to_f64_vec(), &want);
        }
    }
    Ok(())
}

/// A convolution over three spatial axes, of which some may have size 1.
#[derive(Clone, Copy, Debug)]
struct Slide {
    kernel: [usize; 3],
    stride: [usize; 3],
    dilation: [usize; 3],
    /// Before and after.
    padding: [(usize, usize); 3],
    groups: usize,
}

impl Slide {
    /// Calls with each pair of a place of the image and a place of the windows, and the place in the kernel.
    fn each(
        &self,
        image: [usize; 3],
        windows: [usize; 3],
        mut call: impl FnMut(usize, usize, usize),
    ) {
        let flat = |at: [usize; 3], size: [usize; 3]| (at[0] * size[1] + at[1]) * size[2] + at[2];
        let volume = |size: [usize; 3]| size.into_iter().product::<usize>();
        let split = |i: usize, size: [usize; 3]| {
            [i / size[2] / size[1], i / size[2] % size[1], i % size[2]]
        };
        for w in 0..volume(windows) {
            for k in 0..volume(self.kernel) {
                let (window, place) = (split(w, windows), split(k, self.kernel));
                let at: Option<Vec<usize>> = (0..3)
                    .map(|a| {
                        let padded = window[a] * self.stride[a] + place[a] * self.dilation[a];
                        padded.checked_sub(self.padding[a].0).filter(|&at| at < image[a])
                    })
                    .collect();
                if let Some(at) = at {
                    call(flat([at[0], at[1], at[2]], image), w, k);
                }
            }
        }
    }

    fn windows(&self, image: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|a| {
            let (before, after) = self.padding[a];
            let reach = (self.kernel[a] - 1) * self.dilation[a] + 1;
            (image[a] + before + after - reach) / self.stride[a] + 1
        })
    }
}

/// `[n, channels, volume]` and the three sizes, whatever the number of spatial axes.
fn volumes(x: &Tensor) -> (usize, usize, [usize; 3]) {
    let mut size = [1; 3];
    let spatial = &x.shape()[2..];
    size[3 - spatial.len()..].copy_from_slice(spatial);
    (x.shape()[0], x.shape()[1], size)
}

/// A convolution by its definition.
fn convolve(
    x: &Tensor,
    weight: &[f64],
    bias: Option<&[f64]>,
    out: usize,
    slide: Slide,
) -> Vec<f64> {
    let (n, channels, image) = volumes(x);
    let windows = slide.windows(image);
    let [places, spots, taps] = [image, windows, slide.kernel].map(|s| s.iter().product::<usize>());
    let (x, per_group) = (x.to_f64_vec(), channels / slide.groups);
    let mut y = vec![0.0; n * out * spots];
    for row in 0..n {
        for o in 0..out {
            let group = o / (out / slide.groups);
            for c in 0..per_group {
                slide.each(image, windows, |at, window, tap| {
                    let x = x[(row * channels + group * per_group + c) * places + at];
                    y[(row * out + o) * spots + window] +=
                        x * weight[(o * per_group + c) * taps + tap];
                });
            }
            if let Some(bias) = bias {
                y[(row * out + o) * spots..][..spots].iter_mut().for_each(|y| *y += bias[o]);
            }
        }
    }
    y
}

#[test]
fn values_agree_with_plain_loops_in_one_two_and_three_dimensions() -> Result<()> {
    let one = |stride, (before, after), dilation, kernel, groups| Slide {
        kernel: [1, 1, kernel],
        stride: [1, 1, stride],
        dilation: [1, 1, dilation],
        padding: [(0, 0), (0, 0), (before, after)],
        groups,
    };
    let cases: [(&str, &[usize], usize, Slide); 5] = [
        (
            r#"{"layer":"conv1d","inputs":4,"outputs":6,"kernel":[3],"stride":[2],"padding":{"zeros":[2]},
                "dilation":[2],"groups":2,"bias":true,"dtype":"f64"}"#,
            &[2, 4, 9],
            6,
            one(2, (2, 2), 2, 3, 2),
        ),
        (
            // The odd zero comes after the elements.
            r#"{"layer":"conv1d","inputs":2,"outputs":3,"kernel":[4],"stride":[1],"padding":"same",
                "dilation":[1],"groups":1,"bias":true,"dtype":"f64"}"#,
            &[2, 2, 6],
            3,
            one(1, (1, 2), 1, 4, 1),
        ),
        (
            r#"{"layer":"conv1d","inputs":4,"outputs":4,"kernel":[2],"stride":[1],"padding":"same",
                "dilation":[3],"groups":4,"bias":false,"dtype":"f64"}"#,
            &[2, 4, 5],
            4,
            one(1, (1, 2), 3, 2, 4),
        ),
        (
            r#"{"layer":"conv2d","inputs":3,"outputs":2,"kernel":[2,3],"stride":[2,1],
                "padding":{"zeros":[1,0]},"dilation":[1,2],"groups":1,"bias":true,"dtype":"f64"}"#,
            &[2, 3, 5, 6],
            2,
            Slide {
                kernel: [1, 2, 3],
                stride: [1, 2, 1],
                dilation: [1, 1, 2],
                padding: [(0, 0), (1, 1), (0, 0)],
                groups: 1,
            },
        ),
        (
            r#"{"layer":"conv3d","inputs":2,"outputs":4,"kernel":[2,3,2],"stride":[1,2,1],
                "padding":{"zeros":[1,1,0]},"dilation":[2,1,1],"groups":2,"bias":true,"dtype":"f64"}"#,
            &[2, 2, 3, 4, 3],
            4,
            Slide {
                kernel: [2, 3, 2],
                stride: [1, 2, 1],
                dilation: [2, 1, 1],
                padding: [(1, 1), (1, 1), (0, 0)],
                groups: 2,
            },
        ),
    ];
    for (json, shape, out, slide) in cases {
        let layer = build(json);
        stir(&*layer);
        let x = draw(shape, 1);
        let bias = json.contains(r#""bias":true"#).then(|| get(&*layer, "bias"));
        let want = convolve(&x, &get(&*layer, "weight"), bias.as_deref(), out, slide);
        let y = predict(&*layer, &x)?;
        let (_, channels, size) = volumes(&y);
        assert_eq!((channels, size), (out, slide.windows(volumes(&x).2)), "{json}");
        close(json, &y.to_f64_vec(), &want, 1e-12);
    }
    Ok(())
}

#[test]
fn a_transposed_convolution_spreads_what_a_convolution_gathers() -> Result<()> {
    let rng = &mut Rng::new(1);
    for (stride, padding, output_padding, dilation, groups) in [
        ([1, 1], [0, 0], [0, 0], [1, 1], 1),
        ([2, 3], [1, 0], [1, 2], [1, 1], 1),
        ([2, 1], [2, 1], [0, 0], [2, 1], 2),
        ([1, 2], [0, 1], [1, 1], [3, 1], 2),
    ] {
        let options = ConvTransposeOptions {
            stride,
            padding,
            output_padding,
            dilation,
            groups,
            dtype: DType::F64,
            ..ConvTransposeOptions::default()
        };
        let (inputs, outputs, kernel) = (4, 6, [3, 2]);
        let layer = ConvTranspose2d::with(inputs, outputs, kernel, options, rng)?;
        stir(&layer);
        let x = draw(&[2, inputs, 3, 4], 1);
        let y = predict(&layer, &x)?;
        let size: Vec<usize> = [3usize, 4]
            .iter()
            .enumerate()
            .map(|(a, n)| {
                (n - 1) * stride[a] + dilation[a] * (kernel[a] - 1) + 1 + output_padding[a]
                    - 2 * padding[a]
            })
            .collect();
        assert_eq!(y.shape()[..], [2, outputs, size[0], size[1]]);
        let slide = Slide {
            kernel: [1, kernel[0], kernel[1]],
            stride: [1, stride[0], stride[1]],
            dilation: [1, dilation[0], dilation[1]],
            padding: [(0, 0), (padding[0], padding[0]), (padding[1], padding[1])],
            groups,
        };
        let (weight, bias, x) = (get(&layer, "weight"), get(&layer, "bias"), x.to_f64_vec());
        let (spots, windows, taps) = (size[0] * size[1], 12, kernel[0] * kernel[1]);
        let (ins, outs) = (inputs / groups, outputs / groups);
        let mut want = vec![0.0; 2 * outputs * spots];
        for row in 0..2 {
            for o in 0..outputs {
                for c in 0..ins {
                    let channel = o / outs * ins + c;
                    slide.each([1, size[0], size[1]], [1, 3, 4], |at, window, tap| {
                        let x = x[(row * inputs + channel) * windows + window];
                        let weight = weight[(channel * outs + o % outs) * taps + tap];
                        want[(row * outputs + o) * spots + at] += x * weight;
                    });
                }
                want[(row * outputs + o) * spots..][..spots].iter_mut().for_each(|y| *y += bias[o]);
            }
        }
        close(&format!("{options:?}"), &y.to_f64_vec(), &want, 1e-12);
    }
    Ok(())
}

#[test]
fn first_numbers_are_those_of_pytorch() -> Result<()> {
    let rng = &mut Rng::new(1);
    let largest = |layer: &dyn Module, name: &str| {
        get(layer, name).into_iter().fold(0.0f64, |most, number| most.max(number.abs()))
    };
    // Kaiming's uniform rule with a = √5 is ±1/√fan_in.
    let groups = ConvOptions { groups: 2, ..ConvOptions::default() };
    for (layer, fan) in [
        (Conv2d::new(16, 32, [3, 3], rng), 16.0 * 9.0),
        (Conv2d::with(16, 32, [3, 3], groups, rng)?, 8.0 * 9.0),
    ] {
        let bound = 1.0 / f64::sqrt(fan);
        for name in ["weight", "bias"] {
            let most = largest(&layer, name);
            assert!((0.8 * bound..=bound * 1.000001).contains(&most), "{name}: {most}, {bound}");
        }
    }
    let layer = ConvTranspose1d::new(16, 32, [4], rng);
    let bound = 1.0 / f64::sqrt(32.0 * 4.0);
    let most = largest(&layer, "weight");
    assert!((0.8 * bound..=bound * 1.000001).contains(&most), "{most}, {bound}");
    assert_eq!(layer.weight.value().shape()[..], [16, 32, 4]);
    let [a, b] = [5, 5].map(|seed| get(&Conv1d::new(2, 3, [2], &mut Rng::new(seed)), "weight"));
    assert_eq!(a, b);
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_with_a_way_out() -> Result<()> {
    let rng = &mut Rng::new(1);
    let net = Sequential::new().add(Conv2d::new(3, 4, [3, 3], rng));
    net.named_parameters();
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    for (x, words) in [
        (zeros(&[2, 1, 8, 8]), &["takes 3 channels", "f32[2, 1, 8, 8]", "axis 1 of the input"][..]),
        (zeros(&[2, 8, 8]), &["[n, channels, height, width]", "unsqueeze(1)"]),
        (zeros(&[2, 3]), &["f32[2, 3]", "reshape the input"]),
        (
            zeros(&[2, 3, 2, 8]),
            &["reaches over 3 elements along spatial axis 0", "[3, 3]", "smaller kernel"],
        ),
        (Tensor::zeros([2, 3, 8, 8], DType::F64), &["write 1.0f32"]),
    ] {
        let tape = Tape::new();
        let x = tape.constant(x);
        let (line, error) = (line!(), net.forward(x).value().unwrap_err());
        assert_eq!(error.location().map(|at| (at.file(), at.line())), Some((file!(), line)));
        for words in words.iter().chain(&["in layer 0 (Conv2d)"]) {
            assert!(error.to_string().contains(words), "{words:?} is not in: {error}");
        }
    }
    let options = ConvOptions::<2>::default;
    let with = |options| Conv2d::with(4, 6, [3, 3], options, &mut Rng::new(1));
    refused(
        with(ConvOptions { stride: [1, 0], ..options() }),
        &["stride is [1, 0]", "from 4 to 6"],
    );
    refused(with(ConvOptions { dilation: [0, 1], ..options() }), &["dilation is [0, 1]"]);
    refused(with(ConvOptions { groups: 0, ..options() }), &["0 groups"]);
    refused(with(ConvOptions { groups: 4, ..options() }), &["4 groups do not divide 4 and 6"]);
    refused(with(ConvOptions { dtype: DType::I64, ..options() }), &["not i64"]);
    let same = ConvOptions { stride: [2, 2], padding: Padding::Same, ..options() };
    refused(with(same), &["Padding::Same needs a stride of 1", "Padding::Zeros"]);
    refused(Conv2d::with(4, 6, [3, 0], options(), rng), &["kernel is [3, 0]"]);
    let huge = Conv3d::new(usize::MAX / 2, 3, [3, 3, 3], rng);
    assert!(predict(&huge, &zeros(&[1, 1, 4, 4, 4])).is_err());
    refused(predict(&Conv1d::new(1, 1, [0], rng), &zeros(&[1, 1, 4])), &["kernel is [0]"]);

    let with = |options| ConvTranspose1d::with(4, 6, [3], options, &mut Rng::new(1));
    let options = ConvTransposeOptions::<1>::default;
    let more = ConvTransposeOptions { output_padding: [2], stride: [2], ..options() };
    refused(with(more), &["output_padding is [2]", "below the stride [2]"]);
    refused(with(ConvTransposeOptions { groups: 3, ..options() }), &["3 groups do not divide"]);
    refused(with(ConvTransposeOptions { stride: [0], ..options() }), &["stride is [0]"]);
    let narrow = with(ConvTransposeOptions { padding: [2], ..options() })?;
    refused(predict(&narrow, &zeros(&[1, 4, 1])), &["leaves no element", "pad less"]);
    refused(predict(&narrow, &zeros(&[1, 3, 4])), &["takes 4 channels", "f32[1, 3, 4]"]);
    Ok(())
}
