//! The trainings that a command line with lists asks for.

use std::ffi::OsString;

use super::{Comparison, folds};
use crate::error::{Failure, Outcome};
use crate::report::thousands;
use crate::train::resume::read;
use crate::words::Words;

/// More trainings than this are a slip of the keyboard.
pub(super) const MOST_RUNS: usize = 1_000;

impl Comparison {
    /// What a command line asks for; `None` unless it is of `train` and a flag that takes one value has a list: values
    /// with commas between (`--batch 1,100`), a range (`--seed 1..5`), or the flag several times where its values have
    /// commas themselves. Or what the folder of `--resume` goes on with.
    pub(crate) fn of(arguments: &[OsString]) -> Outcome<Option<Comparison>> {
        let words: Option<Vec<String>> =
            arguments.iter().skip(1).map(|word| word.to_str().map(String::from)).collect();
        let Some([verb, words @ ..]) = words.as_deref() else { return Ok(None) };
        if verb != "train" {
            return Ok(None);
        }
        let own = Words::of(words.iter().cloned());
        match Comparison::again(&own)? {
            Some(again) => Ok(Some(again)),
            None => Comparison::of_words(&own),
        }
    }

    /// What the words behind the verb ask for.
    pub(super) fn of_words(own: &Words) -> Outcome<Option<Comparison>> {
        let (plain, mut lists) = parted(own)?;
        folds::listed(&mut lists)?;
        seeds(&mut lists)?;
        if lists.iter().all(|(_, values)| values.len() == 1) {
            return Ok(None);
        }
        let counts = lists.iter().map(|(_, values)| values.len());
        let count = counts.clone().fold(1usize, usize::saturating_mul);
        if count > MOST_RUNS {
            let each = lists.iter().filter(|(_, values)| values.len() > 1);
            let each = each.map(|(flag, values)| format!("{flag} has {}", thousands(values.len())));
            return Err(Failure::usage(format!(
                "the lists ask for {} trainings, and {} are the most\n  hint: {}",
                thousands(count),
                thousands(MOST_RUNS),
                each.collect::<Vec<_>>().join(", ")
            )));
        }
        let mut runs = vec![(Vec::new(), plain)];
        for (flag, values) in &lists {
            let with = |(known, words): &(Vec<String>, Words), value: &String| {
                let mut run = (known.clone(), words.clone());
                run.1 = run.1.and(Words::of([format!("{flag}={value}")]));
                if values.len() > 1 {
                    run.0.push(value.clone());
                }
                run
            };
            runs = runs
                .iter()
                .flat_map(|run| values.iter().map(move |value| with(run, value)))
                .collect();
        }
        let flags = lists.into_iter().filter(|(_, values)| values.len() > 1);
        let flags = flags.map(|(flag, _)| flag.trim_start_matches('-').to_string()).collect();
        Ok(Some(Comparison { flags, runs, words: own.clone(), again: None }))
    }
}

/// Flags with their values.
pub(super) type Lists = Vec<(String, Vec<String>)>;

/// The words of a command line, without the flags that take one value; and these.
fn parted(words: &Words) -> Outcome<(Words, Lists)> {
    let (mut plain, mut lists): (Words, Lists) = Default::default();
    for given in words.iter() {
        let Some((flag, value)) = given.value().filter(|(flag, _)| !is_of_all(flag)) else {
            plain.add(given.clone());
            continue;
        };
        let values = listed(flag, value)?;
        let Some((_, others)) = lists.iter_mut().find(|(other, _)| other == flag) else {
            lists.push((flag.to_string(), values));
            continue;
        };
        // Where commas are a part of a value, there is no other way to give several.
        let both: Vec<String> = others.iter().chain(&values).cloned().collect();
        let list = both.join(",");
        if !is_value(flag, &list) && !both.iter().any(|value| value.contains(',')) {
            return Err(Failure::usage(format!(
                "{flag} stands twice\n  hint: to compare, give one list: {flag} {list}"
            )));
        }
        if let Some(value) = twice(&both) {
            return Err(Failure::usage(format!("{flag} {value} stands twice")));
        }
        *others = both;
    }
    Ok((plain, lists))
}

