//! The forward pass, and the loss as a formula.

use super::array::size;
use super::backpropagation::{Formula, ForwardStep};
use super::compute::divisor;
use super::spec::{Activation, NetworkLoss};
use super::style::Style;
use super::walk::{Walk, summed};
use crate::report::{factor, short};

impl Walk<'_> {
    /// Every value after the inputs.
    pub(super) fn forward(&self) -> Vec<ForwardStep> {
        let mut steps = Vec::new();
        let mut push = |name: &str, formula: &dyn Fn(Style) -> String, shapes: String| {
            steps.push(ForwardStep {
                name: name.to_string(),
                formula: Formula { text: formula(Style::Text), latex: formula(Style::Latex) },
                shapes,
                value: self.value(name).clone(),
            });
        };
        for (place, layer) in self.network.layers.iter().enumerate() {
            let number = place + 1;
            let (z, w, b) = (format!("z{number}"), format!("W{number}"), format!("b{number}"));
            let input = self.input(number);
            let shape = size(self.value(&z).shape());
            let product = |style: Style| {
                let product = style.times(&style.name(&input), &style.name(&w));
                format!("{product} + {}", style.name(&b))
            };
            let shapes = format!(
                "{shape} = {} · {} + {}",
                size(self.value(&input).shape()),
                size(layer.weight.shape()),
                size(layer.bias.shape())
            );
            push(&z, &product, shapes);
            if layer.activation != Activation::None {
                let applied = |style: Style| {
                    format!("{}({})", style.function(layer.activation.name()), style.name(&z))
                };
                push(&format!("h{number}"), &applied, format!("{shape} = {shape}"));
            }
        }
        let out = self.out(self.network.layers.len());
        let likely = match self.network.loss {
            NetworkLoss::CrossEntropy => "softmax",
            NetworkLoss::Bce => "sigmoid",
            NetworkLoss::SquaredError | NetworkLoss::Mse => return steps,
        };
        let shape = size(self.value("p").shape());
        let applied = |style: Style| format!("{}({})", style.function(likely), style.name(&out));
        push("p", &applied, format!("{shape} = {shape}"));
        steps
    }

    /// The loss as a formula, and with the numbers put in.
    pub(super) fn loss(&self) -> (Formula, String) {
        let out = self.out(self.network.layers.len());
        let over = divisor(self.network, self.examples);
        let (examples, outputs) = (self.examples, self.value("t").columns());
        let letters: String = [('i', examples), ('k', outputs)]
            .iter()
            .filter(|(_, count)| *count > 1)
            .map(|(letter, _)| *letter)
            .collect();
        // Where there is one of them only, its name without a place says it.
        let place = match (examples, outputs) {
            (1, 1) => "",
            (1, _) => "k",
            (_, 1) => "i1",
            _ => "ik",
        };
        let formula = |style: Style| {
            let (t, y, p) = (style.at("t", place), style.at(&out, place), style.at("p", place));
            let log = style.function("log");
            let term = match self.network.loss {
                NetworkLoss::SquaredError | NetworkLoss::Mse => {
                    style.squared(&format!("({y} - {t})"))
                }
                NetworkLoss::CrossEntropy => style.times(&t, &format!("{log} {p}")),
                NetworkLoss::Bce => {
                    let yes = style.times(&t, &format!("{log} {p}"));
                    let no = style.times(&format!("(1 - {t})"), &format!("{log}(1 - {p})"));
                    format!("(-{yes} - {no})")
                }
            };
            let sign = if self.network.loss == NetworkLoss::CrossEntropy { "-" } else { "" };
            let share = match (over, style) {
                (1, _) => String::new(),
                (_, Style::Text) => format!("1/{over} "),
                (_, Style::Latex) => format!(r"\frac{{1}}{{{over}}} "),
            };
            match letters.is_empty() {
                true => format!("L = {sign}{share}{term}"),
                false => format!("L = {sign}{share}{}", style.sum(&letters, &term)),
            }
        };
        let pairs = || (0..examples).flat_map(|i| (0..outputs).map(move |k| (i, k)));
        let (y, t) = (self.value(&out), self.value("t"));
        let terms: Vec<String> = match self.network.loss {
            NetworkLoss::SquaredError | NetworkLoss::Mse => pairs()
                .map(|(i, k)| format!("({} - {})^2", short(y.at(i, k)), factor(t.at(i, k))))
                .collect(),
            NetworkLoss::CrossEntropy => {
                let p = self.value("p");
                pairs()
                    .filter(|&(i, k)| t.at(i, k) != 0.0)
                    .map(|(i, k)| match t.at(i, k) {
                        1.0 => format!("-log({})", short(p.at(i, k))),
                        share => format!("-{} * log({})", short(share), short(p.at(i, k))),
                    })
                    .collect()
            }
            NetworkLoss::Bce => {
                let p = self.value("p");
                let term = |(i, k): (usize, usize)| match (t.at(i, k), short(p.at(i, k))) {
                    (1.0, p) => format!("-log({p})"),
                    (0.0, p) => format!("-log(1 - {p})"),
                    (t, p) => {
                        format!("-{} * log({p}) - {} * log(1 - {p})", short(t), short(1.0 - t))
                    }
                };
                pairs().map(term).collect()
            }
        };
        let several = terms.len() > 1;
        let sum = summed(terms.into_iter()).replace("+ -", "- ");
        let numbers = match over {
            1 => sum,
            _ if several => format!("({sum}) / {over}"),
            _ => format!("{sum} / {over}"),
        };
        let text = format!("L = {numbers} = {}", short(self.numbers.loss));
        (Formula { text: formula(Style::Text), latex: formula(Style::Latex) }, text)
    }
}
