//! The nodes of a graph in a row, in the order of a walk: sorted, all its lines run one way.

use gradtape_chart::text::{cut, escaped};

use super::explanation::Explanation;
use crate::report::plural;
use crate::teaching::svg::{put, width};

/// Longer walks would be rows that nobody looks at.
const MOST_NODES: usize = 40;

const HEIGHT: f64 = 26.0;
const APART: f64 = 30.0;
const SIZE: f64 = 13.0;

/// A drawn row.
pub(super) struct Row {
    pub(super) body: String,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A box of the row: its node, its middle and its width.
struct Place {
    node: usize,
    middle: f64,
    wide: f64,
}

impl Explanation {
    /// The walk breadth first, which is unsorted, and the sorted one, below each other; nothing of long walks.
    pub(super) fn rows(&self) -> Vec<Row> {
        let [reached, sorted] = &self.orders;
        if reached.len() > MOST_NODES {
            return Vec::new();
        }
        let titles = [
            "unsorted, as breadth first reaches the nodes",
            "sorted, as a topological walk takes them",
        ];
        titles
            .into_iter()
            .zip([reached, sorted])
            .map(|(title, walk)| self.row(title, walk))
            .collect()
    }

    fn row(&self, title: &str, walk: &[usize]) -> Row {
        let mut places: Vec<Place> = Vec::new();
        let mut x = 0.0;
        for &node in walk {
            let wide = width(&cut(&self.nodes[node].label, 12), SIZE) + 22.0;
            places.push(Place { node, middle: x + 0.5 * wide, wide });
            x += wide + APART;
        }
        let at = |node: usize| places.iter().position(|place| place.node == node);
        // What each node hands on, and to which.
        let mut on = Vec::new();
        let mut back = Vec::new();
        for (from, place) in places.iter().enumerate() {
            for &input in &self.nodes[place.node].inputs {
                if let Some(to) = at(input) {
                    if from < to { on.push((from, to)) } else { back.push((from, to)) }
                }
            }
        }
        let rise = |pairs: &[(usize, usize)]| {
            let far = pairs.iter().map(|(from, to)| from.abs_diff(*to)).max();
            far.map_or(0.0, |far| arch(far) + 4.0)
        };
        let top = 26.0 + rise(&on);
        let mut body = String::new();
        let told = match back.len() {
            0 => "all gradients are handed on".to_string(),
            count => format!("{} late", plural(count, "gradient")),
        };
        put(
            &mut body,
            format_args!("<text class=\"name\" x=\"0\" y=\"14\">{title}: {told}</text>\n"),
        );
        for (class, pairs, y, way) in [("", &on, top, -1.0), ("late ", &back, top + HEIGHT, 1.0)] {
            for &(from, to) in pairs {
                // Beside the number of its box, so that two lines between the same boxes are two.
                let (start, end) = (places[from].middle, places[to].middle);
                let high = y + way * arch(from.abs_diff(to));
                put(
                    &mut body,
                    format_args!(
                        "<path class=\"{class}way\" d=\"M{start:.1} {y:.1} C{start:.1} {high:.1} {end:.1} {high:.1} \
                         {end:.1} {y:.1}\"/><path class=\"{class}there\" d=\"M{end:.1} {y:.1} l-4.5 {0:.1} h9z\"/>\n",
                        9.0 * way
                    ),
                );
            }
        }
        for (number, Place { node, middle, wide }) in places.iter().enumerate() {
            let left = middle - 0.5 * wide;
            let label = escaped(&cut(&self.nodes[*node].label, 12));
            put(
                &mut body,
                format_args!(
                    "<g class=\"node\"><rect class=\"box\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" \
                     height=\"{HEIGHT}\" rx=\"6\"/><rect class=\"frame\" x=\"{left:.1}\" y=\"{top:.1}\" \
                     width=\"{wide:.1}\" height=\"{HEIGHT}\" rx=\"6\"/><text class=\"walked\" x=\"{middle:.1}\" \
                     y=\"{:.1}\">{label}</text><text class=\"count\" x=\"{:.1}\" y=\"{:.1}\">{}</text></g>\n",
                    top + 17.5,
                    left + wide + 3.0,
                    top + HEIGHT - 1.0,
                    number + 1
                ),
            );
        }
        Row {
            body,
            width: (x - APART).max(width(title, SIZE) + 220.0),
            height: top + HEIGHT + rise(&back),
        }
    }
}

/// How far the handle of a line between boxes so many places apart is from them.
fn arch(places: usize) -> f64 {
    14.0 + 13.0 * (places.min(8)) as f64
}
