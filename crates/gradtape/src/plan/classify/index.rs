//! Index maps: where an index of a kernel's space lands in what the kernel reads.

use smallvec::SmallVec;

use super::{Classified, Role};
use crate::op::{Form, NodeId, PlaceAlong, Places, View};
use crate::plan::program::Strides;
use crate::tensor::Dims;

/// The number `offset + Σ index[axis] * strides[axis]` of an index of a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) struct Line {
    pub(in crate::plan) offset: usize,
    pub(in crate::plan) strides: Strides,
}

/// One [`Line`] for each axis of what is read.
pub(in crate::plan) type Lines = SmallVec<[Line; 4]>;

impl Line {
    /// The number that is the same for every index.
    pub(in crate::plan) fn fixed(offset: usize, space: &[usize]) -> Line {
        Line { offset, strides: SmallVec::from_elem(0, space.len()) }
    }

    /// The row-major number of an index.
    pub(in crate::plan) fn row_major(space: &[usize]) -> Line {
        let mut strides: Strides = SmallVec::from_elem(1, space.len());
        for axis in (1..space.len()).rev() {
            strides[axis - 1] = strides[axis] * space[axis] as isize;
        }
        Line { offset: 0, strides }
    }

    /// The row-major number of an index without the last axis: of its row.
    pub(in crate::plan) fn by_row(space: &[usize]) -> Line {
        let kept = space.len().saturating_sub(1);
        let mut line = Line::row_major(&space[..kept]);
        line.strides.resize(space.len(), 0);
        line
    }

    /// Whether every index has its own row-major number. Axes of size 1 do not count.
    pub(in crate::plan) fn is_row_major(&self, space: &[usize]) -> bool {
        let plain = Line::row_major(space);
        let same = |axis: usize| space[axis] == 1 || self.strides[axis] == plain.strides[axis];
        self.offset == 0 && (0..space.len()).all(same)
    }

    /// Whether every index has the number of its row, where rows are as many equal parts of the space in
    /// row-major order.
    pub(in crate::plan) fn is_by_row(&self, space: &[usize], rows: usize) -> bool {
        let elements: usize = space.iter().product();
        if rows == 0 || !elements.is_multiple_of(rows) || self.offset != 0 {
            return false;
        }
        let row = (elements / rows) as isize;
        let plain = Line::row_major(space).strides;
        self.strides.iter().zip(&plain).zip(space).all(|((&stride, &plain), &size)| {
            let inside = plain * size as isize <= row;
            size == 1
                || stride == if inside { 0 } else { plain / row } && (inside || plain % row == 0)
        })
    }

    /// Adds a multiple of another line; together they stay above 0.
    pub(in crate::plan) fn add(&mut self, other: &Line, times: isize) {
        self.offset = self.offset.wrapping_add_signed(other.offset as isize * times);
        for (stride, more) in self.strides.iter_mut().zip(&other.strides) {
            *stride += more * times;
        }
    }
}

/// The row-major number in `shape` of the index that the lines give.
pub(in crate::plan) fn flatten(lines: &[Line], shape: &[usize], space: &[usize]) -> Line {
    let mut flat = Line::fixed(0, space);
    for (line, &stride) in lines.iter().zip(&Line::row_major(shape).strides) {
        flat.add(line, stride);
    }
    flat
}

/// The lines of the axes of `shape` from the row-major number in it, when no axis of the space has to
/// be divided for it.
pub(in crate::plan) fn split(flat: &Line, shape: &[usize], space: &[usize]) -> Option<Lines> {
    if shape.contains(&0) || space.contains(&0) {
        return None;
    }
    let own = Line::row_major(shape).strides;
    let mut lines: Lines = shape.iter().map(|_| Line::fixed(0, space)).collect();
    let steps =
        || flat.strides.iter().zip(space).filter(|&(&stride, &size)| stride != 0 && size > 1);
    // From the least number on, every step goes forward.
    let back: isize = steps().map(|(&stride, &size)| stride.min(0) * (size as isize - 1)).sum();
    let mut rest = flat.offset.checked_add_signed(back)? as isize;
    for axis in (0..shape.len()).filter(|&axis| shape[axis] > 1) {
        lines[axis].offset = (rest / own[axis]) as usize;
        rest %= own[axis];
    }
    if rest != 0 {
        return None;
    }
    let last = |line: &Line| {
        let steps = line.strides.iter().zip(space);
        line.offset + steps.map(|(step, &size)| step.unsigned_abs() * (size - 1)).sum::<usize>()
    };
    for (from, (&stride, &size)) in flat.strides.iter().zip(space).enumerate() {
        if stride == 0 || size <= 1 {
            continue;
        }
        let far = stride.abs();
        let axis = (0..shape.len()).find(|&axis| shape[axis] > 1 && own[axis] <= far)?;
        if far % own[axis] != 0 {
            return None;
        }
        lines[axis].strides[from] = stride / own[axis];
    }
    if lines.iter().zip(shape).any(|(line, &size)| last(line) >= size) {
        return None;
    }
    for line in &mut lines {
        let steps = line.strides.iter().zip(space);
        line.offset +=
            steps.map(|(step, &size)| step.min(&0).unsigned_abs() * (size - 1)).sum::<usize>();
    }
    Some(lines)
}

