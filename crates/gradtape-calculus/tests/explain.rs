//! What `explain` finds: the course's example as the design fixes it, and every reference case.

use crate::common::{cases, check, list, number, reference};
use gradtape_calculus::{
    Builder, Explanation, Expr, Function, MAX_NODES, Operator, Options, Order, explain, jacobian,
};
use serde_json::{Value, json};

fn explained(text: &str, at: &[(&str, f64)], options: Options) -> Explanation {
    explain(&Expr::parse(text).unwrap(), at, options).unwrap()
}

const BOTH: Options = Options { hessian: true, order: Order::Topological };

#[test]
fn the_courses_example_is_the_designs_json() {
    let found = explained("(a+b)*(b+1)", &[("a", 2.0), ("b", 1.0)], BOTH);
    let found = serde_json::to_value(&found).unwrap();
    let fixed = json!({
        "expression": "(a + b) * (b + 1)", "at": {"a": 2.0, "b": 1.0}, "value": 6.0,
        "gradient": {"a": 2.0, "b": 5.0},
        "symbolic": {
            "a": {"expression": "b + 1", "value": 2.0},
            "b": {"expression": "a + 2*b + 1", "value": 5.0},
        },
        "hessian": {"a": {"a": 0.0, "b": 1.0}, "b": {"a": 1.0, "b": 2.0}},
        "nodes": [
            {"id": 0, "op": "input", "name": "a", "inputs": [], "value": 2.0, "gradient": 2.0, "local": []},
            {"id": 1, "op": "input", "name": "b", "inputs": [], "value": 1.0, "gradient": 5.0, "local": []},
            {"id": 2, "op": "add", "inputs": [0, 1], "value": 3.0, "gradient": 2.0, "local": [1.0, 1.0]},
            {"id": 3, "op": "add", "inputs": [1], "value": 2.0, "gradient": 3.0, "local": [1.0]},
            {"id": 4, "op": "mul", "inputs": [2, 3], "value": 6.0, "gradient": 1.0, "local": [2.0, 3.0]},
        ],
        "forward": [
            {"node": 0, "text": "a = 2"},
            {"node": 1, "text": "b = 1"},
            {"node": 2, "text": "c = a + b = 2 + 1 = 3"},
            {"node": 3, "text": "d = b + 1 = 1 + 1 = 2"},
            {"node": 4, "text": "e = c*d = 3*2 = 6"},
        ],
        "backward": [
            {"node": 4, "text": "de/de = 1"},
            {"node": 2, "text": "de/dc = de/de * d = 1 * 2 = 2"},
            {"node": 3, "text": "de/dd = de/de * c = 1 * 3 = 3"},
            {"node": 0, "text": "de/da = de/dc * 1 = 2 * 1 = 2"},
            {"node": 1, "text": "de/db = de/dc * 1 + de/dd * 1 = 2 * 1 + 3 * 1 = 5"},
        ],
    });
    for (key, want) in fixed.as_object().unwrap() {
        assert_eq!(&found[key], want, "{key}");
    }
    for (name, want) in [("a", 2.0), ("b", 5.0)] {
        assert!((found["numeric"][name].as_f64().unwrap() - want).abs() < 1e-10);
    }
    let keys = ["expression", "at", "value", "gradient", "numeric", "symbolic", "hessian", "nodes"];
    let text = serde_json::to_string(&explained("a*b", &[("a", 2.0), ("b", 1.0)], BOTH)).unwrap();
    let places: Vec<usize> =
        keys.iter().map(|key| text.find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(!text.contains("\"notes\""));
}

#[test]
fn every_reference_case_is_explained() {
    let reference = reference();
    for case in cases(&reference) {
        let found = explain(&case.expr, &case.point, BOTH).unwrap();
        check(case.id, &[found.value.0], &[number(&case.json["value"])], case.rtol);
        let want: Vec<f64> =
            found.gradient.0.iter().map(|(name, _)| number(&case.json["gradient"][name])).collect();
        let got: Vec<f64> = found.gradient.values().map(|value| value.0).collect();
        check(case.id, &got, &want, case.rtol);
        // The walk can be redone by hand from the local derivatives.
        for node in &found.nodes {
            let mut sum = if node.id == found.backward[0].node { 1.0 } else { 0.0 };
            for user in &found.nodes {
                for (input, local) in user.inputs.iter().zip(&user.local) {
                    if *input == node.id {
                        sum += user.gradient.0 * local.0;
                    }
                }
            }
            let near = (sum - node.gradient.0).abs() <= 1e-9 * (1.0 + sum.abs());
            assert!(near || sum.is_nan(), "{}: node {}: {sum}", case.id, node.id);
        }
        let hessian = &case.json["hessian"];
        for (row, name) in list(&hessian["rows"]).iter().zip(list(&hessian["names"])) {
            let got = found.hessian.as_ref().unwrap().get(name.as_str().unwrap()).unwrap();
            let names = list(&hessian["names"]);
            let got: Vec<f64> =
                names.iter().map(|name| got.get(name.as_str().unwrap()).unwrap().0).collect();
            let all: f64 = list(&hessian["rows"])
                .iter()
                .flat_map(list)
                .fold(0.0, |most: f64, x| most.max(number(x).abs()));
            for (got, want) in got.iter().zip(list(row)) {
                let rtol = case.json["hessian_rtol"].as_f64().unwrap_or(1e-10);
                assert!((got - number(want)).abs() <= rtol * all, "{}", case.id);
            }
        }
        assert!(!found.to_string().is_empty());
        assert!(serde_json::from_str::<Value>(&serde_json::to_string(&found).unwrap()).is_ok());
    }
}

#[test]
fn the_three_ways_agree() {
    let reference = reference();
    for case in cases(&reference) {
        let extreme = case.point.iter().any(|(_, v)| v.abs() > 100.0);
        let kink = list(&case.json["tags"]).iter().any(|tag| tag == "kink");
        if extreme || kink || case.rtol > 1e-12 {
            continue;
        }
        let found = explain(&case.expr, &case.point, Options::default()).unwrap();
        let automatic: Vec<f64> = found.gradient.values().map(|v| v.0).collect();
        let numeric: Vec<f64> = found.numeric.values().map(|v| v.0).collect();
        // Differences of a constant are rounding, not zero.
        let size = automatic.iter().fold(found.value.0.abs(), |most, x| most.max(x.abs()));
        for (numeric, automatic) in numeric.iter().zip(&automatic) {
            let near = (numeric - automatic).abs() <= 1e-7 * size;
            assert!(near, "{}: numeric {numeric}, automatic {automatic}", case.id);
        }
        let found = serde_json::to_value(&found).unwrap();
        let symbolic: Vec<f64> =
            found["symbolic"].as_object().unwrap().values().map(|s| number(&s["value"])).collect();
        let sorted: Vec<f64> =
            found["gradient"].as_object().unwrap().values().map(number).collect();
        check(&format!("{}: symbolic", case.id), &symbolic, &sorted, 1e-9);
    }
}

#[test]
fn breadth_first_is_called_wrong_where_it_is() {
    let options = Options { order: Order::BreadthFirst, ..Options::default() };
    // b is reached from the product before sin(b) has been walked.
    let found = explained("b*sin(b)", &[("b", 1.0)], options);
    assert_eq!(found.backward.iter().map(|line| line.node).collect::<Vec<_>>(), [2, 0, 1, 0]);
    let want = "breadth first takes b before a, which still adds to dc/db at this fork: by then it is \
                0.841471 instead of 1.38177";
    assert_eq!(found.notes[0], want);
    assert!(found.notes[1].starts_with("only inputs come too early here"));
    let found = explained("(a+b)*(b+1)", &[("a", 2.0), ("b", 1.0)], options);
    assert!(found.notes[0].starts_with("breadth first is right here"), "{:?}", found.notes);
    assert_eq!(found.notes.len(), 1);
}

#[test]
fn breadth_first_tells_the_gradient_that_it_would_give() {
    // y*sin(y) for y = x^2.
    let mut builder = Builder::new();
    let x = builder.variable("x");
    let two = builder.number(2.0);
    let y = builder.binary(Operator::Pow, x, two);
    let sine = builder.call(Function::Sin, y);
    let root = builder.binary(Operator::Mul, y, sine);
    let expr = builder.finish(root).unwrap();
    let options = Options { order: Order::BreadthFirst, ..Options::default() };
    let found = explain(&expr, &[("x", 1.0)], options).unwrap();
    assert_eq!(found.gradient.get("x").unwrap().0, 2.0 * (1f64.sin() + 1f64.cos()));
    let want = [
        "breadth first takes a before b, which still adds to dc/da at this fork: by then it \
         is 0.841471 instead of 1.38177",
        "breadth first goes wrong: dc/dx = 1.68294 instead of 2.76355; the topological order takes a \
         node after all that use it, and its sums are right",
    ];
    assert_eq!(found.notes, want);
}

#[test]
fn kinks_and_places_outside_the_domain_are_noted() {
    let cases = [
        ("relu(x)", 0.0, "a = relu(x): relu has a kink at 0; its derivative there is taken as 0"),
        ("log(x-1)", 0.0, "b = log(a): log(-1) is nan; log is defined above 0 only"),
        ("1/x", 0.0, "a = 1/x: 1/0 is inf; division by zero"),
        ("exp(x)", 1000.0, "a = exp(x): exp(1000) is inf; it overflows"),
        ("sqrt(x)", -2.0, "a = sqrt(x): sqrt(-2) is nan; sqrt is defined from 0 on"),
        ("x^0.5", -2.0, "a = x^0.5: (-2)^0.5 is nan; a negative number has only whole powers"),
        (
            "max(x, 1)",
            1.0,
            "a = max(x, 1): max has a kink at a tie; each argument gets half of the derivative",
        ),
        ("log1p(x)", -1.0, "a = log1p(x): log1p(-1) is -inf; log1p falls without bound towards -1"),
        ("(-10)^x", 1001.0, "a = (-10)^x: (-10)^1001 is -inf; it overflows"),
        ("x^0.5", 0.0, "a = x^0.5: a power below 1 is infinitely steep at 0"),
        (
            "x^x",
            0.0,
            "a = x^x: at bases not above 0 its derivative in the exponent, which log would give, is taken \
             as 0",
        ),
    ];
    for (text, x, want) in cases {
        let found = explained(text, &[("x", x)], Options::default());
        assert_eq!(found.notes[0], want, "{text}");
    }
    // What does not vary has no slope to speak of.
    for text in ["abs(0)*x", "max(2, 2) + x", "x*sqrt(0)", "x*0^0.5"] {
        let found = explained(text, &[("x", 1.0)], Options::default());
        assert_eq!(found.notes, [""; 0], "{text}");
    }
    let json =
        serde_json::to_value(explained("log(x)", &[("x", -1.0)], Options::default())).unwrap();
    assert_eq!(json["value"], "nan");
}

#[test]
fn the_node_that_made_nan_is_named_also_when_it_came_from_infinities() {
    let last = |text: &str, x: f64| {
        let found = explained(text, &[("x", x)], Options::default());
        (found.notes.clone(), found.to_string())
    };
    let (notes, text) = last("exp(x) - exp(x)", 1000.0);
    assert_eq!(notes[2], "c = a - b: inf - inf is nan; infinities do not cancel");
    assert!(!text.contains("NaN"), "{text}");
    let (notes, _) = last("(x - 1) * (1/(x - 1))", 1.0);
    assert_eq!(notes[1], "e = a*c: 0*inf is nan; zero times infinity has no value");
    let (notes, _) = last("log(x)", -1.0);
    let want = "a is nan: there is no derivative here, and the numbers of the backward walk only follow \
                its formulas";
    assert_eq!(notes[1], want);
    // The value is a number, the derivative is not.
    let (notes, _) = last("sqrt(x^2)", 0.0);
    assert_eq!(notes[1], "db/dx is nan: the chain rule has no answer for inf * 0");
    assert_eq!(last("sin(x)", 1.0).0.len(), 0);
    // A whole power of a negative number is nothing special.
    assert_eq!(last("x^(6-2)", -1.0).0.len(), 0);
}

#[test]
fn differences_that_mislead_are_noted() {
    let found = explained("relu(x)", &[("x", 0.0)], Options::default());
    let want = "numeric: differences give 0.5 for d/dx, the chain rule 0: their steps reach over a kink, \
                a jump or a pole, or rounding hides the change";
    assert_eq!(found.notes[1], want);
    let found = explained("x^1.5", &[("x", 0.0)], Options::default());
    let want = "numeric: differences give nan for d/dx, the chain rule 0: their steps reach values that are \
                nan or infinite";
    assert_eq!(found.notes, [want]);
    let reference = reference();
    let smooth = cases(&reference).filter(|case| {
        !list(&case.json["tags"]).iter().any(|tag| tag == "kink") && case.rtol <= 1e-12
    });
    for case in smooth {
        let found = explain(&case.expr, &case.point, Options::default()).unwrap();
        let noted = found.notes.iter().any(|note| note.starts_with("numeric: differences"));
        let extreme = case.point.iter().any(|(_, v)| v.abs() > 100.0);
        assert!(!noted || extreme, "{}: {:?}", case.id, found.notes);
    }
}

#[test]
fn second_derivatives_that_do_not_exist_are_noted() {
    let options = Options { hessian: true, ..Options::default() };
    let notes = |text: &str, at: &[(&str, f64)]| {
        let notes = explained(text, at, options).notes;
        notes.into_iter().filter(|note| note.starts_with("Hessian")).collect::<Vec<_>>()
    };
    let turned = "Hessian: -2 for x and y, 0 for y and x: there is no second derivative, and conventions \
                  stand in for it";
    assert_eq!(notes("x^y", &[("x", -2.0), ("y", 2.0)]), [turned]);
    let none = "Hessian: nan for x and x: the chain rule has no answer";
    assert_eq!(notes("(-(x*0))^1.5", &[("x", 1.0)]), [none]);
    // Where there is no first derivative, that is noted.
    assert_eq!(notes("sqrt(x^2)", &[("x", 0.0)]), [""; 0]);
    assert_eq!(notes("log(x)", &[("x", -1.0)]), [""; 0]);
    assert_eq!(notes("x^1.5 + x*y^3", &[("x", 0.0), ("y", 2.0)]), [""; 0]);
}

#[test]
fn formulas_that_mislead_are_noted() {
    let found = explained("x^y", &[("x", 0.0), ("y", 2.0)], Options::default());
    let note = "symbolic: the formula gives nan for d/dy, the chain rule 0: a part of it has no value here";
    assert!(found.notes.iter().any(|line| line.starts_with(note)), "{:?}", found.notes);
    let found = explained("(1e8*x + 1)^2 - (1e8*x)^2", &[("x", 1.7e8)], Options::default());
    let note = "the formula gives 200000000 for d/dx, the chain rule 0: large terms cancel";
    assert!(found.notes.iter().any(|line| line.contains(note)), "{:?}", found.notes);
    for (text, at) in [("x^y", 2.0), ("log(x)", -1.0), ("sqrt(x)", 0.0), ("abs(x)", 0.0)] {
        let at = [("x", at), ("y", 2.0)];
        let count = Expr::parse(text).unwrap().variables().count();
        let found = explained(text, &at[..count], Options::default());
        assert!(!found.notes.iter().any(|note| note.contains("symbolic")), "{:?}", found.notes);
    }
}

#[test]
fn many_variables_are_bounded() {
    let names: Vec<String> = (0..3000).map(|i| format!("x{i}")).collect();
    let at: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 1.0)).collect();
    let product = Expr::parse(&names.join("*")).unwrap();
    let text = explain(&product, &at, Options::default()).unwrap().to_string();
    assert!(text.contains("(the derivatives have more than 1048576 letters together)"));
    assert!(text.len() < 8 << 20, "{}", text.len());
    let error = explain(&product, &at, BOTH).err().unwrap();
    assert!(error.message().contains("worked out for at most 200"), "{error}");
}

