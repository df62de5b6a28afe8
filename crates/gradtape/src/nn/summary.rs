//! [`summary`]: the layers of a network with shapes and counts.

use std::fmt;

use std::sync::Arc;

use super::module::Seen;
use super::{Layer, Module, Visitor};
use crate::tape::{Gave, Part, Place, Tape, Var};
use crate::tensor::{Result, Shape, Tensor};

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
///
/// [`summary_for`] tells for an input what shape each layer gives.
pub fn summary(module: &(impl Module + ?Sized)) -> Summary {
    Listed::of(module).summary
}

/// As [`summary()`], with the shape of what each layer gives for an input such as `x`, whose numbers do not matter: nothing is
/// computed. The layers are those of a prediction.
///
/// ```
/// use gradtape::nn::{Activation, Sequential, summary_for};
/// use gradtape::{DType, Rng, Tensor};
/// let net = Sequential::mlp(&[64, 32, 10], Activation::Relu, 0.0, &mut Rng::new(1))?;
/// assert_eq!(
///     summary_for(&net, &Tensor::zeros([1, 64], DType::F32))?.to_string(),
///     "\
/// name  layer           output   parameters                  count
/// 0     Linear(64, 32)  [1, 32]  weight [32, 64], bias [32]  2,080
/// 1     Relu            [1, 32]                                  0
/// 2     Linear(32, 10)  [1, 10]  weight [10, 32], bias [10]    330
///       total                                                2,410"
/// );
/// let error = summary_for(&net, &Tensor::zeros([1, 28, 28], DType::F32)).unwrap_err();
/// assert!(error.message().contains("64 features in f32, but the input is f32[1, 28, 28]"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// A layer that is called with inputs of several shapes has them all. One that is not called has none, nor has one in a struct
/// of your own without parameters, such as a [`Relu`](super::Relu), as a recording does not know its name; in a
/// [`Sequential`](super::Sequential) it has, and a [`Dropout`](super::Dropout) has wherever it is.
///
/// Fails where the layers do not take `x`, and says which one.
#[doc(alias("torchinfo", "output_shape", "input_size"))]
#[track_caller]
pub fn summary_for(layer: &(impl Layer + ?Sized), x: &Tensor) -> Result<Summary> {
    summary_with(layer, |tape| layer.forward(tape.constant(x)))
}

/// As [`summary_for`], of a module that takes other values than one, from what records it on a tape.
///
/// ```
/// use gradtape::nn::{TransformerDecoderLayer, summary_with};
/// use gradtape::{DType, Rng, Tensor};
/// let layer = TransformerDecoderLayer::new(8, 2, &mut Rng::new(1))?;
/// let summary = summary_with(&layer, |tape| {
///     let [target, memory] = [3, 5].map(|n| tape.constant(Tensor::zeros([1, n, 8], DType::F32)));
///     layer.forward(target, memory)
/// })?;
/// let row = summary.rows().iter().find(|row| row.path == "linear1").unwrap();
/// assert_eq!(row.outputs[0][..], [1, 3, 2048]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn summary_with(
    module: &(impl Module + ?Sized),
    forward: impl for<'t> FnOnce(&'t Tape) -> Var<'t>,
) -> Result<Summary> {
    // Errors name layers by their paths once these were listed.
    module.named_parameters();
    let mut listed = Listed::of(module);
    let tape = Tape::inference();
    tape.watch_parts();
    let _call = tape.within(Part::Call);
    let y = forward(&tape);
    y.check()?;
    listed.give(tape.given());
    if let Some(whole) = listed.summary.rows.iter_mut().find(|row| row.path.is_empty()) {
        whole.outputs = vec![y.shape()];
    }
    Ok(listed.summary)
}

/// The rows of a module, and what tells them in a recording.
struct Listed {
    summary: Summary,
    /// The identities of parameters with the paths of the rows that they are in.
    parameters: Vec<(u64, String)>,
    /// Those of dials, in the same way.
    dials: Vec<(usize, String)>,
    /// The names of parts that hold others, with their paths here.
    names: Vec<(Arc<str>, String)>,
}

impl Listed {
    fn of(module: &(impl Module + ?Sized)) -> Listed {
        let mut listed = Listed {
            summary: Summary { rows: Vec::new() },
            parameters: Vec::new(),
            dials: Vec::new(),
            names: Vec::new(),
        };
        listed.summary.rows = listed.rows(module);
        listed
    }

