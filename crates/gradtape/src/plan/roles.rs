//! What each operation is to a kernel.

use super::program::Reduce;
use super::work::{Role, Work};
use crate::op::{NodeId, Op};
use crate::tensor::DType;

/// Whole numbers up to this are exact in every floating-point type.
const EXACT: usize = 1 << 24;

/// Whether an operation only moves elements and can be read through.
pub(super) fn is_view(op: &Op) -> bool {
    matches!(op, Op::Broadcast(_) | Op::Reshape(_) | Op::Transpose(_) | Op::Slice(_))
}

impl Work {
    /// The role that a node has by itself.
    pub(super) fn natural_role(&self, id: NodeId) -> Role {
        let node = self.node(id);
        let metas = || node.inputs.iter().map(|&input| self.meta(input)).chain([&node.meta]);
        if let Op::Input(_) = node.op {
            return Role::Input(self.inputs.len());
        }
        if metas().any(|meta| meta.shape.elements() == 0) {
            return Role::Host;
        }
        let float = node.meta.dtype.is_float();
        match &node.op {
            Op::Constant(_) if node.meta.dtype == DType::I64 => Role::Host,
            Op::Constant(constant) => Role::Constant(constant.value.value()),
            op if is_view(op) => Role::View,
            Op::Sum(_) if float => Role::Reduce(Reduce::Sum),
            Op::Max(_) if float => Role::Reduce(Reduce::Max),
            Op::Min(_) if float => Role::Reduce(Reduce::Min),
            Op::LogSumExp(_) => Role::Reduce(Reduce::LogSumExp),
            Op::LogSumExpRest(_) => Role::Reduce(Reduce::LogSumExpRest),
            Op::MatMul(_) => Role::MatMul,
            Op::Random(_) => Role::Body,
            Op::Iota(iota) if float && iota.shape[iota.axis] <= EXACT => Role::Inline,
            Op::OneHot(one_hot) if float && one_hot.classes <= EXACT && self.is_input(id) => {
                Role::Inline
            }
            op if op.is_elementwise() => self.elementwise_role(id),
            _ => Role::Host,
        }
    }

    /// Whether the labels of a one-hot are an input as it is, which can be checked before anything runs.
    fn is_input(&self, id: NodeId) -> bool {
        self.labels(id).is_some_and(|labels| matches!(self.node(labels).op, Op::Input(_)))
    }

    /// The node whose elements are the labels of a one-hot, behind reshapes.
    pub(super) fn labels(&self, id: NodeId) -> Option<NodeId> {
        let mut labels = *self.node(id).inputs.first()?;
        while let Op::Reshape(_) = self.node(labels).op {
            labels = *self.node(labels).inputs.first()?;
        }
        Some(labels)
    }

    fn elementwise_role(&self, id: NodeId) -> Role {
        let node = self.node(id);
        let inputs = || node.inputs.iter().map(|&input| self.meta(input).dtype);
        let float = node.meta.dtype.is_float();
        let from_i64 = inputs().any(|dtype| dtype == DType::I64);
        match &node.op {
            Op::Cast(_) if from_i64 && float => Role::Body,
            _ if from_i64 || node.meta.dtype == DType::I64 => Role::Host,
            _ if float && inputs().all(|dtype| dtype == DType::Bool) => Role::Inline,
            _ => Role::Body,
        }
    }
}