#[test]
fn numbers_belong_to_the_operation_that_uses_them() {
    let found = explained("2*x^3 + x*(6-2) + -1", &[("x", 2.0)], Options::default());
    let formulas: Vec<&str> = found.nodes.iter().map(|node| node.formula.as_str()).collect();
    assert_eq!(formulas, ["", "x^3", "2*a", "6 - 2", "x*c", "b + d", "e + (-1)"]);
    assert_eq!(found.backward.len(), 6, "the constant 6 - 2 is not walked");
    let text: Vec<&str> = found.backward.iter().map(|line| line.text.as_str()).collect();
    assert!(text.contains(&"df/da = df/db * 2 = 1 * 2 = 2"), "{text:?}");
    assert!(text.contains(&"df/dx = df/da * 3*x^2 + df/dd * c = 2 * 12 + 1 * 4 = 28"), "{text:?}");
    let found = explained("24", &[], Options::default());
    assert_eq!((found.nodes.len(), found.nodes[0].op, found.value.0), (1, "constant", 24.0));
    assert_eq!(explained("-24", &[], Options::default()).value.0, -24.0);
    let found = explained("x", &[("x", 3.0)], Options::default());
    assert_eq!(
        (found.backward[0].text.as_str(), found.gradient.values().next().unwrap().0),
        ("dx/dx = 1", 1.0)
    );
}

