//! What computed nodes read, behind views and what is computed anew.

use smallvec::SmallVec;

use super::index::{Line, Reached, flatten, reach, split};
use super::role::is_view;
use super::{Classified, Read, Role};
use crate::op::{Form, NodeId};
use crate::tensor::{DType, Shape};

impl Classified {
    /// Where a computed node starts to read, and whether that is the node itself as a view.
    pub(in crate::plan) fn starts(&self, id: NodeId) -> (SmallVec<[NodeId; 3]>, bool) {
        match self.role(id) {
            Role::Spread => (SmallVec::from_slice(&[self.spread_from(id)]), false),
            _ if is_view(&self.node(id).op) => (SmallVec::from_slice(&[id]), true),
            _ => (self.node(id).inputs.clone(), false),
        }
    }

    /// Calls `visit` for everything stored or computed that is read when element number `flat` of
    /// `node` is, looking through views and through what is computed anew.
    pub(in crate::plan) fn each_read(
        &self,
        node: NodeId,
        flat: Line,
        space: &[usize],
        through: bool,
        visit: &mut dyn FnMut(Reached),
    ) -> Result<(), NodeId> {
        let mut open: SmallVec<[(NodeId, Line, bool); 4]> = SmallVec::new();
        open.push((node, flat, through));
        while let Some((node, flat, through)) = open.pop() {
            let reached = reach(self, node, flat, space, through)?;
            match self.role(reached.base) {
                Role::Constant(_) => {}
                Role::Inline => {
                    let inputs = self.inputs_at(&reached, space)?;
                    open.extend(inputs.into_iter().map(|(input, flat)| (input, flat, false)));
                }
                _ => visit(reached),
            }
        }
        Ok(())
    }

    /// The inputs of a node of a body, with the number of the element that is read of each when element
    /// `reached` of the node is computed. The node is the error when that cannot be told.
    pub(in crate::plan) fn inputs_at(
        &self,
        reached: &Reached,
        space: &[usize],
    ) -> Result<SmallVec<[(NodeId, Line); 3]>, NodeId> {
        let node = self.node(reached.base);
        let line = |input: NodeId| match node.op.form() {
            Form::Random(_) => Ok(Line::fixed(0, space)),
            Form::Label(_) => {
                let lines = reached.lines.as_ref().ok_or(reached.base)?;
                Ok(flatten(lines, &self.meta(input).shape, space))
            }
            _ => Ok(reached.flat.clone()),
        };
        if let (Form::Position(_), None) = (node.op.form(), &reached.lines) {
            return Err(reached.base);
        }
        node.inputs.iter().map(|&input| Ok((input, line(input)?))).collect()
    }

    /// Stores what its readers cannot compute or look through.
    pub(super) fn materialise(&mut self) {
        loop {
            let mut to_store: SmallVec<[NodeId; 8]> = SmallVec::new();
            for id in self.ids() {
                let unread = match self.role(id) {
                    role if role.is_loop() || role == Role::Inline => self.blocked_in_body(id),
                    Role::Contract => self.blocked_in_product(id),
                    Role::Host => self.blocked_in_host(id),
                    Role::Joined => self.blocked_in_join(id),
                    _ => None,
                };
                to_store.extend(unread);
            }
            if to_store.is_empty() {
                return;
            }
            for id in to_store {
                let i64s = self.meta(id).dtype == DType::I64;
                self.roles[id.index()] = if i64s { Role::Host } else { Role::Body };
            }
        }
    }

    /// Whether a node of a body can be computed over a space other than its own, element by element in
    /// row-major order.
    pub(in crate::plan) fn is_readable(&self, id: NodeId, space: &[usize]) -> bool {
        let (starts, through) = self.starts(id);
        let flat = Line::row_major(space);
        let lines = split(&flat, &self.meta(id).shape, space);
        let own = Reached { base: id, flat: flat.clone(), lines };
        let places: SmallVec<[(NodeId, Line); 3]> = match through {
            true => starts.iter().map(|&start| (start, flat.clone())).collect(),
            false => match self.inputs_at(&own, space) {
                Ok(places) => places,
                Err(_) => return false,
            },
        };
        places
            .into_iter()
            .all(|(start, flat)| self.each_read(start, flat, space, through, &mut |_| {}).is_ok())
    }