    /// Takes over what parts of a recording gave; what was said is known better than what was recorded last.
    fn give(&mut self, Gave { said, recorded }: Gave) {
        let mut told = Vec::new();
        for given in [said, recorded] {
            for (place, meta) in given {
                let paths = self.paths(&place);
                let rows =
                    self.summary.rows.iter_mut().filter(|row| {
                        paths.contains(&row.path) && row.kind.starts_with(place.kind())
                    });
                for row in rows.filter(|row| !told.contains(&row.path)) {
                    if !row.outputs.contains(&meta.shape) {
                        row.outputs.push(meta.shape.clone());
                    }
                }
            }
            let rows = self.summary.rows.iter().filter(|row| !row.outputs.is_empty());
            told = rows.map(|row| row.path.clone()).collect();
        }
    }

    /// Where in the module a place may be.
    fn paths(&self, place: &Place) -> Vec<String> {
        match place {
            Place::Layer(_, id) => {
                let own = self.parameters.iter().filter(|(own, _)| own == id);
                own.map(|(_, path)| path.clone()).collect()
            }
            Place::Drawing(_, id) => {
                let own = self.dials.iter().filter(|(own, _)| own == id);
                own.map(|(_, path)| path.clone()).collect()
            }
            Place::Part(whole, part) => {
                let own = self.names.iter().filter(|(name, _)| Arc::ptr_eq(name, whole));
                own.map(|(_, path)| join(path, part)).collect()
            }
        }
    }

    /// The rows; takes over what tells them.
    fn rows(&mut self, module: &(impl Module + ?Sized)) -> Vec<SummaryRow> {
        let Listed { parameters: owned, dials, names, .. } = self;
        let mut rows: Vec<SummaryRow> = vec![SummaryRow::new("", module.kind())];
        let mut known: Vec<u64> = Vec::new();
        module.visit(&mut Visitor::new(&mut |seen| match seen {
            Seen::Module { path, kind } => rows.push(SummaryRow::new(path, kind)),
            Seen::Name { path, name } => {
                names.extend(name.get().map(|name| (name, path.to_string())))
            }
            // It has no row of its own.
            Seen::Dial { path, dial } => {
                let own = match retract(&mut rows, path, &["Dial", "Generator"]) {
                    true => path.rsplit_once('.').map_or("", |(own, _)| own),
                    false => path,
                };
                dials.push((dial.id(), own.to_string()));
            }
            Seen::Buffer { path, buffer } => {
                let Some((row, name)) = owner(&mut rows, path) else { return };
                row.buffers.push((name, buffer.holder().meta().shape.clone()));
            }
            Seen::Parameter { path, parameter } => {
                let Some((row, name)) = owner(&mut rows, path) else { return };
                owned.push((parameter.id(), row.path.clone()));
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
        rows
    }
}

fn join(path: &str, part: &str) -> String {
    if path.is_empty() { part.to_string() } else { format!("{path}.{part}") }
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
    /// The shapes of what it gives, each once; none without an input: see [`summary_for`].
    pub outputs: Vec<Shape>,
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
            outputs: Vec::new(),
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
        let any = |has: fn(&SummaryRow) -> bool| self.rows.iter().any(has);
        let shown = [
            true,
            true,
            any(|row| !row.outputs.is_empty()),
            true,
            any(|row| !row.buffers.is_empty()),
            true,
        ];
        let cells = |row: &SummaryRow| {
            let outputs = row.outputs.iter().map(Shape::to_string).collect::<Vec<_>>().join(", ");
            let (parameters, buffers) = (shapes(&row.parameters), shapes(&row.buffers));
            let count = thousands(row.count);
            [row.path.clone(), row.kind.clone(), outputs, parameters, buffers, count]
        };
        let head = ["name", "layer", "output", "parameters", "buffers", "count"];
        let mut table = vec![head.map(String::from)];
        table.extend(self.rows.iter().map(cells));
        table.push(["", "total", "", "", "", &thousands(self.total())].map(String::from));
        let width =
            |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        for (number, row) in table.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            for column in (0..5).filter(|&column| shown[column]) {
                write!(f, "{:<1$}  ", row[column], widths[column])?;
            }
            write!(f, "{:>1$}", row[5], widths[5])?;
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
mod tests;
