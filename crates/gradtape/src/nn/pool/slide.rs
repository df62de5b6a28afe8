//! How windows slide over an input.

use super::super::conv::{axes, check_window};
use super::super::fit::setting;
use crate::op::Meta;
use crate::tape::Var;
use crate::tensor::{DType, Dims, Error, Kind, Result};

/// How windows slide.
pub(super) struct Slide<const AXES: usize> {
    pub(super) kernel: [usize; AXES],
    pub(super) stride: [usize; AXES],
    pub(super) padding: [usize; AXES],
    pub(super) dilation: [usize; AXES],
    pub(super) ceil_mode: bool,
}

impl<const AXES: usize> Slide<AXES> {
    pub(super) fn check(&self, layer: &str) -> Result<()> {
        check_window(layer, self.kernel, self.stride, self.dilation)?;
        if (0..AXES).any(|axis| self.padding[axis] > self.kernel[axis] / 2) {
            let (padding, kernel) = (self.padding, self.kernel);
            let rule = format!(
                "padding is {padding:?}, but must be at most half of the kernel {kernel:?}"
            );
            return Err(setting(layer, rule));
        }
        Ok(())
    }

    /// How many elements each spatial axis of an input gets before and after its own.
    pub(super) fn sides(&self, layer: &str, x: Var<'_>) -> Result<[(usize, usize); AXES]> {
        x.check()?;
        self.check(layer)?;
        let input = x.meta();
        check_rank::<AXES>(layer, &input)?;
        let mut sides = [(0, 0); AXES];
        for (axis, sides) in sides.iter_mut().enumerate() {
            let (size, padding, stride) =
                (input.shape[axis + 2], self.padding[axis], self.stride[axis]);
            let reach =
                (self.kernel[axis] - 1).saturating_mul(self.dilation[axis]).saturating_add(1);
            let padded = size.saturating_add(padding.saturating_mul(2));
            let Some(rest) = padded.checked_sub(reach) else {
                let message = format!(
                    "{layer}: a window of {:?} reaches over {reach} elements along spatial axis {axis}, but the \
                     padded input {input} has {padded}",
                    self.kernel
                );
                return Err(Error::new(Kind::Shape, message)
                    .hint("take smaller windows, or fewer layers of pooling or stride before"));
            };
            // A last window must begin before the end of what is not padding after it.
            let one_more = self.ceil_mode
                && !rest.is_multiple_of(stride)
                && (rest / stride + 1).saturating_mul(stride) < size + padding;
            let beyond = if one_more { stride - rest % stride } else { 0 };
            *sides = (padding, padding + beyond);
        }
        Ok(sides)
    }

    /// The windows, the places in them as the last axes.
    #[track_caller]
    pub(super) fn windows<'t>(&self, mut x: Var<'t>) -> Var<'t> {
        for axis in 0..AXES {
            let [size, stride, dilation] =
                [self.kernel, self.stride, self.dilation].map(|of| of[axis]);
            x = x.window(axis as isize + 2, size, stride, dilation);
        }
        x
    }
}

/// With a number around the elements of each spatial axis.
#[track_caller]
pub(super) fn framed<'t, const AXES: usize>(
    mut x: Var<'t>,
    sides: [(usize, usize); AXES],
    number: f64,
) -> Var<'t> {
    for (axis, (before, after)) in sides.into_iter().enumerate() {
        let place = axis as isize + 2;
        if before == 0 && after == 0 {
            continue;
        }
        if number == 0.0 {
            x = x.pad(place, before, after);
            continue;
        }
        let edge = |size: usize| {
            let mut shape = Dims::from_slice(&x.shape());
            shape[axis + 2] = size;
            x.literal(number).broadcast_to(shape)
        };
        x = match (before, after) {
            (0, _) => x.concat(&[edge(after)], place),
            (_, 0) => edge(before).concat(&[x], place),
            _ => edge(before).concat(&[x, edge(after)], place),
        };
    }
    x
}

/// The last axes, as many as there are spatial ones.
pub(super) fn places<const AXES: usize>() -> [isize; AXES] {
    std::array::from_fn(|axis| -1 - axis as isize)
}

/// Whether an input is numbers of `[n, channels, size…]`.
pub(super) fn check_rank<const AXES: usize>(layer: &str, input: &Meta) -> Result<()> {
    if input.shape.rank() == AXES + 2 && input.dtype != DType::Bool {
        return Ok(());
    }
    let message = format!("{layer}: the layer takes {}, but the input is {input}", axes::<AXES>());
    let hint = match input.shape.rank() {
        _ if input.dtype == DType::Bool => "cast() it to numbers",
        rank if rank + 1 == AXES + 2 => {
            "unsqueeze(1) gives images of one channel their axis of channels"
        }
        _ => "reshape the input, with the examples along axis 0 and the channels along axis 1",
    };
    Err(Error::new(Kind::Shape, message).hint(hint))
}
