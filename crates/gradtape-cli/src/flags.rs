//! What clap leaves to us: misspelt flags of verbs on expressions, and numbers in words.

use std::ffi::OsString;
use std::str::FromStr;

use clap::Command;
use gradtape::optim::{Group, Schedule};

use crate::error::{Failure, Outcome};

/// Refuses a misspelt flag of a verb whose expression may begin with a minus: clap would take the flag
/// for the expression and complain about what follows.
pub(crate) fn known(arguments: &[OsString], line: &Command) -> Outcome {
    let verb = arguments.get(1).and_then(|verb| line.find_subcommand(verb));
    let Some(verb) = verb.filter(|verb| verb.get_positionals().any(takes_a_minus)) else {
        return Ok(());
    };
    let known = || verb.get_arguments().filter_map(|flag| flag.get_long()).chain(["help"]);
    let words = arguments.iter().skip(2).filter_map(|word| word.to_str());
    for word in words.take_while(|word| *word != "--") {
        let Some(name) = word.strip_prefix("--") else { continue };
        let name = name.split_once('=').map_or(name, |(name, _)| name);
        // `---x` is an expression.
        let is_word = name.len() > 1 && !name.starts_with('-');
        let is_word = is_word && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if is_word && !known().any(|flag| flag == name) {
            let failure = Failure::usage(format!("there is no flag --{name}"));
            let twin =
                TWINS.iter().find(|(other, own)| *other == name && known().any(|f| f == *own));
            let near = twin.map(|(_, own)| *own).or_else(|| gradtape::nearest(name, known()));
            return Err(match near {
                Some(near) => failure.note(format!("hint: did you mean --{near}?")),
                None => failure.note(format!(
                    "hint: `gradtape {} --help` lists the flags; an expression that begins with two \
                     minus signs stands after a lone `--`",
                    verb.get_name()
                )),
            });
        }
    }
    Ok(())
}

/// A flag as other programs call it, in words: what it is called here, if a verb has it.
pub(crate) fn foreign(name: &str, verb: &Command) -> Option<String> {
    let given = name.strip_prefix("--")?;
    let name = given.to_ascii_lowercase().replace('_', "-");
    let has = |own: &str| verb.get_arguments().any(|flag| flag.get_long() == Some(own));
    let known = FOREIGN.iter().filter(|(_, others)| others.contains(&&*name));
    let known = known.map(|(own, _)| *own).find(|own| has(own));
    let own = if has(&name) { Some(&*name) } else { known };
    own.map(|own| match own == given {
        true => "flags stand before a lone `--`, behind which nothing is one".to_string(),
        false => format!("it is called --{own} here"),
    })
}

