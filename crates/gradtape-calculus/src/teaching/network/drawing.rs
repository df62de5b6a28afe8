//! A network as a picture: units with their values and gradients, edges with weights and theirs.

use gradtape_chart::text::escaped;

use super::array::Array;
use super::backpropagation::Backpropagation;
use super::spec::Activation;
use crate::report::{Error, Result, digits, plural, short};
use crate::teaching::explain::STYLE;
use crate::teaching::svg::{self, Labels, PAD, card_height, put, row_line};

/// The most units and edges of a network that is drawn.
pub const MAX_DRAWN_UNITS: usize = 64;
const MAX_EDGES: usize = 400;
/// More edges between two layers than this have no numbers on them.
const MAX_LABELS: usize = 24;

const CARD: f64 = 176.0;
const GAP: f64 = 210.0;
const BETWEEN: f64 = 26.0;

/// A picture, its extent, and what is computed when: forward layer by layer, then back.
pub(super) struct Drawn {
    pub(super) body: String,
    pub(super) width: f64,
    pub(super) height: f64,
    /// What each step computes, from step 1 on.
    pub(super) lines: Vec<String>,
}

/// What the second picture is.
const LAYERS: &str = "Layer by layer: above an edge the derivative of the step, below that of L so far, with their shapes";

/// A number on a card and the step that computes it.
struct Row {
    class: &'static str,
    name: String,
    value: f64,
    step: usize,
}

