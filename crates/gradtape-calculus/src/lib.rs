//! Expressions in text: parse, differentiate, explain.
//!
//! Everything here works in f64. The grammar:
//!
//! ```text
//! text  := piece (';' piece)*            piece := (name '=')? expr
//! expr  := term (('+'|'-') term)*        term  := unary (('*'|'/') unary | factor)*
//! unary := '-' unary | power             power := atom ('^' unary)?
//! atom  := number | name | name '(' expr (',' expr)* ')' ('[' number ']')? | '(' expr ')'
//!        | 'd/d' name '(' expr ')'
//! factor: a power that begins with a name or `(`
//! ```
//!
//! `^` is right associative and binds tighter than a minus on its left: `-x^2` is `-(x^2)`. The
//! functions are those of [`Function`] and [`Composed`]. `2x` and `x(6 - 2)` are products; a name of several
//! letters before parentheses is a function, unless it names a part. `d/dx (…)` stands for the derivative. A part
//! with a name is one node for all that use it.
//!
//! | to | use |
//! |---|---|
//! | read, print, evaluate, differentiate, record on a tape | [`Expr`], made with [`Expr::parse`] or a [`Builder`] |
//! | run a program with loops and branches, and record what it did | [`Trace`], [`explain_program`] |
//! | differentiate by differences of values | [`richardson`], [`central_difference`], [`forward_difference`] |
//! | show the chain rule at work | [`explain()`], [`jacobian()`], [`backpropagation()`] for a network |
//! | show how a derivative is found, rule by rule | [`derivation()`] |
//! | show a secant beside the tangent | [`secant()`] |
//! | show what differences cost in digits | [`differences()`] |
//! | go down a function | [`descend()`], and [`classify`] for where it ends |
//! | write a page of any of these that answers what is changed on it | [`Question`] |
//! | draw | [`plot()`], [`plot_curves`], [`plot_bars`], [`plot_paths`], [`plot_program_paths`]: charts of [`gradtape_chart`] |
//! | fit parameters to data | [`fit()`] |

#[cfg(all(doctest, feature = "teaching"))]
mod book;
#[cfg_attr(
    not(feature = "teaching"),
    allow(dead_code, unused_imports, reason = "the teaching uses it")
)]
mod expression;
#[cfg(feature = "teaching")]
mod fitting;
#[cfg_attr(
    not(feature = "teaching"),
    allow(dead_code, unused_imports, reason = "the teaching uses it")
)]
mod report;
#[cfg(feature = "teaching")]
mod teaching;

pub use expression::{
    Builder, Composed, Expr, Extrapolated, Function, Id, MAX_NODES, MAX_TEXT, Node, Operator,
    StepErrors, Trace, central_difference, central_step, forward_difference, forward_step,
    richardson, step_errors,
};
#[cfg(feature = "teaching")]
pub use fitting::{Column, Estimate, Fit, fit};
pub use report::{Error, Named, Number, Result};
#[cfg(feature = "teaching")]
pub use teaching::{
    Activation, Array, Backpropagation, BackwardStep, Best, Derivation, Descent, Descents,
    DifferenceErrors, Differences, Explanation, Extras, Formula, ForwardStep, Jacobian, Kind, Line,
    MAX_DRAWN, MAX_DRAWN_UNITS, MAX_EXAMPLES, MAX_HESSIAN, MAX_LAYERS, MAX_PARAMETERS, MAX_STEPS,
    Network, NetworkJacobian, NetworkLayer, NetworkLoss, Options, Order, Path, PathStep,
    Perceptron, Place, Plot, Question, Range, Reduction, Rule, Run, Samples, Secant, Step, Stopped,
    Symbolic, backpropagation, bars_remarks, classify, compare_paths, derivation, descend,
    descend_program, differences, explain, explain_program, jacobian, paths_csv, plot, plot_bars,
    plot_curves, plot_paths, plot_program_paths, secant,
};

/// The pictures that plots, paths and differences are drawn as.
#[cfg(feature = "teaching")]
pub use gradtape_chart as chart;
