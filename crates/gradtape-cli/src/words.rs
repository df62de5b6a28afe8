//! [`Words`]: what stands on the command line of a training, flag by flag.

use clap::{Arg, ArgAction, Args, Command};
use gradtape::shell_word;

use crate::tune::Tune;

/// The words of a command line after the verb: each flag with its values, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words(Vec<Given>);

/// A flag with its values, or a word that is no flag of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// As `--epochs`; of another word nothing.
    flag: Option<String>,
    /// Whether it takes one value and has it.
    alone: bool,
    /// Whether each time that it is given counts.
    adds: bool,
    words: Vec<String>,
}

impl Words {
    /// Those of this program's own command line.
    pub(crate) fn own() -> Words {
        let words = std::env::args_os().skip(2).map(|word| word.to_string_lossy().into_owned());
        Words::of(words)
    }

    /// Takes words apart as `gradtape train` and `gradtape tune` read them.
    pub(crate) fn of<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Words {
        let command = Tune::augment_args(Command::new("tune"));
        let words: Vec<String> = words.into_iter().map(Into::into).collect();
        let mut rest = &words[..];
        let mut all = Vec::new();
        while let [word, after @ ..] = rest {
            rest = after;
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (&**word, None),
            };
            let known = command.get_arguments().find(|flag| is_called(flag, name));
            // Behind two minus signs alone nothing is a flag, whatever follows later.
            if word == "--" {
                rest = &[];
                let is_plain = |word: &str| word == "-" || !word.starts_with('-');
                let plain = after.iter().map(|word| match is_plain(word) {
                    true => word.clone(),
                    false => format!("./{word}"),
                });
                all.extend(plain.map(|word| Given::plain(vec![word])));
                continue;
            }
            let Some(known) = known else {
                all.push(Given::plain(vec![word.clone()]));
                continue;
            };
            let mut own = vec![word.clone()];
            if value.is_none() {
                let taken = values(known, rest);
                own.extend_from_slice(&rest[..taken]);
                rest = &rest[taken..];
            }
            let adds = matches!(known.get_action(), ArgAction::Append);
            all.push(Given {
                flag: known.get_long().map(|long| format!("--{long}")),
                alone: !adds && most(known) == 1 && (value.is_some() || own.len() == 2),
                adds,
                words: own,
            });
        }
        Words(all)
    }

    /// Whether a flag is there, named as `--epochs`.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.0.iter().any(|given| given.is(flag))
    }

    /// Without some flags and their values.
    pub(crate) fn without(mut self, flags: &[&str]) -> Words {
        self.0.retain(|given| !flags.iter().any(|flag| given.is(flag)));
        self
    }

    /// Without words that are no flags, as the data; none of the flags that count each time and are among others.
    pub(crate) fn behind(mut self, others: &Words) -> Words {
        self.0.retain(|own| own.flag.is_some());
        self.0.retain(|own| !own.adds || !others.0.iter().any(|other| other.flag == own.flag));
        self
    }

    /// Whether there is a word that is no flag, as the data.
    pub(crate) fn has_plain(&self) -> bool {
        self.0.iter().any(|given| given.flag.is_none())
    }

    /// With others behind.
    pub(crate) fn and(mut self, others: Words) -> Words {
        self.0.extend(others.0);
        self
    }

    /// With one more flag or word behind.
    pub(crate) fn add(&mut self, given: Given) {
        self.0.push(given);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each flag with its values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Given> {
        self.0.iter()
    }

    /// As they stood there.
    pub(crate) fn list(&self) -> Vec<String> {
        self.0.iter().flat_map(|given| given.words.iter().cloned()).collect()
    }

    /// Each flag once, as it was given last.
    pub(crate) fn last(self) -> Words {
        let mut kept: Vec<Given> = Vec::new();
        for given in self.0 {
            if given.flag.is_some() && !given.adds {
                kept.retain(|other| other.flag != given.flag);
            }
            kept.push(given);
        }
        Words(kept)
    }

    /// As a shell takes them.
    pub(crate) fn quoted(&self) -> String {
        self.list().iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
    }

    /// The command for a shell that trains in this way, with the seed. What says when checkpoints are written is left
    /// out: it changes no number, and those of the first training would be in the way.
    pub(crate) fn command(&self, seed: u64) -> String {
        let mut words = self.clone().last().without(&["--checkpoint-every", "--checkpoints"]);
        if !words.has("--seed") {
            words = words.and(Words::of(["--seed".to_string(), seed.to_string()]));
        }
        format!("gradtape train {}", words.quoted())
    }
}

