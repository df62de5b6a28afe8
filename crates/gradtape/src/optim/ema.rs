//! [`Ema`]: a moving average of a network.

use super::Interval;
use crate::eval;
use crate::nn::{self, Module, Origin, Visitor};
use crate::tape::Tape;
use crate::tensor::{Error, Kind, Result};

/// The exponential moving average of a module's parameters: a module of its own, whose numbers move a
/// share of `1 - decay` towards the other's at each [`Ema::update`]. Polyak and Juditsky 1992.
///
/// It often predicts better than the network of the last step, and is what target networks of
/// reinforcement learning are.
///
/// ```
/// use gradtape::nn::Linear;
/// use gradtape::optim::{Ema, Optimizer, Sgd};
/// use gradtape::{DType, Rng, Tape, Tensor, loss::mse, train::predict};
///
/// let net = Linear::new(3, 1, &mut Rng::new(1));
/// let average = Ema::new(&net, 0.9);
/// let opt = Sgd::new(&net, 0.1);
/// let (x, y) = (Tensor::ones([4, 3], DType::F32), Tensor::zeros([4, 1], DType::F32));
/// let mut tape = Tape::new();
/// for _ in 0..10 {
///     tape.reset();
///     opt.step(mse(net.forward(tape.constant(&x)), tape.constant(&y)))?;
///     average.update(&net)?;
/// }
/// let outputs = predict(average.module(), &x, 4)?;
/// # assert_eq!(outputs.shape()[..], [4, 1]);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// The buffers of the average are those of the module, as in PyTorch's `AveragedModel`, unless
/// [`Ema::average_buffers`] has them averaged too.
///
/// It is a [`Module`], to be saved and loaded as such, and nothing of it is trained: an optimiser made from a
/// network that holds its average leaves that alone. The parameters of [`Ema::module`] are parameters.
#[derive(Clone, Debug)]
pub struct Ema<M> {
    average: M,
    decay: f64,
    average_buffers: bool,
}

impl<M: Module + Clone> Ema<M> {
    /// An average that starts as a copy of the module, with a decay in [0, 1): usually 0.99 to 0.9999.
    /// With any other decay every update is an error.
    pub fn new(module: &M, decay: f64) -> Ema<M> {
        Ema { average: module.clone(), decay, average_buffers: false }
    }

    /// Averages the buffers of floating-point numbers too, instead of copying them.
    #[must_use]
    pub fn average_buffers(self) -> Ema<M> {
        Ema { average_buffers: true, ..self }
    }
}

impl<M: Module> Ema<M> {
    /// Moves the average towards the module: `average += (parameter - average) (1 - decay)`, all
    /// parameters in one program. Buffers, and what is no floating-point number, are copied.
    ///
    /// Averages of f16 or bf16 move only by what these types can tell, which for a decay near 1 is often nothing;
    /// average a network in f32.
    ///
    /// Tied weights, which are two parameters in the average as in any clone, move both towards the one.
    ///
    /// Fails, and changes nothing, where a name, a shape or an element type differs from the average's, and
    /// where a parameter of the average is the module's own, as what is cloned behind a reference or an
    /// [`Arc`](std::sync::Arc) is.
    pub fn update(&self, module: &M) -> Result<()> {
        Interval::SHARE.check("decay", self.decay).map_err(|error| error.context("ema"))?;
        let values = nn::named_state(module);
        let pairs = nn::pair(nn::named_state(&self.average), &values, &MODULE)
            .map_err(|error| error.context("ema"))?;
        let tape = Tape::new();
        for (name, average, value) in &pairs {
            if average.id() == value.id() {
                let word = average.word();
                let message = format!("ema: {name:?} of the average is the module's own {word}");
                return Err(Error::new(Kind::Model, message).hint(
                    "average the network itself: a clone of a reference or of an `Arc` shares its \
                     parameters",
                ));
            }
            let (x, target) = (tape.parameter(average), tape.parameter(value));
            let moves = average.is_trained() || self.average_buffers;
            let moved = match moves && average.meta().dtype.is_float() {
                true => x + (target - x) * (1.0 - self.decay),
                false => target,
            };
            tape.assign(average, moved)?;
        }
        eval::step(&tape, &[])
    }

    /// The averaged module.
    pub fn module(&self) -> &M {
        &self.average
    }

