//! Activation functions as layers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::fit::check_floats;
use super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Part, Var};
use crate::tensor::{Error, Kind, Result, Rng, nearest};

pub(super) mod gated;
pub(super) mod piecewise;
pub(super) mod smooth;

use smooth::{Gelu, Silu};

/// Stamps a layer without parameters, which is its own description as data. What may be wrong with its
/// settings, a function tells that is named last; before the formula in brackets stands what tells what may be wrong
/// with its input.
macro_rules! stateless {
    ($(#[$doc:meta])* $name:ident $([$input:path])?, |$layer:ident, $x:ident| $formula:expr $(, $check:path)?) => {
        impl $name {
            $(#[$doc])*
            #[track_caller]
            pub fn forward<'t>(&self, $x: Var<'t>) -> Var<'t> {
                let _layer = $x.tape().within(Part::Layer(stringify!($name)));
                $(if let Err(error) = $input(stringify!($name), $x) {
                    return $x.failed(error, &[$x]);
                })?
                $(if let Err(error) = $check(self) {
                    return $x.failed(error, &[$x]);
                })?
                let $layer = self;
                $formula
            }
        }

        impl Module for $name {
            fn visit(&self, _: &mut Visitor<'_>) {}
        }

        impl Layer for $name {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                $name::forward(self, x)
            }

            fn spec(&self) -> Option<LayerSpec> {
                Some((*self).into())
            }
        }

        impl Spec for $name {
            fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
                $($check(self)?;)?
                Ok(Box::new(*self))
            }

            fn samples() -> Vec<(Self, Vec<usize>)> {
                vec![(Self::default(), vec![3, 2, 4])]
            }
        }
    };
}
pub(super) use stateless;

/// The rectifier, `max(x, 0)`; its derivative at 0 is 0. Nair and Hinton 2010.
///
/// As a method: `x.relu()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Relu;
/// let tape = Tape::new();
/// let y = Relu.forward(tape.constant([-2.0, 0.0, 3.0]));
/// assert_eq!(y.value()?.to_f64_vec(), [0.0, 0.0, 3.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Relu;

stateless! {
    /// Records `max(x, 0)`.
    Relu [check_floats], |_layer, x| x.relu()
}

/// The leaky rectifier: `x` above 0, `slope * x` elsewhere, also its derivative at 0. Maas, Hannun and Ng 2013.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::LeakyRelu;
/// let tape = Tape::new();
/// let y = LeakyRelu { slope: 0.25 }.forward(tape.constant([-2.0, 0.0, 3.0]));
/// assert_eq!(y.value()?.to_f64_vec(), [-0.5, 0.0, 3.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeakyRelu {
    /// The slope for negative inputs; 0.01 by default, as in PyTorch.
    pub slope: f64,
}

impl Default for LeakyRelu {
    fn default() -> LeakyRelu {
        LeakyRelu { slope: 0.01 }
    }
}

stateless! {
    /// Records `x` above 0, `slope * x` elsewhere.
    LeakyRelu [check_floats], |layer, x| x.leaky_relu(layer.slope)
}

/// The logistic function, `1 / (1 + exp(-x))`. As a method: `x.sigmoid()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Sigmoid;
/// let tape = Tape::new();
/// let y = Sigmoid.forward(tape.constant([-800.0, 0.0, 800.0]));
/// assert_eq!(y.value()?.to_f64_vec(), [0.0, 0.5, 1.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sigmoid;

stateless! {
    /// Records `1 / (1 + exp(-x))`.
    Sigmoid [check_floats], |_layer, x| x.sigmoid()
}

/// The hyperbolic tangent. As a method: `x.tanh()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Tanh;
/// let tape = Tape::new();
/// let y = Tanh.forward(tape.constant([-800.0, 0.0, 800.0]));
/// assert_eq!(y.value()?.to_f64_vec(), [-1.0, 0.0, 1.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tanh;

stateless! {
    /// Records the hyperbolic tangent.
    Tanh [check_floats], |_layer, x| x.tanh()
}

/// Numbers above 0 with sum 1 along the last axis: `exp(x) / Σ exp(x)`.
///
/// Not before [`cross_entropy`](crate::loss::cross_entropy), which takes logits and is exact where
/// softmax rounds to 0.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Softmax;
/// let tape = Tape::new();
/// let y = Softmax.forward(tape.constant([[2.0, 2.0], [1000.0, 0.0]])).value()?.to_f64_vec();
/// assert!((y[0] - 0.5).abs() < 1e-15 && (y[1] - 0.5).abs() < 1e-15);
/// assert_eq!(y[2..], [1.0, 0.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Softmax;

stateless! {
    /// Records the softmax along the last axis.
    Softmax [check_floats], |_layer, x| x.softmax(-1)
}

