//! Both walks in the other convention, where an example is a column: `z = W · x + b`.

use super::array::{Array, size};
use super::backpropagation::{Formula, ForwardStep};
use super::spec::{Activation, NetworkLoss};
use super::style::Style;
use super::walk::Walk;

/// A line of the walks: how something is computed, and the shapes in that.
struct Line {
    name: String,
    formula: Box<dyn Fn(Style) -> String>,
    shapes: String,
}

impl Walk<'_> {
    /// Every step with the example as a column and weights of shape (units, inputs); all numbers are those of the usual
    /// convention, with rows for columns.
    pub(super) fn columns(&self) -> Vec<ForwardStep> {
        let mut lines = Vec::new();
        for layer in 1..=self.network.layers.len() {
            lines.extend(self.layer_in_columns(layer));
        }
        for layer in (1..=self.network.layers.len()).rev() {
            lines.extend(self.back_in_columns(layer));
        }
        let line = |Line { name, formula, shapes }: Line| ForwardStep {
            value: self.column_of(&name),
            formula: Formula { text: formula(Style::Text), latex: formula(Style::Latex) },
            name,
            shapes,
        };
        lines.into_iter().map(line).collect()
    }

    fn column_of(&self, name: &str) -> Array {
        match name.strip_prefix("dL/d") {
            Some(by) => self.gradient(by).turned(),
            None => self.value(name).turned(),
        }
    }

    /// The shape of a value or a weight as columns.
    fn turned_shape(&self, name: &str) -> String {
        size(self.value(name).turned().shape())
    }

    fn layer_in_columns(&self, layer: usize) -> Vec<Line> {
        let [z, w, b, h] = ["z", "W", "b", "h"].map(|letter| format!("{letter}{layer}"));
        let input = self.input(layer);
        let [whole, weight, given, bias] = [&z, &w, &input, &b].map(|name| self.turned_shape(name));
        let (applied_to, activation) = (z.clone(), self.network.layers[layer - 1].activation);
        let mut lines = vec![Line {
            name: z,
            formula: Box::new(move |style| {
                let product = style.times(&style.name(&w), &style.name(&input));
                format!("{product} + {}", style.name(&b))
            }),
            shapes: format!("{whole} = {weight} · {given} + {bias}"),
        }];
        if activation != Activation::None {
            lines.push(Line {
                name: h,
                formula: Box::new(move |style| {
                    format!("{}({})", style.function(activation.name()), style.name(&applied_to))
                }),
                shapes: format!("{whole} = {whole}"),
            });
        }
        lines
    }

    fn back_in_columns(&self, layer: usize) -> Vec<Line> {
        let [z, w, b, h] = ["z", "W", "b", "h"].map(|letter| format!("{letter}{layer}"));
        let (input, delta) = (self.input(layer), format!("δ{layer}"));
        let [whole, weight, given, bias] = [&z, &w, &input, &b].map(|name| self.turned_shape(name));
        let turned = |name: &str| size(self.value(name).shape());
        let [weight_turned, given_turned] = [turned(&w), turned(&input)];
        let slope = move |style: Style, by: &str| style.loss(&style.name(by));
        let activation = self.network.layers[layer - 1].activation;
        let mut lines = Vec::new();
        if layer == self.network.layers.len() {
            let squared = matches!(self.network.loss, NetworkLoss::SquaredError | NetworkLoss::Mse);
            let (over, out) = (self.divisor(), self.out(layer));
            lines.push(Line {
                name: format!("dL/d{out}"),
                formula: Box::new(move |style| match squared {
                    true => style.over(&format!("2 ({} - t)", style.name(&out)), over),
                    false if over == 1 => "p - t".to_string(),
                    false => style.over("(p - t)", over),
                }),
                shapes: whole.clone(),
            });
        }
        if activation != Activation::None {
            let (h, at) = (h, z.clone());
            lines.push(Line {
                name: format!("dL/d{z}"),
                formula: Box::new(move |style| {
                    let name = style.function(activation.name());
                    style.each(&slope(style, &h), &format!("{name}'({})", style.name(&at)))
                }),
                shapes: format!("{whole} = {whole} ⊙ {whole}"),
            });
        }
        let back = delta.clone();
        let to = input.clone();
        lines.push(Line {
            name: format!("dL/d{w}"),
            formula: Box::new(move |style| {
                style.times(&style.name(&back), &style.transposed(&style.name(&to)))
            }),
            shapes: format!("{weight} = {whole} · {given_turned}"),
        });
        let (back, one) = (delta.clone(), self.examples == 1);
        lines.push(Line {
            name: format!("dL/d{b}"),
            formula: Box::new(move |style| match (one, style) {
                (true, _) => style.name(&back),
                (false, Style::Text) => format!("sum of the columns of {back}"),
                (false, Style::Latex) => format!(r"{} \mathbf{{1}}", style.name(&back)),
            }),
            shapes: match one {
                true => format!("{bias} = {whole}"),
                false => format!("{bias} = sum over the columns of {whole}"),
            },
        });
        lines.push(Line {
            name: format!("dL/d{input}"),
            formula: Box::new(move |style| {
                style.times(&style.transposed(&style.name(&w)), &style.name(&delta))
            }),
            shapes: format!("{given} = {weight_turned} · {whole}"),
        });
        lines
    }
}
