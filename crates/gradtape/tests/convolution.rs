//! Convolutions, pools and their gradients, made of windows and contractions: against plain loops, against the
//! reference engine on every instruction set and number of threads, and what the planner makes of them.

use crate::planning::engine::{check_engine, check_engine_in};
use crate::planning::{cases, check, numbers};
use gradtape::plan::{Kernel, Program};
use gradtape::tape::Graph;
use gradtape::{Convolution, DType, Rng, Tape, Tensor, Var, eval, gradients, vjp};
use proptest::prelude::*;

/// A convolution over two spatial axes.
#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    groups: usize,
    /// Channels and outputs of a group.
    channels: [usize; 2],
    image: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
}

impl Case {
    fn how(&self) -> Convolution {
        Convolution::new()
            .stride(&self.stride)
            .padding(&self.padding)
            .dilation(&self.dilation)
            .groups(self.groups)
    }

    fn images(&self) -> [usize; 4] {
        [self.batch, self.groups * self.channels[0], self.image[0], self.image[1]]
    }

    fn weight(&self) -> [usize; 4] {
        [self.groups * self.channels[1], self.channels[0], self.kernel[0], self.kernel[1]]
    }

    fn fits(&self) -> bool {
        (0..2)
            .all(|i| (self.kernel[i] - 1) * self.dilation[i] < self.image[i] + 2 * self.padding[i])
    }

    fn windows(&self, i: usize) -> usize {
        let reach = (self.kernel[i] - 1) * self.dilation[i] + 1;
        (self.image[i] + 2 * self.padding[i] - reach) / self.stride[i] + 1
    }

    /// Calls `each` for every product of the convolution: the numbers of the element of the images, of the
    /// weight and of the result.
    fn products(&self, mut each: impl FnMut(usize, usize, usize)) {
        let [inputs, outputs] = self.channels;
        let [height, width] = self.image;
        let [rows, columns] = [self.windows(0), self.windows(1)];
        let [down, across] = self.kernel;
        for n in 0..self.batch {
            for group in 0..self.groups {
                for (o, c) in (0..outputs).flat_map(|o| (0..inputs).map(move |c| (o, c))) {
                    let (out, own) = (group * outputs + o, group * inputs + c);
                    for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
                        for (i, j) in (0..down).flat_map(|i| (0..across).map(move |j| (i, j))) {
                            let row = y * self.stride[0] + i * self.dilation[0];
                            let column = x * self.stride[1] + j * self.dilation[1];
                            let inside =
                                |at: usize, pad: usize, size: usize| at >= pad && at < pad + size;
                            if !inside(row, self.padding[0], height)
                                || !inside(column, self.padding[1], width)
                            {
                                continue;
                            }
                            let (row, column) = (row - self.padding[0], column - self.padding[1]);
                            let image =
                                ((n * self.groups * inputs + own) * height + row) * width + column;
                            let weight = ((out * inputs + c) * down + i) * across + j;
                            let result =
                                ((n * self.groups * outputs + out) * rows + y) * columns + x;
                            each(image, weight, result);
                        }
                    }
                }
            }
        }
    }

    /// The convolution and its gradients for a cotangent, by plain loops.
    fn by_loops(&self, x: &Tensor, w: &Tensor, g: &Tensor) -> [Vec<f64>; 3] {
        let (x, w, g) = (x.to_f64_vec(), w.to_f64_vec(), g.to_f64_vec());
        let (mut out, mut dx, mut dw) =
            (vec![0.0; g.len()], vec![0.0; x.len()], vec![0.0; w.len()]);
        self.products(|image, weight, result| {
            out[result] += x[image] * w[weight];
            dx[image] += g[result] * w[weight];
            dw[weight] += g[result] * x[image];
        });
        [out, dx, dw]
    }

    /// The convolution and its gradients in a type.
    fn recorded(&self, dtype: DType) -> (Graph, Vec<Tensor>) {
        let tape = Tape::new();
        let leaf = |shape: [usize; 4], salt| tape.watch(numbers(shape, salt).cast(dtype));
        let (x, w, g) = (leaf(self.images(), 1), leaf(self.weight(), 2), leaf(self.result(), 3));
        let y = x.convolve(w, &self.how()).relu();
        let slopes = vjp(&[y], &[g], &[x, w]);
        eval::graph(&tape, &[y, slopes[0], slopes[1]]).unwrap()
    }

    fn result(&self) -> [usize; 4] {
        [self.batch, self.groups * self.channels[1], self.windows(0), self.windows(1)]
    }
}

