//! What a recording says of a network: what each layer gave, and the operations in it.

use super::{Recording, Tape, Var};
use crate::op::{Meta, NodeId};

/// A recorded operation as a picture of the network shows it.
pub(crate) struct Shown {
    pub(crate) id: NodeId,
    pub(crate) op: &'static str,
    pub(crate) inputs: Vec<NodeId>,
    pub(crate) meta: Meta,
    /// The name of the layer, if it is in one.
    pub(crate) layer: Option<String>,
    /// The name of the parameter, if it is one.
    pub(crate) parameter: Option<String>,
}

impl Tape {
    /// The layers that recorded something, by name, in order, each with the last value that it recorded: what it
    /// gave. Of a layer that was called several times the last call counts.
    pub(crate) fn layers(&self) -> Vec<(String, Var<'_>)> {
        let recording = self.recording().borrow();
        let mut last: Vec<(u32, NodeId)> = Vec::new();
        for id in recording.forward() {
            let scope = recording.node(id).scope;
            if recording.leaf(id).is_none() && recording.node(id).meta.dtype.is_float() {
                match last.iter_mut().find(|(known, _)| *known == scope) {
                    Some((_, given)) => *given = id,
                    None => last.push((scope, id)),
                }
            }
        }
        let mut layers: Vec<(String, Var<'_>)> = Vec::new();
        for (scope, id) in last {
            let Some(name) = recording.layer_of(scope) else { continue };
            match layers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, given)) => *given = self.var(id),
                None => layers.push((name, self.var(id))),
            }
        }
        layers
    }

    /// What was recorded but for derivatives, in order.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let recording = self.recording().borrow();
        let shown = |id: NodeId| {
            let node = recording.node(id);
            Shown {
                id,
                op: node.op.name(),
                inputs: node.inputs.to_vec(),
                meta: node.meta.clone(),
                layer: recording.layer_of(node.scope),
                parameter: recording.parameter_name(id).map(|name| name.to_string()),
            }
        };
        recording.forward().map(shown).collect()
    }
}

impl Recording {
    /// The nodes that are no part of a derivative, in order.
    fn forward(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.len()).map(NodeId::new).filter(|&id| !self.node(id).derived)
    }
}
