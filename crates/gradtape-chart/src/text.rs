//! Numbers and words as people read them in pictures and tables.

/// A number in six significant digits, fewer where they say it all.
///
/// ```
/// use gradtape_chart::text::short;
/// assert_eq!([1.0 / 3.0, 0.1 + 0.2, 1234567.0, 1e-9].map(short), ["0.333333", "0.3", "1234567", "1e-9"]);
/// ```
pub fn short(value: f64) -> String {
    digits(value, 6)
}

/// A number in so many significant digits, fewer where they say it all; all digits of a whole part are
/// kept. What is not finite is `nan`, `inf` or `-inf`.
///
/// ```
/// use gradtape_chart::text::digits;
/// assert_eq!(digits(238.94212918, 11), "238.94212918");
/// assert_eq!(digits(-1.0 / 3.0, 3), "-0.333");
/// ```
pub fn digits(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "nan".to_string();
    }
    if !value.is_finite() || value == 0.0 {
        return format!("{}", value + 0.0);
    }
    let size = value.abs().log10().floor();
    let after = digits.saturating_sub(1);
    if !(-5.0..15.0).contains(&size) {
        let text = format!("{value:.after$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trimmed(mantissa));
    }
    let decimals = (after as f64 - size).max(0.0) as usize;
    trimmed(&format!("{value:.decimals$}")).to_string()
}

/// Without zeros at the end of decimals.
pub(crate) fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// A text as it stands inside of an element or an attribute of SVG and HTML.
///
/// ```
/// use gradtape_chart::text::escaped;
/// assert_eq!(escaped("a < b & \"c\""), "a &lt; b &amp; &quot;c&quot;");
/// ```
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// At most so many characters of a text, the last an ellipsis where it was longer.
///
/// ```
/// use gradtape_chart::text::cut;
/// assert_eq!((cut("gradient", 8), cut("gradients", 8)), ("gradient".into(), "gradien…".into()));
/// ```
pub fn cut(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        true => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        false => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people_are_short() {
        for (value, want) in [
            (2.0, "2"),
            (-0.5, "-0.5"),
            (1.0 / 3.0, "0.333333"),
            (1234567.0, "1234567"),
            (0.1 + 0.2, "0.3"),
            (1e-9, "1e-9"),
            (9.86e-305, "9.86e-305"),
            (1.5e20, "1.5e20"),
            (-0.0, "0"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(short(value), want);
        }
        assert_eq!(digits(-1.0 / 3.0, 11), "-0.33333333333");
        assert_eq!(digits(238.94212918, 11), "238.94212918");
        assert_eq!(digits(5.5015643181e-9, 11), "5.5015643181e-9");
    }
}
