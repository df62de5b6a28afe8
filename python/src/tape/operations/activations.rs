//! Activation functions.

use super::unary;

unary! { PLAIN:
    /// `max(x, 0)`.
    relu;
    /// `1 / (1 + e^-x)`.
    sigmoid;
    /// `log(1 + e^x)`, which does not overflow.
    softplus;
    /// The logarithm of the sigmoid.
    log_sigmoid;
    /// `x sigmoid(x)`, also named swish.
    silu;
    /// `x Φ(x)` with the normal distribution.
    gelu;
    /// `gelu` with a tangent in the place of the error function.
    gelu_tanh;
    /// A scaled `elu` that keeps mean and variance.
    selu;
    /// `x tanh(softplus(x))`.
    mish;
    /// `x / 6 + 1/2` between 0 and 1.
    hardsigmoid;
    /// `x hardsigmoid(x)`.
    hardswish;
    /// `x / (1 + |x|)`.
    softsign;
}

/// Stamps activations with a number.
macro_rules! numbered {
    ($names:ident: $($(#[$doc:meta])* $name:ident($argument:ident = $default:literal);)*) => {
        pub(super) const $names: &[&str] = &[$(stringify!($name)),*];

        #[pyo3::pymethods]
        impl $crate::tape::PyVar {
            $(
                $(#[$doc])*
                #[pyo3(signature = ($argument=$default))]
                fn $name(
                    &self,
                    py: pyo3::Python<'_>,
                    $argument: f64,
                ) -> pyo3::PyResult<$crate::tape::PyVar> {
                    self.map(py, |x| x.$name($argument))
                }
            )*
        }
    };
}

numbered! { NUMBERED:
    /// x above 0, `slope x` elsewhere.
    leaky_relu(slope = 0.01);
    /// x above 0, `alpha (e^x - 1)` elsewhere.
    elu(alpha = 1.0);
    /// x above 0, `alpha (e^(x / alpha) - 1)` elsewhere.
    celu(alpha = 1.0);
}
