//! Places that an index names, and where they lie.

use crate::op::{Broken, Examples, Meta, Numbers, Term, next_index, rules, value_error};
use crate::tensor::{Error, Result, Shape};

/// An index as places along an axis of `size`, all of which there are.
pub(super) fn places<'a>(op: &str, index: Numbers<'a>, size: usize) -> Result<&'a [i64]> {
    let places = index.elements::<i64>()?;
    let outside = |&to: &i64| usize::try_from(to).map_or(true, |to| to >= size);
    match places.iter().position(outside) {
        None => Ok(places),
        Some(i) => Err(out_of_range(op, places[i], size, i, index.shape())),
    }
}

fn out_of_range(op: &str, to: i64, size: usize, i: usize, index: &Shape) -> Error {
    let at: Vec<usize> =
        index.strides().iter().zip(index.iter()).map(|(step, size)| i / step % size).collect();
    let message = format!("{op}: the index at {at:?} is {to}, out of range for {size} elements");
    value_error(message).hint(match size.checked_sub(1) {
        Some(last) => format!("indices go from 0 to {last}"),
        None => "there is nothing to pick from an empty axis".into(),
    })
}

/// The shape rule of what puts each element of `x[0]` at the place along an axis of `shape` that `x[1]` tells.
pub(super) fn scattered(axis: usize, shape: &Shape, x: &[&Meta]) -> Result<Meta, Broken> {
    rules::arity(x, 2)?;
    rules::numeric(x[0])?;
    rules::index(x[1])?;
    if x[0].shape != x[1].shape {
        let rule = format!("the index has shape {}, the elements {}", x[1].shape, x[0].shape);
        return Err(Broken::new(rule).hint("one place is needed for each element"));
    }
    let out = rules::countable(Meta::new(x[0].dtype, shape))?;
    rules::size_along(axis, &out)?;
    rules::index_fits(axis, &x[1].shape, shape)?;
    Ok(out)
}

/// The index of each example, which is input 1, along one axis, and repeated along axes of these sizes before
/// and after it.
pub(super) fn repeated<'r>(all: &Examples<'_, 'r>, before: &[usize], after: &[usize]) -> Term<'r> {
    let count = all.shape(1).elements();
    let kept = [&vec![1; before.len()][..], &[count], &vec![1; after.len()]].concat();
    let shape = [before, &[count], after].concat();
    all.input(1).reshape(all.all(&kept.into())).broadcast_to(all.all(&shape.into()))
}

/// The elements of an index by rows along its last axis, and where each stands in an array of as many axes,
/// whose place along one axis the index tells.
pub(super) struct Rows<'a> {
    axis: usize,
    index: &'a Shape,
    array: &'a Shape,
    /// How many elements a row has.
    pub(super) width: usize,
    /// How far apart neighbours of a row stand.
    stride: usize,
    /// How far apart places along the axis are.
    step: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(axis: usize, index: &'a Shape, array: &'a Shape) -> Rows<'a> {
        let last = index.rank() - 1;
        let step = array[axis + 1..].iter().product();
        let stride = usize::from(axis != last);
        Rows { axis, index, array, width: index[last].max(1), stride, step }
    }

    /// Where the elements of row number `row` stand whose places are these.
    pub(super) fn of<'p>(&self, row: usize, places: &'p [i64]) -> impl Iterator<Item = usize> + 'p {
        let &Rows { stride, step, .. } = self;
        let start = self.start(row);
        places.iter().enumerate().map(move |(i, &to)| start + i * stride + to as usize * step)
    }

    /// Calls `put` with each of the elements that the index is of, and where it stands.
    pub(super) fn each<T: Copy>(&self, x: &[T], places: &[i64], mut put: impl FnMut(usize, T)) {
        let both = x.chunks(self.width).zip(places.chunks(self.width));
        for (row, (x, places)) in both.enumerate() {
            x.iter().zip(self.of(row, places)).for_each(|(&x, at)| put(at, x));
        }
    }

    /// Where the first element of a row stands but for its place along the axis.
    fn start(&self, mut row: usize) -> usize {
        let last = self.index.rank() - 1;
        let (mut at, mut stride) = (0, self.array[last]);
        let sizes = self.index[..last].iter().zip(&self.array[..last]);
        for (axis, (&size, &whole)) in sizes.enumerate().rev() {
            let i = next_index(axis, size, &mut row);
            if axis != self.axis {
                at += i * stride;
            }
            stride *= whole;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stand_where_the_index_says_along_its_axis() {
        let (index, array) = (Shape::from([2, 1, 3]), Shape::from([4, 2, 5]));
        let all = |axis, places: &[i64]| -> Vec<usize> {
            let rows = Rows::new(axis, &index, &array);
            let places = places.chunks(rows.width).enumerate();
            places.flat_map(|(row, places)| rows.of(row, places)).collect()
        };
        assert_eq!(all(2, &[4, 0, 0, 1, 1, 2]), [4, 0, 0, 11, 11, 12]);
        assert_eq!(all(1, &[0, 1, 0, 1, 1, 0]), [0, 6, 2, 15, 16, 12]);
        assert_eq!(all(0, &[3, 0, 1, 2, 2, 2]), [30, 1, 12, 20, 21, 22]);
    }
}
