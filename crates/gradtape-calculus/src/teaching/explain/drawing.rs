//! An explanation as a picture: the computation graph in SVG.

use gradtape_chart::text::{cut, escaped};

use super::edges::{Courses, Label, line};
use super::explanation::{Explanation, Order, Step};
use super::layout::{Edge, layout};
use crate::report::{Error, Result, short};
use crate::teaching::svg::{self, LETTER, Labels, PAD, card_height, put, row_line, width};

/// The most nodes of a graph that is drawn, as SVG or as a page.
pub const MAX_DRAWN: usize = 400;

const SIZE: f64 = 13.0;
/// The room above the nodes in a row.
const ROWS_APART: f64 = 28.0;
/// Names and formulas are cut to so many letters.
const LONGEST: usize = 28;
/// The most gradients that a box lists where they add.
const SUMMANDS: usize = 4;

pub(crate) const STYLE: &str = include_str!("drawing.css");

impl Explanation {
    /// The computation graph as an SVG picture, for light and dark backgrounds: inputs on the left, the
    /// result on the right; in each box the operation, its value and the gradient of the result in it;
    /// on each line the local derivative; a plus where gradients add at a fork.
    ///
    /// ```
    /// use gradtape_calculus::{Expr, explain};
    ///
    /// let e = Expr::parse("(a+b)*(b+1)")?;
    /// let svg = explain(&e, &[("a", 2.0), ("b", 1.0)], Default::default())?.svg()?;
    /// assert!(svg.starts_with("<svg ") && svg.contains(">c = a + b<"));
    /// # Ok::<(), gradtape_calculus::Error>(())
    /// ```
    ///
    /// # Errors
    /// More than [`MAX_DRAWN`] nodes.
    pub fn svg(&self) -> Result<String> {
        const MARGIN: f64 = 24.0;
        let drawing = self.drawing()?;
        let formula = pretty(&self.expression);
        let title = cut(&format!("{} = {formula}", self.nodes[self.result()].label), 90);
        let point = match self.at.0.is_empty() {
            true => String::new(),
            false => cut(&format!("at {}", self.at.equations()), 90),
        };
        let letters = title.chars().count().max(point.chars().count()) as f64 * LETTER * 16.0;
        let inside = drawing.width.max(letters);
        let legend = self.legend(drawing.forks, inside);
        let rows = if self.is_numbered { self.rows() } else { Vec::new() };
        let widest = rows.iter().map(|row| row.width).fold(0.0, f64::max);
        let width = inside.max(legend.width).max(widest) + 2.0 * MARGIN;
        let top = MARGIN + if point.is_empty() { 36.0 } else { 58.0 };
        let more: f64 = rows.iter().map(|row| row.height + ROWS_APART).sum();
        let height = top + drawing.height + 40.0 + legend.height + more + MARGIN;
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gradtape\" viewBox=\"0 0 {width:.0} \
             {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n\
             <title>The computation graph of {}</title>\n<style>\n{STYLE}</style>\n\
             <rect class=\"paper\" width=\"{width:.0}\" height=\"{height:.0}\"/>\n\
             <text class=\"title\" x=\"{MARGIN}\" y=\"{:.0}\">{}</text>\n\
             <text class=\"point\" x=\"{MARGIN}\" y=\"{:.0}\">{}</text>\n",
            escaped(&cut(&formula, 200)),
            MARGIN + 14.0,
            escaped(&title),
            MARGIN + 36.0,
            escaped(&point),
        );
        let left = 0.5 * (width - drawing.width);
        put(&mut text, format_args!("<g transform=\"translate({left:.1} {top:.1})\">\n"));
        text += &drawing.body;
        let below = height - MARGIN + 2.0 - legend.height - more;
        put(
            &mut text,
            format_args!(
                "</g>\n<g transform=\"translate({MARGIN} {below:.1})\">{}</g>\n",
                legend.body
            ),
        );
        let mut y = below + legend.height + ROWS_APART - 14.0;
        for row in rows {
            put(
                &mut text,
                format_args!("<g transform=\"translate({MARGIN} {y:.1})\">\n{}</g>\n", row.body),
            );
            y += row.height + ROWS_APART;
        }
        text += "</svg>\n";
        Ok(text)
    }

    /// The graph alone, without title and legend. Parts carry the numbers of their nodes as data.
    pub(super) fn drawing(&self) -> Result<Drawing> {
        if self.nodes.len() > MAX_DRAWN {
            let message =
                format!("the graph has {} nodes; at most {MAX_DRAWN} are drawn", self.nodes.len());
            return Err(Error::new(message).hint("text, JSON, DOT and Markdown show longer ones"));
        }
        let cards: Vec<Card> = self.nodes.iter().map(|node| self.card(node)).collect();
        let sizes: Vec<(f64, f64)> = cards.iter().map(|card| (card.width, card.height)).collect();
        let labels = self.labels();
        let edges: Vec<Edge> = labels
            .iter()
            .map(|label| Edge { from: label.from, to: label.to, label: width(&label.text, 12.0) })
            .collect();
        let laid = layout(&sizes, &edges);
        let mut body = String::new();
        let mut placed = Labels::default();
        let courses = Courses::of(&laid.ways);
        for (number, (label, way)) in labels.iter().zip(&laid.ways).enumerate() {
            let crosses = |middle, extent| courses.crossing(number, middle, extent);
            line(&mut body, label, way, &mut placed, crosses);
        }
        for (card, corner) in cards.iter().zip(&laid.corners) {
            card.draw(&mut body, *corner);
        }
        let forks = cards.iter().any(|card| card.forks);
        Ok(Drawing { width: laid.width, height: laid.height, body, forks })
    }

    fn card(&self, node: &Step) -> Card {
        let out = &self.nodes[self.result()].label;
        let title = match node.formula.as_str() {
            "" => cut(&node.label, LONGEST),
            formula => cut(&format!("{} = {}", node.label, pretty(formula)), LONGEST),
        };
        let mut rows = vec![Row::new("forward", "value", node.value.0)];
        let walked = self.backward.iter().any(|line| line.node == node.id);
        let uses = self.uses(node.id);
        if walked {
            let name = cut(&format!("d{out}/d{}", node.label), LONGEST);
            let had = if self.is_numbered { self.handed(node.id) } else { node.gradient.0 };
            rows.push(Row::new("backward", &name, had));
            if let Some(right) = self.right(node.id) {
                rows.push(Row {
                    class: "backward term right",
                    name: format!(" right: {right}"),
                    value: String::new(),
                    user: None,
                });
            }
        }
        let forks = walked && uses.len() > 1;
        // In a walk that goes wrong, what comes through a use is another number.
        let adds = forks && !(self.is_numbered && self.order == Order::BreadthFirst);
        if adds {
            let listed = if uses.len() > SUMMANDS { SUMMANDS - 1 } else { uses.len() };
            for &(user, gradient) in &uses[..listed] {
                let name = format!(" via {}", self.nodes[user].label);
                let row = Row::new("backward term", &cut(&name, LONGEST), gradient);
                rows.push(Row { user: Some(user), ..row });
            }
            if listed < uses.len() {
                let name = format!(" and {} more", uses.len() - listed);
                rows.push(Row { class: "backward term", name, value: String::new(), user: None });
            }
        }
        let kind = match node.op {
            _ if node.id == self.result() => "result",
            "input" => "input",
            _ => "",
        };
        let mut head = if node.formula.is_empty() { node.op.to_string() } else { String::new() };
        if let Some(number) = self.number(node.id) {
            head = format!("{head} #{number}").trim_start().to_string();
        }
        let head_width = if head.is_empty() { 0.0 } else { 16.0 + width(&head, 11.0) };
        let rows_width =
            rows.iter().map(|row| width(&row.name, 12.0) + 16.0 + width(&row.value, SIZE));
        Card {
            id: node.id,
            kind,
            says: format!("{} ({})", node.label, node.op),
            width: rows_width.fold((width(&title, SIZE) + head_width).max(64.0), f64::max)
                + 2.0 * PAD,
            height: card_height(rows.len()),
            title,
            head,
            rows,
            forks,
            sums: if forks { self.sums(&uses) } else { String::new() },
        }
    }

    /// What a gradient has come to after each use, in the order of the walk: each with the number of its user.
    fn sums(&self, uses: &[(usize, f64)]) -> String {
        let taken = |user: usize| self.backward.iter().position(|line| line.node == user);
        let mut uses = uses.to_vec();
        uses.sort_by_key(|&(user, _)| taken(user));
        let mut sum = 0.0;
        let sums = uses.iter().map(|&(user, gradient)| {
            sum += gradient;
            format!("{user}:{}", short(sum))
        });
        sums.collect::<Vec<_>>().join(" ")
    }

    fn labels(&self) -> Vec<Label> {
        let mut labels = Vec::new();
        for user in &self.nodes {
            for (place, (&from, local)) in user.inputs.iter().zip(&user.local).enumerate() {
                let number = short(local.0);
                let slope = user.slopes.get(place).map(|slope| pretty(slope)).unwrap_or_default();
                let text = match slope.as_str() {
                    slope if slope == number || slope.chars().count() > 14 => number.clone(),
                    "" => number.clone(),
                    slope => format!("{slope} = {number}"),
                };
                let (d, by) = (&user.label, &self.nodes[from].label);
                let says = match slope.as_str() {
                    "" => format!("d{d}/d{by} = {number}"),
                    slope if slope == number => format!("d{d}/d{by} = {number}"),
                    slope => format!("d{d}/d{by} = {slope} = {number}"),
                };
                labels.push(Label { from, to: user.id, place, text, says });
            }
        }
        labels
    }

    fn legend(&self, forks: bool, room: f64) -> Legend {
        let out = cut(&self.nodes[self.result()].label, LONGEST);
        let mut legend = Legend { body: String::new(), width: 0.0, height: 0.0, room, x: 0.0 };
        legend.add("forward", "→ value, computed forward");
        legend.add("backward", &format!("← gradient of {out}, computed backward"));
        legend.add("slope", "on a line: the local derivative");
        if forks {
            legend.add("backward", "⊕ fork: gradients add");
        }
        if self.is_numbered {
            legend.add("slope", "#: the place in the backward walk");
        }
        legend
    }
}

