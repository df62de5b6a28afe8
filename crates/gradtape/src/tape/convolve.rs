//! Convolutions: windows contracted with a weight.

use super::Var;
use super::einsum::Labelled;
use crate::op::Broken;
use crate::op::linear::{Label, Labels, factors};
use crate::op::shape::reach;
use crate::tensor::{Dims, Shape};

/// How a convolution slides: strides, padding and dilation for each spatial axis, and groups of channels.
///
/// One number stands for every spatial axis. The default is stride 1, no padding, dilation 1 and one group.
///
/// ```
/// use gradtape::{Convolution, DType, Tape, Tensor};
/// let tape = Tape::new();
/// let images = tape.constant(Tensor::ones([2, 3, 8, 8], DType::F32));
/// let weight = tape.constant(Tensor::ones([4, 3, 3, 3], DType::F32));
/// let same = images.convolve(weight, &Convolution::new().padding(&[1])).value()?;
/// assert_eq!(same.shape()[..], [2, 4, 8, 8]);
/// let half = Convolution::new().padding(&[1, 1]).stride(&[2, 2]);
/// assert_eq!(images.convolve(weight, &half).value()?.shape()[..], [2, 4, 4, 4]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Convolution {
    stride: Dims,
    padding: Dims,
    dilation: Dims,
    groups: usize,
}

impl Default for Convolution {
    fn default() -> Convolution {
        Convolution::new()
    }
}

impl Convolution {
    /// Stride 1, no padding, dilation 1, one group.
    pub fn new() -> Convolution {
        let all = |number| Dims::from_elem(number, 1);
        Convolution { stride: all(1), padding: all(0), dilation: all(1), groups: 1 }
    }

    /// How far apart windows start, along each spatial axis or along all.
    #[must_use]
    pub fn stride(mut self, stride: &[usize]) -> Convolution {
        self.stride = Dims::from_slice(stride);
        self
    }

    /// Zeros before and after the elements of each spatial axis or of all.
    #[must_use]
    pub fn padding(mut self, padding: &[usize]) -> Convolution {
        self.padding = Dims::from_slice(padding);
        self
    }

    /// How far apart the elements of a window are, along each spatial axis or along all.
    #[must_use]
    pub fn dilation(mut self, dilation: &[usize]) -> Convolution {
        self.dilation = Dims::from_slice(dilation);
        self
    }

    /// Into how many groups the channels are divided, each with a weight of its own: as many as there are
    /// channels for a depthwise convolution.
    #[must_use]
    pub fn groups(mut self, groups: usize) -> Convolution {
        self.groups = groups;
        self
    }

    /// Strides, padding and dilation along a spatial axis, of which there are `count`.
    fn along(&self, axis: usize, count: usize) -> Result<[usize; 3], Broken> {
        let of = |name: &str, numbers: &Dims| match numbers.len() {
            1 => Ok(numbers[0]),
            len if len == count => Ok(numbers[axis]),
            len => {
                let rule = format!("{name} has {len} numbers for {count} spatial axes");
                Err(Broken::new(rule).hint("give one for each, or one for all"))
            }
        };
        Ok([
            of("stride", &self.stride)?,
            of("padding", &self.padding)?,
            of("dilation", &self.dilation)?,
        ])
    }

    /// Whether the shapes of images and weight fit.
    fn check(&self, x: &Shape, weight: &Shape) -> Result<(), Broken> {
        let broken = |rule: String, hint: &str| Err(Broken::new(rule).hint(hint));
        if weight.rank() < 3 || x.rank() != weight.rank() {
            return broken(
                format!("images of shape {x} and a weight of shape {weight}"),
                "images are [batch, channels, size...], a weight is [out, channels per group, size...]",
            );
        }
        let (groups, channels, out) = (self.groups, x[1], weight[0]);
        if groups == 0 || !channels.is_multiple_of(groups) || !out.is_multiple_of(groups) {
            let rule =
                format!("{groups} groups do not divide {channels} channels and {out} outputs");
            return broken(rule, "both must be multiples of the number of groups");
        }
        if weight[1] != channels / groups {
            let rule = format!(
                "a weight of shape {weight} takes {} channels, images of shape {x} in {groups} groups have {}",
                weight[1],
                channels / groups
            );
            return broken(rule, "axis 1 of the weight is the number of channels in a group");
        }
        for axis in 0..x.rank() - 2 {
            let [stride, padding, dilation] = self.along(axis, x.rank() - 2)?;
            if stride == 0 || dilation == 0 {
                let rule =
                    format!("stride {stride} and dilation {dilation} along spatial axis {axis}");
                return broken(rule, "both must be at least 1");
            }
            let reach = reach(weight[axis + 2], dilation);
            let padded = x[axis + 2].saturating_add(padding.saturating_mul(2));
            if weight[axis + 2] == 0 || reach > padded {
                let rule = format!(
                    "along spatial axis {axis} the weight of shape {weight} reaches over {reach} elements, the \
                     padded images of shape {x} have {padded}"
                );
                return broken(rule, "pad more, or take a smaller weight");
            }
        }
        Ok(())
    }
}

