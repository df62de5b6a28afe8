//! [`Extras`]: what goes on around any optimiser.

use gradtape::optim::Optimizer;
use serde::{Deserialize, Serialize};

use crate::report::exact;

/// What goes on around an optimiser, of any name: nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Extras {
    /// The most that the norm of the gradient may be; a longer one is scaled down
    /// ([`Optimizer::clip_norm`]).
    pub clip_norm: Option<f64>,
    /// The most that a number of the gradient may be, above or below 0 ([`Optimizer::clip_value`]).
    pub clip_value: Option<f64>,
    /// After how many steps slow weights follow, and by which share of the way ([`Optimizer::lookahead`]).
    pub lookahead: Option<(usize, f64)>,
    /// The decay of a moving average of the place, which is kept beside it ([`Optimizer::average`]).
    pub average: Option<f64>,
}

impl Extras {
    pub(super) fn set(&self, optimizer: &mut dyn Optimizer) {
        optimizer.set_clip_norm(self.clip_norm);
        optimizer.set_clip_value(self.clip_value);
        if let Some((steps, share)) = self.lookahead {
            optimizer.set_lookahead(steps, share);
        }
        if let Some(decay) = self.average {
            optimizer.set_average(decay);
        }
    }

    /// As the flags of a command, each after a space.
    pub(crate) fn flags(&self) -> String {
        let numbers = [
            ("clip-norm", self.clip_norm),
            ("clip-value", self.clip_value),
            ("average", self.average),
        ];
        let numbers = numbers.into_iter().filter_map(|(flag, value)| Some((flag, exact(value?))));
        let ahead = self.lookahead.map(|(steps, share)| format!("{steps},{}", exact(share)));
        let all = numbers.chain(ahead.map(|text| ("lookahead", text)));
        all.map(|(flag, value)| format!(" --{flag} {value}")).collect()
    }
}