fn convolutions() -> impl Strategy<Value = Case> {
    let two = |range: std::ops::Range<usize>| [range.clone(), range];
    let sizes = (1..4usize, prop::sample::select(vec![1, 1, 2, 3]), two(1..6), two(1..12));
    let steps = (two(1..5), two(1..4), two(0..3), two(1..4));
    (sizes, steps)
        .prop_map(|((batch, groups, channels, image), (kernel, stride, padding, dilation))| Case {
            batch,
            groups,
            channels,
            image,
            kernel,
            stride,
            padding,
            dilation,
        })
        .prop_filter("the weight fits", Case::fits)
}

/// Of few channels in each group, on images of rows that fill vectors.
fn of_few_channels() -> impl Strategy<Value = Case> {
    let sizes = (1..3usize, 1..5usize, (1..3usize, 1..4usize), (1..6usize, 1..40usize));
    let steps = ((1..4usize, 1..5usize), (1..3usize, 1..4usize), (0..2usize, 0..3usize), 1..3usize);
    (sizes, steps)
        .prop_map(|((batch, groups, channels, image), (kernel, stride, padding, dilation))| Case {
            batch,
            groups,
            channels: channels.into(),
            image: image.into(),
            kernel: kernel.into(),
            stride: stride.into(),
            padding: padding.into(),
            dilation: [1, dilation],
        })
        .prop_filter("the weight fits", Case::fits)
}

fn close(got: &Var<'_>, want: &[f64], what: &str) {
    let got = got.value().unwrap().to_f64_vec();
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let scale = want.abs().max(1.0);
        assert!((got - want).abs() <= 1e-11 * scale, "{what}: element {i} is {got}, not {want}");
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn values_and_gradients_are_those_of_plain_loops(case in convolutions()) {
        let (x, w, g) = (numbers(case.images(), 1), numbers(case.weight(), 2), numbers(case.result(), 3));
        let [out, dx, dw] = case.by_loops(&x, &w, &g);
        let tape = Tape::new();
        let (x, w, g) = (tape.watch(x), tape.watch(w), tape.constant(g));
        let y = x.convolve(w, &case.how());
        prop_assert_eq!(&y.shape()[..], &case.result()[..]);
        let slopes = vjp(&[y], &[g], &[x, w]);
        close(&y, &out, "value");
        close(&slopes[0], &dx, "gradient of the images");
        close(&slopes[1], &dw, "gradient of the weight");
    }

    #[test]
    fn every_engine_computes_them(case in prop_oneof![convolutions(), of_few_channels()]) {
        check_engine(|dtype| case.recorded(dtype));
    }
}

/// So large that several threads share each product.
#[test]
fn threads_share_those_of_few_channels_to_the_same_bits() {
    let one = Case {
        batch: 1,
        groups: 1,
        channels: [3, 4],
        image: [40, 200],
        kernel: [5, 5],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
    };
    let second = Case { stride: [2, 2], ..one };
    let two = Case { groups: 2, channels: [1, 1], image: [130, 130], ..one };
    for case in [one, second, two] {
        check_engine(|dtype| case.recorded(dtype));
        check_engine_in(&[DType::BF16, DType::F16], |dtype| case.recorded(dtype));
    }
}

