//! How a user names axes: none, one or several, counted from the end when negative.

use crate::op::Broken;
use crate::tensor::{Dims, Shape};

/// Axes of a reduction: `()` for all, `-1`, `[0, 2]`, a slice or a `Vec`.
pub trait IntoAxes {
    /// The axes of `shape`, sorted and without repetition, or the rule that is broken.
    fn axes(&self, shape: &Shape) -> Result<Dims, Broken>;
}

impl IntoAxes for () {
    fn axes(&self, shape: &Shape) -> Result<Dims, Broken> {
        Ok((0..shape.rank()).collect())
    }
}

impl IntoAxes for isize {
    fn axes(&self, shape: &Shape) -> Result<Dims, Broken> {
        [*self].axes(shape)
    }
}

impl IntoAxes for [isize] {
    fn axes(&self, shape: &Shape) -> Result<Dims, Broken> {
        let mut axes = Dims::new();
        for &axis in self {
            let axis = shape.axis(axis).map_err(Broken::from)?;
            if axes.contains(&axis) {
                return Err(Broken::new(format!("axis {axis} is named twice"))
                    .hint("each axis is named once, whether from the start or from the end"));
            }
            axes.push(axis);
        }
        axes.sort_unstable();
        Ok(axes)
    }
}

impl<const N: usize> IntoAxes for [isize; N] {
    fn axes(&self, shape: &Shape) -> Result<Dims, Broken> {
        self[..].axes(shape)
    }
}

impl IntoAxes for Vec<isize> {
    fn axes(&self, shape: &Shape) -> Result<Dims, Broken> {
        self[..].axes(shape)
    }
}

impl<T: IntoAxes + ?Sized> IntoAxes for &T {
    fn axes(&self, shape: &Shape) -> Result<Dims, Broken> {
        (**self).axes(shape)
    }
}
