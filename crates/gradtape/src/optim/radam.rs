//! [`RAdam`].

use super::declare::{declared, optimizer};
use super::{Rates, Rule, Slot, Update, adam};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
    /// RAdam (Liu et al. 2020): Adam that divides by `√v` only once enough gradients are in it.
    ///
    /// With `ρ∞ = 2 / (1 - β₂) - 1`, `ρₜ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ)` and `m`, `v` as in [`Adam`](super::Adam):
    /// `x -= lr r / (1 - β₁ᵗ) m / ((√v + eps) / √(1 - β₂ᵗ))` with
    /// `r² = (ρₜ - 4) (ρₜ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρₜ)` where `ρₜ > 5`, and `x -= lr / (1 - β₁ᵗ) m` before.
    ///
    /// Weight decay adds `weight_decay x` to `g`, or, if it is decoupled, takes `lr weight_decay x` off the
    /// parameter first.
    ///
    /// ```
    /// use gradtape::optim::{Optimizer, RAdam};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::scalar(4.0f64));
    /// let opt = RAdam::new(&x, 0.1);
    /// let tape = Tape::new();
    /// opt.step(tape.parameter(&x) * 3.0)?;
    /// // The first steps are those of momentum, as long as the gradient.
    /// assert!((x.value().item()? - 3.7).abs() < 1e-12);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct RAdam("radam", lr = 1e-3, pace = Rate) {
        /// The factor of the penalty ½ ‖x‖², or what is taken off the parameter.
        weight_decay: f64 in 0.. = 0.0,
        /// The weights of the past in the averages of `g` and `g²`.
        betas: (f64, f64) in 0..1 = (0.9, 0.999),
        /// What is added to the root.
        eps: f64 in 0.. = 1e-8,
        /// Whether weight decay is taken off the parameter itself.
        decoupled_weight_decay: bool = false,
    }
}

impl Rule for RAdam {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
        adam::slots(false)
    }

    /// The rate of a step that divides by the root, or 0; the rate of one that does not, or 0; the decay.
    fn rates(&self) -> Box<Rates> {
        let (betas, decay) = (self.betas, self.weight_decay);
        Box::new(move |step, rate| {
            let t = step as f64;
            let second = 1.0 - betas.1.powf(t);
            let all = 2.0 / (1.0 - betas.1) - 1.0;
            let now = all - 2.0 * t * betas.1.powf(t) / second;
            let plain = rate / (1.0 - betas.0.powf(t));
            let kept = 1.0 - rate * decay;
            match now > 5.0 {
                true => {
                    let square = (now - 4.0) * (now - 2.0) * all;
                    let square = square / ((all - 4.0) * (all - 2.0) * now);
                    [plain * square.sqrt() * second.sqrt(), 0.0, kept]
                }
                false => [0.0, plain, kept],
            }
        })
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let decays = self.weight_decay > 0.0 && self.decoupled_weight_decay;
        let x = if decays { u.x() * u.rate(2) } else { u.x() };
        let g = if decays { u.g() } else { u.decayed(self.weight_decay) };
        let m = u.average(0, g, 1.0 - self.betas.0);
        let v = u.average_of_square(1, g, 1.0 - self.betas.1);
        let (divided, plain) = (u.rate(0), u.rate(1));
        let change = plain.greater(0.0).select(m * plain, m * divided / (v.sqrt() + self.eps));
        x - change
    }
}
