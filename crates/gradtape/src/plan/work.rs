//! The graph as the planner works on it: what each node is to a kernel.

use smallvec::SmallVec;

use super::index::{Line, Reached, flatten, reach, split};
use super::roles::is_view;
use crate::op::linear::Groups;
use crate::op::{Form, Meta, NodeId, Op, Reduce};
use crate::tape::{Graph, GraphNode, Output};
use crate::tensor::{DType, Shape};

/// What a node is to a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    /// Nothing needs it.
    Dead,
    /// Input number `.0`.
    Input(usize),
    /// Other indices of the same elements: never computed, readers look through it.
    View,
    /// A number of the program: computed anew in every kernel that reads it.
    Constant(f64),
    /// Computed anew in every kernel that reads it.
    Inline,
    /// Computed at each index of a kernel. A view with this role is copied.
    Body,
    /// Reduces what is computed at each index of a kernel.
    Reduce(Reduce),
    /// Puts what is computed at each index of a kernel among zeros.
    Spread,
    /// Spread once more by the one that reads it, which does both: never computed.
    Passed,
    /// A matrix product.
    Contract,
    /// A kernel of its own on contiguous numbers.
    Host,
}

impl Role {
    /// Whether a fused loop computes it.
    pub(super) fn is_loop(self) -> bool {
        matches!(self, Role::Body | Role::Reduce(_) | Role::Spread)
    }
}

/// A graph in which every output is a computed node of its own, with the role of each node.
pub(super) struct Work {
    pub(super) nodes: Vec<GraphNode>,
    pub(super) outputs: Vec<Output>,
    pub(super) roles: Vec<Role>,
    /// For each node that is computed, the stored or computed nodes it reads.
    pub(super) reads: Vec<SmallVec<[Read; 3]>>,
    /// The input nodes, in order.
    pub(super) inputs: Vec<NodeId>,
    /// The floating-point type that all nodes share; none where there are two.
    pub(super) float: Option<DType>,
}

/// Something that a computed node reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    /// The node.
    pub(super) base: NodeId,
    /// Whether the reader at number i of its space reads element number i.
    pub(super) aligned: bool,
}

impl Work {
    pub(super) fn new(graph: Graph) -> Work {
        let float = shared_float(&graph);
        let Graph { nodes, outputs } = graph;
        let (roles, reads, inputs) = (Vec::new(), Vec::new(), Vec::new());
        let mut work = Work { nodes, outputs, roles, reads, inputs, float };
        work.assign_roles(0);
        work.separate_outputs();
        work.bury();
        work.pass_spreads();
        work.materialise();
        work.bury();
        work.find_reads();
        if work.mark_cheap() {
            // Readers now look through what was marked, at views that may not go further.
            work.materialise();
            work.bury();
            work.find_reads();
        }
        work
    }

    pub(super) fn node(&self, id: NodeId) -> &GraphNode {
        &self.nodes[id.index()]
    }

    pub(super) fn meta(&self, id: NodeId) -> &Meta {
        &self.nodes[id.index()].meta
    }

