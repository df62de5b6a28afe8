//! Values, gradients and Hessians from the tape against the reference.

use crate::common::{cases, check, list, number, reference};
use gradtape::{Tape, Tensor, gradients};

#[test]
fn the_tape_agrees_with_the_reference() {
    let reference = reference();
    for case in cases(&reference) {
        let tape = Tape::new();
        let names: Vec<&str> = case.expr.variables().collect();
        let point = case.expr.point(&case.point).unwrap();
        let inputs: Vec<_> = point.iter().map(|&v| tape.watch(Tensor::scalar(v))).collect();
        let out = case.expr.record(&tape, &inputs);
        check(case.id, &[out.item().unwrap()], &[number(&case.json["value"])], case.rtol);

        let first = gradients(out, &inputs);
        let got: Vec<f64> = first.iter().map(|g| g.item().unwrap()).collect();
        let want: Vec<f64> =
            names.iter().map(|name| number(&case.json["gradient"][name])).collect();
        check(&format!("{}: gradient", case.id), &got, &want, case.rtol);

        let Some(order) = case.json["hessian"]["names"].as_array() else { continue };
        let place = |name: &serde_json::Value| names.iter().position(|n| Some(*n) == name.as_str());
        let order: Vec<usize> = order.iter().map(|name| place(name).unwrap()).collect();
        let rows = list(&case.json["hessian"]["rows"]);
        let want: Vec<f64> = rows.iter().flat_map(list).map(number).collect();
        let mut got = Vec::new();
        for &i in &order {
            let second = gradients(first[i], &inputs);
            got.extend(order.iter().map(|&j| second[j].item().unwrap()));
        }
        let rtol = case.json["hessian_rtol"].as_f64().unwrap_or(1e-10);
        check(&format!("{}: hessian", case.id), &got, &want, rtol);
    }
}
