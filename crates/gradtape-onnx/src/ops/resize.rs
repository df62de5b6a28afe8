//! Images of another size: each axis is multiplied with a matrix of weights, so that gradients follow.

use gradtape::{DType, Result, Tensor, Var};

use super::Table;
use super::shape::sizes;
use crate::call::{Call, Outputs, fits, one, unsupported, wide};
use crate::tensor::broken;
use crate::value::{Array, axis};

pub(super) const TABLE: Table = &[("Resize", resize), ("Upsample", upsample)];

/// How places of the result lie between those of the input.
struct How<'a> {
    mode: &'a str,
    coordinates: &'a str,
    nearest: &'a str,
    cubic: f64,
    exclude_outside: bool,
    antialias: bool,
    /// What stands outside of a cropped box; `None` where the edge goes on.
    extrapolation: Option<f64>,
}

/// One axis: its sizes, how they are related, and the box that is cropped.
#[derive(Clone, Copy)]
struct Along {
    from: usize,
    to: usize,
    scale: f64,
    crop: [f64; 2],
}

fn upsample<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let scales = match c.version >= 9 {
        true => c.maybe(1)?.map(Array::numbers).transpose()?,
        false => match c.floats("scales")? {
            Some(scales) => Some(scales),
            // Version 1 names the two axes of images.
            None => match (c.float("height_scale")?, c.float("width_scale")?) {
                (Some(height), Some(width)) => Some(vec![1.0, 1.0, height, width]),
                _ => None,
            },
        },
    };
    let Some(scales) = scales else { return Err(broken("the scales are missing")) };
    old(c, x, &scales)
}

/// The resizing of versions before 11.
fn old<'t>(c: &Call<'_, 't>, x: Array<'t>, scales: &[f64]) -> Outputs<'t> {
    let how = How {
        mode: c.text_or("mode", "nearest")?,
        coordinates: "asymmetric",
        nearest: "floor",
        cubic: -0.75,
        exclude_outside: false,
        antialias: false,
        extrapolation: None,
    };
    let shape = x.shape();
    if scales.len() != shape.len() {
        return Err(broken(format!("{} scales for {} axes", scales.len(), shape.len())));
    }
    let axes = scales.iter().zip(&shape).map(|(&scale, &from)| {
        Ok(Along { from, to: scaled(from, scale)?, scale, crop: [0.0, 1.0] })
    });
    apply(x, &how, axes.enumerate().map(|(at, along)| Ok((at, along?))).collect::<Result<_>>()?)
}

fn scaled(from: usize, scale: f64) -> Result<usize> {
    let to = (from as f64 * scale).floor();
    match to.is_finite() && (0.0..1e9).contains(&to) && scale > 0.0 {
        true => Ok(to as usize),
        false => Err(broken(format!("a scale of {scale} for {from} elements"))),
    }
}

