//! Expressions: from text and back, values, derivatives, recordings on a tape.
//!
//! Their nodes lie in a vector, children before parents, so that nothing recurses over depth. There are
//! three ways to a derivative here: as an expression (`symbolic`), from differences of values
//! (`numeric`), and from what a tape recorded (`record`).

mod build;
mod composed;
mod evaluate;
mod expr;
mod function;
mod hints;
mod latex;
mod node;
mod numeric;
mod parse;
mod point;
mod print;
mod program;
mod read;
mod record;
mod size;
mod symbolic;
mod token;
mod told;
mod traced;

pub use build::Builder;
pub use composed::Composed;
pub use expr::Expr;
pub use function::Function;
pub use node::{Id, Node, Operator};
pub use numeric::{
    Extrapolated, StepErrors, central_difference, central_step, forward_difference, forward_step,
    richardson, step_errors,
};
pub use parse::MAX_TEXT;
pub use size::MAX_NODES;
pub use traced::Trace;

pub(crate) use latex::{latex_matrix, latex_name, latex_point, latex_row, short_latex};
pub(crate) use point::{no_variable, point};
pub(crate) use print::Minus;
pub(crate) use read::{read, read_all, reading_tape};
pub(crate) use size::check_size;
