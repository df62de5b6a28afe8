//! [`EmbedColumns`]: vectors in the place of columns of 0 and 1.

use serde::{Deserialize, Serialize};

use super::fit::{check_float, misfit, setting};
use super::spec::float;
use super::{Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Error, Result, Rng};

/// Vectors in the place of columns of 0 and 1, for rows `[n, inputs]` in which a category of many is a 1 among zeros. Each
/// stretch of such columns is replaced by the row of its category in a table, of no category by zeros; the other numbers
/// stay as they are, all in their order. Guo and Berkhahn 2016.
///
/// ```
/// use gradtape::nn::{EmbedColumns, EmbeddedColumns};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// // Rows of a number, one of three categories, and a number.
/// let kinds = EmbeddedColumns { start: 1, count: 3, width: 2 };
/// let layer = EmbedColumns::new(5, &[kinds], DType::F32, &mut Rng::new(1))?;
/// let tape = Tape::new();
/// let rows = [[0.5f32, 0.0, 1.0, 0.0, 7.0], [0.5, 0.0, 0.0, 0.0, 7.0]];
/// let y = layer.forward(tape.constant(Tensor::from(rows))).value()?;
/// assert_eq!(y.shape()[..], [2, 4]);
/// let table = layer.tables[0].value().to_f64_vec();
/// assert_eq!(y.to_f64_vec(), [0.5, table[2], table[3], 7.0, 0.5, 0.0, 0.0, 7.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EmbedColumns {
    inputs: usize,
    /// Where each stretch begins.
    starts: Vec<usize>,
    /// The table of each stretch, `[count, width]`.
    pub tables: Vec<Parameter>,
}

/// A stretch of columns that [`EmbedColumns`] replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedColumns {
    /// The first column.
    pub start: usize,
    /// How many columns, one for each category.
    pub count: usize,
    /// How many numbers a vector has.
    pub width: usize,
}

impl EmbedColumns {
    /// A layer for rows of so many numbers, with tables that are normal with mean 0 and standard deviation 1.
    ///
    /// Fails for stretches that are empty, not within the row or not in order, vectors without numbers, an element type
    /// that is no float, and sizes that memory cannot hold.
    pub fn new(
        inputs: usize,
        columns: &[EmbeddedColumns],
        dtype: DType,
        rng: &mut Rng,
    ) -> Result<EmbedColumns> {
        EmbedColumns::filled(inputs, columns, dtype, Init::Normal { mean: 0.0, std: 1.0 }, rng)
    }

    fn filled(
        inputs: usize,
        columns: &[EmbeddedColumns],
        dtype: DType,
        init: Init,
        rng: &mut Rng,
    ) -> Result<EmbedColumns> {
        let name = format!("embedded columns of {inputs}");
        check_float(&name, dtype)?;
        check(&name, inputs, columns)?;
        let table = |own: &EmbeddedColumns| {
            let fans = [own.count as f64, own.width as f64];
            let made = init.fill([own.count, own.width], fans[0], fans[1], dtype, rng);
            made.map(Parameter::new).map_err(|error| error.context(&name))
        };
        let tables = columns.iter().map(table).collect::<Result<_>>()?;
        Ok(EmbedColumns { inputs, starts: columns.iter().map(|own| own.start).collect(), tables })
    }

    /// The stretches that are replaced.
    pub fn columns(&self) -> Vec<EmbeddedColumns> {
        let stretch = |(&start, table): (&usize, &Parameter)| {
            let shape = table.read().shape().clone();
            EmbeddedColumns { start, count: shape[0], width: shape[1] }
        };
        self.starts.iter().zip(&self.tables).map(stretch).collect()
    }

    /// Width of the input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Width of the output.
    pub fn outputs(&self) -> usize {
        let columns = self.columns();
        let [gone, new] =
            columns.iter().fold([0, 0], |[gone, new], own| [gone + own.count, new + own.width]);
        self.inputs - gone + new
    }

