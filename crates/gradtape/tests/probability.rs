//! Softmax, entropies and divergences against numbers computed with 50 digits.

use gradtape::loss::{Reduction, bce_with_logits, cross_entropy, kl_div_with};
use gradtape::{Result, Tape, Var, gradient};
use serde_json::Value;

use crate::reference;
use crate::reference::{Tolerance, cases, numbers};

/// Compares a value with a list of numbers, or with one.
#[derive(Clone, Copy)]
struct Case<'a> {
    case: &'a Value,
    tolerance: Tolerance,
}

impl Case<'_> {
    fn check(&self, name: &str, got: Var<'_>) {
        self.against(name, got, &self.case[name]);
    }

    fn against(&self, name: &str, got: Var<'_>, want: &Value) {
        let want = match want {
            Value::Array(_) => numbers(want),
            one => numbers(&Value::Array(vec![one.clone()])),
        };
        let id = &self.case["id"];
        self.tolerance.check(&format!("{id} {name}"), &got.value().unwrap().to_f64_vec(), &want);
    }
}

#[test]
fn probabilities_are_those_of_the_reference() {
    let file = reference::read("probability.json");
    for case in cases(&file) {
        let tolerance = Tolerance::of(&file, case);
        let check = Case { case, tolerance };
        let tape = Tape::new();
        match case["kind"].as_str().unwrap() {
            "softmax" => softmax(&tape, &check),
            "divergence" => divergence(&tape, &check),
            "binary" => binary(&tape, &check),
            other => panic!("{other}"),
        }
    }
}

fn softmax(tape: &Tape, check: &Case<'_>) {
    let x = tape.watch(numbers(&check.case["input"]));
    let p = x.softmax(-1);
    check.check("softmax", p);
    check.check("log_softmax", x.log_softmax(-1));
    check.check("logsumexp", x.logsumexp(()));
    check.check("entropy", -(p * x.log_softmax(-1)).sum(()));
    check.check("softmax_temperature_2", (x / 2.0).softmax(-1));
    check.check("normalised", x / x.sum(()));
    let [slope] = gradient(x.logsumexp(()), [x]);
    check.against("slope of logsumexp", slope, &check.case["softmax"]);
    // The same scores 10000 higher: the naive formula has no answer, softmax the same one.
    let high = x + 10_000.0;
    // Up to the rounding of a logsumexp of that size.
    let absolute = f64::EPSILON * 10_000.0;
    let tolerance = Tolerance { absolute, ..check.tolerance };
    let same = Case { tolerance, ..*check };
    same.against("softmax of high scores", high.softmax(-1), &check.case["softmax"]);
    let naive = (high.exp() / high.exp().sum(())).value().unwrap();
    assert!(naive.to_f64_vec().iter().all(|p| p.is_nan()));
}

fn divergence(tape: &Tape, check: &Case<'_>) {
    let [p, q] = ["p", "q"].map(|name| tape.watch(numbers(&check.case[name])));
    // 0 log 0 is 0.
    let entropy = |p: Var<'_>| -(p * p.maximum(f64::MIN_POSITIVE).log()).sum(()).item().unwrap();
    check.against("entropy_p", tape.constant(entropy(p)), &check.case["entropy_p"]);
    // The softmax of logarithms of probabilities are the probabilities.
    let cross = cross_entropy(q.log(), p);
    check.check("cross_entropy_pq", cross);
    check.check("kl_pq", divergence_of(p, q));
    check.check("kl_qp", divergence_of(q, p));
    let middle = (p + q) * 0.5;
    check.check("js", (divergence_of(p, middle) + divergence_of(q, middle)) * 0.5);
    // With respect to q, the cross entropy of probabilities falls as p / q.
    let plain = -(p * q.log()).sum(());
    let [slope] = gradient(plain, [q]);
    let want = numbers(&check.case["p"]).into_iter().zip(numbers(&check.case["q"]));
    let want: Vec<f64> = want.map(|(p, q)| -p / q).collect();
    check.tolerance.check("slope", &slope.value().unwrap().to_f64_vec(), &want);
}

fn divergence_of<'t>(p: Var<'t>, q: Var<'t>) -> Var<'t> {
    kl_div_with(q.log(), p, Reduction::Sum)
}

fn binary(tape: &Tape, check: &Case<'_>) {
    let number = |name: &str| check.case[name].as_f64().unwrap();
    let (x, t) = (tape.watch([number("logit")]), tape.constant([number("target")]));
    check.check("sigmoid", x.sigmoid());
    let loss = bce_with_logits(x, t);
    check.check("bce_with_logits", loss);
    let [slope] = gradient(loss, [x]);
    check.check("d_loss_d_logit", slope);
    // A yes or no is a choice of two classes, the second with logit 0.
    let two = tape.watch([number("logit"), 0.0]);
    check.check("softmax_of_logit_and_zero", two.softmax(-1));
    let label = tape.constant(if number("target") == 1.0 { 0i64 } else { 1 });
    check.check("two_class_cross_entropy", cross_entropy(two, label));
}

#[test]
fn the_naive_formula_fails_where_the_loss_does_not() -> Result<()> {
    for (logit, target, want, slope_wanted) in
        [(40.0, 0.0, 40.0, 1.0), (-800.0, 1.0, 800.0, -1.0), (-800.0, 0.0, 0.0, 0.0)]
    {
        let tape = Tape::new();
        let (x, t) = (tape.watch([logit]), tape.constant([target]));
        let loss = bce_with_logits(x, t);
        let [slope] = gradient(loss, [x]);
        assert!((loss.item()? - want).abs() < 1e-13 && slope.item()? == slope_wanted, "{logit}");
        let s = x.sigmoid();
        let naive = -(t * s.log() + (1.0 - t) * (1.0 - s).log());
        assert!(!naive.item()?.is_finite(), "{logit}");
    }
    Ok(())
}
