//! `gradtape plot` and `gradtape explain --differences` as programs.

use std::fs;

use crate::common::{Folder, run};

const ERRORS: &str = "explain exp(x) --at x=1 --differences";

#[test]
fn pictures_go_to_files() {
    let folder = Folder::new("plot-out");
    folder.run("plot x^2-4*x+7+2*y --range x=-2:6 --out field.svg").ok();
    folder.run("plot log(x) --out curve.svg").ok();
    folder.run(&format!("{ERRORS} --format svg --out errors.svg")).ok();
    for name in folder.files() {
        let svg = String::from_utf8(folder.read(&name)).unwrap();
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"), "{name}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
    }
    assert_eq!(folder.files(), ["curve.svg", "errors.svg", "field.svg"]);
    folder.run("plot tanh(x) --format terminal --out curve.txt").ok();
    let drawn = String::from_utf8(folder.read("curve.txt")).unwrap();
    assert_eq!(drawn.lines().count(), 23, "a row is left for the prompt");
    assert!(drawn.lines().all(|line| line.chars().count() <= 80), "{drawn}");
    assert!(!drawn.contains('\x1b') && drawn.contains("its derivative in x"), "{drawn}");
}

#[test]
fn pages_hold_the_picture_that_svg_is() {
    let folder = Folder::new("plot-pages");
    for (name, command) in [("curve", "plot tanh(x)"), ("errors", ERRORS)] {
        folder.run(&format!("{command} --out {name}.html")).ok();
        folder.run(&format!("{command} --out {name}.svg")).ok();
        let file =
            |ending: &str| String::from_utf8(folder.read(&format!("{name}.{ending}"))).unwrap();
        let page = file("html");
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains(&file("svg")), "{name}");
    }
}

#[test]
fn what_is_printed_elsewhere_than_to_a_terminal_is_svg() {
    let svg = run("plot tanh(x)").ok().stdout;
    assert!(svg.starts_with("<svg"), "{svg}");
    assert_eq!(svg, run("plot tanh(x) --format svg").ok().stdout, "the same bytes");
    assert!(!run("plot tanh(x) --format terminal").ok().stdout.contains('<'));
}

#[test]
fn samples_as_json() {
    let json = run("plot x^2 --range x=-1:1 --format json").ok().json();
    let number = |list: &serde_json::Value, at: usize| list[at].as_f64().unwrap();
    for at in 0..801 {
        let x = number(&json["places"]["x"], at);
        assert!((number(&json["values"], at) - x * x).abs() < 1e-15);
        assert!((number(&json["gradient"]["x"], at) - 2.0 * x).abs() < 1e-15);
    }
    let json = run("plot x+2*y --range x=0:1,y=0:10 --format json").ok().json();
    let twice = run("plot x+2*y --range x=0:1 --range y=0:10 --format json").ok().json();
    assert_eq!(json, twice);
    assert_eq!(json["expression"], "x + 2*y");
    assert_eq!(
        json["places"]["y"].as_array().unwrap().len(),
        json["values"].as_array().unwrap().len()
    );
    let last = json["values"].as_array().unwrap().last().unwrap();
    assert_eq!((number(last, 0), number(last, last.as_array().unwrap().len() - 1)), (20.0, 21.0));
    assert_eq!(json["gradient"]["y"][3][5], 2.0);
    assert_eq!(run("plot 1/x --format json").ok().json()["values"][400], "inf");
}

#[test]
fn errors_of_differences_in_every_format() {
    let text = run(ERRORS).ok().stdout;
    assert!(text.contains("forward: the error falls as h^1.0 (truncation"), "{text}");
    let json = run(&format!("{ERRORS} --format json")).ok().json();
    assert_eq!((&json["derivative"], &json["variable"]), (&1f64.exp().into(), &"x".into()));
    assert!(run(&format!("{ERRORS} --format csv")).ok().stdout.starts_with("step,forward,central"));
    let drawn = run(&format!("{ERRORS} --format terminal")).ok().stdout;
    assert!(drawn.contains("step h") && drawn.contains("extrapolated"), "{drawn}");
    let by_y = "explain x*sin(y) --at x=3,y=2 --differences --wrt y --format json";
    assert_eq!(run(by_y).ok().json()["variable"], "y");
}

