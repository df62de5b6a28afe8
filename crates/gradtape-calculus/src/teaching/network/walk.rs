//! The backward walk through a network: every step in components, in matrices, in numbers.

use super::array::{Array, size};
use super::backpropagation::{BackwardStep, Formula, NetworkJacobian};
use super::compute::{Local, Numbers};
use super::spec::{Activation, Network, Reduction};
use super::style::Style;
use crate::report::{Number, factor, plural, short};

/// What the lines are made of.
pub(super) struct Walk<'a> {
    pub(super) network: &'a Network,
    pub(super) numbers: &'a Numbers,
    pub(super) examples: usize,
}

impl Walk<'_> {
    /// The steps from the loss back to the inputs. `local` has the Jacobians of each layer, `likely` that of the
    /// probabilities in the logits.
    pub(super) fn backward(
        &self,
        local: Vec<Local>,
        likely: Option<Vec<f64>>,
    ) -> Vec<BackwardStep> {
        let mut steps = self.at_loss(likely);
        for (place, local) in local.into_iter().enumerate().rev() {
            let layer = place + 1;
            if self.network.layers[place].activation != Activation::None {
                steps.push(self.through_activation(layer, local.activation));
            }
            steps.push(self.to_weight(layer, local.weight));
            steps.push(self.to_bias(layer, local.bias));
            steps.push(self.to_input(layer, local.input));
        }
        steps
    }

    fn through_activation(&self, layer: usize, data: Option<Vec<f64>>) -> BackwardStep {
        let (z, h) = (format!("z{layer}"), format!("h{layer}"));
        let activation = self.network.layers[layer - 1].activation;
        let prime = |style: Style, place: &str| {
            let (z, h) = (style.at(&z, place), style.at(&h, place));
            match activation {
                Activation::Relu => match style {
                    Style::Text => format!("[{z} > 0]"),
                    Style::Latex => format!(r"\left[{z} > 0\right]"),
                },
                Activation::Tanh => format!("(1 - {})", style.squared(&h)),
                Activation::Sigmoid if place.is_empty() => style.each(&h, &format!("(1 - {h})")),
                Activation::Sigmoid => style.times(&h, &format!("(1 - {h})")),
                Activation::None => "1".to_string(),
            }
        };
        let components = |style: Style| {
            let place = self.place("ik");
            let (z, h) = (style.at(&z, place), style.at(&h, place));
            let (first, second) = (style.loss(&h), style.slope(&h, &z));
            format!(
                "{} = {} = {}",
                style.loss(&z),
                style.times(&first, &second),
                style.times(&first, &prime(style, place))
            )
        };
        let matrices = |style: Style| {
            let slope = style.loss(&style.name(&z));
            let right = style.each(&style.loss(&style.name(&h)), &prime(style, ""));
            self.named_delta(style, &z, &format!("{slope} = {right}"))
        };
        let (at, result) = (self.value(&z).at(0, 0), self.value(&h).at(0, 0));
        let local = match activation {
            Activation::Relu => if at > 0.0 { "1" } else { "0" }.to_string(),
            Activation::Tanh => format!("(1 - {}^2)", factor(result)),
            Activation::Sigmoid => format!("{0} * (1 - {0})", factor(result)),
            Activation::None => "1".to_string(),
        };
        let numbers = format!("{} * {local}", factor(self.gradient(&h).at(0, 0)));
        let shape = self.value(&z).shape().to_vec();
        let shapes = format!("{0} = {0} ⊙ {0}", size(&shape));
        let jacobian = NetworkJacobian {
            name: format!("d{h}/d{z}"),
            shape: [&shape[..], &shape[..]].concat(),
            formula: format!(
                "diagonal, {} on it: each number depends on its own only",
                prime(Style::Text, "")
            ),
            data: data.map(wrapped),
        };
        self.step(&z, components, matrices, &numbers, shapes, jacobian)
    }

    fn to_weight(&self, layer: usize, data: Option<Vec<f64>>) -> BackwardStep {
        let (z, w, input) = (format!("z{layer}"), format!("W{layer}"), self.input(layer));
        let delta = format!("δ{layer}");
        let components = |style: Style| {
            let (zk, wjk) = (style.at(&z, self.place("ik")), style.at(&w, "jk"));
            let chain = style.times(&style.loss(&zk), &style.slope(&zk, &wjk));
            let short = style
                .times(&style.at(&delta, self.place("ik")), &style.at(&input, self.place("ij")));
            let sum = |what: &str| self.over_examples(style, what);
            format!("{} = {} = {}", style.loss(&wjk), sum(&chain), sum(&short))
        };
        let matrices = |style: Style| {
            let left = style.transposed(&style.name(&input));
            let right = style.times(&left, &style.name(&delta));
            format!("{} = {right}", style.loss(&style.name(&w)))
        };
        let (slopes, inputs) = (self.gradient(&z), self.value(&input));
        let terms = (0..self.examples)
            .map(|i| format!("{} * {}", factor(slopes.at(i, 0)), factor(inputs.at(i, 0))));
        let (rows, columns) = (inputs.columns(), slopes.columns());
        let shapes = format!(
            "{} = {} · {}",
            size(&[rows, columns]),
            size(&[rows, self.examples]),
            size(slopes.shape())
        );
        let jacobian = NetworkJacobian {
            name: format!("d{z}/d{w}"),
            shape: vec![self.examples, columns, rows, columns],
            formula: format!("{input} where the columns agree, else 0: never built"),
            data: data.map(wrapped),
        };
        self.step(&w, components, matrices, &summed(terms), shapes, jacobian)
    }

    fn to_bias(&self, layer: usize, data: Option<Vec<f64>>) -> BackwardStep {
        let (z, b, delta) = (format!("z{layer}"), format!("b{layer}"), format!("δ{layer}"));
        let components = |style: Style| {
            let (zk, bk) = (style.at(&z, self.place("ik")), style.at(&b, "k"));
            let chain = style.times(&style.loss(&zk), &style.slope(&zk, &bk));
            let short = style.times(&style.at(&delta, self.place("ik")), "1");
            let sum = |what: &str| self.over_examples(style, what);
            format!("{} = {} = {}", style.loss(&bk), sum(&chain), sum(&short))
        };
        let matrices = |style: Style| {
            let right = match (self.examples, style) {
                (1, _) => style.name(&delta),
                (_, Style::Text) => format!("sum of the rows of {delta}"),
                (_, Style::Latex) => format!(r"\mathbf{{1}}^{{\top}} {}", style.name(&delta)),
            };
            format!("{} = {right}", style.loss(&style.name(&b)))
        };
        let slopes = self.gradient(&z);
        let terms = (0..self.examples).map(|i| format!("{} * 1", factor(slopes.at(i, 0))));
        let columns = slopes.columns();
        let shapes = match self.examples {
            1 => format!("{} = the one row of {}", size(&[columns]), size(slopes.shape())),
            _ => format!("{} = sum over the rows of {}", size(&[columns]), size(slopes.shape())),
        };
        let jacobian = NetworkJacobian {
            name: format!("d{z}/d{b}"),
            shape: vec![self.examples, columns, columns],
            formula: match self.examples {
                1 => "the identity".to_string(),
                _ => "the identity, once for each example".to_string(),
            },
            data: data.map(wrapped),
        };
        self.step(&b, components, matrices, &summed(terms), shapes, jacobian)
    }

    fn to_input(&self, layer: usize, data: Option<Vec<f64>>) -> BackwardStep {
        let (z, w, input) = (format!("z{layer}"), format!("W{layer}"), self.input(layer));
        let delta = format!("δ{layer}");
        let components = |style: Style| {
            let (zk, hj) = (style.at(&z, self.place("ik")), style.at(&input, self.place("ij")));
            let chain = style.times(&style.loss(&zk), &style.slope(&zk, &hj));
            let short = style.times(&style.at(&delta, self.place("ik")), &style.at(&w, "jk"));
            let sum = |what: &str| style.sum("k", what);
            format!("{} = {} = {}", style.loss(&hj), sum(&chain), sum(&short))
        };
        let matrices = |style: Style| {
            let right = style.times(&style.name(&delta), &style.transposed(&style.name(&w)));
            let whole = format!("{} = {right}", style.loss(&style.name(&input)));
            self.named_delta(style, &input, &whole)
        };
        let (slopes, weight) = (self.gradient(&z), self.value(&w));
        let terms = (0..slopes.columns())
            .map(|k| format!("{} * {}", factor(slopes.at(0, k)), factor(weight.at(0, k))));
        let (rows, columns) = (weight.rows(), weight.columns());
        let shape = vec![self.examples, rows];
        let shapes =
            format!("{} = {} · {}", size(&shape), size(slopes.shape()), size(&[columns, rows]));
        let jacobian = NetworkJacobian {
            name: format!("d{z}/d{input}"),
            shape: vec![self.examples, columns, self.examples, rows],
            formula: match self.examples {
                1 => format!("{w}ᵀ"),
                _ => format!("{w}ᵀ for each example on its own, else 0"),
            },
            data: data.map(wrapped),
        };
        self.step(&input, components, matrices, &summed(terms), shapes, jacobian)
    }

    pub(super) fn step(
        &self,
        by: &str,
        components: impl Fn(Style) -> String,
        matrices: impl Fn(Style) -> String,
        numbers: &str,
        shapes: String,
        jacobian: NetworkJacobian,
    ) -> BackwardStep {
        let value = self.gradient(by);
        let first = if value.shape().len() == 2 { self.place("11") } else { "1" };
        // A matrix is addressed by row and column, a row of one example by its column.
        let first = if by.starts_with('W') { "11" } else { first };
        let both = |formula: &dyn Fn(Style) -> String| Formula {
            text: formula(Style::Text),
            latex: formula(Style::Latex),
        };
        BackwardStep {
            name: format!("dL/d{by}"),
            components: both(&components),
            matrices: both(&matrices),
            numbers: format!(
                "dL/d{} = {numbers} = {}",
                Style::Text.at(by, first),
                short(value.at(0, 0))
            ),
            shapes,
            jacobian,
            remark: (by == "x").then(|| "not needed for training: x does not change".to_string()),
            value: value.clone(),
        }
    }

    /// A line with `δ2 = ` before it, where it is the derivative in the sum of a layer.
    pub(super) fn named_delta(&self, style: Style, by: &str, line: &str) -> String {
        match by.strip_prefix('z') {
            Some(layer) => format!("{} = {line}", style.name(&format!("δ{layer}"))),
            None => line.to_string(),
        }
    }

    fn over_examples(&self, style: Style, what: &str) -> String {
        if self.examples == 1 { what.to_string() } else { style.sum("i", what) }
    }

    /// The letters of a place in a row of examples; one example needs no letter for its row.
    pub(super) fn place<'p>(&self, place: &'p str) -> &'p str {
        if self.examples == 1 { &place[1..] } else { place }
    }

    /// The name of what a layer gives on.
    pub(super) fn out(&self, layer: usize) -> String {
        match self.network.layers.get(layer.wrapping_sub(1)).map(|layer| layer.activation) {
            None => "x".to_string(),
            Some(Activation::None) => format!("z{layer}"),
            Some(_) => format!("h{layer}"),
        }
    }

    /// The name of what a layer is given.
    pub(super) fn input(&self, layer: usize) -> String {
        self.out(layer - 1)
    }

    /// A value by its name; every name here is one that was recorded.
    pub(super) fn value(&self, name: &str) -> &Array {
        let found = self.numbers.values.get(name);
        found.unwrap_or_else(|| &self.numbers.values.0[0].1)
    }

    pub(super) fn gradient(&self, name: &str) -> &Array {
        let found = self.numbers.gradients.get(name);
        found.unwrap_or_else(|| &self.numbers.gradients.0[0].1)
    }

    /// What a batch changes.
    pub(super) fn batch(&self) -> Vec<String> {
        let sizes = self.network.sizes();
        let inputs = sizes[0];
        let last = self.network.layers.len();
        let mean = match self.network.reduction {
            Reduction::Mean => "the mean",
            Reduction::Sum => "the sum",
        };
        let divided = |n: &str| match self.network.reduction {
            Reduction::Mean => format!(
                "L is {mean} of the losses of the examples, so each row of dL/d{} is divided by {n}",
                self.out(last)
            ),
            Reduction::Sum => format!("L is {mean} of the losses of the examples"),
        };
        if self.examples == 1 {
            return vec![
                format!("x becomes (n, {inputs}); every z and h, and their gradients, get n rows"),
                "weights, biases and their gradients keep their shapes".to_string(),
                divided("n"),
                format!(
                    "dL/dW = {}ᵀ · δ adds up over the examples: (inputs, n) · (n, outputs)",
                    if last == 1 { "x" } else { "h" }
                ),
                "dL/db becomes the sum of the rows of δ, because b was added to every row"
                    .to_string(),
                "dL/dh = δ · Wᵀ goes row by row: examples do not mix".to_string(),
            ];
        }
        let n = self.examples;
        vec![
            format!(
                "x is ({n}, {inputs}): a row for each example; every z and h, and their gradients, have {}",
                plural(n, "row")
            ),
            "weights, biases and their gradients have the shapes that they have for one example"
                .to_string(),
            divided(&n.to_string()),
            format!("dL/dW adds up over the examples: (inputs, {n}) · ({n}, outputs)"),
            "dL/db is the sum of the rows of δ, because b was added to every row".to_string(),
            "dL/dh = δ · Wᵀ goes row by row: examples do not mix".to_string(),
        ]
    }
}

pub(super) fn wrapped(data: Vec<f64>) -> Vec<Number> {
    data.into_iter().map(Number).collect()
}

/// A sum of a few terms; a long one is cut.
pub(super) fn summed(terms: impl ExactSizeIterator<Item = String>) -> String {
    let count = terms.len();
    let mut shown: Vec<String> =
        terms.take(if count > MOST_TERMS { MOST_TERMS - 1 } else { count }).collect();
    if count > MOST_TERMS {
        shown.push(format!("… ({count} terms)"));
    }
    shown.join(" + ")
}

const MOST_TERMS: usize = 6;
