//! Which elementwise work a matrix product does on its blocks while they are in the cache.

use smallvec::SmallVec;

use super::fuse::Fusion;
use super::work::{Role, Work};
use crate::op::NodeId;

impl Fusion<'_> {
    /// Gives every product the elementwise nodes after it that spare memory traffic.
    pub(super) fn fill_epilogues(&mut self) {
        let levels = levels(self.work);
        for product in self.work.ids().filter(|&id| self.work.role(id) == Role::MatMul) {
            while self.extend_epilogue(product, &levels) {}
        }
    }

    /// Takes up one more node; whether there was one.
    fn extend_epilogue(&mut self, product: NodeId, levels: &[usize]) -> bool {
        let level = product.index() + 1;
        let Some(number) = self.owner[product.index()] else { return false };
        let Some(group) = self.groups[number].as_ref() else { return false };
        let mut candidates: SmallVec<[NodeId; 8]> = SmallVec::new();
        for user in group.members.iter().flat_map(|member| &self.users[member.index()]) {
            if self.owner[user.index()] != Some(number) && !candidates.contains(user) {
                candidates.push(*user);
            }
        }
        candidates.sort_unstable();
        for candidate in candidates {
            if levels[candidate.index()] != level || !self.follows(number, candidate, level, levels)
            {
                continue;
            }
            if !self.pays(number, candidate, level, levels) {
                continue;
            }
            let mut nodes = self.producers(number, candidate, levels);
            nodes.push(candidate);
            if !self.fits(number, &nodes) {
                nodes = SmallVec::from_slice(&[candidate]);
            }
            if self.fits(number, &nodes) {
                nodes.into_iter().for_each(|id| self.take_up(number, id));
                return true;
            }
        }
        false
    }

    /// Whether a node can be computed on a product's blocks: at the same elements, from what the epilogue
    /// has or what was there before the product.
    fn follows(&self, number: usize, id: NodeId, level: usize, levels: &[usize]) -> bool {
        let Some(group) = self.groups[number].as_ref() else { return false };
        let body = self.work.role(id) == Role::Body
            && self.work.space(id).elements() == group.elements()
            && self.work.is_readable(id, &group.space);
        let same = self.work.body_dtype(id).is_none_or(|dtype| Some(dtype) == self.dtype(group));
        let fits = |base: NodeId, aligned: bool| match self.owner[base.index()] == Some(number) {
            true => aligned,
            false => {
                levels[base.index()] < level
                    && !matches!(self.work.role(base), Role::MatMul if base.index() + 1 >= level)
            }
        };
        let reads = &self.work.reads[id.index()];
        body && same
            && reads.iter().all(|read| fits(read.base, read.aligned))
            && self.outside_loads(group, id)
    }

    /// Whether a product's group can be computed at once with more nodes: what it reads of itself it has at
    /// the same place by then, and nothing that it reads has to wait for it.
    fn fits(&self, number: usize, more: &[NodeId]) -> bool {
        let Some(group) = self.groups[number].as_ref() else { return false };
        let inside = |id: NodeId| self.owner[id.index()] == Some(number) || more.contains(&id);
        let members = || group.members.iter().chain(more);
        for &member in members() {
            let mut own = self.work.reads[member.index()].iter().filter(|read| inside(read.base));
            if own.any(|read| !read.aligned || member == group.first()) {
                return false;
            }
        }
        let mut seen = vec![false; self.groups.len()];
        let users = |member: &NodeId| self.users[member.index()].iter().copied();
        let mut open: Vec<NodeId> =
            members().flat_map(users).filter(|&user| !inside(user)).collect();
        while let Some(id) = open.pop() {
            let Some(owner) = self.owner[id.index()] else { continue };
            if std::mem::replace(&mut seen[owner], true) {
                continue;
            }
            for user in self.groups[owner].iter().flat_map(|group| &group.members).flat_map(users) {
                if inside(user) {
                    return false;
                }
                open.push(user);
            }
        }
        true
    }

    /// The nodes that only a product's epilogue needs to have computed before: those that a candidate
    /// reads and that depend on inputs alone, first things first.
    fn producers(&self, number: usize, id: NodeId, levels: &[usize]) -> SmallVec<[NodeId; 4]> {
        let Some(group) = self.groups[number].as_ref() else { return SmallVec::new() };
        let mut found: SmallVec<[NodeId; 4]> = SmallVec::new();
        let mut open: SmallVec<[NodeId; 4]> = SmallVec::from_slice(&[id]);
        while let Some(reader) = open.pop() {
            for read in &self.work.reads[reader.index()] {
                let base = read.base;
                let alone = self.owner[base.index()].is_some_and(|owner| {
                    owner != number
                        && self.groups[owner].as_ref().is_some_and(|group| group.members.len() == 1)
                });
                let pulled = alone
                    && read.aligned
                    && levels[base.index()] == 0
                    && self.work.role(base) == Role::Body
                    && !found.contains(&base)
                    && self.work.space(base).elements() == group.elements()
                    && self.work.is_readable(base, &group.space)
                    && self.work.body_dtype(base) == self.dtype(group)
                    && self.outside_loads(group, base);
                if pulled {
                    found.push(base);
                    open.push(base);
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Whether memory traffic does not grow when a node is taken up: its result must be stored in any
    /// case, or it takes the place of as many bytes.
    fn pays(&self, number: usize, id: NodeId, level: usize, levels: &[usize]) -> bool {
        let Some(group) = self.groups[number].as_ref() else { return false };
        let bytes = |id: NodeId| self.work.meta(id).dtype.size();
        let stored = |member: NodeId, more: Option<NodeId>| {
            let outside =
                |user: &NodeId| self.owner[user.index()] != Some(number) && Some(*user) != more;
            let crosses = self.users[member.index()].iter().any(outside);
            if crosses || self.output[member.index()].0 { bytes(member) } else { 0 }
        };
        let before: usize = group.members.iter().map(|&member| stored(member, None)).sum();
        let members = group.members.iter().copied().chain([id]);
        let after: usize = members.map(|member| stored(member, Some(id))).sum();
        after <= before || self.must_be_stored(group.first(), id, level, levels)
    }

    /// Whether a node, or one computed from it and from what is there by then, has to be in memory. What
    /// updates an input counts where the epilogue can walk along it.
    fn must_be_stored(&self, product: NodeId, id: NodeId, level: usize, levels: &[usize]) -> bool {
        let updates = self.in_strips(product);
        let mut open: SmallVec<[NodeId; 8]> = SmallVec::from_slice(&[id]);
        let mut seen: SmallVec<[NodeId; 8]> = SmallVec::new();
        while let Some(id) = open.pop() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let read_whole =
                |user: &NodeId| matches!(self.work.role(*user), Role::MatMul | Role::Host);
            let (output, apart) = self.output[id.index()];
            if (output && (apart || updates)) || self.users[id.index()].iter().any(read_whole) {
                return true;
            }
            let follows = |user: &&NodeId| {
                self.work.role(**user) == Role::Body && levels[user.index()] == level
            };
            open.extend(self.users[id.index()].iter().filter(follows).copied());
        }
        false
    }

    fn take_up(&mut self, number: usize, id: NodeId) {
        if let Some(old) = self.owner[id.index()] {
            self.groups[old] = None;
        }
        self.owner[id.index()] = Some(number);
        if let Some(group) = self.groups[number].as_mut() {
            group.members.push(id);
            group.members[1..].sort_unstable();
        }
    }
}

/// For each node, 1 + the last node before it that ends a kernel (a product, a reduction, an operation of
/// its own), or 0 when it depends on inputs alone.
fn levels(work: &Work) -> Vec<usize> {
    let mut levels = vec![0; work.nodes.len()];
    for id in work.ids() {
        for read in &work.reads[id.index()] {
            let base = read.base;
            let ends = matches!(work.role(base), Role::MatMul | Role::Reduce(_) | Role::Host);
            let level = if ends { base.index() + 1 } else { levels[base.index()] };
            levels[id.index()] = levels[id.index()].max(level);
        }
    }
    levels
}