    /// The averaged module, kept alone.
    pub fn into_module(self) -> M {
        self.average
    }

    /// The share that stays at each update.
    pub fn decay(&self) -> f64 {
        self.decay
    }
}

/// The two sides, as errors say them.
const MODULE: Origin =
    Origin { own: "the average", place: "the module", hint: "average a module of the same layers" };

impl<M: Module> Module for Ema<M> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.untrained(&self.average);
    }

    fn kind(&self) -> String {
        self.average.kind()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::nn::{Activation, Linear, Sequential};
    use crate::tape::Parameter;
    use crate::tensor::{Rng, Tensor};

    #[test]
    fn an_average_follows_and_is_a_module_of_its_own() {
        let x = [Parameter::new(Tensor::from([1.0, 4.0]))];
        let counts = Parameter::new(Tensor::from([1i64]));
        let all = (x, counts);
        let ema = Ema::new(&all, 0.75);
        let mut want = [1.0, 4.0];
        for step in 1..5 {
            let now = [f64::from(step) * 2.0, -f64::from(step)];
            all.0[0].set(Tensor::from(now)).unwrap();
            all.1.set(Tensor::from([i64::from(step)])).unwrap();
            ema.update(&all).unwrap();
            (0..2).for_each(|i| want[i] = 0.75 * want[i] + 0.25 * now[i]);
            let got = ema.module().0[0].value().to_f64_vec();
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-14), "{got:?} {want:?}");
            assert_eq!(ema.module().1.value().to_f64_vec(), [f64::from(step)]);
        }
        assert_eq!(all.0[0].value().to_f64_vec(), [8.0, -4.0]);
        assert_eq!((ema.parameter_count(), ema.module().parameter_count()), (0, 3));
        assert_eq!(ema.named_buffers().len(), 2);
    }

    #[test]
    fn an_average_that_shares_the_parameters_says_so() {
        let net = Linear::new(2, 2, &mut Rng::new(1));
        let shared = Arc::new(net.clone());
        let errors = [
            Ema::new(&&net, 0.9).update(&&net).unwrap_err(),
            Ema::new(&shared, 0.9).update(&shared).unwrap_err(),
        ];
        for error in errors {
            let text = error.to_string();
            assert!(text.contains("\"weight\" of the average is the module's own"), "{text}");
            assert!(text.contains("average the network itself"), "{text}");
        }
        Ema::new(&net, 0.9).update(&net).unwrap();
    }

    #[test]
    fn tied_weights_are_averaged_in_both_places() {
        let weight = Parameter::new(Tensor::from([1.0]));
        let tied = [weight.share(), weight.share()];
        let ema = Ema::new(&tied, 0.75);
        weight.set(Tensor::from([5.0])).unwrap();
        ema.update(&tied).unwrap();
        let averages = ema.module().each_ref().map(|own| own.value().to_f64_vec()[0]);
        assert_eq!(averages, [2.0, 2.0]);
    }

    #[test]
    fn what_does_not_fit_an_average_changes_nothing() {
        let mlp = |sizes: &[usize]| {
            Sequential::mlp(sizes, Activation::Relu, 0.0, &mut Rng::new(1)).unwrap()
        };
        let ema = Ema::new(&mlp(&[3, 4, 2]), 0.9);
        let before = ema.module().parameters()[0].value();
        let text = ema.update(&mlp(&[3, 5, 2])).unwrap_err().to_string();
        assert!(
            ["\"0.weight\"", "f32[4, 3]", "f32[5, 3]"].iter().all(|w| text.contains(w)),
            "{text}"
        );
        for (sizes, words) in [
            (&[3, 4][..], "there is no parameter \"2.weight\" in the module"),
            (&[3, 4, 2, 2], "the average has no parameter \"4.weight\""),
        ] {
            let text = ema.update(&mlp(sizes)).unwrap_err().to_string();
            assert!(text.contains(words), "{text}");
        }
        assert!(ema.module().parameters()[0].value().equals(&before));
        let layer = Linear::new(2, 2, &mut Rng::new(1));
        for decay in [1.0, -0.1, f64::NAN] {
            assert!(
                Ema::new(&layer, decay).update(&layer).unwrap_err().message().contains("decay")
            );
        }
        let nothing: [Parameter; 0] = [];
        Ema::new(&nothing, 0.5).update(&nothing).unwrap();
    }
}