/// Puts the seeds in the place of how many they are, from that of `--seed` on.
fn seeds(lists: &mut Lists) -> Outcome {
    let Some(place) = lists.iter().position(|(flag, _)| flag == "--seeds") else { return Ok(()) };
    let (_, counts) = lists.remove(place);
    let train = |flag: &str, value: &str| read(&Words::of([format!("{flag}={value}")])).ok();
    let [count] = &counts[..] else {
        return Err(Failure::usage(
            "--seeds takes one number\n  hint: --seed takes a list: --seed 1,2,3",
        ));
    };
    let Some(count) = train("--seeds", count).and_then(|train| train.runs.seeds) else {
        // What is wrong with the number, the flag itself says best.
        lists.push(("--seeds".to_string(), counts));
        return Ok(());
    };
    if count > MOST_RUNS {
        let (count, most) = (thousands(count), thousands(MOST_RUNS));
        return Err(Failure::usage(format!(
            "--seeds {count} asks for {count} trainings, and {most} are the most"
        )));
    }
    let given =
        lists.iter().position(|(flag, _)| flag == "--seed").map(|place| lists.remove(place).1);
    let first = match given.as_deref() {
        None => read(&Words::default()).map_err(|error| Failure::usage(error.render()))?.seed,
        Some([one]) => match train("--seed", one) {
            Some(train) => train.seed,
            None => {
                lists.push(("--seed".to_string(), vec![one.clone()]));
                return Ok(());
            }
        },
        Some(_) => return Err(Failure::usage("--seeds and a list of --seed: give one of them")),
    };
    let seeds = (0..count as u64).map(|more| first.wrapping_add(more).to_string());
    lists.push(("--seed".to_string(), seeds.collect()));
    Ok(())
}

/// Whether a flag is of all trainings together, and not to be compared.
fn is_of_all(flag: &str) -> bool {
    let own = [
        "--out",
        "--format",
        "--threads",
        "--log",
        "--progress",
        "--report",
        "--resume",
        "--memory",
    ];
    own.contains(&flag)
}

/// The values of a list, or the one value.
fn listed(flag: &str, value: &str) -> Outcome<Vec<String>> {
    let alone = || Ok(vec![value.to_string()]);
    let is_value = |value: &str| is_value(flag, value);
    if is_value(value) {
        return alone();
    }
    let refused = |why: &str| Failure::usage(format!("{flag} {value}: {why}"));
    if let Some((first, last)) = value.split_once("..")
        && let (Ok(first), Ok(last)) =
            (first.parse::<u64>(), last.trim_start_matches('=').parse::<u64>())
        && is_value(&first.to_string())
    {
        if last < first {
            return Err(refused(&format!(
                "the range ends before it begins\n  hint: {flag} {last}..{first}"
            )));
        }
        if last - first >= MOST_RUNS as u64 {
            let most = thousands(MOST_RUNS);
            return Err(refused(&format!("a range of more than {most} values")));
        }
        return Ok((first..=last).map(|number| number.to_string()).collect());
    }
    let parts: Vec<String> = value.split(',').map(|part| part.trim().to_string()).collect();
    // What is wrong in one of them, the flag itself says best.
    if !parts.iter().all(|part| is_value(part)) {
        return alone();
    }
    match twice(&parts) {
        Some(part) => Err(refused(&format!("{part} stands twice"))),
        None => Ok(parts),
    }
}

fn is_value(flag: &str, value: &str) -> bool {
    read(&Words::of([format!("{flag}={value}")])).is_ok()
}

/// A value that is there already.
fn twice(values: &[String]) -> Option<&String> {
    let again = |place: &usize| values[..*place].contains(&values[*place]);
    (1..values.len()).find(again).map(|place| &values[place])
}
