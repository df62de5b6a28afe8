//! [`Adam`].

use super::base::{at_least_0, below_1};
use super::{Base, Rates, Rule, Slot, Update};
use crate::nn::Module;
use crate::tape::Var;
use crate::tensor::Result;

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
pub struct Adam {
    base: Base,
    betas: (f64, f64),
    eps: f64,
    amsgrad: bool,
    weight_decay: f64,
}

impl Adam {
    /// With betas 0.9 and 0.999, `eps` 1e-8, no weight decay.
    pub fn new(module: &(impl Module + ?Sized), learning_rate: f64) -> Adam {
        let base = Base::new(module, learning_rate);
        Adam { base, betas: (0.9, 0.999), eps: 1e-8, amsgrad: false, weight_decay: 0.0 }
    }

    /// The weights of the past in the averages of `g` and `g²`, in [0, 1).
    #[must_use]
    pub fn betas(self, first: f64, second: f64) -> Adam {
        Adam { betas: (first, second), ..self }
    }

    /// What is added to the root; 1e-8 by default.
    #[must_use]
    pub fn eps(self, eps: f64) -> Adam {
        Adam { eps, ..self }
    }

    /// Divides by the greatest `v` so far. Reddi, Kale and Kumar 2018.
    #[must_use]
    pub fn amsgrad(self, amsgrad: bool) -> Adam {
        Adam { amsgrad, ..self }
    }

    /// The factor of the penalty ½ ‖x‖²; 0 by default.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> Adam {
        Adam { weight_decay, ..self }
    }

    pub(super) fn decays(&self) -> bool {
        self.weight_decay > 0.0
    }

    /// What the averages of `g` say is to be taken from the parameter.
    pub(super) fn change<'t>(&self, u: &mut Update<'_, 't>, g: Var<'t>) -> Var<'t> {
        let m = u.average(0, g, 1.0 - self.betas.0);
        let mut v = u.average_of_square(1, g, 1.0 - self.betas.1);
        if self.amsgrad {
            v = u.state(2).maximum(v);
            u.keep(2, v);
        }
        m * u.rate(0) / (v.sqrt() + u.rate(1))
    }
}

impl Rule for Adam {
    fn base(&self) -> &Base {
        &self.base
    }

    fn base_mut(&mut self) -> &mut Base {
        &mut self.base
    }

    fn name(&self) -> &'static str {
        "adam"
    }

    fn check(&self) -> Result<()> {
        below_1("the first of betas", self.betas.0)?;
        below_1("the second of betas", self.betas.1)?;
        at_least_0("eps", self.eps)?;
        at_least_0("weight_decay", self.weight_decay)
    }

    fn slots(&self) -> Vec<Slot> {
        let mut slots = vec![Slot::zeros("exp_avg"), Slot::zeros("exp_avg_sq")];
        if self.amsgrad {
            slots.push(Slot::zeros("max_exp_avg_sq"));
        }
        slots
    }

    /// The bias corrections, with the root of the second taken out of the quotient:
    /// `a m / (√(v / c) + eps) = (a √c) m / (√v + eps √c)`. The last is for [`AdamW`](super::AdamW).
    fn rates(&self) -> Box<Rates> {
        let Adam { betas, eps, weight_decay, .. } = *self;
        Box::new(move |step, rate| {
            let t = step as f64;
            let root = (1.0 - betas.1.powf(t)).sqrt();
            [rate * root / (1.0 - betas.0.powf(t)), eps * root, 1.0 - rate * weight_decay]
        })
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let g = u.decayed(self.weight_decay);
        u.x() - self.change(u, g)
    }
}