/// The second derivatives of a convolution's loss along a direction, against differences of the first.
#[test]
fn second_derivatives_are_those_of_differences() {
    let case = Case {
        batch: 2,
        groups: 1,
        channels: [2, 3],
        image: [5, 6],
        kernel: [3, 2],
        stride: [1, 2],
        padding: [1, 0],
        dilation: [1, 2],
    };
    let slopes = |x: &Tensor, w: &Tensor| -> [Vec<f64>; 2] {
        let tape = Tape::new();
        let (x, w) = (tape.watch(x.clone()), tape.watch(w.clone()));
        let loss = x.convolve(w, &case.how()).tanh().square().sum(());
        gradients(loss, &[x, w])
            .iter()
            .map(|g| g.value().unwrap().to_f64_vec())
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    };
    let mut rng = Rng::new(5);
    let mut random = |shape: [usize; 4]| {
        let count = shape.iter().product();
        Tensor::from_vec((0..count).map(|_| rng.normal() * 0.4).collect::<Vec<f64>>(), shape)
            .unwrap()
    };
    let (x, w, v) = (random(case.images()), random(case.weight()), random(case.weight()));
    let tape = Tape::new();
    let (vx, vw) = (tape.watch(x.clone()), tape.watch(w.clone()));
    let loss = vx.convolve(vw, &case.how()).tanh().square().sum(());
    let first = gradients(loss, &[vx, vw]);
    let along = (first[1] * tape.constant(v.clone())).sum(());
    let second = gradients(along, &[vx, vw]);
    let step = 1e-5;
    let moved = |sign: f64| {
        let sum = w
            .to_f64_vec()
            .iter()
            .zip(v.to_f64_vec())
            .map(|(w, v)| w + sign * step * v)
            .collect::<Vec<_>>();
        slopes(&x, &Tensor::from_vec(sum, case.weight()).unwrap())
    };
    let (after, before) = (moved(1.0), moved(-1.0));
    for (i, second) in second.iter().enumerate() {
        let second = second.value().unwrap().to_f64_vec();
        for (j, got) in second.iter().enumerate() {
            let want = (after[i][j] - before[i][j]) / (2.0 * step);
            assert!(
                (got - want).abs() <= 1e-6 * want.abs().max(1.0),
                "{i}: element {j} is {got}, not {want}"
            );
        }
    }
}

#[test]
fn one_and_three_spatial_axes_are_those_of_two() {
    let case = Case {
        batch: 2,
        groups: 1,
        channels: [3, 4],
        image: [1, 9],
        kernel: [1, 3],
        stride: [1, 2],
        padding: [0, 1],
        dilation: [1, 1],
    };
    let (x, w) = (numbers(case.images(), 1), numbers(case.weight(), 2));
    let want = case.by_loops(&x, &w, &numbers(case.result(), 3))[0].clone();
    let tape = Tape::new();
    let (x, w) = (tape.watch(x), tape.watch(w));
    let how = Convolution::new().stride(&[2]).padding(&[1]);
    close(&x.squeeze(2).convolve(w.squeeze(2), &how), &want, "one axis");
    let how = Convolution::new().stride(&[1, 1, 2]).padding(&[0, 0, 1]);
    close(&x.unsqueeze(2).convolve(w.unsqueeze(2), &how), &want, "three axes");
}

/// A convolution and its gradients as a program, for f32 images.
fn program(case: Case) -> Program {
    let tape = Tape::new();
    let leaf = |shape: [usize; 4], salt| tape.watch(numbers(shape, salt));
    let (x, w, g) = (leaf(case.images(), 1), leaf(case.weight(), 2), leaf(case.result(), 3));
    let y = x.convolve(w, &case.how());
    let slopes = vjp(&[y], &[g], &[x, w]);
    let (graph, values) = eval::graph(&tape, &[y, slopes[0], slopes[1]]).unwrap();
    check(&graph, &values, 1e-11)
}

const PLAIN: Case = Case {
    batch: 2,
    groups: 1,
    channels: [3, 4],
    image: [6, 5],
    kernel: [3, 3],
    stride: [1, 1],
    padding: [1, 1],
    dilation: [1, 1],
};

