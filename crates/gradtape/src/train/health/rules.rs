//! When something is wrong.

use super::{LayerHealth, State, Warning};
use crate::train::{Observation, StepReport};

/// The loss of the last hundred steps or so.
#[derive(Debug, Default)]
pub(super) struct Spikes {
    steps: u64,
    mean: f64,
    square: f64,
    found: usize,
}

/// Looks in a row at which a rule must be broken.
const IN_A_ROW: usize = 3;

/// Judges what was seen at a look.
pub(super) fn judge(state: &mut State, seen: &Observation) {
    let norm = state.norms.last().copied().unwrap_or_default();
    let weights: Vec<LayerHealth> =
        state.layers.iter().filter(|row| row.gradient.is_some()).cloned().collect();
    let epoch = seen.epoch;

    let vanishing = match (weights.first(), weights.last()) {
        (Some(first), Some(last)) if weights.len() > 2 => {
            let (near, far) = (first.gradient.unwrap_or(0.0), last.gradient.unwrap_or(0.0));
            (near < 1e-4 * far && far > 1e-12).then(|| {
                format!(
                    "gradients vanish: {near:.1e} in layer {}, {far:.1e} in layer {}",
                    first.name, last.name
                )
            })
        }
        _ => None,
    };
    let help =
        "fewer layers, relu in the place of sigmoid or tanh, normalisation, or residual blocks";
    state.rule("vanishing", IN_A_ROW, epoch, vanishing, help);

    let mut earlier = state.norms[..state.norms.len() - 1].to_vec();
    earlier.sort_by(f64::total_cmp);
    let median = earlier.get(earlier.len() / 2).copied();
    let exploding = match median {
        _ if !norm.is_finite() => Some("gradients explode: their norm is not finite".to_string()),
        Some(median) if earlier.len() >= 3 && norm > 100.0 * median && norm > 10.0 => {
            Some(format!("gradients explode: their norm is {norm:.1e}, and was {median:.1e}"))
        }
        _ if norm > 1e5 => Some(format!("gradients explode: their norm is {norm:.1e}")),
        _ => None,
    };
    let help = "clip them by their norm (1 is usual), lower the learning rate, or look for extreme values in the data";
    state.rule("exploding", 1, epoch, exploding, help);

    let worst = |of: fn(&LayerHealth) -> Option<f64>, least: f64| {
        let rows = state.layers.iter().filter_map(move |row| Some((of(row)?, row.name.clone())));
        rows.filter(|(share, _)| *share > least).max_by(|a, b| a.0.total_cmp(&b.0))
    };
    let dead = worst(|row| row.dead, 0.5);
    let saturated = worst(|row| row.saturated, 0.6);
    let large = worst(|row| row.update.filter(|_| row.weight.is_some()), 0.3);
    let dead = dead.map(|(share, layer)| {
        format!(
            "{:.0} % of the units of layer {layer} are dead: they give 0 for every row",
            100.0 * share
        )
    });
    let help = "a lower learning rate, or leaky_relu, gelu or silu in the place of relu";
    state.rule("dead", 1, epoch, dead, help);
    let saturated = saturated.map(|(share, layer)| {
        format!("{:.0} % of the values of layer {layer} are saturated", 100.0 * share)
    });
    let help = "a lower learning rate, smaller inputs or first weights, or relu";
    state.rule("saturated", IN_A_ROW, epoch, saturated, help);

    let settled = epoch > 1;
    let large = large.filter(|_| settled).map(|(share, layer)| {
        format!(
            "steps are large: the last changed the weights of layer {layer} by {:.0} %",
            100.0 * share
        )
    });
    state.rule("large", IN_A_ROW, epoch, large, "lower the learning rate, or warm it up");
    let early = state.looks <= 6 && seen.learning_rate > 0.5 * state.greatest_rate;
    let most = weights.iter().filter_map(|row| row.update).fold(0.0, f64::max);
    let small = (early && !weights.is_empty() && most < 1e-7 && norm > 0.0)
        .then(|| format!("the weights hardly move: by {most:.0e} of their size in a step"));
    state.rule("small", IN_A_ROW, epoch, small, "raise the learning rate");
}

/// Looks whether the loss of a step is far above those before.
pub(super) fn spike(state: &mut State, report: &StepReport) {
    const KEPT: f64 = 0.98;
    let Spikes { steps, mean, square, found } = &mut state.spikes;
    let loss = report.loss;
    let deviation = (*square - *mean * *mean).max(0.0).sqrt();
    let is_spike = *steps >= 50 && loss > 5.0 * *mean && loss > *mean + 8.0 * deviation;
    let usual = *mean;
    if is_spike {
        *found += 1;
    } else {
        // From the first losses on, a plain mean until there are many.
        let kept = KEPT.min(*steps as f64 / (*steps + 1) as f64);
        *mean = kept * *mean + (1.0 - kept) * loss;
        *square = kept * *square + (1.0 - kept) * loss * loss;
    }
    *steps += 1;
    let spikes = (is_spike && *found >= 2).then(|| {
        format!("the loss spikes: {loss:.3} at step {}, and was about {usual:.3}", report.step)
    });
    let help = "clip the gradients, lower the learning rate, or look for extreme rows";
    if spikes.is_some() {
        state.rule("spikes", 1, report.epoch, spikes, help);
    }
}

impl State {
    /// Warns once when a rule is broken so many times in a row.
    fn rule(
        &mut self,
        rule: &'static str,
        times: usize,
        epoch: usize,
        what: Option<String>,
        help: &str,
    ) {
        let broken = self.broken.entry(rule).or_default();
        if *broken == usize::MAX {
            return;
        }
        let Some(what) = what else {
            *broken = 0;
            return;
        };
        *broken += 1;
        if *broken >= times {
            *broken = usize::MAX;
            self.warnings.push(Warning { epoch, what, help: help.to_string() });
        }
    }
}
