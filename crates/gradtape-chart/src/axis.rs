//! [`Axis`]: which numbers a side of a panel stands for.

/// An axis.
///
/// ```
/// use gradtape_chart::Axis;
/// let axis = Axis::logarithmic("step h", 1e-3, 1.0);
/// assert_eq!(axis.ticks(6), [0.001, 0.01, 0.1, 1.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it counts.
    pub name: String,
    /// The left or lower end.
    pub low: f64,
    /// The right or upper end. Equal or unfit ends are moved apart.
    pub high: f64,
    /// Whether equal ratios are equally long.
    pub log: bool,
    /// Whether whole numbers alone are marked: of what is counted.
    pub whole: bool,
}

/// Numbers beyond this lie outside of every axis, whose length must be a number, too.
pub(crate) const LARGEST: f64 = 8e307;

impl Axis {
    /// A linear axis between two ends.
    pub fn new(name: impl Into<String>, low: f64, high: f64) -> Axis {
        Axis { name: name.into(), low, high, log: false, whole: false }
    }

    /// A logarithmic axis between two ends, which should be above 0.
    pub fn logarithmic(name: impl Into<String>, low: f64, high: f64) -> Axis {
        Axis { log: true, ..Axis::new(name, low, high) }
    }

    /// A linear axis of things that are numbered, on which whole numbers alone are marked.
    pub fn numbered(name: impl Into<String>, low: f64, high: f64) -> Axis {
        Axis { whole: true, ..Axis::new(name, low, high) }
    }

    /// A linear axis along places in order, from the first to the last.
    pub fn along(name: impl Into<String>, places: &[f64]) -> Axis {
        let end = |end: Option<&f64>| end.copied().unwrap_or(f64::NAN);
        Axis::new(name, end(places.first()), end(places.last()))
    }

    /// A linear axis with some room around an [`extent`](crate::extent()), so that no curve runs along
    /// the frame.
    pub fn around(name: impl Into<String>, (low, high): (f64, f64)) -> Axis {
        let [low, high] = [low, high].map(|end| end.clamp(-LARGEST, LARGEST));
        let room = 0.04 * (high - low);
        Axis::new(name, low - room, high + room)
    }
}
