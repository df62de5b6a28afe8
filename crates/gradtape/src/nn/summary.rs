//! [`summary`]: the layers of a network with shapes and counts.

use std::fmt;

use super::module::Seen;
use super::{Module, Visitor};
use crate::tensor::Shape;

/// The layers of a module, one row for each part that has parameters or buffers of its own or nothing inside.
/// The count is of parameters; buffers have a column where there are any.
///
/// ```
/// use gradtape::nn::{Activation, Sequential, summary};
/// use gradtape::Rng;
/// let net = Sequential::mlp(&[64, 32, 10], Activation::Relu, 0.0, &mut Rng::new(1))?;
/// assert_eq!(
///     summary(&net).to_string(),
///     "\
/// name  layer           parameters                  count
/// 0     Linear(64, 32)  weight [32, 64], bias [32]  2,080
/// 1     Relu                                            0
/// 2     Linear(32, 10)  weight [10, 32], bias [10]    330
///       total                                       2,410"
/// );
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn summary(module: &(impl Module + ?Sized)) -> Summary {
    let mut rows: Vec<SummaryRow> = vec![SummaryRow::new("", module.kind())];
    let mut known: Vec<u64> = Vec::new();
    module.visit(&mut Visitor::new(&mut |seen| match seen {
        Seen::Module { path, kind } => rows.push(SummaryRow::new(path, kind)),
        // Nothing to be listed.
        Seen::Dial { path, .. } => {
            retract(&mut rows, path, &["Dial", "Generator"]);
        }
        Seen::Buffer { path, buffer } => {
            let Some((row, name)) = owner(&mut rows, path) else { return };
            row.buffers.push((name, buffer.holder().meta().shape.clone()));
        }
        Seen::Parameter { path, parameter } => {
            let Some((row, name)) = owner(&mut rows, path) else { return };
            let value = parameter.value();
            let shared = known.contains(&parameter.id());
            known.push(parameter.id());
            let count = if shared { 0 } else { value.elements() };
            row.count = row.count.saturating_add(count);
            row.parameters.push((name, value.shape().clone()));
        }
    }));
    let inside = |rows: &[SummaryRow], i: usize| {
        let prefix =
            if rows[i].path.is_empty() { String::new() } else { rows[i].path.clone() + "." };
        rows.get(i + 1).is_some_and(|next| next.path.starts_with(&prefix))
    };
    let own = |row: &SummaryRow| !row.parameters.is_empty() || !row.buffers.is_empty();
    let keep: Vec<bool> = (0..rows.len()).map(|i| own(&rows[i]) || !inside(&rows, i)).collect();
    let mut keep = keep.into_iter();
    rows.retain(|_| keep.next().unwrap_or(true));
    Summary { rows }
}

/// The row that a parameter or buffer at this path belongs to, and its name there: the row of its parent, or
/// of a layer that shows it as if in its own place.
fn owner<'r>(rows: &'r mut Vec<SummaryRow>, path: &str) -> Option<(&'r mut SummaryRow, String)> {
    let (owner, name) = match retract(rows, path, &["Parameter", "Buffer"]) {
        true => path.rsplit_once('.').unwrap_or(("", path)),
        false => (path, ""),
    };
    let row = rows.iter_mut().rev().find(|row| row.path == owner)?;
    Some((row, name.to_string()))
}

/// Takes the last row back if it announced what stands at this path and is of one of these kinds, which
/// are modules without a row. Tells whether it did.
fn retract(rows: &mut Vec<SummaryRow>, path: &str, kinds: &[&str]) -> bool {
    let announced = |row: &mut SummaryRow| row.path == path && kinds.contains(&&row.kind[..]);
    !path.is_empty() && rows.pop_if(announced).is_some()
}

/// The table made by [`summary`]; `Display` prints it.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    rows: Vec<SummaryRow>,
}

/// A row of a [`Summary`].
#[derive(Clone, Debug, PartialEq)]
pub struct SummaryRow {
    /// The dotted path; empty for the module itself.
    pub path: String,
    /// What it is.
    pub kind: String,
    /// Its own parameters, by name; one that stands in the place of the module has none, "".
    pub parameters: Vec<(String, Shape)>,
    /// Its own buffers, in the same way.
    pub buffers: Vec<(String, Shape)>,
    /// The number of numbers in its parameters; those of a shared parameter count where it is first used.
    pub count: usize,
}

impl SummaryRow {
    fn new(path: &str, kind: String) -> SummaryRow {
        SummaryRow {
            path: path.to_string(),
            kind,
            parameters: Vec::new(),
            buffers: Vec::new(),
            count: 0,
        }
    }
}

/// As in `weight [3, 2], bias [3]`.
fn shapes(named: &[(String, Shape)]) -> String {
    let shapes = named.iter().map(|(name, shape)| match &name[..] {
        "" => shape.to_string(),
        name => format!("{name} {shape}"),
    });
    shapes.collect::<Vec<_>>().join(", ")
}

