//! `gradtape explain` as a program.

use std::path::Path;

use crate::common::{Folder, Run, command, contains, run};
use gradtape_calculus::{Composed, Function};

const COURSE: &str = "explain (a+b)*(b+1) --at a=2,b=1";

#[test]
fn the_courses_example_as_text_and_json() {
    let text = run(COURSE).ok().stdout;
    assert!(text.contains("de/dc = de/de * d = 1 * 2 = 2"), "{text}");
    let json = run(&format!("{COURSE} --hessian --format json")).ok().json();
    assert_eq!(json["expression"], "(a + b) * (b + 1)");
    assert_eq!(json["value"], 6.0);
    assert_eq!(json["gradient"]["b"], 5.0);
    assert_eq!(json["symbolic"]["b"]["expression"], "a + 2*b + 1");
    assert_eq!(json["hessian"]["b"]["b"], 2.0);
    assert_eq!(json["nodes"][4]["op"], "mul");
    assert!(run(&format!("{COURSE} --format dot")).ok().stdout.starts_with("digraph"));
}

#[test]
fn several_expressions_have_a_jacobian() {
    let json = run("explain x^2*y;x+y --at x=1,y=2 --format json").ok().json();
    assert_eq!(json["jacobian"][0]["x"], 4.0);
    assert_eq!(json["jacobian"][1]["y"], 1.0);
    assert!(run("explain x^2*y;x+y --at x=1,y=2").ok().stdout.contains("d/dy"));
    let markdown = run("explain x^2*y;x+y --at x=1,y=2 --format markdown").ok().stdout;
    assert!(markdown.contains("J =\n\\begin{pmatrix}\n4 & 1 \\\\\n1 & 1\n"), "{markdown}");
    run("explain x;y --at x=1,y=2 --hessian").fails(2, &["--hessian is about one expression"]);
    run("explain x;y --at x=1,y=2 --order bfs").fails(2, &["--order is about one expression"]);
    run("explain x; --at x=1").fails(2, &["one side of this `;`\n  x;\n   ^\n"]);
    // A variable without a value has its place, whichever expression it stands in.
    run("explain x;2*y --at x=1").fails(2, &["`y` has no value\n  x;2*y\n      ^\n"]);
    assert!(run("explain log(x);x --at x=-1").ok().stdout.contains("in log(x), a = log(x)"));
    run("explain x^2*y;x+y --at x=1,y=2 --format svg")
        .fails(2, &["one expression is drawn at a time; several were given"]);
    let failed = run("explain x^2*y;x+$ --at x=1 --format json");
    assert_eq!((failed.status, failed.json()["error"]["position"].as_u64()), (2, Some(8)));
}

#[test]
fn a_leading_minus_is_no_flag() {
    let json = run("explain -x^2 --at x=3 --format json").ok().json();
    assert_eq!((json["value"].as_f64(), json["gradient"]["x"].as_f64()), (Some(-9.0), Some(-6.0)));
}

#[test]
fn operations_are_documented() {
    assert!(run("explain tanh").ok().stdout.contains("Why it holds"));
    // Every function of the grammar is explained as what it is in expressions.
    for function in Function::ALL {
        let text = run(&format!("explain {}", function.name())).ok().stdout;
        assert!(text.contains("What\n"), "{text}");
    }
    for composed in Composed::ALL {
        let text = run(&format!("explain {}", composed.name)).ok().stdout;
        assert!(text.contains("Made of\n") && text.contains(composed.example), "{text}");
    }
    let markdown = run("explain tanh --format markdown").ok().stdout;
    assert!(markdown.starts_with("# tanh\n") && markdown.contains("\n## Gradient\n"), "{markdown}");
    for format in ["svg", "html", "dot", "csv", "terminal"] {
        let refused = run(&format!("explain tanh --format {format}"));
        refused.fails(2, &["documentation of tanh", "text, json or markdown"]);
    }
    assert_eq!(run("explain tanh --format json").ok().json()["name"], "tanh");
    assert!(run("explain max").ok().stdout.starts_with("maximum (binary"));
    // What is made of several operations has a gradient too.
    let softsign = run("explain softsign").ok().stdout;
    assert!(softsign.contains("x / (1 + |x|)") && softsign.contains("\nGradient\n"), "{softsign}");
    let slope = "`g * (1 / (abs(x) + 1)^2)`";
    let json = run("explain softsign --format json").ok().json();
    assert!(json["documentation"].as_str().unwrap().ends_with(slope), "{json}");
    let markdown = run("explain softsign --format markdown").ok().stdout;
    assert!(markdown.ends_with(&format!("## Gradient\n{slope}\n")), "{markdown}");
}

