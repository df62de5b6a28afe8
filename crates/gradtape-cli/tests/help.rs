//! The help of every verb is complete.

use crate::common::run;
use gradtape::optim::{HyperValue, OPTIMIZERS};

fn verbs() -> Vec<String> {
    let text = run("--help").ok().stdout;
    let list = text.split("Verbs:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let verbs = list.lines().filter_map(|line| line.split_whitespace().next());
    verbs.filter(|verb| *verb != "help").map(String::from).collect()
}

#[test]
fn every_verb_explains_itself_with_examples() {
    let verbs = verbs();
    for verb in
        ["train", "evaluate", "predict", "inspect", "explain", "descend", "plot", "ops", "layers"]
    {
        assert!(verbs.iter().any(|known| known == verb), "{verb} is not in {verbs:?}");
    }
    for verb in verbs {
        let text = run(&format!("{verb} --help")).ok().stdout;
        let (options, examples) = text.split_once("\nExamples:\n").expect("examples");
        let examples: Vec<&str> = examples.lines().collect();
        assert!(examples.len() >= 2, "{verb}: {examples:?}");
        // Further in stands what an example shows.
        for example in examples.iter().filter(|line| !line.starts_with("    ")) {
            assert!(example.contains(&format!("gradtape {verb}")), "{verb}: {example:?}");
        }
        // An option is followed by what it does, on the same line or on the next.
        let lines: Vec<&str> = options.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let trimmed = line.trim_start();
            if trimmed.starts_with('-') {
                let same = trimmed.split("  ").count() > 1;
                let next = lines.get(number + 1).is_some_and(|next| next.starts_with("       "));
                assert!(same || next, "{verb}: {line:?} is not explained");
            }
        }
    }
}

#[test]
fn headings_stand_over_what_belongs_to_them() {
    let text = run("descend --help").ok().stdout;
    let (options, hyper) = text.split_once("\nHyperparameters").unwrap();
    for flag in ["--from", "--steps", "--noise", "--batch", "--seed", "--format", "--out"] {
        assert!(options.contains(flag) && !hyper.contains(&format!("{flag} <")), "{flag}: {text}");
    }
    assert!(hyper.contains("--weight-decay"));
}

#[test]
fn every_setting_of_an_optimiser_is_a_flag_that_names_its_owners() {
    for verb in ["train", "descend"] {
        let text = run(&format!("{verb} --help")).ok().stdout;
        let (_, hyper) = text.split_once("\nHyperparameters").unwrap();
        let hyper = hyper.split_whitespace().collect::<Vec<_>>().join(" ");
        for info in OPTIMIZERS {
            for known in info.hyperparameters.iter().filter(|known| known.name != "lr") {
                let value = match known.default {
                    HyperValue::Flag(_) => "[=<true|false>]",
                    _ => "",
                };
                let flag = format!("--{}{value} ", known.name.replace('_', "-"));
                let (_, rest) =
                    hyper.split_once(&flag).unwrap_or_else(|| panic!("{flag}: {hyper}"));
                let owners = rest.split(']').next().unwrap();
                let named = owners.split([' ', ',', ';', '[']).any(|word| word == info.name);
                assert!(named, "{verb} {flag}: {owners}");
            }
        }
    }
}
