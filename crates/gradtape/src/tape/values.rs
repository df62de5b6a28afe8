//! The numbers of a recording: what its leaves hold, and what was computed.

use super::record::Node;
use super::{Leaf, Recording};
use crate::op::{NodeId, Op};
use crate::tensor::{Error, Kind, Result, Tensor};

impl Recording {
    /// The nodes with a computed value, in the order in which they got it.
    pub(crate) fn valued(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.values.iter().map(|&(id, _)| id)
    }

    /// The leaf of an input node.
    pub(crate) fn leaf(&self, id: NodeId) -> Option<&Leaf> {
        let place = self.node(id).leaf.checked_sub(1)?;
        self.leaves.get(place as usize)
    }

    /// The number of a literal; NaN for any other node.
    pub(crate) fn literal(&self, id: NodeId) -> f64 {
        match &self.node(id).op {
            Op::Constant(constant) => constant.value.value(),
            _ => f64::NAN,
        }
    }

    /// The value of a node that was computed and kept.
    pub(crate) fn value(&self, id: NodeId) -> Option<&Tensor> {
        let place = self.node(id).value.checked_sub(1)?;
        self.values.get(place as usize).map(|(_, value)| value)
    }

    /// The numbers of a node, if it is an input or was computed. Fails for a parameter that changed
    /// since it was recorded and was not read before.
    pub(crate) fn current(&self, id: NodeId) -> Result<Option<Tensor>> {
        Ok(match (self.value(id), self.leaf(id)) {
            (Some(value), _) | (None, Some(Leaf::Tensor { tensor: value, .. })) => {
                Some(value.clone())
            }
            (None, Some(Leaf::Parameter { parameter, version })) => {
                // Locked, so that it cannot change between the look at its version and the read.
                let value = parameter.read();
                if parameter.version() != *version {
                    return Err(self.outdated(id));
                }
                Some(value.clone())
            }
            (None, Some(Leaf::Dial { value, .. })) => {
                Some(Tensor::full((), *value, self.node(id).meta.dtype))
            }
            (None, None) => None,
        })
    }

    /// Has an input that is a parameter keep the value it has now.
    pub(crate) fn keep_parameter(&mut self, id: NodeId) {
        if let Some(Leaf::Parameter { .. }) = self.leaf(id)
            && let Ok(Some(value)) = self.current(id)
        {
            self.set_value(id, value);
        }
    }

    /// The error of using a parameter that changed after it was recorded: its numbers would be of
    /// neither before nor after.
    pub(crate) fn outdated(&self, id: NodeId) -> Error {
        let name = self.parameter_name(id).map_or(String::new(), |name| format!("{name}, "));
        let message = format!(
            "the parameter {name}{} was changed after it was recorded here, by an optimiser's step or by \
             set(), and its old value was not kept",
            self.node(id).meta
        );
        self.blame_node(Error::new(Kind::Tape, message), id).hint(
            "read values before the step or keep() them for it; for the new value, record the parameter \
             on a tape that was reset",
        )
    }

    /// Keeps the computed value of a node.
    pub(crate) fn set_value(&mut self, id: NodeId, value: Tensor) {
        if self.value(id).is_none() {
            self.values.push((id, value));
            self.nodes[id.index()].value = self.values.len() as u32;
        }
    }

    /// Bytes of the recording itself and of the values it keeps, parameters and inputs included.
    pub(crate) fn bytes(&self) -> usize {
        let of = |t: &Tensor| t.elements() * t.dtype().size();
        let leaves = self.leaves.iter().map(|leaf| match leaf {
            Leaf::Tensor { tensor, .. } => of(tensor),
            Leaf::Parameter { parameter, .. } => of(&parameter.read()),
            Leaf::Dial { .. } => size_of::<f64>(),
        });
        self.nodes.capacity() * size_of::<Node>()
            + self.values.iter().map(|(_, value)| of(value)).sum::<usize>()
            + leaves.sum::<usize>()
    }
}
