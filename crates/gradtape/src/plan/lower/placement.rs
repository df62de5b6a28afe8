//! Where nodes are stored: in a buffer of their own, or as a part of one in which they are put together with others.

use std::cell::RefCell;

use crate::op::{Form, NodeId};
use crate::plan::classify::index::{Line, reach, split};
use crate::plan::classify::{Classified, Role};
use crate::plan::fuse::Group;
use crate::plan::program::{Access, BufferId, Kernel};

/// Where each node is stored that is.
pub(in crate::plan) struct Placement {
    /// The buffer of each node.
    pub(in crate::plan) buffers: Vec<Option<BufferId>>,
    within: Vec<Option<Within>>,
    /// Nodes that a kernel reads in a way that their place does not allow.
    failed: RefCell<Vec<NodeId>>,
}

/// A node's place in one that it is a part of: element `f` is number `offset + f / run * step + f % run` there.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Within {
    /// What holds the buffer.
    root: NodeId,
    /// What it is a part of, and which.
    joined: NodeId,
    part: usize,
    offset: usize,
    run: usize,
    step: usize,
}

impl Placement {
    /// Has what a kernel puts one after another written where it belongs by the kernels that compute it. Only what
    /// `may` tells, which must be stored and updates nothing.
    pub(in crate::plan) fn new(
        graph: &Classified,
        groups: &[Group],
        may: impl Fn(NodeId) -> bool,
        holds: impl Fn(NodeId) -> bool,
    ) -> Placement {
        let count = graph.nodes.len();
        let mut within: Vec<Option<Within>> = vec![None; count];
        for group in groups.iter().rev().filter(|group| graph.role(group.first()) == Role::Joined) {
            let joined = group.first();
            if !holds(joined) {
                continue;
            }
            let Form::Joined(concat) = graph.node(joined).op.form() else { continue };
            let meta = graph.meta(joined);
            let inner: usize = meta.shape[concat.axis + 1..].iter().product();
            let step = meta.shape[concat.axis] * inner;
            let mut offset = 0;
            for (part, &input) in graph.node(joined).inputs.iter().enumerate() {
                let shape = &graph.meta(input).shape;
                let run = shape[concat.axis] * inner;
                let start = offset;
                offset += run;
                let Ok(reached) = reach(graph, input, Line::row_major(shape), shape, false) else {
                    continue;
                };
                let base = reached.base;
                let own = graph.meta(base);
                let fits = matches!(graph.role(base), Role::Body | Role::Contract | Role::Joined)
                    && own.dtype == meta.dtype
                    && own.shape.elements() == shape.elements()
                    && own.shape.elements() > 1
                    && reached.flat.is_row_major(shape);
                if !fits || within[base.index()].is_some() || !may(base) {
                    continue;
                }
                let place = Within { root: joined, joined, part, offset: start, run, step };
                within[base.index()] = match &within[joined.index()] {
                    None => Some(place),
                    Some(outer) => place.inside(outer),
                };
            }
        }
        Placement { buffers: vec![None; count], within, failed: RefCell::default() }
    }

    /// What holds the buffer that a node is a part of, if it is.
    pub(in crate::plan) fn root(&self, id: NodeId) -> Option<NodeId> {
        self.within[id.index()].map(|within| within.root)
    }

    /// Whether a part of what is joined is written by what computes it.
    pub(in crate::plan) fn is_placed(&self, base: NodeId, joined: NodeId, part: usize) -> bool {
        self.within[base.index()].is_some_and(|own| own.joined == joined && own.part == part)
    }

    /// The buffer of a node, which is stored.
    pub(in crate::plan) fn buffer(&self, id: NodeId) -> BufferId {
        debug_assert!(self.buffers[id.index()].is_some(), "what a kernel reads is stored");
        self.buffers[id.index()].unwrap_or(BufferId(0))
    }

    /// Element number `flat` of a node, for each index of a space.
    pub(in crate::plan) fn access(&self, id: NodeId, flat: Line, space: &[usize]) -> Access {
        let buffer = self.buffer(id);
        let Some(Within { offset, run, step, .. }) = self.within[id.index()] else {
            return Access { buffer, offset: flat.offset, strides: flat.strides };
        };
        // One more than there are, for what lies beyond is never reached.
        let count = usize::MAX / 2 / run;
        let Some(lines) = split(&flat, &[count, run], space) else {
            self.failed.borrow_mut().push(id);
            return Access { buffer, offset: flat.offset, strides: flat.strides };
        };
        let mut place = Line::fixed(offset, space);
        place.add(&lines[0], step as isize);
        place.add(&lines[lines.len() - 1], 1);
        Access { buffer, offset: place.offset, strides: place.strides }
    }

    /// A node that lies in one piece.
    pub(in crate::plan) fn whole(&self, id: NodeId) -> BufferId {
        if self.within[id.index()].is_some() {
            self.failed.borrow_mut().push(id);
        }
        self.buffer(id)
    }

    /// Gives what could not be read as a part a buffer of its own, with all that is in it; whether there was any.
    pub(in crate::plan) fn recover(&mut self, kernels: &[Kernel]) -> bool {
        let mut failed = std::mem::take(self.failed.get_mut());
        let shared: Vec<(BufferId, NodeId)> = self
            .within
            .iter()
            .flatten()
            .filter_map(|within| Some((self.buffers[within.root.index()]?, within.root)))
            .collect();
        if !shared.is_empty() {
            for kernel in kernels {
                let clash = kernel.clash();
                let roots = shared.iter().filter(|(buffer, _)| clash == Some(*buffer));
                failed.extend(roots.map(|(_, root)| *root));
            }
        }
        let mut any = false;
        while let Some(id) = failed.pop() {
            for own in 0..self.within.len() {
                let inside = |within: &Within| within.joined == id || within.root == id;
                let goes = own == id.index() || self.within[own].as_ref().is_some_and(inside);
                if goes && self.within[own].take().is_some() {
                    any = true;
                    // What is in it goes too, as it lies where this lay.
                    failed.push(NodeId::new(own));
                }
            }
        }
        any
    }
}

impl Within {
    /// The place of what is a part of a part.
    fn inside(self, outer: &Within) -> Option<Within> {
        let offset = self.offset + outer.offset;
        (self.step == outer.run).then_some(Within {
            root: outer.root,
            step: outer.step,
            offset,
            ..self
        })
    }
}
