//! [`Init`]: how the numbers of a new parameter are chosen.

use crate::tensor::{DType, Error, Kind, Result, Rng, Shape, Tensor};

/// A rule for the first values of a parameter.
///
/// `fan_in` is the number of inputs that each output of a layer is computed from, `fan_out` the number
/// of outputs that each input goes to. For a weight `[out, in]` they are `in` and `out`; further axes
/// (of a convolution's kernel) multiply both.
///
/// ```
/// use gradtape::nn::Init;
/// use gradtape::{DType, Rng};
/// let weight = Init::KaimingNormal.weight([128, 784], DType::F32, &mut Rng::new(42))?;
/// let again = Init::KaimingNormal.weight([128, 784], DType::F32, &mut Rng::new(42))?;
/// assert!(weight.equals(&again));
///
/// // The bound of a uniform rule: √(6 / (fan_in + fan_out)) = √(6 / 24) and √(6 / fan_in) = √(6 / 8).
/// let largest = |init: Init| -> gradtape::Result<f64> {
///     let weight = init.weight([16, 8], DType::F64, &mut Rng::new(1))?;
///     Ok(weight.to_f64_vec().iter().fold(0.0, |most, w| w.abs().max(most)))
/// };
/// assert!((0.45..0.5).contains(&largest(Init::XavierUniform)?));
/// assert!((0.8..0.75f64.sqrt()).contains(&largest(Init::KaimingUniform)?));
/// assert_eq!(largest(Init::Ones)?, 1.0);
/// assert_eq!(largest(Init::Zeros)?, 0.0);
/// assert!(largest(Init::Normal { mean: 0.0, std: 1.0 })? > 1.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// A layer takes one for its weight and one for its bias:
///
/// ```
/// use gradtape::Rng;
/// use gradtape::nn::{Init, Linear, LinearOptions};
/// let options = LinearOptions {
///     weight_init: Init::XavierNormal,
///     bias_init: Init::Zeros,
///     ..LinearOptions::default()
/// };
/// let layer = Linear::with(4, 3, options, &mut Rng::new(42))?;
/// assert_eq!(layer.bias.unwrap().value().to_f64_vec(), [0.0; 3]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Init {
    /// Uniform in ±1/√fan_in: PyTorch's default for linear layers, weight and bias.
    #[default]
    FanIn,
    /// 0 everywhere.
    Zeros,
    /// 1 everywhere.
    Ones,
    /// One value everywhere.
    Constant(f64),
    /// Normal with a mean and a standard deviation.
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation, at least 0.
        std: f64,
    },
    /// Uniform from `low` up to, not including, `high`.
    Uniform {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// Uniform in ±√(6 / (fan_in + fan_out)), for tanh and sigmoid. Glorot and Bengio 2010.
    XavierUniform,
    /// Normal with standard deviation √(2 / (fan_in + fan_out)). Glorot and Bengio 2010.
    XavierNormal,
    /// Uniform in ±√(6 / fan_in), for relu. He, Zhang, Ren and Sun 2015.
    KaimingUniform,
    /// Normal with standard deviation √(2 / fan_in), for relu. He, Zhang, Ren and Sun 2015.
    KaimingNormal,
}

impl Init {
    /// Values for a weight of shape `[out, in, …]`, of a floating-point type. Drawn by position from one key of
    /// `rng`, so that the same seed gives the same bits.
    pub fn weight(self, shape: impl Into<Shape>, dtype: DType, rng: &mut Rng) -> Result<Tensor> {
        let shape = shape.into();
        if shape.rank() < 2 {
            let message = format!("initialise a weight of shape {shape}: it needs axes out and in");
            return Err(Error::new(Kind::Shape, message));
        }
        let kernel: f64 = shape[2..].iter().map(|&n| n as f64).product();
        let (fan_in, fan_out) = (shape[1] as f64 * kernel, shape[0] as f64 * kernel);
        self.fill(shape, fan_in, fan_out, dtype, rng)
    }