/// A drawn graph and its extent.
pub(super) struct Drawing {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) body: String,
    /// Whether gradients add anywhere.
    pub(super) forks: bool,
}

/// Texts side by side, and below each other where there is no room.
struct Legend {
    body: String,
    width: f64,
    /// What it is higher than one line.
    height: f64,
    room: f64,
    x: f64,
}

impl Legend {
    fn add(&mut self, class: &str, text: &str) {
        let wide = width(text, 12.0);
        if self.x > 0.0 && self.x + wide > self.room {
            (self.x, self.height) = (0.0, self.height + 20.0);
        }
        put(
            &mut self.body,
            format_args!(
                "<text class=\"{class} small\" x=\"{:.1}\" y=\"{:.0}\">{}</text>",
                self.x,
                self.height,
                escaped(text)
            ),
        );
        self.width = self.width.max(self.x + wide);
        self.x += wide + 24.0;
    }
}

/// A name and a number.
struct Row {
    class: &'static str,
    name: String,
    value: String,
    /// The use of the node that it tells of.
    user: Option<usize>,
}

impl Row {
    fn new(class: &'static str, name: &str, value: f64) -> Row {
        Row { class, name: name.to_string(), value: short(value), user: None }
    }
}

/// A node as a box.
struct Card {
    id: usize,
    kind: &'static str,
    says: String,
    title: String,
    /// What stands to the right of the title.
    head: String,
    rows: Vec<Row>,
    forks: bool,
    sums: String,
    width: f64,
    height: f64,
}

