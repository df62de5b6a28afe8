//! What a legal [`Graph`] is.

use smallvec::SmallVec;

use super::Graph;
use crate::op::{Meta, NodeId};
use crate::tensor::{Error, Kind, Result};

impl Graph {
    /// Whether the graph is legal: inputs come before their readers, every shape and element type is what
    /// the operation's rule says, outputs exist, and an update goes into an input of its own type and shape that
    /// nothing else updates.
    ///
    /// What is recorded on a tape is legal, and every pass of the planner keeps it so.
    ///
    /// ```
    /// use gradtape::tape::Graph;
    /// let graph: Graph = "
    ///     %0 = input {dtype: f32; shape: [2]} : f32[2]
    ///     %1 = neg(%0) : f32[2]
    ///     return %1
    /// ".parse()?;
    /// graph.verify()?;
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn verify(&self) -> Result<()> {
        for (index, node) in self.nodes.iter().enumerate() {
            let wrong = |what: String| {
                let message = format!("node %{index} ({}): {what}", node.op.name());
                Err(Error::new(Kind::Shape, message).at(node.at))
            };
            if let Some(late) = node.inputs.iter().find(|id| id.is_failed() || id.index() >= index)
            {
                return wrong(format!("reads %{}, which does not come before it", late.index()));
            }
            let metas: SmallVec<[&Meta; 4]> =
                node.inputs.iter().map(|id| &self.nodes[id.index()].meta).collect();
            match node.op.infer(&metas) {
                Err(broken) => return wrong(broken.rule),
                Ok(meta) if meta != node.meta => {
                    return wrong(format!("is {}, but its rule says {meta}", node.meta));
                }
                Ok(_) => {}
            }
        }
        let missing = |id: NodeId| id.is_failed() || id.index() >= self.nodes.len();
        let mut updated = vec![None; self.nodes.len()];
        for (number, output) in self.outputs.iter().enumerate() {
            let wrong =
                |what: String| Err(Error::new(Kind::Shape, format!("output {number}: {what}")));
            if missing(output.node) {
                return wrong(format!("there is no node %{}", output.node.index()));
            }
            let Some(into) = output.into else { continue };
            if missing(into) || !self.nodes[into.index()].op.is_input() {
                return wrong(format!("%{} is no input that could be updated", into.index()));
            }
            let (value, place) =
                (&self.nodes[output.node.index()].meta, &self.nodes[into.index()].meta);
            if value != place {
                return wrong(format!("{value} does not fit the input it updates, {place}"));
            }
            if let Some(first) = updated[into.index()].replace(number) {
                return wrong(format!("%{} is updated by output {first} already", into.index()));
            }
        }
        Ok(())
    }
}