    /// Values for a parameter of any shape in a layer with the given fans.
    pub fn fill(
        self,
        shape: impl Into<Shape>,
        fan_in: f64,
        fan_out: f64,
        dtype: DType,
        rng: &mut Rng,
    ) -> Result<Tensor> {
        let shape = shape.into();
        let filled = |value| Ok(Tensor::full(&shape, value, dtype));
        // An empty layer has no numbers to draw, and its fans may be 0.
        let root = |x: f64| if x.is_finite() { x.sqrt() } else { 0.0 };
        let mut uniform = |bound: f64| Tensor::uniform(&shape, -bound, bound, dtype, &mut *rng);
        match self {
            Init::FanIn => uniform(root(1.0 / fan_in)),
            Init::Zeros => filled(0.0),
            Init::Ones => filled(1.0),
            Init::Constant(value) => filled(value),
            Init::Uniform { low, high } => Tensor::uniform(&shape, low, high, dtype, rng),
            Init::XavierUniform => uniform(root(6.0 / (fan_in + fan_out))),
            Init::KaimingUniform => uniform(root(6.0 / fan_in)),
            Init::Normal { mean, std } => Tensor::normal(&shape, mean, std, dtype, rng),
            Init::XavierNormal => {
                Tensor::normal(&shape, 0.0, root(2.0 / (fan_in + fan_out)), dtype, rng)
            }
            Init::KaimingNormal => Tensor::normal(&shape, 0.0, root(2.0 / fan_in), dtype, rng),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(init: Init) -> Vec<f64> {
        init.weight([300, 200], DType::F64, &mut Rng::new(5)).unwrap().to_f64_vec()
    }

    #[test]
    fn spread_follows_the_fans() {
        let (fan_in, fan_out) = (200.0f64, 300.0f64);
        let third = 1.0 / 3.0f64.sqrt();
        for (init, std, bound) in [
            (Init::FanIn, third / fan_in.sqrt(), 1.0 / fan_in.sqrt()),
            (
                Init::XavierUniform,
                (2.0 / (fan_in + fan_out)).sqrt(),
                (6.0 / (fan_in + fan_out)).sqrt(),
            ),
            (Init::XavierNormal, (2.0 / (fan_in + fan_out)).sqrt(), f64::INFINITY),
            (Init::KaimingUniform, (2.0 / fan_in).sqrt(), (6.0 / fan_in).sqrt()),
            (Init::KaimingNormal, (2.0 / fan_in).sqrt(), f64::INFINITY),
            (Init::Normal { mean: 0.0, std: 0.3 }, 0.3, f64::INFINITY),
            (Init::Uniform { low: -0.5, high: 0.5 }, third / 2.0, 0.5),
        ] {
            let values = values(init);
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
            // The standard errors are std/245 and std/346.
            assert!(mean.abs() < std / 50.0, "{init:?}: mean {mean}");
            assert!((deviation - std).abs() < std / 70.0, "{init:?}: {deviation} for {std}");
            assert!(values.iter().all(|v| v.abs() <= bound), "{init:?}");
        }
    }

    #[test]
    fn constants() {
        for (init, value) in [(Init::Zeros, 0.0), (Init::Ones, 1.0), (Init::Constant(0.1), 0.1)] {
            assert!(values(init).iter().all(|&v| v == value));
        }
    }

    #[test]
    fn a_kernel_widens_the_fans() {
        let weight = Init::FanIn.weight([8, 4, 3, 3], DType::F32, &mut Rng::new(1)).unwrap();
        let largest = weight.to_f64_vec().into_iter().fold(0.0f64, |a, b| a.max(b.abs()));
        assert!((0.15..=1.0 / 6.0).contains(&largest), "{largest}");
    }

    #[test]
    fn nonsense_is_an_error() {
        let rng = &mut Rng::new(1);
        assert!(Init::FanIn.weight([3], DType::F32, rng).is_err());
        assert!(Init::FanIn.weight([3, 3], DType::I64, rng).is_err());
        assert!(Init::Normal { mean: 0.0, std: -1.0 }.weight([3, 3], DType::F32, rng).is_err());
        assert!(
            Init::Uniform { low: f64::NAN, high: 1.0 }.weight([3, 3], DType::F32, rng).is_err()
        );
        assert!(Init::FanIn.weight([3, 0], DType::F32, rng).unwrap().elements() == 0);
    }
}
