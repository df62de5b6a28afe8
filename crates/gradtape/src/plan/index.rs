//! Index maps: where an index of a kernel's space lands in what the kernel reads.

use smallvec::SmallVec;

use super::work::{Role, Work};
use crate::op::{NodeId, Op};
use crate::tensor::{Dims, Shape};

/// The number `offset + Σ index[axis] * strides[axis]` of an index of a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) offset: usize,
    pub(super) strides: Dims,
}

/// One [`Line`] for each axis of what is read.
pub(super) type Lines = SmallVec<[Line; 4]>;

impl Line {
    /// The number that is the same for every index.
    pub(super) fn fixed(offset: usize, space: &[usize]) -> Line {
        Line { offset, strides: SmallVec::from_elem(0, space.len()) }
    }

    /// The row-major number of an index.
    pub(super) fn row_major(space: &[usize]) -> Line {
        let mut strides: Dims = SmallVec::from_elem(1, space.len());
        for axis in (1..space.len()).rev() {
            strides[axis - 1] = strides[axis] * space[axis];
        }
        Line { offset: 0, strides }
    }

    /// Whether every index has its own row-major number. Axes of size 1 do not count.
    pub(super) fn is_row_major(&self, space: &[usize]) -> bool {
        let plain = Line::row_major(space);
        let same = |axis: usize| space[axis] == 1 || self.strides[axis] == plain.strides[axis];
        self.offset == 0 && (0..space.len()).all(same)
    }

    fn add(&mut self, other: &Line, times: usize) {
        self.offset += other.offset * times;
        for (stride, more) in self.strides.iter_mut().zip(&other.strides) {
            *stride += more * times;
        }
    }
}

/// The row-major number in `shape` of the index that the lines give.
pub(super) fn flatten(lines: &[Line], shape: &[usize], space: &[usize]) -> Line {
    let mut flat = Line::fixed(0, space);
    for (line, &stride) in lines.iter().zip(&Line::row_major(shape).strides) {
        flat.add(line, stride);
    }
    flat
}

/// The lines of the axes of `shape` from the row-major number in it, when no axis of the space has to
/// be divided for it.
pub(super) fn split(flat: &Line, shape: &[usize], space: &[usize]) -> Option<Lines> {
    if shape.contains(&0) || space.contains(&0) {
        return None;
    }
    let own = Line::row_major(shape).strides;
    let mut lines: Lines = shape.iter().map(|_| Line::fixed(0, space)).collect();
    let mut rest = flat.offset;
    for axis in (0..shape.len()).filter(|&axis| shape[axis] > 1) {
        lines[axis].offset = rest / own[axis];
        rest %= own[axis];
    }
    if rest != 0 {
        return None;
    }
    for (from, &stride) in flat.strides.iter().enumerate() {
        if stride == 0 || space[from] <= 1 {
            continue;
        }
        let axis = (0..shape.len()).find(|&axis| shape[axis] > 1 && own[axis] <= stride)?;
        if stride % own[axis] != 0 {
            return None;
        }
        lines[axis].strides[from] = stride / own[axis];
    }
    let reach = |line: &Line| {
        let steps =
            line.strides.iter().zip(space).map(|(stride, size)| stride * size.saturating_sub(1));
        line.offset + steps.sum::<usize>()
    };
    lines.iter().zip(shape).all(|(line, &size)| reach(line) < size).then_some(lines)
}

/// A shape of which both shapes are merges, without axes of size 1.
pub(super) fn refine(a: &[usize], b: &[usize]) -> Option<Dims> {
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
pub(super) struct Reached {
    /// The node whose value is read.
    pub(super) base: NodeId,
    /// The row-major number of the element.
    pub(super) flat: Line,
    /// The lines of its axes, when they can be told.
    pub(super) lines: Option<Lines>,
}

/// Follows views from `node`, whose element number `flat` is read, to what they are views of.
///
/// Where an index cannot be followed through a view, the node that has to be stored for it is the
/// error. With `through`, `node` itself is a view to be followed even if it is to be stored.
pub(super) fn reach(
    work: &Work,
    mut node: NodeId,
    mut flat: Line,
    space: &[usize],
    through: bool,
) -> Result<Reached, NodeId> {
    let mut lines = split(&flat, &work.meta(node).shape, space);
    let mut first = through;
    loop {
        let followed = std::mem::take(&mut first) || work.roles[node.index()] == Role::View;
        if !followed {
            return Ok(Reached { base: node, flat, lines });
        }
        let inner = work.node(node).inputs[0];
        let shape = &work.meta(inner).shape;
        if let Op::Reshape(_) = work.node(node).op {
            lines = split(&flat, shape, space);
        } else {
            let outer = lines.ok_or(node)?;
            let stepped = step(&work.node(node).op, &outer, shape, space);
            flat = flatten(&stepped, shape, space);
            lines = Some(stepped);
        }
        node = inner;
    }
}

/// The lines of a view's operand from those of the view.
fn step(op: &Op, outer: &Lines, shape: &Shape, space: &[usize]) -> Lines {
    match op {
        Op::Broadcast(broadcast) => {
            let new = broadcast.shape.rank() - shape.rank();
            let line = |axis: usize| match shape[axis] == broadcast.shape[axis + new] {
                true => outer[axis + new].clone(),
                false => Line::fixed(0, space),
            };
            (0..shape.rank()).map(line).collect()
        }
        Op::Transpose(transpose) => {
            let mut lines: Lines = shape.iter().map(|_| Line::fixed(0, space)).collect();
            for (line, &axis) in outer.iter().zip(&transpose.order) {
                lines[axis] = line.clone();
            }
            lines
        }
        Op::Slice(slice) => {
            let mut lines = outer.clone();
            let line = &mut lines[slice.axis];
            line.offset = slice.start + line.offset * slice.step;
            line.strides.iter_mut().for_each(|stride| *stride *= slice.step);
            lines
        }
        _ => outer.clone(),
    }
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
        let turned = Line { offset: 0, strides: Dims::from_slice(&[1, 4]) };
        assert_eq!(split(&turned, &[4, 6], &space), None);
        let lines = split(&turned, &[6, 4], &space).unwrap();
        assert_eq!(lines[0].strides.as_slice(), [0, 1]);
        assert_eq!(flatten(&lines, &[6, 4], &space), turned);
    }
}