    /// Where a node of a body reads when it is computed over its own space.
    fn places(
        &self,
        id: NodeId,
        starts: &[NodeId],
        through: bool,
    ) -> SmallVec<[(NodeId, Line); 3]> {
        let space = self.space(id);
        let flat = Line::row_major(space);
        if !through && !matches!(self.role(id), Role::Reduce(_) | Role::Spread) {
            let lines = split(&flat, space, space);
            let own = Reached { base: id, flat: flat.clone(), lines };
            return self.inputs_at(&own, space).unwrap_or_default();
        }
        starts.iter().map(|&start| (start, flat.clone())).collect()
    }

    fn blocked_in_body(&self, id: NodeId) -> Option<NodeId> {
        let space = self.space(id);
        let (starts, through) = self.starts(id);
        self.places(id, &starts, through).into_iter().find_map(|(start, flat)| {
            self.each_read(start, flat, space, through, &mut |_| {}).err()
        })
    }

    /// A product reads stored numbers, at any strides.
    fn blocked_in_product(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).inputs.iter().find_map(|&input| {
            let shape = &self.meta(input).shape;
            match reach(self, input, Line::row_major(shape), shape, false) {
                Ok(reached) => self.unless_stored(reached.base),
                Err(blocked) => Some(blocked),
            }
        })
    }

    /// What is put one after another is copied from wherever it is computed or stored.
    fn blocked_in_join(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).inputs.iter().find_map(|&input| {
            let shape = &self.meta(input).shape;
            self.each_read(input, Line::row_major(shape), shape, false, &mut |_| {}).err()
        })
    }

    /// An operation run by its own meaning reads stored numbers in row-major order.
    fn blocked_in_host(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).inputs.iter().find_map(|&input| {
            let shape = &self.meta(input).shape;
            match reach(self, input, Line::row_major(shape), shape, false) {
                Ok(reached) if self.is_whole(&reached, shape) => self.unless_stored(reached.base),
                _ => Some(input),
            }
        })
    }

    fn unless_stored(&self, base: NodeId) -> Option<NodeId> {
        matches!(self.role(base), Role::Inline | Role::Constant(_)).then_some(base)
    }

    fn is_whole(&self, reached: &Reached, space: &[usize]) -> bool {
        reached.flat.is_row_major(space)
            && self.meta(reached.base).shape.elements() == space.iter().product::<usize>()
    }

    pub(super) fn find_reads(&mut self) {
        self.reads = self.ids().map(|id| self.reads_of(id)).collect();
    }

    pub(super) fn reads_of(&self, id: NodeId) -> SmallVec<[Read; 3]> {
        match self.role(id) {
            role if role.is_loop() => {
                let (starts, through) = self.starts(id);
                self.reads_from(self.places(id, &starts, through), self.space(id), through)
            }
            role if role.is_own() => {
                let inputs = &self.node(id).inputs;
                let stored = |&input: &NodeId| {
                    let shape = &self.meta(input).shape;
                    let start = SmallVec::from_iter([(input, Line::row_major(shape))]);
                    let all = self.reads_from(start, shape, false);
                    all.into_iter().map(|read| Read { aligned: false, by_row: false, ..read })
                };
                inputs.iter().flat_map(stored).collect()
            }
            _ => SmallVec::new(),
        }
    }

    fn reads_from(
        &self,
        starts: SmallVec<[(NodeId, Line); 3]>,
        space: &Shape,
        through: bool,
    ) -> SmallVec<[Read; 3]> {
        let mut reads: SmallVec<[Read; 3]> = SmallVec::new();
        for (start, flat) in starts {
            let visit = &mut |reached: Reached| {
                let base = reached.base;
                let sealed = self.is_sealed(base);
                let aligned = !sealed && self.is_whole(&reached, space);
                let elements = self.meta(base).shape.elements();
                let by_row = !sealed && reached.flat.is_by_row(space, elements);
                reads.push(Read { base, aligned, by_row });
            };
            // What cannot be followed was stored before.
            let _ = self.each_read(start, flat, space, through, visit);
        }
        reads
    }
}
