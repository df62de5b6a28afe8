//! Backpropagation through networks against the reference, and what it says about shapes.

use crate::common::{check, list};
use crate::xml::assert_xml;
use gradtape_calculus::{
    Activation, Array, Backpropagation, MAX_PARAMETERS, Network, NetworkLoss, Reduction,
    backpropagation,
};
use serde_json::Value;

fn floats(value: &Value) -> Vec<f64> {
    list(value).iter().map(|number| number.as_f64().unwrap()).collect()
}

fn array(value: &Value) -> Array {
    let shape: Vec<usize> = floats(&value["shape"]).iter().map(|&n| n as usize).collect();
    Array::new(&shape, floats(&value["data"])).unwrap()
}

/// Rows for columns: the reference keeps a row for each output.
fn turned(array: &Array) -> Array {
    let (rows, columns) = (array.shape()[0], array.shape()[1]);
    let at = |i: usize| array.data()[i % rows * columns + i / rows];
    Array::new(&[columns, rows], (0..rows * columns).map(at).collect()).unwrap()
}

fn explained(case: &Value) -> Backpropagation {
    let sizes: Vec<usize> = floats(&case["sizes"]).iter().map(|&n| n as usize).collect();
    let activation = |name: &Value| {
        let known = Activation::ALL.into_iter().find(|known| Some(known.name()) == name.as_str());
        known.unwrap()
    };
    let activations: Vec<Activation> = list(&case["activations"]).iter().map(activation).collect();
    let loss = match case["loss"].as_str().unwrap() {
        "mse" => NetworkLoss::Mse,
        "cross_entropy" => NetworkLoss::CrossEntropy,
        "bce_with_logits" => NetworkLoss::Bce,
        other => panic!("{other}"),
    };
    let mut network = Network::seeded(&sizes, &activations, loss, 0).unwrap();
    for layer in 1..sizes.len() {
        let weight = turned(&array(&case["params"][format!("w{layer}")]));
        network.set(&format!("W{layer}"), weight).unwrap();
        network.set(&format!("b{layer}"), array(&case["params"][format!("b{layer}")])).unwrap();
    }
    let x = array(&case["inputs"]);
    let target = floats(&case["targets"]["data"]);
    backpropagation(&network, &x, &network.targets(&target, x.shape()[0]).unwrap()).unwrap()
}

#[test]
fn networks_are_those_of_the_reference() {
    let reference: Value =
        serde_json::from_str(include_str!("../../gradtape/tests/data/networks.json")).unwrap();
    let cases = list(&reference["cases"]);
    assert!(cases.len() >= 5);
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let found = explained(case);
        check(id, found.prediction.data(), &floats(&case["outputs"]["data"]), 1e-10);
        check(id, &[found.value.0], &[case["loss_value"].as_f64().unwrap()], 1e-10);
        for (name, want) in case["grads"].as_object().unwrap() {
            let want = array(want);
            let (name, want) = match name.strip_prefix('w') {
                Some(layer) => (format!("W{layer}"), turned(&want)),
                None => (name.clone(), want),
            };
            let got = found.gradient.get(&name).unwrap();
            assert_eq!(got.shape(), want.shape(), "{id}, {name}");
            check(&format!("{id}, {name}"), got.data(), want.data(), 1e-10);
        }
        // The other way of differentiating, with no tape in it.
        assert!(found.largest_difference.0 < 1e-9, "{id}: {:?}", found.largest_difference);
        jacobians_contract(id, &found);
    }
}

/// Every gradient is the gradient of what came before it times the Jacobian of the step: the formula in
/// matrices is one of summing over the Jacobian's first axes.
#[track_caller]
fn jacobians_contract(id: &str, found: &Backpropagation) {
    let mut contracted = 0;
    for step in &found.backward[1..] {
        let Some(data) = &step.jacobian.data else { continue };
        let of = step.jacobian.name.split('/').next().unwrap();
        let by_name = |name: &str| found.backward.iter().find(|step| step.name == name).unwrap();
        let before = &by_name(&format!("dL/{of}")).value;
        let shape = [before.shape(), step.value.shape()].concat();
        assert_eq!(step.jacobian.shape, shape, "{id}, {}", step.jacobian.name);
        let columns = step.value.data().len();
        let mut sums = vec![0.0; columns];
        for (row, slope) in data.chunks(columns).zip(before.data()) {
            row.iter().zip(&mut sums).for_each(|(entry, sum)| *sum += slope * entry.0);
        }
        check(&format!("{id}, {}", step.name), step.value.data(), &sums, 1e-12);
        contracted += 1;
    }
    assert!(contracted >= 3, "{id}");
}

