//! An explanation as a page: the drawn graph, stepped forward and backward with a slider.

use gradtape_chart::THEME;
use gradtape_chart::text::{cut, escaped};

use super::drawing::{STYLE, pretty};
use super::explanation::{Explanation, Line, Order, Symbolic};
use super::order::Row;
use crate::report::{Error, Named, Number, Result, factor, short};
use crate::teaching::live::{Live, Scripts, page, parts, quoted};
use crate::teaching::svg::put;

/// The longest derivative that the page writes out.
const LONGEST: usize = 4000;

const FORKS: &str = " <span class=\"backward\">⊕ fork: gradients add</span>";

impl Explanation {
    /// A page that needs nothing beside itself: no network, no other file. It shows the graph of
    /// [`Explanation::svg`] and steps through it with a slider, buttons or arrow keys: forward the values
    /// appear, backward the gradients, each with its line of the chain rule. Below stand the nodes, the
    /// three ways to differentiate and the notes.
    ///
    /// The element `data` holds the JSON of the explanation. An address that ends in `#step=7` opens the
    /// page at that step. Without scripts, everything is shown at once.
    ///
    /// # Errors
    /// More than [`MAX_DRAWN`](crate::MAX_DRAWN) nodes.
    pub fn html(&self) -> Result<String> {
        self.page(None)
    }

    /// The page, which answers if it is given what it needs for that.
    pub(crate) fn page(&self, live: Option<&Live<'_>>) -> Result<String> {
        let title = escaped(&cut(&pretty(&self.expression), 80));
        let words = [
            ("title", title),
            ("style", format!("{THEME}{}{STYLE}", include_str!("page.css"))),
            ("steps", (self.forward.len() + self.backward.len()).to_string()),
        ];
        let own = concat!(include_str!("../live/walk.js"), include_str!("page.js"));
        let scripts = Scripts { own, answering: include_str!("answering.js") };
        Ok(page(include_str!("page.html"), &words, &self.parts()?, &scripts, live))
    }

