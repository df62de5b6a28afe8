//! Backpropagation through a network as text for a terminal.

use std::fmt;

use super::array::{Array, size};
use super::backpropagation::Backpropagation;
use crate::report::{plural, short, table};

/// More components than this are not listed one by one.
pub(super) const MOST: usize = 40;

/// What the other convention is.
pub(super) const COLUMNS: &str = "The same with columns: an example is a column, z = W · x + b, and W is (units, inputs), \
     the transpose of W above";

impl fmt::Display for Backpropagation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        writeln!(f, "\nGiven")?;
        let given = [("x", &self.x), ("t", &self.target)];
        let weights = self.weights.0.iter().map(|(name, array)| (name.as_str(), array));
        for (name, array) in given.into_iter().chain(weights) {
            writeln!(f, "  {name}   {}", size(array.shape()))?;
            rows(f, array)?;
        }
        writeln!(f, "\nForward")?;
        for step in &self.forward {
            writeln!(f, "  {} = {}   {}", step.name, step.formula.text, step.shapes)?;
            rows(f, &step.value)?;
        }
        writeln!(f, "  {}", self.loss_formula.text)?;
        writeln!(f, "  {}", self.loss_numbers)?;
        writeln!(
            f,
            "\nBackward   (places count from 1; a Jacobian has a row for each number above, a column for each below)"
        )?;
        for step in &self.backward {
            writeln!(f, "  {}", step.matrices.text)?;
            writeln!(f, "      shapes      {}", step.shapes)?;
            let jacobian = &step.jacobian;
            let (name, shape) = (&jacobian.name, size(&jacobian.shape));
            writeln!(f, "      Jacobian    {name} {shape}: {}", jacobian.formula)?;
            for line in jacobian.matrix().iter().flat_map(Array::lines) {
                writeln!(f, "                  {line}")?;
            }
            writeln!(f, "      components  {}", step.components.text)?;
            writeln!(f, "      numbers     {}", step.numbers)?;
            if let Some(remark) = &step.remark {
                writeln!(f, "      {remark}")?;
            }
            rows(f, &step.value)?;
        }
        writeln!(f, "\n{COLUMNS}")?;
        for step in &self.columns {
            writeln!(f, "  {} = {}   {}", step.name, step.formula.text, step.shapes)?;
            if step.name.starts_with("dL/dW") {
                rows(f, &step.value)?;
            }
        }
        writeln!(f, "\nGradients: the tape beside differences of the loss")?;
        f.write_str(&self.side_by_side())?;
        writeln!(f, "  largest difference {}", short(self.largest_difference.0))?;
        writeln!(f, "\n{}", self.batch_title())?;
        for line in &self.batch {
            writeln!(f, "  {line}")?;
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

impl Backpropagation {
    /// What the network is, in one line.
    pub(super) fn title(&self) -> String {
        let sizes: Vec<String> = self.network.iter().map(usize::to_string).collect();
        let activations: Vec<&str> = self.activations.iter().map(|a| a.name()).collect();
        format!(
            "Network {}   activations {}, loss {}, {}",
            sizes.join(" → "),
            activations.join(", "),
            self.loss.name(),
            plural(self.examples, "example")
        )
    }

    pub(super) fn batch_title(&self) -> String {
        match self.examples {
            1 => "With a batch of n examples".to_string(),
            n => format!("What the batch of {n} changes"),
        }
    }

    /// Every component of the gradients, from the tape and from differences.
    pub(super) fn components(&self) -> impl Iterator<Item = (String, f64, f64)> {
        let pairs = self.gradient.0.iter().zip(self.numeric.values());
        pairs.flat_map(|((name, automatic), numeric)| {
            automatic.data().iter().zip(numeric.data()).enumerate().map(move |(i, (&a, &n))| {
                let (row, column) = (i / automatic.columns() + 1, i % automatic.columns() + 1);
                let place = match automatic.shape().len() {
                    2 => format!("{name}[{row},{column}]"),
                    _ => format!("{name}[{column}]"),
                };
                (place, a, n)
            })
        })
    }

    fn side_by_side(&self) -> String {
        let mut cells = vec![["", "automatic", "numeric"].map(str::to_string).to_vec()];
        let count = self.components().count();
        for (place, automatic, numeric) in self.components().take(MOST) {
            cells.push(vec![format!("dL/d{place}"), short(automatic), short(numeric)]);
        }
        if count > MOST {
            cells.push(vec![format!("… {count} in all")]);
        }
        table(&cells)
    }
}

fn rows(f: &mut fmt::Formatter<'_>, array: &Array) -> fmt::Result {
    array.lines().iter().try_for_each(|line| writeln!(f, "      {line}"))
}