fn contractions(program: &Program) -> Vec<String> {
    let contractions =
        program.kernels.iter().filter(|kernel| matches!(kernel, Kernel::Contract(_)));
    contractions.map(|kernel| kernel.to_string().lines().next().unwrap().to_string()).collect()
}

#[test]
fn a_convolution_is_one_contraction_that_reads_an_image() {
    let program = program(PLAIN);
    let expected = [
        // The value: outputs by windows, over channels and places.
        "contract [4] x [6, 5] over [3, 3, 3] for each of [2]",
        // The gradient of the images: channels by pixels, over outputs and places.
        "contract [3] x [6, 5] over [3, 3, 4] for each of [2]",
        // That of the weight: outputs by channels and places, over images and windows.
        "contract [4] x [3, 3, 3] over [2, 6, 5]",
    ];
    let mut found = contractions(&program);
    found.sort_unstable();
    let mut expected = expected.map(String::from);
    expected.sort_unstable();
    assert_eq!(found, expected, "{program}");
    // Beside them only images are padded: nothing as large as all windows is in memory.
    let most = program.buffers.iter().map(|buffer| buffer.len).max().unwrap();
    assert!(most < 2 * 3 * 6 * 5 * 9, "{program}");
}

#[test]
fn a_convolution_of_single_pixels_is_a_matrix_product() {
    let program = program(Case { kernel: [1, 1], padding: [0, 0], ..PLAIN });
    let mut found = contractions(&program);
    found.sort_unstable();
    let expected = [
        "contract [4] x [3] over [2, 30]",
        "matmul [3, 4] x [4, 30] for each of [2]",
        "matmul [4, 3] x [3, 30] for each of [2]",
    ];
    assert_eq!(found, expected, "{program}");
    assert_eq!(program.kernels.len(), 3, "{program}");
}

#[test]
fn the_gradient_of_a_pool_of_windows_side_by_side_is_a_view() {
    let tape = Tape::new();
    let x = tape.watch(numbers([2, 3, 4, 6], 1));
    let pooled = x.window(2, 2, 2, 1).window(3, 2, 2, 1).sum([-2, -1]);
    let [slope] = gradients((pooled * pooled).sum(()), &[x])[..] else { panic!() };
    let (graph, values) = eval::graph(&tape, &[slope]).unwrap();
    let program = check(&graph, &values, 1e-12);
    assert!(program.kernels.iter().all(|kernel| matches!(kernel, Kernel::Loop(_))), "{program}");
}

#[test]
fn what_does_not_fit_is_an_error_that_names_it() {
    let tape = Tape::new();
    let leaf = |shape: &[usize]| tape.watch(Tensor::ones(shape, DType::F32));
    let (x, w) = (leaf(&[2, 4, 6, 6]), leaf(&[6, 4, 3, 3]));
    let plain = Convolution::new();
    let check = |y: Var<'_>, words: &[&str]| {
        let text = y.value().unwrap_err().to_string();
        for word in words.iter().chain(&["hint:"]) {
            assert!(text.contains(word), "{word:?} is not in: {text}");
        }
    };
    check(x.convolve(w, &plain.clone().stride(&[0])), &["stride 0", "spatial axis 0"]);
    check(x.convolve(w, &plain.clone().dilation(&[1, 0])), &["dilation 0", "spatial axis 1"]);
    check(x.convolve(w, &plain.clone().groups(3)), &["3 groups", "4 channels", "6 outputs"]);
    check(x.convolve(w, &plain.clone().groups(0)), &["0 groups"]);
    check(x.convolve(w, &plain.clone().groups(2)), &["takes 4 channels", "have 2"]);
    check(x.convolve(w, &plain.clone().dilation(&[3])), &["reaches over 7", "have 6", "axis 0"]);
    check(x.convolve(w, &plain.clone().stride(&[1, 1, 1])), &["stride has 3 numbers", "2 spatial"]);
    check(x.convolve(leaf(&[6, 4, 3]), &plain), &["[2, 4, 6, 6]", "[6, 4, 3]"]);
    check(x.convolve(leaf(&[6, 3, 3, 3]), &plain), &["takes 3 channels", "have 4"]);
    check(x.window(3, 7, 1, 1), &["7 long", "axis 3 only 6"]);
    let text = x.window(2, 0, 1, 1).value().unwrap_err().to_string();
    assert!(text.contains("size 0") && text.contains("at least 1"), "{text}");
    check(tape.einsum("nchw,ocxy->no", &[x, w, w]), &["2 subscripts for 3 operands"]);
    check(
        tape.einsum("nchw,ohxy", &[x, w]),
        &[
            "h is 6 in operand 0 and 4 in operand 1",
            "\n  nchw          ohxy\n  [2, 4, 6, 6]  [6, 4, 3, 3]",
        ],
    );
    let huge = Convolution::new().padding(&[usize::MAX / 2]);
    assert!(x.convolve(w, &huge).value().is_err());
}

