//! What a page is answered is what it was written with.

use gradtape_calculus::{Descents, Extras, Question, Run};
use gradtape_lab::{MODULE, answer};
use serde_json::Value;

fn explain(expr: &str, at: &[(&str, f64)]) -> Question {
    let at = at.iter().map(|(name, value)| (name.to_string(), *value)).collect();
    Question::Explain { expr: expr.to_string(), at, hessian: false, order: None }
}

fn descend(expr: &str) -> Question {
    let settings = "lr=0.1".parse().unwrap();
    Question::Descend(Descents {
        expr: expr.to_string(),
        from: vec![vec![("x".to_string(), 3.0)]],
        runs: vec![Run { optimizer: "sgd".to_string(), settings }],
        schedule: None,
        steps: 5,
        tolerance: 0.0,
        noise: 0.0,
        batch: 1,
        seed: 0,
        extras: Extras { clip_norm: Some(2.0), ..Extras::default() },
        range: Vec::new(),
    })
}

/// The question as a page holds it.
fn asked(question: &Question) -> String {
    let page = question.page(Some(MODULE)).unwrap();
    let text = page.split("id=\"asked\">").nth(1).unwrap().split("</script>").next().unwrap();
    text.to_string()
}

#[test]
fn a_page_is_answered_what_stands_on_it() {
    for question in [explain("(a+b)*(b+1)", &[("a", 2.0), ("b", 1.0)]), descend("x^2")] {
        let page = question.page(Some(MODULE)).unwrap();
        let parts: Value = serde_json::from_str(&answer(&asked(&question)).unwrap()).unwrap();
        for name in ["head", "data", "command"] {
            assert!(page.contains(parts[name].as_str().unwrap()), "{name}");
        }
        let pictures = ["graph", "plane", "values", "ends", "told", "details"];
        let shown = pictures.iter().filter_map(|name| parts[name].as_str());
        assert!(shown.clone().count() >= 2);
        shown.for_each(|part| assert!(page.contains(part), "{part}"));
        assert!(!page.contains("{head}") && !page.contains("{scripts}"));
    }
}

#[test]
fn what_is_written_into_a_formula_is_settled() {
    let parts: Value = serde_json::from_str(
        &answer(
            r#"{"page": "explain", "expr": "a*c", "at": [["a", 2], ["b", 5]], "hessian": false}"#,
        )
        .unwrap(),
    )
    .unwrap();
    let asked: Value = serde_json::from_str(parts["asked"].as_str().unwrap()).unwrap();
    assert_eq!(asked["at"], serde_json::json!([["a", 2.0], ["c", 1.0]]));
}

#[test]
fn what_cannot_be_answered_is_told() {
    let told = |question: &str| answer(question).unwrap_err().to_string();
    let at = r#""at": [], "hessian": false}"#;
    let text = told(&format!("{{\"page\": \"explain\", \"expr\": \"2*sine(x)\", {at}"));
    assert!(text.contains("unknown function `sine`") && text.contains("\n    ^"), "{text}");
    assert!(told("{\"page\": \"dance\"}").contains("the question is not read"));
    assert!(told("x").contains("the question is not read"));
}

#[test]
fn what_is_put_in_is_no_markup() {
    let page = explain("a</script><script>alert(1)", &[]).page(Some(MODULE));
    assert!(page.is_err(), "no expression");
    let at = [("a", 2.0)];
    let page = explain("if a < 3: a = a + 1; a", &at).page(Some(MODULE)).unwrap();
    let data = page.split("id=\"asked\">").nth(1).unwrap();
    assert!(data.starts_with("{\"page\":\"explain\",\"expr\":\"if a \\u003c 3"), "{}", &data[..90]);
}