fn course() -> Backpropagation {
    let activations = [Activation::Relu, Activation::None];
    let mut network =
        Network::seeded(&[4, 2, 1], &activations, NetworkLoss::SquaredError, 0).unwrap();
    for (name, shape, data) in [
        ("W1", &[4, 2][..], vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]),
        ("b1", &[2], vec![0.0, -1.0]),
        ("W2", &[2, 1], vec![1.5, 0.5]),
        ("b2", &[1], vec![1.5]),
    ] {
        network.set(name, Array::new(shape, data).unwrap()).unwrap();
    }
    let x = Array::new(&[1, 4], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    backpropagation(&network, &x, &network.targets(&[7.0], 1).unwrap()).unwrap()
}

#[test]
fn the_course_step_by_step() {
    let found = course();
    assert_eq!(found.loss_formula.text, "L = (z2 - t)²");
    assert_eq!(found.loss_numbers, "L = (10 - 7)^2 = 9");
    let steps: Vec<[&str; 3]> = found
        .backward
        .iter()
        .map(|step| [step.matrices.text.as_str(), &step.shapes, &step.numbers])
        .collect();
    let want = [
        ["δ2 = dL/dz2 = 2 (z2 - t)", "(1, 1)", "dL/dz2[1] = 2 * (10 - 7) = 6"],
        ["dL/dW2 = h1ᵀ · δ2", "(2, 1) = (2, 1) · (1, 1)", "dL/dW2[1,1] = 6 * 4 = 24"],
        ["dL/db2 = δ2", "(1) = the one row of (1, 1)", "dL/db2[1] = 6 * 1 = 6"],
        ["dL/dh1 = δ2 · W2ᵀ", "(1, 2) = (1, 1) · (1, 2)", "dL/dh1[1] = 6 * 1.5 = 9"],
        ["δ1 = dL/dz1 = dL/dh1 ⊙ [z1 > 0]", "(1, 2) = (1, 2) ⊙ (1, 2)", "dL/dz1[1] = 9 * 1 = 9"],
        ["dL/dW1 = xᵀ · δ1", "(4, 2) = (4, 1) · (1, 2)", "dL/dW1[1,1] = 9 * 1 = 9"],
        ["dL/db1 = δ1", "(2) = the one row of (1, 2)", "dL/db1[1] = 9 * 1 = 9"],
        ["dL/dx = δ1 · W1ᵀ", "(1, 4) = (1, 2) · (2, 4)", "dL/dx[1] = 9 * 1 + 3 * 0 = 9"],
    ];
    assert_eq!(steps, want);
    let text = found.to_string();
    assert!(text.contains("dz2/dW2 (1, 1, 2, 1)"), "{text}");
    assert!(text.contains("dL/dW2[j,k] = dL/dz2[k] · dz2[k]/dW2[j,k] = δ2[k] · h1[j]"), "{text}");
    let markdown = found.markdown();
    let product = r"\frac{\partial L}{\partial W_{2}} = h_{1}^{\top} \, \delta_{2}";
    assert!(markdown.contains(product), "{markdown}");
    assert!(markdown.contains(r"\begin{pmatrix} 24 \\ 30 \end{pmatrix}"), "{markdown}");
}

