//! A frame with axes in SVG.

use std::fmt::Write;

use crate::json::short;

pub(crate) const COLOURS: [&str; 8] =
    ["#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#e377c2", "#17becf"];

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 480.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 48.0;

/// A picture with two axes. Lines leave it clipped.
pub(crate) struct Frame {
    x: (f64, f64),
    y: (f64, f64),
    body: String,
    legend: Vec<(String, String)>,
}

impl Frame {
    /// An empty picture of a rectangle; a rectangle without extent is widened.
    pub(crate) fn new(x: (f64, f64), y: (f64, f64)) -> Frame {
        Frame { x: widened(x), y: widened(y), body: String::new(), legend: Vec::new() }
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let across = (x - self.x.0) / (self.x.1 - self.x.0);
        let up = (y - self.y.0) / (self.y.1 - self.y.0);
        // Far outside, all places look alike.
        let clamp = |v: f64| v.clamp(-20.0, 20.0);
        (
            LEFT + clamp(across) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - clamp(up) * (HEIGHT - TOP - BOTTOM),
        )
    }

    /// A line through points; it is interrupted where they are not finite.
    pub(crate) fn line(&mut self, points: &[(f64, f64)], style: &str) {
        let mut data = String::new();
        let mut drawing = false;
        for &point in points {
            if !(point.0.is_finite() && point.1.is_finite()) {
                drawing = false;
                continue;
            }
            let (x, y) = self.place(point);
            put(&mut data, format_args!("{}{x:.2} {y:.2}", if drawing { " L" } else { " M" }));
            drawing = true;
        }
        put(
            &mut self.body,
            format_args!("<path d=\"{}\" fill=\"none\" {style}/>\n", data.trim_start()),
        );
    }

    /// A point.
    pub(crate) fn dot(&mut self, point: (f64, f64), radius: f64, colour: &str) {
        if point.0.is_finite() && point.1.is_finite() {
            let (x, y) = self.place(point);
            let circle = format_args!(
                "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius}\" fill=\"{colour}\"/>\n"
            );
            put(&mut self.body, circle);
        }
    }

    /// An arrow from a point in a direction of the picture, at most `length` pixels long.
    pub(crate) fn arrow(&mut self, from: (f64, f64), to: (f64, f64), length: f64, colour: &str) {
        let ((x, y), (u, v)) = (self.place(from), self.place(to));
        let size = (u - x).hypot(v - y);
        if !(size.is_finite() && size > 0.0) {
            return;
        }
        let (u, v) = (x + (u - x) / size * length, y + (v - y) / size * length);
        put(
            &mut self.body,
            format_args!(
                "<path d=\"M{x:.1} {y:.1} L{u:.1} {v:.1}\" stroke=\"{colour}\" \
                 marker-end=\"url(#head)\" fill=\"none\"/>\n"
            ),
        );
    }

    /// A line of the legend.
    pub(crate) fn legend(&mut self, colour: &str, text: &str) {
        self.legend.push((colour.to_string(), text.to_string()));
    }

    /// The whole picture.
    pub(crate) fn finish(self, title: &str, names: (&str, &str)) -> String {
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n<title>{title}</title>\n\
             <defs><clipPath id=\"frame\"><rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{}\" height=\"{}\"/>\
             </clipPath><marker id=\"head\" markerWidth=\"6\" markerHeight=\"6\" refX=\"4\" refY=\"3\" \
             orient=\"auto\"><path d=\"M0 0 L5 3 L0 6\" fill=\"none\" stroke=\"#888\"/></marker></defs>\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{title}</text>\n",
            WIDTH - LEFT - RIGHT,
            HEIGHT - TOP - BOTTOM,
            title = escaped(title),
        );
        for x in ticks(self.x) {
            let (at, bottom) = self.place((x, self.y.0));
            put(
                &mut text,
                format_args!(
                    "<path d=\"M{at:.1} {bottom:.1} V{TOP}\" stroke=\"#e5e5e5\"/>\
                     <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
                    bottom + 16.0,
                    short(x)
                ),
            );
        }
        for y in ticks(self.y) {
            let (left, at) = self.place((self.x.0, y));
            put(
                &mut text,
                format_args!(
                    "<path d=\"M{left:.1} {at:.1} H{}\" stroke=\"#e5e5e5\"/>\
                     <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
                    WIDTH - RIGHT,
                    left - 6.0,
                    at + 4.0,
                    short(y)
                ),
            );
        }
        put(&mut text, format_args!("<g clip-path=\"url(#frame)\">\n{}</g>\n", self.body));
        put(
            &mut text,
            format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
                 <text x=\"16\" y=\"{:.1}\">{}</text>\n",
                0.5 * (LEFT + WIDTH - RIGHT),
                HEIGHT - 10.0,
                escaped(names.0),
                TOP - 6.0,
                escaped(names.1)
            ),
        );
        for (number, (colour, label)) in self.legend.iter().enumerate() {
            let y = TOP + 16.0 * (number as f64 + 1.0);
            put(
                &mut text,
                format_args!(
                    "<path d=\"M{} {:.1} h20\" stroke=\"{colour}\" stroke-width=\"2\"/>\
                     <text x=\"{}\" y=\"{y:.1}\">{}</text>\n",
                    LEFT + 10.0,
                    y - 4.0,
                    LEFT + 36.0,
                    escaped(label)
                ),
            );
        }
        text.push_str("</svg>\n");
        text
    }
}

/// Text inside XML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(arguments);
    debug_assert!(written.is_ok());
}

fn widened((low, high): (f64, f64)) -> (f64, f64) {
    if !(low.is_finite() && high.is_finite()) {
        return (-1.0, 1.0);
    }
    let least = 1e-9 * (low.abs().max(high.abs())).max(1e-300);
    if high - low > least { (low, high) } else { (low - least.max(0.5), high + least.max(0.5)) }
}

/// About six round numbers in a range.
fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let rough = (high - low) / 6.0;
    let size = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * size).into_iter().find(|s| *s >= rough);
    let Some(step) = step else { return Vec::new() };
    let first = (low / step).ceil();
    let places = (0..12).map(|number| (first + f64::from(number)) * step);
    places.take_while(|place| *place <= high).collect()
}
