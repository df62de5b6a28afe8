//! Optimisers chosen by name, as the command line does.

use super::base::check;
use super::declare::{Setting, bad};
use super::hyper::plain;
use super::{Base, Hyper, OPTIMIZERS, Optimizer, OptimizerInfo, Preset};
use crate::nn::Module;
use crate::tensor::{Error, Kind, Result, nearest};

/// The names that [`by_name`](by_name()) knows. `momentum` and `nesterov` are `sgd` with momentum 0.9.
pub const NAMES: [&str; COUNT] = {
    let mut names = [""; COUNT];
    let (mut at, mut i) = (0, 0);
    while i < OPTIMIZERS.len() {
        names[at] = OPTIMIZERS[i].name;
        at += 1;
        let mut preset = 0;
        while preset < OPTIMIZERS[i].presets.len() {
            names[at] = OPTIMIZERS[i].presets[preset].name;
            (at, preset) = (at + 1, preset + 1);
        }
        i += 1;
    }
    names
};

const COUNT: usize = {
    let (mut count, mut i) = (0, 0);
    while i < OPTIMIZERS.len() {
        count += 1 + OPTIMIZERS[i].presets.len();
        i += 1;
    }
    count
};

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
/// let hyper = Hyper::new().with("lr", 0.05).with("momentum", 0.9);
/// let sgd = by_name("sgd", &layer, &hyper)?;
/// assert_eq!(sgd.learning_rate(), 0.05);
///
/// // What it is made of tells how to make another.
/// assert_eq!(by_name(sgd.name(), &layer, &sgd.hyper())?.hyper(), sgd.hyper());
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
    let (info, preset) = find(name)?;
    let wished = with_preset(preset, Hyper::new(), hyper);
    let lr = info.hyperparameter("lr")?;
    let rate = wished.get("lr").unwrap_or(lr.default);
    let rate = f64::read(rate).ok_or_else(|| bad("lr", rate, &lr.allowed()))?;
    let made = (info.make)(Base::new(module, rate), &wished)?;
    check(&*made)?;
    Ok(made)
}

/// All settings of the optimiser of that name, at their defaults. Fails for an unknown name.
///
/// ```
/// use gradtape::optim::{HyperValue, defaults};
/// assert_eq!(defaults("adamw")?.get("weight_decay"), Some(HyperValue::Number(0.01)));
/// assert_eq!(defaults("nesterov")?.get("momentum"), Some(HyperValue::Number(0.9)));
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn defaults(name: &str) -> Result<Hyper> {
    let (info, preset) = find(name)?;
    let own = info.hyperparameters.iter().map(|known| (known.name, known.default)).collect();
    Ok(with_preset(preset, own, &Hyper::new()))
}

/// What the optimiser of that name declares of itself; of a preset, the optimiser that it is one of. Fails
/// for an unknown name.
///
/// ```
/// use gradtape::optim::{Pace, info};
/// assert_eq!(info("nesterov")?.name, "sgd");
/// assert_eq!(info("adam")?.pace, Pace::Rate);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn info(name: &str) -> Result<&'static OptimizerInfo> {
    find(name).map(|(info, _)| info)
}

fn find(name: &str) -> Result<(&'static OptimizerInfo, Option<&'static Preset>)> {
    let plain = plain(name);
    let found = OPTIMIZERS.iter().find_map(|info| match info.name == plain {
        true => Some((info, None)),
        false => {
            let preset = info.presets.iter().find(|preset| preset.name == plain);
            preset.map(|preset| (info, Some(preset)))
        }
    });
    found.ok_or_else(|| unknown(name))
}

/// Settings, then those of a preset, then others.
fn with_preset(preset: Option<&Preset>, first: Hyper, last: &Hyper) -> Hyper {
    let own = preset.map_or(&[][..], |preset| preset.settings).iter().copied();
    own.chain(last.iter()).fold(first, |hyper, (name, value)| hyper.with(name, value))
}

