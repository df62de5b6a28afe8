//! [`Differences`]: what is other than in a checkpoint, in the words of the flags.

use super::flags::Train;
use crate::error::Failure;

/// The values of flags in a checkpoint and now.
#[derive(Clone, Debug, Default)]
pub(super) struct Differences(Vec<(&'static str, [String; 2])>);

/// What the library calls what a flag says.
const CALLED: [(&str, &[&str]); 7] = [
    ("seed", &["--seed"]),
    ("loss", &["--class-weights"]),
    ("early stopping", &["--early-stopping"]),
    ("batch size", &["--batch"]),
    ("batches for a step", &["--accumulate"]),
    ("blocks", &["--memory"]),
    ("schedule", &["--schedule", "--schedule-every"]),
];

/// What the library calls rows, and what they are for.
const ROWS: [(&str, &str); 2] = [("training data", "train on"), ("validation data", "validate")];

/// Flags by which rows are chosen.
const CHOOSING: [&str; 4] = ["--seed", "--memory", "--validation", "--test-fraction"];

impl Differences {
    /// Of a training that goes on, and what it was.
    pub(super) fn of(was: &Train, now: &Train) -> Differences {
        let shown = |train: &Train| {
            let none = || "none".to_string();
            let weights = train.columns.class_weights.map(|_| "balanced".to_string());
            let every = if train.counts_epochs() { "epoch" } else { "step" };
            [
                ("--seed", train.seed.to_string()),
                ("--validation", train.validation.to_string()),
                ("--test-fraction", train.fractions().test.to_string()),
                ("--class-weights", weights.unwrap_or_else(none)),
                (
                    "--early-stopping",
                    train.early_stopping.map_or_else(none, |patience| patience.to_string()),
                ),
                ("--batch", train.batch().to_string()),
                ("--accumulate", train.accumulate.to_string()),
                ("--memory", train.runs.memory.map_or_else(none, |memory| memory.to_string())),
                ("--schedule", train.schedule.clone().unwrap_or_else(|| "constant".to_string())),
                ("--schedule-every", every.to_string()),
            ]
        };
        let pairs = shown(was).into_iter().zip(shown(now));
        let differing = pairs.filter(|((_, there), (_, here))| there != here);
        Differences(differing.map(|((flag, there), (_, here))| (flag, [there, here])).collect())
    }

    /// A failure of the library, with its words for what flags say and for rows replaced.
    pub(super) fn told(&self, failure: &Failure) -> Failure {
        let mut lines: Vec<String> = Vec::new();
        for line in failure.message().lines() {
            for own in self.line(line) {
                if !lines.contains(&own) {
                    lines.push(own);
                }
            }
        }
        Failure::failed(lines.join("\n")).note("(--insist)")
    }

    fn line(&self, line: &str) -> Vec<String> {
        let is_of = |name: &str| {
            let rest = line.trim_start().strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(": "))
        };
        let told = |flags: &[&str]| -> Vec<String> {
            let differing = self.0.iter().filter(|(flag, _)| flags.contains(flag));
            let line = |(flag, [there, here]): &(&str, [String; 2])| {
                format!("  {flag}: {there} in the checkpoint, {here} here")
            };
            differing.map(line).collect()
        };
        if let Some((_, what)) = ROWS.iter().find(|(name, _)| is_of(name)) {
            return [told(&CHOOSING), vec![rows(line, what)]].concat();
        }
        let known = CALLED.iter().find(|(name, _)| is_of(name));
        let told = told(known.map_or(&[][..], |(_, flags)| flags));
        if told.is_empty() { vec![line.to_string()] } else { told }
    }
}

/// A line on rows: how many there are, or that they are others.
fn rows(line: &str, what: &str) -> String {
    let count = |text: &str| text.trim().split(" rows, ").next().map(String::from);
    let both = line.split_once(": ").and_then(|(_, both)| both.split_once(" in the checkpoint, "));
    match both.and_then(|(there, here)| Some((count(there)?, count(here)?))) {
        Some((there, here)) if there != here => {
            let here = here.trim_end_matches(" here");
            format!("  rows to {what}: {there} in the checkpoint, {here} here")
        }
        _ => format!("  rows to {what}: others than in the checkpoint, though as many"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_in_the_words_of_the_flags() {
        let both = |there: &str, here: &str| [there.to_string(), here.to_string()];
        let known = Differences(vec![
            ("--seed", both("1", "2")),
            ("--early-stopping", both("10", "none")),
            ("--schedule-every", both("step", "epoch")),
        ]);
        let text = "it is another\n  early stopping: when no better by 0 for 10 epochs in the checkpoint, none here\n  \
                    precision: f32 in the checkpoint, bf16 here\n  \
                    schedule: constant, each step in the checkpoint, constant, each epoch here\n  \
                    seed: 1 in the checkpoint, 2 here\n  \
                    training data: 70 rows, 00ff in the checkpoint, 70 rows, 01ff here\n  \
                    validation data: 8 rows, 00ff in the checkpoint, none here\n  hint: insist";
        let told = known.told(&Failure::failed(text));
        assert_eq!(
            told.message(),
            "it is another\n  --early-stopping: 10 in the checkpoint, none here\n  precision: f32 in the checkpoint, \
             bf16 here\n  --schedule-every: step in the checkpoint, epoch here\n  --seed: 1 in the checkpoint, 2 here\n  \
             rows to train on: others than in the checkpoint, though as many\n  \
             rows to validate: 8 in the checkpoint, none here\n  hint: insist\n  (--insist)"
        );
    }
}
