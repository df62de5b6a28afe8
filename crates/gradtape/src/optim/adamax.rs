//! [`Adamax`].

use super::declare::{declared, optimizer};
use super::{Rates, Rule, Slot, Update};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
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
    pub struct Adamax("adamax", lr = 2e-3, pace = Rate) {
        /// The factor of the penalty ½ ‖x‖².
        weight_decay: f64 in 0.. = 0.0,
        /// The weight of the past in the average of `g`, and the shrinking of `u`.
        betas: (f64, f64) in 0..1 = (0.9, 0.999),
        /// What is added to the magnitude of the gradient.
        eps: f64 in 0.. = 1e-8,
    }
}

impl Rule for Adamax {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
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
