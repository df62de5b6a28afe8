//! `gradtape ops`, and what all verbs share.

use std::path::Path;
use std::process::Stdio;

use crate::common::{Run, command, run};
use gradtape::op::{self, Op};

#[test]
fn every_operation_is_in_the_table() {
    let table = run("ops").ok().stdout;
    let listed: Vec<&str> = table.lines().skip(1).map(|l| l.split(' ').next().unwrap()).collect();
    let methods = op::methods();
    let operations = Op::TABLE.iter().map(|info| info.name);
    let made = methods.iter().filter(|method| !method.is_operation()).map(|method| method.name);
    let known: Vec<&str> = operations.chain(made).collect();
    assert_eq!(listed, known);
    let entries = run("ops --format json").ok().json();
    assert_eq!(entries.as_array().unwrap().len(), known.len());
}

#[test]
fn every_operation_is_explained() {
    for info in Op::TABLE {
        let text = run(&format!("ops {}", info.name)).ok().stdout;
        assert!(text.starts_with(info.name), "{text}");
        for heading in ["What", "Gradient", "Example"] {
            assert!(text.contains(&format!("\n{heading}\n")), "{heading} is not in: {text}");
        }
        assert!(!text.contains("```") && !text.contains("# "), "{text}");
    }
}

/// Under the names that people know from elsewhere, too.
#[test]
fn what_is_made_of_operations_is_found_by_its_names() {
    for name in [
        "round",
        "floor",
        "ceil",
        "rsqrt",
        "reciprocal",
        "digamma",
        "any",
        "all",
        "prod",
        "cumprod",
        "logcumsumexp",
        "argmin",
        "sort",
        "top_k",
        "stack",
        "split",
        "chunk",
        "tile",
        "roll",
        "squeeze",
        "tril",
        "triu",
        "einsum",
        "tensordot",
        "softmax",
        "gumbel",
        "permutation",
        "soft_rank",
        "soft_sort",
        "soft_top_k",
        "straight_through_sign",
        "smooth_accuracy",
    ] {
        let text = run(&format!("ops {name}")).ok().stdout;
        assert!(text.starts_with(&format!("{name} (made)\n")), "{text}");
        assert!(text.contains("\nWhat\n") && text.contains(&format!("::{name}")), "{text}");
    }
    for (alias, name) in [
        ("masked_fill", "select"),
        ("expand", "broadcast_to"),
        ("erfinv", "erf_inv"),
        ("unfold", "window"),
        ("segment_sum", "index_add"),
        ("topk", "top_k"),
    ] {
        let found = run(&format!("ops {alias}"));
        assert!(found.stdout.starts_with(name), "{alias}: {} {}", found.stdout, found.stderr);
    }
    run("ops flor").fails(2, &["there is no operation \"flor\"", "did you mean \"floor\"?"]);
}

#[test]
fn wrong_use_ends_with_status_2_and_the_nearest_name() {
    run("ops tahn").fails(2, &["there is no operation \"tahn\"", "did you mean \"tanh\"?"]);
    run("opss").fails(2, &["unrecognized subcommand 'opss'", "'ops'"]);
    run("ops --fromat json").fails(2, &["'--fromat'", "'--format'"]);
    run("").fails(2, &["Usage: gradtape <VERB>"]);
}

#[test]
fn programs_get_errors_as_json() {
    for arguments in ["ops tahn --format json", "ops --format=json tahn"] {
        let run = run(arguments);
        assert_eq!((run.status, &*run.stderr), (2, ""));
        let message = run.json()["error"]["message"].as_str().unwrap().to_string();
        assert!(message.starts_with("there is no operation \"tahn\""), "{message}");
    }
    let run = run("ops --fromat --format json");
    assert_eq!(run.status, 2);
    assert!(run.json()["error"]["message"].as_str().unwrap().contains("'--fromat'"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for arguments in ["ops", "ops --format json", "ops tanh", "--help", "ops --help"] {
        let mut child = command(Path::new("."), arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!((run.status, &*run.stderr), (0, ""), "{arguments}");
    }
}

#[test]
fn help_has_examples() {
    for verb in ["train", "evaluate", "predict", "inspect", "show", "ops"] {
        let help = run(&format!("{verb} --help")).ok().stdout;
        assert!(help.contains("Examples:\n  gradtape "), "{help}");
    }
}