/// What scikit-learn, Keras, PyTorch and others call our flags.
const FOREIGN: &[(&str, &[&str])] = &[
    (
        "lr",
        &["learning-rate", "lr-rate", "learningrate", "rate", "step-size", "learning-rate-init"],
    ),
    ("epochs", &["epoch", "num-epochs", "n-epochs", "nb-epoch", "max-epochs", "iterations"]),
    ("steps", &["max-steps", "num-steps", "n-steps"]),
    ("batch", &["batch-size", "batchsize", "bs", "minibatch", "mini-batch", "train-batch-size"]),
    (
        "hidden",
        &[
            "hidden-layers",
            "hidden-layer-sizes",
            "hidden-size",
            "hidden-sizes",
            "hidden-units",
            "hidden-dim",
            "layers",
            "layer-sizes",
            "units",
            "neurons",
            "widths",
            "width",
        ],
    ),
    (
        "validation",
        &[
            "val-split",
            "validation-split",
            "valid-split",
            "val-size",
            "val-fraction",
            "validation-fraction",
            "validation-size",
            "val",
        ],
    ),
    ("test-fraction", &["test-size", "test-split", "test", "holdout", "hold-out", "test-share"]),
    ("seed", &["random-state", "random-seed", "rng", "random"]),
    ("early-stopping", &["patience", "early-stop", "early-stopping-patience", "n-iter-no-change"]),
    ("out", &["output", "output-dir", "out-dir", "save-dir", "outdir", "save", "model-dir"]),
    (
        "target",
        &["label", "labels", "target-column", "label-column", "y", "response", "class-column"],
    ),
    ("ignore", &["drop", "drop-columns", "exclude", "skip-columns"]),
    ("categories", &["categorical", "cat-features", "categorical-features", "categorical-columns"]),
    ("network", &["model", "arch", "architecture", "model-type"]),
    ("optimizer", &["optim", "solver", "opt", "optimiser"]),
    ("schedule", &["scheduler", "lr-scheduler", "lr-schedule", "learning-rate-schedule"]),
    (
        "clip-norm",
        &[
            "grad-clip",
            "gradient-clip",
            "clip-grad",
            "clip-grad-norm",
            "max-grad-norm",
            "gradient-clip-val",
        ],
    ),
    (
        "accumulate",
        &[
            "accumulation-steps",
            "grad-accumulation",
            "gradient-accumulation-steps",
            "accumulate-grad-batches",
        ],
    ),
    ("threads", &["workers", "num-workers", "n-jobs", "jobs", "num-threads"]),
    ("folds", &["cv", "k-folds", "kfold", "kfolds", "n-folds", "n-splits"]),
    ("members", &["ensemble", "ensemble-size", "n-estimators"]),
    ("precision", &["amp", "dtype", "fp16", "bf16", "mixed-precision"]),
    ("class-weights", &["class-weight", "balanced"]),
    ("resume", &["resume-from", "checkpoint", "resume-from-checkpoint", "ckpt"]),
    ("start", &["pretrained", "init-from", "warm-start", "weights"]),
    ("log", &["logdir", "log-dir", "tensorboard"]),
    ("delimiter", &["sep", "separator"]),
];

/// What one verb calls `--at` another calls `--from`.
const TWINS: &[(&str, &str)] = &[("at", "from"), ("from", "at")];

fn takes_a_minus(argument: &clap::Arg) -> bool {
    argument.is_allow_hyphen_values_set()
}

/// Reads a whole number from 0 on for clap.
pub(crate) fn count<T: FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| "a whole number from 0 on is needed".to_string())
}

/// Reads a number for clap. What is not finite is left to those who know what it is for.
pub(crate) fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| "a number is needed, as in 0.01 or 1e-3".to_string())
}

/// Reads a bound that is above 0 for clap.
pub(crate) fn bound(text: &str) -> Result<f64, String> {
    number(text).ok().filter(|most| *most > 0.0).ok_or("a number above 0 is needed, as in 1".into())
}

/// Reads a schedule for clap; what its settings are for a run is settled when the length of the run is known.
pub(crate) fn schedule(text: &str) -> Result<String, String> {
    match Schedule::by_name(text, 1.0, 1_000) {
        Ok(_) => Ok(text.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads the steps of a look ahead and its share for clap.
pub(crate) fn lookahead(text: &str) -> Result<(usize, f64), String> {
    let (steps, share) = text.split_once(',').unwrap_or((text, "0.5"));
    let steps = steps.trim().parse().ok().filter(|steps| *steps > 0);
    let share = share.trim().parse().ok().filter(|share| *share > 0.0 && *share <= 1.0);
    let what = "steps from 1 on, and perhaps a share above 0 and at most 1, as in 5,0.5";
    steps.zip(share).ok_or_else(|| what.to_string())
}

/// Reads the decay of an average for clap.
pub(crate) fn decay(text: &str) -> Result<f64, String> {
    let decay = text.trim().parse().ok().filter(|decay| (0.0..1.0).contains(decay));
    decay.ok_or_else(|| "a number from 0 on and below 1 is needed, as in 0.999".to_string())
}

/// Reads a group of parameters for clap, or the name of a column by which rows stay together.
pub(crate) fn group_or_column(text: &str) -> Result<(String, Option<Group>), String> {
    match text.contains(['*', ':', '=']) {
        true => group(text).map(|(text, group)| (text, Some(group))),
        false => Ok((text.to_string(), None)),
    }
}

/// Reads a group of parameters for clap.
pub(crate) fn group(text: &str) -> Result<(String, Group), String> {
    let group = text.parse().map_err(|error: gradtape::Error| error.to_string())?;
    Ok((text.to_string(), group))
}