/// A shape of which both shapes are merges, without axes of size 1.
pub(in crate::plan) fn refine(a: &[usize], b: &[usize]) -> Option<Dims> {
    let mut a = a.iter().rev().copied().filter(|&size| size != 1);
    let mut b = b.iter().rev().copied().filter(|&size| size != 1);
    let (mut left, mut right) = (a.next().unwrap_or(1), b.next().unwrap_or(1));
    let mut refined = Dims::new();
    while left != 1 || right != 1 {
        let common = left.min(right);
        if common <= 1 || left % common != 0 || right % common != 0 {
            return None;
        }
        refined.push(common);
        (left, right) = (left / common, right / common);
        if left == 1 {
            left = a.next().unwrap_or(1);
        }
        if right == 1 {
            right = b.next().unwrap_or(1);
        }
    }
    refined.reverse();
    Some(refined)
}

/// What a reader reads in the end, behind all views.
pub(in crate::plan) struct Reached {
    /// The node whose value is read.
    pub(in crate::plan) base: NodeId,
    /// The row-major number of the element.
    pub(in crate::plan) flat: Line,
    /// The lines of its axes, when they can be told.
    pub(in crate::plan) lines: Option<Lines>,
}

/// Follows views from `node`, whose element number `flat` is read, to what they are views of.
///
/// Where an index cannot be followed through a view, the node that has to be stored for it is the
/// error. With `through`, `node` itself is a view to be followed even if it is to be stored.
pub(in crate::plan) fn reach(
    graph: &Classified,
    mut node: NodeId,
    mut flat: Line,
    space: &[usize],
    through: bool,
) -> Result<Reached, NodeId> {
    let mut lines = split(&flat, &graph.meta(node).shape, space);
    let mut first = through;
    loop {
        let followed = std::mem::take(&mut first) || graph.roles[node.index()] == Role::View;
        if !followed {
            return Ok(Reached { base: node, flat, lines });
        }
        let inner = graph.node(node).inputs[0];
        let shape = &graph.meta(inner).shape;
        let meta = graph.meta(node);
        match view(graph, node).and_then(|view| view.places(shape, &meta.shape)) {
            None => lines = split(&flat, shape, space),
            Some(places) => {
                let stepped = step(&places, &lines.ok_or(node)?, space);
                flat = flatten(&stepped, shape, space);
                lines = Some(stepped);
            }
        }
        node = inner;
    }
}

fn view(graph: &Classified, node: NodeId) -> Option<&dyn View> {
    match graph.node(node).op.form() {
        Form::View(view) => Some(view),
        _ => None,
    }
}

/// The lines of a view's operand from those of the view.
fn step(places: &Places, outer: &Lines, space: &[usize]) -> Lines {
    let line = |place: &PlaceAlong| {
        let mut line = Line::fixed(place.start, space);
        place.steps.iter().for_each(|&(axis, step)| line.add(&outer[axis], step));
        line
    };
    places.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_refine_to_their_common_parts() {
        let check = |a: &[usize], b: &[usize], expected: Option<&[usize]>| {
            assert_eq!(refine(a, b).as_deref(), expected, "{a:?} {b:?}");
            assert_eq!(refine(b, a).as_deref(), expected, "{b:?} {a:?}");
        };
        check(&[32, 10], &[320], Some(&[32, 10]));
        check(&[32, 1, 10], &[32, 10, 1], Some(&[32, 10]));
        check(&[4, 6], &[2, 12], Some(&[2, 2, 6]));
        check(&[2, 3], &[3, 2], None);
        check(&[], &[1, 1], Some(&[]));
        check(&[7], &[7, 1], Some(&[7]));
    }

    #[test]
    fn rows_have_one_number_each() {
        let line = |strides: &[isize]| Line { offset: 0, strides: Strides::from_slice(strides) };
        assert!(line(&[1, 0]).is_by_row(&[4, 6], 4));
        assert!(line(&[2, 1, 0]).is_by_row(&[3, 2, 5], 6));
        assert!(line(&[1, 0, 0]).is_by_row(&[3, 2, 5], 3));
        assert!(line(&[0, 0]).is_by_row(&[4, 6], 1), "all of it is one row");
        assert!(line(&[6, 1]).is_by_row(&[4, 6], 24), "rows of one element");
        assert!(!line(&[0, 1]).is_by_row(&[4, 6], 6), "columns");
        assert!(!line(&[1, 0]).is_by_row(&[4, 6], 8), "half a row");
        assert!(!line(&[1, 2, 0]).is_by_row(&[2, 3, 5], 6), "turned");
    }

    #[test]
    fn numbers_split_into_axes_where_nothing_carries() {
        let space = [4, 6];
        let flat = Line::row_major(&space);
        let lines = split(&flat, &[24], &space).unwrap();
        assert_eq!(lines[0].strides.as_slice(), [6, 1]);
        let lines = split(&flat, &[4, 1, 6], &space).unwrap();
        assert_eq!(lines[0].strides.as_slice(), [1, 0]);
        assert_eq!(lines[1].strides.as_slice(), [0, 0]);
        assert_eq!(lines[2].strides.as_slice(), [0, 1]);
        assert_eq!(split(&flat, &[2, 2, 6], &space), None, "an axis of 4 would have to be divided");
        let turned = Line { offset: 0, strides: Strides::from_slice(&[1, 4]) };
        assert_eq!(split(&turned, &[4, 6], &space), None);
        let lines = split(&turned, &[6, 4], &space).unwrap();
        assert_eq!(lines[0].strides.as_slice(), [0, 1]);
        assert_eq!(flatten(&lines, &[6, 4], &space), turned);
    }
}
