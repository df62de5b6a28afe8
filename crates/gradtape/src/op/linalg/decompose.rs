//! Running a decomposition on each matrix of a batch.

use std::borrow::Cow;

use faer::MatRef;
use smallvec::SmallVec;

use super::{batch, sizes};
use crate::op::{Numbers, NumbersMut, value_error, with_number};
use crate::tensor::{Element, Error, Result, Shape};

/// Why a matrix has no decomposition, as in "the matrix … is singular", and what would mend it.
pub(super) struct Failure {
    what: String,
    hint: &'static str,
}

impl Failure {
    pub(super) fn new(what: impl Into<String>, hint: &'static str) -> Failure {
        Failure { what: what.into(), hint }
    }

    /// The error of matrix number `item` of a batch.
    fn of(self, op: &str, batch: &[usize], item: usize) -> Error {
        let which = match batch {
            [] => "the matrix".to_owned(),
            [_] => format!("matrix {item} of the batch"),
            _ => {
                let shape = Shape::from(batch);
                let steps = shape.strides();
                let at: Vec<usize> =
                    steps.iter().zip(batch).map(|(step, size)| item / step % size).collect();
                format!("matrix {at:?} of the batch")
            }
        };
        value_error(format!("{op}: {which} {}", self.what)).hint(self.hint)
    }
}

/// Computes what belongs to each matrix of a batch from the matrices of all operands, in f64; it is rounded in
/// the end. Nothing is written where one of them fails.
pub(super) fn each(
    op: &str,
    x: &[Numbers<'_>],
    out: NumbersMut<'_>,
    mut run: impl FnMut(&[MatRef<'_, f64>], &mut [f64]) -> Result<(), Failure>,
) -> Result<()> {
    let elements = out.shape().elements();
    if elements == 0 {
        return Ok(());
    }
    let batch = batch(x[0].shape());
    let size = elements / batch.iter().product::<usize>();
    let numbers = x.iter().map(wide).collect::<Result<SmallVec<[Cow<'_, [f64]>; 3]>>>()?;
    let mut values = vec![0.0; elements];
    for (item, values) in values.chunks_mut(size).enumerate() {
        let both = numbers.iter().zip(x);
        let matrices: SmallVec<[MatRef<'_, f64>; 3]> =
            both.map(|(numbers, x)| part(numbers, x.shape(), item)).collect();
        run(&matrices, values).map_err(|failure| failure.of(op, batch, item))?;
    }
    with_number!(out.dtype(), T => {
        let out = out.elements::<T>()?.iter_mut();
        out.zip(values).for_each(|(out, value)| *out = T::from_f64(value));
    });
    Ok(())
}

/// The elements as f64.
fn wide<'a>(x: &Numbers<'a>) -> Result<Cow<'a, [f64]>> {
    match x.as_slice::<f64>() {
        Some(x) => Ok(Cow::Borrowed(x)),
        None => Ok(
            with_number!(x.dtype(), T => x.elements::<T>()?.iter().map(|x| x.to_f64()).collect()),
        ),
    }
}

/// Matrix number `item` of a batch.
fn part<'a>(numbers: &'a [f64], shape: &Shape, item: usize) -> MatRef<'a, f64> {
    let [rows, columns] = sizes(shape);
    let size = rows * columns;
    MatRef::from_row_major_slice(&numbers[item * size..][..size], rows, columns)
}

/// Fails where an element that is read is not finite.
pub(super) fn finite(
    x: MatRef<'_, f64>,
    read: impl Fn(usize, usize) -> bool,
) -> Result<(), Failure> {
    for i in 0..x.nrows() {
        for j in 0..x.ncols() {
            if read(i, j) && !x[(i, j)].is_finite() {
                let what = format!("has {} in row {i}, column {j}", x[(i, j)]);
                return Err(Failure::new(what, "Mode::Checked tells where such a number arises"));
            }
        }
    }
    Ok(())
}

/// Of a search for eigenvalues or singular values that did not end.
pub(super) fn not_found() -> Failure {
    let hint = "numbers near the largest or the smallest that there are can do that: scale it";
    Failure::new("has values that were not found", hint)
}

/// Writes a matrix by rows.
pub(super) fn write(x: MatRef<'_, f64>, out: &mut [f64]) {
    let columns = x.ncols();
    for (i, row) in out.chunks_mut(columns.max(1)).enumerate().take(x.nrows()) {
        row.iter_mut().enumerate().for_each(|(j, out)| *out = x[(i, j)]);
    }
}

/// The sign of each column's first element that is not small beside its largest. Vectors that are known up to
/// their sign are multiplied by it, so that it changes with the matrix nowhere but where that element vanishes.
pub(super) fn orient(x: MatRef<'_, f64>) -> Vec<f64> {
    let sign = |j: usize| {
        let column = || (0..x.nrows()).map(|i| x[(i, j)]);
        let small = column().fold(0.0f64, |most, x| most.max(x.abs())) / 1024.0;
        column().find(|x| x.abs() > small).map_or(1.0, f64::signum)
    };
    (0..x.ncols()).map(sign).collect()
}
