//! Pictures with axes, as SVG, as a page or in the characters of a terminal.
//!
//! A [`Chart`] says what is shown: panels side by side, each with two axes and the marks between them.
//! One drawing then serves every surface: [`Chart::svg`] for a file or an element in a page,
//! [`Chart::figures`] for panels that stand in a page one by one, [`Chart::html`] for a page of its own,
//! [`Chart::terminal`] for dots of Braille characters. The same chart gives the same bytes. Pictures follow
//! whether their reader has light or dark pages; on paper they are light.
//!
//! ```
//! use gradtape_chart::{Chart, Panel};
//!
//! let (train, validation) = ([2.3, 0.9, 0.4, 0.2], [2.2, 1.0, 0.6, 0.5]);
//! let losses = Panel::series("epoch", "loss", [("train", &train), ("validation", &validation)]);
//! let chart = Chart { title: "a training".into(), panels: vec![losses] };
//! assert!(chart.svg()?.starts_with("<svg"));
//! assert!(chart.terminal(80, 24, false)?.contains("validation"));
//! # Ok::<(), gradtape_chart::Error>(())
//! ```
//!
//! | to show | use |
//! |---|---|
//! | values in a row, such as losses over epochs | [`Panel::series`] |
//! | a function of two variables | [`Panel::contours`], or a [`Grid`] for its lines alone |
//! | curves, points, bars, arrows | a [`Panel`] of [`Mark`]s between axes of your own |
//! | numbers below each other | [`Table`], and [`text`] for numbers as people read them |
//! | a page that computes, with a WebAssembly module in it | [`base64`], [`PAGE_SCRIPT`] and [`WORKER_SCRIPT`] |
//!
//! Nothing here knows a tape, a network or an expression: what is shown comes as numbers. What is not
//! finite is left out.

#[cfg(feature = "draw")]
mod axis;
#[cfg(feature = "draw")]
mod chart;
#[cfg(feature = "draw")]
mod colour;
#[cfg(feature = "draw")]
mod contours;
#[cfg(feature = "draw")]
mod draw;
#[cfg_attr(not(feature = "draw"), allow(dead_code, reason = "drawing uses it"))]
mod error;
#[cfg(feature = "draw")]
mod extent;
#[cfg(feature = "draw")]
mod mark;
#[cfg(feature = "draw")]
mod module;
#[cfg(feature = "draw")]
mod scale;
#[cfg(feature = "draw")]
mod series;
mod table;
#[cfg_attr(not(feature = "draw"), allow(dead_code, reason = "drawing uses it"))]
pub mod text;

#[cfg(feature = "draw")]
pub use axis::Axis;
#[cfg(feature = "draw")]
pub use chart::{Chart, Panel};
#[cfg(feature = "draw")]
pub use colour::{COLOURS, Colour, GREY, shade};
#[cfg(feature = "draw")]
pub use contours::Grid;
#[cfg(feature = "draw")]
pub use draw::{THEME, Window};
pub use error::{Error, Result};
#[cfg(feature = "draw")]
pub use extent::{extent, extent_without_outliers};
#[cfg(feature = "draw")]
pub use mark::{Arrow, Band, Bars, Contour, Dash, Dots, Line, Mark};
#[cfg(feature = "draw")]
pub use module::{PAGE_SCRIPT, WORKER_SCRIPT, base64};
pub use table::{Align, Table};
