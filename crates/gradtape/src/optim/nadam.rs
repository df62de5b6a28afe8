//! [`NAdam`].

use std::sync::{Mutex, PoisonError};

use super::declare::{declared, optimizer};
use super::{Rates, Rule, Slot, Update};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
    /// NAdam (Dozat 2016): Adam whose average of `g` looks ahead as Nesterov's momentum does.
    ///
    /// With `μₜ = β₁ (1 - ½ 0.96^(t momentum_decay))`, `Πₜ` the product of `μ₁ … μₜ` and `m`, `v` as in
    /// [`Adam`](super::Adam): `x -= lr ((1 - μₜ) / (1 - Πₜ) g + μₜ₊₁ / (1 - Πₜ₊₁) m) / (√(v / (1 - β₂ᵗ)) + eps)`.
    /// Weight decay adds `weight_decay x` to `g`.
    ///
    /// ```
    /// use gradtape::optim::{NAdam, Optimizer};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::scalar(4.0f64));
    /// let opt = NAdam::new(&x, 0.1);
    /// let mut tape = Tape::new();
    /// let mut steps = Vec::new();
    /// for _ in 0..2 {
    ///     let before = x.value().item()?;
    ///     tape.reset();
    ///     opt.step(tape.parameter(&x) * 3.0)?;
    ///     steps.push(before - x.value().item()?);
    /// }
    /// // Adam's first step is the learning rate; looking ahead makes it longer.
    /// assert!(steps[0] > 0.105 && steps[0] < 0.106);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct NAdam("nadam", lr = 2e-3, pace = Rate) {
        /// The factor of the penalty ½ ‖x‖².
        weight_decay: f64 in 0.. = 0.0,
        /// The weights of the past in the averages of `g` and `g²`.
        betas: (f64, f64) in 0..1 = (0.9, 0.999),
        /// What is added to the root.
        eps: f64 in 0.. = 1e-8,
        /// How fast the look ahead grows to `β₁`.
        momentum_decay: f64 in 0.. = 4e-3,
    }
}

impl Rule for NAdam {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
        vec![Slot::zeros("exp_avg"), Slot::zeros("exp_avg_sq")]
    }

    fn rates(&self) -> Box<Rates> {
        let (betas, eps, decay) = (self.betas, self.eps, self.momentum_decay);
        let mu = move |t: u64| betas.0 * (1.0 - 0.5 * 0.96f64.powf(t as f64 * decay));
        // The product so far, so that a step costs one factor; after a jump it is made anew.
        let known = Mutex::new((0u64, 1.0f64));
        Box::new(move |step, rate| {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            let (mut t, mut product) = *known;
            if t > step {
                (t, product) = (0, 1.0);
            }
            while t < step && product > 0.0 {
                t += 1;
                product *= mu(t);
            }
            *known = (step, product);
            let (now, next) = (mu(step), mu(step + 1));
            let root = (1.0 - betas.1.powf(step as f64)).sqrt();
            let fresh = rate * root * (1.0 - now) / (1.0 - product);
            [fresh, rate * root * next / (1.0 - product * next), eps * root]
        })
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.decayed(self.weight_decay));
        let m = u.average(0, g, 1.0 - self.betas.0);
        let v = u.average_of_square(1, g, 1.0 - self.betas.1);
        x - (g * u.rate(0) + m * u.rate(1)) / (v.sqrt() + u.rate(2))
    }
}
