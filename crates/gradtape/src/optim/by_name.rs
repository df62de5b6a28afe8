//! Optimisers chosen by name, as the command line does.

use super::{AdaDelta, AdaGrad, Adam, AdamW, Adamax, NAdam, Optimizer, RmsProp, Sgd};
use crate::nn::Module;
use crate::tensor::{Error, Kind, Result, nearest};

/// The names that [`by_name`](by_name()) knows. `momentum` and `nesterov` are `sgd` with momentum 0.9.
pub const NAMES: [&str; 10] = [
    "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw", "adamax",
    "nadam",
];

/// Settings of an optimiser, named as in PyTorch; what is not given has the optimiser's default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hyper {
    /// The learning rate. By default 1 for adadelta, 0.002 for adamax and nadam, 0.001 for adam and
    /// adamw, and 0.01 for the others.
    pub lr: Option<f64>,
    /// Of sgd and rmsprop.
    pub momentum: Option<f64>,
    /// Of sgd.
    pub dampening: Option<f64>,
    /// Of sgd.
    pub nesterov: Option<bool>,
    /// Of all.
    pub weight_decay: Option<f64>,
    /// Of adam, adamw, adamax and nadam.
    pub betas: Option<(f64, f64)>,
    /// Of all but sgd.
    pub eps: Option<f64>,
    /// Of rmsprop.
    pub alpha: Option<f64>,
    /// Of adadelta.
    pub rho: Option<f64>,
    /// Of rmsprop.
    pub centered: Option<bool>,
    /// Of adam and adamw.
    pub amsgrad: Option<bool>,
    /// Of adagrad.
    pub lr_decay: Option<f64>,
    /// Of adagrad.
    pub initial_accumulator_value: Option<f64>,
    /// Of nadam.
    pub momentum_decay: Option<f64>,
}

/// The optimiser of that name for the parameters of a module.
///
/// Fails for an unknown name, for a setting that the optimiser does not have, and for one out of range.
///
/// ```
/// use gradtape::nn::Linear;
/// use gradtape::optim::{Hyper, Optimizer, by_name};
/// use gradtape::Rng;
///
/// let layer = Linear::new(4, 2, &mut Rng::new(1));
/// let hyper = Hyper { lr: Some(0.05), momentum: Some(0.9), ..Hyper::default() };
/// assert_eq!(by_name("sgd", &layer, &hyper)?.learning_rate(), 0.05);
///
/// let error = by_name("adam", &layer, &hyper).err().unwrap();
/// assert!(error.to_string().contains("adam has no setting momentum"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn by_name(
    name: &str,
    module: &(impl Module + ?Sized),
    hyper: &Hyper,
) -> Result<Box<dyn Optimizer>> {
    let mut rest = *hyper;
    let lr = rest.lr.take();
    let decay = rest.weight_decay.take();
    let has: &[&str];
    /// Calls the builder's methods for the settings that are given, and takes those from the rest.
    macro_rules! build {
        ($new:expr, $default:expr, $($setting:ident),*) => {{
            let mut made = $new(module, lr.unwrap_or($default));
            if let Some(decay) = decay {
                made = made.weight_decay(decay);
            }
            $(if let Some(value) = rest.$setting.take() {
                made = made.$setting(value);
            })*
            has = &[$(stringify!($setting)),*];
            Box::new(made) as Box<dyn Optimizer>
        }};
    }
    let (plain, betas) = (&name.replace('-', "_")[..], rest.betas);
    let (first, second) = betas.unwrap_or((0.9, 0.999));
    let has_betas = matches!(plain, "adam" | "adamw" | "adamax" | "nadam");
    if has_betas {
        rest.betas = None;
    }
    let made = match plain {
        "sgd" => build!(Sgd::new, 0.01, momentum, dampening, nesterov),
        "momentum" | "nesterov" => {
            rest.momentum.get_or_insert(0.9);
            if plain == "nesterov" {
                rest.nesterov.get_or_insert(true);
            }
            build!(Sgd::new, 0.01, momentum, dampening, nesterov)
        }
        "adagrad" => build!(AdaGrad::new, 0.01, lr_decay, initial_accumulator_value, eps),
        "rmsprop" => build!(RmsProp::new, 0.01, alpha, eps, centered, momentum),
        "adadelta" => build!(AdaDelta::new, 1.0, rho, eps),
        "adam" => build!(|m, lr| Adam::new(m, lr).betas(first, second), 1e-3, eps, amsgrad),
        "adamw" => build!(|m, lr| AdamW::new(m, lr).betas(first, second), 1e-3, eps, amsgrad),
        "adamax" => build!(|m, lr| Adamax::new(m, lr).betas(first, second), 2e-3, eps),
        "nadam" => {
            build!(|m, lr| NAdam::new(m, lr).betas(first, second), 2e-3, eps, momentum_decay)
        }
        _ => {
            let error = Error::new(Kind::Value, format!("there is no optimiser {name:?}"));
            return Err(match nearest(plain, NAMES) {
                Some(close) => error.hint(format!("did you mean {close}?")),
                None => error.hint(format!("there are {}", NAMES.join(", "))),
            });
        }
    };
    if let Some(setting) = rest.first_given() {
        let own = ["lr", "weight_decay"].iter().chain(has_betas.then_some(&"betas")).chain(has);
        let own = own.copied().collect::<Vec<_>>().join(", ");
        return Err(Error::new(Kind::Value, format!("{plain} has no setting {setting}"))
            .hint(format!("it has {own}")));
    }
    made.check().and_then(|()| made.base().check()).map_err(|error| error.context(plain))?;
    Ok(made)
}

