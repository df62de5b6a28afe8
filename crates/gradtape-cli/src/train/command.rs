//! The command that repeats a training.

use clap::{ArgAction, Args, Command};

use super::flags::Train;

/// A line for a shell with the words of a training, each flag once and the seed among them. What says when checkpoints
/// are written is left out: it changes no number, and those of the first training would be in the way.
pub(super) fn repeated(words: &[String], seed: u64) -> String {
    let command = Train::augment_args(Command::new("train"));
    let mut flags: Vec<(String, Vec<String>)> = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let name = word.split('=').next().unwrap_or_default();
        let known = command
            .get_arguments()
            .find(|own| own.get_long().is_some_and(|long| name.strip_prefix("--") == Some(long)));
        let Some(known) = known else {
            flags.push((String::new(), vec![word.clone()]));
            continue;
        };
        let takes = matches!(known.get_action(), ArgAction::Set | ArgAction::Append);
        let mut own = vec![word.clone()];
        if takes && !word.contains('=') {
            let count = known.get_num_args().map_or(1, |range| range.max_values());
            let least = known.get_num_args().map_or(1, |range| range.min_values());
            let mut taken = 0;
            while taken < count {
                let next = rest.as_slice().first();
                let Some(value) = next.filter(|next| taken < least || !next.starts_with('-'))
                else {
                    break;
                };
                own.push(value.clone());
                rest.next();
                taken += 1;
            }
        }
        // Of one that is given twice, as after `--resume`, the last counts.
        if !matches!(known.get_action(), ArgAction::Append) {
            flags.retain(|(other, _)| other != name);
        }
        flags.push((name.to_string(), own));
    }
    flags.retain(|(name, _)| !["--checkpoint-every", "--checkpoints"].contains(&&**name));
    if !flags.iter().any(|(name, _)| name == "--seed") {
        flags.push(("--seed".to_string(), vec!["--seed".to_string(), seed.to_string()]));
    }
    let words = flags.iter().flat_map(|(_, own)| own).map(|word| quoted(word));
    ["gradtape", "train"].map(String::from).into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::repeated;

    #[test]
    fn commands_are_quoted_and_have_each_flag_once() {
        let repeat = |words: &[&str]| {
            repeated(&words.iter().map(|word| word.to_string()).collect::<Vec<_>>(), 42)
        };
        assert_eq!(repeat(&[]), "gradtape train --seed 42");
        assert_eq!(
            repeat(&["a b.csv", "--target", "it's"]),
            "gradtape train 'a b.csv' --target 'it'\\''s' --seed 42"
        );
        assert_eq!(repeat(&["--seed=7", "iris"]), "gradtape train --seed=7 iris");
        assert_eq!(
            repeat(&[
                "iris",
                "--epochs",
                "2",
                "--epochs",
                "5",
                "--quiet",
                "--checkpoint-every",
                "1epochs",
                "--seed",
                "3"
            ]),
            "gradtape train iris --epochs 5 --quiet --seed 3"
        );
        let kept = repeat(&[
            "a.csv", "--ignore", "b", "--ignore", "c$", "--split", "time", "when", "--quiet",
        ]);
        assert_eq!(
            kept,
            "gradtape train a.csv --ignore b --ignore 'c$' --split time when --quiet --seed 42"
        );
    }
}
