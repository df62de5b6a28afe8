//! The elements of one array in row-major order, and the place of each in another one.

use smallvec::SmallVec;

use super::{Numbers, NumbersMut};
use crate::op::{View, with_type};
use crate::tensor::{Dims, Result, Shape};

/// Places at `offset + Σ index[axis] * strides[axis]`, taken by rows along the last axis. Axes of which
/// both arrays know nothing are none of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    offset: usize,
    /// The axes but the last one.
    sizes: Dims,
    strides: SmallVec<[isize; 4]>,
    /// The last axis.
    width: usize,
    stride: isize,
}

impl Walk {
    fn new(offset: usize, axes: impl Iterator<Item = (usize, isize)>) -> Walk {
        let (mut sizes, mut strides) = (Dims::new(), SmallVec::<[isize; 4]>::new());
        for (size, stride) in axes.filter(|&(size, _)| size != 1) {
            match (sizes.last_mut(), strides.last_mut()) {
                // One step along the outer axis goes as far as all along the inner one.
                (Some(outer), Some(far)) if *far == stride.wrapping_mul(size as isize) => {
                    *outer *= size;
                    *far = stride;
                }
                _ => {
                    sizes.push(size);
                    strides.push(stride);
                }
            }
        }
        let (width, stride) = (sizes.pop().unwrap_or(1), strides.pop().unwrap_or(1));
        Walk { offset, sizes, strides, width, stride }
    }

    /// As many elements, each at its own number.
    pub(super) fn through(elements: usize) -> Walk {
        Walk::new(0, std::iter::once((elements, 1)))
    }

    /// Where the elements of a view lie in what it is a view of.
    pub(super) fn of_view(view: &dyn View, from: &Shape, to: &Shape) -> Walk {
        let Some(places) = view.places(from, to) else { return Walk::through(to.elements()) };
        let mut offset = 0;
        let mut strides: SmallVec<[isize; 4]> = SmallVec::from_elem(0, to.rank());
        for (place, &stride) in places.iter().zip(&from.strides()) {
            offset += place.start * stride;
            for &(axis, step) in &place.steps {
                // Along an axis of one place the step is never taken, and may be any.
                strides[axis] = strides[axis].wrapping_add(step.wrapping_mul(stride as isize));
            }
        }
        Walk::new(offset, to.iter().copied().zip(strides))
    }

    /// Where the elements of a shape go when axes are dropped.
    pub(super) fn of_reduction(from: &Shape, axes: &[usize]) -> Walk {
        let mut strides: SmallVec<[isize; 4]> = SmallVec::from_elem(0, from.rank());
        let mut stride = 1;
        for axis in (0..from.rank()).rev().filter(|axis| !axes.contains(axis)) {
            strides[axis] = stride as isize;
            stride *= from[axis];
        }
        Walk::new(0, from.iter().copied().zip(strides))
    }

    /// Where row number `row` starts.
    fn start(&self, mut row: usize) -> usize {
        let mut at = self.offset;
        let axes = self.sizes.iter().zip(&self.strides);
        for (axis, (&size, &stride)) in axes.enumerate().rev() {
            at = at.wrapping_add_signed(next_index(axis, size, &mut row) as isize * stride);
        }
        at
    }

    /// The elements at the places, one after another.
    pub(super) fn copy(&self, x: Numbers<'_>, out: NumbersMut<'_>) -> Result<()> {
        with_type!(out.dtype(), T => self.copy_elements(x.elements::<T>()?, out.elements::<T>()?));
        Ok(())
    }

    fn copy_elements<T: Copy>(&self, x: &[T], out: &mut [T]) {
        for (row, out) in out.chunks_mut(self.width.max(1)).enumerate() {
            let start = self.start(row);
            match self.stride {
                0 => out.fill(x[start]),
                1 => out.copy_from_slice(&x[start..start + out.len()]),
                stride if stride > 0 => {
                    let own = x[start..].iter().step_by(stride as usize);
                    out.iter_mut().zip(own).for_each(|(to, x)| *to = *x);
                }
                stride => {
                    let own = x[..=start].iter().rev().step_by(stride.unsigned_abs());
                    out.iter_mut().zip(own).for_each(|(to, x)| *to = *x);
                }
            }
        }
    }

    /// `nothing` everywhere, joined with each element at its place, one after another.
    pub(super) fn fold<T: Copy>(
        &self,
        x: &[T],
        out: &mut [T],
        nothing: T,
        join: impl Fn(T, T) -> T,
    ) {
        out.fill(nothing);
        for (row, x) in x.chunks(self.width.max(1)).enumerate() {
            let start = self.start(row);
            match self.stride {
                0 => out[start] = x.iter().fold(out[start], |all, &x| join(all, x)),
                // A kept axis that is the last has the result's elements side by side.
                _ => {
                    let out = &mut out[start..start + x.len()];
                    out.iter_mut().zip(x).for_each(|(all, &x)| *all = join(*all, x));
                }
            }
        }
    }
}

/// The index along an axis, from the last to the first one, of the element that has this number; what is left
/// of the number is that over the axes before. The first axis takes what is left, without a division.
#[inline(always)]
pub(crate) fn next_index(axis: usize, size: usize, number: &mut usize) -> usize {
    if axis == 0 {
        return *number;
    }
    let index = *number % size;
    *number /= size;
    index
}

