//! Schedules chosen by name, as the command line does.

use std::fmt::Display;
use std::str::FromStr;

use super::{Anneal, OneCycle, Plateau, Schedule, Threshold};
use crate::tensor::{Error, Kind, Result, nearest};

impl Schedule {
    /// The names that [`Schedule::by_name`] knows.
    pub const NAMES: [&str; 12] = [
        "constant",
        "step",
        "multi_step",
        "exponential",
        "linear",
        "polynomial",
        "cosine",
        "cosine_restarts",
        "warmup_linear",
        "warmup_decay",
        "one_cycle",
        "plateau",
    ];

    /// A schedule by its name, for a run of `total` steps (or epochs) at the rate `lr`. What is not set has a
    /// usual value: `step` divides by 10 at each third, `multi_step` after a half and after three quarters;
    /// `exponential` ends at a hundredth, `polynomial` and `cosine` at 0, `cosine_restarts` three times;
    /// `linear` rises from a third; `warmup_linear` and `warmup_decay` warm up for the first tenth;
    /// `plateau` halves after a tenth without progress.
    ///
    /// Settings follow a colon, by the names of the fields: `cosine:t_max=50,eta_min=0.001`,
    /// `multi_step:milestones=30+60,gamma=0.2`, `one_cycle:anneal=linear,three_phase=true`,
    /// `plateau:threshold=0.01,threshold_mode=abs,mode=max,cooldown=2`. A sequence has a stroke between its
    /// parts, each of which but the last says until when it is in force: `warmup_linear:warmup=5@5/cosine`;
    /// what is not set is then for the length of the part.
    ///
    /// Fails for an unknown name or setting, and for values out of range.
    pub fn by_name(text: &str, lr: f64, total: u64) -> Result<Schedule> {
        let parts: Vec<&str> = text.split('/').collect();
        let (mut schedules, mut milestones) = (Vec::new(), Vec::new());
        for (at, part) in parts.iter().enumerate() {
            let last = at + 1 == parts.len();
            let begin = milestones.last().copied().unwrap_or(0);
            let (part, end) = match (part.rsplit_once('@'), last) {
                (Some((part, end)), false) => (part, read::<u64>("@", end)?),
                (None, true) => (*part, total),
                (found, _) => {
                    let rule = match found {
                        Some(_) => "the last part of a schedule has no end @T",
                        None => {
                            "each part of a schedule but the last says until when, as in step@10"
                        }
                    };
                    return Err(Error::new(Kind::Value, format!("{part:?} in {text:?}")).hint(rule));
                }
            };
            schedules.push(named(part, lr, end.saturating_sub(begin))?);
            if !last {
                milestones.push(end);
            }
        }
        let schedule = match (schedules.len(), schedules.pop()) {
            (1, Some(only)) => only,
            (_, last) => Schedule::Sequence {
                parts: {
                    schedules.extend(last);
                    schedules
                },
                milestones,
            },
        };
        schedule.check().map_err(|error| error.context(text))?;
        Ok(schedule)
    }
}

/// One schedule with its settings.
fn named(text: &str, lr: f64, total: u64) -> Result<Schedule> {
    let total = total.max(1);
    let (name, settings) = text.split_once(':').unwrap_or((text, ""));
    let mut set = Settings::read(name, settings)?;
    let schedule = match &name.replace('-', "_")[..] {
        "constant" => Schedule::Constant,
        "step" => Schedule::Step {
            step_size: set.take("step_size", total.div_ceil(3))?,
            gamma: set.take("gamma", 0.1)?,
        },
        "multi_step" => Schedule::MultiStep {
            milestones: set.milestones(total)?,
            gamma: set.take("gamma", 0.1)?,
        },
        "exponential" => {
            Schedule::Exponential { gamma: set.take("gamma", 0.01f64.powf(1.0 / total as f64))? }
        }
        "linear" => Schedule::Linear {
            start_factor: set.take("start_factor", 1.0 / 3.0)?,
            end_factor: set.take("end_factor", 1.0)?,
            total_iters: set.take("total_iters", total)?,
        },
        "polynomial" => Schedule::Polynomial {
            total_iters: set.take("total_iters", total)?,
            power: set.take("power", 1.0)?,
        },
        "cosine" => Schedule::Cosine {
            t_max: set.take("t_max", total)?,
            eta_min: set.take("eta_min", 0.0)?,
        },
        "cosine_restarts" => Schedule::CosineRestarts {
            t_0: set.take("t_0", total.div_ceil(3))?,
            t_mult: set.take("t_mult", 1)?,
            eta_min: set.take("eta_min", 0.0)?,
        },
        "warmup_linear" => {
            Schedule::WarmupLinear { warmup: set.take("warmup", total.div_ceil(10))? }
        }
        "warmup_decay" => {
            let warmup = set.take("warmup", total.div_ceil(10))?;
            Schedule::WarmupDecay {
                warmup,
                total: set.take("total", total.max(warmup.saturating_add(1)))?,
            }
        }
        "one_cycle" => {
            let usual = OneCycle::new(lr, total);
            Schedule::OneCycle(OneCycle {
                max_lr: set.take("max_lr", lr)?,
                total_steps: set.take("total_steps", total)?,
                pct_start: set.take("pct_start", usual.pct_start)?,
                div_factor: set.take("div_factor", usual.div_factor)?,
                final_div_factor: set.take("final_div_factor", usual.final_div_factor)?,
                anneal: match set.choose("anneal", &["cosine", "linear"])? {
                    0 => Anneal::Cosine,
                    _ => Anneal::Linear,
                },
                three_phase: set.take("three_phase", false)?,
            })
        }
        "plateau" => {
            let usual = Plateau::default();
            let threshold = set.take("threshold", 1e-4)?;
            Schedule::Plateau(Plateau {
                factor: set.take("factor", 0.5)?,
                patience: set.take("patience", total.div_ceil(10))?,
                threshold: match set.choose("threshold_mode", &["rel", "abs"])? {
                    0 => Threshold::Relative(threshold),
                    _ => Threshold::Absolute(threshold),
                },
                maximize: set.choose("mode", &["min", "max"])? == 1,
                cooldown: set.take("cooldown", usual.cooldown)?,
                min_lr: set.take("min_lr", usual.min_lr)?,
                eps: set.take("eps", usual.eps)?,
            })
        }
        other => {
            let error = Error::new(Kind::Value, format!("there is no schedule {name:?}"));
            return Err(match nearest(other, Schedule::NAMES) {
                Some(close) => error.hint(format!("did you mean {close}?")),
                None => error.hint(format!("there are {}", Schedule::NAMES.join(", "))),
            });
        }
    };
    set.end()?;
    Ok(schedule)
}

