//! `gradtape show` as a program.

use crate::common::run;
use gradtape::tape::Graph;
use serde_json::Value;

#[test]
fn a_step_is_shown_before_and_after_each_pass() {
    let text = run("show --network 6,5,3 --batch 4").ok().stdout;
    assert!(text.starts_with("a step of training: 6-5-3 network, adam, 4 rows\n"), "{text}");
    for words in ["\nsaved: ", "\nrecord\n%0 = input", "\nsimplify\n%0 = ", "\nlower\nprogram: "] {
        assert!(text.contains(words), "{words:?} is not in: {text}");
    }
    // The program alone, and the figures alone.
    let program = run("show --network 6,5,3 --batch 4 --pass lower").ok().stdout;
    assert!(program.starts_with("program: ") && text.contains(program.trim_end()), "{program}");
    let summary = run("show --network 6,5,3 --batch 4 --summary").ok().stdout;
    assert!(text.starts_with(&summary) && summary.lines().count() == 8, "{summary}");
}

#[test]
fn every_pass_can_be_asked_for() {
    let all = run("show --network 6,5,3 --batch 4 --all").ok().stdout;
    let mut rest = &all[..];
    for pass in ["record", "simplify", "classify", "fuse", "schedule", "lower"] {
        let alone = run(&format!("show --network 6,5,3 --batch 4 --pass {pass}")).ok().stdout;
        let shown = format!("\n{pass}\n{}\n", alone.trim_end());
        let Some(place) = rest.find(&shown) else { panic!("{shown:?} is not in: {rest}") };
        rest = &rest[place + shown.len() - 1..];
    }
    assert_eq!(rest, "\n");
    assert!(all.contains(": contract reads %") && all.contains(" over [4, 5]"), "{all}");
    let report = run("show --network 6,5,3 --batch 4 --all --format json").ok().json();
    let passes = report["passes"].as_array().unwrap();
    let costed: Vec<bool> = passes.iter().map(|pass| pass["kernels"].is_u64()).collect();
    assert_eq!(costed, [true, true, false, false, false, true]);
}

#[test]
fn programs_get_the_figures_and_graphs_that_parse() {
    let report = run("show --network 6,5,3 --batch 4 --dropout 0.5 --format json").ok().json();
    let passes = report["passes"].as_array().unwrap();
    let names: Vec<&str> = passes.iter().map(|pass| pass["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["record", "simplify", "lower"]);
    for pass in &passes[..2] {
        let graph: Graph = pass["text"].as_str().unwrap().parse().unwrap();
        assert_eq!(graph.nodes.len() as u64, pass["operations"]);
    }
    let number = |value: &Value, name: &str| value[name].as_u64().unwrap();
    for (name, least) in [("kernels", 5), ("bytes", 2)] {
        let (first, last) = (number(&passes[0], name), number(&passes[2], name));
        assert!(first > least * last, "{name}: {first} and {last}");
        assert_eq!(number(&report["saved"], name), first - last);
    }
    let random = |pass: &Value| pass["text"].as_str().unwrap().contains("random");
    assert!(passes.iter().all(random), "{report}");
}

#[test]
fn an_expression_with_its_gradient_is_one_pass_over_memory() {
    let report = run("show tanh(x)*exp(-y^2) --batch 1000 --format json").ok().json();
    let said = report["recorded"].as_str().unwrap();
    assert!(said.ends_with(", its derivatives by x, y, 1,000 at once"), "{said}");
    let program = &report["passes"][2];
    assert_eq!(program["kernels"], 1);
    // Two arrays in, three out, and a scalar or two.
    let bytes = program["bytes"].as_u64().unwrap();
    assert!((5 * 8000..5 * 8000 + 64).contains(&bytes), "{bytes}");
}

/// A convolution and its gradients are contractions; that of the value reads images where they lie, through windows.
#[test]
fn a_convolution_is_one_contraction_that_reads_an_image() {
    let said = "a step of training: cnn:6c5-p2-16 on images of 1x12x14, sgd, 3 rows\n";
    let flags = "show --network cnn:6c5-p2-16 --image 1x12x14 --optimizer sgd --batch 3";
    let text = run(&format!("{flags} --summary")).ok().stdout;
    assert!(text.starts_with(said), "{text}");
    let program = run(&format!("{flags} --pass lower")).ok().stdout;
    // Outputs by windows, over the channel and the places of a window, for each image.
    let value = "contract [6] x [12, 14] over [5, 5] for each of [3]";
    assert_eq!(program.matches(value).count(), 1, "{program}");
    let windows = 3 * 12 * 14 * 25;
    assert!(!program.contains(&format!(" = {windows} x f32")), "{program}");
    let lenet = run("show --network lenet --batch 2 --pass lower").ok().stdout;
    assert!(lenet.contains("contract [6] x [28, 28] over [5, 5] for each of [2]"), "{lenet}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    run("show --network lenett").fails(2, &["lenett", "did you mean lenet?"]);
    run("show --network cnn:8q").fails(2, &["part 1", "8q", "parts are"]);
    run("show --network lenet --image 28x28").fails(2, &["--image", "as in 1x28x28"]);
    run("show --network lenet --image 1x2x2").fails(2, &["lenet, part", "too small"]);
    run("show --network lenet --image 1000x1000x1000").fails(2, &["more than 100,000,000 numbers"]);
    run("show --network lenet --dropout 0.5").fails(2, &["--dropout", "lenet has its own"]);
    run("show --image 1x28x28").fails(2, &["--image is for networks of images", "hint:"]);
    run("show x^2 --image 1x28x28").fails(2, &["--image", "cannot be used with"]);
    run("show --network 64").fails(2, &["two widths", "64,32,10"]);
    run("show --network 64,0,10").fails(2, &["--network", "at least 1"]);
    run("show --network 100000,100000,10").fails(2, &["more than 100,000,000 numbers"]);
    run("show --dropout 1.5").fails(2, &["1.5"]);
    run("show --optimizer adm").fails(2, &["adm", "adam"]);
    run("show --pass fused").fails(2, &["fused", "fuse"]);
    run("show x^2 --network 6,5,3").fails(2, &["--network", "cannot be used with"]);
    run("show 1+2").fails(2, &["no variables"]);
    run("show x^2 --batch 0").fails(2, &["--batch", "at least 1"]);
    let failed = run("show x^$ --format json");
    assert_eq!((failed.status, failed.json()["error"]["position"].as_u64()), (2, Some(2)));
}
