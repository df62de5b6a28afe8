//! Looking into a training: who watches it, the checked mode, profiles.

use super::{Trainer, Watch};
use crate::eval::{Mode, Profiler};

impl<'n> Trainer<'n> {
    /// How each step and each look at validation data is computed. In [`Mode::Checked`], which is slow,
    /// [`Trainer::fit`] fails at the first operation whose result is not finite, and the error names it, its layer, and
    /// its operands; the weights are those before the step. With [`DType::F16`](crate::DType::F16), whose gradients
    /// may overflow until the loss is scaled rightly, that need not be a fault.
    ///
    /// ```
    /// use gradtape::data::moons;
    /// use gradtape::nn::{Activation, Sequential};
    /// use gradtape::{Mode, Rng, optim::Sgd, train::Trainer};
    /// let net = Sequential::mlp(&[2, 16, 2], Activation::Relu, 0.0, &mut Rng::new(7))?;
    /// let mut trainer = Trainer::new(&net, Sgd::new(&net, 1e30)).mode(Mode::Checked);
    /// let error = trainer.fit(&moons(100, 0.1, 7)?, None).unwrap_err().to_string();
    /// assert!(error.contains("elements that are not finite") && error.contains("in layer"), "{error}");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    pub fn mode(self, mode: Mode) -> Self {
        Trainer { mode, ..self }
    }

    /// Has somebody watch, beside those who do already: see [`Watch`].
    #[must_use]
    pub fn watch(mut self, watch: impl Watch + Send + 'n) -> Self {
        self.watches.push(Box::new(watch));
        self
    }

    /// Measures where the time of steps goes, by layer and by kernel. Steps that are recorded anew each time are not
    /// seen: those with a loss of one's own, of several batches, of a search, and of networks that are not
    /// [static](crate::nn::Layer::is_static).
    ///
    /// ```
    /// use gradtape::data::moons;
    /// use gradtape::eval::Profiler;
    /// use gradtape::nn::{Activation, Sequential};
    /// use gradtape::{Rng, optim::Adam, train::Trainer};
    /// let net = Sequential::mlp(&[2, 16, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
    /// let profiler = Profiler::new();
    /// let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(2).profile(&profiler);
    /// trainer.fit(&moons(64, 0.1, 7)?, None)?;
    /// let profile = profiler.report();
    /// assert_eq!(profile.calls, 4);
    /// assert!(profile.lines.iter().any(|line| line.layer.as_deref() == Some("0 (Linear)")));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    pub fn profile(self, profiler: &Profiler) -> Self {
        Trainer { profiler: Some(profiler.clone()), ..self }
    }
}
