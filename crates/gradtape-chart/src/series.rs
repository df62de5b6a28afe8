//! Panels of values in a row, such as the losses of a training.

use crate::axis::Axis;
use crate::chart::Panel;
use crate::extent::extent;
use crate::mark::{Line, Mark};

/// Numbers that fall to less than a thirtieth are told apart only by their ratios.
const LOGARITHMIC: f64 = 30.0;

/// Numbers of this size leave no room around them.
const HUGE: f64 = 1e300;

impl Panel {
    /// Rows of values that are counted from 1, such as losses over epochs: a line for each, in
    /// the colours and dashes of [`Line::nth`]. A value that is not finite, or beyond 1e300, leaves a gap; a row without
    /// any other is left out.
    ///
    /// `x` and `y` name the axes. The vertical one is logarithmic where the values are all above 0 and
    /// the greatest is thirty times the least or more, and its name says so.
    ///
    /// ```
    /// use gradtape_chart::Panel;
    ///
    /// let (train, validation) = (vec![2.0, 0.5, 0.01], vec![f64::NAN; 3]);
    /// let panel = Panel::series("epoch", "loss", [("train", train), ("validation", validation)]);
    /// assert_eq!((panel.marks.len(), panel.x.high), (1, 3.0));
    /// assert_eq!(panel.y.name, "loss (logarithmic)");
    /// ```
    pub fn series<L: Into<String>, V: AsRef<[f64]>>(
        x: impl Into<String>,
        y: impl Into<String>,
        rows: impl IntoIterator<Item = (L, V)>,
    ) -> Panel {
        let mut longest = 2;
        let mut marks = Vec::new();
        for (number, (label, values)) in rows.into_iter().enumerate() {
            let values = values.as_ref();
            longest = longest.max(values.len());
            let drawn = values.iter().map(|&y| if y.abs() < HUGE { y } else { f64::NAN });
            if extent(drawn.clone()).is_none() {
                continue;
            }
            let points = (1..).map(f64::from).zip(drawn).collect();
            marks.push(Line { points, label: label.into(), ..Line::nth(number) });
        }
        let values = marks.iter().flat_map(|line| &line.points).map(|point| point.1);
        let y = match extent(values).unwrap_or((0.0, 1.0)) {
            (low, high) if low > 0.0 && high / low >= LOGARITHMIC => {
                Axis::logarithmic(y.into() + " (logarithmic)", 0.8 * low, 1.25 * high)
            }
            ends => Axis::around(y, ends),
        };
        let marks = marks.into_iter().map(Mark::Line).collect();
        Panel { x: Axis::new(x, 1.0, longest as f64), y, equal: false, marks }
    }
}
