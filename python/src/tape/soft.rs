//! Soft versions of hard functions, by one table.

use gradtape::soft::{self, GumbelOptions};
use pyo3::prelude::*;

use super::PyVar;
use super::functions::{PyGenerator, together};

/// Stamps functions of values and numbers.
macro_rules! functions {
    ($(
        $(#[$doc:meta])*
        $name:ident($($var:ident),*; $($argument:ident: $type:ty = $default:expr),*) |$x:ident| $record:expr;
    )*) => {
        /// Names them in the module.
        pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
            module.add("SOFT", vec![$(stringify!($name)),*])?;
            $(module.add_function(wrap_pyfunction!($name, module)?)?;)*
            module.add_function(wrap_pyfunction!(gumbel_softmax, module)?)
        }

        $(
            $(#[$doc])*
            #[pyfunction]
            #[pyo3(signature = ($($var,)* $($argument=$default),*))]
            fn $name(
                py: Python<'_>,
                $($var: Bound<'_, PyAny>,)*
                $($argument: $type),*
            ) -> PyResult<PyVar> {
                together(py, stringify!($name), &[$($var),*], |_, $x| Ok($record))
            }
        )*
    };
}

functions! {
    /// The softmax of `x / temperature` along an axis: nearer to the greatest the lower the temperature is.
    tempered_softmax(x; axis: isize = -1, temperature: f64 = 1.0)
        |x| soft::tempered_softmax(x[0], axis, temperature);
    /// The mean place along an axis, weighed by the tempered softmax.
    soft_argmax(x; axis: isize = -1, temperature: f64 = 1.0)
        |x| soft::soft_argmax(x[0], axis, temperature);
    /// A sign that is steep around 0 instead of a step.
    smooth_sign(x; temperature: f64 = 1.0)
        |x| soft::smooth_sign(x[0], temperature);
    /// The share of rows whose greatest score is the label's, with a gradient.
    smooth_accuracy(scores, labels; temperature: f64 = 1.0)
        |x| soft::smooth_accuracy(x[0], x[1], temperature);
    /// The rank of each element along the last axis, the least being 1, with a gradient.
    soft_rank(x; strength: f64 = 1.0)
        |x| soft::soft_rank(x[0], strength);
    /// The elements along the last axis in a soft order, with a gradient.
    soft_sort(x; strength: f64 = 1.0)
        |x| soft::soft_sort(x[0], strength);
    /// How much each element along the last axis is among the k greatest.
    soft_top_k(x; k: usize = 1, strength: f64 = 1.0)
        |x| soft::soft_top_k(x[0], k, strength);
    /// The nearest numbers along the last axis that do not increase.
    isotonic(x;)
        |x| soft::isotonic(x[0]);
    /// The value of `hard` with the gradient of `soft`.
    straight_through(hard, soft;)
        |x| soft::straight_through(x[0], x[1]);
    /// The sign, with the gradient of the identity.
    straight_through_sign(x;)
        |x| soft::straight_through_sign(x[0]);
    /// The nearest whole number, through which the gradient passes.
    straight_through_round(x;)
        |x| soft::straight_through_round(x[0]);
    /// The one-hot row of the greatest along an axis, with the gradient of the tempered softmax.
    straight_through_argmax(x; axis: isize = -1, temperature: f64 = 1.0)
        |x| soft::straight_through_argmax(x[0], axis, temperature);
}

/// A random choice along an axis by logits x, as a soft one-hot row; with `hard` a hard one with the soft gradient.
#[pyfunction]
#[pyo3(signature = (x, generator, axis=-1, temperature=1.0, hard=false))]
fn gumbel_softmax(
    py: Python<'_>,
    x: Bound<'_, PyAny>,
    generator: &Bound<'_, PyGenerator>,
    axis: isize,
    temperature: f64,
    hard: bool,
) -> PyResult<PyVar> {
    let generator = &generator.get().0;
    together(py, "gumbel_softmax", &[x], |_, x| {
        Ok(soft::gumbel_softmax(x[0], generator, GumbelOptions { axis, temperature, hard }))
    })
}