#[test]
fn einsum_is_that_of_plain_loops() {
    let tape = Tape::new();
    let leaf = |shape: &[usize], salt| tape.watch(numbers(shape, salt));
    let (a, b, c) = (leaf(&[2, 3], 1), leaf(&[3, 4], 2), leaf(&[4, 2], 3));
    let product = a.matmul(b).matmul(c).value().unwrap().to_f64_vec();
    close(&tape.einsum("ij,jk,kl->il", &[a, b, c]), &product, "three operands");
    close(&tape.einsum("ij,jk,kl", &[a, b, c]), &product, "without an arrow");
    let trace = product[0] + product[3];
    close(&tape.einsum("ij,jk,ki->", &[a, b, c]), &[trace], "all summed");
    let square = leaf(&[3, 3], 4);
    close(
        &tape.einsum("ii->i", &[square]),
        &square.diagonal(0, 1).value().unwrap().to_f64_vec(),
        "diagonal",
    );
    close(&tape.einsum("ij->ji", &[a]), &a.t().value().unwrap().to_f64_vec(), "turned");
    close(&tape.einsum("ij->", &[a]), &[a.sum(()).item().unwrap()], "sum");
    let batch = leaf(&[5, 2, 3], 5);
    close(
        &tape.einsum("...ij,jk->...ik", &[batch, b]),
        &batch.matmul(b).value().unwrap().to_f64_vec(),
        "ellipsis",
    );
    let (q, k, v) = (leaf(&[2, 5, 3, 4], 1), leaf(&[2, 6, 3, 4], 2), leaf(&[2, 6, 3, 4], 3));
    let scores = tape.einsum("bqhd,bkhd->bhqk", &[q, k]);
    let turned = |x: Var<'_>| x.swap_axes(1, 2).value().unwrap();
    let [tq, tk, tv] = [q, k, v].map(|x| tape.constant(turned(x)));
    close(&scores, &tq.matmul(tk.t()).value().unwrap().to_f64_vec(), "scores");
    let mixed = tape.einsum("bhqk,bkhd->bqhd", &[scores, v]);
    let want = tape.constant(scores.value().unwrap()).matmul(tv).swap_axes(1, 2);
    close(&mixed, &want.value().unwrap().to_f64_vec(), "mixed");
    let ones = leaf(&[1, 3], 6);
    let wide = tape.einsum("ij,ij->ij", &[a, ones]);
    close(&wide, &(a * ones).value().unwrap().to_f64_vec(), "a size of 1");
    for (subscripts, operands) in [
        ("bij,jk->ikb", vec![batch, b]),
        ("ij,kj->ik", vec![a, square]),
        ("i...,i...->...", vec![a, a]),
    ] {
        let y = tape.einsum(subscripts, &operands);
        let g = tape.constant(numbers(y.shape(), 9));
        let slopes = vjp(&[y], &[g], &operands);
        for (i, slope) in slopes.iter().enumerate() {
            assert_eq!(slope.shape(), operands[i].shape(), "{subscripts}");
        }
        let (graph, values) = eval::graph(&tape, &[&[y], &slopes[..]].concat()).unwrap();
        check(&graph, &values, 1e-12);
    }
}
