//! What each operator records, by families; each file has a table of the names in it.
//!
//! Versions are told apart where their meaning differs. What an operator needs as a plain number (axes, shapes, the
//! count of a loop) is read when it is recorded.

mod activation;
mod attention;
mod bits;
mod compare;
mod control;
mod conv;
mod elementwise;
mod index;
mod linear;
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
mod scatter;
mod sequence;
mod shape;
mod signal;
mod split;
mod table;
mod text;
mod train;
mod window;

use crate::call::{Call, Outputs};

/// Records a node.
pub(crate) type Operator = for<'a, 'b, 't> fn(&'b Call<'a, 't>) -> Outputs<'t>;

/// Operators of a family by name.
type Table = &'static [(&'static str, Operator)];

/// The operators of ONNX itself.
const TABLES: [Table; 25] = [
    activation::TABLE,
    attention::TABLE,
    bits::TABLE,
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
    scatter::TABLE,
    sequence::TABLE,
    shape::TABLE,
    signal::TABLE,
    split::TABLE,
    text::TABLE,
];

/// Domains besides ONNX's own, each with its operators.
const DOMAINS: [(&str, Table); 2] =
    [("ai.onnx.preview.training", train::TABLE), ("ai.onnx.ml", table::TABLE)];

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
