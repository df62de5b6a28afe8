//! Expressions in text: parse, differentiate, explain.
//!
//! Everything here works in f64. The grammar:
//!
//! ```text
//! expr  := term (('+'|'-') term)*        term  := unary (('*'|'/') unary)*
//! unary := '-' unary | power             power := atom ('^' unary)?
//! atom  := number | name | name '(' expr (',' expr)* ')' | '(' expr ')'
//! ```
//!
//! `^` is right associative and binds tighter than a minus on its left: `-x^2` is `-(x^2)`. The
//! functions are those of [`Function`]. There is no implicit multiplication.

#[cfg(doctest)]
mod book;
pub mod chart;
mod contours;
mod descend;
mod differences;
mod error;
mod explain;
mod expr;
mod extremum;
mod fit;
mod jacobian;
mod json;
mod least_squares;
mod network;
mod numeric;
mod plot;
mod plot_paths;
mod record;
mod svg;
mod symbolic;

pub use descend::{Descent, MAX_STEPS, Path, PathStep, Stopped, compare_paths, descend, paths_csv};
pub use differences::{Best, DifferenceErrors, Differences, differences};
pub use error::{Error, Result};
pub use explain::{
    Explanation, Line, MAX_DRAWN, MAX_EXPLAINED, MAX_HESSIAN, Options, Order, Step, Symbolic,
    explain,
};
pub use expr::{Builder, Expr, Function, Id, MAX_TEXT, Node, Operator};
pub use extremum::{Kind, Place, classify};
pub use fit::{Column, Estimate, Fit, fit};
pub use jacobian::{Jacobian, jacobian};
pub use json::{Named, Number};
pub use network::{
    Activation, Array, Backpropagation, BackwardStep, Formula, ForwardStep, MAX_EXAMPLES,
    MAX_LAYERS, MAX_PARAMETERS, Network, NetworkJacobian, NetworkLayer, NetworkLoss, Reduction,
    backpropagation,
};
pub use numeric::{
    Extrapolated, StepErrors, central_difference, central_step, forward_difference, forward_step,
    richardson, step_errors,
};
pub use plot::{Plot, Range, Samples, plot};
pub use plot_paths::plot_paths;
