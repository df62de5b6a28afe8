//! Reductions over the few places of windows, joined place by place.

use super::{Pending, Rewriter};
use crate::op::{NodeId, Op, binary, shape};
use crate::tensor::{Dims, Shape};

/// Nodes that are computed at each place.
const MOST: usize = 16;

/// sum(f(window(x))) = f(slice(x)) + f(slice(x)) + … for the few places of a window and what is computed of each
/// element alone; max, min: the greatest, the least of them.
pub(super) fn rewrite(r: &mut Rewriter, operation: &Pending<'_>) -> Option<NodeId> {
    let &Pending { op, inputs, meta, at } = operation;
    let (axes, join): (_, Op) = match op {
        Op::Sum(sum) => (&sum.axes, binary::Add {}.into()),
        Op::Max(max) => (&max.axes, binary::Maximum {}.into()),
        Op::Min(min) => (&min.axes, binary::Minimum {}.into()),
        _ => return None,
    };
    let from = r.meta(inputs[0]).shape.clone();
    let kept = from.rank() - axes.len();
    let sizes = &from[kept..];
    let places: usize = sizes.iter().product();
    if !axes.iter().copied().eq(kept..from.rank())
        || !(1..=r.target.window_places).contains(&places)
        || !meta.dtype.is_float()
        || !is_of_windows(r, inputs[0], sizes.len())
    {
        return None;
    }
    let mut joined = None;
    for number in 0..places {
        let mut rest = number;
        let mut place = Dims::from_elem(0, sizes.len());
        for (own, size) in place.iter_mut().zip(sizes).rev() {
            (*own, rest) = (rest % size, rest / size);
        }
        let part = at_place(r, inputs[0], &place, at)?;
        joined = match joined {
            None => Some(part),
            Some(joined) => Some(r.apply(join.clone(), &[joined, part], at)?),
        };
    }
    joined
}

/// Whether the last axes of a node are places of windows, and whatever it computes of them it computes of each
/// element alone.
fn is_of_windows(r: &Rewriter, id: NodeId, axes: usize) -> bool {
    let mut open = vec![(id, axes)];
    let (mut seen, mut windows) = (0, false);
    while let Some((id, axes)) = open.pop() {
        seen += 1;
        let (node, rank) = (r.node(id), r.meta(id).shape.rank());
        let fits = match &node.op {
            _ if axes == 0 => true,
            // A window of another's places has no slice of its own.
            Op::Window(window) => {
                windows = true;
                open.push((node.inputs[0], axes - 1));
                window.axis < rank - axes
            }
            Op::Broadcast(_) => {
                let own = &r.meta(node.inputs[0]).shape;
                own.iter().rev().take(axes).all(|size| *size == 1)
            }
            op if op.is_elementwise() && !op.can_fail(node.meta.dtype) => {
                open.extend(node.inputs.iter().map(|&input| (input, axes)));
                true
            }
            _ => false,
        };
        if !fits || seen > MOST {
            return false;
        }
    }
    windows
}

/// What a node has where its last axes stand at a place, which are dropped.
fn at_place(
    r: &mut Rewriter,
    id: NodeId,
    place: &[usize],
    at: &'static std::panic::Location<'static>,
) -> Option<NodeId> {
    let Some((&last, rest)) = place.split_last() else { return Some(id) };
    let (op, inputs) = (r.op(id).clone(), r.node(id).inputs.clone());
    let dims = r.meta(id).shape.clone();
    match op {
        Op::Window(window) => {
            let from = at_place(r, inputs[0], rest, at)?;
            let &shape::Window { axis, stride, dilation, .. } = &window;
            let start = last * dilation;
            let stop = start + dims[axis].checked_sub(1)? * stride + 1;
            r.apply(shape::Slice { axis, start, stop, step: stride }, &[from], at)
        }
        Op::Broadcast(_) => {
            let own = r.meta(inputs[0]).shape.clone();
            let kept = own.rank().saturating_sub(place.len());
            let narrow = r.reshape(inputs[0], &Shape::from(Dims::from_slice(&own[..kept])), at)?;
            let kept = Dims::from_slice(&dims[..dims.rank() - place.len()]);
            r.broadcast(narrow, &Shape::from(kept), at)
        }
        op => {
            let parts: Option<Vec<NodeId>> =
                inputs.iter().map(|&input| at_place(r, input, place, at)).collect();
            r.apply(op, &parts?, at)
        }
    }
}
