//! Colours that are told apart.

use plotters::prelude::{ColorMap, ViridisRGB};

/// Red, green and blue.
pub type Colour = (u8, u8, u8);

/// Colours for things that stand side by side, which also differ for people who do not tell red from
/// green (Okabe and Ito, without the yellow).
pub const COLOURS: [Colour; 6] =
    [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (230, 159, 0)];

/// The colour of what stands in the background.
pub const GREY: Colour = (140, 140, 140);

/// The colour of one of `count` things that have an order, from dark violet to green (viridis).
///
/// ```
/// use gradtape_chart::shade;
/// assert_eq!(shade(0, 5), (68, 1, 84));
/// assert_ne!(shade(4, 5), shade(3, 5));
/// ```
pub fn shade(place: usize, count: usize) -> Colour {
    // The yellow end is hard to see on white.
    let share = 0.88 * place as f64 / count.saturating_sub(1).max(1) as f64;
    let colour = ViridisRGB.get_color(share);
    (colour.0, colour.1, colour.2)
}
