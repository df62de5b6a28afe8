//! What each operator records, by families; each file has a table of the names in it.
//!
//! Versions are told apart where their meaning differs. What an operator needs as a plain number (axes, shapes, the
//! count of a loop) is read when it is recorded.

mod activation;
mod attention;
mod bits;
mod boxes;
mod compare;
mod control;
mod conv;
mod elementwise;
mod index;
mod label;
mod linear;
mod linear_table;
mod loss;
mod make;
mod norm;
mod pad;
mod pool;
mod quantize;
mod random;
mod recurrent;
mod reduce;
mod resize;
mod sample;
mod scatter;
mod score;
mod sequence;
mod shape;
mod signal;
mod split;
mod table;
pub(crate) mod text;
mod train;
mod trees;
mod window;

use gradtape::Result;

use crate::call::{Call, Outputs, unsupported};
use crate::elem::Elem;
use crate::value::Value;

/// Records a node.
pub(crate) type Operator = for<'a, 'b, 't> fn(&'b Call<'a, 't>) -> Outputs<'t>;

/// Operators of a family by name.
type Table = &'static [(&'static str, Operator)];

/// The operators of ONNX itself.
const TABLES: [Table; 27] = [
    activation::TABLE,
    attention::TABLE,
    bits::TABLE,
    boxes::TABLE,
    compare::TABLE,
    control::TABLE,
    conv::TABLE,
    elementwise::TABLE,
    index::TABLE,
    linear::TABLE,
    loss::TABLE,
    make::TABLE,
    norm::TABLE,
    pad::TABLE,
    pool::TABLE,
    quantize::TABLE,
    random::TABLE,
    recurrent::TABLE,
    reduce::TABLE,
    resize::TABLE,
    sample::TABLE,
    scatter::TABLE,
    sequence::TABLE,
    shape::TABLE,
    signal::TABLE,
    split::TABLE,
    text::TABLE,
];

/// Domains besides ONNX's own, each with its operators.
const DOMAINS: [(&str, Table); 4] = [
    ("ai.onnx.preview.training", train::TABLE),
    ("ai.onnx.ml", table::TABLE),
    ("ai.onnx.ml", linear_table::TABLE),
    ("ai.onnx.ml", trees::TABLE),
];

/// The operator of this name in a domain.
pub(crate) fn find(domain: &str, name: &str) -> Option<Operator> {
    let others = DOMAINS.iter().filter(|(other, _)| *other == domain).map(|(_, table)| *table);
    let own = TABLES.iter().copied().filter(|_| domain.is_empty());
    let mut all = own.chain(others).flatten();
    all.find(|(other, _)| *other == name).map(|(_, operator)| *operator)
}

/// The names of all operators.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let others = DOMAINS.iter().flat_map(|(_, table)| *table);
    TABLES.iter().copied().flatten().chain(others).map(|(name, _)| *name)
}

/// Operators that tell what is greater, or divide: of unsigned numbers of 64 bits they are given those below 2^63 alone,
/// since the others are kept as negative ones.
const ORDERED: [&str; 25] = [
    "Abs",
    "ArgMax",
    "ArgMin",
    "Clip",
    "Div",
    "Max",
    "Mean",
    "Min",
    "Mod",
    "Pow",
    "Range",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSumSquare",
    "Relu",
    "Sign",
    "TopK",
    "OneHot",
    "Gemm",
];

/// Refuses numbers that an operator would take for others.
pub(crate) fn check(c: &Call<'_, '_>) -> Result<()> {
    if !ORDERED.contains(&c.node.op.as_str()) {
        return Ok(());
    }
    for value in c.inputs.iter().flatten() {
        if let Value::Array(array) = value
            && array.elem == Elem::U64
            && array.whole()?.iter().any(|&number| number < 0)
        {
            return Err(unsupported("unsigned numbers of 64 bits from 2^63 on")
                .hint("sums, differences, products and comparisons of them are exact"));
        }
    }
    Ok(())
}
