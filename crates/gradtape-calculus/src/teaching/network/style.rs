//! Formulas in two spellings: plain text and LaTeX.

/// How a formula is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Text,
    Latex,
}

use Style::{Latex, Text};

impl Style {
    /// `W2`, or W with the index 2.
    pub(super) fn name(self, name: &str) -> String {
        self.at(name, "")
    }

    /// An element: the name with the letters of its place, none for the whole.
    pub(super) fn at(self, name: &str, place: &str) -> String {
        let letters: Vec<String> = place.chars().map(String::from).collect();
        match self {
            Text if place.is_empty() => name.to_string(),
            Text => format!("{name}[{}]", letters.join(",")),
            Latex => {
                let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
                let number = &name[stem.len()..];
                let stem = if stem == "δ" { r"\delta" } else { stem };
                let comma = if number.is_empty() || place.is_empty() { "" } else { "," };
                match (number, place) {
                    ("", "") => stem.to_string(),
                    _ => format!("{stem}_{{{number}{comma}{place}}}"),
                }
            }
        }
    }

    /// The derivative of one thing in another.
    pub(super) fn slope(self, of: &str, by: &str) -> String {
        match self {
            Text => format!("d{of}/d{by}"),
            Latex => format!(r"\frac{{\partial {of}}}{{\partial {by}}}"),
        }
    }

    /// The derivative of the loss.
    pub(super) fn loss(self, by: &str) -> String {
        self.slope("L", by)
    }

    /// The product of two numbers or matrices.
    pub(super) fn times(self, a: &str, b: &str) -> String {
        match self {
            Text => format!("{a} · {b}"),
            Latex => format!(r"{a} \, {b}"),
        }
    }

    /// The product element by element.
    pub(super) fn each(self, a: &str, b: &str) -> String {
        match self {
            Text => format!("{a} ⊙ {b}"),
            Latex => format!(r"{a} \odot {b}"),
        }
    }

    pub(super) fn transposed(self, a: &str) -> String {
        match self {
            Text => format!("{a}ᵀ"),
            Latex => format!(r"{a}^{{\top}}"),
        }
    }

    pub(super) fn sum(self, letter: &str, what: &str) -> String {
        match self {
            Text => format!("Σ_{letter} {what}"),
            Latex => format!(r"\sum_{{{letter}}} {what}"),
        }
    }

    pub(super) fn quotient(self, a: &str, b: &str) -> String {
        match self {
            Text => format!("{a} / {b}"),
            Latex => format!(r"\frac{{{a}}}{{{b}}}"),
        }
    }

    /// A quotient by a whole number, which is left out where it is 1.
    pub(super) fn over(self, what: &str, divisor: usize) -> String {
        match (self, divisor) {
            (_, 1) => what.to_string(),
            (Text, _) => format!("{what} / {divisor}"),
            (Latex, _) => format!(r"\frac{{1}}{{{divisor}}} \, {what}"),
        }
    }

    pub(super) fn squared(self, what: &str) -> String {
        match self {
            Text => format!("{what}²"),
            Latex => format!("{what}^2"),
        }
    }

    /// A function's name.
    pub(super) fn function(self, name: &str) -> String {
        match (self, name) {
            (Text, _) => name.to_string(),
            (Latex, "sigmoid") => r"\sigma".to_string(),
            (Latex, "tanh") => r"\tanh".to_string(),
            (Latex, "log") => r"\log".to_string(),
            (Latex, _) => format!(r"\mathrm{{{name}}}"),
        }
    }
}
