//! The shape rules of operations on matrices.

use crate::op::{Broken, Meta, rules};
use crate::tensor::{Dims, Shape};

/// An operand of matrices of f32 or f64.
pub(crate) fn matrix(x: &Meta) -> Result<(), Broken> {
    rules::float(x)?;
    if x.dtype.is_stored_only() {
        let rule = format!("needs f32 or f64, not {}", x.dtype);
        return Err(Broken::new(rule).hint("cast the matrix to f32 first, and the result back"));
    }
    if x.shape.rank() < 2 {
        let rule = format!("needs a matrix, not {x}");
        return Err(Broken::new(rule).hint("the last two axes are its rows and columns"));
    }
    Ok(())
}

/// An operand of matrices with as many rows as columns.
pub(crate) fn square(x: &Meta) -> Result<(), Broken> {
    matrix(x)?;
    let [rows, columns] = sizes(&x.shape);
    if rows == columns {
        return Ok(());
    }
    let rule = format!("needs square matrices, not {rows} rows and {columns} columns");
    Err(Broken::new(rule).hint("pinv(), lstsq(), qr() and svd() take others"))
}

/// Square matrices, and a second operand of as many rows that goes with each of them.
pub(super) fn right_side(x: &Meta, y: &Meta) -> Result<(), Broken> {
    square(x)?;
    rules::same_type(x, y)?;
    let rows = sizes(&x.shape)[0];
    if y.shape.rank() >= 2 && sizes(&y.shape)[0] == rows && batch(&y.shape) == batch(&x.shape) {
        return Ok(());
    }
    let rule = format!("the right side of matrices {x} is {y}");
    Err(Broken::new(rule).hint(format!("it needs the same batch and {rows} rows")))
}

/// Square matrices and vectors or matrices of as many rows: the common shape of their batches, which broadcast.
pub(crate) fn solvable(x: &Meta, y: &Meta) -> Result<Shape, Broken> {
    square(x)?;
    rules::same_type(x, y)?;
    let (a, b) = (&x.shape, &y.shape);
    let rows = sizes(a)[0];
    let axis = b.rank().saturating_sub(2);
    if b.get(axis) != Some(&rows) {
        let rule = format!("the right side of matrices of {rows} rows is {y}");
        let hint =
            format!("it is a vector of {rows}, or has {rows} rows: unsqueeze(-1) adds columns");
        return Err(Broken::new(rule).hint(hint));
    }
    let of_right = Shape::from(&b[..axis]);
    Shape::from(batch(a)).broadcast(&of_right).map_err(|axis| {
        let axis = axis - 2;
        let rule = format!("batch axes of {a} and {b} do not broadcast: axis {axis} differs");
        Broken::new(rule).hint("sizes must be equal or 1, counted from the last axis")
    })
}

/// Square matrices with their factors and the order of their rows.
pub(super) fn factored(x: &[&Meta]) -> Result<(), Broken> {
    square(x[0])?;
    rules::same(x[0], x[1])?;
    rules::index(x[2])?;
    let shape = &x[0].shape;
    if x[2].shape[..] != shape[..shape.rank() - 1] {
        let rule = format!("the order of the rows of {shape} has shape {}", x[2].shape);
        return Err(Broken::new(rule).hint("one place is needed for each row, as lu() gives them"));
    }
    Ok(())
}

/// The rows and columns of the matrices of an operand.
pub(crate) fn sizes(shape: &Shape) -> [usize; 2] {
    let rank = shape.rank();
    [shape[rank - 2], shape[rank - 1]]
}

/// The sizes of the axes before those of the matrices.
pub(crate) fn batch(shape: &Shape) -> &[usize] {
    &shape[..shape.rank() - 2]
}

/// A result of so many numbers for each matrix.
pub(super) fn packed(x: &Meta, numbers: usize) -> Result<Meta, Broken> {
    let mut dims = Dims::from_slice(batch(&x.shape));
    dims.push(numbers);
    rules::countable(Meta::new(x.dtype, dims))
}
