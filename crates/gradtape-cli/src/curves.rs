//! Curves over the epochs as an SVG picture.

use std::fmt::Write;

/// A diagram of curves with one pair of axes.
pub(crate) struct Panel {
    pub(crate) name: &'static str,
    pub(crate) curves: Vec<Curve>,
}

/// A curve: one number for each epoch, from the first.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) values: Vec<f64>,
}

/// The panels side by side. Numbers that are not finite are left out of their curves.
pub(crate) fn svg(title: &str, panels: &[Panel]) -> String {
    let width = PANEL.0 * panels.len().max(1) as f64;
    let height = PANEL.1 + TITLE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\" font-size=\"15\">{title}</text>\n",
        title = escape(title)
    );
    for (number, panel) in panels.iter().enumerate() {
        let left = PANEL.0 * number as f64;
        let _ = writeln!(svg, "<g transform=\"translate({left} {TITLE})\">");
        draw(panel, &mut svg);
        svg += "</g>\n";
    }
    svg + "</svg>\n"
}

/// Width and height of a panel, and the space around its axes.
const PANEL: (f64, f64) = (460.0, 320.0);
const MARGIN: f64 = 56.0;
const TITLE: f64 = 32.0;
/// Colours that also differ for people who do not tell red from green.
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

fn draw(panel: &Panel, svg: &mut String) {
    let epochs = panel.curves.iter().map(|curve| curve.values.len()).max().unwrap_or(0).max(1);
    let finite = panel.curves.iter().flat_map(|curve| &curve.values).filter(|y| is_drawable(**y));
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for &y in finite {
        (low, high) = (low.min(y), high.max(y));
    }
    if low > high {
        (low, high) = (0.0, 1.0);
    }
    if low == high {
        (low, high) = (low - 0.5 * low.abs().max(1e-9), high + 0.5 * high.abs().max(1e-9));
    }
    let ticks = ticks(low, high);
    (low, high) = (low.min(ticks[0]), high.max(ticks[ticks.len() - 1]));
    let (right, bottom) = (PANEL.0 - 16.0, PANEL.1 - 44.0);
    let x = |epoch: f64| MARGIN + (right - MARGIN) * (epoch - 1.0) / (epochs as f64 - 1.0).max(1.0);
    let y = |value: f64| bottom - (bottom - TOP) * (value - low) / (high - low);

    for &tick in &ticks {
        let at = y(tick);
        let _ = writeln!(
            svg,
            "<path d=\"M{MARGIN} {at:.2}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{:.2}\" y=\"{:.2}\" text-anchor=\"end\">{}</text>",
            MARGIN - 6.0,
            at + 4.0,
            label(tick, &ticks)
        );
    }
    let mut whole = self::ticks(1.0, epochs as f64);
    whole.retain(|&tick| tick.fract() == 0.0 && tick > 1.0 && tick <= epochs as f64);
    for tick in whole.into_iter().chain([1.0]) {
        let (at, below) = (x(tick), bottom + 18.0);
        let _ =
            writeln!(svg, "<text x=\"{at:.2}\" y=\"{below}\" text-anchor=\"middle\">{tick}</text>");
    }
    let (middle, below) = ((MARGIN + right) / 2.0, bottom + 36.0);
    let _ = writeln!(
        svg,
        "<path d=\"M{MARGIN} {TOP}V{bottom}H{right}\" fill=\"none\" stroke=\"black\"/>\
         <text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">epoch</text>\
         <text x=\"{MARGIN}\" y=\"{}\">{}</text>",
        TOP - 8.0,
        escape(panel.name)
    );
    let mut legend = right;
    for (number, curve) in panel.curves.iter().enumerate().rev() {
        let colour = COLOURS[number % COLOURS.len()];
        let points = curve.values.iter().enumerate().map(|(i, &value)| (x(1.0 + i as f64), value));
        let runs: Vec<Vec<(f64, f64)>> = finite_runs(points);
        for run in runs {
            let points: Vec<String> =
                run.iter().map(|&(x, value)| format!("{x:.2},{:.2}", y(value))).collect();
            let _ = match points.as_slice() {
                [_] => {
                    let (x, y) = (run[0].0, y(run[0].1));
                    writeln!(svg, "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"3\" fill=\"{colour}\"/>")
                }
                _ => writeln!(
                    svg,
                    "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                    points.join(" ")
                ),
            };
        }
        let above = TOP - 8.0;
        let _ = writeln!(
            svg,
            "<text x=\"{legend}\" y=\"{above}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>",
            escape(curve.name)
        );
        legend -= 9.0 * curve.name.chars().count() as f64;
    }
}

