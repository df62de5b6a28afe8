//! Points drawn by hand, as they stand in the address: five characters each, two digits of base 36 for x, two for y, one
//! for the class.

use gradtape::{Error, Kind, Result};

/// The largest number of two digits.
const MOST: f64 = 36.0 * 36.0 - 1.0;

/// Points with coordinates from -1 to 1 and their classes.
///
/// Fails for other characters and for fewer than two points of each of two classes.
pub(crate) fn read(text: &str) -> Result<Vec<([f64; 2], i64)>> {
    let mut digits = Vec::new();
    for (place, c) in text.chars().enumerate() {
        let digit = c.to_digit(36).ok_or_else(|| {
            Error::new(Kind::Value, format!("points: character {}, {c:?}, is no digit", place + 1))
                .hint("a point is five digits of base 36: two for x, two for y, one for the class")
        })?;
        digits.push(f64::from(digit));
    }
    if !digits.len().is_multiple_of(5) {
        let message = format!("points: {} digits are no whole points", digits.len());
        return Err(Error::new(Kind::Value, message)
            .hint("a point is five of them; the address was cut off somewhere"));
    }
    let place = |pair: &[f64]| 2.0 * (36.0 * pair[0] + pair[1]) / MOST - 1.0;
    let points: Vec<([f64; 2], i64)> = digits
        .chunks(5)
        .map(|own| ([place(&own[..2]), place(&own[2..4])], own[4] as i64))
        .collect();
    let count = |class: i64| points.iter().filter(|(_, own)| *own == class).count();
    let classes = points.iter().map(|(_, class)| class + 1).max().unwrap_or(0);
    if classes < 2 || (0..classes).any(|class| count(class) < 2) {
        return Err(Error::new(
            Kind::Data,
            "points: a network needs two points of each of two classes",
        )
        .hint("click into the picture to draw points; 1 and 2 choose their class"));
    }
    Ok(points)
}
