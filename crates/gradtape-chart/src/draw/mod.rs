//! Draws charts: one drawing for every surface.

mod cells;
mod frame;
mod look;
mod marks;
mod panel;
mod surfaces;

pub use surfaces::{THEME, Window};
