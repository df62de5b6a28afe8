//! What people write in formulas: products without a sign, parts with names, derivatives, functions of many arguments.

use gradtape_calculus::{
    Composed, Expr, Function, Options, Order, Question, Trace, central_difference, derivation,
    explain, explain_program, secant,
};

fn printed(text: &str) -> String {
    Expr::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

/// The value at a point, which may have more than the variables.
fn value(text: &str, at: &[(&str, f64)]) -> f64 {
    let expr = Expr::parse(text).unwrap();
    let point: Vec<f64> = expr
        .variables()
        .map(|name| at.iter().find(|(known, _)| *known == name).expect(name).1)
        .collect();
    expr.evaluate(&point)
}

fn error(text: &str) -> String {
    Expr::parse_all(text).expect_err(text).to_string()
}

#[test]
fn products_need_no_sign() {
    let cases = [
        ("2x", "2*x"),
        ("2x^2 + 3x", "2*x^2 + 3*x"),
        ("-2x", "-2*x"),
        ("2(x+1)", "2 * (x + 1)"),
        ("x(6-2)", "x * (6 - 2)"),
        ("x1(y)", "x1*y"),
        ("(a+b)(b+1)", "(a + b) * (b + 1)"),
        ("2sin(x)cos(x)", "2*sin(x)*cos(x)"),
        ("2exp(x)", "2*exp(x)"),
        ("x y", "x*y"),
        ("1/2x", "1/2*x"),
        ("x^2y", "x^2*y"),
        ("1e3x", "1000*x"),
        ("2e", "2*e"),
    ];
    for (text, want) in cases {
        assert_eq!(printed(text), want, "{text}");
    }
    assert!(error("foo(x)").starts_with("unknown function `foo`"));
}

#[test]
fn a_part_with_a_name_is_one_node() {
    let all = Expr::parse_all("y = x^2; y*sin(y)").unwrap();
    let found = explain(&all[0], &[("x", 1.5)], Options::default()).unwrap();
    let names: Vec<&str> = found.nodes.iter().map(|node| node.label.as_str()).collect();
    assert_eq!(names, ["x", "y", "a", "b"]);
    let lines: Vec<&str> = found.backward.iter().map(|line| line.text.as_str()).collect();
    let fork = lines.iter().find(|line| line.starts_with("db/dy = "));
    assert!(
        fork.is_some_and(|line| line.contains("db/da * cos(y)") && line.contains("db/db * a")),
        "{lines:?}"
    );
    // A part may use another, and several expressions the same part.
    let two = Expr::parse_all("s = a + b; p = s*s; p - s; p/s").unwrap();
    assert_eq!(two[1].value(&[("a", 2.0), ("b", 1.0)]).unwrap(), 3.0);
    assert_eq!(two[0].to_string(), "(a + b) * (a + b) - (a + b)");
    // Text that doubles with each part ends in an error.
    let mut text = "a1 = x + x; ".to_string();
    for n in 2..40 {
        text += &format!("a{n} = a{0} + a{0}; ", n - 1);
    }
    assert!(error(&(text + "a39")).contains("nodes when written out"));
}

#[test]
fn pieces_that_do_not_fit_are_told() {
    let cases = [
        ("y = x^2", "unexpected character `=`"),
        ("y = x^2; z = y", "nothing uses the part `z`"),
        ("y = x^2; z = 2y; y", "nothing uses the part `z`"),
        ("x + y; y = 2; y", "`y` stands for something else before"),
        ("y = 1; y = 2; y", "`y` stands for something else before"),
        ("sin = 2; sin", "`sin` is a function"),
        ("softmax = 2; x", "`softmax` is a function"),
        ("x;", "no expression stands on one side of this `;`"),
        (";x", "no expression stands on one side of this `;`"),
        ("x;;y", "no expression stands on one side of this `;`"),
        ("y = ; y", "expected a number, a name or `(`, found the end"),
        ("x == 2", "unexpected character `=`"),
        ("x = x^2; x", "`x` stands for something else before"),
        ("y = x^2; d/dy (y^2)", "`y` has been given a value"),
        ("d/dz (x^2)", "the expression has no variable `z`"),
    ];
    for (text, want) in cases {
        assert!(error(text).starts_with(want), "{text}: {}", error(text));
    }
    assert_eq!(Expr::parse_all("y = x; y + q q2 = ;").map(|all| all.len()).ok(), None);
    let several = Expr::parse("x; y").unwrap_err().to_string();
    assert!(several.contains("one expression is wanted"), "{several}");
    // The place is that in the whole text.
    assert_eq!(Expr::parse_all("x + 1; 2 * foo(x)").unwrap_err().position(), Some(11));
    let missing = &Expr::parse_all("x + 1; 2*y").unwrap()[1];
    assert_eq!(missing.position(0), Some(9));
}

#[test]
fn derivatives_are_written_as_in_books() {
    assert_eq!(printed("d/dx (x^3)"), "3*x^2");
    assert_eq!(printed("d/dx(d/dx (x^3))"), "6*x");
    assert_eq!(printed("2 d/dx (x*y) + 1"), "2*y + 1");
    assert_eq!(printed("z - z + d/dz (x*y)"), "z - z + 0");
    assert_eq!(printed("d/dz (3)"), "0");
    // The point has a value for every variable that is written.
    assert_eq!(value("d/dx (2x)", &[("x", 3.0)]), 2.0);
    assert!(Expr::parse("d/dx (2x)").unwrap().value(&[("x", 3.0)]).is_ok());
    assert_eq!(printed("d / dx"), "d/dx");
    assert_eq!(printed("d/dx + 1"), "d/dx + 1");
    let shared = &Expr::parse_all("y = x^2; d/dx (y*x)").unwrap()[0];
    assert_eq!(shared.to_string(), "3*x^2");
    assert_eq!(
        error("d/dx x^2"),
        "a derivative needs parentheses\n  d/dx x^2\n       ^\n  hint: write d/dx (…)"
    );
}

#[test]
fn composed_functions_are_what_they_say() {
    let at = [("a", 0.3), ("b", -1.2), ("c", 2.0)];
    let sum = 0.3f64.exp() + (-1.2f64).exp() + 2f64.exp();
    let near = |text: &str, want: f64| {
        let got = value(text, &at);
        assert!((got - want).abs() < 1e-14, "{text}: {got} {want}");
    };
    near("softmax(a, b, c)[1]", 0.3f64.exp() / sum);
    near("softmax(a, b, c)[3]", 2f64.exp() / sum);
    near("logsumexp(a, b, c)", sum.ln());
    near("argmax(a, b, c)", 3.0);
    near("argmax(c, b, c)", 1.0);
    near("rank(a, b, c)[1]", 2.0);
    near("rank(a, a, c)[2]", 1.0);
    near("sort(a, b, c)[1]", -1.2);
    near("sort(c, a, b)[2]", 0.3);
    near("sort(a, b, c)[3]", 2.0);
    near("clamp(a, 0, 0.25)", 0.25);
    near("max(a, b, c)", 2.0);
    near("step(a) + step(b) + step(0)", 1.0);
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    near("softrank(a, b, c)[1]", 1.0 + logistic(1.5) + logistic(-1.7));
    assert_eq!(printed("max(max(a, b), c)"), "max(a, b, c)");
    assert_eq!(printed("max(a, max(b, c))"), "max(a, max(b, c))");
    assert_eq!(
        Expr::parse("logsumexp(a, b, c)").unwrap().latex(),
        r"\operatorname{logsumexp}\left(a, b, c\right)"
    );
    // The convention 0 log 0 = 0, and what has no overflow.
    assert_eq!(value("kl(p, q)", &[("p", 0.0), ("q", 0.5)]), 0.0);
    assert_eq!(value("kl(p, q)", &[("p", 0.0), ("q", 0.0)]), 0.0);
    assert_eq!(value("kl(p, q)", &[("p", 0.5), ("q", 0.0)]), f64::INFINITY);
    assert_eq!(value("softmax(a, b)[1]", &[("a", 1000.0), ("b", 0.0)]), 1.0);
    assert_eq!(value("logsumexp(a, b)", &[("a", -1000.0), ("b", -1000.0)]), -1000.0 + 2f64.ln());
}

#[test]
fn derivatives_of_composed_functions_agree_three_ways() {
    let at = [("a", 0.3), ("b", -1.2), ("c", 2.0), ("p", 0.4), ("q", 0.7), ("x", 0.6)];
    let more =
        ["xlogy(p, q)", "logsumexp(a, b, c)", "softmax(a, b, c)[2]", "step(x)*x", "relu(x)^2"];
    for text in Composed::ALL.iter().map(|composed| composed.example).chain(more) {
        let expr = Expr::parse(text).unwrap();
        let own: Vec<(&str, f64)> = at
            .into_iter()
            .filter(|(name, _)| expr.variables().any(|known| known == *name))
            .collect();
        let found = explain(&expr, &own, Options::default()).unwrap();
        for (place, (name, x)) in own.iter().enumerate() {
            let f = |x: f64| {
                let mut moved = own.clone();
                moved[place].1 = x;
                expr.value(&moved).unwrap()
            };
            let want = central_difference(f, *x, 1e-6);
            let automatic = found.gradient.get(name).unwrap().0;
            let symbolic = expr.derivative(name).unwrap();
            let symbolic = symbolic
                .value(
                    &own.iter()
                        .copied()
                        .filter(|(n, _)| symbolic.variables().any(|v| v == *n))
                        .collect::<Vec<_>>(),
                )
                .unwrap();
            assert!((automatic - want).abs() < 1e-8, "{text} in {name}: {automatic} {want}");
            assert!((symbolic - want).abs() < 1e-8, "{text} in {name}: {symbolic} {want}");
        }
        assert_eq!(printed(&expr.to_string()), expr.to_string(), "{text}");
    }
}

#[test]
fn wrong_calls_are_told() {
    let cases = [
        ("softmax(a, b)", "`softmax` has 2 results, of which one is chosen"),
        ("softmax(a, b)[3]", "`softmax` has 2 results, of which one is chosen"),
        ("softmax(a, b)[0]", "`softmax` has 2 results, of which one is chosen"),
        ("softmax(a, b)[1", "`softmax` has 2 results, of which one is chosen"),
        ("softmax(a)[1]", "`softmax` takes 2 to 16 arguments, not 1"),
        ("softmax()", "`softmax` takes 2 to 16 arguments, not 0"),
        ("clamp(a, b)", "`clamp` takes 3 arguments, not 2"),
        ("clamp(a, b, c, a)", "`clamp` takes 3 arguments, not more"),
        ("xlogy(a, b, c)", "`xlogy` takes 2 arguments, not more"),
        ("softmax", "expected `(` after the function `softmax`"),
        ("a[1]", "unexpected `[`"),
        ("[a]", "expected a number, a name or `(`, found `[`"),
    ];
    for (text, want) in cases {
        assert!(error(text).starts_with(want), "{text}: {}", error(text));
    }
    for composed in Composed::ALL {
        assert_eq!(Function::find(composed.name), None);
    }
}

#[test]
fn breadth_first_hands_on_what_has_arrived() {
    let bfs = Options { order: Order::BreadthFirst, ..Options::default() };
    let input = explain(&Expr::parse("b*sin(b)").unwrap(), &[("b", 1.0)], bfs).unwrap();
    let lines: Vec<&str> = input.backward.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        lines,
        [
            "dc/dc = 1",
            "dc/db = dc/dc * a = 1 * 0.841471 = 0.841471",
            "dc/da = dc/dc * b = 1 * 1 = 1",
            "dc/db += dc/da * cos(b) = 1 * 0.540302 = 0.540302   late: b was taken before; now 1.38177",
        ]
    );
    // Where a part in the middle is taken too early, what is below it gets too little.
    let inner = explain(&Expr::parse("y = x^2; y*sin(y)").unwrap(), &[("x", 1.0)], bfs).unwrap();
    let lines: Vec<&str> = inner.backward.iter().map(|line| line.text.as_str()).collect();
    let below = lines.iter().find(|line| line.starts_with("db/dx =")).unwrap();
    assert!(below.ends_with("= 0.841471 * 2 = 1.68294"), "{lines:#?}");
    let note = inner.notes.iter().find(|note| note.contains("goes wrong")).unwrap();
    assert!(note.contains("db/dx = 1.68294 instead of 2.76355"), "{note}");
    assert!((inner.gradient.get("x").unwrap().0 - 2.763_546_9).abs() < 1e-6);
}

