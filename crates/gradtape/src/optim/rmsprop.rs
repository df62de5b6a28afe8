//! [`RmsProp`].

use super::base::{at_least_0, below_1};
use super::{Base, Rule, Slot, Update};
use crate::nn::Module;
use crate::tape::Var;
use crate::tensor::Result;

/// RMSProp (Tieleman and Hinton 2012): `v` is the moving average of `g²` and `x -= lr g / (√v + eps)`.
///
/// Centred, the square of the moving average of `g` is taken from `v` (Graves 2013). With momentum the
/// quotient goes through `m = momentum m + g / (√v + eps)`. Weight decay adds `weight_decay x` to `g`.
///
/// ```
/// use gradtape::optim::{RmsProp, Optimizer};
/// use gradtape::{Parameter, Tape, Tensor};
/// let x = Parameter::new(Tensor::scalar(4.0f64));
/// let opt = RmsProp::new(&x, 0.01).alpha(0.75);
/// let mut tape = Tape::new();
/// let mut steps = Vec::new();
/// for _ in 0..2 {
///     let before = x.value().item()?;
///     tape.reset();
///     opt.step(tape.parameter(&x) * 3.0)?;
///     steps.push(before - x.value().item()?);
/// }
/// // The average of g² = 9 begins at 0: a quarter of it after one step, 7/16 after two.
/// assert!((steps[0] - 0.01 / 0.25f64.sqrt()).abs() < 1e-9);
/// assert!((steps[1] - 0.01 / 0.4375f64.sqrt()).abs() < 1e-9);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct RmsProp {
    base: Base,
    alpha: f64,
    eps: f64,
    centered: bool,
    momentum: f64,
    weight_decay: f64,
}

impl RmsProp {
    /// With `alpha` 0.99 and `eps` 1e-8, not centred, without momentum and weight decay.
    pub fn new(module: &(impl Module + ?Sized), learning_rate: f64) -> RmsProp {
        let base = Base::new(module, learning_rate);
        RmsProp { base, alpha: 0.99, eps: 1e-8, centered: false, momentum: 0.0, weight_decay: 0.0 }
    }

    /// The weight of the past in the averages, in [0, 1); 0.99 by default.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> RmsProp {
        RmsProp { alpha, ..self }
    }

    /// What is added to the root; 1e-8 by default.
    #[must_use]
    pub fn eps(self, eps: f64) -> RmsProp {
        RmsProp { eps, ..self }
    }

    /// Whether to divide by the deviation of the gradient from its average.
    #[must_use]
    pub fn centered(self, centered: bool) -> RmsProp {
        RmsProp { centered, ..self }
    }

    /// The share of the last step that is taken again, in [0, 1); 0 by default.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> RmsProp {
        RmsProp { momentum, ..self }
    }

    /// The factor of the penalty ½ ‖x‖²; 0 by default.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> RmsProp {
        RmsProp { weight_decay, ..self }
    }
}

impl Rule for RmsProp {
    fn base(&self) -> &Base {
        &self.base
    }

    fn base_mut(&mut self) -> &mut Base {
        &mut self.base
    }

    fn name(&self) -> &'static str {
        "rmsprop"
    }

    fn check(&self) -> Result<()> {
        below_1("alpha", self.alpha)?;
        below_1("momentum", self.momentum)?;
        at_least_0("eps", self.eps)?;
        at_least_0("weight_decay", self.weight_decay)
    }

    fn slots(&self) -> Vec<Slot> {
        let mut slots = vec![Slot::zeros("square_avg")];
        if self.centered {
            slots.push(Slot::zeros("grad_avg"));
        }
        if self.momentum > 0.0 {
            slots.push(Slot::zeros("momentum_buffer"));
        }
        slots
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.decayed(self.weight_decay));
        let share = 1.0 - self.alpha;
        let mut v = u.average_of_square(0, g, share);
        if self.centered {
            // v - mean², of which the square may overflow. Rounding can make it negative for a constant
            // gradient.
            let (root, size) = (v.sqrt(), u.average(1, g, share).abs());
            v = (root - size).maximum(0.0) * (root + size);
        }
        let quotient = g / (v.sqrt() + self.eps);
        if self.momentum == 0.0 {
            return x - quotient * u.rate(0);
        }
        let last = usize::from(self.centered) + 1;
        let m = u.state(last) * self.momentum + quotient;
        u.keep(last, m);
        x - m * u.rate(0)
    }
}
