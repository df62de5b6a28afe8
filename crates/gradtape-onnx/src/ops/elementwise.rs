//! Arithmetic and functions of single numbers.

use gradtape::{DType, Result, Var};

use super::Table;
use crate::call::{Call, Outputs, one, wide};
use crate::elem::Elem;
use crate::tensor::broken;
use crate::value::Array;

pub(super) const TABLE: Table = &[
    ("Abs", |c| unary(c, |x| x.abs())),
    ("Acos", |c| unary(c, |x| x.acos())),
    ("Acosh", |c| unary(c, |x| x.acosh())),
    ("Add", |c| binary(c, |x, y| x + y)),
    ("Asin", |c| unary(c, |x| x.asin())),
    ("Asinh", |c| unary(c, |x| x.asinh())),
    ("Atan", |c| unary(c, |x| x.atan())),
    ("Atanh", |c| unary(c, |x| x.atanh())),
    ("Cast", cast),
    ("CastLike", |c| one(c.x(0)?.cast(c.x(1)?.elem))),
    ("Ceil", |c| unary(c, |x| x.ceil())),
    ("Cos", |c| unary(c, |x| x.cos())),
    ("Cosh", |c| unary(c, |x| x.cosh())),
    ("Div", |c| binary(c, |x, y| x / y)),
    ("Erf", |c| unary(c, |x| x.erf())),
    ("Exp", |c| unary(c, |x| x.exp())),
    ("Floor", |c| unary(c, |x| x.floor())),
    ("Identity", |c| Ok(vec![c.value(0)?.clone()])),
    ("Log", |c| unary(c, |x| x.log())),
    ("Max", |c| fold(c, |x, y| x.maximum(y))),
    ("Mean", mean),
    ("Min", |c| fold(c, |x, y| x.minimum(y))),
    ("Mod", modulo),
    ("Mul", |c| binary(c, |x, y| x * y)),
    ("Neg", |c| unary(c, |x| -x)),
    ("Pow", pow),
    ("Reciprocal", |c| unary(c, |x| x.reciprocal())),
    ("Round", |c| unary(c, |x| x.round())),
    ("Sigmoid", |c| unary(c, |x| x.sigmoid())),
    ("Sign", |c| unary(c, |x| x.sign())),
    ("Sin", |c| unary(c, |x| x.sin())),
    ("Sinh", |c| unary(c, |x| x.sinh())),
    ("Sqrt", |c| unary(c, |x| x.sqrt())),
    ("Sub", |c| binary(c, |x, y| x - y)),
    ("Sum", |c| fold(c, |x, y| x + y)),
    ("Tan", |c| unary(c, |x| x.tan())),
    ("Tanh", |c| unary(c, |x| x.tanh())),
];

/// A function of one value that keeps its type.
pub(super) fn unary<'t>(c: &Call<'_, 't>, f: impl FnOnce(Var<'t>) -> Var<'t>) -> Outputs<'t> {
    let x = c.x(0)?;
    one(x.like(f(x.var)))
}

/// Two operands as they stand beside each other: of one type, and by the rule of old versions where it is asked for.
pub(super) fn operands<'t>(c: &Call<'_, 't>) -> Result<(Array<'t>, Array<'t>)> {
    let (x, mut y) = (c.x(0)?, c.x(1)?);
    if x.elem != y.elem {
        return Err(broken(format!("operands of type {} and {}", x.elem, y.elem)));
    }
    // Before version 7 the second operand is laid along the axes from `axis` on.
    if c.version < 7
        && c.flag("broadcast", false)?
        && let Some(axis) = c.int("axis")?
    {
        let start = crate::value::axis(axis, x.rank())?;
        let mut shape = y.shape();
        let behind = x.rank().saturating_sub(start + shape.len());
        shape.extend(std::iter::repeat_n(1, behind));
        y.var = y.var.reshape(shape);
    }
    Ok((x, y))
}

fn binary<'t>(c: &Call<'_, 't>, f: impl FnOnce(Var<'t>, Var<'t>) -> Var<'t>) -> Outputs<'t> {
    let (x, y) = operands(c)?;
    one(x.like(f(x.var, y.var)))
}

/// A function of two values over any number of them.
fn fold<'t>(c: &Call<'_, 't>, f: impl Fn(Var<'t>, Var<'t>) -> Var<'t>) -> Outputs<'t> {
    let all = c.arrays()?;
    let Some((first, rest)) = all.split_first() else { return Err(broken("no inputs")) };
    one(first.like(rest.iter().fold(first.var, |x, y| f(x, y.var))))
}

fn mean<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let all = c.arrays()?;
    let Some((first, rest)) = all.split_first() else { return Err(broken("no inputs")) };
    let sum = rest.iter().fold(first.var, |x, y| x + y.var);
    one(first.like(sum / all.len()))
}

/// The rest of a division: with the sign of the divisor, or with that of the dividend where `fmod` is 1.
fn modulo<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, y) = operands(c)?;
    // Half precision loses the rest in the quotient.
    let dtype = if x.elem.is_float() { DType::F64 } else { DType::I64 };
    let (a, b) = (x.var.cast(dtype), y.var.cast(dtype));
    let rest = a - (a / b).trunc() * b;
    let rest = match c.flag("fmod", false)? {
        true => rest,
        false => {
            let other_sign = rest.not_equal(0).logical_and((rest * b).less(0));
            other_sign.select(rest + b, rest)
        }
    };
    one(x.like(rest.cast(x.elem.dtype())))
}

/// A power of the first operand's type, whatever that of the exponent is.
fn pow<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, y) = (c.x(0)?, c.x(1)?);
    if x.elem.is_float() {
        let (base, exponent) = (wide(x.var), y.var.cast(wide(x.var).dtype()));
        return one(x.like(base.pow(exponent).cast(x.elem.dtype())));
    }
    if y.elem.is_float() {
        let power = x.var.cast(DType::F64).pow(y.var.cast(DType::F64));
        return one(x.like(power.cast(DType::I64)));
    }
    one(x.like(whole_pow(x.var, y)?))
}

/// A whole power of whole numbers, to the last digit: products of squares. Below 0 it is cut to a whole number, as all
/// quotients are.
fn whole_pow<'t>(x: Var<'t>, y: Array<'t>) -> Result<Var<'t>> {
    let most = y.whole()?.into_iter().map(i64::unsigned_abs).max().unwrap_or(0);
    let size = |var: Var<'t>| var.less(0).select(-var, var);
    let (mut rest, mut square) = (size(y.var), x);
    let mut power = (x + y.var).full_like(1.0);
    for bit in 0..u64::BITS - most.leading_zeros() {
        if bit > 0 {
            (rest, square) = (rest / 2, square * square);
        }
        let odd = (rest - rest / 2 * 2).equal(1);
        power = odd.select(power * square, power);
    }
    // Of a reciprocal there is something left for 1 and -1 alone, whose powers are their own reciprocals.
    let (below, unit) = (y.var.less(0), size(x).equal(1));
    let nothing = below.logical_and(unit.logical_not());
    Ok(nothing.select(power.full_like(0.0), power))
}

fn cast<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let to = match c.attribute("to") {
        // Version 1 writes the name of the type.
        Some(crate::graph::Attribute::Text(name)) => named(name),
        _ => c.elem("to")?,
    };
    let Some(elem) = to else { return Err(broken("the type `to` is missing or not known")) };
    one(c.x(0)?.cast(elem))
}

fn named(name: &str) -> Option<Elem> {
    (1..=16).filter_map(|number| Elem::numbered(number).ok()).find(|elem| elem.to_string() == name)
}
