//! [`RmsProp`].

use super::declare::{declared, optimizer};
use super::{Rule, Slot, Update};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
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
    pub struct RmsProp("rmsprop", lr = 0.01, pace = Rate) {
        /// The factor of the penalty ½ ‖x‖².
        weight_decay: f64 in 0.. = 0.0,
        /// The weight of the past in the averages.
        alpha: f64 in 0..1 = 0.99,
        /// What is added to the root.
        eps: f64 in 0.. = 1e-8,
        /// Whether to divide by the deviation of the gradient from its average.
        centered: bool = false,
        /// The share of the last step that is taken again.
        momentum: f64 in 0..1 = 0.0,
    }
}

impl Rule for RmsProp {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
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
