//! Contractions by the labels of their axes, in whatever order these stand.

use std::panic::Location;

use super::Rewriter;
use crate::op::linear::{Contract, Label, Labels, Layout, Pair, pair};
use crate::op::{NodeId, Op, shape};
use crate::tensor::Dims;

/// An operand of a contraction, with labels for its axes.
pub(super) struct Labelled {
    pub(super) node: NodeId,
    pub(super) labels: Labels,
}

impl Labelled {
    /// The operands of a contraction, which may have been transposed, and the labels of its result.
    pub(super) fn of(r: &Rewriter, x: NodeId) -> Option<([Labelled; 2], Labels)> {
        match r.op(x) {
            Op::Transpose(transpose) => {
                let (operands, _) = Labelled::plain(r, r.node(x).inputs[0])?;
                Some((operands, transpose.order.iter().map(|&axis| axis as Label).collect()))
            }
            _ => Labelled::plain(r, x),
        }
    }

    /// The operands of a contraction, and the labels of its result: the numbers of its axes.
    pub(super) fn plain(r: &Rewriter, product: NodeId) -> Option<([Labelled; 2], Labels)> {
        let &Op::Contract(Contract { batch, summed }) = r.op(product) else { return None };
        let &[left, right] = &r.node(product).inputs[..] else { return None };
        let rank = r.meta(product).shape.rank() as Label;
        let rows = r.meta(left).shape.rank() - batch - summed;
        let (batch, rows) = (batch as Label, rows as Label);
        let sums = || rank..rank + summed as Label;
        let first = (0..batch + rows).chain(sums()).collect();
        let second = (0..batch).chain(sums()).chain(batch + rows..rank).collect();
        let operands =
            [Labelled { node: left, labels: first }, Labelled { node: right, labels: second }];
        Some((operands, (0..rank).collect()))
    }

    pub(super) fn has(&self, label: Label) -> bool {
        self.labels.contains(&label)
    }
}

/// The sums of products of two operands, with the axes of these labels.
pub(super) fn of(
    r: &mut Rewriter,
    operands: [Labelled; 2],
    out: &[Label],
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let (product, order) = turned(r, operands, out, at)?;
    match order {
        Some(order) => r.apply(shape::Transpose { order }, &[product], at),
        None => Some(product),
    }
}

/// As [`of`], where the result needs no turning.
pub(super) fn directly(
    r: &mut Rewriter,
    operands: [Labelled; 2],
    out: &[Label],
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let [x, y] = &operands;
    pair(&x.labels, &y.labels, out, false).out.is_none().then_some(())?;
    turned(r, operands, out, at).map(|(product, _)| product)
}

/// The contraction, and the order of its axes that gives the labels, where that is another.
fn turned(
    r: &mut Rewriter,
    [x, y]: [Labelled; 2],
    out: &[Label],
    at: &'static Location<'static>,
) -> Option<(NodeId, Option<Dims>)> {
    let Pair { swap, x: left, y: right, batch, summed, out } =
        pair(&x.labels, &y.labels, out, false);
    let (first, second) = if swap { (y, x) } else { (x, y) };
    let mut operand = |own: Labelled, layout: Layout| {
        // Nothing repeats, so every axis is one of the operand's own.
        let order: Dims = layout.into_iter().filter_map(Result::ok).collect();
        r.apply(shape::Transpose { order }, &[own.node], at)
    };
    let operands = [operand(first, left)?, operand(second, right)?];
    Some((r.apply(Contract { batch, summed }, &operands, at)?, out))
}
