//! Symbolic derivatives against the reference and against the text they should print.

use crate::common::{build, cases, check, list, number, point, recipe, reference};
use gradtape_calculus::{Expr, Node};
use proptest::prelude::*;

#[test]
fn derivatives_agree_with_the_reference_at_five_points() {
    let reference = reference();
    let mut checked = 0;
    for case in cases(&reference) {
        for wanted in list(&case.json["symbolic"]) {
            let wrt = wanted["wrt"].as_str().unwrap();
            let derivative = case.expr.derivative(wrt).unwrap();
            for (at, want) in list(&wanted["points"]).iter().zip(list(&wanted["values"])) {
                let at = point(at);
                let needed: Vec<_> = at
                    .into_iter()
                    .filter(|(name, _)| derivative.variables().any(|v| v == *name))
                    .collect();
                let got = derivative.value(&needed).unwrap();
                let what = format!("{} by {wrt}: {derivative}", case.id);
                check(&what, &[got], &[number(want)], 1e-9);
                checked += 1;
            }
        }
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn derivatives_print_as_people_write_them() {
    let cases = [
        ("(a+b)*(b+1)", "a", "b + 1"),
        ("(a+b)*(b+1)", "b", "a + 2*b + 1"),
        ("(2*x^2+1)^2", "x", "8 * x * (2*x^2 + 1)"),
        ("x^2-4*x+7+2*y", "x", "2*x - 4"),
        ("2*x+3*x^2+x*(6-2)", "x", "6*x + 6"),
        ("-x^2", "x", "-2*x"),
        ("x^3^2", "x", "9*x^8"),
        ("2^-x", "x", "-log(2)*2^-x"),
        ("x/y/4", "x", "1 / (4*y)"),
        ("x/y/4", "y", "-x / (4*y^2)"),
        ("x/y*z", "y", "-x*z/y^2"),
        ("exp(x)*y", "x", "y*exp(x)"),
        ("log(x*y+1)", "x", "y / (x*y + 1)"),
        ("sqrt(x^2+y^2)", "x", "x/sqrt(x^2 + y^2)"),
        ("sin(x)*cos(y)", "y", "-sin(x)*sin(y)"),
        ("tanh(w*x+b)", "w", "x * (1 - tanh(w*x + b)^2)"),
        ("sigmoid(z)", "z", "sigmoid(-z)*sigmoid(z)"),
        ("x-x", "x", "0"),
        ("x*sqrt(x)", "x", "3*sqrt(x)/2"),
        ("x^(1/3)", "x", "1 / (3*x^(2/3))"),
        ("cosh(x)^2-sinh(x)^2", "x", "0"),
        ("relu(x)", "x", "step(x)"),
        ("relu(2*x)^2", "x", "4*relu(2*x)*step(2*x)"),
        ("x*exp(x)/exp(x)", "x", "1"),
        ("x*exp(x)^2*exp(-2*x)", "x", "1"),
        ("sqrt(exp(x))", "x", "exp(x/2)/2"),
        ("x*exp(log(x) + y)*exp(-y)", "x", "2*x"),
        ("x*exp(log(2*x*y) + y)*exp(-y)", "x", "4*x*y"),
        ("x^y", "x", "y*x^(y - 1)"),
        ("x^y", "y", "x^y*log(x)"),
        ("x^x", "x", "x*x^(x - 1) + x^x*log(x)"),
        ("exp(-x^2)", "x", "-2*x*exp(-x^2)"),
        ("0.5*x^2", "x", "x"),
        ("0.3*x", "x", "0.3"),
        ("0.1*x^3", "x", "0.3*x^2"),
        ("0.7*x^1.1", "x", "0.77*x^0.1"),
        ("1.1*1.1*x + 0.1*x + 0.2*x", "x", "1.51"),
        ("erf(x/2)", "x", "0.5641895835477563*exp(-x^2/4)"),
        ("y", "y", "1"),
    ];
    for (text, wrt, want) in cases {
        let derivative = Expr::parse(text).unwrap().derivative(wrt).unwrap();
        assert_eq!(derivative.to_string(), want, "d/d{wrt} {text}");
        assert_eq!(Expr::parse(want).unwrap(), derivative, "{want}");
    }
}

#[test]
fn conventions_hold_at_kinks() {
    for (text, x, want) in [
        ("relu(x)", 0.0, 0.0),
        ("relu(x)", 2.0, 1.0),
        ("relu(x)", -2.0, 0.0),
        ("abs(x)", 0.0, 0.0),
        ("abs(x)", -3.0, -1.0),
        ("max(x, 2)", 2.0, 0.5),
        ("min(x, 2)", 2.0, 0.5),
        ("min(x, 2)", 1.0, 1.0),
        ("max(3, x)", 4.0, 1.0),
        ("x^0", 0.0, 0.0),
        ("x^1", 0.0, 1.0),
        ("x^2", 0.0, 0.0),
        ("1/x", 0.0, f64::NEG_INFINITY),
        ("0^x", 2.0, 0.0),
        ("x*pow(0, 2*x)", 2.0, 0.0),
    ] {
        let derivative = Expr::parse(text).unwrap().derivative("x").unwrap();
        let got = derivative.evaluate(&[x]);
        assert_eq!(got, want, "{text}: {derivative}");
    }
}

#[test]
fn overflowing_coefficients_leave_the_chain_rules_form() {
    let expr = Expr::parse("1e200*(1e200*x)").unwrap();
    assert_eq!(expr.simplified().unwrap().value(&[("x", 1e-200)]).unwrap(), 1e200);
}

#[test]
fn ten_thousand_nodes_are_differentiated() {
    let sum: String = (0..5000).map(|i| format!("+x{i}*x{}", (i * 7) % 5000)).collect();
    let product = vec!["x"; 5000].join("*");
    let mixed: String = (0..2000).map(|i| format!("*(y+{i}*x)")).collect();
    let horner = format!("{}1{}", "(".repeat(2500), ")*x+2".repeat(2500));
    let nested = format!("{}x{}", "sin(".repeat(1000), ")".repeat(1000));
    for text in [&sum[1..], &product, &mixed[1..], &horner, &nested] {
        let expr = Expr::parse(text).unwrap();
        for derivative in expr.derivatives() {
            match derivative {
                Ok(derivative) => assert!(!derivative.nodes().is_empty()),
                Err(error) => assert!(error.message().contains("when written out"), "{error}"),
            }
        }
    }
    assert_eq!(Expr::parse(&product).unwrap().derivative("x").unwrap().to_string(), "5000*x^4999");
}

#[test]
fn unknown_variables_are_refused() {
    let error = Expr::parse("alpha^2").unwrap().derivative("alhpa").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the expression has no variable `alhpa`\n  hint: did you mean `alpha`?"
    );
}

/// Every step when each is off by a few units of the twelfth digit, or by nothing for seed 0.
fn steps(expr: &Expr, point: &[f64], seed: u64) -> Vec<f64> {
    let mut random = gradtape::Rng::new(seed);
    let mut values: Vec<f64> = Vec::new();
    for node in expr.nodes() {
        let value = match *node {
            Node::Number(value) => value,
            Node::Variable(number) => point[number],
            Node::Neg(x) => -values[x.index()],
            Node::Binary(operator, x, y) => operator.value(values[x.index()], values[y.index()]),
            Node::Call(function, x) => function.value(values[x.index()], 0.0),
            Node::Call2(function, x, y) => function.value(values[x.index()], values[y.index()]),
        };
        let exact = matches!(node, Node::Number(_) | Node::Variable(_) | Node::Neg(_));
        let off = if exact || seed == 0 { 0.0 } else { 1e-12 * random.normal() };
        values.push(value * (1.0 + off));
    }
    values
}

/// Beyond this, the powers in which a normal form gathers equal factors may overflow where the factors one by one do not.
const LARGE: f64 = 1e50;

/// The value and how far rounding may move it, where no step is too large and none depends on how the steps before are
/// rounded: a divisor that is 0 but for rounding is 0.
fn inside(expr: &Expr, point: &[f64]) -> Option<(f64, f64)> {
    let exact = steps(expr, point, 0);
    let root = expr.root().index();
    let mut spread = 0.0_f64;
    for seed in 0..32 {
        let moved = steps(expr, point, seed);
        let near = |(value, exact): (&f64, &f64)| {
            value.abs() <= LARGE && (value - exact).abs() <= 0.5 * exact.abs()
        };
        if !moved.iter().zip(&exact).all(near) {
            return None;
        }
        spread = spread.max((moved[root] - exact[root]).abs());
    }
    // Numbers that are put together early may take up digits of smaller ones.
    let largest = exact.iter().fold(0.0_f64, |largest, step| largest.max(step.abs()));
    Some((exact[root], 100.0 * spread + 1e-12 * largest + 1e-3 * exact[root].abs()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    /// Wherever no step of the expression is too large a number, also if the steps are rounded a little
    /// differently, its normal form is the same one.
    #[test]
    fn simplified_is_what_the_input_is_wherever_that_is_defined(
        recipe in recipe(),
        point in prop::collection::vec(-3.0..3.0_f64, 4),
    ) {
        let expr = build(&recipe);
        let at: Vec<(&str, f64)> = expr.variables().zip(point).collect();
        let simplified = expr.simplified().unwrap();
        let kept: Vec<_> =
            at.iter().copied().filter(|(name, _)| simplified.variables().any(|v| v == *name)).collect();
        let point = expr.point(&at).unwrap();
        if let Some((want, spread)) = inside(&expr, &point) {
            let got = simplified.value(&kept).unwrap();
            let near = (got - want).abs() <= spread;
            prop_assert!(near, "{expr} -> {simplified}: {got}, not {want}");
        }
    }
}