#[test]
fn malformed_text_ends_with_status_2_and_a_caret() {
    run("explain 2*foo(x) --at x=1").fails(2, &["unknown function `foo`", "\n    ^"]);
    let failed = run("explain 2*sine(x) --at x=1 --format json");
    assert_eq!((failed.status, &*failed.stderr), (2, ""));
    assert_eq!(failed.json()["error"]["position"], 2);
    let message = failed.json()["error"]["message"].as_str().unwrap().to_string();
    // The position says where; a caret would need a terminal.
    assert_eq!(message, "unknown function `sine`\n  hint: did you mean `sin`?");
}

#[test]
fn a_misspelt_flag_is_not_taken_for_the_expression() {
    run("explain --hessain x^2 --at x=1")
        .fails(2, &["no flag --hessain", "did you mean --hessian?"]);
    let failed = run("explain --frmat dot --format json");
    let message = failed.json()["error"]["message"].to_string();
    assert!(failed.status == 2 && message.contains("did you mean --format?"), "{message}");
    run("descend --qqqq").fails(2, &["no flag --qqqq", "`gradtape descend --help`"]);
    let minus = run("explain --at x=2 --format json -- --x").ok().json();
    assert_eq!(minus["value"], 2.0);
}

#[test]
fn failures_of_the_arguments_are_json_too() {
    for (line, want) in [
        ("explain x --at x=nan", "x: nan is not a finite number"),
        ("explain", "<EXPR>"),
        ("descend x^2 --from x=1 --steps -1", "a whole number from 0 on is needed"),
        ("descend x^2 --from x=1 --lr abc", "a number is needed"),
        ("descend x^2 --from x=1 --lr nan", "learning rate is NaN"),
        ("fit a*x --data d.csv", "--target <COLUMN>"),
    ] {
        let failed = run(&format!("{line} --format json"));
        assert_eq!((failed.status, &*failed.stderr), (2, ""), "{line}");
        let message = failed.json()["error"]["message"].as_str().unwrap().to_string();
        assert!(message.contains(want), "{line}: {message}");
        assert!(!message.contains("Usage:") && !message.contains("--help"), "{line}: {message}");
    }
}

#[test]
fn points_must_fit() {
    run("explain alpha*b --at b=1").fails(2, &["`alpha` has no value\n  alpha*b\n  ^\n"]);
    run("explain a*b").fails(2, &["`a` and `b` have no values", "add `a=…,b=…`"]);
    let failed = run("explain 2*x+y --at x=1 --format json");
    assert_eq!((failed.status, failed.json()["error"]["position"].as_u64()), (2, Some(4)));
    run("explain x --at -1").fails(2, &["\"-1\" is not NAME=VALUE"]);
    run("explain alpha*b --at b=1,alpa=2")
        .fails(2, &["no variable `alpa`", "did you mean `alpha`?"]);
    run("explain x --at x=one").fails(2, &["\"one\" is not a number"]);
    run("explain x --at x").fails(2, &["\"x\" is not NAME=VALUE"]);
    run("explain x --at x=nan").fails(2, &["not a finite number"]);
    run("explain x --at x=1,5").fails(2, &["a number has a point, not a comma: x=1.5"]);
    run("explain x*y --at x=1;y=2").fails(2, &["commas stand between values, as in x=1,y=2"]);
    run("explain x --from x=1").fails(2, &["there is no flag --from", "did you mean --at?"]);
    run("explain x'").fails(2, &["unexpected character `'`\n"]);
    assert_eq!(run("explain x*y --at x=3 --at y=2 --format json").ok().json()["value"], 6.0);
    run("explain x --at x=3 --at x=2").fails(2, &["`x`"]);
    assert_eq!(run("explain ---x --at x=2 --format json").ok().json()["value"], -2.0);
    run("explain -- ---x --at x=1").fails(2, &["flags stand before a lone `--`"]);
}

