//! Comparisons, logic and choice.

use gradtape::Var;

use super::Table;
use super::elementwise::operands;
use crate::call::{Call, Outputs, one};
use crate::elem::Elem;
use crate::value::{Array, Value};

pub(super) const TABLE: Table = &[
    ("And", |c| truth(c, |x, y| x.logical_and(y))),
    ("Equal", |c| match c.value(0)? {
        Value::Texts(_) => super::text::equal(c),
        _ => truth(c, |x, y| x.equal(y)),
    }),
    ("Greater", |c| truth(c, |x, y| x.greater(y))),
    ("GreaterOrEqual", |c| truth(c, |x, y| x.greater_equal(y))),
    ("IsInf", is_inf),
    ("IsNaN", |c| one(Array::of(c.x(0)?.var.is_nan()))),
    ("Less", |c| truth(c, |x, y| x.less(y))),
    ("LessOrEqual", |c| truth(c, |x, y| x.less_equal(y))),
    ("Not", |c| one(Array::of(c.x(0)?.var.logical_not()))),
    ("Or", |c| truth(c, |x, y| x.logical_or(y))),
    ("Where", choose),
    ("Xor", |c| truth(c, |x, y| x.logical_xor(y))),
];

fn truth<'t>(c: &Call<'_, 't>, f: impl FnOnce(Var<'t>, Var<'t>) -> Var<'t>) -> Outputs<'t> {
    let (x, y) = operands(c)?;
    // Above 2^63 an unsigned number is kept as a negative one; turning the first bit puts all in order.
    let (a, b) = match x.elem {
        Elem::U64 => (turned(x.var), turned(y.var)),
        _ => (x.var, y.var),
    };
    one(Array::of(f(a, b)))
}

fn turned(x: Var<'_>) -> Var<'_> {
    let least = x.tape().constant(gradtape::Tensor::scalar(i64::MIN));
    x + least
}

fn is_inf<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?.var;
    let infinite = x.is_inf();
    let (below, above) = (c.flag("detect_negative", true)?, c.flag("detect_positive", true)?);
    one(Array::of(match (below, above) {
        (true, true) => infinite,
        (true, false) => infinite.logical_and(x.less(0)),
        (false, true) => infinite.logical_and(x.greater(0)),
        (false, false) => infinite.logical_and(infinite.logical_not()),
    }))
}

fn choose<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (condition, yes, no) = (c.x(0)?, c.x(1)?, c.x(2)?);
    one(yes.like(condition.var.select(yes.var, no.var)))
}
