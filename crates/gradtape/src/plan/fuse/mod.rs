//! Fusion: which nodes one kernel computes together.
//!
//! What is computed in one kernel need not cross memory. Products take up the elementwise work that
//! follows them; loops over the same elements are joined where one reads the other or both read the same.

mod epilogue;
mod group;
mod sequence;

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::op::NodeId;
use crate::plan::classify::index::refine;
use crate::plan::classify::{Classified, Role};
use crate::tensor::{DType, Dims};
pub(in crate::plan) use group::{Group, singles};
use sequence::Sequence;

/// Loops beside a loop that it may be joined with, and how much is looked at for joining in all: planning
/// takes time in proportion to the size of a recording, however deep it is.
const BESIDE: usize = 1024;
const PATIENCE: usize = 1 << 25;
/// What trying to join two loops counts for, beside the nodes between them.
const TRIAL: usize = 64;

/// The computed nodes in groups.
pub(in crate::plan) fn fuse(graph: &Classified) -> Vec<Group> {
    let mut fusion = Fusion::new(graph);
    fusion.fill_epilogues();
    fusion.sequence = Sequence::of(&fusion);
    fusion.join_sums();
    fusion.join_along_reads();
    fusion.join_side_by_side();
    fusion.groups.into_iter().flatten().collect()
}

pub(in crate::plan) struct Fusion<'w> {
    pub(in crate::plan) graph: &'w Classified,
    pub(in crate::plan) groups: Vec<Option<Group>>,
    /// For each node, the number of its group.
    pub(in crate::plan) owner: Vec<Option<usize>>,
    /// For each node, the computed nodes that read it.
    pub(in crate::plan) users: Vec<SmallVec<[NodeId; 3]>>,
    /// For each node, whether it is an output, and whether one that updates nothing in place.
    pub(in crate::plan) output: Vec<(bool, bool)>,
    /// For each node, whether it is the left operand of a product, or loops make such of it.
    toward: Vec<bool>,
    /// The groups in an order in which they can be computed, once epilogues are filled.
    sequence: Sequence,
}