impl Given {
    fn plain(words: Vec<String>) -> Given {
        Given { flag: None, alone: false, adds: false, words }
    }

    fn is(&self, flag: &str) -> bool {
        self.flag.as_deref() == Some(flag)
    }

    /// A flag and its value, where it takes one alone.
    pub(crate) fn value(&self) -> Option<(&str, &str)> {
        let flag = self.flag.as_deref().filter(|_| self.alone)?;
        match &self.words[..] {
            [word] => Some((flag, word.split_once('=')?.1)),
            [_, value] => Some((flag, value)),
            _ => None,
        }
    }
}

/// Whether a word names a flag.
fn is_called(flag: &Arg, word: &str) -> bool {
    let short = || {
        flag.get_short().is_some_and(|short| word.strip_prefix('-') == Some(&*short.to_string()))
    };
    flag.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long)) || short()
}

/// How many values a flag takes at most.
fn most(flag: &Arg) -> usize {
    match flag.get_action() {
        ArgAction::Set | ArgAction::Append => {
            flag.get_num_args().map_or(1, |range| range.max_values())
        }
        _ => 0,
    }
}

/// How many of the words behind a flag are its values.
fn values(flag: &Arg, rest: &[String]) -> usize {
    if flag.is_require_equals_set() {
        return 0;
    }
    let most = most(flag);
    let least = flag.get_num_args().map_or(most, |range| range.min_values()).min(most);
    let more = rest.iter().skip(least).take(most - least);
    least.min(rest.len()) + more.take_while(|word| !word.starts_with('-')).count()
}

/// Flags that say how a training is told, or how many threads compute it, and change nothing of what is learned.
pub(crate) const TELLING: [&str; 9] = [
    "--quiet",
    "--health",
    "--watch",
    "--format",
    "--out",
    "--threads",
    "--log",
    "--progress",
    "--report",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Words {
        Words::of(line.split(' '))
    }

    #[test]
    fn flags_go_with_their_values() {
        let line = "a.csv --minutes 3 --target y --trials=9 -q --split time when --nesterov --seed 1 --resume run --insist";
        let words = of(line);
        assert_eq!(words.list().join(" "), line);
        let kept = words.without(&["--minutes", "--trials", "--resume", "--insist", "--quiet"]);
        assert_eq!(kept.list().join(" "), "a.csv --target y --split time when --nesterov --seed 1");
        assert!(kept.has("--split") && !kept.has("--trials") && !kept.has("when"));
        assert_eq!(of("a.csv --out -- --seed 3").list().len(), 5);
        assert_eq!(of("-q -- -a.csv").command(1), "gradtape train -q ./-a.csv --seed 1");
        assert!(!of("-- --seed 3").has("--seed"));
        assert_eq!(of("--out").list(), ["--out"]);
    }

    #[test]
    fn what_is_given_anew_takes_the_place_of_the_data_and_of_lists() {
        let before = of("a.csv --target y --ignore b --ignore c --epochs 3");
        let own = of("moved.csv --ignore b --epochs 5");
        assert!(own.has_plain() && !of("--epochs 5").has_plain());
        let both = before.behind(&own).and(own.clone());
        assert_eq!(both.list().join(" "), "--target y --epochs 3 moved.csv --ignore b --epochs 5");
    }

    #[test]
    fn values_that_stand_alone_are_told() {
        let words =
            of("a.csv --batch 1,2 --lr=0.1 --split time when --quiet --nesterov=true --seed");
        let told: Vec<_> = words.iter().filter_map(Given::value).collect();
        assert_eq!(told, [("--batch", "1,2"), ("--lr", "0.1"), ("--nesterov", "true")]);
    }

    #[test]
    fn commands_are_quoted_and_have_each_flag_once() {
        let repeat = |words: &[&str]| Words::of(words.iter().copied()).command(42);
        assert_eq!(repeat(&["iris"]), "gradtape train iris --seed 42");
        assert_eq!(
            repeat(&["a b.csv", "--target", "it's"]),
            "gradtape train 'a b.csv' --target 'it'\\''s' --seed 42"
        );
        assert_eq!(repeat(&["--seed=7", "iris"]), "gradtape train --seed=7 iris");
        let line = "iris --epochs 2 --epochs 5 --quiet --checkpoint-every 1epochs --seed 3";
        assert_eq!(of(line).command(42), "gradtape train iris --epochs 5 --quiet --seed 3");
        let words = ["a.csv", "--ignore", "b", "--ignore", "c$", "--split", "time", "when", "-q"];
        assert_eq!(
            repeat(&words),
            "gradtape train a.csv --ignore b --ignore 'c$' --split time when -q --seed 42"
        );
    }
}
