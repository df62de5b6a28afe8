//! Sums of products in Einstein's notation, as recordings.

use super::Var;
use crate::op::linear::{Label, Labels, Layout, Pair, pair};
use crate::tensor::{Dims, Shape};

/// A value with the labels of its axes.
#[derive(Clone)]
pub(super) struct Labelled<'t> {
    pub(super) var: Var<'t>,
    pub(super) labels: Labels,
}

impl<'t> Labelled<'t> {
    /// With one axis for each label.
    #[track_caller]
    pub(super) fn without_repeats(mut self) -> Labelled<'t> {
        let mut axis = 0;
        while axis < self.labels.len() {
            match self.labels[axis + 1..].iter().position(|label| *label == self.labels[axis]) {
                Some(after) => {
                    let other = axis + 1 + after;
                    self.var = self.var.diagonal(axis as isize, other as isize);
                    self.labels.remove(other);
                }
                None => axis += 1,
            }
        }
        self
    }

    /// Summed over the axes whose label is not wanted.
    #[track_caller]
    pub(super) fn only(&self, wanted: impl Fn(&Label) -> bool) -> Labelled<'t> {
        let gone = |(_, label): &(usize, &Label)| !wanted(label);
        let axes: Vec<isize> =
            self.labels.iter().enumerate().filter(gone).map(|(axis, _)| axis as isize).collect();
        if axes.is_empty() {
            return self.clone();
        }
        let labels = self.labels.iter().copied().filter(&wanted).collect();
        Labelled { var: self.var.sum(axes), labels }
    }

    /// In the order of these labels.
    #[track_caller]
    pub(super) fn ordered(&self, labels: &[Label]) -> Var<'t> {
        let place = |label: &Label| self.labels.iter().position(|own| own == label).unwrap_or(0);
        let order: Dims = labels.iter().map(place).collect();
        if order.is_sorted() { self.var } else { self.var.transpose(&order) }
    }

    /// The product with another, summed over the labels that are not wanted; in the order of `out`, if that
    /// names all of it.
    #[track_caller]
    pub(super) fn times(
        &self,
        other: &Labelled<'t>,
        wanted: impl Fn(&Label) -> bool,
        out: &[Label],
    ) -> Labelled<'t> {
        let (x, y) = (self.without_ones(other), other.without_ones(self));
        let x = x.only(|label| wanted(label) || y.labels.contains(label));
        let y = y.only(|label| wanted(label) || x.labels.contains(label));
        let mut labels: Labels = x.labels.iter().copied().filter(&wanted).collect();
        let more =
            y.labels.iter().copied().filter(|label| wanted(label) && !x.labels.contains(label));
        labels.extend(more);
        if out.len() == labels.len() {
            labels = Labels::from_slice(out);
        }
        let Pair { swap, x: left, y: right, batch, summed, out } =
            pair(&x.labels, &y.labels, &labels, true);
        let (first, second) = if swap { (&y, &x) } else { (&x, &y) };
        let size = |label: Label| first.size(label).or(second.size(label)).unwrap_or(1);
        let (left, right) = (first.laid_out(&left, size), second.laid_out(&right, size));
        let product = left.contract(right, batch, summed);
        let var = out.map_or(product, |order| product.transpose(&order));
        Labelled { var, labels }
    }

    /// Without the axes of size 1 that go with a longer one of another.
    #[track_caller]
    fn without_ones(&self, other: &Labelled<'t>) -> Labelled<'t> {
        let shape = self.var.shape();
        let stays = |(label, size): &(&Label, usize)| {
            *size != 1 || other.size(**label).is_none_or(|s| s == 1)
        };
        let kept = || self.labels.iter().zip(shape.iter().copied()).filter(stays);
        if kept().count() == self.labels.len() {
            return self.clone();
        }
        let dims: Dims = kept().map(|(_, size)| size).collect();
        Labelled { var: self.var.reshape(dims), labels: kept().map(|(label, _)| *label).collect() }
    }

    fn size(&self, label: Label) -> Option<usize> {
        let axis = self.labels.iter().position(|own| *own == label)?;
        self.var.shape().get(axis).copied()
    }

    #[track_caller]
    fn laid_out(&self, layout: &Layout, size: impl Fn(Label) -> usize) -> Var<'t> {
        let order: Dims = layout.iter().filter_map(|place| place.ok()).collect();
        let turned = if order.is_sorted() { self.var } else { self.var.transpose(&order) };
        if order.len() == layout.len() {
            return turned;
        }
        let shape = self.var.shape();
        let sizes = |repeated: &dyn Fn(Label) -> usize| -> Dims {
            let each = layout.iter().map(|place| place.map_or_else(repeated, |axis| shape[axis]));
            each.collect()
        };
        turned.reshape(sizes(&|_| 1)).broadcast_to(Shape::from(sizes(&size)))
    }
}