impl<'w> Fusion<'w> {
    fn new(graph: &'w Classified) -> Fusion<'w> {
        let groups: Vec<Option<Group>> = singles(graph).into_iter().map(Some).collect();
        let mut owner = vec![None; graph.nodes.len()];
        for (number, group) in groups.iter().flatten().enumerate() {
            owner[group.first().index()] = Some(number);
        }
        let mut users = vec![SmallVec::new(); graph.nodes.len()];
        for id in graph.ids() {
            for read in &graph.reads[id.index()] {
                let users: &mut SmallVec<[NodeId; 3]> = &mut users[read.base.index()];
                if !users.contains(&id) {
                    users.push(id);
                }
            }
        }
        let mut output = vec![(false, false); graph.nodes.len()];
        for wanted in &graph.outputs {
            output[wanted.node.index()] = (true, wanted.into.is_none());
        }
        let mut toward = vec![false; graph.nodes.len()];
        for index in (0..graph.nodes.len()).rev() {
            let leads = |&user: &NodeId| match graph.role(user) {
                Role::Contract => {
                    let left = graph.reads[user.index()].first();
                    left.is_some_and(|left| left.base.index() == index)
                }
                role => role.is_loop() && toward[user.index()],
            };
            toward[index] = users[index].iter().any(leads);
        }
        Fusion { graph, groups, owner, users, output, toward, sequence: Sequence::default() }
    }

    /// Joins sums along other axes than the last with what is computed for them alone, of what is in memory in any
    /// case: beside a loop over the same elements it would have to be stored.
    fn join_sums(&mut self) {
        let graph = self.graph;
        let stored =
            |id: NodeId| matches!(graph.role(id), Role::Input(_)) || graph.role(id).is_own();
        let large = |id: NodeId, of: NodeId| {
            graph.meta(id).shape.elements() * 2 > graph.meta(of).shape.elements()
        };
        for sum in graph.ids().filter(|&id| matches!(graph.role(id), Role::Reduce(_))) {
            for read in graph.reads[sum.index()].iter().filter(|read| read.aligned) {
                let base = read.base;
                let reads = &graph.reads[base.index()];
                let from_memory = graph.role(base) == Role::Body
                    && reads.iter().all(|read| stored(read.base) || !large(read.base, base));
                if let (true, (Some(from), Some(to))) =
                    (from_memory, (self.owner[base.index()], self.owner[sum.index()]))
                    && let (Some(map), Some(sums)) = (&self.groups[from], &self.groups[to])
                    && sums.row().is_none()
                    && self.is_for(map, sums)
                {
                    self.try_join(from, to);
                }
            }
        }
    }

    /// Joins each loop with the loops whose results it reads.
    fn join_along_reads(&mut self) {
        for id in self.graph.ids() {
            for read in &self.graph.reads[id.index()] {
                let joined = (self.owner[read.base.index()], self.owner[id.index()]);
                if let (true, (Some(from), Some(to))) = (read.aligned || read.by_row, joined) {
                    self.try_join(from, to);
                }
            }
        }
    }

    /// Joins loops over the same elements that read the same, and all loops over few elements.
    fn join_side_by_side(&mut self) {
        let live: Vec<usize> =
            (0..self.groups.len()).filter(|&group| self.groups[group].is_some()).collect();
        let mut patience = PATIENCE;
        for (place, &first) in live.iter().enumerate() {
            for &second in live[place + 1..].iter().take(BESIDE) {
                let (Some(a), Some(b)) = (&self.groups[first], &self.groups[second]) else {
                    continue;
                };
                let same_size = a.elements() == b.elements();
                if same_size && (a.elements() <= self.graph.target.small || self.share(a, b)) {
                    self.try_join(first, second);
                    patience = patience.saturating_sub(TRIAL + self.sequence.looked);
                }
            }
            if patience == 0 {
                return;
            }
        }
    }

    fn share(&self, a: &Group, b: &Group) -> bool {
        let large = |id: NodeId| self.graph.meta(id).shape.elements() > self.graph.target.small;
        let reads = |group: &Group| -> SmallVec<[NodeId; 16]> {
            let reads = group.members.iter().flat_map(|m| &self.graph.reads[m.index()]);
            reads.map(|read| read.base).filter(|&base| large(base)).collect()
        };
        let of_b = reads(b);
        reads(a).iter().any(|base| of_b.contains(base))
    }

    /// Joins two groups of loops if one kernel can compute both.
    fn try_join(&mut self, a: usize, b: usize) -> bool {
        if a == b {
            return false;
        }
        self.sequence.looked = 0;
        let (Some(first), Some(second)) = (&self.groups[a], &self.groups[b]) else { return false };
        let Some(joined) = self.joined(first, second) else { return false };
        let mut sequence = std::mem::take(&mut self.sequence);
        let apart = sequence.join(self, a, b);
        self.sequence = sequence;
        if !apart {
            return false;
        }
        joined.members.iter().for_each(|member| self.owner[member.index()] = Some(a));
        self.groups[a] = Some(joined);
        self.groups[b] = None;
        true
    }

    /// The group of both groups' nodes, if their spaces and reductions agree and nothing in it reads what
    /// is not computed yet.
    fn joined(&self, a: &Group, b: &Group) -> Option<Group> {
        if a.members.len() + b.members.len() > self.graph.target.members {
            return None;
        }
        let is_loop = |group: &Group| self.graph.role(group.first()).is_loop();
        if !is_loop(a) || !is_loop(b) {
            return None;
        }
        let (left, right) = (self.dtype(a), self.dtype(b));
        if left.is_some() && right.is_some() && left != right {
            return None;
        }
        let (space, reduced) = match a.elements().cmp(&b.elements()) {
            Ordering::Equal => self.same_space(a, b)?,
            Ordering::Greater => self.row_space(a, b)?,
            Ordering::Less => self.row_space(b, a)?,
        };
        let mut members: SmallVec<[NodeId; 4]> =
            a.members.iter().chain(&b.members).copied().collect();
        members.sort_unstable();
        let across = a.across || b.across || self.meet(a, b);
        // Columns are reduced beside rows of one axis.
        if across && reduced.as_deref() != Some(&[space.len() - 1]) {
            return None;
        }
        let joined = Group { members, space, reduced, across };
        if !self.reads_what_is_there(&joined) {
            return None;
        }
        let large = joined.elements() > self.graph.target.reordered;
        (!large || self.streams(&joined) <= self.graph.target.streams).then_some(joined)
    }

    /// The space of two groups over as many elements, and what is reduced of it.
    fn same_space(&self, a: &Group, b: &Group) -> Option<(Dims, Option<SmallVec<[usize; 4]>>)> {
        let space = refine(&a.space, &b.space)?;
        let of =
            |group: &Group| group.reduced.as_ref().map(|axes| refined(axes, &group.space, &space));
        let (left, right) = (of(a), of(b));
        if self.meet(a, b) {
            let (rows, columns) = if a.row().is_some() { (left, right) } else { (right, left) };
            let last = space.len() - 1;
            let whole = rows.as_deref() == Some(&[last])
                && columns.is_some_and(|columns| columns.into_iter().eq(0..last));
            return whole.then_some((space, rows));
        }
        if left.is_some() && right.is_some() && left != right {
            return None;
        }
        let one_sided = left.is_some() != right.is_some();
        let reduced = left.or(right);
        let large = a.elements() > self.graph.target.reordered;
        let (map, sums) = if a.reduced.is_none() { (a, b) } else { (b, a) };
        if let (true, true, Some(axes)) = (one_sided, large, &reduced)
            && !axes.iter().copied().eq(space.len() - axes.len()..space.len())
            && !self.is_for(map, sums)
        {
            return None;
        }
        Some((space, reduced))
    }

    /// Whether one of two groups reduces rows that stay in the cache, and the other one columns of the same elements.
    fn meet(&self, a: &Group, b: &Group) -> bool {
        let short = |group: &Group| group.row().is_some_and(|row| row <= self.graph.target.row);
        a.elements() == b.elements()
            && ((short(a) && b.reduces_columns()) || (short(b) && a.reduces_columns()))
    }

    /// Whether the rows that a group reduces stay in a cache, to be mapped afterwards. Those between two products, of which
    /// a tile is in scratch memory, may be longer.
    fn keeps_rows(&self, group: &Group) -> bool {
        let target = &self.graph.target;
        group.row().is_some_and(|row| {
            let many = || group.elements() / row.max(1) >= target.tiles;
            let long = || row <= target.long_row && many() && self.is_between_products(group);
            row <= target.row || long()
        })
    }

    /// Whether a group reads a product of short sums element by element, and another one reads what is made of it.
    fn is_between_products(&self, group: &Group) -> bool {
        let is_product = |id: NodeId| {
            let own = self.owner[id.index()].and_then(|owner| self.groups[owner].as_ref());
            let product =
                own.map(Group::first).filter(|&first| self.graph.role(first) == Role::Contract);
            product.is_some_and(|product| {
                let summed: usize = self.graph.groups(product).summed.iter().product();
                summed <= self.graph.target.long_sum
                    && self.graph.meta(id).shape.elements() == group.elements()
            })
        };
        let mut reads = group.members.iter().flat_map(|member| &self.graph.reads[member.index()]);
        reads.any(|read| is_product(read.base))
            && group.members.iter().any(|member| self.toward[member.index()])
    }

    /// Whether nothing but another group needs what a group computes, so that it is not stored in that one's order.
    fn is_for(&self, group: &Group, reader: &Group) -> bool {
        let within = |group: &Group, id: NodeId| group.members.binary_search(&id).is_ok();
        group.members.iter().all(|member| {
            let users = &self.users[member.index()];
            !self.output[member.index()].0
                && users.iter().all(|&user| within(group, user) || within(reader, user))
        })
    }

    /// The space of a group that reduces rows and of one that computes one number for each row.
    fn row_space(
        &self,
        rows: &Group,
        single: &Group,
    ) -> Option<(Dims, Option<SmallVec<[usize; 4]>>)> {
        let row = rows.row()?;
        let body = |id: &NodeId| self.graph.role(*id) == Role::Body;
        if single.elements() * row != rows.elements() || !single.members.iter().all(body) {
            return None;
        }
        let mut space = refine(&rows.space[..rows.space.len() - 1], &single.space)?;
        space.push(row);
        let last = space.len() - 1;
        Some((space, Some(SmallVec::from_slice(&[last]))))
    }

    /// Whether what a group's nodes read of each other is there by then: the element at the same place, or
    /// what their row has, while the row is in the cache.
    fn reads_what_is_there(&self, group: &Group) -> bool {
        let inside = |id: NodeId| group.members.binary_search(&id).is_ok();
        let short = self.keeps_rows(group);
        group.members.iter().all(|&reader| {
            let whole = group.is_whole(self.graph, reader);
            self.graph.reads[reader.index()].iter().filter(|read| inside(read.base)).all(|read| {
                if group.is_across(self.graph, read.base) {
                    return false;
                }
                match (group.has_one_for_each_row(self.graph, read.base), whole) {
                    (true, true) => short && read.by_row,
                    (true, false) => short && read.aligned,
                    (false, _) => read.aligned && self.graph.role(read.base) == Role::Body,
                }
            })
        })
    }

    pub(in crate::plan) fn dtype(&self, group: &Group) -> Option<DType> {
        group.members.iter().find_map(|&member| self.graph.body_dtype(member))
    }

    /// How many large arrays a group reads and writes.
    fn streams(&self, group: &Group) -> usize {
        let outside = |id: NodeId| group.members.binary_search(&id).is_err();
        let whole = |id: NodeId| self.graph.meta(id).shape.elements() * 2 > group.elements();
        let mut loads: SmallVec<[NodeId; 16]> = SmallVec::new();
        for read in group.members.iter().flat_map(|m| &self.graph.reads[m.index()]) {
            if outside(read.base) && whole(read.base) && !loads.contains(&read.base) {
                loads.push(read.base);
            }
        }
        let stored = |&&id: &&NodeId| {
            let crosses = self.users[id.index()].iter().any(|&user| outside(user));
            whole(id) && (crosses || self.output[id.index()].0)
        };
        loads.len() + group.members.iter().filter(stored).count()
    }

    /// The groups that read what a group computes.
    pub(in crate::plan) fn readers(&self, group: usize) -> impl Iterator<Item = usize> + '_ {
        let members = self.groups[group].iter().flat_map(|group| &group.members);
        let users = members.flat_map(|member| &self.users[member.index()]);
        users.filter_map(|user| self.owner[user.index()]).filter(move |&user| user != group)
    }
}

/// Axes of a space as axes of a finer one.
fn refined(axes: &[usize], space: &[usize], finer: &Dims) -> SmallVec<[usize; 4]> {
    let mut result = SmallVec::new();
    let mut at = 0;
    for (axis, &size) in space.iter().enumerate() {
        let mut covered = 1;
        while covered < size {
            covered *= finer[at];
            if axes.contains(&axis) {
                result.push(at);
            }
            at += 1;
        }
    }
    result
}