#[test]
fn wrong_use_has_status_2_and_writes_nothing() {
    let folder = Folder::new("plot-wrong");
    fs::write(folder.path("file"), "").unwrap();
    let before = folder.files();
    for (arguments, words) in [
        ("plot x*y*z", &["one or two variables", "has 3 (x, y, z)"][..]),
        ("plot 2+3", &["one or two variables", "has none"]),
        ("plot x --range x=2:1", &["the range of x from 2 to 1 is empty"]),
        ("plot x --range x=1:1", &["is empty"]),
        ("plot x --range x=nan:1", &["is not finite"]),
        ("plot x --range x=0:inf", &["is not finite"]),
        ("plot x --range x=1:1.0000000000001", &["is too narrow"]),
        ("plot x --range t=0:1", &["no variable `t`"]),
        ("plot x --range x=0", &["is not NAME=LOW:HIGH"]),
        ("plot x --range -2:2", &["\"-2:2\" is not NAME=LOW:HIGH, as in x=-2:6"]),
        ("plot x --range x=0:1e300", &["the range of x from 0 to 1e300 is not finite or too wide"]),
        ("plot x --range x=0:1 --range x=1:2", &["`x` has two ranges"]),
        ("plot log(x) --range x=-2:-1", &["no finite value for x from -2 to -1", "--range x="]),
        ("plot sin(", &["^"]),
        ("plot while.x>1:x=x/2;x", &["plot is for expressions", "gradtape explain"]),
        ("explain if.x>1:x=x/2;x --at x=2 --differences", &["--differences is for expressions"]),
        ("explain if.x>1:x=x/2;x --steps", &["--steps is for expressions"]),
        ("plot x --format dot", &["dot"]),
        ("descend x*y*z --from x=1,y=1,z=1 --format svg", &["one or two variables"]),
        ("explain x*y --at x=1,y=2 --differences", &["one variable is meant", "--wrt x"]),
        ("explain x --at x=1 --differences --wrt t", &["no variable `t`"]),
        ("explain x --at x=1 --wrt x", &["--differences"]),
        ("explain x --differences", &["`x` has no value"]),
        ("explain x*y --at x=1 --differences --wrt x", &["`y` has no value\n  x*y\n    ^\n"]),
        ("explain sqrt(x) --at x=0 --differences", &["the derivative of sqrt(x) at x = 0 is inf"]),
        ("explain x;x^2 --at x=1 --differences", &["needs one expression"]),
        ("explain x --at x=1 --differences --format dot", &["json, csv, svg, html or terminal"]),
        ("explain x --at x=1 --differences --hessian", &["cannot be used with"]),
        ("explain x --at x=1 --format csv", &["csv and terminal are for --differences"]),
        ("explain --network 2,1 --format terminal", &["text, json, markdown, svg or html"]),
    ] {
        folder.run(&format!("{arguments} --out picture")).fails(2, words);
        assert_eq!(folder.files(), before, "{arguments}");
    }
    for out in ["missing/picture.svg", "file/picture.svg", "."] {
        folder.run(&format!("plot x --out {out}")).fails(2, &["cannot be written"]);
        folder.run(&format!("{ERRORS} --format svg --out {out}")).fails(2, &["cannot be written"]);
        assert_eq!(folder.files(), before, "{out}");
    }
    let failed = run("plot x*y*z --format json");
    assert_eq!((failed.status, &*failed.stderr), (2, ""));
    assert!(failed.json()["error"]["message"].as_str().unwrap().contains("one or two variables"));
}

#[test]
fn several_curves_share_one_picture() {
    let curves =
        |more: &str| run(&format!("plot step(x);sigmoid(4x) --format svg {more}")).ok().stdout;
    let both = curves("");
    assert!(both.contains("d/dx (sigmoid(4*x))") && both.contains(">\nstep(x)\n<"), "{both}");
    let alone = curves("--no-derivative");
    assert!(!alone.contains("d/dx") && alone.contains("sigmoid(4*x)"), "{alone}");
    run("plot x;y").fails(2, &["have one variable; these have x and y"]);
    run("plot x*y --no-derivative").fails(2, &["is for curves"]);
    let json = run("plot x;x^2 --format json").ok().json();
    assert_eq!(json[1]["expression"], "x^2");
}
