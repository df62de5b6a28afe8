//! Activation functions without a corner, or nearly so.

use serde::{Deserialize, Serialize};

use super::super::fit::{check_floats, setting};
use super::super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use super::stateless;
use crate::tape::{Part, Var};
use crate::tensor::{Result, Rng};

/// The exponential linear unit: `x` above 0, `alpha * (e^x - 1)` elsewhere. Clevert, Unterthiner and Hochreiter
/// 2015.
///
/// As a method: `x.elu(alpha)`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Elu;
/// let y = Elu::default().forward(Tape::new().constant([-800.0, 0.0, 3.0])).value()?.to_f64_vec();
/// assert_eq!(y, [-1.0, 0.0, 3.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elu {
    /// How far below 0 it goes, a finite number; 1 by default.
    pub alpha: f64,
}

impl Default for Elu {
    fn default() -> Elu {
        Elu { alpha: 1.0 }
    }
}

impl Elu {
    fn check(&self) -> Result<()> {
        if self.alpha.is_finite() {
            return Ok(());
        }
        Err(setting("Elu", format!("alpha is {}, but must be a finite number", self.alpha)))
    }
}

stateless! {
    /// Records `x` above 0, `alpha * (e^x - 1)` elsewhere.
    Elu [check_floats], |layer, x| x.elu(layer.alpha), Elu::check
}

/// The scaled exponential linear unit, an [`Elu`] whose two fixed numbers keep mean 0 and variance 1 from layer to
/// layer. Klambauer, Unterthiner, Mayr and Hochreiter 2017.
///
/// As a method: `x.selu()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Selu;
/// let y = Selu.forward(Tape::new().constant([-800.0, 0.0, 1.0])).value()?.to_f64_vec();
/// assert!((y[0] + 1.7581).abs() < 1e-4 && y[1] == 0.0 && (y[2] - 1.0507).abs() < 1e-4);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Selu;

stateless! {
    /// Records the scaled exponential linear unit.
    Selu [check_floats], |_layer, x| x.selu()
}

/// `x` above 0, `alpha * (e^(x / alpha) - 1)` elsewhere: an [`Elu`] with slope 1 at 0 for every alpha. Barron
/// 2017.
///
/// As a method: `x.celu(alpha)`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Celu;
/// let y = Celu { alpha: 0.5 }.forward(Tape::new().constant([-800.0, 0.0, 3.0])).value()?;
/// assert_eq!(y.to_f64_vec(), [-0.5, 0.0, 3.0]);
/// let error = Celu { alpha: 0.0 }.forward(Tape::new().constant(1.0)).value().unwrap_err();
/// assert!(error.message().contains("alpha is 0"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Celu {
    /// How far below 0 it goes, above 0; 1 by default.
    pub alpha: f64,
}

impl Default for Celu {
    fn default() -> Celu {
        Celu { alpha: 1.0 }
    }
}

impl Celu {
    fn check(&self) -> Result<()> {
        above_0("Celu", "alpha", self.alpha)
    }
}

stateless! {
    /// Records `x` above 0, `alpha * (e^(x / alpha) - 1)` elsewhere.
    Celu [check_floats], |layer, x| x.celu(layer.alpha), Celu::check
}

/// The Gaussian error linear unit: `x Φ(x)` with the normal distribution function Φ. Hendrycks and Gimpel 2016.
///
/// As methods: `x.gelu()` and `x.gelu_tanh()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Gelu;
/// let tape = Tape::new();
/// let x = tape.constant([-1.0, 0.0, 1.0]);
/// let y = Gelu::default().forward(x).value()?.to_f64_vec();
/// assert!((y[0] + 0.158655).abs() < 1e-6 && y[1] == 0.0 && (y[2] - 0.841345).abs() < 1e-6);
/// let near = Gelu { tanh: true }.forward(x).value()?.to_f64_vec();
/// assert!(near[2] != y[2] && (near[2] - y[2]).abs() < 1e-3);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gelu {
    /// Whether Φ is written with the hyperbolic tangent, which is nearly the same: PyTorch's
    /// `approximate="tanh"`. No by default.
    pub tanh: bool,
}

stateless! {
    /// Records `x Φ(x)`.
    Gelu [check_floats], |layer, x| if layer.tanh { x.gelu_tanh() } else { x.gelu() }
}

/// `x * sigmoid(x)`, also named swish. Elfwing, Uchibe and Doya 2018.
///
/// As a method: `x.silu()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Silu;
/// let y = Silu.forward(Tape::new().constant([-800.0, 0.0, 800.0])).value()?;
/// assert_eq!(y.to_f64_vec(), [0.0, 0.0, 800.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "Swish")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Silu;

stateless! {
    /// Records `x * sigmoid(x)`.
    Silu [check_floats], |_layer, x| x.silu()
}

/// `x * tanh(softplus(x))`. Misra 2019.
///
/// As a method: `x.mish()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Mish;
/// let y = Mish.forward(Tape::new().constant([-800.0, 0.0, 800.0])).value()?;
/// assert_eq!(y.to_f64_vec(), [0.0, 0.0, 800.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mish;

stateless! {
    /// Records `x * tanh(softplus(x))`.
    Mish [check_floats], |_layer, x| x.mish()
}

/// A rectifier without a corner: `log(1 + e^(beta x)) / beta`, exact for large numbers too.
///
/// As a method, with beta 1: `x.softplus()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Softplus;
/// let tape = Tape::new();
/// let x = tape.constant([-800.0, 0.0, 800.0]);
/// assert_eq!(Softplus::default().forward(x).value()?.to_f64_vec(), [0.0, 2.0f64.ln(), 800.0]);
/// assert_eq!(Softplus { beta: 2.0 }.forward(x).value()?.to_f64_vec()[1], 2.0f64.ln() / 2.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Softplus {
    /// How sharp the bend is, above 0; 1 by default.
    pub beta: f64,
}

impl Default for Softplus {
    fn default() -> Softplus {
        Softplus { beta: 1.0 }
    }
}

impl Softplus {
    fn check(&self) -> Result<()> {
        above_0("Softplus", "beta", self.beta)
    }
}

stateless! {
    /// Records `log(1 + e^(beta x)) / beta`.
    Softplus [check_floats], |layer, x| match layer.beta {
        1.0 => x.softplus(),
        beta => (x * beta).softplus() / beta,
    }, Softplus::check
}

/// `x / (1 + |x|)`.
///
/// As a method: `x.softsign()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Softsign;
/// let y = Softsign.forward(Tape::new().constant([-1.0, 0.0, 3.0])).value()?;
/// assert_eq!(y.to_f64_vec(), [-0.5, 0.0, 0.75]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Softsign;

stateless! {
    /// Records `x / (1 + |x|)`.
    Softsign [check_floats], |_layer, x| x.softsign()
}

fn above_0(layer: &str, name: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(setting(layer, format!("{name} is {value}, but must be a finite number above 0")))
}