#[test]
fn a_minus_after_an_operator_stands_in_parentheses() {
    let lines = |text: &str, x: f64| -> Vec<String> {
        let found = explained(text, &[("x", x)], Options::default());
        found.forward.into_iter().map(|line| line.text).skip(1).collect()
    };
    let cases = [
        ("-x", -800.0, "a = -x = -(-800) = 800"),
        ("-x", 0.0, "a = -x = 0"),
        ("x*x", -2.0, "a = x*x = -2 * (-2) = 4"),
        ("1/x", -4.0, "a = 1/x = 1 / (-4) = -0.25"),
        ("x - -3", 1.0, "a = x - (-3) = 1 - (-3) = 4"),
        ("2^x", -1.0, "a = 2^x = 2^(-1) = 0.5"),
        ("x^2", -1.0, "a = x^2 = (-1)^2 = 1"),
        ("x + 1", -1.0, "a = x + 1 = -1 + 1 = 0"),
        ("max(x, -2)", -1.0, "a = max(x, -2) = max(-1, -2) = -1"),
    ];
    for (text, x, want) in cases {
        assert_eq!(lines(text, x), [want], "{text}");
    }
    let want = ["a = log(x) = log(0) = -inf", "b = 0 - a = 0 - (-inf) = inf"];
    assert_eq!(lines("0 - log(x)", 0.0), want);
}

