//! An explanation as a graph for Graphviz.

use std::fmt::Write;

use super::explanation::Explanation;
use crate::report::short;

impl Explanation {
    /// The computation graph in the DOT language: a box for each node with its value and gradient, the
    /// local derivative on each edge.
    pub fn dot(&self) -> String {
        let mut text = String::from("digraph expression {\n  rankdir=BT;\n  node [shape=box];\n");
        for node in &self.nodes {
            let formula = match node.formula.as_str() {
                "" => node.label.clone(),
                formula => format!("{} = {formula}", node.label),
            };
            let shows = self.is_numbered && self.is_walked(node.id);
            let had = if shows { self.handed(node.id) } else { node.gradient.0 };
            let (value, gradient) = (short(node.value.0), short(had));
            let right = self.right(node.id).filter(|_| shows);
            let right = right.map(|right| format!("\\nright {right}")).unwrap_or_default();
            let number = self.number(node.id).map(|number| format!("\\nwalk #{number}"));
            let number = number.unwrap_or_default();
            let label = format!("{formula}\\nvalue {value}\\ngradient {gradient}{right}{number}");
            let written = writeln!(text, "  n{} [label=\"{label}\"];", node.id);
            debug_assert!(written.is_ok());
            for (input, local) in node.inputs.iter().zip(&node.local) {
                let local = short(local.0);
                let written = writeln!(text, "  n{input} -> n{} [label=\"{local}\"];", node.id);
                debug_assert!(written.is_ok());
            }
        }
        text.push_str("}\n");
        text
    }
}
