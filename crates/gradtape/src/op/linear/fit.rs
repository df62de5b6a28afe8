//! Which operands have products.

use crate::op::{Broken, Meta, rules};
use crate::tensor::Shape;

/// Whether elements of two operands can be multiplied and summed.
pub(crate) fn factors(x: &Meta, y: &Meta) -> Result<(), Broken> {
    rules::float(x)?;
    rules::same_type(x, y)
}

/// Whether two operands have a matrix product; a vector stands for a row on the left, for a column on the
/// right.
pub(crate) fn matmul_fits(x: &Meta, y: &Meta) -> Result<(), Broken> {
    factors(x, y)?;
    let (a, b) = (&x.shape, &y.shape);
    if a.rank() == 0 || b.rank() == 0 {
        let rule = format!("needs operands of at least one axis, not {x} and {y}");
        return Err(Broken::new(rule).hint("multiply by a single number with `*`"));
    }
    let inner = b.rank().saturating_sub(2);
    if a[a.rank() - 1] != b[inner] {
        let (k, l) = (a[a.rank() - 1], b[inner]);
        let axis = if b.rank() == 1 { -1 } else { -2 };
        let rule = format!(
            "inner sizes differ: axis -1 of the left is {k}, axis {axis} of the right is {l}"
        );
        let turned = b.rank() > 1 && b[b.rank() - 1] == k;
        let hint =
            if turned { "transpose the right operand with t()" } else { "they must be equal" };
        return Err(Broken::new(rule).hint(hint));
    }
    if a.rank() <= 2 || b.rank() <= 2 {
        return Ok(());
    }
    let batch = |shape: &Shape| Shape::from(&shape[..shape.rank().saturating_sub(2)]);
    match batch(a).broadcast(&batch(b)) {
        Ok(_) => Ok(()),
        Err(axis) => {
            let axis = axis - 2;
            let rule = format!("batch axes of {a} and {b} do not broadcast: axis {axis} differs");
            Err(Broken::new(rule).hint("sizes must be equal or 1, counted from the last axis"))
        }
    }
}