#[test]
fn names_of_the_graph_do_not_mislead() {
    let label = |text: &str, at: &[(&str, f64)]| {
        let found = explain(&Expr::parse(text).unwrap(), at, Options::default()).unwrap();
        found.nodes.last().unwrap().label.clone()
    };
    assert_eq!(label("(a+b)*(b+1)", &[("a", 2.0), ("b", 1.0)]), "e");
    // Not dd/dd.
    assert_eq!(label("a*b*c", &[("a", 2.0), ("b", 1.0), ("c", 1.0)]), "e");
    assert_eq!(label("a1*b", &[("a1", 2.0), ("b", 1.0)]), "c");
}

#[test]
fn a_derivation_names_its_rules() {
    let steps = |text: &str, variable: Option<&str>| {
        let found = derivation(&Expr::parse(text).unwrap(), variable).unwrap();
        found.steps.iter().map(|step| (step.rule, step.result.clone())).collect::<Vec<_>>()
    };
    let want = |rows: &[(&'static str, &str)]| {
        rows.iter().map(|(rule, text)| (*rule, text.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(
        steps("x^2*sin(x^2)", None),
        want(&[
            ("power rule", "2*x"),
            ("chain rule", "cos(x^2) * (2*x)"),
            ("product rule", "2*x*sin(x^2) + x^2 * (2*x*cos(x^2))"),
        ])
    );
    assert_eq!(
        steps("3*x/(1 + y) - x^x", Some("x")),
        want(&[
            ("constant factor", "3*1"),
            ("constant factor", "3 / (1 + y)"),
            ("chain rule, two arguments", "x*x^(x - 1)*1 + x^x*log(x)*1"),
            ("sum rule", "3 / (y + 1) - (x*x^(x - 1) + x^x*log(x))"),
        ])
    );
    // Letters are none of the variables.
    let found = derivation(&Expr::parse("exp(u^2)").unwrap(), None).unwrap();
    assert_eq!(found.steps[1].detail, "f = exp(v), v = u^2: df/dv = exp(v), dv/du = 2*u");
    assert!(found.to_string().contains("power rule: (u^n)' = n*u^(n - 1) with n = 2"), "{found}");
    assert!(derivation(&Expr::parse("x*y").unwrap(), None).is_err());
    assert!(derivation(&Expr::parse("3").unwrap(), None).is_err());
}

/// Each line is an equation: what a rule gives is worth the simplified form.
#[test]
fn a_derivation_holds_at_every_step() {
    let texts = [
        "sqrt(1 + x^2)/tan(x)",
        "log(x)^3 - 2^x",
        "max(x^2, 1 - x)*abs(x)",
        "softmax(x, 2*x, 1)[2]",
        "-erf(x/2)/x",
        "sigmoid(3x)(1 - sigmoid(3x))",
        "xlogy(x, x + 1)",
    ];
    for text in texts {
        let found = derivation(&Expr::parse(text).unwrap(), None).unwrap();
        for step in &found.steps {
            let [result, simplified] =
                [&step.result, &step.simplified].map(|text| value(text, &[("x", 0.37)]));
            let near = (result - simplified).abs() <= 1e-12 * simplified.abs().max(1.0);
            assert!(near, "{text}: {step:?}: {result} {simplified}");
        }
        assert_eq!(found.steps.last().unwrap().simplified, found.derivative);
    }
}

#[test]
fn a_secant_has_the_slope_of_the_difference() {
    let expr = Expr::parse("x^2*y").unwrap();
    let found = secant(&expr, &[("x", 1.0), ("y", 2.0)], Some("x"), -0.5).unwrap();
    assert_eq!((found.slope.0, found.derivative.0), (3.0, 4.0));
    let text = found.to_string();
    assert!(text.contains("(0.5 - 2) / (-0.5) = 3   with h = (-0.5)"), "{text}");
    assert!(found.chart().svg().unwrap().contains("secant, h = -0.5: slope 3"));
    let page = found.html().unwrap();
    assert_eq!(page.matches("<figure").count(), 40);
    assert!(page.contains("type=\"range\" min=\"0\" max=\"39\""));
    let message = |text: &str, at: f64, step: f64| {
        secant(&Expr::parse(text).unwrap(), &[("x", at)], None, step).err().unwrap().to_string()
    };
    assert!(message("x^2", 1.0, 0.0).contains("the step 0 leaves x = 1 as it is"));
    assert!(message("x^2", 1.0, 1e-17).contains("leaves x = 1 as it is"));
    assert!(message("log(x)", 1.0, -2.0).contains("value after the step"));
    assert!(message("x^2", 1.0, f64::NAN).contains("the step nan"));
}

#[test]
fn programs_are_differentiated_along_the_path_that_they_took() {
    let run = |text: &str, x: f64| explain_program(text, &[("x", x)], Options::default()).unwrap();
    let halved = run("while abs(x) > 5: x = x/2; x^2", 30.0);
    assert_eq!((halved.value.0, halved.gradient.get("x").unwrap().0), (14.0625, 0.9375));
    assert!(halved.notes[0].contains("ran 3 times"), "{:?}", halved.notes);
    assert!(halved.to_string().contains("(loops and branches have no formula)"), "{halved}");
    let horner = run("y = 1; for i in 1..3: y = y*x + i; y", 2.0);
    assert_eq!((horner.value.0, horner.gradient.get("x").unwrap().0), (19.0, 18.0));
    for (x, value, slope) in [(3.0, 9.0, 6.0), (-3.0, 3.0, -1.0)] {
        let branch = run("y = x^2; if x < 0: y = -x; y", x);
        assert_eq!((branch.value.0, branch.gradient.get("x").unwrap().0), (value, slope));
    }
    for (condition, value) in [("x <= 2", 1.0), ("x >= 3", 2.0), ("x != 2", 2.0), ("x == 2", 1.0)] {
        assert_eq!(run(&format!("if {condition}: x = 1; x"), 2.0).value.0, value, "{condition}");
    }
    // Written out, this would have a node for each of two to the power of 40 paths.
    let swollen = run("for i in 1..40: x = 4*x*(1 - x); x", 0.2);
    assert!(swollen.gradient.get("x").unwrap().0.abs() > 1e9);
    assert_eq!(swollen.expression, "for i in 1..40: x = 4*x*(1 - x); x");
    // A name that a program gave a value is a factor before parentheses, and a derivative sees through it.
    assert_eq!(run("rate = x*2; if x > 0: x = rate(x + 1); x", 2.0).value.0, 12.0);
    assert_eq!(run("u = x*2; if x > 0: u = d/dx (u*x); u", 2.0).value.0, 8.0);
    let other = explain_program(
        "if x > 0: y = 2y; d/dx (x*y)",
        &[("x", 1.0), ("y", 3.0)],
        Options::default(),
    );
    assert_eq!(other.unwrap().value.0, 6.0);
    // What decides the path has a derivative of 0.
    let idle = run("y = 0; if x > 0: y = x; y", -1.0);
    assert!(idle.notes.iter().any(|note| note.starts_with("`x` does not reach")), "{idle}");
    // A loop that does not run leaves the program as it is.
    assert_eq!(run("while x > 5: x = x/2; 3x", 1.0).notes[0], "`while x > 5` ran 0 times");
    assert!(Trace::is_program(" while x > 1: x = x/2; x") && !Trace::is_program("whiles*x; if2"));
    let message = |text: &str| {
        explain_program(text, &[("x", 2.0)], Options::default()).err().unwrap().to_string()
    };
    let cases = [
        ("while x > 1: x = x + 1; x", "was stopped after"),
        ("x^2; while x > 1: x = x/2; x", "nothing uses the expression before"),
        ("for i in 1...3: x = x*i; x", "a counting loop is not written like this"),
        ("if x > 9: x = sin(; x", "expected a number"),
        ("if x > 9: x/2; x", "an assignment is wanted here"),
        ("if x > 0: x = x/2; d/dx (x^2)", "`x` has been given a value"),
        ("for 5 in 1..3: x = 1; x", "a counting loop is not written like this"),
        ("for i i in 1..3: x = 1; x", "a counting loop is not written like this"),
        ("while x: x = 1; x", "a condition compares two numbers"),
        ("while x > 1: x/2; x", "an assignment is wanted here"),
        ("for i = 1..3: x = x*i; x", "a counting loop is not written like this"),
        ("for i in 1: x = x*i; x", "a counting loop is not written like this"),
        ("for sin in 1..2: x = 1; x", "`sin` is a function"),
        ("while x > y: x = x/2; x", "`y` has no value"),
        ("while log(-x) > 1: x = x/2; x", "the condition compares nan with 1"),
        ("if x > 1: x = foo(x); x", "unknown function `foo`"),
    ];
    for (text, want) in cases {
        assert!(message(text).contains(want), "{text}: {}", message(text));
    }
}

/// Where no expression follows, what the last piece gives a value is the result, whether it was run or not.
#[test]
fn a_program_may_end_with_what_it_gives_a_value() {
    let found = |text: &str, x: f64| {
        let found = explain_program(text, &[("x", x)], Options::default()).unwrap();
        (found.value.0, found.gradient.get("x").map_or(0.0, |slope| slope.0), found.notes)
    };
    let text = "while abs(x) > 5: x = x/2";
    let (value, slope, notes) = found(text, 12.0);
    assert_eq!((value, slope), (3.0, 0.25));
    let told = "the result is `x`, which the last piece gives a value";
    assert_eq!(notes[..2], ["`while abs(x) > 5` ran 2 times", told]);
    assert_eq!(found(text, 4.0).0, 4.0);
    assert_eq!(found("y = 1; for i in 1..3: { y = y*x; x = x + 1; y = 2y }", 2.0).0, 192.0);
    assert_eq!(found("if x > 9: x = 1; y = x^2", 3.0).0, 9.0);
    let message = |text: &str| {
        explain_program(text, &[("x", 2.0)], Options::default()).err().unwrap().to_string()
    };
    assert!(
        message("if x > 9: y = 1").contains("`y` has no value"),
        "{}",
        message("if x > 9: y = 1")
    );
}

/// The convention that makes sense of 0 log 0 is named where it is missed.
#[test]
fn a_product_with_the_logarithm_of_0_names_the_functions_for_it() {
    let notes = |text: &str| {
        let at = [("p", 0.0), ("q", 0.5)];
        explain(&Expr::parse(text).unwrap(), &at, Options::default()).unwrap().notes.join("\n")
    };
    for text in ["p*log(p/q)", "log(p)*p*q"] {
        assert!(notes(text).contains("0 log 0 is 0: xlogy(p, x)"), "{}", notes(text));
    }
    assert!(!notes("p*(1/p)*q").contains("xlogy"));
}

/// The page and the graph of a walk that goes wrong have what each node handed on, and what would be right.
#[test]
fn a_walk_breadth_first_is_a_page_and_a_graph_for_graphviz() {
    let bfs = Options { order: Order::BreadthFirst, ..Options::default() };
    let expr = Expr::parse("y = x^2; y*sin(y)").unwrap();
    let found = explain(&expr, &[("x", 1.0)], bfs).unwrap().numbered();
    let dot = found.dot();
    for words in [
        "y = x^2\\nvalue 1\\ngradient 0.841471\\nright 1.38177\\nwalk #2",
        "x\\nvalue 1\\ngradient 1.68294\\nright 2.76355\\nwalk #4",
    ] {
        assert!(dot.contains(words), "{words}: {dot}");
    }
    let page = found.html().unwrap();
    for words in
        ["right: 1.38177", "unsorted, as breadth first", "late: y was taken before; now 1.38177"]
    {
        assert!(page.contains(words), "{words}");
    }
    let at = vec![("x".to_string(), 1.0)];
    let question = Question::Explain {
        expr: "y = x^2; y*sin(y)".to_string(),
        at,
        hessian: false,
        order: Some(Order::BreadthFirst),
    };
    let parts = question.answer().unwrap();
    assert!(parts.get("command").unwrap().ends_with("--at x=1 --order bfs"));
    assert!(parts.get("asked").unwrap().contains("\"order\":\"bfs\""));
    assert!(parts.get("rows").unwrap().contains("1 gradient late"));
    let old = r#"{"page":"explain","expr":"x^2","at":[["x",1.0]],"hessian":false}"#;
    assert!(serde_json::from_str::<Question>(old).is_ok(), "lessons that were linked before");
}

#[test]
fn bodies_of_several_pieces_stand_in_braces() {
    let run = |text: &str, x: f64| explain_program(text, &[("x", x)], Options::default()).unwrap();
    let counted = run("n = 0; while abs(x) > 5: { x = x/2; n = n + 1 }; x*n", 30.0);
    assert_eq!((counted.value.0, counted.gradient.get("x").unwrap().0), (11.25, 0.375));
    // A loop and a branch in a loop, over several lines; a `;` before the brace is no mistake.
    let nested = "s = 0;\nfor i in 1..3: {\n  for j in 1..2: { s = s + i*x^j; };\n  if i > 2: { s = s*x; t = s }\n};\ns";
    let found = run(nested, 2.0);
    assert_eq!((found.value.0, found.gradient.get("x").unwrap().0), (72.0, 96.0));
    let told = [
        "`for i in 1..3` ran 3 times",
        "`for j in 1..2` was begun 3 times and ran 6 times in all",
        "`if i > 2` was true 1 time of 3",
    ];
    assert_eq!(found.notes[..3], told);
    // A name that the body gave a value is known to what follows in it.
    assert_eq!(run("while x > 3: { rate = x/4; x = rate(1 + 1) }; x", 8.0).value.0, 2.0);
    let message = |text: &str| {
        explain_program(text, &[("x", 2.0)], Options::default()).err().unwrap().to_string()
    };
    let cases = [
        ("while x > 1: { x = x/2; x", "this `{` is not closed"),
        ("while x > 1: x = x/2 }; x", "unexpected `}`"),
        ("while x > 1: { x = x/2 } x", "expected `;` after `}`"),
        ("while x > 1: { }; x", "nothing stands in these braces"),
        ("while x > 1: { x = x/2;; y = 1 }; x", "no expression stands"),
        ("while x > 1: { x/2 }; x", "an assignment is wanted here"),
        ("while x > 1: if x > 2: x = x/2; x", "an assignment is wanted here"),
        ("if x > 9: { y = 1; x = foo(y) }; x", "unknown function `foo`"),
        ("for i in 1..1000: { for j in 1..1000: { x = i } }; x", "was stopped after"),
        ("{ x = 1 }; x", "only ( and ) group"),
    ];
    for (text, want) in cases {
        assert!(message(text).contains(want), "{text}: {}", message(text));
    }
}

/// The curve of a secant is drawn as every other: not through its jumps and poles.
#[test]
fn the_curve_of_a_secant_has_gaps() {
    let found = |text: &str, step: f64| {
        secant(&Expr::parse(text).unwrap(), &[("x", 0.5)], None, step).unwrap()
    };
    let gaps = |found: &gradtape_calculus::Secant| {
        let chart = found.chart();
        let all = chart.panels[0].marks.iter().filter_map(|mark| match mark {
            gradtape_chart::Mark::Line(line) => {
                Some(line.points.iter().filter(|point| point.1.is_nan()).count())
            }
            _ => None,
        });
        all.sum::<usize>()
    };
    let step = found("x + step(x - 1.1)", 1.0);
    assert_eq!(gaps(&step), 1);
    assert!(step.parted.is_some_and(|place| (place - 1.1).abs() < 1e-9), "{:?}", step.parted);
    assert!(
        step.to_string().contains("the curve is parted at x = 1.1, between both points"),
        "{step}"
    );
    let pole = found("1/(x - 1.103)", 1.0);
    assert!(gaps(&pole) == 1 && pole.parted.is_some());
    assert!(found("1/(x - 1.1)", 1.0).parted.is_some(), "also where a sample hits it");
    let whole = found("x^2", 1.0);
    assert!(gaps(&whole) == 0 && whole.parted.is_none() && !whole.to_string().contains("parted"));
    // Beside the points it may jump.
    let beside = found("step(x)", 0.4);
    assert!(gaps(&beside) == 1 && beside.parted.is_none());
}
