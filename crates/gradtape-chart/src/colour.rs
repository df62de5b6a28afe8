//! Colours that are told apart, on light and on dark paper.

use plotters::prelude::{ColorMap, ViridisRGB};

/// Red, green and blue.
pub type Colour = (u8, u8, u8);

/// Colours for things that stand side by side, which also differ for people who do not tell red from
/// green: those of Okabe and Ito, but for the three that are hard to see on white, which are darker here.
/// On white each has a contrast of 3 to 1 or more.
pub const COLOURS: [Colour; 6] =
    [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (86, 60, 140), (160, 115, 0)];

/// The colour of what stands in the background.
pub const GREY: Colour = (140, 140, 140);

/// What dark pages are drawn on, and what is written there.
const DARK_PAPER: Colour = (16, 22, 31);
const DARK_INK: Colour = (231, 235, 242);

/// The colour of one of `count` things that have an order, from dark violet to green (viridis). On white each
/// has a contrast of 3 to 1 or more.
///
/// ```
/// use gradtape_chart::shade;
/// assert_eq!(shade(0, 5), (68, 1, 84));
/// assert_ne!(shade(4, 5), shade(3, 5));
/// ```
pub fn shade(place: usize, count: usize) -> Colour {
    let share = 0.88 * place as f64 / count.saturating_sub(1).max(1) as f64;
    let colour = ViridisRGB.get_color(share);
    until_seen((colour.0, colour.1, colour.2), (0, 0, 0), (255, 255, 255), 3.0)
}

/// What a colour that is seen on white becomes on dark paper: greys in reverse, so that white is the paper and
/// black is the ink; others as light as text must be.
pub(crate) fn in_the_dark(colour: Colour) -> Colour {
    let (red, green, blue) = colour;
    if red == green && green == blue {
        return mixed(DARK_INK, DARK_PAPER, f64::from(red) / 255.0);
    }
    until_seen(colour, (255, 255, 255), DARK_PAPER, 4.5)
}

/// The contrast of two colours as WCAG 2.2 defines it, 1 to 21.
fn contrast(a: Colour, b: Colour) -> f64 {
    let [a, b] = [a, b].map(luminance);
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance((red, green, blue): Colour) -> f64 {
    let linear = |part: u8| match f64::from(part) / 255.0 {
        part if part <= 0.04045 => part / 12.92,
        part => ((part + 0.055) / 1.055).powf(2.4),
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// A colour with as much of another one as gives it a contrast against paper.
fn until_seen(colour: Colour, other: Colour, paper: Colour, least: f64) -> Colour {
    let shares = (0..=50).map(|step| f64::from(step) / 50.0);
    let mut mixes = shares.map(|share| mixed(colour, other, share));
    mixes.find(|mix| contrast(*mix, paper) >= least).unwrap_or(other)
}

fn mixed(a: Colour, b: Colour, share: f64) -> Colour {
    let part = |a: u8, b: u8| (f64::from(a) + share * (f64::from(b) - f64::from(a))).round() as u8;
    (part(a.0, b.0), part(a.1, b.1), part(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_is_seen_on_light_and_on_dark_paper() {
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
        let shades = (0..9).map(|place| shade(place, 9));
        for colour in COLOURS.into_iter().chain([GREY]).chain(shades) {
            let dark = in_the_dark(colour);
            let seen = (contrast(colour, (255, 255, 255)), contrast(dark, DARK_PAPER));
            assert!(seen.0 >= 3.0 && seen.1 >= 3.0, "{colour:?}, {dark:?}: {seen:?}");
        }
        for text in [(0, 0, 0), (60, 60, 60)] {
            assert!(contrast(in_the_dark(text), DARK_PAPER) >= 4.5);
        }
        assert_eq!(in_the_dark((255, 255, 255)), DARK_PAPER);
    }
}
