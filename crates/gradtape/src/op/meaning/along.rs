//! An axis of an array, as loops along it see it.

use crate::tensor::Shape;

/// The elements of a shape as blocks that follow each other: `count` places of an axis, at each of which
/// `inner` elements lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Along {
    /// The size of the axis.
    pub(crate) count: usize,
    /// Elements at each place of a block; 1 where there are none, so that chunks can have this size.
    pub(crate) inner: usize,
}

impl Along {
    /// An axis of a shape.
    pub(crate) fn new(shape: &Shape, axis: usize) -> Along {
        let inner: usize = shape[axis + 1..].iter().product();
        Along { count: shape[axis], inner: inner.max(1) }
    }

    /// Elements of a block; 1 where there are none.
    pub(crate) fn block(&self) -> usize {
        self.count.saturating_mul(self.inner).max(1)
    }

    /// As many places as this of an axis, with the same elements at each.
    pub(crate) fn of(self, count: usize) -> Along {
        Along { count, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_what_is_empty_have_a_size() {
        let along = |dims: &[usize], axis| Along::new(&Shape::from(dims), axis);
        assert_eq!(along(&[2, 3, 4], 1), Along { count: 3, inner: 4 });
        assert_eq!(along(&[2, 3, 4], 1).block(), 12);
        assert_eq!(along(&[2, 3, 4], 1).of(5).block(), 20);
        assert_eq!(along(&[2, 0, 4], 1).block(), 1);
        assert_eq!(along(&[2, 3, 0], 1).block(), 3);
    }
}