#[test]
fn one_node_used_twice_has_two_local_derivatives() {
    let found = explained("x*x", &[("x", 3.0)], Options::default());
    assert_eq!(found.nodes[1].inputs, [0, 0]);
    assert_eq!(found.backward[1].text, "da/dx = da/da * x + da/da * x = 1 * 3 + 1 * 3 = 6");
}

#[test]
fn text_shows_the_tree_the_walks_and_the_three_ways() {
    let text = explained("(a+b)*(b+1)", &[("a", 2.0), ("b", 1.0)], BOTH).to_string();
    let want = "\
(a + b) * (b + 1)   at a = 2, b = 1

Graph
  e = c*d   value 6, gradient 1
  ├─ c = a + b   value 3, gradient 2
  │  ├─ a   value 2, gradient 2
  │  └─ b   value 1, gradient 5
  └─ d = b + 1   value 2, gradient 3
     └─ b   value 1, gradient 5

Forward
  a = 2
  b = 1
  c = a + b = 2 + 1 = 3
  d = b + 1 = 1 + 1 = 2
  e = c*d = 3*2 = 6

Backward
  de/de = 1
  de/dc = de/de * d = 1 * 2 = 2
  de/dd = de/de * c = 1 * 3 = 3
  de/da = de/dc * 1 = 2 * 1 = 2
  de/db = de/dc * 1 + de/dd * 1 = 2 * 1 + 3 * 1 = 5   ⊕ fork: gradients add

Derivatives
        automatic  numeric  symbolic
  d/da          2        2         2  = b + 1
  d/db          5        5         5  = a + 2*b + 1
  symbolic handles static expressions only; automatic, on the tape, loops and branches too

Hessian
     a  b
  a  0  1
  b  1  2
";
    assert_eq!(text, want);
}

