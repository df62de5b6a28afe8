//! Distributions side by side, as bars.

use gradtape_chart::{Axis, Bars, COLOURS, Chart, Mark, Panel};

use crate::expression::Expr;
use crate::report::{Error, Result, short};

/// More bars than this are not told apart.
const MOST_BARS: usize = 50;
const MOST_GROUPS: usize = 6;

/// How much of the room of a class its bars take.
const SHARE: f64 = 0.8;

/// Bars for the numbers of several distributions, side by side for each class. Each distribution is `NAME: a, b, c`, with
/// expressions without variables, and `;` stands between them.
///
/// ```
/// use gradtape_calculus::plot_bars;
/// let chart = plot_bars("P: 0, 1, 0; Q: 0.2, 0.7, 0.1")?;
/// assert!(chart.svg()?.contains("Q"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Text of another form, with its place; another count of numbers than the first has; one that is negative or no number.
pub fn plot_bars(text: &str) -> Result<Chart> {
    let groups = groups(text)?;
    let classes = groups.first().map_or(0, |(_, numbers)| numbers.len());
    if groups.len() > MOST_GROUPS || classes > MOST_BARS {
        let message = format!("at most {MOST_BARS} bars of {MOST_GROUPS} distributions are drawn");
        return Err(Error::new(message).hint("draw fewer of them, in several pictures"));
    }
    let wide = SHARE / groups.len() as f64;
    let mark = |(number, (name, heights)): (usize, &(&str, Vec<f64>))| {
        let bar = |(class, height): (usize, &f64)| {
            let from = class as f64 + 1.0 - 0.5 * SHARE + number as f64 * wide;
            (from + 0.04 * wide, from + 0.96 * wide, *height)
        };
        Mark::Bars(Bars {
            bars: heights.iter().enumerate().map(bar).collect(),
            colour: COLOURS[number % COLOURS.len()],
            // Every other one is an outline, for those who do not see colours.
            hollow: number % 2 == 1,
            label: name.to_string(),
        })
    };
    let marks = groups.iter().enumerate().map(mark).collect();
    let highest = groups.iter().flat_map(|(_, numbers)| numbers).fold(0.0, |a: f64, b| a.max(*b));
    let high = if highest > 0.0 { 1.05 * highest } else { 1.0 };
    let (x, y) = (Axis::numbered("class", 0.5, classes as f64 + 0.5), Axis::new("", 0.0, high));
    let title = groups.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    Ok(Chart { title, panels: vec![Panel { x, y, equal: false, marks }] })
}

/// What is to be known of distributions that [`plot_bars`] draws: a line for each whose numbers do not sum to 1.
///
/// ```
/// use gradtape_calculus::bars_remarks;
/// assert!(bars_remarks("P: 0, 1, 0; Q: 0.2, 0.7, 0.1")?.is_empty());
/// assert_eq!(bars_remarks("P: 2, 3")?, ["P sums to 5, and a distribution to 1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`plot_bars`].
pub fn bars_remarks(text: &str) -> Result<Vec<String>> {
    let remark = |(name, numbers): (&str, Vec<f64>)| {
        let sum: f64 = numbers.iter().sum();
        let is_one = (sum - 1.0).abs() <= ROUNDED;
        (!is_one).then(|| format!("{name} sums to {}, and a distribution to 1", short(sum)))
    };
    Ok(groups(text)?.into_iter().filter_map(remark).collect())
}

/// How far a sum of probabilities may be off by rounding.
const ROUNDED: f64 = 1e-6;

/// The names and the numbers of the distributions, of which all have as many.
fn groups(text: &str) -> Result<Vec<(&str, Vec<f64>)>> {
    let mut groups: Vec<(&str, Vec<f64>)> = Vec::new();
    let mut start = 0;
    for piece in text.split(';') {
        let group = group(text, start, piece)?;
        let first = groups.first().map_or(group.1.len(), |(_, numbers)| numbers.len());
        if group.1.len() != first {
            let message =
                format!("{} has {} numbers, and the first has {first}", group.0, group.1.len());
            return Err(Error::new(message)
                .at(text, start)
                .hint("give each as many; 0 stands where one has none of a class"));
        }
        groups.push(group);
        start += piece.len() + 1;
    }
    Ok(groups)
}

/// The name and the numbers of one distribution, which begins at an offset of the whole text.
fn group<'t>(text: &str, start: usize, piece: &'t str) -> Result<(&'t str, Vec<f64>)> {
    let wrong = |place: usize, message: String| {
        Err(Error::new(message)
            .at(text, place)
            .hint("a distribution is a name and its numbers, as in P: 0, 1, 0; Q: 0.2, 0.7, 0.1"))
    };
    let Some((name, list)) = piece.split_once(':') else {
        return wrong(start, "a distribution has a name with `:` after it".to_string());
    };
    let mut numbers = Vec::new();
    let mut at = start + piece.len() - list.len();
    for entry in entries(list) {
        let place = at + entry.len() - entry.trim_start().len();
        if entry.trim().is_empty() {
            return wrong(at.min(text.len() - 1), "a number is missing here".to_string());
        }
        let expr = Expr::parse(entry).map_err(|error| match error.position() {
            Some(own) => Error::new(error.message()).at(text, at + own),
            None => error,
        })?;
        if let Some(name) = expr.variables().next() {
            return wrong(place, format!("bars are of numbers; this has the variable `{name}`"));
        }
        let value = expr.evaluate(&[]);
        if !(value.is_finite() && value >= 0.0) {
            return wrong(place, format!("this is {}; bars stand on 0", short(value)));
        }
        numbers.push(value);
        at += entry.len() + 1;
    }
    Ok((name.trim(), numbers))
}

/// What stands between the commas that are in no parentheses.
fn entries(list: &str) -> Vec<&str> {
    let mut depth = 0;
    list.split(move |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
    .collect()
}
