//! Which layer is being recorded, and on behalf of which line.
//!
//! `#[track_caller]` ends where a layer is called through `dyn Layer`: what such a layer records carries a
//! line of this library. Whoever calls layers, and each layer of this library, therefore opens a scope on
//! the tape, and a node keeps the number of the scope that it was recorded in. Lines and names are looked
//! up only when there is an error to tell.

use std::collections::BTreeSet;
use std::panic::Location;
use std::sync::Arc;

use super::{Recording, Tape};
use crate::op::NodeId;
use crate::tensor::{Error, is_foreign};

/// A call during which nodes are recorded.
pub(crate) struct Scope {
    /// The number of the scope around it; 0 stands for none.
    pub(super) outer: u32,
    pub(super) part: Part,
    at: &'static Location<'static>,
    /// The first parameter that a layer records is one of its own and so knows the layer's path.
    pub(super) parameter: Option<NodeId>,
}

/// What of a network a scope is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    /// None in particular: a call that is known to come from a line.
    Call,
    /// A line of a program in another language, which is told in the place of Rust's.
    Told(Arc<str>),
    /// A layer of this library, by its kind.
    Layer(&'static str),
    /// Layers that are told apart by numbers, with their path if they were listed.
    List(Option<Arc<str>>),
    /// One of them.
    Number(usize),
    /// One that has a name instead.
    Named(&'static str),
}

/// Closes a scope when it is dropped.
pub(crate) struct Within<'t> {
    tape: &'t Tape,
    outer: u32,
    deriving: bool,
}

impl Tape {
    /// Opens a scope on behalf of the caller's line; it lasts as long as what is returned.
    #[track_caller]
    pub(crate) fn within(&self, part: Part) -> Within<'_> {
        let mut recording = self.recording().borrow_mut();
        let scope = Scope { outer: recording.scope, part, at: Location::caller(), parameter: None };
        let (outer, deriving) = (recording.open(scope), recording.deriving);
        Within { tape: self, outer, deriving }
    }

    /// Begins a walk, whose nodes are derived and belong to the scopes of others, until what is returned is
    /// dropped.
    pub(crate) fn derive(&self) -> Within<'_> {
        let mut recording = self.recording().borrow_mut();
        let deriving = std::mem::replace(&mut recording.deriving, true);
        Within { tape: self, outer: recording.scope, deriving }
    }
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        // It is borrowed only when a panic of the user's program comes through here.
        if let Ok(mut recording) = self.tape.recording().try_borrow_mut() {
            recording.scope = self.outer;
            recording.deriving = self.deriving;
        }
    }
}

impl Recording {
    /// Opens a scope; gives the number of the one around it. Where the last recording opened another one at
    /// this place, its nodes may belong to other layers and lines.
    fn open(&mut self, scope: Scope) -> u32 {
        let outer = self.scope;
        // One line after another is often the same, and has no parameter to forget.
        if let Some(last) = self.scope_count.checked_sub(1)
            && matches!(scope.part, Part::Told(_))
            && self.scopes[last].is(&scope)
        {
            self.scope = self.scope_count as u32;
            return outer;
        }
        match self.scopes.get_mut(self.scope_count) {
            Some(old) if old.is(&scope) => old.parameter = None,
            old => {
                if old.is_some() {
                    self.scopes.truncate(self.scope_count);
                    self.forget_last();
                }
                self.scopes.push(scope);
            }
        }
        self.scope_count += 1;
        self.scope = self.scope_count as u32;
        outer
    }

    /// Goes to the scope of a node, for what is recorded because of it.
    pub(crate) fn enter_scope_of(&mut self, id: NodeId) {
        self.scope = self.node(id).scope;
    }

    /// Tells the scope of a layer its parameter.
    pub(super) fn recorded_parameter(&mut self, id: NodeId) {
        if let Some(place) = self.scope.checked_sub(1)
            && let scope = &mut self.scopes[place as usize]
            && let Part::Layer(_) = scope.part
        {
            scope.parameter.get_or_insert(id);
        }
    }

    /// The user's line that a node was recorded on or on behalf of; where none is known, a line of this
    /// library.
    pub(crate) fn place(&self, id: NodeId) -> &'static Location<'static> {
        let node = self.node(id);
        if !is_foreign(node.at) {
            return node.at;
        }
        self.line_of(node.scope).unwrap_or(node.at)
    }

    /// The line that is told to users: [`Recording::place`], or one of a program in another language; `None` where
    /// only a line of this library is known.
    pub(crate) fn line(&self, id: NodeId) -> Option<String> {
        match self.told(self.node(id).scope) {
            Some(line) => Some(line.to_string()),
            None => Some(self.place(id)).filter(|at| !is_foreign(at)).map(ToString::to_string),
        }
    }