fn resize<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    if c.version < 11 {
        let Some(scales) = c.maybe(1)? else { return Err(broken("the scales are missing")) };
        return old(c, x, &scales.numbers()?);
    }
    let shape = x.shape();
    let coordinates = c.text_or("coordinate_transformation_mode", "half_pixel")?;
    let how = How {
        mode: c.text_or("mode", "nearest")?,
        coordinates,
        nearest: c.text_or("nearest_mode", "round_prefer_floor")?,
        cubic: c.float_or("cubic_coeff_a", -0.75)?,
        exclude_outside: c.flag("exclude_outside", false)?,
        antialias: c.flag("antialias", false)?,
        extrapolation: match coordinates {
            "tf_crop_and_resize" => Some(c.float_or("extrapolation_value", 0.0)?),
            _ => None,
        },
    };
    let axes = match c.ints("axes")? {
        Some(axes) => {
            axes.into_iter().map(|at| axis(at, shape.len())).collect::<Result<Vec<_>>>()?
        }
        None => (0..shape.len()).collect(),
    };
    let numbers = |place: usize| -> Result<Option<Vec<f64>>> {
        let numbers = c.maybe(place)?.map(Array::numbers).transpose()?;
        Ok(numbers.filter(|numbers| !numbers.is_empty()))
    };
    let (roi, scales) = (numbers(1)?, numbers(2)?);
    let wanted = c.whole(3)?.filter(|wanted| !wanted.is_empty());
    let count = axes.len();
    let froms: Vec<usize> = axes.iter().map(|&at| shape[at]).collect();
    let pairs: Vec<(usize, f64)> = match (wanted, scales) {
        (Some(wanted), _) => {
            let wanted = sizes(&wanted)?;
            if wanted.len() != count {
                return Err(broken(format!("{} sizes for {count} axes", wanted.len())));
            }
            let ratios: Vec<f64> =
                wanted.iter().zip(&froms).map(|(&to, &from)| to as f64 / from as f64).collect();
            let same = match c.text_or("keep_aspect_ratio_policy", "stretch")? {
                "not_larger" => Some(ratios.iter().copied().fold(f64::INFINITY, f64::min)),
                "not_smaller" => Some(ratios.iter().copied().fold(0.0, f64::max)),
                _ => None,
            };
            match same {
                Some(scale) => froms
                    .iter()
                    .map(|&from| ((from as f64 * scale).round() as usize, scale))
                    .collect(),
                None => wanted.into_iter().zip(ratios).collect(),
            }
        }
        (None, Some(scales)) => {
            if scales.len() != count {
                return Err(broken(format!("{} scales for {count} axes", scales.len())));
            }
            let pairs =
                froms.iter().zip(scales).map(|(&from, scale)| Ok((scaled(from, scale)?, scale)));
            pairs.collect::<Result<_>>()?
        }
        (None, None) => return Err(broken("neither sizes nor scales are given")),
    };
    let crop = |place: usize| match &roi {
        Some(roi) if roi.len() == 2 * count => [roi[place], roi[place + count]],
        _ => [0.0, 1.0],
    };
    let all = axes.iter().zip(&froms).zip(pairs).enumerate();
    let all = all.map(|(place, ((&at, &from), (to, scale)))| {
        (at, Along { from, to, scale, crop: crop(place) })
    });
    apply(x, &how, all.collect())
}

fn apply<'t>(x: Array<'t>, how: &How<'_>, axes: Vec<(usize, Along)>) -> Outputs<'t> {
    let mut y = wide(x.var);
    if !x.elem.is_float() && how.mode != "nearest" {
        y = y.cast(DType::F32);
    }
    let mut outside: Option<Var<'t>> = None;
    for (at, along) in axes {
        if along.from == along.to && along.scale == 1.0 && how.extrapolation.is_none() {
            continue;
        }
        fits(along.to, if how.mode == "nearest" { 1 } else { along.from })?;
        if along.from == 0 {
            return Err(broken(format!("axis {at} has no elements to make {} of", along.to)));
        }
        let places: Vec<f64> = (0..along.to)
            .map(|place| along.source(place, how.coordinates))
            .collect::<Result<_>>()?;
        if how.extrapolation.is_some() {
            let last = along.from as f64 - 1.0;
            let beyond: Vec<bool> =
                places.iter().map(|place| !(0.0..=last).contains(place)).collect();
            let mut sizes = vec![1; x.rank()];
            sizes[at] = along.to;
            let beyond = y.tape().constant(Tensor::from_vec(beyond, sizes)?);
            outside = Some(outside.map_or(beyond, |outside| outside.logical_or(beyond)));
        }
        y = match how.mode {
            "nearest" => {
                let picked = places
                    .iter()
                    .map(|&place| nearest(place, how.nearest, along.from))
                    .collect::<Result<Vec<i64>>>()?;
                let count = picked.len();
                y.index_select(at as isize, y.tape().constant(Tensor::from_vec(picked, [count])?))
            }
            _ => {
                let weights = weights(&places, along, how)?;
                let matrix = Tensor::from_vec(weights, [along.to, along.from])?.cast(y.dtype());
                let rows = y.move_axis(at as isize, -1);
                rows.matmul(y.tape().constant(matrix).t()).move_axis(-1, at as isize)
            }
        };
    }
    if let Some((outside, value)) = outside.zip(how.extrapolation) {
        y = outside.select(y.full_like(value), y);
    }
    one(x.like(y.cast(x.elem.dtype())))
}

