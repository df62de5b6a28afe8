//! [`Settings`]: all that is chosen on the page, as a text.

use std::fmt::{Display, Write};
use std::str::FromStr;

use gradtape::optim::{self, HyperValue, OPTIMIZERS, Pace};
use gradtape::{Error, Kind, Result, nearest};

use super::losses::Loss;
use super::network::{Form, Start};

/// Everything that a session is made of. The same settings give the same bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where the points come from.
    pub data: Source,
    /// How many points are drawn.
    pub samples: usize,
    /// The standard deviation of what is added to them.
    pub noise: f64,
    /// Drives points, split, first weights, order and dropout.
    pub seed: u64,
    /// What [`Source::Formula`] learns.
    pub formula: String,
    /// The points of [`Source::Drawn`], five characters each.
    pub points: String,
    /// The column to learn of a table; the last one, or one that is named as targets are, if empty.
    pub target: String,
    /// The names of the two inputs to look at, with a comma; the first two if empty.
    pub look: String,
    /// The share of the points that is held out.
    pub test: f64,
    /// The widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// The activation of each hidden layer; a single one is that of all.
    pub activation: Vec<Form>,
    /// The share of hidden values that is dropped in training.
    pub dropout: f64,
    /// How weights start.
    pub init: Start,
    /// What is made small; the one that fits the data if none.
    pub loss: Option<Loss>,
    /// The name of the optimiser.
    pub optimizer: String,
    /// What is set of it.
    pub hyper: Vec<(String, HyperValue)>,
    /// How the learning rate changes.
    pub schedule: String,
    /// The length of the training that a schedule is for.
    pub epochs: usize,
    /// How many points a step looks at.
    pub batch: usize,
    /// How much the sum of the weights' absolute values adds to what is made small.
    pub l1: f64,
    /// How much half the sum of their squares adds.
    pub l2: f64,
    /// The most that the norm of the gradient may be; 0 for any.
    pub clip: f64,
}

/// Where data comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Two half circles.
    Moons,
    /// One circle in another.
    Circles,
    /// Two arms.
    Spiral,
    /// Four quarters of a square.
    Xor,
    /// Three heaps.
    Blobs,
    /// Points that are drawn by hand.
    Drawn,
    /// Points of a square that a formula divides or gives a value.
    Formula,
    /// Images of handwritten digits.
    Digits,
    /// A table that is given beside the settings.
    Csv,
}

impl Source {
    /// All of them, with what they are.
    pub const ALL: [(Source, &'static str, &'static str); 9] = [
        (Source::Moons, "moons", "two half circles, one in the other"),
        (Source::Circles, "circles", "a circle around another"),
        (Source::Spiral, "spiral", "two arms of one and a half turns"),
        (Source::Xor, "xor", "a square whose quarters take turns"),
        (Source::Blobs, "blobs", "three heaps, three classes"),
        (Source::Formula, "formula", "y > f(x) as two classes, or a number to learn"),
        (Source::Drawn, "drawn", "points that you draw"),
        (Source::Digits, "digits", "1,797 images of handwritten digits, 8 x 8"),
        (Source::Csv, "csv", "a table of your own"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Source::ALL.iter().find(|(own, ..)| *own == self).map_or("", |(_, name, _)| name)
    }

    /// Whether points are drawn at random, so that there is a number of them and noise.
    pub fn is_random(self) -> bool {
        !matches!(self, Source::Drawn | Source::Digits | Source::Csv)
    }
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Source> {
        by_name("data", text, Source::ALL.map(|(source, name, _)| (name, source)))
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            data: Source::Moons,
            samples: 500,
            noise: 0.1,
            seed: 42,
            formula: "y > x^2 - 0.5".into(),
            points: String::new(),
            target: String::new(),
            look: String::new(),
            test: 0.2,
            hidden: vec![8, 8],
            activation: vec![Form::Tanh],
            dropout: 0.0,
            init: Start::FanIn,
            loss: None,
            optimizer: "adam".into(),
            hyper: Vec::new(),
            schedule: "constant".into(),
            epochs: 200,
            batch: 32,
            l1: 0.0,
            l2: 0.0,
            clip: 0.0,
        }
    }
}

/// The most that a page can show and train.
const MOST_LAYERS: usize = 6;
const MOST_UNITS: usize = 32;
const MOST_SAMPLES: usize = 5000;

