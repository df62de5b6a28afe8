//! Pools against PyTorch's values and against plain loops.

use gradtape::nn::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, AvgPoolOptions, Interpolation,
    Layer, LpPool1d, MaxPool1d, MaxPool2d, MaxPoolOptions, Upsample,
};
use gradtape::{DType, Result, Tape, Tensor, gradient};

use super::shared::{agrees, close, numbers as draw, predict, refused};
use crate::reference::{cases, read, tensor};

#[test]
fn values_and_gradients_agree_with_the_reference() -> Result<()> {
    let file = read("tensor_ops.json");
    let mut seen = 0;
    for case in cases(&file) {
        let attrs = &case["attrs"];
        let pair = |name: &str| [0, 1].map(|i| attrs[name][i].as_u64().unwrap() as usize);
        let layer: Box<dyn Layer> = match case["op"].as_str().unwrap() {
            "max_pool2d" => {
                let (stride, padding) = (pair("stride"), pair("padding"));
                let options = MaxPoolOptions { stride, padding, ..MaxPoolOptions::of([1, 1]) };
                Box::new(MaxPool2d::with(pair("kernel"), options)?)
            }
            "avg_pool2d" => {
                let options = AvgPoolOptions {
                    stride: pair("stride"),
                    padding: pair("padding"),
                    count_include_pad: attrs["count_include_pad"].as_bool().unwrap(),
                    ceil_mode: false,
                };
                Box::new(AvgPool2d::with(pair("kernel"), options)?)
            }
            _ => continue,
        };
        seen += 1;
        let tape = Tape::new();
        let x = tape.watch(tensor(&case["inputs"]["x"]));
        agrees(&file, case, layer.forward(x), ("x", x))?;
    }
    assert_eq!(seen, 7);
    Ok(())
}

/// The number of windows as PyTorch counts them.
fn windows(
    n: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
    ceil: bool,
) -> usize {
    let rest = n + 2 * padding - dilation * (kernel - 1) - 1;
    if !ceil {
        return rest / stride + 1;
    }
    let count = rest.div_ceil(stride) + 1;
    // The last window must begin inside of the input or its left padding.
    if (count - 1) * stride >= n + padding { count - 1 } else { count }
}