impl Along {
    /// The place in the input that belongs to one of the result.
    fn source(self, place: usize, coordinates: &str) -> Result<f64> {
        let (from, to) = (self.from as f64, self.to as f64);
        // The size before it was cut to a whole one.
        let open = self.scale * from;
        let place = place as f64;
        let centre = (place + 0.5) / self.scale - 0.5;
        Ok(match coordinates {
            "half_pixel" => centre,
            "half_pixel_symmetric" => {
                let adjustment = to / open;
                from / 2.0 * (1.0 - adjustment) + centre
            }
            "pytorch_half_pixel" if to <= 1.0 => -0.5,
            "pytorch_half_pixel" => centre,
            "align_corners" if open <= 1.0 => 0.0,
            "align_corners" => place * (from - 1.0) / (open - 1.0),
            "asymmetric" => place / self.scale,
            "tf_crop_and_resize" => {
                let [start, end] = self.crop;
                match to > 1.0 {
                    true => {
                        start * (from - 1.0) + place * (end - start) * (from - 1.0) / (to - 1.0)
                    }
                    false => 0.5 * (start + end) * (from - 1.0),
                }
            }
            other => return Err(unsupported(format!("coordinates of mode {other:?}"))),
        })
    }
}

fn nearest(place: f64, mode: &str, from: usize) -> Result<i64> {
    let whole = match mode {
        "round_prefer_floor" | "simple" => (place - 0.5).ceil(),
        "round_prefer_ceil" => (place + 0.5).floor(),
        "floor" => place.floor(),
        "ceil" => place.ceil(),
        other => return Err(unsupported(format!("nearest places of mode {other:?}"))),
    };
    Ok(whole.clamp(0.0, from as f64 - 1.0) as i64)
}

/// For each place the weights of all elements of the input.
fn weights(places: &[f64], along: Along, how: &How<'_>) -> Result<Vec<f64>> {
    let wide = if how.antialias { along.scale.min(1.0) } else { 1.0 };
    let reach = match how.mode {
        "linear" | "bilinear" | "trilinear" => 1.0,
        "cubic" => 2.0,
        other => return Err(unsupported(format!("resizes of mode {other:?}"))),
    };
    let kernel = |distance: f64| match reach == 1.0 {
        true => (1.0 - distance.abs()).max(0.0),
        false => cubic(distance.abs(), how.cubic),
    };
    let mut all = vec![0.0; places.len() * along.from];
    for (row, &place) in all.chunks_exact_mut(along.from).zip(places) {
        let base = place.floor();
        let first = (-reach / wide).floor() as i64 + 1;
        let last = -first + 1;
        let mut sum = 0.0;
        for step in first..=last {
            let at = base + step as f64;
            let weight = kernel((at - place) * wide);
            let inside = (0.0..along.from as f64).contains(&at);
            if how.exclude_outside && !inside {
                continue;
            }
            row[at.clamp(0.0, along.from as f64 - 1.0) as usize] += weight;
            sum += weight;
        }
        if sum != 0.0 && (how.exclude_outside || how.antialias) {
            row.iter_mut().for_each(|weight| *weight /= sum);
        }
    }
    Ok(all)
}

/// Keys's cubic with the free coefficient `a`.
fn cubic(x: f64, a: f64) -> f64 {
    match x {
        ..=1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
        ..2.0 => ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a,
        _ => 0.0,
    }
}
