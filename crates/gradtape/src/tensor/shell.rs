//! Words of a command line.

/// A word as a shell takes it, in quotes where it has others than letters of ASCII, digits and a few signs.
///
/// ```
/// use gradtape::shell_word;
/// assert_eq!(shell_word("price"), "price");
/// assert_eq!(shell_word("petal width (cm)"), "'petal width (cm)'");
/// assert_eq!(shell_word("it's"), r"'it'\''s'");
/// ```
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
