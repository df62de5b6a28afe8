//! Pictures of functions and of descents on them.

mod bars;
mod breaks;
mod curve;
mod function;
mod paths;
mod samples;
mod several;
mod torn;

pub use bars::{bars_remarks, plot_bars};
pub(super) use curve::Curve;
pub use function::{Plot, Range, Samples, plot};
pub use paths::{plot_paths, plot_program_paths};
pub use several::plot_curves;