    /// Records the rows with vectors in them, of `x`, `[n, inputs]`.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("EmbedColumns"));
        let tables: Vec<Var<'t>> = self.tables.iter().map(|own| tape.parameter(own)).collect();
        let Some(first) = tables.first() else { return x };
        let (input, dtype) = (x.meta(), first.meta().dtype);
        let fits = input.shape.rank() == 2 && input.shape[1] == self.inputs;
        if x.check().is_ok() && (!fits || input.dtype != dtype) {
            let takes = format!("rows of {} numbers", self.inputs);
            let hint = "each example is one row, with a column of 0 and 1 for each category";
            return x.failed(misfit("embed_columns", takes, dtype, &input, hint), &[x, *first]);
        }
        let (mut parts, mut at) = (Vec::new(), 0);
        for (EmbeddedColumns { start, count, .. }, table) in self.columns().into_iter().zip(tables)
        {
            if start > at {
                parts.push(x.slice_step(1, at, start, 1));
            }
            at = start + count;
            parts.push(x.slice_step(1, start, at, 1).matmul(table));
        }
        if at < self.inputs {
            parts.push(x.slice_step(1, at, self.inputs, 1));
        }
        let (first, rest) = (parts[0], &parts[1..]);
        if rest.is_empty() { first } else { first.concat(rest, 1) }
    }
}

/// Fails for stretches that no row has.
fn check(name: &str, inputs: usize, columns: &[EmbeddedColumns]) -> Result<()> {
    let wrong = |rule: String| -> Result<(), Error> { Err(setting(name, rule)) };
    if columns.is_empty() {
        return wrong("it has 0 stretches, but needs at least 1".to_string());
    }
    let mut free = 0;
    for &EmbeddedColumns { start, count, width } in columns {
        let end = start.checked_add(count).filter(|end| *end <= inputs);
        match end {
            Some(end) if start >= free && count > 0 && width > 0 => free = end,
            _ => {
                return wrong(format!(
                    "{count} columns from {start} on become {width} numbers, but stretches are in order, within the row and \
                     not empty"
                ));
            }
        }
    }
    Ok(())
}

impl Module for EmbedColumns {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        for (number, table) in self.tables.iter().enumerate() {
            visitor.child(&number.to_string(), table);
        }
    }

    fn kind(&self) -> String {
        format!("EmbedColumns({}, {})", self.inputs, self.outputs())
    }
}

impl Layer for EmbedColumns {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        EmbedColumns::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let dtype = self.tables.first()?.read().dtype().to_string();
        Some(EmbedColumnsSpec { inputs: self.inputs, columns: self.columns(), dtype }.into())
    }
}

/// An [`EmbedColumns`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedColumnsSpec {
    /// Width of the input.
    pub inputs: usize,
    /// The stretches that are replaced, in order.
    pub columns: Vec<EmbeddedColumns>,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl Spec for EmbedColumnsSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let usual = Init::Normal { mean: 0.0, std: 1.0 };
        let init = if init == Init::Zeros { init } else { usual };
        let dtype = float(&self.dtype)?;
        Ok(Box::new(EmbedColumns::filled(self.inputs, &self.columns, dtype, init, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        check(&format!("embedded columns of {}", self.inputs), self.inputs, &self.columns)?;
        let dtype = float(&self.dtype)?;
        let kept = |(number, own): (usize, &EmbeddedColumns)| {
            Kept::parameter(&number.to_string(), Meta::new(dtype, [own.count, own.width]))
        };
        Ok(self.columns.iter().enumerate().map(kept).collect())
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let column = |start, count, width| EmbeddedColumns { start, count, width };
        let sample = |inputs, columns: &[EmbeddedColumns], dtype: &str| {
            (
                EmbedColumnsSpec { inputs, columns: columns.to_vec(), dtype: dtype.into() },
                vec![2, inputs],
            )
        };
        vec![
            sample(7, &[column(1, 3, 2), column(4, 2, 1)], "f32"),
            sample(3, &[column(0, 3, 5)], "f64"),
        ]
    }
}
