//! What drawings share.

use std::fmt::{Arguments, Write};

/// The width of a letter of the monospaced fonts, as a share of their size.
pub(super) const LETTER: f64 = 0.605;

/// How wide a text is in a size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * LETTER * size
}

/// Writes to a text, which does not fail.
pub(super) fn put(text: &mut String, arguments: Arguments<'_>) {
    let written = text.write_fmt(arguments);
    debug_assert!(written.is_ok());
}
