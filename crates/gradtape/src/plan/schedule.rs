//! The order of the kernels, and which outputs are written straight into the input they update.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::classify::{Classified, Role};
use super::fuse::Group;
use crate::op::{NodeId, Op};
use crate::tape::GraphNode;

/// Groups with the order between them.
pub(super) struct Schedule {
    /// The groups in the order of running.
    pub(super) groups: Vec<Group>,
    /// For each node, the input whose memory it is written to.
    pub(super) into: Vec<Option<NodeId>>,
    /// Whether groups wait for each other in a circle, so that there is no such order.
    pub(super) circular: bool,
}

/// Which groups must run before which.
struct Order {
    after: Vec<Vec<usize>>,
}

impl Order {
    fn add(&mut self, first: usize, then: usize) {
        if first != then && !self.after[first].contains(&then) {
            self.after[first].push(then);
        }
    }

    /// For each group, whether it must run after `start`.
    fn later(&self, start: usize) -> Vec<bool> {
        let mut seen = vec![false; self.after.len()];
        let mut open = self.after[start].clone();
        while let Some(group) = open.pop() {
            if !std::mem::replace(&mut seen[group], true) {
                open.extend(&self.after[group]);
            }
        }
        seen
    }
}

/// Orders groups so that what is read has been computed, and so that an input is updated in place after
/// all others have read it and after everything that can fail: a run that fails has changed nothing.
pub(super) fn schedule(graph: &mut Classified, mut groups: Vec<Group>) -> Schedule {
    let mut owner: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    for (number, group) in groups.iter().enumerate() {
        group.members.iter().for_each(|member| owner[member.index()] = Some(number));
    }
    let mut order = Order { after: vec![Vec::new(); groups.len()] };
    for (number, group) in groups.iter().enumerate() {
        for read in group.members.iter().flat_map(|member| &graph.reads[member.index()]) {
            if let Some(first) = owner[read.base.index()] {
                order.add(first, number);
            }
        }
    }
    let readers = readers(graph, &groups);
    let fallible: Vec<usize> =
        (0..groups.len()).filter(|&group| can_fail(graph, &groups[group])).collect();
    let mut into = vec![None; graph.nodes.len()];
    for output in 0..graph.outputs.len() {
        let Some(input) = graph.outputs[output].into else { continue };
        let node = graph.outputs[output].node;
        let Some(writer) = owner[node.index()] else { continue };
        let mut before = readers[input.index()].clone();
        before.extend(&fallible);
        let later = order.later(writer);
        let late = before.iter().any(|&first| later[first]);
        if late || !writes_in_place(graph, &groups[writer], node, input) {
            let copy = copy_of(graph, node);
            graph.outputs[output].node = copy;
            into.push(Some(input));
            owner.push(Some(groups.len()));
            groups.push(Group::of(graph, copy));
            order.after.push(Vec::new());
            order.add(writer, groups.len() - 1);
            before.iter().for_each(|&first| order.add(first, groups.len() - 1));
        } else {
            into[node.index()] = Some(input);
            before.iter().for_each(|&first| order.add(first, writer));
        }
    }
    let updates: Vec<bool> = groups
        .iter()
        .map(|group| group.members.iter().any(|member| into[member.index()].is_some()))
        .collect();
    let sequence = sorted(&order, &updates, &groups);
    let circular = sequence.len() < groups.len();
    let mut taken: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
    let groups = sequence.into_iter().filter_map(|number| taken[number].take()).collect();
    Schedule { groups, into, circular }
}

/// For each node that is an input, the groups that read it.
fn readers(graph: &Classified, groups: &[Group]) -> Vec<Vec<usize>> {
    let mut readers = vec![Vec::new(); graph.nodes.len()];
    for (number, group) in groups.iter().enumerate() {
        for read in group.members.iter().flat_map(|member| &graph.reads[member.index()]) {
            let list: &mut Vec<usize> = &mut readers[read.base.index()];
            if matches!(graph.role(read.base), Role::Input(_)) && list.last() != Some(&number) {
                list.push(number);
            }
        }
    }
    readers
}

/// Whether running a group can end in an error. What checks its operands before the program runs cannot.
fn can_fail(graph: &Classified, group: &Group) -> bool {
    let mut hosts = group.members.iter().filter(|&&member| graph.role(member) == Role::Host);
    hosts.any(|&member| {
        let GraphNode { op, inputs, meta, .. } = graph.node(member);
        // Arrays without elements are run by the operation's own meaning.
        let empty = inputs.iter().any(|&input| graph.meta(input).shape.elements() == 0);
        empty || op.can_fail(meta.dtype)
    })
}

/// Whether a group reads an input, if at all, only at the place where it writes a node to it. What is reduced
/// has no such place: it is written when all of it was read; nor has what is spread among zeros.
fn writes_in_place(graph: &Classified, group: &Group, node: NodeId, input: NodeId) -> bool {
    let at_once = !matches!(graph.role(node), Role::Reduce(_) | Role::Spread);
    let mut reads = group.members.iter().flat_map(|member| &graph.reads[member.index()]);
    reads.all(|read| read.base != input || (read.aligned && at_once))
}

/// A node that copies another.
fn copy_of(graph: &mut Classified, node: NodeId) -> NodeId {
    let GraphNode { meta, at, origin, .. } = graph.node(node).clone();
    let inputs = [node].into_iter().collect();
    graph.append(GraphNode { op: Op::copy(), inputs, meta, at, origin })
}

/// The groups that do not wait for themselves: single numbers and updates as early as they may run,
/// everything else in the order of the graph.
fn sorted(order: &Order, updates: &[bool], groups: &[Group]) -> Vec<usize> {
    let mut waits = vec![0usize; groups.len()];
    order.after.iter().flatten().for_each(|&then| waits[then] += 1);
    // What computes single numbers costs nothing and lets updates start.
    let early = |group: usize| updates[group] || groups[group].elements() == 1;
    let key = |group: usize| Reverse((!early(group), groups[group].members.last().copied(), group));
    let free = (0..groups.len()).filter(|&group| waits[group] == 0);
    let mut ready: BinaryHeap<_> = free.map(key).collect();
    let mut sequence = Vec::with_capacity(groups.len());
    while let Some(Reverse((_, _, group))) = ready.pop() {
        sequence.push(group);
        for &then in &order.after[group] {
            waits[then] -= 1;
            if waits[then] == 0 {
                ready.push(key(then));
            }
        }
    }
    sequence
}

/// Which nodes must be in memory: outputs, and what is read outside the group that computes it or at
/// other places than it is computed.
pub(super) fn stored(graph: &Classified, groups: &[Group]) -> Vec<bool> {
    let mut owner: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    for (number, group) in groups.iter().enumerate() {
        group.members.iter().for_each(|member| owner[member.index()] = Some(number));
    }
    let mut stored = vec![false; graph.nodes.len()];
    graph.outputs.iter().for_each(|output| stored[output.node.index()] = true);
    for (number, group) in groups.iter().enumerate() {
        for read in group.members.iter().flat_map(|member| &graph.reads[member.index()]) {
            let here = owner[read.base.index()] == Some(number);
            if !here && !matches!(graph.role(read.base), Role::Input(_)) {
                stored[read.base.index()] = true;
            }
        }
    }
    stored
}