impl Settings {
    /// Reads lines of `name=value`; what is not named is as by default. An empty text is the default.
    ///
    /// Fails for a name that is not known, with the nearest one, and for a value that cannot be, with what can.
    pub fn read(text: &str) -> Result<Settings> {
        let mut settings = Settings::default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (name, value) = line.split_once('=').ok_or_else(|| {
                Error::new(Kind::Value, format!("{line:?} sets nothing"))
                    .hint("settings are name=value, as in data=xor")
            })?;
            settings.set(name.trim(), value.trim())?;
        }
        settings.check()?;
        Ok(settings)
    }

    /// The lines that differ from the default, of which [`Settings::read`] makes the same settings.
    pub fn text(&self) -> String {
        let usual = Settings::default();
        let mut text = String::new();
        let mut line = |name: &str, own: String, other: String| {
            if own != other {
                let _ = writeln!(text, "{name}={own}");
            }
        };
        for name in NAMES {
            line(name, self.get(name), usual.get(name));
        }
        for (name, value) in &self.hyper {
            let _ = writeln!(text, "{name}={}", written(*value));
        }
        text
    }

    /// The learning rate: the one set, or the usual one of the optimiser.
    pub fn rate(&self) -> f64 {
        match self.hyper.iter().find(|(name, _)| name == "lr") {
            Some((_, HyperValue::Number(rate))) => *rate,
            _ => usual_rate(&self.optimizer),
        }
    }

    /// The activation of a hidden layer.
    pub fn form(&self, layer: usize) -> Form {
        let last = self.activation.last().copied().unwrap_or(Form::Tanh);
        self.activation.get(layer).copied().unwrap_or(last)
    }

    /// Whether the schedule counts epochs, as the program has it.
    pub(crate) fn counts_epochs(&self) -> bool {
        let by_epoch = |part: &str| {
            let name = part.split([':', '@']).next().unwrap_or_default().replace('-', "_");
            ["step", "multi_step", "plateau"].contains(&&name[..])
        };
        self.schedule.split('/').any(by_epoch)
    }

    fn get(&self, name: &str) -> String {
        match name {
            "data" => self.data.name().into(),
            "samples" => self.samples.to_string(),
            "noise" => self.noise.to_string(),
            "seed" => self.seed.to_string(),
            "formula" => self.formula.clone(),
            "points" => self.points.clone(),
            "target" => self.target.clone(),
            "look" => self.look.clone(),
            "test-fraction" => self.test.to_string(),
            "hidden" => match self.hidden.is_empty() {
                true => "none".into(),
                false => joined(&self.hidden),
            },
            "activation" => joined(&self.activation),
            "dropout" => self.dropout.to_string(),
            "init" => self.init.to_string(),
            "loss" => self.loss.map_or("usual", Loss::name).into(),
            "optimizer" => self.optimizer.clone(),
            "schedule" => self.schedule.clone(),
            "epochs" => self.epochs.to_string(),
            "batch" => self.batch.to_string(),
            "l1" => self.l1.to_string(),
            "l2" => self.l2.to_string(),
            "clip-norm" => self.clip.to_string(),
            _ => String::new(),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "data" => self.data = value.parse()?,
            "samples" => self.samples = whole(name, value, 4, MOST_SAMPLES)?,
            "noise" => self.noise = number(name, value, 0.0, 10.0)?,
            "seed" => {
                self.seed = value.parse().map_err(|_| wrong(name, value, "a whole number"))?
            }
            "formula" => self.formula = value.into(),
            "points" => self.points = value.into(),
            "target" => self.target = value.into(),
            "look" => self.look = value.into(),
            "test-fraction" => self.test = number(name, value, 0.0, 0.9)?,
            "hidden" => {
                let widths = value.split(',').filter(|_| value != "none" && !value.is_empty());
                let width = |text: &str| whole(name, text.trim(), 1, MOST_UNITS);
                self.hidden = widths.map(width).collect::<Result<_>>()?;
                if self.hidden.len() > MOST_LAYERS {
                    let allowed = format!("at most {MOST_LAYERS} widths with commas");
                    return Err(wrong(name, value, &allowed));
                }
            }
            "activation" => {
                let names = value.split(',').map(|name| name.trim().parse());
                self.activation = names.collect::<Result<_>>()?;
            }
            "dropout" => self.dropout = number(name, value, 0.0, 0.95)?,
            "init" => self.init = value.parse()?,
            "loss" if value == "usual" => self.loss = None,
            "loss" => self.loss = Some(value.parse()?),
            "optimizer" => {
                optim::info(value)?;
                self.optimizer = value.into();
            }
            "schedule" => self.schedule = value.into(),
            "epochs" => self.epochs = whole(name, value, 1, 1_000_000)?,
            "batch" => self.batch = whole(name, value, 1, MOST_SAMPLES)?,
            "l1" => self.l1 = number(name, value, 0.0, 1e6)?,
            "l2" => self.l2 = number(name, value, 0.0, 1e6)?,
            "clip-norm" => self.clip = number(name, value, 0.0, 1e9)?,
            other => {
                let other = other.replace('-', "_");
                let known = OPTIMIZERS.iter().flat_map(|info| info.hyperparameters);
                if !known.clone().any(|known| known.name == other) {
                    let error = Error::new(Kind::Value, format!("there is no setting {name:?}"));
                    let names = NAMES.into_iter().chain(known.map(|known| known.name));
                    return Err(match nearest(name, names) {
                        Some(near) => error.hint(format!("did you mean {near}?")),
                        None => error.hint(format!("there are {}", NAMES.join(", "))),
                    });
                }
                self.hyper.retain(|(set, _)| *set != other);
                self.hyper.push((other, hyper(name, value)?));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.activation.len() > self.hidden.len().max(1) {
            let message =
                format!("{} activations for {} layers", self.activation.len(), self.hidden.len());
            return Err(
                Error::new(Kind::Value, message).hint("give one for all layers, or one for each")
            );
        }
        Ok(())
    }
}

/// The names of settings but for those of optimisers, as the program's flags where it has them.
const NAMES: [&str; 21] = [
    "data",
    "samples",
    "noise",
    "seed",
    "formula",
    "points",
    "target",
    "look",
    "test-fraction",
    "hidden",
    "activation",
    "dropout",
    "init",
    "loss",
    "optimizer",
    "schedule",
    "epochs",
    "batch",
    "l1",
    "l2",
    "clip-norm",
];

/// The learning rate of an optimiser that small networks learn fast with.
pub(crate) fn usual_rate(optimizer: &str) -> f64 {
    let Ok(info) = optim::info(optimizer) else { return 0.01 };
    let own = info.hyperparameters.iter().find(|known| known.name == "lr");
    match (info.pace, own.map(|lr| lr.default)) {
        (Pace::Gradient, _) => 0.1,
        (Pace::Falling, _) => 0.05,
        (Pace::Rate, _) => 0.01,
        (_, Some(HyperValue::Number(rate))) => rate,
        _ => 0.01,
    }
}

/// One of some named values. Fails with the nearest name.
pub(crate) fn by_name<T: Copy, const N: usize>(
    what: &str,
    text: &str,
    all: [(&'static str, T); N],
) -> Result<T> {
    if let Some((_, found)) = all.iter().find(|(name, _)| *name == text.replace('-', "_")) {
        return Ok(*found);
    }
    let names = all.map(|(name, _)| name);
    let error = Error::new(Kind::Value, format!("{what}: there is no {text:?}"));
    Err(match nearest(text, names) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint(format!("there are {}", names.join(", "))),
    })
}

fn joined<T: Display>(all: &[T]) -> String {
    all.iter().map(T::to_string).collect::<Vec<_>>().join(",")
}

pub(crate) fn written(value: HyperValue) -> String {
    match value {
        HyperValue::Pair(first, second) => format!("{first},{second}"),
        other => other.to_string(),
    }
}

fn hyper(name: &str, text: &str) -> Result<HyperValue> {
    let plain = |text: &str| text.trim().parse::<f64>().ok().filter(|own| own.is_finite());
    match text {
        "true" => Ok(HyperValue::Flag(true)),
        "false" => Ok(HyperValue::Flag(false)),
        one => plain(one)
            .map(HyperValue::Number)
            .or_else(|| {
                let (first, second) = one.split_once([',', '+'])?;
                Some(HyperValue::Pair(plain(first)?, plain(second)?))
            })
            .ok_or_else(|| wrong(name, text, "a number, two with a comma, true or false")),
    }
}

fn number(name: &str, text: &str, least: f64, most: f64) -> Result<f64> {
    let value = text.parse::<f64>().ok().filter(|value| (least..=most).contains(value));
    value.ok_or_else(|| wrong(name, text, &format!("a number from {least} to {most}")))
}

fn whole(name: &str, text: &str, least: usize, most: usize) -> Result<usize> {
    let value = text.parse::<usize>().ok().filter(|value| (least..=most).contains(value));
    value.ok_or_else(|| wrong(name, text, &format!("a whole number from {least} to {most}")))
}

fn wrong(name: &str, text: &str, allowed: &str) -> Error {
    Error::new(Kind::Value, format!("{name} is {text:?}")).hint(format!("it must be {allowed}"))
}

impl Settings {
    /// Every setting by its name, but for those of optimisers.
    pub(crate) fn all(&self) -> Vec<(&'static str, String)> {
        NAMES.into_iter().map(|name| (name, self.get(name))).collect()
    }
}