/// The logarithm of [`Softmax`] along the last axis, exact where softmax rounds to 0: what
/// [`nll`](crate::loss::nll) takes. As a method, along any axis: `x.log_softmax(-1)`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::LogSoftmax;
/// let tape = Tape::new();
/// let y = LogSoftmax.forward(tape.constant([[2.0, 2.0], [1000.0, 0.0]])).value()?.to_f64_vec();
/// assert!((y[0] + 2.0f64.ln()).abs() < 1e-15);
/// assert_eq!(y[2..], [0.0, -1000.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogSoftmax;

stateless! {
    /// Records the logarithm of the softmax along the last axis.
    LogSoftmax [check_floats], |_layer, x| x.log_softmax(-1)
}

/// An activation function chosen by value or by name: `relu`, `leaky_relu`, `gelu`, `silu`, `sigmoid`,
/// `tanh`.
///
/// ```
/// use gradtape::nn::Activation;
/// assert_eq!("tanh".parse::<Activation>()?, Activation::Tanh);
/// let error = "rleu".parse::<Activation>().unwrap_err();
/// assert!(error.to_string().contains("did you mean relu?"));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// [`Relu`].
    #[default]
    Relu,
    /// [`LeakyRelu`] with its default slope.
    LeakyRelu,
    /// [`Gelu`] with the error function.
    Gelu,
    /// [`Silu`].
    Silu,
    /// [`Sigmoid`].
    Sigmoid,
    /// [`Tanh`].
    Tanh,
}

impl Activation {
    /// All of them.
    pub const ALL: [Activation; 6] = [
        Activation::Relu,
        Activation::LeakyRelu,
        Activation::Gelu,
        Activation::Silu,
        Activation::Sigmoid,
        Activation::Tanh,
    ];

    /// The layer.
    pub fn layer(self) -> Box<dyn Layer> {
        match self {
            Activation::Relu => Box::new(Relu),
            Activation::LeakyRelu => Box::new(LeakyRelu::default()),
            Activation::Gelu => Box::new(Gelu::default()),
            Activation::Silu => Box::new(Silu),
            Activation::Sigmoid => Box::new(Sigmoid),
            Activation::Tanh => Box::new(Tanh),
        }
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Relu => "relu",
            Activation::LeakyRelu => "leaky_relu",
            Activation::Gelu => "gelu",
            Activation::Silu => "silu",
            Activation::Sigmoid => "sigmoid",
            Activation::Tanh => "tanh",
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Activation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Activation, Error> {
        let plain = name.replace('-', "_");
        if let Some(found) = Activation::ALL.into_iter().find(|a| a.name() == plain) {
            return Ok(found);
        }
        let names = Activation::ALL.map(Activation::name);
        let error = Error::new(Kind::Value, format!("there is no activation {name:?}"));
        Err(match nearest(&plain, names) {
            Some(close) => error.hint(format!("did you mean {close}?")),
            None => error.hint(format!("there are {}", names.join(", "))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grad::gradient;
    use crate::tape::Tape;
    use crate::tensor::Tensor;

    fn apply(layer: &dyn Layer) -> (Vec<f64>, Vec<f64>) {
        let tape = Tape::new();
        let x = tape.watch(Tensor::from([-2.0, 0.0, 3.0]));
        let y = layer.forward(x);
        let [g] = gradient(y.sum(()), [x]);
        (y.value().unwrap().to_f64_vec(), g.value().unwrap().to_f64_vec())
    }

    #[test]
    fn values_and_slopes() {
        assert_eq!(apply(&Relu), (vec![0.0, 0.0, 3.0], vec![0.0, 0.0, 1.0]));
        let leaky = LeakyRelu { slope: 0.25 };
        assert_eq!(apply(&leaky), (vec![-0.5, 0.0, 3.0], vec![0.25, 0.25, 1.0]));
        let (values, slopes) = apply(&Sigmoid);
        assert_eq!((values[1], slopes[1]), (0.5, 0.25));
        let (values, slopes) = apply(&Tanh);
        assert_eq!((values[2], slopes[1]), (3.0f64.tanh(), 1.0));
        let (values, slopes) = apply(&Softmax);
        assert!((values.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert!(slopes.iter().all(|slope| slope.abs() < 1e-15));
    }

    #[test]
    fn names_lead_to_layers() {
        for activation in Activation::ALL {
            assert_eq!(activation.name().parse::<Activation>().unwrap(), activation);
            assert!(activation.layer().spec().is_some());
        }
        assert_eq!("leaky-relu".parse::<Activation>().unwrap(), Activation::LeakyRelu);
        assert!("swish2".parse::<Activation>().unwrap_err().to_string().contains("there are relu"));
    }
}
