//! Windows and Fourier transforms, which are products with matrices of sines.

use std::f64::consts::TAU;

use gradtape::{Result, Tensor, Var};

use super::Table;
use crate::call::{Call, Outputs, fits, one};
use crate::elem::Elem;
use crate::tensor::broken;
use crate::value::{Array, axis};

pub(super) const TABLE: Table = &[
    ("BlackmanWindow", |c| window(c, [0.42, 0.5, 0.08])),
    ("DFT", dft),
    ("HammingWindow", |c| window(c, [25.0 / 46.0, 21.0 / 46.0, 0.0])),
    ("HannWindow", |c| window(c, [0.5, 0.5, 0.0])),
    ("MelWeightMatrix", mel),
    ("STFT", stft),
];

/// `a - b cos t + c cos 2t` over one turn.
fn window<'t>(c: &Call<'_, 't>, [a, b, d]: [f64; 3]) -> Outputs<'t> {
    let Some(size) = c.number(0)?.filter(|size| (0.0..1e9).contains(size)) else {
        return Err(broken("the size is missing or out of range"));
    };
    let turn = if c.flag("periodic", true)? { size } else { size - 1.0 };
    let numbers: Vec<f64> = (0..size as usize)
        .map(|place| TAU * place as f64 / turn.max(1.0))
        .map(|angle| a - b * angle.cos() + d * (2.0 * angle).cos())
        .collect();
    let elem = c.elem("output_datatype")?.unwrap_or(Elem::F32);
    let count = numbers.len();
    let var = c.tape.constant(Tensor::from_vec(numbers, [count])?.cast(elem.dtype()));
    one(Array { var, elem })
}

/// Cosines and sines of `TAU i j / size`, `[size, size]`.
fn waves<'t>(x: Var<'t>, size: usize, columns: usize) -> Result<[Var<'t>; 2]> {
    fits(size, columns)?;
    let mut both = [Vec::with_capacity(size * columns), Vec::with_capacity(size * columns)];
    for i in 0..size {
        for j in 0..columns {
            // The product is taken modulo the size first, so that large ones keep their digits.
            let angle = TAU * ((i * j) % size) as f64 / size as f64;
            both[0].push(angle.cos());
            both[1].push(angle.sin());
        }
    }
    let [cos, sin] = both.map(|numbers| Tensor::from_vec(numbers, [size, columns]));
    let held = |tensor: Tensor| x.tape().constant(tensor.cast(x.dtype()));
    Ok([held(cos?), held(sin?)])
}

/// The transform along the last axis of a real and, maybe, an imaginary part.
fn transformed<'t>(
    [real, imaginary]: [Option<Var<'t>>; 2],
    size: usize,
    columns: usize,
    inverse: bool,
) -> Result<[Var<'t>; 2]> {
    let Some(real) = real else { return Err(broken("no real part")) };
    let [cos, sin] = waves(real, size, columns)?;
    let sin = if inverse { -sin } else { sin };
    let (mut a, mut b) = (real.matmul(cos), -real.matmul(sin));
    if let Some(imaginary) = imaginary {
        a += imaginary.matmul(sin);
        b += imaginary.matmul(cos);
    }
    let scale = if inverse { 1.0 / size as f64 } else { 1.0 };
    Ok([a * scale, b * scale])
}

/// The discrete transform along an axis; the last axis of its input holds real and imaginary parts.
fn dft<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let rank = x.rank();
    let at = match c.version >= 20 {
        true => c.number(2)?.map_or(-2, |at| at as i64),
        false => c.int_or("axis", 1)?,
    };
    let at = axis(at, rank)?;
    let parts = x.shape()[rank - 1];
    if at + 1 == rank || parts == 0 || parts > 2 {
        return Err(broken(format!("a transform along axis {at} of {:?}", x.shape())));
    }
    let along = at as isize;
    let mut signal = x.var;
    let length = c.number(1)?;
    let (inverse, half) = (c.flag("inverse", false)?, c.flag("onesided", false)?);
    if let Some(length) = length.filter(|_| !(inverse && half)) {
        let (from, to) = (x.shape()[at], length.max(0.0) as usize);
        signal = match to <= from {
            true => signal.slice_step(along, 0, to, 1),
            false => signal.pad(along, 0, to - from),
        };
    }
    signal.check()?;
    let size = signal.shape()[at];
    if inverse && half {
        // The missing half is the conjugate of the other, turned; the length is that of the result.
        let full = length.map_or(2 * (size.max(1) - 1), |length| length.max(0.0) as usize);
        let needed = full / 2 + 1;
        if full == 0 || size < needed || parts < 2 {
            return Err(broken(format!(
                "a result of {full} places needs {needed} complex ones, there are {size}"
            )));
        }
        let (a, b) =
            (signal.index(-1, 0).move_axis(along, -1), signal.index(-1, 1).move_axis(along, -1));
        let kept = |x: Var<'t>| x.slice_step(-1, 0, needed, 1);
        let (a, b) = (kept(a), kept(b));
        let rest = |x: Var<'t>| x.slice_step(-1, 1, full - needed + 1, 1).flip(-1);
        let (a, b) = (a.concat(&[rest(a)], -1), b.concat(&[-rest(b)], -1));
        let [real, _] = transformed([Some(a), Some(b)], full, full, true)?;
        return one(x.like(real.move_axis(-1, along).unsqueeze(-1)));
    }
    let part = |place: usize| (place < parts).then(|| signal.index(-1, place).move_axis(along, -1));
    let columns = if half { size / 2 + 1 } else { size };
    let [real, imaginary] = transformed([part(0), part(1)], size, columns, inverse)?;
    let back = |x: Var<'t>| x.move_axis(-1, along);
    one(x.like(back(real).stack(&[back(imaginary)], -1)))
}

