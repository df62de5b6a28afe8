//! An explanation as text for a terminal.

use std::fmt;

use super::explanation::{Explanation, Line, Symbolic};
use crate::report::{Number, short, table};

/// Longer graphs are not drawn as a tree.
const MAX_TREE: usize = 200;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expression)?;
        if !self.at.0.is_empty() {
            write!(f, "   at {}", self.at.equations())?;
        }
        writeln!(f, "\n\nGraph")?;
        self.tree(f)?;
        writeln!(f, "\nForward")?;
        for line in &self.forward {
            writeln!(f, "  {}", line.text)?;
        }
        writeln!(f, "\nBackward")?;
        let uses = self.use_counts();
        for Line { node, text, .. } in &self.backward {
            let fork = if uses[*node] > 1 { FORK } else { "" };
            writeln!(f, "  {text}{fork}")?;
        }
        if !self.at.0.is_empty() {
            writeln!(f, "\nDerivatives")?;
            f.write_str(&self.derivatives())?;
            writeln!(f, "  {STATIC}")?;
        }
        if let Some(hessian) = &self.hessian {
            writeln!(f, "\nHessian")?;
            let mut rows = vec![vec![String::new()]];
            rows[0].extend(hessian.0.iter().map(|(name, _)| name.clone()));
            for (name, row) in &hessian.0 {
                let values = row.values().map(|value| short(value.0));
                rows.push(std::iter::once(name.clone()).chain(values).collect());
            }
            f.write_str(&table(&rows))?;
        }
        if !self.notes.is_empty() {
            writeln!(f, "\nNotes")?;
            for note in &self.notes {
                writeln!(f, "  {note}")?;
            }
        }
        Ok(())
    }
}

/// Marks a line on which gradients add.
const FORK: &str = "   ⊕ fork: gradients add";

/// What the three ways can do.
pub(super) const STATIC: &str = "symbolic handles static expressions only; automatic, on the tape, \
                                 loops and branches too";

impl Explanation {
    fn derivatives(&self) -> String {
        let mut rows =
            vec![["", "automatic", "numeric", "symbolic", ""].map(str::to_string).into()];
        for (name, gradient) in &self.gradient.0 {
            let number = |value: Option<&Number>| value.map_or(String::new(), |v| short(v.0));
            let (value, expression) = match self.symbolic.get(name) {
                Some(Symbolic::Found { expression, value, .. }) => {
                    (short(value.0), format!("= {expression}"))
                }
                Some(Symbolic::Refused { refused }) => ("-".to_string(), format!("({refused})")),
                None => Default::default(),
            };
            let numeric = number(self.numeric.get(name));
            rows.push(vec![format!("d/d{name}"), short(gradient.0), numeric, value, expression]);
        }
        table(&rows)
    }

    /// The graph as a tree from the result down. A node that was shown already is named only.
    fn tree(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nodes.len() > MAX_TREE {
            return writeln!(f, "  {} nodes", self.nodes.len());
        }
        let Some(root) = self.backward.first().map(|line| line.node) else { return Ok(()) };
        let mut shown = vec![false; self.nodes.len()];
        let mut todo = vec![(root, String::new(), String::new())];
        while let Some((id, before, below)) = todo.pop() {
            let node = &self.nodes[id];
            let again = std::mem::replace(&mut shown[id], true) && !node.inputs.is_empty();
            let formula = match node.formula.as_str() {
                "" => String::new(),
                formula => format!(" = {formula}"),
            };
            let see = if again { " (above)" } else { "" };
            writeln!(
                f,
                "  {before}{}{formula}   value {}, gradient {}{see}",
                node.label,
                short(node.value.0),
                short(node.gradient.0)
            )?;
            if again {
                continue;
            }
            for (number, &input) in node.inputs.iter().enumerate().rev() {
                let last = number + 1 == node.inputs.len();
                let (turn, rest) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                todo.push((input, format!("{below}{turn}"), format!("{below}{rest}")));
            }
        }
        Ok(())
    }
}
