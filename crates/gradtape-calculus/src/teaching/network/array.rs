//! Vectors and matrices that are shown number by number.

use gradtape::Tensor;
use serde::{Serialize, Serializer};

use crate::expression::short_latex;
use crate::report::{Error, Number, Result, short};

/// A vector or a matrix of f64, row by row; nested lists in JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    data: Vec<f64>,
}

impl Array {
    /// An array of one axis or two.
    ///
    /// # Errors
    /// Another number of axes, or of numbers than the shape has room for.
    pub fn new(shape: &[usize], data: Vec<f64>) -> Result<Array> {
        let room = shape.iter().try_fold(1usize, |all, &n| all.checked_mul(n));
        if !(1..=2).contains(&shape.len()) || room != Some(data.len()) {
            let message =
                format!("{} numbers do not make an array of shape {}", data.len(), size(shape));
            return Err(Error::new(message));
        }
        Ok(Array { shape: shape.to_vec(), data })
    }

    /// The length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers, row by row.
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// Numbers by position.
    pub(super) fn data_mut(&mut self) -> &mut [f64] {
        &mut self.data
    }

    /// The number of rows; a vector is one row.
    pub(super) fn rows(&self) -> usize {
        if self.shape.len() == 2 { self.shape[0] } else { 1 }
    }

    /// The length of a row.
    pub(super) fn columns(&self) -> usize {
        self.shape.last().copied().unwrap_or(0)
    }

    pub(super) fn at(&self, row: usize, column: usize) -> f64 {
        self.data.get(row * self.columns() + column).copied().unwrap_or(f64::NAN)
    }

    /// Rows for columns; a vector becomes one column.
    pub(super) fn turned(&self) -> Array {
        let (rows, columns) = (self.rows(), self.columns());
        let numbers = (0..columns).flat_map(|column| (0..rows).map(move |row| (row, column)));
        let data = numbers.map(|(row, column)| self.at(row, column)).collect();
        Array { shape: vec![columns, rows], data }
    }

    pub(super) fn tensor(&self) -> Result<Tensor> {
        let tensor = Tensor::from_vec(self.data.clone(), self.shape.clone());
        tensor.map_err(|error| Error::new(error.to_string()))
    }

    /// The rows as text, numbers below each other, long rows and columns cut.
    pub(super) fn lines(&self) -> Vec<String> {
        let columns = self.columns().min(MOST);
        let cell = |row: usize, column: usize| short(self.at(row, column));
        let rows = self.rows().min(MOST);
        let width = |column: usize| (0..rows).map(|row| cell(row, column).len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |row: usize| {
            let cells = widths.iter().enumerate().map(|(c, &w)| format!("{:>w$}", cell(row, c)));
            let cut = if self.columns() > columns { "  …" } else { "" };
            cells.collect::<Vec<_>>().join("  ") + cut
        };
        let mut lines: Vec<String> = (0..rows).map(line).collect();
        if self.rows() > rows {
            lines.push(format!("… {} rows in all", self.rows()));
        }
        lines
    }

    /// The array as a LaTeX matrix, or its shape where it is too large to read.
    pub(super) fn latex(&self) -> String {
        if self.rows() > MOST || self.columns() > MOST {
            let (rows, columns) = (self.rows(), self.columns());
            return format!(r"\left[\,{rows} \times {columns}\text{{ numbers}}\,\right]");
        }
        let row = |row: usize| {
            let cells = (0..self.columns()).map(|column| short_latex(self.at(row, column)));
            cells.collect::<Vec<_>>().join(" & ")
        };
        let rows: Vec<String> = (0..self.rows()).map(row).collect();
        format!(r"\begin{{pmatrix}} {} \end{{pmatrix}}", rows.join(r" \\ "))
    }
}

/// The most rows and columns that are shown.
const MOST: usize = 12;

/// A shape as it is written in mathematics: `(2, 1)`.
pub(super) fn size(shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("({})", lengths.join(", "))
}

impl Serialize for Array {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let numbers = |row: &[f64]| row.iter().copied().map(Number).collect::<Vec<_>>();
        match self.shape.len() {
            1 => serializer.collect_seq(numbers(&self.data)),
            _ => serializer.collect_seq(self.data.chunks(self.columns().max(1)).map(numbers)),
        }
    }
}