impl Summary {
    /// The rows in order.
    pub fn rows(&self) -> &[SummaryRow] {
        &self.rows
    }

    /// The number of numbers in all parameters.
    pub fn total(&self) -> usize {
        self.rows.iter().map(|row| row.count).fold(0, usize::saturating_add)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = |row: &SummaryRow| {
            let (parameters, buffers) = (shapes(&row.parameters), shapes(&row.buffers));
            [row.path.clone(), row.kind.clone(), parameters, buffers, thousands(row.count)]
        };
        let mut table = vec![["name", "layer", "parameters", "buffers", "count"].map(String::from)];
        table.extend(self.rows.iter().map(cells));
        table.push(["", "total", "", "", &thousands(self.total())].map(String::from));
        let width =
            |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(width);
        let any_buffers = self.rows.iter().any(|row| !row.buffers.is_empty());
        for (number, [path, kind, parameters, buffers, count]) in table.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{path:<a$}  {kind:<b$}  {parameters:<c$}  ")?;
            if any_buffers {
                write!(f, "{buffers:<d$}  ")?;
            }
            write!(f, "{count:>e$}")?;
        }
        Ok(())
    }
}

/// As in `1,234,567`.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::nn::{BatchNorm1d, Dropout, Linear, Sequential};
    use crate::tape::{Buffer, Dial, Generator, Parameter};
    use crate::tensor::{DType, Rng, Tensor};

    #[derive(Module)]
    struct Block {
        scale: Parameter,
        inner: (Arc<Linear>, Arc<Linear>),
    }

    #[test]
    fn nested_and_shared() {
        let rng = &mut Rng::new(1);
        let shared = Arc::new(Linear::new(2, 3, rng));
        let scale = Parameter::new(Tensor::zeros((), DType::F32));
        let block = Block { scale: scale.share(), inner: (Arc::clone(&shared), shared) };
        let table = summary(&block);
        let rows: Vec<_> =
            table.rows().iter().map(|row| (&row.path[..], &row.kind[..], row.count)).collect();
        let linear = "Linear(2, 3)";
        assert_eq!(rows, [("", "Block", 1), ("inner.0", linear, 9), ("inner.1", linear, 0)]);
        assert_eq!(table.total(), block.parameter_count());
        assert_eq!(summary(&scale).total(), 1);
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn buffers_have_a_column_and_do_not_count() {
        let net =
            Sequential::new().add(Linear::new(2, 3, &mut Rng::new(1))).add(BatchNorm1d::new(3));
        let text = "\
name  layer           parameters               buffers                                                    count
0     Linear(2, 3)    weight [3, 2], bias [3]                                                                 9
1     BatchNorm1d(3)  weight [3], bias [3]     running_mean [3], running_var [3], num_batches_tracked []      6
      total                                                                                                  15";
        assert_eq!(summary(&net).to_string(), text);
        let alone = summary(&Buffer::new(Tensor::zeros([3], DType::F32)));
        assert_eq!((alone.total(), alone.rows()[0].buffers.len()), (0, 1));
    }

    /// A layer that shows what is inside as if it stood in its own place.
    struct Bare<M>(Option<Linear>, M);

    impl<M: Module> Module for Bare<M> {
        fn visit(&self, visitor: &mut Visitor<'_>) {
            if let Some(linear) = &self.0 {
                visitor.child("linear", linear);
            }
            self.1.visit(visitor);
        }
    }

    fn kinds(module: &impl Module) -> Vec<(String, String, usize)> {
        let rows = summary(module).rows;
        rows.into_iter().map(|row| (row.path, row.kind, row.count)).collect()
    }

    #[test]
    fn a_layer_that_shows_what_is_inside_by_hand_keeps_its_row() {
        let row = |path: &str, kind: &str, count| (path.to_string(), kind.to_string(), count);
        let scale = || Parameter::new(Tensor::zeros([3], DType::F32));
        let generator = Generator::new(1);
        let bare = (Bare(None, generator.share()), Bare(None, Dial::new(0.0)), Bare(None, scale()));
        let rows = [row("0", "Bare", 0), row("1", "Bare", 0), row("2", "Bare", 3)];
        assert_eq!(kinds(&bare), rows);
        assert!(summary(&bare).to_string().contains("2     Bare   [3]"), "{}", summary(&bare));

        let linear = || Some(Linear::new(2, 3, &mut Rng::new(1)));
        let after = (Bare(linear(), generator), Bare(linear(), scale()));
        let line = |path| row(path, "Linear(2, 3)", 9);
        assert_eq!(kinds(&after), [line("0.linear"), row("1", "Bare", 3), line("1.linear")]);

        let direct = (Dial::new(0.0), Dropout::new(0.5, &mut Rng::new(1)), scale());
        assert_eq!(kinds(&direct), [row("", "list", 3), row("1", "Dropout(0.5)", 0)]);
    }
}
