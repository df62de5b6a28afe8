//! The numbers of a recording: what its leaves hold, and what was computed.

use super::record::Node;
use super::{Leaf, Recording};
use crate::op::{Bits, NodeId};
use crate::tensor::{Error, Kind, Result, Tensor};

/// Numbers that a run is given.
pub(crate) enum Given<'r> {
    /// Computed before.
    Value(&'r Tensor),
    /// An input.
    Leaf(&'r Leaf),
    /// A number of the program that a plan takes as an input.
    Literal(Bits),
}

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

    /// Where the numbers of a node come from when nothing is computed; none for a node that a run has to
    /// compute. The one place that knows: what is an input of a plan, and what is bound to it.
    pub(crate) fn given(&self, id: NodeId) -> Option<Given<'_>> {
        if let Some(value) = self.value(id) {
            return Some(Given::Value(value));
        }
        if let Some(leaf) = self.leaf(id) {
            return Some(Given::Leaf(leaf));
        }
        self.node(id).op.number().filter(|number| number.is_input()).map(Given::Literal)
    }

    /// Whether a node has numbers that can be read without a run: it is an input or was computed.
    pub(crate) fn is_known(&self, id: NodeId) -> bool {
        matches!(self.given(id), Some(Given::Value(_) | Given::Leaf(_)))
    }

    /// The value of a node that was computed and kept.
    pub(crate) fn value(&self, id: NodeId) -> Option<&Tensor> {
        let place = self.node(id).value.checked_sub(1)?;
        self.values.get(place as usize).map(|(_, value)| value)
    }

    /// The numbers of a node, if it is an input or was computed. Fails for a parameter that changed
    /// since it was recorded and was not read before.
    pub(crate) fn current(&self, id: NodeId) -> Result<Option<Tensor>> {
        Ok(match self.given(id) {
            Some(Given::Value(value) | Given::Leaf(Leaf::Tensor { tensor: value, .. })) => {
                Some(value.clone())
            }
            Some(Given::Leaf(Leaf::Parameter { parameter, version })) => {
                // Locked, so that it cannot change between the look at its version and the read.
                let value = parameter.read();
                if parameter.version() != *version {
                    return Err(self.outdated(id));
                }
                Some(value.clone())
            }
            Some(Given::Leaf(Leaf::Dial { value, .. })) => {
                Some(Tensor::full((), *value, self.node(id).meta.dtype))
            }
            Some(Given::Leaf(Leaf::Example)) => return Err(self.of_one_example(id)),
            Some(Given::Literal(_)) | None => None,
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
        let (word, by) = match self.leaf(id) {
            Some(Leaf::Parameter { parameter, .. }) if !parameter.is_trained() => {
                (parameter.word(), "another recording's step or read")
            }
            _ => ("parameter", "an optimiser's step"),
        };
        let message = format!(
            "the {word} {name}{} was changed after it was recorded here, by {by} or by set(), and its old \
             value was not kept",
            self.node(id).meta
        );
        self.blame_node(Error::new(Kind::Tape, message), id).hint(
            format!(
                "read values before the step or keep() them for it; for the new value, record the {word} \
                 on a tape that was reset"
            ),
        )
    }

    /// The error of asking for numbers while a function of one example stands for all of a batch, or for a
    /// value that left it.
    pub(crate) fn of_one_example(&self, id: NodeId) -> Error {
        let meta = &self.node(id).meta;
        let at = self.line(id).unwrap_or_else(|| self.place(id).to_string());
        let message =
            format!("this depends on one example {meta} of the vmap at {at}, which has no numbers");
        Error::new(Kind::Tape, message).hint(
            "return the value from the function: vmap gives that of all examples; choose by numbers with \
             select()",
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
            Leaf::Example => 0,
        });
        self.nodes.capacity() * size_of::<Node>()
            + self.values.iter().map(|(_, value)| of(value)).sum::<usize>()
            + leaves.sum::<usize>()
    }
}
