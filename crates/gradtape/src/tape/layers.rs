//! What a recording says of a network: what each layer gave, and the operations in it.

use std::sync::Arc;

use super::{Generator, Leaf, Part, Recording, Tape, Var};
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

/// Where in a network something was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    /// By the layer of this kind that has the parameter of this identity.
    Layer(&'static str, u64),
    /// By the layer of this kind that draws from the generator of this identity.
    Drawing(&'static str, usize),
    /// By the part with this path inside of the one that has this path.
    Part(Arc<str>, String),
}

impl Place {
    /// The kind of the layer, if that is known.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Place::Layer(kind, _) | Place::Drawing(kind, _) => kind,
            Place::Part(..) => "",
        }
    }
}

/// Which part of a network said that it gave something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Giver {
    /// The one that a scope is.
    Scope(u32),
    /// What draws from a generator, which a prediction has no node of.
    Drawing(&'static str, usize),
}

/// What parts of networks gave.
pub(crate) struct Gave {
    /// By what they said themselves.
    pub(crate) said: Vec<(Place, Meta)>,
    /// By the last value that each layer with parameters recorded, of those that said nothing.
    pub(crate) recorded: Vec<(Place, Meta)>,
}

impl Tape {
    /// Has parts of networks keep what they give, until a reset.
    pub(crate) fn watch_parts(&self) {
        self.recording().borrow_mut().given = Some(Vec::new());
    }

    /// Says what the part of a network that is being recorded gives.
    pub(crate) fn gives(&self, y: Var<'_>) {
        let scope = self.recording().borrow().scope;
        self.giver_gives(Giver::Scope(scope), y);
    }

    /// Says what the layer of a kind gives that draws from a generator, and passes it on.
    pub(crate) fn drawing<'t>(
        &self,
        kind: &'static str,
        generator: &Generator,
        y: Var<'t>,
    ) -> Var<'t> {
        self.giver_gives(Giver::Drawing(kind, generator.counter().id()), y);
        y
    }

    fn giver_gives(&self, giver: Giver, y: Var<'_>) {
        if let Some(given) = &mut self.recording().borrow_mut().given
            && !y.id().is_failed()
        {
            given.push((giver, y.id()));
        }
    }

    /// What parts of networks gave since they are watched.
    pub(crate) fn given(&self) -> Gave {
        let recording = self.recording().borrow();
        let given = recording.given.clone().unwrap_or_default();
        let mut last: Vec<(u32, NodeId)> = Vec::new();
        for id in recording.forward().filter(|&id| recording.leaf(id).is_none()) {
            let mut scope = recording.node(id).scope;
            while let Some(own) = recording.around(scope).next() {
                match last.iter_mut().rev().find(|(known, _)| *known == scope) {
                    Some((_, y)) => *y = id,
                    None if own.parameter.is_some() => last.push((scope, id)),
                    None => {}
                }
                scope = own.outer;
            }
        }
        last.retain(|(scope, _)| given.iter().all(|(known, _)| *known != Giver::Scope(*scope)));
        let placed = |(giver, id): (Giver, NodeId)| {
            let place = match giver {
                Giver::Scope(scope) => recording.part_of(scope)?,
                Giver::Drawing(kind, generator) => Place::Drawing(kind, generator),
            };
            Some((place, recording.node(id).meta.clone()))
        };
        let recorded = last.into_iter().map(|(scope, id)| (Giver::Scope(scope), id));
        Gave {
            said: given.into_iter().filter_map(placed).collect(),
            recorded: recorded.filter_map(placed).collect(),
        }
    }

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
    /// Which part of a network a scope is.
    fn part_of(&self, scope: u32) -> Option<Place> {
        let mut path: Vec<String> = Vec::new();
        for scope in self.around(scope) {
            match &scope.part {
                Part::Layer(kind) => {
                    if let Some(Leaf::Parameter { parameter, .. }) =
                        scope.parameter.and_then(|id| self.leaf(id))
                        && path.is_empty()
                    {
                        return Some(Place::Layer(kind, parameter.id()));
                    }
                }
                Part::Number(number) => path.push(number.to_string()),
                Part::Named(name) => path.push(name.to_string()),
                Part::List(Some(whole)) => {
                    path.reverse();
                    return Some(Place::Part(Arc::clone(whole), path.join(".")));
                }
                Part::Call | Part::Told(_) | Part::List(None) => {}
            }
        }
        None
    }

    /// The nodes that are no part of a derivative, in order.
    fn forward(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.len()).map(NodeId::new).filter(|&id| !self.node(id).derived)
    }
}
