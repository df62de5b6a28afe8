//! [`Lars`].

use super::declare::{declared, optimizer};
use super::{Rule, Slot, Update};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
    /// LARS (You, Gitman and Ginsburg 2017): momentum for large batches, each parameter at a pace of its own:
    /// `m = momentum m + lr trust_coefficient ‖x‖ / (‖g‖ + weight_decay ‖x‖ + eps) (g + weight_decay x)`,
    /// `x -= m`. Where either norm is 0, nothing scales the step but `lr`.
    ///
    /// ```
    /// use gradtape::optim::{Lars, Optimizer};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::from([3.0, 4.0]));
    /// let opt = Lars::new(&x, 1.0).trust_coefficient(0.01).eps(0.0);
    /// let tape = Tape::new();
    /// opt.step((tape.parameter(&x) * tape.constant([0.0, 7.0])).sum(()))?;
    /// // A hundredth of the norm, 5.
    /// let x = x.value().to_f64_vec();
    /// assert!(x[0] == 3.0 && (x[1] - 3.95).abs() < 1e-12);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct Lars("lars", lr = 1.0, pace = Norm) {
        /// The factor of the penalty ½ ‖x‖².
        weight_decay: f64 in 0.. = 0.0,
        /// The share of the last step that is taken again.
        momentum: f64 in 0..1 = 0.9,
        /// The length of a step over the norm of the parameter, times the learning rate.
        trust_coefficient: f64 in 0.. = 0.001,
        /// What is added to the norms that are divided by.
        eps: f64 in 0.. = 1e-8,
    }
}

impl Rule for Lars {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
        match self.momentum > 0.0 {
            true => vec![Slot::zeros("momentum_buffer")],
            false => vec![],
        }
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.decayed(self.weight_decay));
        let (size, slope) = (x.norm(2.0, ()), u.g().norm(2.0, ()));
        let trust = size * self.trust_coefficient / (slope + size * self.weight_decay + self.eps);
        let both = size.greater(0.0).logical_and(slope.greater(0.0));
        let step = g * (both.select(trust, 1.0) * u.rate(0));
        if self.momentum == 0.0 {
            return x - step;
        }
        let kept = u.state(0);
        x - u.keep(0, kept * self.momentum + step)
    }
}