    /// The line in another language of a scope, or of one around it.
    pub(super) fn told(&self, scope: u32) -> Option<&Arc<str>> {
        self.around(scope).find_map(|scope| match &scope.part {
            Part::Told(line) => Some(line),
            _ => None,
        })
    }

    /// The line in another language that is being recorded.
    pub(crate) fn told_now(&self) -> Option<Arc<str>> {
        self.told(self.scope).cloned()
    }

    /// Names the user's line and the layer in an error of what is being recorded.
    pub(super) fn blame_scope(&self, error: Error) -> Error {
        self.blame(error, self.scope)
    }

    /// Names the user's line and the layer in an error of a node.
    pub(crate) fn blame_node(&self, error: Error, id: NodeId) -> Error {
        let node = self.node(id);
        self.blame(error.at(node.at), node.scope)
    }

    /// Names the layer in an error that a run found on a line, if only one layer can be meant.
    pub(crate) fn blame_line(&self, error: Error) -> Error {
        let Some(at) = error.location() else { return error };
        let mut scopes: Vec<u32> = (0..self.len())
            .map(NodeId::new)
            .filter(|&id| error.message().starts_with(self.node(id).op.name()))
            .filter(|&id| self.place(id) == at)
            .map(|id| self.node(id).scope)
            .collect();
        scopes.dedup_by_key(|scope| (self.layer_of(*scope), self.told(*scope)));
        match scopes[..] {
            [scope] => self.blame(error, scope),
            _ => self.blame_one_of(error, &scopes),
        }
    }

    /// Names the lines in another language of which one is meant.
    fn blame_one_of(&self, error: Error, scopes: &[u32]) -> Error {
        let lines: BTreeSet<&Arc<str>> =
            scopes.iter().filter_map(|&scope| self.told(scope)).collect();
        let lines: Vec<&str> = lines.into_iter().map(|line| &**line).collect();
        match lines[..] {
            [] => error,
            _ if lines.len() > 6 => error.at_line(format!("one of {} lines", lines.len())),
            _ => error.at_line(lines.join(" or ")),
        }
    }

    fn blame(&self, error: Error, scope: u32) -> Error {
        let error = match (self.told(scope), self.line_of(scope)) {
            (Some(line), _) => error.at_line(line.clone()),
            (None, Some(at)) => error.called_from(at),
            (None, None) => error,
        };
        match self.layer_of(scope) {
            Some(layer) => error.note(format!("in layer {layer}")),
            None => error,
        }
    }

    /// The line of the user's program from which a scope, or one around it, was opened.
    fn line_of(&self, scope: u32) -> Option<&'static Location<'static>> {
        self.around(scope).map(|scope| scope.at).find(|at| !is_foreign(at))
    }

    /// The layer that a node was recorded in, or on behalf of.
    pub(crate) fn layer(&self, id: NodeId) -> Option<String> {
        self.layer_of(self.node(id).scope)
    }

    /// The layer of a scope, as in `encoder.0 (Linear)`, or its kind alone where its path is not known.
    pub(crate) fn layer_of(&self, scope: u32) -> Option<String> {
        let mut path: Vec<String> = Vec::new();
        for scope in self.around(scope) {
            match &scope.part {
                Part::Call | Part::Told(_) | Part::List(None) => {}
                Part::Number(number) => path.push(number.to_string()),
                Part::Named(name) => path.push(name.to_string()),
                Part::List(Some(whole)) => {
                    path.push(whole.to_string());
                    break;
                }
                Part::Layer(_) => {
                    let name = scope.parameter.and_then(|id| self.parameter_name(id));
                    if let Some((layer, _)) = name.as_deref().and_then(|name| name.rsplit_once('.'))
                    {
                        path.push(layer.to_string());
                        break;
                    }
                }
            }
        }
        path.retain(|part| !part.is_empty());
        path.reverse();
        let path = path.join(".");
        let inner = self.around(scope).find(|scope| !matches!(scope.part, Part::Told(_)));
        let kind = inner.and_then(|scope| match scope.part {
            Part::Layer(kind) => Some(kind),
            _ => None,
        });
        match (path.is_empty(), kind) {
            (false, Some(kind)) => Some(format!("{path} ({kind})")),
            (false, None) => Some(path),
            (true, kind) => kind.map(str::to_string),
        }
    }

    /// A scope and those around it, from the inside.
    pub(super) fn around(&self, scope: u32) -> impl Iterator<Item = &Scope> {
        let at = |number: u32| self.scopes.get(number.checked_sub(1)? as usize);
        std::iter::successors(at(scope), move |scope| at(scope.outer))
    }
}

impl Scope {
    /// Whether it is the same call of the same part.
    fn is(&self, other: &Scope) -> bool {
        self.outer == other.outer && self.part == other.part && std::ptr::eq(self.at, other.at)
    }
}
