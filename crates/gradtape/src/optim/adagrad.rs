//! [`AdaGrad`].

use super::declare::{declared, optimizer};
use super::{Rates, Rule, Slot, Update};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
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
    pub struct AdaGrad("adagrad", lr = 0.01, pace = Falling) {
        /// The factor of the penalty ½ ‖x‖².
        weight_decay: f64 in 0.. = 0.0,
        /// How fast the learning rate falls.
        lr_decay: f64 in 0.. = 0.0,
        /// What `v` starts at.
        initial_accumulator_value: f64 in 0.. = 0.0,
        /// What is added to the root.
        eps: f64 in 0.. = 1e-10,
    }
}

impl Rule for AdaGrad {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
        vec![Slot { start: self.initial_accumulator_value, ..Slot::zeros("sum") }]
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
