//! What messages call the values of a recording.

use super::{Leaf, Recording};
use crate::op::NodeId;

impl Recording {
    /// The path of a node that is a parameter or a buffer, if a network listed it.
    pub(super) fn parameter_name(&self, id: NodeId) -> Option<std::sync::Arc<str>> {
        match self.leaf(id)? {
            Leaf::Parameter { parameter, .. } => {
                parameter.name().get().filter(|name| !name.is_empty())
            }
            _ => None,
        }
    }

    /// What an error says of an operand, the first of them being number 0.
    pub(crate) fn operand_note(&self, (number, of): (usize, usize), id: NodeId) -> String {
        let which = which_operand((number, of));
        let (node, leaf, line) = (self.node(id), self.leaf(id), self.line(id));
        let what = match (node.op.number(), leaf) {
            // Recorded by this library: what a compiled function is given.
            (_, Some(Leaf::Tensor { .. })) if line.is_none() => "input".into(),
            (_, Some(leaf)) => leaf.describe(),
            (Some(number), _) => format!("the number {}", number.value()),
            (None, None) => node.op.name().into(),
        };
        let mut note = format!("{which}: {} = {what}", node.meta);
        if let Some(line) = line {
            note += &format!(" from {line}");
        }
        if leaf.is_none()
            && let Some(layer) = self.layer_of(node.scope)
        {
            note += &format!(", in layer {layer}");
        }
        note
    }
}

/// Which of an operation's operands this one is, the first of them being number 0.
fn which_operand((number, of): (usize, usize)) -> String {
    match (of, number) {
        (1, _) => "operand".into(),
        (2, 0) => "left operand".into(),
        (2, 1) => "right operand".into(),
        _ => format!("operand {number}"),
    }
}

impl Leaf {
    /// Whether it is data, whose gradient cannot be asked for.
    pub(super) fn is_data(&self) -> bool {
        match self {
            Leaf::Tensor { watched, .. } => !watched,
            Leaf::Parameter { parameter, .. } => !parameter.is_trained(),
            Leaf::Dial { .. } | Leaf::Example => false,
        }
    }

    /// What it is, and which: `parameter 0.weight`.
    pub(super) fn describe(&self) -> String {
        match self {
            Leaf::Tensor { watched: true, .. } => "watched".into(),
            Leaf::Tensor { watched: false, .. } => "constant".into(),
            Leaf::Dial { .. } => "dial".into(),
            Leaf::Example => "one example".into(),
            Leaf::Parameter { parameter, .. } => match parameter.name().get() {
                Some(name) if !name.is_empty() => format!("{} {name}", parameter.word()),
                _ => parameter.word().into(),
            },
        }
    }
}
