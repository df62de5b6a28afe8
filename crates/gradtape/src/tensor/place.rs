//! How a user names places along an axis: by number, counted from the end when negative, and by ranges.

use std::ops::{Bound, Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use super::{Error, Kind, Result, Shape};

/// The number of a place along an axis, a `usize`, `isize` or `i32`; a negative one counts from the end,
/// so that -1 is the last. Sealed.
pub trait Place: Copy + sealed::Sealed {
    /// The number; what does not fit is far beyond any axis.
    fn number(self) -> isize;
}

/// A range of places, as in `1..3`, `..=2`, `-2..` or `..`; negative bounds count from the end.
pub trait IntoRange {
    /// Its bounds, in the order of the axis.
    fn bounds(self) -> (Bound<isize>, Bound<isize>);
}

impl Shape {
    /// The place `place` along an axis of this shape, counted from the end when negative.
    pub(crate) fn place(&self, axis: usize, place: isize) -> Result<usize> {
        let size = self[axis];
        let from_start =
            if place < 0 { size.checked_add_signed(place) } else { Some(place as usize) };
        from_start.filter(|&place| place < size).ok_or_else(|| {
            let message = format!("place {place} is out of range for axis {axis} of shape {self}");
            Error::new(Kind::Shape, message).hint(match size {
                0 => "the axis is empty".to_owned(),
                _ => format!("places go from 0 to {}, or from -1 back to -{size}", size - 1),
            })
        })
    }

    /// The start and the end of a range of places along an axis of this shape. Only what lies before the
    /// first place is an error; the caller checks the rest.
    pub(crate) fn range(&self, axis: usize, range: impl IntoRange) -> Result<(usize, usize)> {
        let size = self[axis];
        let place = |place: isize| match place {
            0.. => Ok(place as usize),
            _ => size.checked_add_signed(place).ok_or_else(|| {
                let message =
                    format!("place {place} is before the first of axis {axis} of shape {self}");
                Error::new(Kind::Shape, message)
                    .hint(format!("negative places count from the end, back to -{size}"))
            }),
        };
        let (start, end) = range.bounds();
        let start = match start {
            Bound::Included(start) => place(start)?,
            Bound::Excluded(before) => place(before)?.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match end {
            Bound::Included(last) => place(last)?.saturating_add(1),
            Bound::Excluded(end) => place(end)?,
            Bound::Unbounded => size,
        };
        Ok((start, end))
    }

    /// Where parts of these sizes start along an axis of this shape, if they add up to its size.
    pub(crate) fn parts(&self, axis: usize, sizes: &[usize]) -> Result<Vec<usize>> {
        let mut end = 0usize;
        let mut starts = Vec::with_capacity(sizes.len());
        for &size in sizes {
            starts.push(end);
            end = end.saturating_add(size);
        }
        if end == self[axis] {
            return Ok(starts);
        }
        let message = format!(
            "parts of {sizes:?} add up to {end}, but axis {axis} of shape {self} has {}",
            self[axis]
        );
        Err(Error::new(Kind::Shape, message).hint("each place of the axis goes to one part"))
    }

    /// The size of each of `count` equal parts along an axis of this shape.
    pub(crate) fn part(&self, axis: usize, count: usize) -> Result<usize> {
        let size = self[axis];
        match size.checked_rem(count) {
            Some(0) => Ok(size / count),
            _ => {
                let message = format!(
                    "axis {axis} of shape {self} has size {size}, which is not {count} equal parts"
                );
                Err(Error::new(Kind::Shape, message).hint("split() takes the size of each part"))
            }
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! places {
    ($($type:ty)*) => {
        $(
            impl sealed::Sealed for $type {}

            impl Place for $type {
                fn number(self) -> isize {
                    isize::try_from(self).unwrap_or(isize::MAX)
                }
            }
        )*
    };
}

places!(usize isize i32);

macro_rules! ranges {
    ($($type:ident: $range:pat => $start:expr, $end:expr;)*) => {
        $(impl<P: Place> IntoRange for $type<P> {
            fn bounds(self) -> (Bound<isize>, Bound<isize>) {
                let $range = self;
                ($start, $end)
            }
        })*
    };
}

ranges! {
    Range: Range { start, end } => Bound::Included(start.number()), Bound::Excluded(end.number());
    RangeFrom: RangeFrom { start } => Bound::Included(start.number()), Bound::Unbounded;
    RangeTo: RangeTo { end } => Bound::Unbounded, Bound::Excluded(end.number());
    RangeToInclusive: RangeToInclusive { end } => Bound::Unbounded, Bound::Included(end.number());
}

impl<P: Place> IntoRange for RangeInclusive<P> {
    fn bounds(self) -> (Bound<isize>, Bound<isize>) {
        (Bound::Included(self.start().number()), Bound::Included(self.end().number()))
    }
}

impl IntoRange for RangeFull {
    fn bounds(self) -> (Bound<isize>, Bound<isize>) {
        (Bound::Unbounded, Bound::Unbounded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_both_ends() {
        let shape = Shape::from([2, 3]);
        assert_eq!([0, 2, -1, -3].map(|place| shape.place(1, place).unwrap()), [0, 2, 2, 0]);
        for place in [3, -4, isize::MIN, isize::MAX] {
            assert_eq!(
                shape.place(1, place).unwrap_err().to_string(),
                format!(
                    "place {place} is out of range for axis 1 of shape [2, 3]\n  \
                     hint: places go from 0 to 2, or from -1 back to -3"
                )
            );
        }
        let empty = Shape::from([0]).place(0, 0).unwrap_err().to_string();
        assert!(empty.contains("the axis is empty"), "{empty}");
        assert_eq!((usize::MAX.number(), (-7i32).number()), (isize::MAX, -7));
    }

    #[test]
    fn ranges_count_from_both_ends() {
        let shape = Shape::from([5]);
        let check = |range: Result<(usize, usize)>, expected| assert_eq!(range.unwrap(), expected);
        check(shape.range(0, ..), (0, 5));
        check(shape.range(0, 1..3), (1, 3));
        check(shape.range(0, 1..=3), (1, 4));
        check(shape.range(0, -2..), (3, 5));
        check(shape.range(0, ..-1), (0, 4));
        check(shape.range(0, ..=-1), (0, 5));
        check(shape.range(0, -3..=-2), (2, 4));
        check(shape.range(0, 7usize..9), (7, 9));
        check(shape.range(0, ..=usize::MAX), (0, isize::MAX as usize + 1));
        let error = shape.range(0, -6..).unwrap_err();
        assert_eq!(error.message(), "place -6 is before the first of axis 0 of shape [5]");
    }
}
