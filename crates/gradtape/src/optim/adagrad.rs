//! [`AdaGrad`].

use super::base::at_least_0;
use super::{Base, Rates, Rule, Slot, Update};
use crate::nn::Module;
use crate::tape::Var;
use crate::tensor::Result;

/// AdaGrad (Duchi, Hazan and Singer 2011): `v += g²`, `x -= lr / (1 + (t - 1) lr_decay) g / (√v + eps)`.
///
/// Weight decay adds `weight_decay x` to `g`.
///
/// ```
/// use gradtape::optim::{AdaGrad, Optimizer};
/// use gradtape::{Parameter, Tape, Tensor};
/// let x = Parameter::new(Tensor::scalar(4.0f64));
/// let opt = AdaGrad::new(&x, 0.5);
/// let mut tape = Tape::new();
/// let mut steps = Vec::new();
/// for _ in 0..2 {
///     let before = x.value().item()?;
///     tape.reset();
///     opt.step(tape.parameter(&x) * 3.0)?;
///     steps.push(before - x.value().item()?);
/// }
/// // Whatever the size of the gradient: lr at first, then less by the root of the number of steps.
/// assert!((steps[0] - 0.5).abs() < 1e-9 && (steps[1] - 0.5 / 2f64.sqrt()).abs() < 1e-9);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct AdaGrad {
    base: Base,
    lr_decay: f64,
    weight_decay: f64,
    initial_accumulator_value: f64,
    eps: f64,
}

impl AdaGrad {
    /// With `v` starting at 0, `eps` 1e-10, no decay.
    pub fn new(module: &(impl Module + ?Sized), learning_rate: f64) -> AdaGrad {
        let base = Base::new(module, learning_rate);
        AdaGrad {
            base,
            lr_decay: 0.0,
            weight_decay: 0.0,
            initial_accumulator_value: 0.0,
            eps: 1e-10,
        }
    }

    /// How fast the learning rate falls; 0 by default.
    #[must_use]
    pub fn lr_decay(self, lr_decay: f64) -> AdaGrad {
        AdaGrad { lr_decay, ..self }
    }

    /// The factor of the penalty ½ ‖x‖²; 0 by default.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> AdaGrad {
        AdaGrad { weight_decay, ..self }
    }

    /// What `v` starts at; 0 by default.
    #[must_use]
    pub fn initial_accumulator_value(self, initial_accumulator_value: f64) -> AdaGrad {
        AdaGrad { initial_accumulator_value, ..self }
    }

    /// What is added to the root; 1e-10 by default.
    #[must_use]
    pub fn eps(self, eps: f64) -> AdaGrad {
        AdaGrad { eps, ..self }
    }
}

impl Rule for AdaGrad {
    fn base(&self) -> &Base {
        &self.base
    }

    fn base_mut(&mut self) -> &mut Base {
        &mut self.base
    }

    fn name(&self) -> &'static str {
        "adagrad"
    }

    fn check(&self) -> Result<()> {
        at_least_0("lr_decay", self.lr_decay)?;
        at_least_0("weight_decay", self.weight_decay)?;
        at_least_0("initial_accumulator_value", self.initial_accumulator_value)?;
        at_least_0("eps", self.eps)
    }

    fn slots(&self) -> Vec<Slot> {
        vec![Slot { name: "sum", start: self.initial_accumulator_value }]
    }

    fn rates(&self) -> Box<Rates> {
        let decay = self.lr_decay;
        Box::new(move |step, rate| [rate / (1.0 + (step - 1) as f64 * decay), 0.0, 0.0])
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.decayed(self.weight_decay));
        let v = u.state(0) + g * g;
        u.keep(0, v);
        x - g * u.rate(0) / (v.sqrt() + self.eps)
    }
}