/// Sets an index of a space, axis by axis, to the one that has this number in row-major order.
pub(crate) fn set_index(index: &mut [usize], space: &[usize], mut number: usize) {
    for (axis, (index, &size)) in index.iter_mut().zip(space).enumerate().rev() {
        *index = next_index(axis, size, &mut number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::{PlaceAlong, Places, shape};

    #[derive(Debug)]
    struct Made(Places);

    impl View for Made {
        fn places(&self, _: &Shape, _: &Shape) -> Option<Places> {
            Some(self.0.clone())
        }
    }

    fn view(places: &[(usize, &[(usize, isize)])], from: &[usize], to: &[usize]) -> Vec<usize> {
        let along = |&(start, steps): &(usize, &[(usize, isize)])| PlaceAlong {
            start,
            steps: steps.iter().copied().collect(),
        };
        let view = Made(places.iter().map(along).collect());
        let (from, to) = (Shape::from(from), Shape::from(to));
        let x: Vec<usize> = (0..from.elements()).collect();
        let mut out = vec![usize::MAX; to.elements()];
        Walk::of_view(&view, &from, &to).copy_elements(&x, &mut out);
        out
    }

    #[test]
    fn elements_are_found_forwards_backwards_repeated_and_along_two_axes_at_once() {
        let plain: &[(usize, isize)] = &[(0, 1)];
        assert_eq!(view(&[(0, plain)], &[3], &[3]), [0, 1, 2]);
        assert_eq!(view(&[(2, &[(0, -1)])], &[3], &[3]), [2, 1, 0]);
        assert_eq!(view(&[(4, &[(0, -2)])], &[5], &[3]), [4, 2, 0]);
        assert_eq!(view(&[(0, &[(1, 1)]), (0, plain)], &[2, 3], &[3, 2]), [0, 3, 1, 4, 2, 5]);
        assert_eq!(view(&[(0, &[])], &[1], &[2]), [0, 0]);
        assert_eq!(view(&[(0, plain), (0, &[])], &[2, 1], &[2, 2]), [0, 0, 1, 1]);
        // Windows: places that overlap.
        assert_eq!(view(&[(0, &[(0, 1), (1, 2)])], &[5], &[3, 2]), [0, 2, 1, 3, 2, 4]);
        assert_eq!(view(&[(0, plain), (1, &[(1, 1)])], &[0, 3], &[0, 2]), [0; 0]);
        assert_eq!(view(&[], &[], &[]), [0]);
    }

    #[test]
    fn numbers_are_those_of_row_major_order() {
        let mut index = [9; 4];
        set_index(&mut index, &[2, 3, 4], 23);
        assert_eq!(index, [1, 2, 3, 9]);
        set_index(&mut index, &[2, 3, 4], 5);
        assert_eq!(index, [0, 1, 1, 9]);
        set_index(&mut [], &[], 0);
    }

    #[test]
    fn axes_that_lie_in_memory_as_one_are_one() {
        let walk = |axis, start, stop| {
            let slice = shape::Slice { axis, start, stop, step: 1 };
            let mut to = [4, 5, 6];
            to[axis] = stop - start;
            Walk::of_view(&slice, &[4, 5, 6].into(), &to.into())
        };
        assert_eq!(walk(0, 1, 3), Walk { offset: 30, ..Walk::through(60) });
        assert_eq!(walk(1, 1, 3).width, 12);
        assert_eq!(walk(2, 1, 3).sizes[..], [20]);
        let sum = |axes: &[usize]| Walk::of_reduction(&[4, 5, 6].into(), axes);
        assert_eq!((sum(&[1, 2]).width, sum(&[1, 2]).stride), (30, 0));
        assert_eq!((sum(&[0]).width, sum(&[0]).stride), (30, 1));
        assert_eq!((sum(&[1]).sizes.len(), sum(&[0, 2]).sizes.len()), (2, 2));
    }

    #[test]
    fn elements_are_joined_in_row_major_order() {
        let x: Vec<String> = (0..6).map(|i| i.to_string()).collect();
        let x: Vec<&str> = x.iter().map(String::as_str).collect();
        let joined = |dims: &[usize], axes: &[usize], groups: usize| {
            let walk = Walk::of_reduction(&Shape::from(dims), axes);
            let mut out = vec![0; groups];
            let numbers: Vec<usize> = x.iter().map(|x| x.parse().unwrap()).collect();
            walk.fold(&numbers, &mut out, 9, |all, x| 10 * all + x);
            out
        };
        assert_eq!(joined(&[2, 3], &[1], 2), [9012, 9345]);
        assert_eq!(joined(&[2, 3], &[0], 3), [903, 914, 925]);
        assert_eq!(joined(&[2, 1, 3], &[0, 1, 2], 1), [9_012_345]);
        assert_eq!(joined(&[3, 2, 1], &[1], 3), [901, 923, 945]);
        assert_eq!(joined(&[6, 1], &[1], 6), [90, 91, 92, 93, 94, 95]);
    }
}
