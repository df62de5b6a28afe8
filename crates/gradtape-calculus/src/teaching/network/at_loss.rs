//! The first steps back: from the loss to the probabilities, and through them to what the last layer gives.

use super::array::size;
use super::backpropagation::{BackwardStep, NetworkJacobian};
use super::compute::divisor;
use super::spec::NetworkLoss;
use super::style::Style;
use super::walk::{Walk, summed, wrapped};
use crate::report::{factor, short};

impl Walk<'_> {
    /// The steps from the loss to what the last layer gives. `likely` is the Jacobian of the probabilities in that.
    pub(super) fn at_loss(&self, likely: Option<Vec<f64>>) -> Vec<BackwardStep> {
        match self.network.loss {
            NetworkLoss::SquaredError | NetworkLoss::Mse => vec![self.at_difference()],
            NetworkLoss::CrossEntropy | NetworkLoss::Bce => {
                vec![self.at_probabilities(), self.through_probabilities(likely)]
            }
        }
    }

    pub(super) fn divisor(&self) -> usize {
        divisor(self.network, self.examples)
    }

    fn at_difference(&self) -> BackwardStep {
        let out = self.out(self.network.layers.len());
        let over = self.divisor();
        let formula = |style: Style, place: &str| {
            let (t, y) = (style.at("t", place), style.at(&out, place));
            format!("{} = {}", style.loss(&y), style.over(&format!("2 ({y} - {t})"), over))
        };
        let whole = |style: Style| self.named_delta(style, &out, &formula(style, ""));
        let (y, t) = (self.value(&out), self.value("t"));
        let divided = if over == 1 { String::new() } else { format!(" / {over}") };
        let numbers = format!("2 * ({} - {}){divided}", short(y.at(0, 0)), factor(t.at(0, 0)));
        let components = |style| formula(style, self.place("ik"));
        let shapes = size(y.shape());
        self.step(&out, components, whole, &numbers, shapes, of_the_loss(&out, y.shape()))
    }

    /// The loss in the probabilities.
    fn at_probabilities(&self) -> BackwardStep {
        let over = self.divisor();
        let formula = |style: Style, place: &str| {
            let (p, t) = (style.at("p", place), style.at("t", place));
            let what = match self.network.loss {
                NetworkLoss::Bce => {
                    let no = style.quotient(&format!("(1 - {t})"), &format!("(1 - {p})"));
                    format!("-{} + {no}", style.quotient(&t, &p))
                }
                _ => format!("-{}", style.quotient(&t, &p)),
            };
            let what = if over == 1 { what } else { format!("({what})") };
            format!("{} = {}", style.loss(&p), style.over(&what, over))
        };
        let (p, t) = (self.value("p").at(0, 0), self.value("t").at(0, 0));
        let sign = if t == 0.0 { "" } else { "-" };
        let yes = format!("{sign}{} / {}", short(t), factor(p));
        let what = match self.network.loss {
            NetworkLoss::Bce if t == 1.0 => yes,
            NetworkLoss::Bce if t == 0.0 => format!("1 / (1 - {})", factor(p)),
            NetworkLoss::Bce => format!("{yes} + {} / (1 - {})", short(1.0 - t), factor(p)),
            _ => yes,
        };
        let numbers = if over == 1 { what } else { format!("({what}) / {over}") };
        let components = |style| formula(style, self.place("ik"));
        let shape = self.value("p").shape();
        let whole = |style| formula(style, "");
        self.step("p", components, whole, &numbers, size(shape), of_the_loss("p", shape))
    }

    /// Through softmax or sigmoid: the product that `p - t` comes from.
    fn through_probabilities(&self, likely: Option<Vec<f64>>) -> BackwardStep {
        let out = self.out(self.network.layers.len());
        let over = self.divisor();
        let softmax = self.network.loss == NetworkLoss::CrossEntropy;
        let difference = |style: Style, place: &str| {
            let what = format!("{} - {}", style.at("p", place), style.at("t", place));
            let what = if over == 1 { what } else { format!("({what})") };
            style.over(&what, over)
        };
        let components = |style: Style| {
            let at = self.place("ik");
            // A probability of softmax depends on every logit.
            let p = style.at("p", if softmax { self.place("im") } else { at });
            let z = style.at(&out, at);
            let chain = style.times(&style.loss(&p), &style.slope(&p, &z));
            let chain = if softmax { style.sum("m", &chain) } else { chain };
            format!("{} = {chain} = {}", style.loss(&z), difference(style, at))
        };
        let whole = |style: Style| {
            let line = format!("{} = {}", style.loss(&style.name(&out)), difference(style, ""));
            self.named_delta(style, &out, &line)
        };
        let (p, t, slopes) = (self.value("p"), self.value("t"), self.gradient("p"));
        let (first, columns) = (p.at(0, 0), p.columns());
        let local = |m: usize| match (softmax, m) {
            (false, _) => first * (1.0 - first),
            (true, 0) => first * (1.0 - first),
            (true, m) => -p.at(0, m) * first,
        };
        let reached = if softmax { columns } else { 1 };
        let terms =
            (0..reached).map(|m| format!("{} * {}", factor(slopes.at(0, m)), factor(local(m))));
        let difference = format!("{} - {}", short(first), factor(t.at(0, 0)));
        let difference = match over {
            1 => difference,
            over => format!("({difference}) / {over}"),
        };
        // Where a probability is 0 to the last digit, the product has no value, and the difference still has.
        let sound = (0..reached).all(|m| slopes.at(0, m).is_finite());
        let numbers = match sound {
            true => format!("{} = {difference}", summed(terms)),
            false => difference,
        };
        let apart = if self.examples == 1 { "" } else { ", for each example on its own, else 0" };
        let (formula, remark) = match softmax {
            true => (
                format!("p[m] ([m = k] - p[k]){apart}"),
                "p - t follows: Σ_m -t[m]/p[m] · p[m] ([m = k] - p[k]) = -t[k] + p[k] Σ_m t[m], and the t[m] add up to 1",
            ),
            false => (
                "diagonal, p (1 - p) on it: each number depends on its own only".to_string(),
                "p - t follows: (-t/p + (1 - t)/(1 - p)) · p (1 - p) = -t (1 - p) + (1 - t) p",
            ),
        };
        let shape = p.shape();
        let jacobian = NetworkJacobian {
            name: format!("dp/d{out}"),
            shape: [shape, shape].concat(),
            formula,
            data: likely.map(wrapped),
        };
        let shapes = match softmax {
            true => format!("{0}, each row of {0} · {1}", size(shape), size(&[columns, columns])),
            false => format!("{0} = {0} ⊙ {0}", size(shape)),
        };
        let step = self.step(&out, components, whole, &numbers, shapes, jacobian);
        BackwardStep { remark: Some(remark.to_string()), ..step }
    }
}

/// The Jacobian of the loss.
fn of_the_loss(name: &str, shape: &[usize]) -> NetworkJacobian {
    NetworkJacobian {
        name: format!("dL/d{name}"),
        formula: "L is one number: its Jacobian is the gradient".to_string(),
        data: None,
        shape: shape.to_vec(),
    }
}
