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

/// Operators that are exact for unsigned numbers of 64 bits: those from 2^63 on are kept as negative ones, which has the
/// same sums, differences and products, and what only moves elements does not see. All others are given those below 2^63
/// alone.
const EXACT: [&str; 60] = [
    "Add",
    "ArrayFeatureExtractor",
    "BitCast",
    "BitShift",
    "BitwiseAnd",
    "BitwiseNot",
    "BitwiseOr",
    "BitwiseXor",
    "Cast",
    "CastLike",
    "CenterCropPad",
    "Compress",
    "Concat",
    "ConcatFromSequence",
    "CumSum",
    "DepthToSpace",
    "Equal",
    "Expand",
    "EyeLike",
    "Flatten",
    "Gather",
    "GatherElements",
    "GatherND",
    "Greater",
    "GreaterOrEqual",
    "Identity",
    "If",
    "Less",
    "LessOrEqual",
    "Loop",
    "Mul",
    "NonZero",
    "Optional",
    "OptionalGetElement",
    "OptionalHasElement",
    "ReduceSum",
    "Reshape",
    "ReverseSequence",
    "Scan",
    "SequenceAt",
    "SequenceConstruct",
    "SequenceErase",
    "SequenceInsert",
    "SequenceMap",
    "Shape",
    "Size",
    "Slice",
    "SpaceToDepth",
    "Split",
    "SplitToSequence",
    "Squeeze",
    "Sub",
    "Sum",
    "TensorScatter",
    "Tile",
    "Transpose",
    "Trilu",
    "Unique",
    "Unsqueeze",
    "Where",
];

/// Operators that are exact for them unless they keep the greatest or the least.
const SCATTERS: [&str; 3] = ["Scatter", "ScatterElements", "ScatterND"];

/// Refuses numbers that an operator would take for others.
pub(crate) fn check(c: &Call<'_, '_>) -> Result<()> {
    let op = c.node.op.as_str();
    let scatters =
        SCATTERS.contains(&op) && ["none", "add", "mul"].contains(&c.text_or("reduction", "none")?);
    if EXACT.contains(&op) || scatters {
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
