//! Backpropagation through a network as Markdown with LaTeX.

use super::array::size;
use super::backpropagation::Backpropagation;
use super::style::Style;
use super::text::{COLUMNS, MOST};
use crate::expression::short_latex;
use crate::report::short;

impl Backpropagation {
    /// The same as a Markdown document whose formulas are LaTeX between dollar signs.
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n## Given\n", self.title());
        let given = [("x", &self.x), ("t", &self.target)];
        let weights = self.weights.0.iter().map(|(name, array)| (name.as_str(), array));
        for (name, array) in given.into_iter().chain(weights) {
            text += &format!("\n$${} = {}$$\n", Style::Latex.name(name), array.latex());
        }
        text += "\n## Forward\n";
        for step in &self.forward {
            text += &format!(
                "\n$${} = {} = {}$$\n\nShapes: {}.\n",
                Style::Latex.name(&step.name),
                step.formula.latex,
                step.value.latex(),
                step.shapes
            );
        }
        let value = short_latex(self.value.0);
        text +=
            &format!("\n$${} = {value}$$\n\n`{}`\n", self.loss_formula.latex, self.loss_numbers);
        text += "\n## Backward\n\nPlaces count from 1.\n";
        for step in &self.backward {
            text += &format!(
                "\n### `{}`\n\n$${}$$\n\n$${} = {}$$\n\n",
                step.name,
                step.components.latex,
                step.matrices.latex,
                step.value.latex()
            );
            text += &format!("- Shapes: {}.\n", step.shapes);
            let (name, shape) = (&step.jacobian.name, size(&step.jacobian.shape));
            text += &format!("- Jacobian `{name}` {shape}: {}.\n", step.jacobian.formula);
            if let Some(matrix) = step.jacobian.matrix() {
                text += &format!("\n$${}$$\n\n", matrix.latex());
            }
            text += &format!("- `{}`\n", step.numbers);
            if let Some(remark) = &step.remark {
                text += &format!("- {remark}.\n");
            }
        }
        text += &format!("\n## In columns\n\n{COLUMNS}.\n\n");
        for step in &self.columns {
            let name = match step.name.strip_prefix("dL/d") {
                Some(by) => Style::Latex.loss(&Style::Latex.name(by)),
                None => Style::Latex.name(&step.name),
            };
            text += &format!("$${name} = {}$$\n\nShapes: {}.\n\n", step.formula.latex, step.shapes);
        }
        text += "## Gradients: the tape beside differences of the loss\n\n\
                 | | automatic | numeric |\n| --- | ---: | ---: |\n";
        for (place, automatic, numeric) in self.components().take(MOST) {
            text += &format!("| `dL/d{place}` | {} | {} |\n", short(automatic), short(numeric));
        }
        let count = self.components().count();
        if count > MOST {
            text += &format!("| … {count} in all | | |\n");
        }
        text += &format!("\nLargest difference: {}.\n", short(self.largest_difference.0));
        text += &format!("\n## {}\n\n", self.batch_title());
        for line in &self.batch {
            text += &format!("- {line}\n");
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