/// What is set of a schedule, by name.
struct Settings<'a> {
    schedule: &'a str,
    set: Vec<(String, &'a str)>,
    known: Vec<&'static str>,
}

impl<'a> Settings<'a> {
    fn read(schedule: &'a str, text: &'a str) -> Result<Settings<'a>> {
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
        let pair = |pair: &'a str| {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                let message = format!("{schedule}: {pair:?} is no setting");
                Error::new(Kind::Value, message).hint("settings are NAME=VALUE, as in gamma=0.5")
            })?;
            Ok((name.trim().replace('-', "_"), value.trim()))
        };
        let set = pairs.map(pair).collect::<Result<_>>()?;
        Ok(Settings { schedule, set, known: Vec::new() })
    }

    fn value(&mut self, name: &'static str) -> Option<&'a str> {
        self.known.push(name);
        let at = self.set.iter().position(|(other, _)| other == name)?;
        Some(self.set.remove(at).1)
    }

    fn take<T: FromStr>(&mut self, name: &'static str, usual: T) -> Result<T> {
        let schedule = self.schedule;
        self.value(name)
            .map_or(Ok(usual), |text| read(name, text).map_err(|error| error.context(schedule)))
    }

    /// The number of a choice; the first one is usual.
    fn choose(&mut self, name: &'static str, choices: &[&str]) -> Result<usize> {
        let Some(text) = self.value(name) else { return Ok(0) };
        choices.iter().position(|choice| *choice == text).ok_or_else(|| {
            let message = format!("{}: {name} is {text:?}", self.schedule);
            Error::new(Kind::Value, message).hint(format!("it is one of {}", choices.join(", ")))
        })
    }

    /// Steps with a `+` between; by default after a half and after three quarters.
    fn milestones(&mut self, total: u64) -> Result<Vec<u64>> {
        let schedule = self.schedule;
        match self.value("milestones") {
            Some(text) => text
                .split('+')
                .map(|one| read("milestones", one).map_err(|error| error.context(schedule)))
                .collect(),
            None => {
                let half = total.div_ceil(2);
                Ok(vec![half, (total - total / 4).max(half.saturating_add(1))])
            }
        }
    }

    /// Fails where something is set that the schedule does not have.
    fn end(self) -> Result<()> {
        let Some((name, _)) = self.set.first() else { return Ok(()) };
        let has = match &self.known[..] {
            [] => "it has none".to_string(),
            known => format!("it has {}", known.join(", ")),
        };
        let message = format!("{} has no setting {name}", self.schedule);
        let error = Error::new(Kind::Value, message);
        Err(match nearest(name, self.known.iter().copied()) {
            Some(close) => error.hint(format!("did you mean {close}? {has}")),
            None => error.hint(has),
        })
    }
}

fn read<T: FromStr>(name: &str, text: &str) -> Result<T> {
    text.trim().parse().map_err(|_| {
        let kind = std::any::type_name::<T>();
        let what = match kind {
            "bool" => "true or false",
            "u64" => "a whole number of at least 0",
            _ => "a number",
        };
        unreadable(name, text, what)
    })
}

fn unreadable(name: &str, text: &str, what: impl Display) -> Error {
    Error::new(Kind::Value, format!("{name} is {text:?}, but must be {what}"))
}