fn unknown(name: &str) -> Error {
    let error = Error::new(Kind::Value, format!("there is no optimiser {name:?}"));
    match nearest(&plain(name), NAMES) {
        Some(close) => error.hint(format!("did you mean {close}?")),
        None => error.hint(format!("there are {}", NAMES.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::HyperValue;
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
            let made = by_name(name, &parameter(), &Hyper::new()).unwrap();
            assert_eq!(made.name(), info(name).unwrap().name);
            assert_eq!(made.hyper(), defaults(name).unwrap(), "{name}");
        }
        let sgd = ["sgd", "momentum", "nesterov"].map(|name| info(name).unwrap().name);
        assert_eq!(sgd, ["sgd"; 3]);
    }

    #[test]
    fn presets_are_settings_and_give_way_to_others() {
        let parameter = parameter();
        let momentum = |name: &str, hyper: &Hyper| {
            let made = by_name(name, &parameter, hyper).unwrap().hyper();
            (made.get("momentum").unwrap(), made.get("nesterov").unwrap())
        };
        let (none, half) = (Hyper::new(), Hyper::new().with("momentum", 0.5));
        let both = |number, flag| (HyperValue::Number(number), HyperValue::Flag(flag));
        assert_eq!(momentum("sgd", &none), both(0.0, false));
        assert_eq!(momentum("momentum", &none), both(0.9, false));
        assert_eq!(momentum("nesterov", &half), both(0.5, true));
    }

    /// A value that is in range and not the default.
    fn another(known: &super::super::Hyperparameter) -> HyperValue {
        match known.default {
            HyperValue::Number(_) if known.range.whole => HyperValue::Number(7.0),
            HyperValue::Number(_) => HyperValue::Number(known.range.least + 0.375),
            HyperValue::Pair(..) => HyperValue::Pair(0.375, 0.75),
            HyperValue::Flag(flag) => HyperValue::Flag(!flag),
        }
    }

    #[test]
    fn every_setting_arrives_and_comes_back_from_json() {
        for info in OPTIMIZERS {
            // Nesterov's look ahead wants other settings, which are tried by themselves.
            let alone = info.hyperparameters.iter().filter(|known| known.name != "nesterov");
            for known in alone {
                let hyper = Hyper::new().with(known.name, another(known));
                let made = by_name(info.name, &parameter(), &hyper).unwrap();
                let want = defaults(info.name).unwrap().with(known.name, another(known));
                assert_eq!(made.hyper(), want, "{} {}", info.name, known.name);
                let json = serde_json::to_string(&made.hyper()).unwrap();
                assert_eq!(serde_json::from_str::<Hyper>(&json).unwrap(), want, "{json}");
            }
        }
    }

    #[test]
    fn every_setting_is_held_to_its_range_and_kind() {
        for info in OPTIMIZERS {
            for known in info.hyperparameters {
                let refused = |value: HyperValue, words: &[&str]| {
                    let text = error(info.name, Hyper::new().with(known.name, value));
                    for word in words.iter().copied().chain([&known.allowed()[..]]) {
                        assert!(text.contains(word), "{} {}: {text}", info.name, known.name);
                    }
                };
                let name = if known.name == "lr" { "learning rate" } else { known.name };
                let low = known.range.least - 0.5;
                let numbers = [low, f64::NAN, f64::INFINITY, known.range.below];
                let half = known.range.whole.then_some(known.range.least + 0.5);
                for number in numbers.into_iter().chain(half) {
                    let is = format!("{name} is {number}");
                    match known.default {
                        HyperValue::Number(_) => refused(number.into(), &[&is]),
                        HyperValue::Pair(..) => {
                            let each = known.range.to_string();
                            for (pair, which) in [
                                ((number, 0.5), "the first of "),
                                ((0.5, number), "the second of "),
                            ] {
                                let hyper = Hyper::new().with(known.name, pair);
                                let text = error(info.name, hyper);
                                assert!(text.contains(&each) && text.contains(&is), "{text}");
                                assert!(text.contains(which), "{text}");
                            }
                        }
                        HyperValue::Flag(_) => refused(number.into(), &[]),
                    }
                }
                match known.default {
                    HyperValue::Flag(_) => refused((0.5, 0.5).into(), &["0.5,0.5"]),
                    _ => refused(true.into(), &["true"]),
                }
            }
        }
    }

    #[test]
    fn a_setting_that_an_optimiser_does_not_have_is_told_with_those_it_has() {
        for info in OPTIMIZERS {
            let names: Vec<&str> = info.hyperparameters.iter().map(|known| known.name).collect();
            let others = OPTIMIZERS.iter().flat_map(|other| other.hyperparameters);
            for other in others.filter(|other| !names.contains(&other.name)) {
                let text = error(info.name, Hyper::new().with(other.name, other.default));
                let says = format!("{} has no setting {}", info.name, other.name);
                assert!(text.contains(&says) && text.contains(&names.join(", ")), "{text}");
            }
        }
        let text = error("adam", Hyper::new().with("beats", (0.9, 0.99)));
        assert!(text.contains("did you mean betas? it has lr,"), "{text}");
    }

    #[test]
    fn what_is_unknown_or_does_not_fit_together_is_an_error() {
        assert!(error("adma", Hyper::new()).contains("did you mean adam?"));
        assert!(error("something", Hyper::new()).contains("there are sgd"));
        assert!(defaults("adma").is_err() && info("adma").is_err());
        let nesterov = Hyper::new().with("nesterov", true);
        assert!(error("sgd", nesterov.clone()).contains("momentum is 0"));
        let dampened = nesterov.with("momentum", 0.9).with("dampening", 0.1);
        assert!(error("sgd", dampened).contains("dampening is 0.1"));
    }
}
