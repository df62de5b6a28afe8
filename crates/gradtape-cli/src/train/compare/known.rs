//! [`Known`]: what is told of a training that is compared, as it is kept for going on after a stop.

use gradtape::train::{History, Scores};
use serde::{Deserialize, Serialize};

use crate::error::{Failure, Outcome};
use crate::measure::Measured;
use crate::settings::{Counts, Settings};
use crate::train::Done;
use crate::train::resume::{history, history_bits};

/// What became of a training.
pub(super) struct Known {
    pub(super) history: History,
    pub(super) held_out: Option<HeldOut>,
    pub(super) rows: Counts,
    /// Of one that came to nothing they are not known.
    pub(super) settings: Option<Box<Settings>>,
    /// Why it did not come to its end.
    pub(super) failed: Option<Failure>,
}

/// How good a network is on the rows that were held out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct HeldOut {
    /// Whether it tells classes apart.
    pub(super) by_class: bool,
    loss: Bits,
    accuracy: Option<Bits>,
    mean_absolute_error: Option<Bits>,
    figures: Vec<(String, Bits)>,
    /// Simple answers on the same rows.
    pub(super) baselines: Vec<Simple>,
}

/// How good a simple answer is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Simple {
    pub(super) name: String,
    accuracy: Option<Bits>,
    r2: Option<Bits>,
    mae: Option<Bits>,
}

/// A number that is written by its bits, and so is the same one when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bits(u64);

/// What is kept of a training, as JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// Which of all it is, from 0 on.
    pub(super) number: usize,
    history: Vec<u64>,
    losses: Vec<Bits>,
    held_out: Option<HeldOut>,
    rows: Counts,
    settings: Option<Box<Settings>>,
    failed: Option<Failure>,
}

impl Known {
    pub(super) fn of(done: Done) -> Known {
        let Done { history, held_out, rows, settings, failed } = done;
        Known { history, held_out: held_out.as_ref().map(HeldOut::of), rows, settings, failed }
    }

    /// Of a training that came to nothing.
    pub(super) fn nothing(failure: Failure) -> Known {
        let (history, rows) = (History::default(), Counts::default());
        Known { history, held_out: None, rows, settings: None, failed: Some(failure) }
    }

    /// With the losses of its steps, to be kept.
    pub(super) fn kept(&self, number: usize, losses: &[f64]) -> Outcome<Kept> {
        Ok(Kept {
            number,
            history: history_bits(&self.history)?,
            losses: losses.iter().copied().map(Bits::of).collect(),
            held_out: self.held_out.clone(),
            rows: self.rows,
            settings: self.settings.clone(),
            failed: self.failed.clone(),
        })
    }
}

impl Kept {
    /// Whether it is not to be trained again: one that left nothing behind may do better where what stopped it is gone.
    pub(super) fn is_done(&self) -> bool {
        self.settings.is_some()
    }

    /// Whether its epochs can be read.
    pub(super) fn is_whole(&self) -> bool {
        history(self.history.clone()).is_ok()
    }

    /// What is known of it, with the losses of its steps.
    pub(super) fn known(self) -> Outcome<(Known, Vec<f64>)> {
        let Kept { history: bits, losses, held_out, rows, settings, failed, .. } = self;
        let known = Known { history: history(bits)?, held_out, rows, settings, failed };
        Ok((known, losses.into_iter().map(Bits::number).collect()))
    }
}

impl HeldOut {
    fn of(measured: &Measured) -> HeldOut {
        let Scores { loss, accuracy, mean_absolute_error } = measured.scores();
        let baselines = measured.baselines().iter().map(|own| Simple {
            name: own.name.to_string(),
            accuracy: own.accuracy.map(|number| Bits::of(number.0)),
            r2: own.r2.map(|number| Bits::of(number.0)),
            mae: own.mae.map(|number| Bits::of(number.0)),
        });
        let figures = measured.figures().into_iter();
        HeldOut {
            by_class: matches!(measured, Measured::Classes { .. }),
            loss: Bits::of(loss),
            accuracy: accuracy.map(Bits::of),
            mean_absolute_error: mean_absolute_error.map(Bits::of),
            figures: figures.map(|(name, number)| (name.to_string(), Bits::of(number))).collect(),
            baselines: baselines.collect(),
        }
    }

    /// The scores that training has, too.
    pub(super) fn scores(&self) -> Scores {
        Scores {
            loss: self.loss.number(),
            accuracy: self.accuracy.map(Bits::number),
            mean_absolute_error: self.mean_absolute_error.map(Bits::number),
        }
    }

    /// What is told of each fold, by name; what is not defined has no place.
    pub(super) fn figures(&self) -> Vec<(String, f64)> {
        self.figures.iter().map(|(name, bits)| (name.clone(), bits.number())).collect()
    }
}

impl Simple {
    pub(super) fn accuracy(&self) -> Option<f64> {
        self.accuracy.map(Bits::number)
    }

    pub(super) fn r2(&self) -> Option<f64> {
        self.r2.map(Bits::number)
    }

    /// The mean absolute error.
    pub(super) fn mae(&self) -> Option<f64> {
        self.mae.map(Bits::number)
    }
}

impl Bits {
    fn of(number: f64) -> Bits {
        Bits(number.to_bits())
    }

    fn number(self) -> f64 {
        f64::from_bits(self.0)
    }
}
