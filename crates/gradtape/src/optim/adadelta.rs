//! [`AdaDelta`].

use super::declare::{declared, optimizer};
use super::{Rule, Slot, Update};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
    /// AdaDelta (Zeiler 2012): `x -= lr d` with `d = √(u + eps) / √(v + eps) g`, where `v` and `u` are the
    /// moving averages of `g²` and `d²`. Its learning rate is 1 in the paper.
    ///
    /// Weight decay adds `weight_decay x` to `g`.
    ///
    /// ```
    /// use gradtape::optim::{AdaDelta, Optimizer};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::scalar(4.0f64));
    /// let opt = AdaDelta::new(&x, 1.0);
    /// let mut tape = Tape::new();
    /// let mut steps = Vec::new();
    /// for _ in 0..2 {
    ///     let before = x.value().item()?;
    ///     tape.reset();
    ///     opt.step(tape.parameter(&x) * 3.0)?;
    ///     steps.push(before - x.value().item()?);
    /// }
    /// // It begins slowly, at the root of eps, and finds its pace by itself.
    /// assert!((steps[0] - (1e-6f64 / (0.9 + 1e-6)).sqrt() * 3.0).abs() < 1e-12);
    /// assert!(steps[1] > 0.0 && x.value().item()? < 4.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct AdaDelta("adadelta", lr = 1.0, pace = Own) {
        /// The factor of the penalty ½ ‖x‖².
        weight_decay: f64 in 0.. = 0.0,
        /// The weight of the past in the averages.
        rho: f64 in 0..1 = 0.9,
        /// What is added under both roots.
        eps: f64 in 0.. = 1e-6,
    }
}

impl Rule for AdaDelta {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
        vec![Slot::zeros("square_avg"), Slot::zeros("acc_delta")]
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.decayed(self.weight_decay));
        let share = 1.0 - self.rho;
        let v = u.average_of_square(0, g, share);
        let past = u.state(1);
        let d = (past + self.eps).sqrt() / (v + self.eps).sqrt() * g;
        u.average_of_square(1, d, share);
        x - d * u.rate(0)
    }
}
