//! A network as a picture: units with their values and gradients, edges with weights and theirs.

use gradtape_chart::text::{cut, escaped};

use super::array::Array;
use super::backpropagation::Backpropagation;
use super::spec::Activation;
use crate::report::{Error, Result, digits, plural, short};
use crate::teaching::explain::STYLE;
use crate::teaching::svg::put;

/// The most units and edges of a network that is drawn.
pub const MAX_DRAWN_UNITS: usize = 64;
const MAX_EDGES: usize = 400;
/// More edges between two layers than this have no numbers on them.
const MAX_LABELS: usize = 24;

const CARD: f64 = 176.0;
const GAP: f64 = 210.0;
const HEAD: f64 = 26.0;
const ROW: f64 = 20.0;
const PAD: f64 = 12.0;
const BETWEEN: f64 = 26.0;

/// A picture, its extent, and what is computed when: forward layer by layer, then back.
pub(super) struct Drawn {
    pub(super) body: String,
    pub(super) width: f64,
    pub(super) height: f64,
    /// What each step computes, from step 1 on.
    pub(super) lines: Vec<String>,
}

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
        let drawn = self.drawn()?;
        let (width, height) = (drawn.width + 48.0, drawn.height + 96.0);
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
             <tspan dx=\"18\">{edges}{shown}</tspan></text>\n</svg>\n",
            drawn.body,
            height - 14.0,
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
        let height_of = |layer: usize| HEAD + ROW * cards[layer].len() as f64 + 8.0;
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
            // Middle and width of the labels drawn so far.
            let mut taken = Vec::new();
            let most = self.gradient_of(&format!("W{layer}")).map_or(0.0, largest);
            for from in 0..self.network[layer - 1] {
                for to in 0..self.network[layer] {
                    let (x, y) = corner(layer - 1, from);
                    let start = (x + CARD, y + 0.5 * height_of(layer - 1));
                    let (x, y) = corner(layer, to);
                    let end = (x, y + 0.5 * height_of(layer));
                    self.edge(&mut body, (layer, from, to), [start, end], most, &mut taken);
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

    fn backward_step(&self, layer: usize) -> usize {
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
            let of = |step: &&super::BackwardStep| {
                let by = step.name.trim_start_matches("dL/d");
                let before = layer - usize::from(layer > 0);
                match layer {
                    0 => by == "x",
                    _ => {
                        [format!("z{layer}"), format!("W{layer}"), format!("b{layer}")]
                            .contains(&by.to_string())
                            || before > 0 && by == format!("h{before}")
                    }
                }
            };
            let own = self.backward.iter().filter(of).map(|step| step.matrices.text.clone());
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
        let names = ["z", "h", "b"].map(|letter| format!("{letter}{layer}"));
        let last = layer + 1 == self.network.len();
        push("forward", "z", self.value_of(&names[0]), there);
        push("forward", "h", self.value_of(&names[1]), there);
        push("forward", "p", self.value_of("p").filter(|_| last), there);
        // The gradient in what the layer gives comes from the layer after it.
        push("backward", "dL/dh", self.gradient_of(&names[1]), back - usize::from(!last));
        push("backward", "dL/dz", self.gradient_of(&names[0]), back);
        push("", "b", self.value_of(&names[2]), 0);
        push("backward", "dL/db", self.gradient_of(&names[2]), back);
        rows
    }

    fn card(&self, out: &mut String, (layer, unit): (usize, usize), (x, y): (f64, f64), high: f64) {
        let activation = layer.checked_sub(1).and_then(|place| self.activations.get(place));
        let kind = if layer == 0 { "input" } else { "" };
        let (title, head) = match activation {
            None => (format!("x[{}]", unit + 1), "input"),
            Some(Activation::None) => (format!("z{layer}[{}]", unit + 1), ""),
            Some(activation) => (format!("h{layer}[{}]", unit + 1), activation.name()),
        };
        let said = self.unit_said(layer, unit);
        let focus = if said.is_empty() {
            String::new()
        } else {
            format!(" data-said=\"{}\"", escaped(&said))
        };
        frame(out, kind, &title, head, (x, y), high, &focus);
        for (number, row) in self.rows(layer, unit).iter().enumerate() {
            let line = HEAD + ROW * (number as f64 + 1.0) - 2.0;
            let name = match row.name.as_str() {
                "x" | "dL/dx" | "p" | "dL/db" | "b" => row.name.clone(),
                name => format!("{name}{layer}"),
            };
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
        frame(out, "result", "L", self.loss.name(), (x, y), 54.0, "");
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
        taken: &mut Vec<(f64, f64, f64)>,
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
            let clash = |(x, y): (f64, f64)| -> f64 {
                let overlap = |&(left, top, other): &(f64, f64, f64)| {
                    (0.5 * (other + wide) - (left - x).abs()).max(0.0)
                        * (17.0 - (top - y).abs()).max(0.0)
                };
                taken.iter().map(overlap).sum()
            };
            let places = shares.map(at).into_iter();
            let (x, y) = places
                .reduce(|best, next| if clash(next) < clash(best) { next } else { best })
                .unwrap_or(start);
            taken.push((x, y, wide));
            put(
                out,
                format_args!(
                    "<rect class=\"under\" x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"16\" rx=\"4\"/>\
                     <text class=\"slope\" x=\"{x:.1}\" y=\"{:.1}\">{weight}\
                     <tspan class=\"backward\" dx=\"8\" data-from=\"{}\">{gradient}</tspan></text>",
                    x - 0.5 * wide,
                    y - 8.0,
                    y + 4.0,
                    self.backward_step(layer)
                ),
            );
        }
        out.push_str("</g>\n");
    }
}

/// The box of a card, up to its rows; the group stays open.
fn frame(
    out: &mut String,
    kind: &str,
    title: &str,
    head: &str,
    (x, y): (f64, f64),
    high: f64,
    more: &str,
) {
    put(
        out,
        format_args!(
            "<g class=\"node {kind}\"{more} transform=\"translate({x:.1} {y:.1})\">\
             <rect class=\"box\" width=\"{CARD}\" height=\"{high:.1}\" rx=\"7\"/>\
             <path class=\"head\" d=\"M.75 {HEAD} V7.75 a7 7 0 0 1 7 -7 H{:.1} a7 7 0 0 1 7 7 V{HEAD}z\"/>\
             <rect class=\"frame\" width=\"{CARD}\" height=\"{high:.1}\" rx=\"7\"/>\
             <text class=\"name\" x=\"{PAD}\" y=\"18\">{}</text>\
             <text class=\"kind\" x=\"{:.1}\" y=\"17.5\">{}</text>",
            CARD - 7.75,
            escaped(&cut(title, 20)),
            CARD - PAD,
            escaped(head)
        ),
    );
}

fn largest(array: &Array) -> f64 {
    array.data().iter().fold(0.0, |most: f64, value| most.max(value.abs()))
}
