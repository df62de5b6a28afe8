//! Groups: the nodes that one kernel computes.

use std::fmt;

use smallvec::SmallVec;

use crate::op::NodeId;
use crate::plan::classify::{Classified, Role};
use crate::tensor::Dims;

/// Nodes that one kernel computes, over one space.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Group {
    /// The nodes, in the order of the graph; a matrix product comes first.
    pub(in crate::plan) members: SmallVec<[NodeId; 4]>,
    /// The sizes of the axes; without those of size 1 except for a matrix product's.
    pub(in crate::plan) space: Dims,
    /// The axes that the group's reductions reduce over, if it has any.
    pub(in crate::plan) reduced: Option<SmallVec<[usize; 4]>>,
    /// Whether the group reduces rows, and others of its reductions all axes but that of the rows.
    pub(in crate::plan) across: bool,
}

/// The nodes, and the space they are computed over.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = self.members.iter().map(|member| format!("%{}", member.index()));
        write!(f, "{} over {:?}", numbers.collect::<Vec<_>>().join(" "), self.space)?;
        if let Some(axes) = &self.reduced {
            write!(f, " reducing {axes:?}")?;
        }
        f.write_str(if self.across { " and columns" } else { "" })
    }
}

impl Group {
    /// The group of one computed node.
    pub(in crate::plan) fn of(graph: &Classified, id: NodeId) -> Group {
        let shape = graph.space(id);
        let space = match graph.role(id) {
            role if role.is_own() => Dims::from_slice(shape),
            _ => shape.iter().copied().filter(|&size| size != 1).collect(),
        };
        let reduced = match graph.role(id) {
            Role::Reduce(_) => {
                let axes = graph.node(id).op.reduced_axes();
                let large = shape.iter().enumerate().filter(|&(_, &size)| size != 1);
                let of_space = large.enumerate().filter(|(_, (axis, _))| axes.contains(axis));
                Some(of_space.map(|(at, _)| at).collect())
            }
            _ => None,
        };
        Group { members: SmallVec::from_slice(&[id]), space, reduced, across: false }
    }

    /// The number of indices of the space.
    pub(in crate::plan) fn elements(&self) -> usize {
        self.space.iter().product()
    }

    /// The first node; it tells what kind of kernel the group becomes.
    pub(in crate::plan) fn first(&self) -> NodeId {
        self.members[0]
    }

    /// The length of the rows that are reduced, if the group reduces the last axis alone.
    pub(in crate::plan) fn row(&self) -> Option<usize> {
        let (&size, rest) = self.space.split_last()?;
        (self.reduced.as_deref()? == [rest.len()]).then_some(size)
    }

    /// Whether a member is computed at each index of the space, not once for each row.
    pub(in crate::plan) fn is_whole(&self, graph: &Classified, member: NodeId) -> bool {
        graph.space(member).elements() == self.elements()
    }

    /// Whether a member gives one number for each row.
    pub(in crate::plan) fn has_one_for_each_row(&self, graph: &Classified, member: NodeId) -> bool {
        matches!(graph.role(member), Role::Reduce(_)) || !self.is_whole(graph, member)
    }

    /// Whether a member reduces columns in a group that reduces rows: it is not there before the group is done.
    pub(in crate::plan) fn is_across(&self, graph: &Classified, member: NodeId) -> bool {
        let along_rows = || {
            let last = graph.space(member).iter().rposition(|&size| size != 1);
            last.is_some_and(|last| graph.node(member).op.reduced_axes().contains(&last))
        };
        self.across && matches!(graph.role(member), Role::Reduce(_)) && !along_rows()
    }

    /// Whether the group reduces columns alone: all axes but the last.
    pub(in crate::plan) fn reduces_columns(&self) -> bool {
        let kept = self.space.len().saturating_sub(1);
        kept > 0 && self.reduced.as_ref().is_some_and(|axes| axes.iter().copied().eq(0..kept))
    }

    /// Whether reductions reduce over an axis of the space.
    pub(in crate::plan) fn reduces(&self, axis: usize) -> bool {
        self.reduced.as_ref().is_some_and(|axes| axes.contains(&axis))
    }
}

/// Every computed node in a group of its own.
pub(in crate::plan) fn singles(graph: &Classified) -> Vec<Group> {
    let computed = |id: &NodeId| {
        let role = graph.role(*id);
        role.is_loop() || role.is_own()
    };
    graph.ids().filter(computed).map(|id| Group::of(graph, id)).collect()
}