    /// What the page shows of the explanation.
    pub(crate) fn parts(&self) -> Result<Named<String>> {
        let drawing = self.drawing()?;
        let (width, height) = (drawing.width + 32.0, drawing.height + 32.0);
        let graph = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gradtape\" viewBox=\"-16 -16 {width:.0} \
             {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" \
             aria-label=\"The computation graph\">\n{}</svg>",
            drawing.body
        );
        let json = serde_json::to_string(self).map_err(|error| Error::new(error.to_string()))?;
        let mut details = String::new();
        details += &section("Forward", &self.list(&self.forward, 1));
        details += &section("Backward", &self.list(&self.backward, self.forward.len() + 1));
        details += &section("Nodes", &self.node_table());
        if !self.gradient.0.is_empty() {
            details += &section("Three ways to differentiate", &self.ways_table());
        }
        if let Some(hessian) = &self.hessian {
            details += &section("Hessian", &hessian_table(hessian));
        }
        if !self.notes.is_empty() {
            let notes = self.notes.iter().map(|note| format!("<li>{}</li>\n", escaped(note)));
            details += &section(
                "Notes",
                &format!("<ul class=\"notes\">\n{}</ul>", notes.collect::<String>()),
            );
        }
        Ok(parts([
            ("head", self.head()),
            ("graph", graph),
            ("legend", self.legend_line(drawing.forks)),
            ("rows", self.drawn_rows()),
            ("details", details),
            ("warning", self.warning()),
            ("data", quoted(&json)),
        ]))
    }

    /// The nodes in a row, unsorted and sorted, where the walk has numbers.
    fn drawn_rows(&self) -> String {
        let rows = if self.is_numbered { self.rows() } else { Vec::new() };
        let row = |row: Row| {
            let (width, height) = (row.width + 32.0, row.height + 16.0);
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gradtape\" viewBox=\"-8 0 {width:.0} {height:.0}\" \
                 width=\"{width:.0}\" height=\"{height:.0}\">\n{}</svg>\n",
                row.body
            )
        };
        rows.into_iter().map(row).collect()
    }

    fn head(&self) -> String {
        let at = match self.at.0.is_empty() {
            true => String::new(),
            false => format!("at {}", self.at.equations()),
        };
        format!(
            "<h1>{} = {}</h1><p>{}</p>",
            escaped(&self.nodes[self.result()].label),
            escaped(&cut(&pretty(&self.expression), LONGEST)),
            escaped(&cut(&at, LONGEST))
        )
    }

    fn legend_line(&self, forks: bool) -> String {
        format!(
            "<span class=\"forward\">→ value, computed forward</span> \
             <span class=\"backward\">← gradient of {}, computed backward</span> \
             <span>on a line: the local derivative</span>{}",
            escaped(&self.nodes[self.result()].label),
            if forks { FORKS } else { "" }
        )
    }

    /// Why the value or a derivative is no number, where that is so.
    fn warning(&self) -> String {
        let numbers = [&self.value].into_iter().chain(self.gradient.values());
        if numbers.into_iter().all(|number| number.0.is_finite()) {
            return String::new();
        }
        let what = match self.value.0.is_finite() {
            true => "a derivative is no finite number here".to_string(),
            false => format!("the value is {} here", short(self.value.0)),
        };
        let notes = self.notes.iter().take(2).map(|note| format!("\n  {note}"));
        what + &notes.collect::<String>()
    }

    /// A list of steps, numbered from `first`; where gradients add, what comes through each use.
    fn list(&self, lines: &[Line], first: usize) -> String {
        let mut text = format!("<ol start=\"{first}\">\n");
        for (number, line) in lines.iter().enumerate() {
            let step = first + number;
            // A walk breadth first writes out what has come, and what comes late.
            let adds = !line.latex.is_empty() && self.order == Order::Topological;
            let uses = if adds { self.uses(line.node) } else { Vec::new() };
            let mut terms = String::new();
            if uses.len() > 1 {
                let name = escaped(&self.nodes[line.node].label);
                terms = format!("<br><small>{name} is a fork: {} gradients add", uses.len());
                for (place, (user, gradient)) in uses.iter().enumerate() {
                    let user = escaped(&self.nodes[*user].label);
                    let sign = if place == 0 { ": " } else { " + " };
                    put(&mut terms, format_args!("{sign}{} via {user}", factor(*gradient)));
                }
                terms += "</small>";
            }
            put(
                &mut text,
                format_args!(
                    "<li><button type=\"button\" data-step=\"{step}\"><span>{}{terms}</span></button></li>\n",
                    escaped(&spaced(&line.text))
                ),
            );
        }
        text + "</ol>"
    }

    fn node_table(&self) -> String {
        let mut text = head(&["node", "operation", "value", "gradient"]);
        for node in &self.nodes {
            let formula = if node.formula.is_empty() { node.op } else { &node.formula };
            let gradient = match self.is_walked(node.id) {
                true => {
                    short(if self.is_numbered { self.handed(node.id) } else { node.gradient.0 })
                }
                false => String::new(),
            };
            let right = self.right(node.id).filter(|_| self.is_walked(node.id));
            let right = right.map(|right| format!(" <span class=\"right\">right: {right}</span>"));
            let right = right.unwrap_or_default();
            put(
                &mut text,
                format_args!(
                    "<tr data-node=\"{}\"><th scope=\"row\">{}</th><td>{}</td>\
                     <td class=\"forward\"><span class=\"number\">{}</span></td>\
                     <td class=\"backward\"><span class=\"number\">{gradient}</span>{right}</td></tr>\n",
                    node.id,
                    escaped(&node.label),
                    escaped(&pretty(formula)),
                    short(node.value.0),
                ),
            );
        }
        text + "</tbody></table>"
    }

    fn ways_table(&self) -> String {
        let mut text = head(&["", "automatic", "numeric", "symbolic", ""]);
        let out = escaped(&self.nodes[self.result()].label);
        for (name, gradient) in &self.gradient.0 {
            // As the gradient in the graph, they are seen once it is computed.
            let node = self.nodes.iter().find(|node| node.name.as_ref() == Some(name));
            let node = node.filter(|node| self.is_walked(node.id));
            let node = node.map_or(String::new(), |node| format!(" data-way=\"{}\"", node.id));
            let numeric = self.numeric.get(name).map_or(String::new(), |number| short(number.0));
            let (value, expression) = match self.symbolic.get(name) {
                Some(Symbolic::Found { expression, value, .. }) => {
                    (short(value.0), format!("= {}", pretty(&cut(expression, LONGEST))))
                }
                Some(Symbolic::Refused { refused }) => (String::new(), refused.clone()),
                None => Default::default(),
            };
            put(
                &mut text,
                format_args!(
                    "<tr{node}><th scope=\"row\">d{out}/d{}</th><td><span class=\"way\">{}</span></td>\
                     <td><span class=\"way\">{numeric}</span></td><td><span class=\"way\">{value}</span></td>\
                     <td class=\"text\"><span class=\"way\">{}</span></td></tr>\n",
                    escaped(name),
                    short(gradient.0),
                    escaped(&expression)
                ),
            );
        }
        text + "</tbody></table>"
    }
}

/// A line with blanks around each sign of multiplication.
fn spaced(line: &str) -> String {
    let line = pretty(line).replace(" · ", "·").replace('·', " · ");
    // Markup makes one blank of several.
    line.replace("   ", "; ")
}

fn hessian_table(hessian: &Named<Named<Number>>) -> String {
    let names: Vec<&str> = hessian.0.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = head(&[&[""], names.as_slice()].concat());
    for (name, row) in &hessian.0 {
        let cells = row.values().map(|value| format!("<td>{}</td>", short(value.0)));
        let cells: String = cells.collect();
        put(&mut text, format_args!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escaped(name)));
    }
    text + "</tbody></table>"
}

fn head(names: &[&str]) -> String {
    let cell = |name: &&str| match name.is_empty() {
        true => "<td></td>".to_string(),
        false => format!("<th scope=\"col\">{}</th>", escaped(name)),
    };
    let cells: String = names.iter().map(cell).collect();
    format!("<table><thead><tr>{cells}</tr></thead><tbody>\n")
}

fn section(title: &str, body: &str) -> String {
    let id = title.split(' ').next().unwrap_or_default().to_lowercase();
    format!("<section id=\"{id}\"><h2>{title}</h2><div class=\"wide\">{body}</div></section>\n")
}
