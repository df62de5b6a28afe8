//! [`Failure`]: what ends a verb, with its exit status.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a verb returns.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Why a verb ended, in words for the user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    message: String,
    /// What programs are told instead of the message.
    plain: Option<String>,
    wrong_use: bool,
    position: Option<usize>,
}

impl Failure {
    /// The command line itself is wrong: a flag, a name in it, a value. Exit status 2.
    pub(crate) fn usage(message: impl fmt::Display) -> Failure {
        let message = shortened(&message.to_string());
        Failure { message, plain: None, wrong_use: true, position: None }
    }

    /// The command line is right, but it could not be done. Exit status 1.
    pub(crate) fn failed(message: impl fmt::Display) -> Failure {
        Failure { wrong_use: false, ..Failure::usage(message) }
    }

    /// Wrong use: a name that is not among those known. Names the nearest one, else all.
    pub(crate) fn unknown<'a>(
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Failure {
        let hint = match gradtape::nearest(name, known.clone()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("known: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        Failure::usage(format!("there is no {what} {name:?}\n  hint: {hint}"))
    }

    /// The byte offset in the text of an expression, where the failure belongs to one.
    pub(crate) fn position(&self) -> Option<usize> {
        self.position
    }

    /// Adds a line that the user should know too.
    pub(crate) fn note(mut self, note: impl fmt::Display) -> Failure {
        for text in std::iter::once(&mut self.message).chain(&mut self.plain) {
            *text += &shortened(&format!("\n  {note}"));
        }
        self
    }

    /// Gives programs other words: those without a picture of the place or a summary of the flags.
    pub(crate) fn plain(mut self, words: impl fmt::Display) -> Failure {
        self.plain = Some(shortened(&words.to_string()));
        self
    }

    /// What programs are told.
    pub(crate) fn for_programs(&self) -> &str {
        self.plain.as_deref().unwrap_or(&self.message)
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn status(&self) -> u8 {
        if self.wrong_use { 2 } else { 1 }
    }
}

impl From<gradtape::Error> for Failure {
    fn from(error: gradtape::Error) -> Failure {
        Failure::failed(error)
    }
}

/// Whatever is wrong with an expression or a point is wrong use. Programs find the place by its
/// position, without a caret.
impl From<gradtape_calculus::Error> for Failure {
    fn from(error: gradtape_calculus::Error) -> Failure {
        let plain = match error.hint_text() {
            Some(hint) => format!("{}\n  hint: {hint}", error.message()),
            None => error.message().to_string(),
        };
        Failure { position: error.position(), ..Failure::usage(error) }.plain(plain)
    }
}

impl From<gradtape_chart::Error> for Failure {
    fn from(error: gradtape_chart::Error) -> Failure {
        Failure::failed(error)
    }
}

/// More letters than this without a space are no word that anyone would read.
const LONGEST_WORD: usize = 300;

/// A message in which a long word, such as a number of thousands of digits, stands with its ends only.
fn shortened(message: &str) -> String {
    let word = |word: &str| match word.char_indices().map(|(place, _)| place).collect::<Vec<_>>() {
        places if places.len() > LONGEST_WORD => {
            let (start, end) = (places[LONGEST_WORD / 3], places[places.len() - 20]);
            format!("{}…{}", &word[..start], &word[end..])
        }
        _ => word.to_string(),
    };
    message.split_inclusive([' ', '\n']).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_stand_with_their_ends() {
        let digits = "1".repeat(100_000) + "é7";
        let told = Failure::usage(format!("the number {digits} is\ntoo  large")).note("x").message;
        assert!(told.starts_with("the number 111") && told.ends_with("1é7 is\ntoo  large\n  x"));
        assert_eq!(told.chars().filter(|c| *c == '1').count(), LONGEST_WORD / 3 + 17);
        let plain = Failure::usage("").plain(&digits);
        assert!(plain.for_programs().len() < 200);
    }
}
