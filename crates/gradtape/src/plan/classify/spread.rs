//! Values that are put among zeros.

use smallvec::SmallVec;

use super::index::{Line, flatten, split};
use super::{Classified, Role};
use crate::op::{Form, NodeId};

impl Classified {
    /// What a node that is spread among zeros consists of, behind those that are spread once more.
    pub(in crate::plan) fn spread_from(&self, id: NodeId) -> NodeId {
        let mut from = self.node(id).inputs[0];
        while self.role(from) == Role::Passed {
            from = self.node(from).inputs[0];
        }
        from
    }

    /// Where a node that is spread among zeros puts each index of a space.
    pub(in crate::plan) fn spread_place(&self, id: NodeId, space: &[usize]) -> Line {
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
    pub(super) fn pass_spreads(&mut self) {
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
}
