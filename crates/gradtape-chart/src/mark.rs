//! [`Mark`]: what is drawn between the axes of a panel.

use crate::colour::{COLOURS, Colour};

/// Something drawn. What is not finite is left out, what lies outside the axes is cut off.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line through points.
    Line(Line),
    /// Lines of equal value.
    Contour(Contour),
    /// Arrows.
    Arrows(Vec<Arrow>),
    /// A point that stands out.
    Point((f64, f64), Colour),
    /// Points that belong together.
    Dots(Dots),
    /// Bars that stand on the lower end of the vertical axis.
    Bars(Bars),
    /// What lies between two lines.
    Band(Band),
}

/// A line through points; it has a gap where one is not finite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The points.
    pub points: Vec<(f64, f64)>,
    /// Its colour.
    pub colour: Colour,
    /// What it is broken into.
    pub dash: Dash,
    /// Whether it is thinner than others, as one of many.
    pub thin: bool,
    /// Whether each point is marked.
    pub dots: bool,
    /// What the legend calls it; empty for no place there.
    pub label: String,
}

impl Line {
    /// A line without points that is told apart from those of other numbers by its colour, and where colours are not
    /// seen or look alike by its dashes: of six in a row no two have the same, and of 36 no two are the same.
    ///
    /// ```
    /// use gradtape_chart::{Dash, Line};
    /// assert_eq!(Line::nth(0).dash, Dash::None);
    /// assert_ne!(Line::nth(1).dash, Line::nth(2).dash);
    /// assert!((1..36).all(|number| Line::nth(number) != Line::nth(0)));
    /// ```
    pub fn nth(number: usize) -> Line {
        let turn = number / COLOURS.len();
        Line {
            colour: COLOURS[number % COLOURS.len()],
            dash: Dash::ALL[(number + turn) % Dash::ALL.len()],
            ..Line::default()
        }
    }
}

/// What a line is broken into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// It is whole.
    #[default]
    None,
    /// Long dashes.
    Long,
    /// Short dashes.
    Short,
    /// Dots.
    Dots,
    /// A dash and a dot in turn.
    DashDot,
    /// A dash and two dots in turn.
    DashTwoDots,
}

impl Dash {
    /// All kinds, in the order in which lines have them.
    pub const ALL: [Dash; 6] =
        [Dash::None, Dash::Long, Dash::Short, Dash::Dots, Dash::DashDot, Dash::DashTwoDots];
}

/// Lines along which a function has one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Contour {
    /// The value.
    pub level: f64,
    /// The lines; a closed one ends where it starts.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// Its colour.
    pub colour: Colour,
}

/// An arrow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrow {
    /// Its tail.
    pub from: (f64, f64),
    /// Its head.
    pub to: (f64, f64),
}

/// Points of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dots {
    /// The points.
    pub points: Vec<(f64, f64)>,
    /// Their colour.
    pub colour: Colour,
    /// Whether they stand out, as [`Mark::Point`] does.
    pub large: bool,
    /// What the legend calls them; empty for no place there.
    pub label: String,
}

/// Bars of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// Of each where it begins, where it ends, and how high it is.
    pub bars: Vec<(f64, f64, f64)>,
    /// Their colour.
    pub colour: Colour,
    /// Whether only their outlines are drawn, so that others are seen behind them.
    pub hollow: bool,
    /// What the legend calls them; empty for no place there.
    pub label: String,
}

/// What lies between two lines; it has a gap where an end is not finite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Band {
    /// Of each place its lower and its upper end.
    pub points: Vec<(f64, f64, f64)>,
    /// Its colour, which is mixed into what is behind it.
    pub colour: Colour,
}
