//! Looking into a training: the checked mode.

use super::Trainer;
use crate::eval::Mode;

impl Trainer<'_> {
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
}
