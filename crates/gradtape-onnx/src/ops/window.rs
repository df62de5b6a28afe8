//! Windows over the spatial axes, as convolutions and pools slide them.

use gradtape::{Result, Var};

use super::shape::sizes;
use crate::call::{Call, unsupported};
use crate::tensor::broken;

/// How windows slide along each spatial axis.
#[derive(Clone, Debug)]
pub(super) struct Slide {
    pub(super) kernel: Vec<usize>,
    pub(super) stride: Vec<usize>,
    pub(super) dilation: Vec<usize>,
    /// What is added at both ends of each axis.
    pub(super) pads: Vec<[usize; 2]>,
}

impl Slide {
    /// As a node says it, for images of these spatial sizes.
    pub(super) fn of(c: &Call<'_, '_>, kernel: Vec<usize>, spatial: &[usize]) -> Result<Slide> {
        let count = spatial.len();
        if kernel.len() != count || kernel.contains(&0) {
            return Err(broken(format!("a window of {kernel:?} over {count} spatial axes")));
        }
        let each = |name: &str| -> Result<Vec<usize>> {
            let numbers = match c.ints(name)? {
                Some(numbers) if !numbers.is_empty() => sizes(&numbers)?,
                _ => vec![1; count],
            };
            match numbers.len() == count && !numbers.contains(&0) {
                true => Ok(numbers),
                false => Err(broken(format!("{name} {numbers:?} for {count} spatial axes"))),
            }
        };
        let (stride, dilation) = (each("strides")?, each("dilations")?);
        let mut slide = Slide { kernel, stride, dilation, pads: vec![[0, 0]; count] };
        match c.text_or("auto_pad", "NOTSET")? {
            "VALID" => {}
            same @ ("SAME_UPPER" | "SAME_LOWER") => {
                for (axis, &size) in spatial.iter().enumerate() {
                    let last = size.div_ceil(slide.stride[axis]).saturating_sub(1);
                    let reach =
                        last.saturating_mul(slide.stride[axis]).saturating_add(slide.reach(axis));
                    let all = reach.saturating_sub(size);
                    let (less, more) = (all / 2, all - all / 2);
                    slide.pads[axis] =
                        if same == "SAME_UPPER" { [less, more] } else { [more, less] };
                }
            }
            "NOTSET" | "" => slide.pads = pads(c, count)?,
            other => return Err(unsupported(format!("pads of kind {other:?}"))),
        }
        Ok(slide)
    }

    /// Over how many elements a window reaches.
    pub(super) fn reach(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1).saturating_mul(self.dilation[axis]).saturating_add(1)
    }

    /// How many elements a last window needs beyond the padded end, where one more is to be taken.
    pub(super) fn beyond(&self, axis: usize, size: usize) -> usize {
        let [before, after] = self.pads[axis];
        let padded = size.saturating_add(before).saturating_add(after);
        let Some(rest) = padded.checked_sub(self.reach(axis)) else { return 0 };
        let step = self.stride[axis];
        // It must begin before the padding at the end.
        let one_more = rest % step != 0 && (rest / step + 1) * step < size + before;
        if one_more { step - rest % step } else { 0 }
    }

    /// The windows of padded images, their places as the last axes.
    pub(super) fn windows<'t>(&self, mut x: Var<'t>) -> Var<'t> {
        for axis in 0..self.kernel.len() {
            let along = axis as isize + 2;
            x = x.window(along, self.kernel[axis], self.stride[axis], self.dilation[axis]);
        }
        x
    }
}

/// The attribute `pads`: what comes before each axis, then what comes after each.
pub(super) fn pads(c: &Call<'_, '_>, count: usize) -> Result<Vec<[usize; 2]>> {
    let Some(pads) = c.ints("pads")?.filter(|pads| !pads.is_empty()) else {
        return Ok(vec![[0, 0]; count]);
    };
    let pads = sizes(&pads)?;
    match pads.len() == 2 * count {
        true => Ok((0..count).map(|axis| [pads[axis], pads[axis + count]]).collect()),
        false => {
            Err(broken(format!("pads {pads:?} for {count} spatial axes, each of which has two")))
        }
    }
}

/// The spatial sizes of images `[batch, channels, size…]`.
pub(super) fn spatial(x: Var<'_>) -> Result<Vec<usize>> {
    let shape = x.shape();
    match shape.rank() >= 3 {
        true => Ok(shape[2..].to_vec()),
        false => Err(broken(format!("images must be [batch, channels, size…], not {shape}"))),
    }
}
