//! Activation functions of straight pieces.

use serde::{Deserialize, Serialize};

use super::super::fit::{check_floats, setting};
use super::super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use super::stateless;
use crate::tape::{Part, Var};
use crate::tensor::{Result, Rng};

/// `x`, no less than `min` and no more than `max`. At the bounds its slope is 1.
///
/// As a method: `x.clamp(min, max)`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Hardtanh;
/// let y = Hardtanh::default().forward(Tape::new().constant([-2.0, 0.5, 3.0])).value()?;
/// assert_eq!(y.to_f64_vec(), [-1.0, 0.5, 1.0]);
/// let error = Hardtanh { min: 1.0, max: 0.0 }.forward(Tape::new().constant(1.0)).value();
/// assert!(error.unwrap_err().message().contains("min is 1 and max is 0"));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardtanh {
    /// The least value; -1 by default.
    pub min: f64,
    /// The greatest value, above the least; 1 by default.
    pub max: f64,
}

impl Default for Hardtanh {
    fn default() -> Hardtanh {
        Hardtanh { min: -1.0, max: 1.0 }
    }
}

impl Hardtanh {
    fn check(&self) -> Result<()> {
        let &Hardtanh { min, max } = self;
        if min < max && min.is_finite() && max.is_finite() {
            return Ok(());
        }
        let rule = format!("min is {min} and max is {max}, but max must be above min");
        Err(setting("Hardtanh", rule))
    }
}

stateless! {
    /// Records `x` between the bounds.
    Hardtanh [check_floats], |layer, x| x.clamp(layer.min, layer.max), Hardtanh::check
}

/// `min(max(x, 0), 6)`.
///
/// As a method: `x.clamp(0.0, 6.0)`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Relu6;
/// let y = Relu6.forward(Tape::new().constant([-2.0, 0.5, 7.0])).value()?;
/// assert_eq!(y.to_f64_vec(), [0.0, 0.5, 6.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Relu6;

stateless! {
    /// Records `min(max(x, 0), 6)`.
    Relu6 [check_floats], |_layer, x| x.relu().minimum(6.0)
}

/// `x / 6 + 1 / 2`, no less than 0 and no more than 1: a sigmoid of straight pieces.
///
/// As a method: `x.hardsigmoid()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Hardsigmoid;
/// let y = Hardsigmoid.forward(Tape::new().constant([-4.0, 0.0, 1.5, 4.0])).value()?;
/// assert_eq!(y.to_f64_vec(), [0.0, 0.5, 0.75, 1.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hardsigmoid;

stateless! {
    /// Records `x / 6 + 1 / 2` between 0 and 1.
    Hardsigmoid [check_floats], |_layer, x| x.hardsigmoid()
}

/// `x` times its [`Hardsigmoid`]. Howard et al. 2019 (MobileNetV3).
///
/// As a method: `x.hardswish()`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Hardswish;
/// let y = Hardswish.forward(Tape::new().constant([-4.0, 0.0, 1.5, 4.0])).value()?;
/// assert_eq!(y.to_f64_vec(), [0.0, 0.0, 1.125, 4.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hardswish;

stateless! {
    /// Records `x` times its hard sigmoid.
    Hardswish [check_floats], |_layer, x| x.hardswish()
}