#[test]
fn files_are_written_whole_or_not_at_all() {
    let folder = Folder::new("explain-out");
    folder.run(&format!("{COURSE} --format dot --out graph.dot")).ok();
    assert!(folder.read("graph.dot").starts_with(b"digraph"));
    folder
        .run(&format!("{COURSE} --out missing/graph.txt"))
        .fails(2, &["missing/graph.txt cannot be written"]);
    assert_eq!(folder.files(), ["graph.dot"]);
}

#[test]
fn the_name_of_a_file_says_what_is_written() {
    let folder = Folder::new("endings");
    let file = |arguments: &str, name: &str| {
        folder.run(&format!("{arguments} --out {name}")).ok();
        String::from_utf8(folder.read(name)).unwrap()
    };
    for (name, start) in [
        ("graph.svg", "<svg"),
        ("steps.html", "<!DOCTYPE html>"),
        ("graph.dot", "digraph"),
        ("all.JSON", "{"),
        ("all.md", "# $"),
        ("all.txt", "(a + b)"),
        ("all", "(a + b)"),
    ] {
        let text = file(COURSE, name);
        assert!(text.starts_with(start), "{name}: {text}");
    }
    let descent = "descend x^2 --from x=1 --steps 2";
    assert!(file(descent, "path.svg").starts_with("<svg"));
    assert!(file(descent, "path.csv").starts_with("step,x,value"));
    assert!(file(descent, "path.HTML").starts_with("<!DOCTYPE html>"));
    assert!(file("plot x^2", "samples.json").starts_with("{\"expression\""));
    // What is asked for counts more.
    assert!(file(&format!("{COURSE} --format json"), "odd.svg").starts_with('{'));
    folder.run(&format!("{COURSE} --out table.csv")).fails(2, &["csv"]);
    folder.run("explain x;y --at x=1,y=2 --out two.svg").fails(2, &["one expression"]);
    assert!(!folder.path("table.csv").exists() && !folder.path("two.svg").exists());
    for (arguments, name) in [(COURSE, "graph.png"), (descent, "path.GIF"), ("plot x^2", "x.pdf")] {
        let ending = name.split_once('.').unwrap().1;
        let not_written = format!("{name}: this is not written as {ending}");
        folder.run(&format!("{arguments} --out {name}")).fails(2, &[&not_written, "svg, "]);
        assert!(!folder.path(name).exists());
        folder.run(&format!("{arguments} --out {name} --format svg")).ok();
    }
}

#[test]
fn a_megabyte_and_deep_nesting_are_no_crash() {
    let nested = format!("{}x{}", "(".repeat(50_000), ")".repeat(50_000));
    let run = |text: &str| {
        let output = command(Path::new("."), "explain --at x=1 --format json").arg(text).output();
        Run::of(output.unwrap())
    };
    assert_eq!(run(&nested).ok().json()["value"], 1.0);
    let long = format!("x{}", "+x".repeat(50_000));
    assert_eq!(run(&long).status, 2);
}

#[test]
fn formulas_are_read_as_books_write_them() {
    let value = |text: &str, at: &str| {
        let json = run(&format!("explain {text} --at {at} --format json")).ok().json();
        json["value"].as_f64().unwrap()
    };
    assert_eq!(value("2x(x-1)", "x=3"), 12.0);
    assert_eq!(value("d/dx(x^3)", "x=2"), 12.0);
    assert_eq!(value("softmax(a,b)[1]", "a=0,b=0"), 0.5);
    let parts = run("explain y=x^2;y*sin(y) --at x=1 --order bfs").ok();
    assert!(parts.stdout.contains("y = x^2 = 1^2 = 1"), "{}", parts.stdout);
    assert!(parts.stdout.contains("late: y was taken before"), "{}", parts.stdout);
    assert!(parts.stdout.contains("db/dx = 1.68294 instead of 2.76355"), "{}", parts.stdout);
    // A picture shows one number for a gradient, and which one is the question here.
    let page = run("explain y=x^2;y*sin(y) --at x=1 --order bfs --format html --still").ok().stdout;
    contains(
        &page,
        &["right: 2.76355", "unsorted, as breadth first reaches the nodes: 1 gradient late"],
    );
    let dot = run("explain y=x^2;y*sin(y) --at x=1 --order bfs --format dot").ok().stdout;
    contains(&dot, &["gradient 1.68294\\nright 2.76355\\nwalk #4"]);
    let svg = run("explain y=x^2;y*sin(y) --at x=1 --order bfs --format svg").ok().stdout;
    assert!(svg.contains(">#1<") && svg.contains("unsorted, as breadth first"), "{svg}");
    // Without the flag, no walk is asked for.
    assert!(!run("explain y=x^2;y*sin(y) --at x=1 --format svg").ok().stdout.contains(">#1<"));
    let dot = run("explain y=x^2;y*sin(y) --at x=1 --order topological --format dot").ok().stdout;
    assert!(dot.contains("walk #4"), "{dot}");
}