const TOP: f64 = 28.0;

/// Whether a number is finite, and differences between such numbers are too.
fn is_drawable(y: f64) -> bool {
    y.abs() < 1e300
}

fn finite_runs(points: impl Iterator<Item = (f64, f64)>) -> Vec<Vec<(f64, f64)>> {
    let mut runs = vec![Vec::new()];
    for (x, y) in points {
        match runs.last_mut() {
            Some(run) if is_drawable(y) => run.push((x, y)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// About five round numbers: multiples of 1, 2 or 5 times a power of ten that hold `low` and `high`
/// between them.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = ((high - low) / 5.0).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|&by| by * power >= rough).unwrap_or(10.0) * power;
    let (first, last) = ((low / step).floor(), (high / step).ceil());
    // A range too narrow for its numbers to differ has its two ends.
    if !step.is_finite() || last - first > 20.0 || first + 1.0 == first {
        return vec![low, high];
    }
    (0..=(last - first) as usize).map(|i| (first + i as f64) * step).collect()
}

/// A tick with as many decimals as its neighbours need.
fn label(tick: f64, ticks: &[f64]) -> String {
    let step = ticks[1] - ticks[0];
    let largest = ticks.iter().fold(0f64, |most, tick| most.max(tick.abs()));
    if largest >= 1e5 || step < 1e-6 {
        return format!("{tick:.1e}");
    }
    let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    format!("{tick:.decimals$}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_the_range() {
        assert_eq!(ticks(0.03, 0.97), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(1.0, 30.0), [0.0, 10.0, 20.0, 30.0]);
        for (low, high) in [(-3.2, 1e-3), (1e299, 1.1e299), (5.0, 5.0 + 1e-12), (0.0, 1e-310)] {
            let ticks = ticks(low, high);
            assert!(ticks[0] <= low && ticks[ticks.len() - 1] >= high, "{ticks:?}");
            assert!((2..=21).contains(&ticks.len()));
        }
        let ticks = [0.0, 0.2, 0.4, 0.6000000000000001];
        assert_eq!(label(ticks[3], &ticks), "0.6");
        assert_eq!(label(200.0, &[100.0, 200.0]), "200");
    }

    #[test]
    fn curves_become_polylines() {
        let curve = |name, values: &[f64]| Curve { name, values: values.to_vec() };
        let curves = vec![curve("train", &[1.0, 0.5, 0.25]), curve("validation", &[1.0, 0.6, 0.4])];
        let text = svg("a <b>", &[Panel { name: "loss", curves }]);
        assert_eq!(text.matches("<polyline").count(), 2);
        assert!(text.contains("a &lt;b&gt;") && text.contains(">validation</text>"));
        // From the upper left corner of the axes to the right end.
        assert!(text.contains("points=\"56.00,28.00 "), "{text}");
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let curve = |values: &[f64]| vec![Curve { name: "c", values: values.to_vec() }];
        let nan = f64::NAN;
        let broken = svg("t", &[Panel { name: "p", curves: curve(&[1.0, 2.0, nan, 3.0, 4.0]) }]);
        assert_eq!(broken.matches("<polyline").count(), 2);
        for values in [&[][..], &[nan], &[3.0], &[0.0, 0.0], &[f64::INFINITY, 1e308, -1e308]] {
            let text = svg("t", &[Panel { name: "p", curves: curve(values) }]);
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }
}
