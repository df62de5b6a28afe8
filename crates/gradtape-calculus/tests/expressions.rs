//! Parsing, printing and values against the reference and against each other.

use crate::common::{build, cases, check, list, number, recipe, reference};
use gradtape_calculus::{Builder, Expr, MAX_TEXT, Operator};
use proptest::prelude::*;

#[test]
fn values_agree_with_the_reference() {
    let reference = reference();
    for case in cases(&reference) {
        let value = case.expr.value(&case.point).unwrap();
        check(case.id, &[value], &[number(&case.json["value"])], case.rtol);
    }
}

#[test]
fn malformed_text_is_reported_at_an_accepted_place() {
    for case in list(&reference()["malformed"]) {
        let text = case["text"].as_str().unwrap();
        let error = Expr::parse(text).expect_err(text);
        let position = error.position().expect("a place");
        let accepted: Vec<u64> =
            list(&case["positions"]).iter().map(|p| p.as_u64().unwrap()).collect();
        assert!(accepted.contains(&(position as u64)), "{text:?}: {position} not in {accepted:?}");
    }
}

#[test]
fn reference_texts_round_trip() {
    let reference = reference();
    for case in cases(&reference) {
        let text = case.expr.to_string();
        assert_eq!(Expr::parse(&text).unwrap(), case.expr, "{text}");
    }
}

#[test]
fn messages_say_what_was_expected() {
    let cases = [
        ("", "the expression is empty\n  \n  ^"),
        ("x + ", "expected a number, a name or `(`, found the end\n  x + \n      ^"),
        ("(x + 1", "expected `)`, found the end\n  (x + 1\n        ^"),
        (
            "x 2",
            "expected an operator, found the number 2\n  x 2\n    ^\n  hint: a number before a factor is written `2x`, after it `x*2`",
        ),
        ("sin(x, y)", "`sin` takes 1 argument, not more\n  sin(x, y)\n       ^"),
        ("max(x)", "`max` takes 2 or more arguments, not 1\n  max(x)\n       ^"),
        ("max(x,)", "`max` takes 2 or more arguments, not 1\n  max(x,)\n        ^"),
        ("exp()", "`exp` takes 1 argument, not 0\n  exp()\n      ^"),
        (
            "x**2",
            "expected a number, a name or `(`, found `*`\n  x**2\n    ^\n  hint: powers are written `x^2`",
        ),
        (
            "1.2.3",
            "malformed number `1.2.3`\n  1.2.3\n  ^\n  hint: numbers look like 2, 0.5, .5, 3. or 1.5e-3",
        ),
        (
            "1e999",
            "the number 1e999 is too large\n  1e999\n  ^\n  hint: the largest number is about 1.8e308",
        ),
        ("Sqrt(x)", "unknown function `Sqrt`\n  Sqrt(x)\n  ^\n  hint: did you mean `sqrt`?"),
        (
            "1 + sin x",
            "expected `(` after the function `sin`\n  1 + sin x\n          ^\n  hint: write `sin(x)`; a variable needs another name than `sin`",
        ),
        ("a ) b", "unexpected `)`\n  a ) b\n    ^\n  hint: no `(` is open here"),
        (
            "(a, b)",
            "unexpected `,`\n  (a, b)\n    ^\n  hint: commas stand only between the arguments of a function",
        ),
        (
            "sin^2(x)",
            "expected `(` after the function `sin`\n  sin^2(x)\n     ^\n  hint: a power of it is written `sin(x)^2`",
        ),
        ("1,5*x", "unexpected `,`\n  1,5*x\n   ^\n  hint: the decimal sign is a point, as in 1.5"),
        (
            "x // 2",
            "expected a number, a name or `(`, found `/`\n  x // 2\n     ^\n  hint: division is written `/`",
        ),
        (
            "2*ln(x)",
            "unknown function `ln`\n  2*ln(x)\n    ^\n  hint: the natural logarithm is `log(x)`",
        ),
        (
            "|x|",
            "unexpected character `|`\n  |x|\n  ^\n  hint: the absolute value is written `abs(x)`",
        ),
        (
            "2 · x",
            "unexpected character `·`\n  2 · x\n    ^\n  hint: multiplication is written `*`",
        ),
    ];
    for (text, want) in cases {
        assert_eq!(Expr::parse(text).expect_err(text).to_string(), want, "{text}");
    }
}

#[test]
fn printing_uses_the_fewest_parentheses() {
    let same = [
        "(a + b) * (b + 1)",
        "a + 2*b + 1",
        "x^2 - 4*x + 7 + 2*y",
        "-x^2",
        "(-x)^2",
        "x^y^z",
        "(x^y)^z",
        "x - (y - z)",
        "x/(y*z)",
        "x/y*z",
        "x / (y/z)",
        "2^-x",
        "2^-x^2",
        "-(x + y)",
        "-x*y",
        "-(x*y)",
        "x - -y",
        "sin(-x)",
        "pow(x, 3)",
        "max(x, y + 1) * (x - 1)",
        "150*x + 1e-9",
        "1e300",
        "100 * (y - x^2)^2",
        "x * -(a + b)",
    ];
    for text in same {
        let want = text.replace("x/(y*z)", "x / (y*z)");
        assert_eq!(Expr::parse(text).unwrap().to_string(), want);
    }
}

