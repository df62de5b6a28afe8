//! Groups: the nodes that one kernel computes.

use smallvec::SmallVec;

use super::work::{Role, Work};
use crate::op::NodeId;
use crate::tensor::Dims;

/// Nodes that one kernel computes, over one space.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The nodes, in the order of the graph; a matrix product comes first.
    pub(super) members: SmallVec<[NodeId; 4]>,
    /// The sizes of the axes; without those of size 1 except for a matrix product's.
    pub(super) space: Dims,
    /// The axes that the group's reductions reduce over, if it has any.
    pub(super) reduced: Option<SmallVec<[usize; 4]>>,
}

impl Group {
    /// The group of one computed node.
    pub(super) fn of(work: &Work, id: NodeId) -> Group {
        let shape = work.space(id);
        let space = match work.role(id) {
            Role::Contract | Role::Host => Dims::from_slice(shape),
            _ => shape.iter().copied().filter(|&size| size != 1).collect(),
        };
        let reduced = match work.role(id) {
            Role::Reduce(_) => {
                let axes = work.node(id).op.reduced_axes();
                let large = shape.iter().enumerate().filter(|&(_, &size)| size != 1);
                let of_space = large.enumerate().filter(|(_, (axis, _))| axes.contains(axis));
                Some(of_space.map(|(at, _)| at).collect())
            }
            _ => None,
        };
        Group { members: SmallVec::from_slice(&[id]), space, reduced }
    }

    /// The number of indices of the space.
    pub(super) fn elements(&self) -> usize {
        self.space.iter().product()
    }

    /// The first node; it tells what kind of kernel the group becomes.
    pub(super) fn first(&self) -> NodeId {
        self.members[0]
    }

    /// Whether reductions reduce over an axis of the space.
    pub(super) fn reduces(&self, axis: usize) -> bool {
        self.reduced.as_ref().is_some_and(|axes| axes.contains(&axis))
    }
}

/// Every computed node in a group of its own.
pub(super) fn singles(work: &Work) -> Vec<Group> {
    let computed = |id: &NodeId| {
        let role = work.role(*id);
        role.is_loop() || matches!(role, Role::Contract | Role::Host)
    };
    work.ids().filter(computed).map(|id| Group::of(work, id)).collect()
}
