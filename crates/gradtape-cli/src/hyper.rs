//! [`HyperFlags`]: the hyperparameters of optimisers as flags, named as in PyTorch.
//!
//! The flags, their help and what is read follow from what the optimisers declare of themselves.

use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use gradtape::optim::{
    self, Hyper, HyperValue, Hyperparameter, Interval, NAMES, OPTIMIZERS, OptimizerInfo, Pace,
};

use crate::flags::number;

/// What is set; what an optimiser does not have is refused when it is made.
#[derive(Clone, Debug, Default)]
pub(crate) struct HyperFlags {
    hyper: Hyper,
}

impl HyperFlags {
    /// What is set.
    pub(crate) fn all(&self) -> &Hyper {
        &self.hyper
    }

    /// Sets all anew.
    pub(crate) fn set_all(&mut self, hyper: Hyper) {
        self.hyper = hyper;
    }

    /// Whether one is set.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.hyper.get(name).is_some()
    }

    /// What one is set to, as its flag is read.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.hyper.get(name).map(|value| value.to_string())
    }

    /// Sets one, or sets it anew.
    pub(crate) fn set(&mut self, name: &str, value: HyperValue) {
        self.hyper = std::mem::take(&mut self.hyper).with(name, value);
    }

    /// The learning rate for an optimiser of a name.
    pub(crate) fn learning_rate(&self, optimizer: &str) -> f64 {
        gradtape_tables::learning_rate(&self.hyper, optimizer)
    }

    /// What is set, for an optimiser of a name.
    pub(crate) fn hyper(&self, optimizer: &str) -> Hyper {
        self.hyper.clone().with("lr", self.learning_rate(optimizer))
    }

    /// What is set, by the names of the flags.
    pub(crate) fn named(&self, optimizer: &str) -> Vec<(String, String)> {
        let set = self.hyper(optimizer);
        let value = |known: &Hyperparameter| Some((flag(known), set.get(known.name)?.to_string()));
        all().into_iter().filter_map(value).collect()
    }
}

/// The name of an optimiser, and the settings that stand behind it: `adam:lr=0.05:betas=0.9+0.99`.
pub(crate) fn with_settings(text: &str) -> Result<(&str, Hyper), String> {
    let Some((name, settings)) = text.split_once(':') else { return Ok((text, Hyper::new())) };
    let told = |why: &str| {
        let form = "settings have colons between, as in adam:lr=0.05:betas=0.9+0.99";
        format!("{why}\n  hint: {form}")
    };
    if settings.contains(',') {
        return Err(told(&format!("{settings:?} has a comma")));
    }
    let own = settings.replace(':', ",").parse::<Hyper>();
    own.map(|own| (name, own)).map_err(|error| told(error.message()))
}

/// The hyperparameters of all optimisers, each name once.
fn all() -> Vec<&'static Hyperparameter> {
    let mut all: Vec<&Hyperparameter> = Vec::new();
    for known in OPTIMIZERS.iter().flat_map(|info| info.hyperparameters) {
        if all.iter().all(|other| other.name != known.name) {
            all.push(known);
        }
    }
    all
}

fn flag(known: &Hyperparameter) -> String {
    known.name.replace('_', "-")
}

impl Args for HyperFlags {
    fn augment_args(command: Command) -> Command {
        let heading = "Hyperparameters (each optimizer has its own and PyTorch's defaults)";
        command.next_help_heading(heading).args(all().into_iter().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        HyperFlags::augment_args(command)
    }
}

fn argument(known: &'static Hyperparameter) -> Arg {
    let share = known.range == Interval::SHARE;
    let argument = Arg::new(known.name).long(flag(known)).help(help(known));
    match known.default {
        HyperValue::Number(_) => argument
            .value_name(if share { "SHARE" } else { "NUMBER" })
            .value_parser(|text: &str| number(text).map(HyperValue::Number))
            .allow_negative_numbers(true),
        HyperValue::Pair(..) => argument
            .value_name(if share { "SHARE,SHARE" } else { "NUMBER,NUMBER" })
            .value_parser(move |text: &str| pair(text, known.default))
            .allow_negative_numbers(true),
        HyperValue::Flag(_) => argument
            .value_name("true|false")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(|text: &str| match text {
                "true" => Ok(HyperValue::Flag(true)),
                "false" => Ok(HyperValue::Flag(false)),
                _ => Err("true or false"),
            }),
    }
}

/// What a hyperparameter does, and which optimisers have it with which default.
fn help(known: &Hyperparameter) -> String {
    let what = known.doc.split(". ").next().unwrap_or_default();
    let what = what.trim_end_matches('.').replace('`', "");
    if known.name == "lr" {
        let by_rate = OPTIMIZERS.iter().filter(|info| info.pace == Pace::Rate);
        let by_rate: Vec<&str> = by_rate.map(|info| info.name).collect();
        let own = OPTIMIZERS.iter().filter(|info| has_own_rate(info)).filter_map(|info| {
            Some(format!("; {} for {}", info.hyperparameter("lr").ok()?.default, info.name))
        });
        return format!(
            "{what} [default: 0.01, in training with 10,000 rows or more, or of a network other than mlp, \
             0.001 for {}; for a table 0.003, or of a number 0.005, of adamw{}]",
            by_rate.join(", "),
            own.collect::<String>()
        );
    }
    let is_flag = matches!(known.default, HyperValue::Flag(_));
    let mut owners: Vec<(HyperValue, Vec<&str>)> = Vec::new();
    for name in NAMES {
        let defaults = optim::defaults(name).unwrap_or_default();
        let Some(default) = defaults.get(known.name) else { continue };
        match owners.iter_mut().find(|(other, _)| is_flag || *other == default) {
            Some((_, names)) => names.push(name),
            None => owners.push((default, vec![name])),
        }
    }
    let owners = owners.into_iter().map(|(default, names)| match (is_flag, names.join(", ")) {
        (true, names) => names,
        (false, names) => format!("{default} for {names}"),
    });
    format!("{what} [{}]", owners.collect::<Vec<_>>().join("; "))
}

/// Whether an optimiser's own learning rate is the usual one, as what it scales is no gradient.
fn has_own_rate(info: &OptimizerInfo) -> bool {
    matches!(info.pace, Pace::Own | Pace::Norm | Pace::Search)
}

fn pair(text: &str, default: HyperValue) -> Result<HyperValue, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let pair = text.split_once(',').and_then(|(a, b)| Some((number(a)?, number(b)?)));
    let pair = pair.map(|(a, b)| HyperValue::Pair(a, b));
    pair.ok_or_else(|| format!("two numbers with a comma, as in {default}"))
}

impl FromArgMatches for HyperFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<HyperFlags, Error> {
        let mut flags = HyperFlags::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for known in all() {
            if let Some(value) = matches.get_one::<HyperValue>(known.name).copied() {
                self.hyper = std::mem::take(&mut self.hyper).with(known.name, value);
            }
        }
        Ok(())
    }
}
