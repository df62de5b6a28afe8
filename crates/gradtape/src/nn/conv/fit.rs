//! What layers of windows have in common: whether they fit, and a bias along channels.

use std::fmt::Display;

use super::super::fit::{misfit, setting};
use crate::op::Meta;
use crate::tape::{Parameter, Var};
use crate::tensor::{DType, Dims, Error, Kind, Result};

/// Whether windows can slide so.
pub(in crate::nn) fn check_window<const AXES: usize>(
    layer: impl Display,
    kernel: [usize; AXES],
    stride: [usize; AXES],
    dilation: [usize; AXES],
) -> Result<()> {
    for (name, numbers) in [("kernel", kernel), ("stride", stride), ("dilation", dilation)] {
        if numbers.contains(&0) {
            let rule = format!("{name} is {numbers:?}, but must be at least 1 along each axis");
            return Err(setting(layer, rule));
        }
    }
    Ok(())
}

/// Whether channels can be divided so.
pub(in crate::nn) fn check_groups(
    layer: impl Display,
    groups: usize,
    inputs: usize,
    outputs: usize,
) -> Result<()> {
    if groups > 0 && inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups) {
        return Ok(());
    }
    let rule = format!("{groups} groups do not divide {inputs} and {outputs} channels");
    Err(setting(layer, rule).hint("both must be multiples of the number of groups"))
}

/// Whether an input is of `[n, channels, size…]`, in the type of the layer.
pub(in crate::nn) fn check_images<const AXES: usize>(
    layer: &str,
    channels: usize,
    dtype: DType,
    input: &Meta,
) -> Result<()> {
    let rank = input.shape.rank();
    if rank == AXES + 2 && input.shape[1] == channels && input.dtype == dtype {
        return Ok(());
    }
    let takes = format!("{channels} channels, as {},", axes::<AXES>());
    let hint = match rank {
        _ if rank + 1 == AXES + 2 => {
            "unsqueeze(1) gives images of one channel their axis of channels"
        }
        _ if rank != AXES + 2 => "reshape the input, with the examples along axis 0",
        _ => "axis 1 of the input must have the layer's channels",
    };
    Err(misfit(layer, takes, dtype, input, hint))
}

/// The axes of an input, in words.
pub(in crate::nn) fn axes<const AXES: usize>() -> &'static str {
    match AXES {
        1 => "[n, channels, length]",
        2 => "[n, channels, height, width]",
        3 => "[n, channels, depth, height, width]",
        _ => "[n, channels, …]",
    }
}

/// A bias added along axis 1, if there is one.
#[track_caller]
pub(in crate::nn) fn add_along_channels<'t, const AXES: usize>(
    y: Var<'t>,
    bias: &Option<Parameter>,
) -> Var<'t> {
    match bias {
        Some(bias) => {
            let bias = y.tape().parameter(bias);
            let mut along = Dims::from_elem(1, AXES + 1);
            along[0] = bias.shape().elements();
            y + bias.reshape(along)
        }
        None => y,
    }
}

/// One number for each spatial axis.
pub(in crate::nn) fn sizes<const AXES: usize>(
    name: &str,
    numbers: &[usize],
) -> Result<[usize; AXES]> {
    numbers.try_into().map_err(|_| {
        let rule = format!("{name} has {} numbers for {AXES} spatial axes", numbers.len());
        Error::new(Kind::Model, rule)
    })
}
