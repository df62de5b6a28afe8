//! [`Adamax`].

use super::base::{at_least_0, below_1};
use super::{Base, Rates, Rule, Slot, Update};
use crate::nn::Module;
use crate::tape::Var;
use crate::tensor::Result;

/// Adamax (Kingma and Ba 2015, section 7.1): `m` is the moving average of `g`,
/// `u = max(β₂ u, |g| + eps)` and `x -= lr / (1 - β₁ᵗ) m / u`.
///
/// Weight decay adds `weight_decay x` to `g`.
///
/// ```
/// use gradtape::optim::{Adamax, Optimizer};
/// use gradtape::{Parameter, Tape, Tensor};
/// let x = Parameter::new(Tensor::scalar(4.0f64));
/// let opt = Adamax::new(&x, 0.1);
/// let mut tape = Tape::new();
/// let mut steps = Vec::new();
/// for _ in 0..2 {
///     let before = x.value().item()?;
///     tape.reset();
///     opt.step(tape.parameter(&x) * 3.0)?;
///     steps.push(before - x.value().item()?);
/// }
/// // Under a constant gradient every step is the learning rate.
/// assert!(steps.iter().all(|step| (step - 0.1).abs() < 1e-8));
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct Adamax {
    base: Base,
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
}

impl Adamax {
    /// With betas 0.9 and 0.999, `eps` 1e-8, no weight decay.
    pub fn new(module: &(impl Module + ?Sized), learning_rate: f64) -> Adamax {
        let base = Base::new(module, learning_rate);
        Adamax { base, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0 }
    }

    /// The weight of the past in the average of `g`, and the shrinking of `u`, both in [0, 1).
    #[must_use]
    pub fn betas(self, first: f64, second: f64) -> Adamax {
        Adamax { betas: (first, second), ..self }
    }

    /// What is added to the magnitude of the gradient; 1e-8 by default.
    #[must_use]
    pub fn eps(self, eps: f64) -> Adamax {
        Adamax { eps, ..self }
    }

    /// The factor of the penalty ½ ‖x‖²; 0 by default.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> Adamax {
        Adamax { weight_decay, ..self }
    }
}

impl Rule for Adamax {
    fn base(&self) -> &Base {
        &self.base
    }

    fn base_mut(&mut self) -> &mut Base {
        &mut self.base
    }

    fn name(&self) -> &'static str {
        "adamax"
    }

    fn check(&self) -> Result<()> {
        below_1("the first of betas", self.betas.0)?;
        below_1("the second of betas", self.betas.1)?;
        at_least_0("eps", self.eps)?;
        at_least_0("weight_decay", self.weight_decay)
    }

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::zeros("exp_avg"), Slot::zeros("exp_inf")]
    }

    fn rates(&self) -> Box<Rates> {
        let beta = self.betas.0;
        Box::new(move |step, rate| [rate / (1.0 - beta.powf(step as f64)), 0.0, 0.0])
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.decayed(self.weight_decay));
        let m = u.average(0, g, 1.0 - self.betas.0);
        let norm = (u.state(1) * self.betas.1).maximum(g.abs() + self.eps);
        u.keep(1, norm);
        x - m * u.rate(0) / norm
    }
}