#[test]
fn latex_of_the_operations() {
    let cases = [
        ("(a+b)*(b+1)", r"\left(a + b\right) \left(b + 1\right)"),
        ("2*3*x", r"2 \cdot 3 x"),
        ("x*(y/z)^2", r"x \left(\frac{y}{z}\right)^{2}"),
        ("exp(x)^2", r"\left(e^{x}\right)^{2}"),
        ("sqrt(abs(x))", r"\sqrt{\left\lvert x\right\rvert}"),
        ("max(x, -y)*-z", r"\max\left(x, -y\right) \left(-z\right)"),
        ("alpha_1*rate*w12", r"\alpha_{1} \mathrm{rate} w_{12}"),
        ("1e-9*erf(x)", r"1 \cdot 10^{-9} \operatorname{erf}\left(x\right)"),
        ("x - -(-y)", r"x - \left(-\left(-y\right)\right)"),
        ("-x^2 + -y", r"-x^{2} + \left(-y\right)"),
    ];
    for (text, want) in cases {
        assert_eq!(Expr::parse(text).unwrap().latex(), want, "{text}");
    }
}

#[test]
fn depth_is_only_memory() {
    let deep = 100_000;
    let nested = format!("{}x{}", "sin(".repeat(deep), ")".repeat(deep));
    let expr = Expr::parse(&nested).unwrap();
    assert_eq!(expr.to_string(), nested);
    assert!(expr.value(&[("x", 0.5)]).unwrap().is_finite());
    for text in ["(".repeat(MAX_TEXT), "-".repeat(MAX_TEXT), "x^".repeat(MAX_TEXT / 2)] {
        assert_eq!(Expr::parse(&text).unwrap_err().position(), Some(text.len()));
    }
    let tower = format!("{}1", "x^".repeat(deep));
    assert_eq!(Expr::parse(&tower).unwrap().to_string(), tower);
    assert!(expr.latex().len() > nested.len());
}

#[test]
fn text_beyond_the_limit_is_refused() {
    let longest = format!("x{}", "+x".repeat((MAX_TEXT - 1) / 2));
    assert!(Expr::parse(&longest).is_ok());
    let error = Expr::parse(&format!("{longest}+x")).unwrap_err();
    assert!(error.message().contains("the longest that is read has 1048576"), "{error}");
}

#[test]
fn shared_parts_have_a_limit_too() {
    let mut builder = Builder::new();
    let mut root = builder.variable("x");
    for _ in 0..64 {
        root = builder.binary(Operator::Add, root, root);
    }
    assert!(builder.finish(root).unwrap_err().message().contains("when written out"));
}

#[test]
fn points_must_match_the_variables() {
    let expr = Expr::parse("alpha*beta").unwrap();
    let message = |at: &[(&str, f64)]| expr.value(at).unwrap_err().to_string();
    assert_eq!(
        message(&[]),
        "the variables `alpha` and `beta` have no values\n  hint: add `alpha=…,beta=…` to the point"
    );
    let missing = expr.value(&[("alpha", 1.0)]).unwrap_err();
    assert_eq!(missing.position(), Some(6));
    assert!(missing.shown_in("alpha*beta").to_string().contains("\n  alpha*beta\n        ^\n"));
    let constants = Expr::parse("e^(pi*x)").unwrap().value(&[("x", 1.0)]).unwrap_err();
    assert!(constants.to_string().contains("`e=2.718281828459045,pi=3.141592653589793`"));
    let many: Vec<String> = (0..100).map(|i| format!("x{i}")).collect();
    let many = Expr::parse(&many.join("+")).unwrap().value(&[]).unwrap_err();
    assert!(many.message().contains("`x7` and 92 more have no values"), "{many}");
    assert_eq!(
        message(&[("alpha", 1.0)]),
        "the variable `beta` has no value\n  hint: add `beta=…` to the point"
    );
    assert_eq!(
        message(&[("alpa", 1.0), ("beta", 2.0)]),
        "the expression has no variable `alpa`\n  hint: did you mean `alpha`?"
    );
    assert_eq!(message(&[("alpha", 1.0), ("alpha", 2.0)]), "`alpha` has two values");
}

#[test]
fn a_subexpression_stands_alone() {
    let expr = Expr::parse("x + sin(y*z)").unwrap();
    let call = expr.nodes().len() - 2;
    let id = expr.node(expr.root()).inputs().nth(1).unwrap();
    assert_eq!(id.index(), call);
    let part = expr.subexpression(id);
    assert_eq!(part.to_string(), "sin(y*z)");
    assert_eq!(part.variables().collect::<Vec<_>>(), ["y", "z"]);
}

proptest! {
    #[test]
    fn text_round_trips(recipe in recipe()) {
        let expr = build(&recipe);
        let text = expr.to_string();
        prop_assert_eq!(Expr::parse(&text).unwrap(), expr);
    }

    /// Leaving out any one pair of parentheses changes what the text means.
    #[test]
    fn no_pair_of_parentheses_is_idle(recipe in recipe()) {
        let expr = build(&recipe);
        let text = expr.to_string();
        let mut open = Vec::new();
        if text.len() > 2000 {
            return Ok(());
        }
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'(' => open.push(at),
                b')' => {
                    let start = open.pop().unwrap();
                    let mut without = text.clone();
                    without.replace_range(at..=at, "");
                    without.replace_range(start..=start, "");
                    if let Ok(other) = Expr::parse(&without) {
                        prop_assert_ne!(other, expr.clone(), "{}", text);
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn any_text_parses_or_says_where_it_does_not(text in "[-+*/^(),.0-9exyaminsqrt é$\n]{0,40}") {
        match Expr::parse(&text) {
            Ok(expr) => prop_assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr),
            Err(error) => {
                prop_assert!(error.position().is_some_and(|at| at <= text.len()));
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