impl Card {
    fn draw(&self, out: &mut String, (x, y): (f64, f64)) {
        let Card { id, kind, width, height, .. } = self;
        let right = width - PAD;
        put(
            out,
            format_args!(
                "<g class=\"node {kind}\" data-node=\"{id}\" transform=\"translate({x:.1} {y:.1})\">\
                 <title>{}</title>",
                escaped(&cut(&self.says, 200))
            ),
        );
        svg::card(out, [*width, *height], &self.title, &self.head);
        for (number, Row { class, name, value, user }) in self.rows.iter().enumerate() {
            let line = row_line(number);
            let user = user.map_or(String::new(), |user| format!(" data-via=\"{user}\""));
            put(
                out,
                format_args!(
                    "<g class=\"{class}\"{user}><text class=\"row\" x=\"{PAD}\" y=\"{line:.1}\">{}</text>\
                     <text class=\"number\" x=\"{right:.1}\" y=\"{line:.1}\">{value}</text></g>",
                    escaped(name)
                ),
            );
        }
        if self.forks {
            let (x, y) = (width, 0.5 * height);
            put(
                out,
                format_args!(
                    "<g class=\"fork\" data-sums=\"{}\"><title>a fork: gradients add here</title>\
                     <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"7\"/>\
                     <path d=\"M{:.1} {y:.1} h8 m-4 -4 v8\"/></g>",
                    self.sums,
                    x - 4.0
                ),
            );
        }
        out.push_str("</g>\n");
    }
}

/// Text of formulas with the signs of print.
pub(super) fn pretty(text: &str) -> String {
    text.replace('*', "·")
}
