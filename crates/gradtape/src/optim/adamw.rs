//! [`AdamW`].

use super::{Adam, Base, Rates, Rule, Slot, Update};
use crate::nn::Module;
use crate::tape::Var;
use crate::tensor::Result;

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019): `x *= 1 - lr weight_decay`, then the
/// step of [`Adam`].
///
/// ```
/// use gradtape::optim::{AdamW, Optimizer};
/// use gradtape::{Parameter, Tape, Tensor};
/// let x = Parameter::new(Tensor::from([4.0f64, 4.0]));
/// let opt = AdamW::new(&x, 0.1).weight_decay(0.5);
/// let tape = Tape::new();
/// // The loss looks at the first alone; both decay, by a factor of 1 - 0.1 * 0.5.
/// opt.step(tape.parameter(&x).slice(0, 0..1).sum(()))?;
/// let x = x.value().to_f64_vec();
/// assert!((x[0] - (4.0 * 0.95 - 0.1)).abs() < 1e-8 && x[1] == 4.0 * 0.95);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct AdamW(Adam);

impl AdamW {
    /// With betas 0.9 and 0.999, `eps` 1e-8, weight decay 0.01.
    pub fn new(module: &(impl Module + ?Sized), learning_rate: f64) -> AdamW {
        AdamW(Adam::new(module, learning_rate).weight_decay(0.01))
    }

    /// The weights of the past in the averages of `g` and `g²`, in [0, 1).
    #[must_use]
    pub fn betas(self, first: f64, second: f64) -> AdamW {
        AdamW(self.0.betas(first, second))
    }

    /// What is added to the root; 1e-8 by default.
    #[must_use]
    pub fn eps(self, eps: f64) -> AdamW {
        AdamW(self.0.eps(eps))
    }

    /// Divides by the greatest `v` so far. Reddi, Kale and Kumar 2018.
    #[must_use]
    pub fn amsgrad(self, amsgrad: bool) -> AdamW {
        AdamW(self.0.amsgrad(amsgrad))
    }

    /// How much of the parameter is taken off in each step, times the learning rate; 0.01 by default.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> AdamW {
        AdamW(self.0.weight_decay(weight_decay))
    }
}

impl Rule for AdamW {
    fn base(&self) -> &Base {
        self.0.base()
    }

    fn base_mut(&mut self) -> &mut Base {
        self.0.base_mut()
    }

    fn name(&self) -> &'static str {
        "adamw"
    }

    fn check(&self) -> Result<()> {
        self.0.check()
    }

    fn slots(&self) -> Vec<Slot> {
        self.0.slots()
    }

    fn rates(&self) -> Box<Rates> {
        self.0.rates()
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let x = if self.0.decays() { u.x() * u.rate(2) } else { u.x() };
        x - self.0.change(u, u.g())
    }
}