    pub(super) fn role(&self, id: NodeId) -> Role {
        self.roles[id.index()]
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId::new)
    }

    /// The floating-point type a node computes in; none when it works on truth values alone.
    pub(super) fn body_dtype(&self, id: NodeId) -> Option<DType> {
        let node = self.node(id);
        let inputs = node.inputs.iter().map(|&input| self.meta(input).dtype);
        inputs.chain([node.meta.dtype]).find(|dtype| dtype.is_float())
    }

    /// Whether its result must be stored because the type it has is not the one it is computed in.
    pub(super) fn is_sealed(&self, id: NodeId) -> bool {
        let dtype = self.meta(id).dtype;
        dtype.is_float() && self.body_dtype(id) != Some(dtype)
    }

    /// What a node that is spread among zeros consists of, behind those that are spread once more.
    pub(super) fn spread_from(&self, id: NodeId) -> NodeId {
        let mut from = self.node(id).inputs[0];
        while self.role(from) == Role::Passed {
            from = self.node(from).inputs[0];
        }
        from
    }

    /// Where a node that is spread among zeros puts each index of a space.
    pub(super) fn spread_place(&self, id: NodeId, space: &[usize]) -> Line {
        let mut chain: SmallVec<[NodeId; 4]> = SmallVec::from_slice(&[id]);
        let from = self.spread_from(id);
        let inner = |id: NodeId| self.node(id).inputs[0];
        let mut next = inner(id);
        while next != from {
            chain.push(next);
            next = inner(next);
        }
        let mut lines =
            split(&Line::row_major(space), &self.meta(from).shape, space).unwrap_or_default();
        for &spread in chain.iter().rev() {
            if let Form::Spread(pad) = self.node(spread).op.form()
                && let Some(line) = lines.get_mut(pad.axis)
            {
                line.strides.iter_mut().for_each(|stride| *stride *= pad.step as isize);
                line.offset = pad.start + line.offset * pad.step;
            }
        }
        flatten(&lines, &self.meta(id).shape, space)
    }

    /// Has what is spread twice spread once, where nothing else needs it in between.
    fn pass_spreads(&mut self) {
        let mut uses = vec![0usize; self.nodes.len()];
        for (node, _) in self.nodes.iter().zip(&self.roles).filter(|(_, role)| **role != Role::Dead)
        {
            node.inputs.iter().for_each(|input| uses[input.index()] += 1);
        }
        self.outputs.iter().for_each(|output| uses[output.node.index()] += 1);
        for id in self.ids().filter(|&id| self.role(id) == Role::Spread).collect::<Vec<_>>() {
            let input = self.node(id).inputs[0];
            if self.role(input) == Role::Spread && uses[input.index()] == 1 {
                self.roles[input.index()] = Role::Passed;
            }
        }
    }

    /// The groups of axes of a contraction.
    pub(super) fn groups(&self, id: NodeId) -> Groups {
        let node = self.node(id);
        let Form::Contraction(contract) = node.op.form() else {
            debug_assert!(false, "the role tells contractions");
            return Groups::default();
        };
        contract.groups(&self.meta(node.inputs[0]).shape, &self.meta(node.inputs[1]).shape)
    }

    /// The shape over which a computed node reads: its own, but a reduction's is its operand's.
    pub(super) fn space(&self, id: NodeId) -> &Shape {
        match self.role(id) {
            Role::Reduce(_) => &self.meta(self.node(id).inputs[0]).shape,
            Role::Spread => &self.meta(self.spread_from(id)).shape,
            _ => &self.meta(id).shape,
        }
    }

    /// Where a computed node starts to read, and whether that is the node itself as a view.
    pub(super) fn starts(&self, id: NodeId) -> (SmallVec<[NodeId; 3]>, bool) {
        match self.role(id) {
            Role::Spread => (SmallVec::from_slice(&[self.spread_from(id)]), false),
            _ if is_view(&self.node(id).op) => (SmallVec::from_slice(&[id]), true),
            _ => (self.node(id).inputs.clone(), false),
        }
    }

    /// Calls `visit` for everything stored or computed that is read when element number `flat` of
    /// `node` is, looking through views and through what is computed anew.
    pub(super) fn each_read(
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

    /// Adds a computed node.
    pub(super) fn append(&mut self, node: GraphNode) -> NodeId {
        let id = NodeId::new(self.nodes.len());
        self.nodes.push(node);
        self.assign_roles(id.index());
        let reads = self.reads_of(id);
        self.reads.push(reads);
        id
    }

    /// The inputs of a node of a body, with the number of the element that is read of each when element
    /// `reached` of the node is computed. The node is the error when that cannot be told.
    pub(super) fn inputs_at(
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

    fn assign_roles(&mut self, from: usize) {
        for index in from..self.nodes.len() {
            let role = self.natural_role(NodeId::new(index));
            if let Role::Input(_) = role {
                self.inputs.push(NodeId::new(index));
            }
            self.roles.push(role);
        }
    }

    /// Gives every output a computed node that no other output has.
    fn separate_outputs(&mut self) {
        let mut taken = vec![false; self.nodes.len() + self.outputs.len()];
        for i in 0..self.outputs.len() {
            let node = self.outputs[i].node;
            let role = self.role(node);
            let computed = role.is_loop() || matches!(role, Role::Contract | Role::Host);
            if !computed || taken[node.index()] {
                let GraphNode { meta, at, .. } = self.node(node).clone();
                let inputs = SmallVec::from_slice(&[node]);
                self.nodes.push(GraphNode { op: Op::copy(), inputs, meta, at });
                self.assign_roles(self.nodes.len() - 1);
                self.outputs[i].node = NodeId::new(self.nodes.len() - 1);
            }
            taken[self.outputs[i].node.index()] = true;
        }
    }

    /// Marks what no output needs as dead.
    fn bury(&mut self) {
        let mut alive = vec![false; self.nodes.len()];
        self.outputs.iter().for_each(|output| alive[output.node.index()] = true);
        for index in (0..self.nodes.len()).rev() {
            if alive[index] {
                self.nodes[index].inputs.iter().for_each(|input| alive[input.index()] = true);
            } else if !matches!(self.roles[index], Role::Input(_)) {
                self.roles[index] = Role::Dead;
            }
        }
    }

    /// Stores what its readers cannot compute or look through.
    fn materialise(&mut self) {
        loop {
            let mut to_store: SmallVec<[NodeId; 8]> = SmallVec::new();
            for id in self.ids() {
                let unread = match self.role(id) {
                    role if role.is_loop() || role == Role::Inline => self.blocked_in_body(id),
                    Role::Contract => self.blocked_in_product(id),
                    Role::Host => self.blocked_in_host(id),
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
    pub(super) fn is_readable(&self, id: NodeId, space: &[usize]) -> bool {
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

    fn find_reads(&mut self) {
        self.reads = self.ids().map(|id| self.reads_of(id)).collect();
    }

    fn reads_of(&self, id: NodeId) -> SmallVec<[Read; 3]> {
        match self.role(id) {
            role if role.is_loop() => {
                let (starts, through) = self.starts(id);
                self.reads_from(self.places(id, &starts, through), self.space(id), through)
            }
            Role::Contract | Role::Host => {
                let inputs = &self.node(id).inputs;
                let stored = |&input: &NodeId| {
                    let shape = &self.meta(input).shape;
                    let start = SmallVec::from_iter([(input, Line::row_major(shape))]);
                    let all = self.reads_from(start, shape, false);
                    all.into_iter().map(|read| Read { aligned: false, ..read })
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
                let aligned = self.is_whole(&reached, space) && !self.is_sealed(reached.base);
                reads.push(Read { base: reached.base, aligned });
            };
            // What cannot be followed was stored before.
            let _ = self.each_read(start, flat, space, through, visit);
        }
        reads
    }
}

/// The floating-point type of a graph without two; f32 where there is none.
fn shared_float(graph: &Graph) -> Option<DType> {
    let has = |dtype| graph.nodes.iter().any(|node| node.meta.dtype == dtype);
    match (has(DType::F32), has(DType::F64)) {
        (true, true) => None,
        (_, double) => Some(if double { DType::F64 } else { DType::F32 }),
    }
}