impl Backpropagation {
    /// The network as an SVG picture, for light and dark backgrounds: inputs on the left, the loss on the right. Each
    /// unit shows its values and the gradients of the loss in them, each edge its weight and the gradient in it; thick
    /// edges have large gradients. Of a batch the first example is shown, with the gradients of weights of all.
    ///
    /// # Errors
    /// More than [`MAX_DRAWN_UNITS`] units, or than 400 weights.
    pub fn svg(&self) -> Result<String> {
        let (drawn, layers) = (self.drawn()?, self.layers());
        let (width, units) = (drawn.width.max(layers.width) + 48.0, drawn.height + 96.0);
        let height = units + layers.height + 52.0;
        let shown = if self.examples > 1 { "; values of example 1" } else { "" };
        let few = |pair: &[usize]| pair[0] * pair[1] <= MAX_LABELS;
        let edges = match self.network.windows(2).any(few) {
            true => "on an edge: weight, gradient; thick where it is large",
            false => "edges: thick where the gradient is large",
        };
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gradtape\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
             <rect class=\"paper\" width=\"{width:.0}\" height=\"{height:.0}\"/>\n\
             <text class=\"title\" x=\"24\" y=\"34\">{title}</text>\n\
             <g transform=\"translate(24 60)\">\n{}</g>\n\
             <text class=\"small\" x=\"24\" y=\"{:.0}\"><tspan class=\"forward\">values, forward</tspan>\
             <tspan class=\"backward\" dx=\"18\">gradients of L, backward</tspan>\
             <tspan dx=\"18\">{edges}{shown}</tspan></text>\n\
             <text class=\"name\" x=\"24\" y=\"{:.0}\">{LAYERS}</text>\n\
             <g transform=\"translate(24 {:.0})\">\n{}</g>\n</svg>\n",
            drawn.body,
            units - 14.0,
            units + 20.0,
            units + 36.0,
            layers.body,
            title = escaped(&self.title()),
        ))
    }

    pub(super) fn drawn(&self) -> Result<Drawn> {
        let (units, edges) = (self.network.iter().sum::<usize>(), self.edges());
        if units > MAX_DRAWN_UNITS || edges > MAX_EDGES {
            let message = format!(
                "the network has {} and {}; at most {MAX_DRAWN_UNITS} and {MAX_EDGES} are drawn",
                plural(units, "unit"),
                plural(edges, "weight")
            );
            return Err(Error::new(message).hint("text, JSON and Markdown show larger ones"));
        }
        let layers = self.network.len();
        let cards: Vec<Vec<Row>> = (0..layers).map(|layer| self.rows(layer, 0)).collect();
        let height_of = |layer: usize| card_height(cards[layer].len());
        let column = |layer: usize| {
            let count = self.network[layer] as f64;
            count * height_of(layer) + (count - 1.0) * BETWEEN
        };
        let tallest = (0..layers).map(column).fold(0.0, f64::max);
        let corner = |layer: usize, unit: usize| {
            let top = 0.5 * (tallest - column(layer));
            (layer as f64 * (CARD + GAP), top + unit as f64 * (height_of(layer) + BETWEEN))
        };
        let mut body = String::new();
        for layer in 1..layers {
            let mut labels = Labels::default();
            let most = self.gradient_of(&format!("W{layer}")).map_or(0.0, largest);
            for from in 0..self.network[layer - 1] {
                for to in 0..self.network[layer] {
                    let (x, y) = corner(layer - 1, from);
                    let start = (x + CARD, y + 0.5 * height_of(layer - 1));
                    let (x, y) = corner(layer, to);
                    let end = (x, y + 0.5 * height_of(layer));
                    self.edge(&mut body, (layer, from, to), [start, end], most, &mut labels);
                }
            }
        }
        for layer in 0..layers {
            for unit in 0..self.network[layer] {
                self.card(&mut body, (layer, unit), corner(layer, unit), height_of(layer));
            }
        }
        let x = layers as f64 * (CARD + GAP) - GAP;
        for unit in 0..self.network[layers - 1] {
            let y = corner(layers - 1, unit).1 + 0.5 * height_of(layers - 1);
            let (middle, end, to) = (x + 45.0, 0.5 * tallest, x + 90.0);
            put(
                &mut body,
                format_args!(
                    "<path class=\"way\" d=\"M{x:.1} {y:.1} C{middle:.1} {y:.1} {middle:.1} {end:.1} {to:.1} {end:.1}\"/>\n"
                ),
            );
        }
        self.loss_card(&mut body, (x + 90.0, 0.5 * tallest - 27.0));
        Ok(Drawn { body, width: x + 90.0 + CARD, height: tallest.max(54.0), lines: self.lines() })
    }

    fn edges(&self) -> usize {
        self.network.windows(2).map(|pair| pair[0] * pair[1]).sum()
    }

    pub(super) fn value_of(&self, name: &str) -> Option<&Array> {
        let found = self.forward.iter().find(|step| step.name == name);
        found.map(|step| &step.value).or_else(|| self.weights.get(name))
    }

    pub(super) fn gradient_of(&self, name: &str) -> Option<&Array> {
        let step = self.backward.iter().find(|step| step.name == format!("dL/d{name}"));
        step.map(|step| &step.value).or_else(|| self.gradient.get(name))
    }

    /// The step after which a layer's results, or the gradient in what it computes first, are known.
    fn forward_step(&self, layer: usize) -> usize {
        layer + 1
    }

    pub(super) fn backward_step(&self, layer: usize) -> usize {
        2 * self.network.len() + 1 - layer
    }

    /// What the steps compute: the inputs, each layer, the loss, and each layer back.
    fn lines(&self) -> Vec<String> {
        let last = self.network.len() - 1;
        let mut lines = vec!["x: the inputs".to_string()];
        for layer in 1..=last {
            let names = [format!("z{layer}"), format!("h{layer}"), "p".to_string()];
            let own = self.forward.iter().filter(|step| {
                names[..2].contains(&step.name) || layer == last && step.name == names[2]
            });
            let own = own.map(|step| format!("{} = {}", step.name, step.formula.text));
            lines.push(own.collect::<Vec<_>>().join(",  "));
        }
        lines.push(self.loss_numbers.clone());
        for layer in (0..=last).rev() {
            let names = match layer {
                0 => vec!["dL/dx".to_string()],
                _ => {
                    let own = ["z", "W", "b"].map(|letter| format!("dL/d{letter}{layer}"));
                    let before = format!("dL/dh{}", layer - 1);
                    let at_loss = ["dL/dp".to_string(), format!("dL/dh{last}")];
                    let at_loss = at_loss.into_iter().filter(|_| layer == last);
                    at_loss.chain(own).chain([before]).collect()
                }
            };
            let own = self.backward.iter().filter(|step| names.contains(&step.name));
            let own = own.map(|step| step.matrices.text.clone());
            lines.push(own.collect::<Vec<_>>().join(",  "));
        }
        lines
    }

    fn rows(&self, layer: usize, unit: usize) -> Vec<Row> {
        let at = |array: Option<&Array>| array.map_or(f64::NAN, |array| array.at(0, unit));
        let (there, back) = (self.forward_step(layer), self.backward_step(layer));
        let mut rows = Vec::new();
        let mut push = |class, name: &str, array: Option<&Array>, step| {
            if array.is_some() {
                rows.push(Row { class, name: name.to_string(), value: at(array), step });
            }
        };
        if layer == 0 {
            push("forward", "x", Some(&self.x), there);
            push("backward", "dL/dx", self.gradient_of("x"), back);
            return rows;
        }
        let [z, h, b] = ["z", "h", "b"].map(|letter| format!("{letter}{layer}"));
        let last = layer + 1 == self.network.len();
        push("forward", &z, self.value_of(&z), there);
        push("forward", &h, self.value_of(&h), there);
        push("forward", "p", self.value_of("p").filter(|_| last), there);
        // The gradient in what the layer gives comes from the layer after it.
        push("backward", "dL/dp", self.gradient_of("p").filter(|_| last), back);
        push("backward", &format!("dL/d{h}"), self.gradient_of(&h), back - usize::from(!last));
        push("backward", &format!("dL/d{z}"), self.gradient_of(&z), back);
        push("", "b", self.value_of(&b), 0);
        push("backward", "dL/db", self.gradient_of(&b), back);
        rows
    }

    fn card(&self, out: &mut String, (layer, unit): (usize, usize), (x, y): (f64, f64), high: f64) {
        let (kind, head) = match layer.checked_sub(1).and_then(|place| self.activations.get(place))
        {
            None => ("input", "input"),
            Some(Activation::None) => ("", ""),
            Some(activation) => ("", activation.name()),
        };
        let said = self.unit_said(layer, unit);
        let focus = if said.is_empty() {
            String::new()
        } else {
            format!(" data-said=\"{}\"", escaped(&said))
        };
        put(
            out,
            format_args!("<g class=\"node {kind}\"{focus} transform=\"translate({x:.1} {y:.1})\">"),
        );
        svg::card(out, [CARD, high], &self.name(layer, unit), head);
        for (number, row) in self.rows(layer, unit).iter().enumerate() {
            let (line, name) = (row_line(number), &row.name);
            put(
                out,
                format_args!(
                    "<g class=\"{}\"><text class=\"row\" x=\"{PAD}\" y=\"{line:.1}\">{name}</text>\
                     <text class=\"number\" data-from=\"{}\" x=\"{:.1}\" y=\"{line:.1}\">{}</text></g>",
                    row.class,
                    row.step,
                    CARD - PAD,
                    short(row.value)
                ),
            );
        }
        out.push_str("</g>\n");
    }

    fn loss_card(&self, out: &mut String, (x, y): (f64, f64)) {
        put(out, format_args!("<g class=\"node result\" transform=\"translate({x:.1} {y:.1})\">"));
        svg::card(out, [CARD, card_height(1)], "L", self.loss.name());
        put(
            out,
            format_args!(
                "<g class=\"forward\"><text class=\"row\" x=\"{PAD}\" y=\"44\">L</text>\
                 <text class=\"number\" data-from=\"{}\" x=\"{:.1}\" y=\"44\">{}</text></g></g>\n",
                self.network.len() + 1,
                CARD - PAD,
                short(self.value.0)
            ),
        );
    }

    fn edge(
        &self,
        out: &mut String,
        (layer, from, to): (usize, usize, usize),
        [start, end]: [(f64, f64); 2],
        most: f64,
        labels: &mut Labels,
    ) {
        let name = format!("W{layer}");
        let at = |array: Option<&Array>| array.map_or(f64::NAN, |array| array.at(from, to));
        let (weight, gradient) = (at(self.value_of(&name)), at(self.gradient_of(&name)));
        let said = self.edge_said(layer, from, to, gradient);
        let thick = 1.0 + 3.0 * if most > 0.0 { (gradient / most).abs() } else { 0.0 };
        let middle = 0.5 * (start.0 + end.0);
        put(
            out,
            format_args!(
                "<g class=\"edge\" data-said=\"{0}\"><title>{0}</title>\
                 <path class=\"way\" style=\"stroke-width:{thick:.2}\" d=\"M{1:.1} {2:.1} C{middle:.1} {2:.1} \
                 {middle:.1} {4:.1} {3:.1} {4:.1}\"/>",
                escaped(&said),
                start.0,
                start.1,
                end.0,
                end.1
            ),
        );
        if self.network[layer - 1] * self.network[layer] <= MAX_LABELS {
            let [weight, gradient] = [weight, gradient].map(|value| digits(value, 3));
            let wide = 7.3 * (weight.len() + gradient.len() + 1) as f64 + 16.0;
            let at = |share: f64| {
                let ease = share * share * (3.0 - 2.0 * share);
                (start.0 + share * (end.0 - start.0), start.1 + ease * (end.1 - start.1))
            };
            // Neighbours begin to look for a place at different parts of their edges.
            let first = 0.2 + 0.6 * (to as f64 + 1.0) / (self.network[layer] as f64 + 1.0);
            let shares =
                [0.0, 0.1, -0.1, 0.2, -0.2, 0.3, -0.3].map(|by| (first + by).clamp(0.14, 0.86));
            let middle = labels.place(shares.map(at), [wide, 17.0], |_| 0.0);
            let step = self.backward_step(layer);
            let text = format!(
                "{weight}<tspan class=\"backward\" dx=\"8\" data-from=\"{step}\">{gradient}</tspan>"
            );
            svg::label(out, middle, wide, &text);
        } else {
            out.push_str("</g>\n");
        }
    }
}

fn largest(array: &Array) -> f64 {
    array.data().iter().fold(0.0, |most: f64, value| most.max(value.abs()))
}
