//! A network layer by layer as a picture: what each layer computes, and on the edges the derivative of the step, the
//! derivative of the loss so far, and their shapes.

use gradtape_chart::text::escaped;

use super::array::size;
use super::backpropagation::Backpropagation;
use super::spec::{Activation, NetworkLoss};
use crate::teaching::svg::{self, PAD, card_height, put, row_line, width};

/// The least room between two cards, for what stands on their edge.
const GAP: f64 = 150.0;
/// The height of the weights above, and of their edges.
const ABOVE: f64 = 150.0;
const HIGH: f64 = 54.0;
const SIZE: f64 = 12.0;

/// A picture and its extent.
pub(super) struct Layers {
    pub(super) body: String,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A value of the forward pass, and how the next one changes with it.
struct Card {
    name: String,
    title: String,
    shape: Vec<usize>,
    /// The derivative of the next value in this one, as a formula, and its shape.
    local: String,
    slope: Vec<usize>,
    /// The layer whose weights it is made with.
    layer: Option<usize>,
}

impl Backpropagation {
    /// The picture: values in a row, weights and biases above what is made with them.
    pub(super) fn layers(&self) -> Layers {
        let cards = self.chain();
        let (mut body, mut x) = (String::new(), 0.0);
        let middle = ABOVE + 0.5 * HIGH;
        for (place, card) in cards.iter().enumerate() {
            let wide = wide(&card.title).max(if card.layer.is_some() { 190.0 } else { 0.0 });
            if let Some(layer) = card.layer {
                self.weights_above(&mut body, (x, wide), layer);
            }
            let kind = match place {
                0 => "input",
                _ if place + 1 == cards.len() => "result",
                _ => "",
            };
            draw(&mut body, (x, ABOVE), wide, kind, &card.title, &card.shape);
            x += wide;
            if place + 1 < cards.len() {
                let slope = format!("d{}/d{}", cards[place + 1].name, card.name);
                let gap = (width(&format!("{slope} = {}", card.local), SIZE) + 24.0).max(GAP);
                let end = x + gap;
                arrow(&mut body, (x, middle), (end, middle));
                let at = (x + 0.5 * gap - 4.0, middle - 24.0);
                local(&mut body, at, "middle", &slope, card);
                self.cumulative(&mut body, (at.0, middle + 20.0), "middle", &card.name);
                x = end;
            }
        }
        Layers { body, width: x, height: ABOVE + HIGH + 24.0 }
    }

    /// The values from the inputs to the loss.
    fn chain(&self) -> Vec<Card> {
        let shape_of = |name: &str| self.value_of(name).map(|array| array.shape().to_vec());
        let mut cards = vec![Card {
            name: "x".to_string(),
            title: "x".to_string(),
            shape: self.x.shape().to_vec(),
            local: String::new(),
            slope: Vec::new(),
            layer: None,
        }];
        for step in &self.forward {
            let slope = |of: &str| {
                let step = self.backward.iter().find(|back| back.jacobian.name == of);
                step.map(|step| step.jacobian.shape.clone()).unwrap_or_default()
            };
            let layer = step.name.strip_prefix('z').and_then(|number| number.parse().ok());
            if let Some(before) = cards.last_mut() {
                before.slope = slope(&format!("d{}/d{}", step.name, before.name));
                before.local = self.local_formula(&step.name, layer);
            }
            cards.push(Card {
                title: format!("{} = {}", step.name, step.formula.text),
                shape: shape_of(&step.name).unwrap_or_default(),
                name: step.name.clone(),
                local: String::new(),
                slope: Vec::new(),
                layer,
            });
        }
        if let Some(last) = cards.last_mut() {
            last.slope = last.shape.clone();
            let by = &last.name;
            last.local = match self.loss {
                NetworkLoss::CrossEntropy => "-t / p".to_string(),
                NetworkLoss::Bce => "-t/p + (1-t)/(1-p)".to_string(),
                NetworkLoss::SquaredError | NetworkLoss::Mse => format!("2 ({by} - t)"),
            };
        }
        cards.push(Card {
            name: "L".to_string(),
            title: format!("L: {}", self.loss.name()),
            shape: Vec::new(),
            local: String::new(),
            slope: Vec::new(),
            layer: None,
        });
        cards
    }

