//! [`Lamb`].

use super::declare::{declared, optimizer};
use super::{Rates, Rule, Slot, Update, adam};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
    /// LAMB (You et al. 2020): Adam for large batches, each parameter at a pace of its own. With `m`, `v` as in
    /// [`Adam`](super::Adam) and `r = m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + eps) + weight_decay x`:
    /// `x -= lr ‖x‖ / ‖r‖ r`, and `x -= lr r` where either norm is 0.
    ///
    /// ```
    /// use gradtape::optim::{Lamb, Optimizer};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::from([3.0, 4.0]));
    /// let opt = Lamb::new(&x, 0.1).weight_decay(0.0);
    /// let tape = Tape::new();
    /// opt.step((tape.parameter(&x) * 7.0).sum(()))?;
    /// // A tenth of the norm, 5, in a direction of two equal parts.
    /// let step = 0.5 / 2f64.sqrt();
    /// let x = x.value().to_f64_vec();
    /// assert!((x[0] - (3.0 - step)).abs() < 1e-6 && (x[1] - (4.0 - step)).abs() < 1e-6);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct Lamb("lamb", lr = 1e-3, pace = Norm) {
        /// How much of the parameter is added to the direction of a step.
        weight_decay: f64 in 0.. = 0.01,
        /// The weights of the past in the averages of `g` and `g²`.
        betas: (f64, f64) in 0..1 = (0.9, 0.999),
        /// What is added to the root.
        eps: f64 in 0.. = 1e-6,
    }
}

impl Rule for Lamb {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
        adam::slots(false)
    }

    /// The corrections of the direction, and the rate by itself.
    fn rates(&self) -> Box<Rates> {
        let (betas, eps) = (self.betas, self.eps);
        Box::new(move |step, rate| {
            let t = step as f64;
            let root = (1.0 - betas.1.powf(t)).sqrt();
            [root / (1.0 - betas.0.powf(t)), eps * root, rate]
        })
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.g());
        let direction = adam::change(u, g, self.betas, false);
        let r = match self.weight_decay > 0.0 {
            true => direction + x * self.weight_decay,
            false => direction,
        };
        x - r * (trust(x, r) * u.rate(2))
    }
}

/// `‖x‖ / ‖r‖`, and 1 where either is 0.
fn trust<'t>(x: Var<'t>, r: Var<'t>) -> Var<'t> {
    let (x, r) = (x.norm(2.0, ()), r.norm(2.0, ()));
    x.greater(0.0).logical_and(r.greater(0.0)).select(x / r, 1.0)
}
