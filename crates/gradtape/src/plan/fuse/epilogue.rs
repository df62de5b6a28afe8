//! Which elementwise work a matrix product does on its blocks while they are in the cache.

use smallvec::SmallVec;

use super::Fusion;
use super::group::Group;
use crate::op::NodeId;
use crate::plan::classify::{Classified, Role};
use crate::tensor::DType;

/// A product whose epilogue is being filled.
struct Filling<'l> {
    /// Its group.
    number: usize,
    levels: &'l [usize],
    /// The level of what can be computed on its blocks.
    level: usize,
    /// Whether the epilogue is to be all that needs the product, so that it is computed in strips.
    strips: bool,
}

impl Filling<'_> {
    /// Whether a node has the product's level: of all kernels before it, it needs the product last.
    fn is_next(&self, id: NodeId) -> bool {
        self.levels[id.index()] == self.level
    }
}

impl Fusion<'_> {
    /// Gives every product the elementwise nodes after it that spare memory traffic.
    pub(in crate::plan) fn fill_epilogues(&mut self) {
        let levels = levels(self.graph);
        for product in self.graph.ids().filter(|&id| self.graph.role(id) == Role::Contract) {
            let Some(number) = self.owner[product.index()] else { continue };
            let (level, strips) = (product.index() + 1, self.fits_strips(product));
            let mut filling = Filling { number, levels: &levels, level, strips };
            let mut taken = Vec::new();
            while self.extend_epilogue(&filling, &mut taken) {}
            if strips && self.is_stored(product) {
                taken.drain(..).for_each(|(id, own)| self.let_go(number, id, own));
                filling.strips = false;
                while self.extend_epilogue(&filling, &mut taken) {}
            }
        }
    }

    /// Takes up one more node, with what it alone needs; whether there was one. `taken` is told the nodes
    /// and the groups that were theirs.
    fn extend_epilogue(&mut self, filling: &Filling<'_>, taken: &mut Vec<(NodeId, usize)>) -> bool {
        let number = filling.number;
        let Some(group) = self.groups[number].as_ref() else { return false };
        let mut candidates: SmallVec<[NodeId; 8]> = SmallVec::new();
        for user in group.members.iter().flat_map(|member| &self.users[member.index()]) {
            if self.owner[user.index()] != Some(number) && !candidates.contains(user) {
                candidates.push(*user);
            }
        }
        candidates.sort_unstable();
        for candidate in candidates {
            if !self.follows(filling, candidate) || !self.pays(filling, candidate) {
                continue;
            }
            let mut nodes = self.producers(filling, candidate);
            nodes.push(candidate);
            if !self.fits(number, &nodes) || !self.reads_few(filling, &nodes) {
                nodes = SmallVec::from_slice(&[candidate]);
            }
            if self.fits(number, &nodes) {
                taken.extend(
                    nodes.into_iter().filter_map(|id| Some((id, self.take_up(number, id)?))),
                );
                return true;
            }
        }
        false
    }

    /// Whether a product is computed in strips if nothing but its epilogue needs it.
    fn fits_strips(&self, product: NodeId) -> bool {
        let target = &self.graph.target;
        let node = self.graph.node(product);
        let summed: usize = self.graph.groups(product).summed.iter().product();
        node.meta.shape.elements() >= target.strip_elements && summed <= target.strip_sum
    }

    /// Whether anything but a product's epilogue needs it.
    fn is_stored(&self, product: NodeId) -> bool {
        let own = self.owner[product.index()];
        let mut users = self.users[product.index()].iter();
        self.output[product.index()].0 || users.any(|user| self.owner[user.index()] != own)
    }

    /// Whether a node can be computed on a product's blocks: at the same elements, from what the epilogue
    /// has or what was there before the product.
    fn follows(&self, filling: &Filling<'_>, id: NodeId) -> bool {
        let Filling { number, level, levels, .. } = *filling;
        let Some(group) = self.groups[number].as_ref() else { return false };
        let body = filling.is_next(id)
            && self.graph.role(id) == Role::Body
            && self.graph.space(id).elements() == group.elements()
            && self.graph.is_readable(id, &group.space);
        let same = self.graph.body_dtype(id).is_none_or(|dtype| Some(dtype) == self.dtype(group));
        let fits = |base: NodeId, aligned: bool| match self.owner[base.index()] == Some(number) {
            true => aligned,
            false => {
                levels[base.index()] < level
                    && !matches!(self.graph.role(base), Role::Contract if base.index() + 1 >= level)
            }
        };
        let reads = &self.graph.reads[id.index()];
        body && same
            && reads.iter().all(|read| fits(read.base, read.aligned))
            && self.reads_few(filling, &[id])
    }

    /// Whether a product's group can be computed at once with more nodes: what it reads of itself it has at
    /// the same place by then, and nothing that it reads has to wait for it.
    fn fits(&self, number: usize, more: &[NodeId]) -> bool {
        let Some(group) = self.groups[number].as_ref() else { return false };
        let inside = |id: NodeId| self.owner[id.index()] == Some(number) || more.contains(&id);
        let members = || group.members.iter().chain(more);
        for &member in members() {
            let mut own = self.graph.reads[member.index()].iter().filter(|read| inside(read.base));
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
    fn producers(&self, filling: &Filling<'_>, id: NodeId) -> SmallVec<[NodeId; 4]> {
        let Filling { number, levels, .. } = *filling;
        let Some(group) = self.groups[number].as_ref() else { return SmallVec::new() };
        let mut found: SmallVec<[NodeId; 4]> = SmallVec::new();
        let mut open: SmallVec<[NodeId; 4]> = SmallVec::from_slice(&[id]);
        while let Some(reader) = open.pop() {
            for read in &self.graph.reads[reader.index()] {
                let base = read.base;
                let alone = self.owner[base.index()].is_some_and(|owner| {
                    owner != number
                        && self.groups[owner].as_ref().is_some_and(|group| group.members.len() == 1)
                });
                let pulled = alone
                    && read.aligned
                    && levels[base.index()] == 0
                    && self.graph.role(base) == Role::Body
                    && !found.contains(&base)
                    && self.graph.space(base).elements() == group.elements()
                    && self.graph.is_readable(base, &group.space)
                    && self.graph.body_dtype(base) == self.dtype(group)
                    && self.reads_few(filling, &[base]);
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
    fn pays(&self, filling: &Filling<'_>, id: NodeId) -> bool {
        let number = filling.number;
        let Some(group) = self.groups[number].as_ref() else { return false };
        let bytes = |id: NodeId| self.graph.meta(id).dtype.size();
        let stored = |member: NodeId, more: Option<NodeId>| {
            let outside =
                |user: &NodeId| self.owner[user.index()] != Some(number) && Some(*user) != more;
            let crosses = self.users[member.index()].iter().any(outside);
            if crosses || self.output[member.index()].0 { bytes(member) } else { 0 }
        };
        let before: usize = group.members.iter().map(|&member| stored(member, None)).sum();
        let members = group.members.iter().copied().chain([id]);
        let after: usize = members.map(|member| stored(member, Some(id))).sum();
        after <= before || self.must_be_stored(filling, id)
    }

    /// Whether a node, or one computed from it and from what is there by then, has to be in memory. What
    /// updates an input counts where the epilogue can walk along it.
    fn must_be_stored(&self, filling: &Filling<'_>, id: NodeId) -> bool {
        let mut open: SmallVec<[NodeId; 8]> = SmallVec::from_slice(&[id]);
        let mut seen: SmallVec<[NodeId; 8]> = SmallVec::new();
        while let Some(id) = open.pop() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let read_whole = |user: &NodeId| !self.graph.role(*user).is_loop();
            let (output, apart) = self.output[id.index()];
            if (output && (apart || filling.strips))
                || self.users[id.index()].iter().any(read_whole)
            {
                return true;
            }
            let follows =
                |user: &&NodeId| self.graph.role(**user) == Role::Body && filling.is_next(**user);
            open.extend(self.users[id.index()].iter().filter(follows).copied());
        }
        false
    }

    /// Whether an epilogue with more nodes reads few enough arrays as large as its product. Truth values are
    /// small.
    fn reads_few(&self, filling: &Filling<'_>, more: &[NodeId]) -> bool {
        let Some(group) = self.groups[filling.number].as_ref() else { return false };
        let mut loads: SmallVec<[NodeId; 8]> = SmallVec::new();
        let members = group.members[1..].iter().chain(more);
        for read in members.flat_map(|m| &self.graph.reads[m.index()]) {
            let whole = self.graph.meta(read.base).shape.elements() == group.elements();
            let byte = self.graph.meta(read.base).dtype == DType::Bool;
            let outside = !more.contains(&read.base) && !group.members.contains(&read.base);
            if whole && outside && !byte && !loads.contains(&read.base) {
                loads.push(read.base);
            }
        }
        let target = &self.graph.target;
        loads.len() <= if filling.strips { target.strip_loads } else { target.epilogue_loads }
    }

    /// Adds a node to a product's group; gives the group that was its own.
    fn take_up(&mut self, number: usize, id: NodeId) -> Option<usize> {
        let own = self.owner[id.index()].replace(number)?;
        self.groups[own] = None;
        let group = self.groups[number].as_mut()?;
        group.members.push(id);
        group.members[1..].sort_unstable();
        Some(own)
    }

    /// Undoes [`Fusion::take_up`].
    fn let_go(&mut self, number: usize, id: NodeId, own: usize) {
        if let Some(group) = self.groups[number].as_mut() {
            group.members.retain(|member| *member != id);
        }
        self.owner[id.index()] = Some(own);
        self.groups[own] = Some(Group::of(self.graph, id));
    }
}

/// For each node, 1 + the last node before it that ends a kernel (a product, a reduction, an operation of
/// its own), or 0 when it depends on inputs alone.
fn levels(graph: &Classified) -> Vec<usize> {
    let mut levels = vec![0; graph.nodes.len()];
    for id in graph.ids() {
        for read in &graph.reads[id.index()] {
            let base = read.base;
            let role = graph.role(base);
            let ends = role.is_own() || matches!(role, Role::Reduce(_) | Role::Spread);
            let level = if ends { base.index() + 1 } else { levels[base.index()] };
            levels[id.index()] = levels[id.index()].max(level);
        }
    }
    levels
}
