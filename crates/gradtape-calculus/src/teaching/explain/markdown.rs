//! An explanation as Markdown with LaTeX.

use super::explanation::{Explanation, Symbolic};
use super::text::STATIC;
use crate::expression::{latex_matrix, latex_name, latex_point, latex_row, short_latex};
use crate::report::short;

impl Explanation {
    /// The explanation as a Markdown document whose formulas are LaTeX between dollar signs.
    pub fn markdown(&self) -> String {
        let mut text = format!("# ${}$\n", self.latex);
        let value = short_latex(self.value.0);
        text += &match self.at.0.is_empty() {
            true => format!("\nThe value is ${value}$.\n"),
            false => format!("\nAt ${}$ the value is ${value}$.\n", latex_point(&self.at)),
        };
        text += "\n## Forward and backward\n\n| node | operation | value | gradient |\n| --- | --- | ---: | ---: |\n";
        for node in &self.nodes {
            let formula = if node.formula.is_empty() { node.op } else { &node.formula };
            let (value, gradient) = (short(node.value.0), short(node.gradient.0));
            text += &format!("| `{}` | `{formula}` | {value} | {gradient} |\n", node.label);
        }
        text += "\n## The chain rule, step by step\n\n";
        let uses = self.use_counts();
        for (number, line) in self.backward.iter().enumerate() {
            let fork = if uses[line.node] > 1 { " (fork: gradients add)" } else { "" };
            text += &format!("{}. ${}${fork}\n", number + 1, line.latex);
        }
        if !self.gradient.0.is_empty() {
            text += "\n## Three ways to differentiate\n\n| | automatic | numeric | symbolic |\n| --- | ---: | ---: | --- |\n";
        }
        for (name, gradient) in &self.gradient.0 {
            let numeric = self.numeric.get(name).map_or(f64::NAN, |number| number.0);
            let symbolic = match self.symbolic.get(name) {
                Some(Symbolic::Found { latex, value, .. }) => {
                    format!("${latex} = {}$", short_latex(value.0))
                }
                Some(Symbolic::Refused { refused }) => refused.clone(),
                None => String::new(),
            };
            text += &format!(
                "| $\\partial / \\partial {}$ | {} | {} | {symbolic} |\n",
                latex_name(name),
                short(gradient.0),
                short(numeric)
            );
        }
        if !self.gradient.0.is_empty() {
            text += &format!("\n{}.\n", STATIC.replacen('s', "S", 1));
        }
        if let Some(hessian) = &self.hessian {
            let rows = hessian.values().map(|row| latex_row(row.values()));
            text += &format!("\n## Hessian\n\n$$\n{}\n$$\n", latex_matrix(rows));
        }
        if !self.notes.is_empty() {
            text += "\n## Notes\n\n";
            for note in &self.notes {
                text += &format!("- {note}\n");
            }
        }
        text
    }
}
