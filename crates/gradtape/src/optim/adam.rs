//! [`Adam`].

use super::declare::{declared, optimizer};
use super::{HyperValue, Rates, Rule, Slot, Update};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
    /// Adam (Kingma and Ba 2015): with `m` and `v` the moving averages of `g` and `g²`,
    /// `x -= lr / (1 - β₁ᵗ) m / (√(v / (1 - β₂ᵗ)) + eps)`.
    ///
    /// Weight decay adds `weight_decay x` to `g`; [`AdamW`](super::AdamW) decays the parameter itself.
    ///
    /// ```
    /// use gradtape::nn::Linear;
    /// use gradtape::optim::{Adam, Optimizer};
    /// use gradtape::{Rng, Tape, Tensor};
    ///
    /// let layer = Linear::new(2, 1, &mut Rng::new(1));
    /// let opt = Adam::new(&layer, 1e-2);
    /// let mut tape = Tape::new();
    /// let (mut first, mut last) = (f64::NAN, f64::NAN);
    /// for step in 0..100 {
    ///     tape.reset();
    ///     let x = tape.constant(Tensor::from([[0.0f32, 1.0], [1.0, 0.0]]));
    ///     let y = tape.constant(Tensor::from([[1.0f32], [-1.0]]));
    ///     let loss = (layer.forward(x) - y).square().mean(());
    ///     opt.step(loss)?;
    ///     last = loss.item()?;
    ///     if step == 0 {
    ///         first = last;
    ///     }
    /// }
    /// assert!(last < first);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct Adam("adam", lr = 1e-3, pace = Rate) {
        /// The factor of the penalty ½ ‖x‖².
        weight_decay: f64 in 0.. = 0.0,
        /// The weights of the past in the averages of `g` and `g²`.
        betas: (f64, f64) in 0..1 = (0.9, 0.999),
        /// What is added to the root.
        eps: f64 in 0.. = 1e-8,
        /// Whether to divide by the greatest `v` so far. Reddi, Kale and Kumar 2018.
        amsgrad: bool = false,
    }
    preset "amsgrad" { amsgrad = HyperValue::Flag(true) }
}

impl Rule for Adam {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
        slots(self.amsgrad)
    }

    fn rates(&self) -> Box<Rates> {
        rates(self.betas, self.eps, 0.0)
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let g = u.decayed(self.weight_decay);
        u.x() - change(u, g, self.betas, self.amsgrad)
    }
}

/// The averages of `g` and `g²`, and the greatest of the latter.
pub(super) fn slots(amsgrad: bool) -> Vec<Slot> {
    let mut slots = vec![Slot::zeros("exp_avg"), Slot::zeros("exp_avg_sq")];
    if amsgrad {
        slots.push(Slot::zeros("max_exp_avg_sq"));
    }
    slots
}

/// The bias corrections, with the root of the second taken out of the quotient:
/// `a m / (√(v / c) + eps) = (a √c) m / (√v + eps √c)`. The last is what a decay of the parameter itself
/// leaves of it.
pub(super) fn rates(betas: (f64, f64), eps: f64, decay: f64) -> Box<Rates> {
    Box::new(move |step, rate| {
        let t = step as f64;
        let root = (1.0 - betas.1.powf(t)).sqrt();
        [rate * root / (1.0 - betas.0.powf(t)), eps * root, 1.0 - rate * decay]
    })
}

/// What the averages of `g` say is to be taken from the parameter.
pub(super) fn change<'t>(
    u: &mut Update<'_, 't>,
    g: Var<'t>,
    betas: (f64, f64),
    amsgrad: bool,
) -> Var<'t> {
    let m = u.average(0, g, 1.0 - betas.0);
    let mut v = u.average_of_square(1, g, 1.0 - betas.1);
    if amsgrad {
        v = u.state(2).maximum(v);
        u.keep(2, v);
    }
    m * u.rate(0) / (v.sqrt() + u.rate(1))
}