#[test]
fn every_setting_agrees_with_plain_loops() -> Result<()> {
    for n in [5, 6, 7, 8] {
        let x = draw(&[2, 3, n], n as u64);
        let rows = x.to_f64_vec();
        for (kernel, stride, padding, dilation) in
            [(2, 2, 0, 1), (3, 2, 1, 1), (3, 1, 1, 2), (2, 3, 1, 3), (3, 3, 1, 1), (4, 3, 2, 1)]
        {
            for ceil in [false, true] {
                let count = windows(n, kernel, stride, padding, dilation, ceil);
                // The places of a window before padding, which may lie outside.
                let places = |w: usize| {
                    (0..kernel)
                        .map(move |k| (w * stride + k * dilation) as isize - padding as isize)
                };
                let inside = |at: isize| (0..n as isize).contains(&at);
                let what = format!("{n}: {kernel} {stride} {padding} {dilation} {ceil}");
                let options = MaxPoolOptions {
                    stride: [stride],
                    padding: [padding],
                    dilation: [dilation],
                    ceil_mode: ceil,
                };
                let y = predict(&MaxPool1d::with([kernel], options)?, &x)?;
                assert_eq!(y.shape()[..], [2, 3, count], "{what}");
                let greatest = |row: &[f64], w: usize| {
                    let seen = places(w).filter(|&at| inside(at)).map(|at| row[at as usize]);
                    seen.fold(f64::NEG_INFINITY, f64::max)
                };
                let want: Vec<f64> = rows
                    .chunks(n)
                    .flat_map(|row| (0..count).map(move |w| greatest(row, w)))
                    .collect();
                close(&what, &y.to_f64_vec(), &want, 0.0);
                if dilation > 1 {
                    continue;
                }
                for include in [false, true] {
                    let options = AvgPoolOptions {
                        stride: [stride],
                        padding: [padding],
                        ceil_mode: ceil,
                        count_include_pad: include,
                    };
                    let y = predict(&AvgPool1d::with([kernel], options)?, &x)?;
                    let end = (n + padding) as isize;
                    let mean = |row: &[f64], w: usize| {
                        let seen = places(w).filter(|&at| inside(at)).map(|at| row[at as usize]);
                        let counted = |at: &isize| inside(*at) || include && *at < end;
                        seen.sum::<f64>() / places(w).filter(counted).count() as f64
                    };
                    let want: Vec<f64> = rows
                        .chunks(n)
                        .flat_map(|row| (0..count).map(move |w| mean(row, w)))
                        .collect();
                    close(&format!("{what} {include}"), &y.to_f64_vec(), &want, 1e-14);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn adaptive_means_have_the_bounds_of_pytorch() -> Result<()> {
    let x = draw(&[2, 2, 7, 5], 3);
    let rows = x.to_f64_vec();
    for size in [[1, 1], [3, 2], [7, 5], [2, 4], [5, 1]] {
        let y = predict(&AdaptiveAvgPool2d::new(size)?, &x)?;
        let range = |i: usize, out: usize, n: usize| (i * n / out)..((i + 1) * n).div_ceil(out);
        let mut want = Vec::new();
        for image in rows.chunks(35) {
            for (i, j) in (0..size[0]).flat_map(|i| (0..size[1]).map(move |j| (i, j))) {
                let (down, across) = (range(i, size[0], 7), range(j, size[1], 5));
                let all = down.flat_map(|a| across.clone().map(move |b| image[a * 5 + b]));
                let all: Vec<f64> = all.collect();
                want.push(all.iter().sum::<f64>() / all.len() as f64);
            }
        }
        close(&format!("{size:?}"), &y.to_f64_vec(), &want, 1e-14);
    }
    refused(AdaptiveAvgPool1d::new([0]), &["size is [0]"]);
    let many = AdaptiveAvgPool1d::new([1_000_000_000_000])?;
    refused(predict(&many, &draw(&[1, 1, 3], 1)), &["parts", "f64[1, 1, 3]", "smaller output"]);
    Ok(())
}

#[test]
fn the_greatest_of_whole_numbers_and_of_very_small_ones() -> Result<()> {
    let options = MaxPoolOptions { padding: [1], ..MaxPoolOptions::of([2]) };
    let layer = MaxPool1d::with([2], options)?;
    let y = predict(&layer, &Tensor::from([[[-5i64, -9, -7, i64::MIN]]]))?;
    assert_eq!(y.to_vec::<i64>()?, [-5, -7, i64::MIN]);
    let y = predict(&layer, &Tensor::from([[[-1e38f32, -2e38, f32::NEG_INFINITY]]]))?;
    assert_eq!(y.to_vec::<f32>()?, [-1e38, -2e38]);
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_with_a_way_out() -> Result<()> {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    let layer = MaxPool2d::new([3, 3]);
    refused(
        predict(&layer, &zeros(&[2, 8, 8])),
        &["[n, channels, height, width]", "f32[2, 8, 8]", "unsqueeze(1)"],
    );
    refused(
        predict(&layer, &zeros(&[2, 1, 2, 8])),
        &["[3, 3]", "spatial axis 0", "smaller windows"],
    );
    refused(predict(&AvgPool2d::new([0, 1]), &zeros(&[1, 1, 2, 2])), &["kernel is [0, 1]"]);
    refused(
        predict(&AvgPool1d::new([2]), &Tensor::zeros([1, 1, 4], DType::I64)),
        &["a mean of i64", "cast()"],
    );
    refused(predict(&MaxPool1d::new([2]), &Tensor::zeros([1, 1, 4], DType::Bool)), &["cast() it"]);
    let most = usize::MAX;
    refused(predict(&MaxPool1d::new([most]), &zeros(&[1, 1, 4])), &["reaches over"]);
    let wide = MaxPoolOptions { padding: [2], ..MaxPoolOptions::of([3]) };
    refused(MaxPool1d::with([3], wide), &["padding is [2]", "half of the kernel [3]"]);
    let still = MaxPoolOptions { stride: [0], ..MaxPoolOptions::of([3]) };
    refused(MaxPool1d::with([3], still), &["stride is [0]"]);
    let wide = AvgPoolOptions { padding: [2], ..AvgPoolOptions::of([3]) };
    refused(AvgPool1d::with([3], wide), &["padding is [2]"]);
    Ok(())
}

#[test]
fn windows_of_zeros_have_a_norm_whose_derivative_is_0() -> Result<()> {
    for norm in [1.0, 1.5, 2.0, 3.0] {
        let tape = Tape::new();
        let x = tape.watch([[[0.0, 0.0, 3.0, 4.0]]]);
        let y = LpPool1d::new(norm, [2])?.forward(x);
        let [dx] = gradient(y.sum(()), [x]);
        let (y, dx) = (y.value()?.to_f64_vec(), dx.value()?.to_f64_vec());
        assert_eq!((y[0], &dx[..2]), (0.0, &[0.0; 2][..]), "{norm}");
        let want = (3f64.powf(norm) + 4f64.powf(norm)).powf(1.0 / norm);
        assert!((y[1] - want).abs() < 1e-12, "{norm}");
        let slope = (3.0 / want).powf(norm - 1.0);
        assert!((dx[2] - slope).abs() < 1e-12, "{norm}: {dx:?}");
    }
    Ok(())
}

#[test]
fn long_signals_are_interpolated_in_little_memory() -> Result<()> {
    // By a matrix it would be 320 GB.
    const N: usize = 100_000;
    let tape = Tape::new();
    let x = Tensor::from((0..N).map(|i| (i % 7) as f32).collect::<Vec<_>>());
    let x = tape.watch(x.reshape([1, 1, N])?);
    for align_corners in [false, true] {
        let layer = Upsample::to_size(&[2 * N], Interpolation::Linear { align_corners })?;
        let y = layer.forward(x);
        let [dx] = gradient(y.sum(()), [x]);
        let (y, dx) = (y.value()?.to_f64_vec(), dx.value()?.to_f64_vec());
        assert_eq!((y[0], y[2 * N - 1]), (0.0, ((N - 1) % 7) as f64));
        assert!((dx.iter().sum::<f64>() - 2.0 * N as f64).abs() < 1.0, "{align_corners}");
        if !align_corners {
            assert_eq!(y[1..5], [0.25, 0.75, 1.25, 1.75]);
            assert_eq!(dx[..3], [2.0; 3]);
        }
    }
    Ok(())
}