/// The gradient of a batch is the mean of the gradients of its examples, or their sum.
#[test]
fn a_batch_averages_or_adds_up_its_examples() {
    let activations = [Activation::Tanh, Activation::Sigmoid];
    for (loss, activations) in [
        (NetworkLoss::SquaredError, activations),
        (NetworkLoss::Mse, activations),
        (NetworkLoss::CrossEntropy, [Activation::Relu, Activation::None]),
        (NetworkLoss::Bce, [Activation::Sigmoid, Activation::None]),
    ] {
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let mut network = Network::seeded(&[3, 4, 2], &activations, loss, 5).unwrap();
            network.reduction = reduction;
            let (x, target) = network.examples(3, 5).unwrap();
            let whole = backpropagation(&network, &x, &target).unwrap();
            assert!(whole.largest_difference.0 < 1e-9, "{loss:?} {:?}", whole.largest_difference);
            let row = |array: &Array, row: usize| {
                let width = array.shape()[1];
                Array::new(&[1, width], array.data()[row * width..][..width].to_vec()).unwrap()
            };
            let share = if reduction == Reduction::Mean { 1.0 / 3.0 } else { 1.0 };
            for (name, gradient) in whole.gradient.0.iter().filter(|(name, _)| name != "x") {
                let mut sums = vec![0.0; gradient.data().len()];
                for example in 0..3 {
                    let one = backpropagation(&network, &row(&x, example), &row(&target, example))
                        .unwrap();
                    let part = one.gradient.get(name).unwrap();
                    assert_eq!(part.shape(), gradient.shape());
                    part.data().iter().zip(&mut sums).for_each(|(p, sum)| *sum += share * p);
                }
                check(&format!("{loss:?} {name}"), gradient.data(), &sums, 1e-12);
            }
            jacobians_contract(loss.name(), &whole);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let network = |sizes: &[usize], loss| {
        let mut activations = vec![Activation::Relu; sizes.len().saturating_sub(2)];
        activations.push(Activation::None);
        Network::seeded(sizes, &activations, loss, 0)
    };
    let message = |sizes: &[usize], loss| network(sizes, loss).err().unwrap().to_string();
    let plain = NetworkLoss::SquaredError;
    assert!(message(&[4], plain).contains("at least two sizes"));
    assert!(message(&[4, 0, 1], plain).contains("size 2 of the network is 0"));
    assert!(message(&[usize::MAX, usize::MAX, 9], plain).contains(&MAX_PARAMETERS.to_string()));
    assert!(message(&[1; 100], plain).contains("99 layers"));
    assert!(message(&[2, 1], NetworkLoss::CrossEntropy).contains("there is one output"));
    let mut small = network(&[3, 2], plain).unwrap();
    let one = |shape: &[usize]| Array::new(shape, vec![1.0; shape.iter().product()]).unwrap();
    let error = small.set("W1", one(&[2, 3])).unwrap_err().to_string();
    assert!(error.contains("(2, 3), but needs (3, 2)") && error.contains("transpose"), "{error}");
    assert!(small.set("w1", one(&[3, 2])).unwrap_err().to_string().contains("`W1`?"));
    assert!(small.targets(&[1.0], 1).unwrap_err().to_string().contains("need 2"));
    assert!(small.examples(65, 0).is_err() && small.examples(0, 0).is_err());
    let error = backpropagation(&small, &one(&[1, 2]), &one(&[1, 2])).err().unwrap();
    assert!(error.message().contains("x has shape (1, 2), but needs (1, 3)"), "{error}");
    let classes = network(&[2, 3], NetworkLoss::CrossEntropy).unwrap();
    assert!(classes.targets(&[3.0], 1).unwrap_err().to_string().contains("from 0 to 2"));
    assert!(classes.targets(&[0.5, 0.2, 0.2], 1).unwrap_err().to_string().contains("add up to 1"));
    assert!(Array::new(&[2, 2], vec![1.0]).is_err());
}

#[test]
fn kinks_dead_units_and_overflow_are_noted() {
    let activations = [Activation::Relu, Activation::None];
    let mut network = Network::seeded(&[1, 1, 1], &activations, NetworkLoss::Mse, 0).unwrap();
    let number = |shape: &[usize], value| Array::new(shape, vec![value]).unwrap();
    network.set("W1", number(&[1, 1], 1.0)).unwrap();
    network.set("b1", number(&[1], -2.0)).unwrap();
    let notes = |network: &Network, x| {
        let found = backpropagation(network, &number(&[1, 1], x), &number(&[1, 1], 1.0)).unwrap();
        found.notes.join("\n")
    };
    assert!(notes(&network, 2.0).contains("z1[1,1] is 0, where relu has a kink"));
    assert!(notes(&network, 1.0).contains("unit 1 of layer 1 is 0 for every example"));
    assert_eq!(notes(&network, 3.0), "");
    network.set("W1", number(&[1, 1], 1e308)).unwrap();
    assert!(notes(&network, 1e10).contains("z1[1,1] is inf: it overflows"));
}

#[test]
fn the_same_seed_gives_the_same_network() {
    let make = |seed| {
        let activations = [Activation::Relu, Activation::None];
        Network::seeded(&[4, 3, 2], &activations, NetworkLoss::Mse, seed).unwrap()
    };
    assert_eq!(make(3), make(3));
    assert_ne!(make(3), make(4));
}

#[test]
fn a_network_is_drawn_with_its_gradients_and_paths() {
    let activations = [Activation::Relu, Activation::None];
    let mut network =
        Network::seeded(&[4, 2, 1], &activations, NetworkLoss::SquaredError, 0).unwrap();
    let set = |network: &mut Network, name, shape: &[usize], data: &[f64]| {
        network.set(name, Array::new(shape, data.to_vec()).unwrap()).unwrap();
    };
    set(&mut network, "W1", &[4, 2], &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
    set(&mut network, "b1", &[2], &[0.0, -1.0]);
    set(&mut network, "W2", &[2, 1], &[1.5, 0.5]);
    set(&mut network, "b2", &[1], &[1.5]);
    let x = Array::new(&[1, 4], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    let found = backpropagation(&network, &x, &network.targets(&[7.0], 1).unwrap()).unwrap();
    let svg = found.svg().unwrap();
    assert_xml(&svg);
    let path = "dL/dW1[1,1] = dL/dz2[1] · dz2[1]/dh1[1] · dh1[1]/dz1[1] · dz1[1]/dW1[1,1] = 6 · 1.5 · 1 · 1 = 9";
    assert!(svg.contains(path), "{svg}");
    let page = found.html().unwrap();
    assert!(
        page.contains("dL/dh1[1] = dL/dz2[1] · W2[1,1] = 6 · 1.5 = 9;  dL/dz1[1] = 9 · 1 = 9"),
        "{page}"
    );
    assert!(page.contains("max=\"7\""), "inputs, two layers and the loss forward, three backward");
    // Every number of the walks stands in the picture.
    let all = found.gradient.values().chain(found.weights.values());
    for value in all.flat_map(|array| array.data()) {
        assert!(svg.contains(&format!(">{value}<")), "{value}");
    }
}

/// Products along all paths add up to the gradient that the tape gives.
#[test]
fn paths_add_up() {
    let (tanh, sigmoid, none) = (Activation::Tanh, Activation::Sigmoid, Activation::None);
    for (sizes, activations, loss, target, first) in [
        (
            &[2, 2, 2, 1][..],
            &[tanh, sigmoid, none][..],
            NetworkLoss::SquaredError,
            0.3,
            "dL/dz3[1]",
        ),
        (&[2, 2, 1], &[tanh, sigmoid], NetworkLoss::Mse, 0.3, "dL/dh2[1] · dh2[1]/dz2[1]"),
        (&[2, 2, 2], &[tanh, none], NetworkLoss::CrossEntropy, 1.0, "dL/dp[2] · dp[2]/dz2[1]"),
        (&[2, 2, 1], &[tanh, none], NetworkLoss::Bce, 1.0, "dL/dp[1] · dp[1]/dz2[1]"),
    ] {
        let network = Network::seeded(sizes, activations, loss, 3).unwrap();
        let x = Array::new(&[1, 2], vec![0.5, -1.0]).unwrap();
        let target = network.targets(&[target], 1).unwrap();
        let svg = backpropagation(&network, &x, &target).unwrap().svg().unwrap();
        assert!(svg.contains(&format!("dL/dW1[1,1] = {first} · ")), "{first}: {svg}");
        let mut checked = 0;
        for said in svg.split("data-said=\"dL/dW").skip(1) {
            let said = said.split('"').next().unwrap();
            let parts: Vec<&str> = said.split(" = ").collect();
            let [_, _, numbers, sum] = parts[..] else { panic!("{said}") };
            let factor = |text: &str| text.trim_matches(['(', ')']).parse::<f64>().unwrap();
            let product = |term: &str| term.split(" · ").map(factor).product::<f64>();
            let got: f64 = numbers.split(" + ").map(product).sum();
            let want: f64 = sum.parse().unwrap();
            assert!((got - want).abs() <= 2e-5 * want.abs().max(1e-3), "{said}: {got}");
            checked += 1;
        }
        assert_eq!(checked, sizes.windows(2).map(|pair| pair[0] * pair[1]).sum::<usize>());
    }
}

/// Two classes, one example.
fn classes() -> Backpropagation {
    let activations = [Activation::Relu, Activation::None];
    let network = Network::seeded(&[2, 3, 2], &activations, NetworkLoss::CrossEntropy, 0).unwrap();
    let x = Array::new(&[1, 2], vec![-0.57, 0.64]).unwrap();
    backpropagation(&network, &x, &network.targets(&[0.0], 1).unwrap()).unwrap()
}

/// Between the loss and the logits stands the Jacobian of softmax, and its product with -t/p is p - t.
#[test]
fn the_difference_follows_from_the_jacobian_of_softmax() {
    let found = classes();
    let p = found.forward.last().unwrap().value.data().to_vec();
    let [first, second, ..] = found.backward.as_slice() else { panic!() };
    assert_eq!((first.name.as_str(), second.name.as_str()), ("dL/dp", "dL/dz2"));
    check("dL/dp", first.value.data(), &[-1.0 / p[0], 0.0], 1e-12);
    assert_eq!(second.components.text, "dL/dz2[k] = Σ_m dL/dp[m] · dp[m]/dz2[k] = p[k] - t[k]");
    assert_eq!(second.jacobian.name, "dp/dz2");
    assert_eq!(second.jacobian.shape, [1, 2, 1, 2]);
    let data: Vec<f64> = second.jacobian.data.iter().flatten().map(|number| number.0).collect();
    let both = p[0] * p[1];
    check("dp/dz2", &data, &[both, -both, -both, both], 1e-12);
    let [product, difference, value] = second.numbers.split(" = ").skip(1).collect::<Vec<_>>()[..]
    else {
        panic!("{}", second.numbers)
    };
    let factor = |text: &str| text.trim_matches(['(', ')']).parse::<f64>().unwrap();
    let sum: f64 =
        product.split(" + ").map(|term| term.split(" * ").map(factor).product::<f64>()).sum();
    check("product", &[sum], &[value.parse().unwrap()], 1e-5);
    assert!(difference.ends_with(" - 1"), "{difference}");
    assert!(found.to_string().contains("p - t follows: "));
    // Where softmax says 0 to the last digit, -t/p has no value, and p - t still has.
    let mut network =
        Network::seeded(&[1, 2], &[Activation::None], NetworkLoss::CrossEntropy, 0).unwrap();
    network.set("W1", Array::new(&[1, 2], vec![0.0, 2000.0]).unwrap()).unwrap();
    let x = Array::new(&[1, 1], vec![1.0]).unwrap();
    let found = backpropagation(&network, &x, &network.targets(&[0.0], 1).unwrap()).unwrap();
    assert_eq!(found.backward[1].numbers, "dL/dz1[1] = 0 - 1 = -1");
    assert!(found.svg().unwrap().contains("dL/dW1[1,1] = dL/dz1[1] · "));
}

/// Small Jacobians stand in the text with their numbers, a row for each number that is differentiated.
#[test]
fn small_jacobians_are_written_with_their_numbers() {
    let found = course();
    let text = found.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let after = |start: &str| {
        let at = lines.iter().position(|line| line.starts_with(start)).unwrap();
        lines[at + 1..].iter().copied()
    };
    let numbers =
        |line: &str| -> Vec<f64> { line.split_whitespace().map(|n| n.parse().unwrap()).collect() };
    let rows: Vec<Vec<f64>> = after("Jacobian    dz1/dW1").take(2).map(numbers).collect();
    let [a, b] =
        [[1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0, 0.0], [0.0, 1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0]];
    assert_eq!(rows, [a, b]);
    assert_eq!(after("Jacobian    dz2/dh1").next().map(numbers), Some(vec![1.5, 0.5]));
    let markdown = found.markdown();
    assert!(markdown.contains(r"\begin{pmatrix} 1.5 & 0.5 \end{pmatrix}"), "{markdown}");
    // Large ones are not.
    let network =
        Network::seeded(&[9, 9, 1], &[Activation::Relu, Activation::None], NetworkLoss::Mse, 0);
    let (network, x) = (network.unwrap(), Array::new(&[1, 9], vec![0.1; 9]).unwrap());
    let found = backpropagation(&network, &x, &network.targets(&[1.0], 1).unwrap()).unwrap();
    let text = found.to_string();
    let mut lines = text.lines().skip_while(|line| !line.contains("dz1/dW1 (1, 9, 9, 9)"));
    assert!(lines.nth(1).unwrap().trim().starts_with("components"));
}

/// With examples as columns everything is transposed, and the same.
#[test]
fn both_conventions_have_the_same_numbers() {
    for found in [course(), classes()] {
        for step in &found.columns {
            let value = match step.name.strip_prefix("dL/d") {
                Some(by) => found
                    .backward
                    .iter()
                    .find(|back| back.name == format!("dL/d{by}"))
                    .unwrap()
                    .value
                    .clone(),
                None => found
                    .forward
                    .iter()
                    .find(|there| there.name == step.name)
                    .unwrap()
                    .value
                    .clone(),
            };
            let shape = [
                value.shape().last().copied().unwrap(),
                value.data().len() / value.shape().last().unwrap(),
            ];
            assert_eq!(step.value.shape(), shape, "{}", step.name);
            for (i, number) in step.value.data().iter().enumerate() {
                let (row, column) = (i / shape[1], i % shape[1]);
                assert_eq!(*number, value.data()[column * shape[0] + row], "{}", step.name);
            }
        }
        for letter in ["W", "b"] {
            for layer in [1, 2] {
                assert!(
                    found.columns.iter().any(|step| step.name == format!("dL/d{letter}{layer}"))
                );
            }
        }
    }
    let text = course().to_string();
    for line in [
        "  z1 = W1 · x + b1   (2, 1) = (2, 4) · (4, 1) + (2, 1)",
        "  dL/dz2 = 2 (z2 - t)   (1, 1)",
        "  dL/dW2 = δ2 · h1ᵀ   (1, 2) = (1, 1) · (1, 2)",
        "  dL/dh1 = W2ᵀ · δ2   (2, 1) = (2, 1) · (1, 1)",
        "  dL/dz1 = dL/dh1 ⊙ relu'(z1)   (2, 1) = (2, 1) ⊙ (2, 1)",
        "  dL/dW1 = δ1 · xᵀ   (2, 4) = (2, 1) · (1, 4)",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}: {text}");
    }
    let markdown = course().markdown();
    assert!(
        markdown.contains(r"\frac{\partial L}{\partial W_{1}} = \delta_{1} \, x^{\top}"),
        "{markdown}"
    );
}

/// On the edges between layers stand the derivative of the step, that of the loss so far, and both shapes.
#[test]
fn a_network_is_drawn_layer_by_layer() {
    let svg = classes().svg().unwrap();
    assert_xml(&svg);
    for words in [
        ">z1 = x · W1 + b1<",
        ">h1 = relu(z1)<",
        ">p = softmax(z2)<",
        ">dz2/dh1 = W2ᵀ<",
        ">(1, 2, 1, 3)<",
        ">dL/dh1 (1, 3)<",
        ">dh1/dz1 = [z1 &gt; 0]<",
        ">dz1/dW1 = x<",
        ">(1, 3, 2, 3)<",
        ">dL/dW1 (2, 3)<",
        ">dL/db2 (2)<",
        ">dL/dp = -t / p<",
        ">dL/dp (1, 2)<",
    ] {
        assert!(svg.contains(words), "{words}: {svg}");
    }
    let page = classes().html().unwrap();
    assert!(page.contains(">dz2/dh1 = W2ᵀ<"), "{page}");
}

#[test]
fn what_is_too_large_to_draw_is_told() {
    let network =
        Network::seeded(&[40, 40, 1], &[Activation::Relu, Activation::None], NetworkLoss::Mse, 0)
            .unwrap();
    let x = Array::new(&[1, 40], vec![0.1; 40]).unwrap();
    let found = backpropagation(&network, &x, &network.targets(&[1.0], 1).unwrap()).unwrap();
    let message = found.svg().unwrap_err().to_string();
    assert!(message.contains("81 units and 1640 weights"), "{message}");
    // Of a batch, the first example is shown.
    let network = Network::seeded(
        &[2, 3, 2],
        &[Activation::Relu, Activation::None],
        NetworkLoss::CrossEntropy,
        0,
    );
    let network = network.unwrap();
    let x = Array::new(&[3, 2], vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).unwrap();
    let found =
        backpropagation(&network, &x, &network.targets(&[0.0, 1.0, 1.0], 3).unwrap()).unwrap();
    assert_xml(&found.svg().unwrap());
    assert!(found.svg().unwrap().contains("values of example 1"));
    assert!(found.html().unwrap().contains("the same for the other examples"));
}
