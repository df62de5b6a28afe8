//! What each operation is to a kernel.

use super::{Classified, Role};
use crate::op::{Cost, Form, NodeId, Op};
use crate::tensor::DType;

/// Whole numbers up to this are exact in every floating-point type.
const EXACT: usize = 1 << 24;

/// Whether an operation only moves elements and can be read through.
pub(in crate::plan) fn is_view(op: &Op) -> bool {
    matches!(op.form(), Form::View(_))
}

impl Classified {
    /// The role that a node has by itself.
    pub(in crate::plan) fn natural_role(&self, id: NodeId) -> Role {
        let node = self.node(id);
        let metas = || node.inputs.iter().map(|&input| self.meta(input)).chain([&node.meta]);
        if node.op.is_input() {
            return Role::Input(self.inputs.len());
        }
        if metas().any(|meta| meta.shape.elements() == 0) {
            return Role::Host;
        }
        let float = node.meta.dtype.is_float();
        match node.op.form() {
            Form::Constant(_) if node.meta.dtype == DType::I64 => Role::Host,
            Form::Constant(value) => Role::Constant(value.value()),
            Form::View(_) => Role::View,
            Form::Reduction(reduce, _) if float => Role::Reduce(reduce),
            Form::Contraction(_) => Role::Contract,
            Form::Random(_) if self.is_alone(id) => Role::Body,
            Form::Spread(_) if node.meta.dtype != DType::I64 => Role::Spread,
            Form::Joined(_) if node.meta.dtype != DType::I64 => Role::Joined,
            Form::Position(axis) if float && node.meta.shape[axis] <= EXACT => Role::Inline,
            Form::Label(classes) if float && classes <= EXACT && self.is_input(id) => Role::Inline,
            Form::Formula(cost) => self.formula_role(id, cost),
            _ => Role::Host,
        }
    }

    /// Whether the counter of random numbers is the only element of what it is a view of, which is what kernels
    /// read.
    fn is_alone(&self, id: NodeId) -> bool {
        let mut base = id;
        while let Some(&inner) = self.node(base).inputs.first() {
            if base != id && !is_view(&self.node(base).op) {
                break;
            }
            base = inner;
        }
        self.meta(base).shape.elements() == 1
    }

    /// Whether the labels of a one-hot are an input as it is, which can be checked before anything runs.
    fn is_input(&self, id: NodeId) -> bool {
        self.labels(id).is_some_and(|labels| self.node(labels).op.is_input())
    }

    /// The node whose elements are the labels of a one-hot, behind views that keep their numbers.
    pub(in crate::plan) fn labels(&self, id: NodeId) -> Option<NodeId> {
        let mut labels = *self.node(id).inputs.first()?;
        while let Form::View(view) = self.node(labels).op.form() {
            let inner = *self.node(labels).inputs.first()?;
            if view.places(&self.meta(inner).shape, &self.meta(labels).shape).is_some() {
                break;
            }
            labels = inner;
        }
        Some(labels)
    }

    fn formula_role(&self, id: NodeId, cost: Cost) -> Role {
        let node = self.node(id);
        let inputs = || node.inputs.iter().map(|&input| self.meta(input).dtype);
        let float = node.meta.dtype.is_float();
        let from_i64 = inputs().any(|dtype| dtype == DType::I64);
        match cost {
            Cost::Copy if from_i64 && float => Role::Body,
            _ if from_i64 || node.meta.dtype == DType::I64 => Role::Host,
            _ if float && inputs().all(|dtype| dtype == DType::Bool) => Role::Inline,
            _ => Role::Body,
        }
    }
}