impl<'t> Var<'t> {
    /// The convolution of images `[batch, channels, size…]` with a weight `[out, channels per group, size…]`
    /// over any number of spatial axes, as deep learning has it: the weight is not reversed. Gives
    /// `[batch, out, windows…]`.
    ///
    /// It is `pad`, [`Var::window`] and [`Tape::einsum`](crate::Tape::einsum); nothing but the padding is
    /// copied, and derivatives of every order are convolutions again.
    #[doc(alias("conv1d", "conv2d", "conv3d"))]
    #[track_caller]
    pub fn convolve(self, weight: Var<'t>, how: &Convolution) -> Var<'t> {
        let (shape, kernel) = (self.shape(), weight.shape());
        if let Some(failed) = self.apart("convolve", &[weight]) {
            return failed;
        }
        let types = factors(&self.meta(), &weight.meta());
        if let Err(broken) = types.and_then(|()| how.check(&shape, &kernel)) {
            return self.failed(broken.of("convolve"), &[self, weight]);
        }
        let spatial = shape.rank() - 2;
        let groups = how.groups;
        // A group of one needs no axis.
        let grouped = usize::from(groups > 1);
        let split = |shape: &Shape, axis: usize| -> Dims {
            let mut dims = Dims::from_slice(shape);
            if grouped == 1 {
                dims[axis] /= groups;
                dims.insert(axis, groups);
            }
            dims
        };
        let mut images = self.reshape(split(&shape, 1));
        let first = 2 + grouped;
        for axis in 0..spatial {
            let Ok([_, padding, _]) = how.along(axis, spatial) else { return self };
            if padding > 0 {
                images = images.pad((first + axis) as isize, padding, padding);
            }
        }
        for axis in 0..spatial {
            let Ok([stride, _, dilation]) = how.along(axis, spatial) else { return self };
            images = images.window((first + axis) as isize, kernel[axis + 2], stride, dilation);
        }
        let windows = images.shape();
        if windows.rank() != first + 2 * spatial {
            // What padding and windows could not be recorded of keeps its error.
            return images;
        }
        let [batch, group, channel, out]: [Label; 4] = [0, 1, 2, 3];
        let spaces = || (0..spatial as Label).map(|axis| 10 + axis);
        let places = || (0..spatial as Label).map(|axis| 10 + spatial as Label + axis);
        let group = || Some(group).filter(|_| grouped == 1).into_iter();
        let labels = |front: &[Label], more: &[Label]| -> Labels {
            front.iter().copied().chain(group()).chain(more.iter().copied()).collect()
        };
        let mut of_images = labels(&[batch], &[channel]);
        of_images.extend(spaces().chain(places()));
        let mut of_weight = labels(&[], &[out, channel]);
        of_weight.extend(places());
        let mut of_result = labels(&[batch], &[out]);
        of_result.extend(spaces());
        let weight = Labelled { var: weight.reshape(split(&kernel, 0)), labels: of_weight };
        let images = Labelled { var: images, labels: of_images };
        let result = images
            .times(&weight, |label| of_result.contains(label), &of_result)
            .ordered(&of_result);
        let sizes = windows[first..first + spatial].iter().copied();
        result.reshape([shape[0], kernel[0]].into_iter().chain(sizes).collect::<Dims>())
    }
}