impl Hyper {
    /// The name of a setting that is given.
    fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("lr", self.lr.is_some()),
            ("momentum", self.momentum.is_some()),
            ("dampening", self.dampening.is_some()),
            ("nesterov", self.nesterov.is_some()),
            ("weight_decay", self.weight_decay.is_some()),
            ("betas", self.betas.is_some()),
            ("eps", self.eps.is_some()),
            ("alpha", self.alpha.is_some()),
            ("rho", self.rho.is_some()),
            ("centered", self.centered.is_some()),
            ("amsgrad", self.amsgrad.is_some()),
            ("lr_decay", self.lr_decay.is_some()),
            ("initial_accumulator_value", self.initial_accumulator_value.is_some()),
            ("momentum_decay", self.momentum_decay.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::Parameter;
    use crate::tensor::Tensor;

    fn parameter() -> Parameter {
        Parameter::new(Tensor::scalar(1.0))
    }

    fn error(name: &str, hyper: Hyper) -> String {
        by_name(name, &parameter(), &hyper).err().unwrap().to_string()
    }

    #[test]
    fn every_name_works() {
        for name in NAMES {
            let made = by_name(name, &parameter(), &Hyper::default()).unwrap();
            let same = name == made.name() || made.name() == "sgd";
            assert!(same && made.learning_rate() > 0.0, "{name}");
        }
    }

    #[test]
    fn what_is_unknown_or_out_of_range_is_an_error() {
        let none = Hyper::default();
        assert!(error("adma", none).contains("did you mean adam?"));
        assert!(error("lbfgs2", none).contains("there are sgd"));
        assert!(error("sgd", Hyper { betas: Some((0.9, 0.9)), ..none }).contains("betas"));
        assert!(error("adamw", Hyper { centered: Some(true), ..none }).contains("centered"));
        for lr in [f64::NAN, f64::INFINITY, -1e-3] {
            let text = error("adam", Hyper { lr: Some(lr), ..none });
            assert!(text.contains(&format!("learning rate is {lr}")), "{text}");
        }
        assert!(
            error("adam", Hyper { betas: Some((1.0, 0.9)), ..none }).contains("first of betas")
        );
        assert!(error("sgd", Hyper { nesterov: Some(true), ..none }).contains("momentum is 0"));
        assert!(error("rmsprop", Hyper { alpha: Some(-0.5), ..none }).contains("alpha is -0.5"));
        assert!(error("adagrad", Hyper { eps: Some(f64::NAN), ..none }).contains("eps is NaN"));
        let dampened =
            Hyper { momentum: Some(0.9), nesterov: Some(true), dampening: Some(0.1), ..none };
        assert!(error("sgd", dampened).contains("dampening is 0.1"));
    }
}
