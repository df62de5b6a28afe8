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

//!
//! | room | holds |
//! |---|---|
//! | `expression` | parsing, printing, LaTeX, values; derivatives as expressions and from differences; recording on a tape |
//! | `fitting` | least squares |
//! | `teaching` | explanations, descents, pictures |
//! | `report` | the error, numbers and tables of all these |
//!
//! Pictures are charts of [`gradtape_chart`].

#[cfg(doctest)]
mod book;
mod expression;
mod fitting;
mod report;
mod teaching;

pub use expression::{
    Builder, Expr, Extrapolated, Function, Id, MAX_NODES, MAX_TEXT, Node, Operator, StepErrors,
    central_difference, central_step, forward_difference, forward_step, richardson, step_errors,
};
pub use fitting::{Column, Estimate, Fit, fit};
pub use report::{Error, Named, Number, Result};
pub use teaching::{
    Activation, Array, Backpropagation, BackwardStep, Best, Descent, DifferenceErrors, Differences,
    Explanation, Formula, ForwardStep, Jacobian, Kind, Line, MAX_DRAWN, MAX_EXAMPLES, MAX_HESSIAN,
    MAX_LAYERS, MAX_PARAMETERS, MAX_STEPS, Network, NetworkJacobian, NetworkLayer, NetworkLoss,
    Options, Order, Path, PathStep, Place, Plot, Range, Reduction, Samples, Step, Stopped,
    Symbolic, backpropagation, classify, compare_paths, descend, differences, explain, jacobian,
    paths_csv, plot, plot_paths,
};

/// The pictures that plots, paths and differences are drawn as.
pub use gradtape_chart as chart;