/// Transforms of windows that slide over a signal `[batch, length, 1 or 2]`.
fn stft<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let Some(step) = c.number(1)?.filter(|&step| step >= 1.0) else {
        return Err(broken("the step between frames is missing or below 1"));
    };
    let shape = x.shape();
    let Some(&parts) = shape.get(2).filter(|_| shape.len() == 3) else {
        return Err(broken(format!("a signal of {shape:?}, not [batch, length, 1 or 2]")));
    };
    let shaped = c.maybe(2)?;
    let size = match (c.number(3)?, shaped) {
        (Some(size), _) => size as usize,
        (None, Some(shaped)) => shaped.shape().first().copied().unwrap_or(1),
        (None, None) => return Err(broken("neither a window nor a length of frames is given")),
    };
    let frames = |place: usize| {
        (place < parts).then(|| {
            let frames = x.var.index(-1, place).window(1, size, step as usize, 1);
            shaped.map_or(frames, |shaped| frames * shaped.var)
        })
    };
    let half = c.flag("onesided", true)?;
    let columns = if half { size / 2 + 1 } else { size };
    let [real, imaginary] = transformed([frames(0), frames(1)], size, columns, false)?;
    one(x.like(real.stack(&[imaginary], -1)))
}

/// Triangles over the mel scale: how much each frequency of a spectrum adds to each band.
fn mel<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let mut numbers = [0.0; 5];
    for (place, number) in numbers.iter_mut().enumerate() {
        *number = c.number(place)?.ok_or_else(|| broken(format!("input {place} is missing")))?;
    }
    let [bands, length, rate, low, high] = numbers;
    if !(1.0..1e6).contains(&bands) || !(1.0..1e8).contains(&length) {
        return Err(broken(format!("{bands} bands over {length} samples")));
    }
    fits(bands as usize, length as usize / 2 + 1)?;
    if rate.is_nan() || rate <= 0.0 || !(0.0..=high).contains(&low) {
        return Err(broken(format!("frequencies from {low} to {high} at a rate of {rate}")));
    }
    let mels = |hertz: f64| 2595.0 * (1.0 + hertz / 700.0).log10();
    let (first, last) = (mels(low), mels(high));
    let step = (last - first) / (bands + 2.0);
    let bins: Vec<usize> = (0..bands as usize + 2)
        .map(|band| 700.0 * (10f64.powf((band as f64 * step + first) / 2595.0) - 1.0))
        .map(|hertz| ((length + 1.0) * hertz / rate).floor().clamp(0.0, length) as usize)
        .collect();
    let (rows, columns) = ((length / 2.0).floor() as usize + 1, bands as usize);
    let mut weights = vec![0.0; rows * columns];
    for band in 0..columns {
        let [lower, centre, upper] = [bins[band], bins[band + 1], bins[band + 2]];
        let up = centre.saturating_sub(lower);
        match up {
            0 => {
                if let Some(weight) = weights.get_mut(centre * columns + band) {
                    *weight = 1.0;
                }
            }
            _ => (lower..=centre).filter(|&row| row < rows).for_each(|row| {
                weights[row * columns + band] = (row - lower) as f64 / up as f64;
            }),
        }
        let down = upper.saturating_sub(centre);
        (centre..upper).filter(|&row| down > 0 && row < rows).for_each(|row| {
            weights[row * columns + band] = (upper - row) as f64 / down as f64;
        });
    }
    let elem = c.elem("output_datatype")?.unwrap_or(Elem::F32);
    let var = c.tape.constant(Tensor::from_vec(weights, [rows, columns])?.cast(elem.dtype()));
    one(Array { var, elem })
}
