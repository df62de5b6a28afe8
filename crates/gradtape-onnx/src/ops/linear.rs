//! Products.

use gradtape::{DType, Result, Var};

use super::Table;
use crate::call::{Call, Outputs, one};
use crate::elem::Elem;
use crate::tensor::broken;
use crate::value::{Array, along};

pub(super) const TABLE: Table = &[
    ("Einsum", einsum),
    ("Gemm", gemm),
    ("MatMul", |c| {
        let (x, y) = (c.x(0)?, c.x(1)?);
        one(x.like(x.var.matmul(y.var)))
    }),
    ("MatMulInteger", matmul_integer),
];

/// `alpha · A B + beta · C`, each matrix turned on request.
fn gemm<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (a, b) = (c.x(0)?, c.x(1)?);
    if a.rank() != 2 || b.rank() != 2 {
        return Err(broken(format!("matrices of {:?} and {:?}", a.shape(), b.shape())));
    }
    let turn = |x: Var<'t>, by: bool| if by { x.t() } else { x };
    let product =
        turn(a.var, c.flag("transA", false)?).matmul(turn(b.var, c.flag("transB", false)?));
    let scaled = |x: Var<'t>, by: f64| if by == 1.0 { x } else { scale(x, by) };
    let mut y = scaled(product, c.float_or("alpha", 1.0)?);
    if let Some(bias) = c.maybe(2)? {
        y += scaled(bias.var, c.float_or("beta", 1.0)?);
    }
    one(a.like(y))
}

/// A multiple; that of whole numbers is cut to one.
fn scale(x: Var<'_>, by: f64) -> Var<'_> {
    match x.dtype() {
        DType::I64 => (x.cast(DType::F64) * by).cast(DType::I64),
        _ => x * by,
    }
}

fn einsum<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let all = c.arrays()?;
    let (Some(equation), Some(first)) = (c.text("equation")?, all.first()) else {
        return Err(broken("the equation or the inputs are missing"));
    };
    let vars: Vec<Var<'t>> = all.iter().map(|array| array.var).collect();
    let plain: String = equation.chars().filter(|letter| !letter.is_whitespace()).collect();
    one(first.like(c.tape.einsum(&plain, &vars)))
}

/// A product of whole numbers less their zero points, as 32 bits.
fn matmul_integer<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    // f64 has all their sums.
    let a = less_zero_point(c.x(0)?, c.maybe(2)?, Some(-1))?.cast(DType::F64);
    let b = less_zero_point(c.x(1)?, c.maybe(3)?, None)?.cast(DType::F64);
    one(Array { var: a.matmul(b).cast(DType::I64), elem: Elem::I32 })
}

/// Whole numbers less the number that stands for 0, which may be one for each row (`unsqueeze` the last axis).
pub(super) fn less_zero_point<'t>(
    x: Array<'t>,
    zero: Option<Array<'t>>,
    unsqueeze: Option<isize>,
) -> Result<Var<'t>> {
    let Some(zero) = zero else { return Ok(x.var) };
    let zero = match (zero.rank(), unsqueeze) {
        (1, Some(at)) if zero.shape()[0] > 1 => zero.var.unsqueeze(at),
        (1, _) if zero.shape()[0] == 1 => zero.var.reshape(()),
        _ => zero.var,
    };
    Ok(x.var - zero)
}

/// Numbers for each output of a weight.
pub(super) fn along_outputs(numbers: Var<'_>, rank: usize) -> Var<'_> {
    match numbers.shape().elements() {
        1 => numbers.reshape(()),
        _ => along(numbers, 0, rank),
    }
}