#[test]
fn a_derivative_is_found_rule_by_rule() {
    let text = run("explain x^2*sin(x) --steps").ok().stdout;
    for rule in ["power rule: (x^n)' = n*x^(n - 1) with n = 2", "known derivative", "product rule"]
    {
        assert!(text.contains(rule), "{text}");
    }
    let json = run("explain x*y^2 --steps --wrt y --format json").ok().json();
    assert_eq!(json["derivative"], "2*x*y");
    assert_eq!(json["steps"][0]["rule"], "power rule");
    run("explain x*y --steps").fails(2, &["one variable is meant", "--wrt x"]);
    run("explain x --steps --at x=1").fails(2, &["cannot be used with"]);
    run("explain x --steps --format svg").fails(2, &["text or json"]);
}

#[test]
fn a_secant_stands_beside_the_tangent() {
    let line = "explain x^2 --at x=1 --differences --step 0.5";
    assert!(run(line).ok().stdout.contains("(2.25 - 1) / 0.5 = 2.5"));
    assert_eq!(run(&format!("{line} --format json")).ok().json()["slope"], 2.5);
    assert!(run(&format!("{line} --format svg")).ok().stdout.contains("tangent: slope 2"));
    assert!(run(&format!("{line} --format html")).ok().stdout.contains("type=\"range\""));
    run("explain x^2 --at x=1 --step 0.5").fails(2, &["--differences"]);
    run(&format!("{line} --format csv")).fails(2, &["a secant is shown as"]);
}

#[test]
fn programs_are_run_and_differentiated() {
    let folder = Folder::new("explain-program");
    let text = "while abs(x) > 5: x = x/2; x^2";
    let explain = |more: &[&str]| {
        let mut command = command(&folder.path("."), "explain");
        Run::of(command.arg(text).args(more).output().unwrap())
    };
    let json = explain(&["--at", "x=12", "--format", "json"]).ok().json();
    assert_eq!((json["value"].as_f64(), json["gradient"]["x"].as_f64()), (Some(9.0), Some(1.5)));
    assert!(explain(&["--at", "x=12"]).ok().stdout.contains("ran 2 times"));
    explain(&[]).fails(2, &["`x` has no value"]);
}

#[test]
fn a_quiz_checks_answers() {
    let folder = Folder::new("explain-quiz");
    let quiz = |answers: &str| {
        folder.write("answers", answers);
        let mut command = command(&folder.path("."), &format!("{COURSE} --quiz"));
        let answers = std::fs::File::open(folder.path("answers")).unwrap();
        Run::of(command.stdin(answers).output().unwrap()).ok().stdout
    };
    let all = quiz("3\n2\n6\n2\n3\n2\n5\n");
    assert!(all.contains("c = a + b = 2 + 1 = ___\n  right\n"), "{all}");
    assert!(all.contains("de/db = de/dc * 1 + de/dd * 1 = 2 * 1 + 3 * 1 = ___"), "{all}");
    assert!(all.ends_with("\n7 of 7 right\n"), "{all}");
    let some = quiz("3\n2.5\nsix\n");
    assert!(some.contains("  not 2.5: 2\n") && some.contains("\"six\" is no number: 6"), "{some}");
    assert!(some.ends_with("\n1 of 7 right\n"), "{some}");
    let none = quiz("");
    assert!(!none.contains("right") && none.contains("one on a line"), "{none}");
    run(&format!("{COURSE} --quiz --hessian")).fails(2, &["cannot be used with"]);
}
