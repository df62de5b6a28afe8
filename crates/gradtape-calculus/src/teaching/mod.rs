//! What shows how derivatives come about and what they lead to: explanations of expressions and networks,
//! descents, pictures.

mod derivation;
mod descend;
mod differences;
mod explain;
mod extremum;
mod ground;
mod jacobian;
mod live;
mod network;
mod plot;
mod question;
mod secant;
mod svg;

pub use derivation::{Derivation, Rule, derivation};
pub use descend::{
    Descent, Extras, MAX_STEPS, Path, PathStep, Stopped, compare_paths, descend, descend_program,
    paths_csv,
};
pub use differences::{Best, DifferenceErrors, Differences, differences};
pub use explain::{
    Explanation, Line, MAX_DRAWN, MAX_HESSIAN, Options, Order, Step, Symbolic, explain,
    explain_program,
};
pub use extremum::{Kind, Place, classify};
pub use jacobian::{Jacobian, jacobian};
pub use network::{
    Activation, Array, Backpropagation, BackwardStep, Formula, ForwardStep, MAX_DRAWN_UNITS,
    MAX_EXAMPLES, MAX_LAYERS, MAX_PARAMETERS, Network, NetworkJacobian, NetworkLayer, NetworkLoss,
    Reduction, backpropagation,
};
pub use plot::{
    Plot, Range, Samples, bars_remarks, plot, plot_bars, plot_curves, plot_paths,
    plot_program_paths,
};
pub use question::{Descents, Perceptron, Question, Run};
pub use secant::{Secant, secant};