    /// How a value changes with the one before it.
    fn local_formula(&self, name: &str, layer: Option<usize>) -> String {
        if let Some(layer) = layer {
            return format!("W{layer}ᵀ");
        }
        let number = name.trim_start_matches('h');
        match number.parse::<usize>().ok().and_then(|layer| self.activations.get(layer - 1)) {
            Some(Activation::Relu) => format!("[z{number} > 0]"),
            Some(Activation::Tanh) => format!("1 - {name}²"),
            Some(Activation::Sigmoid) => format!("{name} (1 - {name})"),
            _ if self.loss == NetworkLoss::Bce => "p (1 - p)".to_string(),
            _ => "p ([m = k] - p)".to_string(),
        }
    }

    fn weights_above(&self, body: &mut String, (x, wide): (f64, f64), layer: usize) {
        let input = self.name_of(layer - 1);
        for (letter, share, anchor) in [("W", 0.25, "end"), ("b", 0.75, "start")] {
            let name = format!("{letter}{layer}");
            let Some(array) = self.value_of(&name) else { continue };
            let (own, middle) = (wide_of_weight(), x + share * wide);
            draw(body, (middle - 0.5 * own, 0.0), own, "", &name, array.shape());
            arrow(body, (middle, HIGH), (middle, ABOVE));
            let beside = if anchor == "end" { middle - 8.0 } else { middle + 8.0 };
            let slope = format!("dz{layer}/d{name}");
            let step = self.backward.iter().find(|step| step.jacobian.name == slope);
            let card = Card {
                name: name.clone(),
                title: String::new(),
                shape: Vec::new(),
                local: if letter == "W" { input.clone() } else { "1".to_string() },
                slope: step.map(|step| step.jacobian.shape.clone()).unwrap_or_default(),
                layer: None,
            };
            local(body, (beside, HIGH + 16.0), anchor, &slope, &card);
            self.cumulative(body, (beside, HIGH + 54.0), anchor, &name);
        }
    }

    /// What a layer hands on.
    fn name_of(&self, layer: usize) -> String {
        match layer.checked_sub(1).and_then(|place| self.activations.get(place)) {
            None => "x".to_string(),
            Some(Activation::None) => format!("z{layer}"),
            Some(_) => format!("h{layer}"),
        }
    }

    /// The derivative of the loss in a value, which is known once the walk has come there.
    fn cumulative(&self, body: &mut String, (x, y): (f64, f64), anchor: &str, name: &str) {
        let Some(array) = self.gradient_of(name) else { return };
        let last = self.network.len() - 1;
        let layer = name[1..].parse::<usize>().ok();
        let step = self.backward_step(match (&name[..1], layer) {
            ("x", _) => 0,
            ("h", Some(layer)) => (layer + 1).min(last),
            (_, Some(layer)) => layer,
            _ => last,
        });
        put(
            body,
            format_args!(
                "<g class=\"backward\"><text class=\"small backward\" text-anchor=\"{anchor}\" data-from=\"{step}\" \
                 x=\"{x:.1}\" y=\"{y:.1}\">dL/d{name} {}</text></g>\n",
                size(array.shape())
            ),
        );
    }
}

/// The derivative of a step on its edge: what it is, and below its shape.
fn local(body: &mut String, (x, y): (f64, f64), anchor: &str, name: &str, card: &Card) {
    put(
        body,
        format_args!(
            "<text class=\"small\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{name} = {}</text>\
             <text class=\"small\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>\n",
            escaped(&card.local),
            y + 16.0,
            size(&card.slope)
        ),
    );
}

fn arrow(body: &mut String, from: (f64, f64), (x, y): (f64, f64)) {
    let head = if from.1 == y { "l-9 -4.5 v9z" } else { "l-4.5 -9 h9z" };
    put(
        body,
        format_args!(
            "<path class=\"way\" d=\"M{:.1} {:.1} L{x:.1} {y:.1}\"/><path class=\"there\" d=\"M{x:.1} {y:.1} {head}\"/>\n",
            from.0, from.1
        ),
    );
}

/// A card with a name and a shape.
fn draw(
    body: &mut String,
    (x, y): (f64, f64),
    wide: f64,
    kind: &str,
    title: &str,
    shape: &[usize],
) {
    put(body, format_args!("<g class=\"node {kind}\" transform=\"translate({x:.1} {y:.1})\">"));
    svg::card(body, [wide, card_height(1)], title, "");
    let shape = if shape.is_empty() { "one number".to_string() } else { size(shape) };
    put(
        body,
        format_args!(
            "<text class=\"row\" x=\"{PAD}\" y=\"{:.1}\">{shape}</text></g>\n",
            row_line(0)
        ),
    );
}

fn wide(title: &str) -> f64 {
    (width(title, 13.0) + 2.0 * PAD).max(70.0)
}

fn wide_of_weight() -> f64 {
    width("(100, 100)", SIZE) + 2.0 * PAD - 10.0
}