#[test]
fn dot_has_a_node_for_each_and_local_derivatives_on_edges() {
    let dot = explained("(a+b)*(b+1)", &[("a", 2.0), ("b", 1.0)], BOTH).dot();
    assert!(dot.starts_with("digraph"));
    assert!(dot.contains(r#"n4 [label="e = c*d\nvalue 6\ngradient 1"];"#), "{dot}");
    assert!(dot.contains(r#"n3 -> n4 [label="3"];"#), "{dot}");
    assert_eq!(dot.matches("->").count(), 5);
}

#[test]
fn ten_thousand_nodes_are_explained_and_more_are_refused() {
    let terms: String = (0..2500).map(|i| format!("+sin(x*{i})*y")).collect();
    let found = explained(&terms[1..], &[("x", 0.5), ("y", 2.0)], Options::default());
    assert!(found.nodes.len() > 9_000);
    let want: f64 = (0..2500).map(|i| f64::from(i) * (0.5 * f64::from(i)).cos() * 2.0).sum();
    let got = found.gradient.get("x").unwrap().0;
    assert!((got - want).abs() < 1e-9 * 2500.0 * 2500.0, "{got} {want}");

    let long = vec!["x"; MAX_NODES + 1].join("+");
    let error = explain(&Expr::parse(&long).unwrap(), &[("x", 1.0)], BOTH).err().unwrap();
    assert!(error.message().contains("at most 20000 are explained"), "{error}");
}

#[test]
fn markdown_has_the_walk_and_latex() {
    let text = explained("(a+b)*(b+1)", &[("a", 2.0), ("b", 1.0)], BOTH).markdown();
    for line in [
        r"# $\left(a + b\right) \left(b + 1\right)$",
        r"At $a = 2,\ b = 1$ the value is $6$.",
        "| `e` | `c*d` | 6 | 1 |",
        r"2. $\frac{\partial e}{\partial c} = \frac{\partial e}{\partial e} \cdot d = 1 \cdot 2 = 2$",
        r"| $\partial / \partial b$ | 5 | 5 | $a + 2 b + 1 = 5$ |",
        r"0 & 1 \\",
        "Symbolic handles static expressions only; automatic, on the tape, loops and branches too.",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
    }
}

#[test]
fn a_jacobian_notes_what_is_special() {
    let exprs = ["2*log(x)", "y*1/x", "x + y"].map(|text| Expr::parse(text).unwrap());
    let found = jacobian(&exprs, &[("x", 0.0), ("y", 2.0)]).unwrap();
    let want = [
        "in 2*log(x), a = log(x): log(0) is -inf; log falls without bound towards 0",
        "in y*1/x, b = a/x: 2/0 is inf; division by zero",
    ];
    assert_eq!(found.notes, want);
    assert!(found.to_string().ends_with(&format!("Notes\n  {}\n  {}\n", want[0], want[1])));
    assert!(found.markdown().ends_with(&format!("## Notes\n\n- {}\n- {}\n", want[0], want[1])));
    assert!(jacobian(&exprs, &[("x", 1.0), ("y", 2.0)]).unwrap().notes.is_empty());
}

#[test]
fn a_jacobian_as_markdown_has_its_matrix() {
    let exprs = ["x^2*y", "sin(x)"].map(|text| Expr::parse(text).unwrap());
    let text = jacobian(&exprs, &[("x", 0.0), ("y", 2.0)]).unwrap().markdown();
    for line in [r"x^{2} y \\", r"At $x = 0,\ y = 2$:", r"0 & 0 \\", "1 & 0"] {
        assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
    }
}
