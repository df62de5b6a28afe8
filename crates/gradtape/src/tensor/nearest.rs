//! The name that was probably meant.

/// The candidate with the fewest edits (letters added, left out, changed, or two neighbours swapped)
/// from `word`, capitals or not; the first of several. `None` when all differ in more than a third
/// of the letters.
///
/// ```
/// use gradtape::nearest;
/// assert_eq!(nearest("specis", ["sepal_width", "species"]), Some("species"));
/// assert_eq!(nearest("colour", ["sepal_width", "species"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |text: &str| -> Vec<char> {
        text.chars().take(LONGEST).flat_map(char::to_lowercase).collect()
    };
    let word = letters(word);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other = letters(candidate);
        let edits = edits(&word, &other);
        let allowed = (word.len().max(other.len()) / 3).max(1);
        let whole = edits == word.len().max(other.len());
        if edits <= allowed && (!whole || edits == 0) && best.is_none_or(|(least, _)| edits < least)
        {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Letters beyond this many are not compared; it bounds the time for hostile names.
const LONGEST: usize = 64;

/// The distance of Damerau and Levenshtein without edits between swapped letters.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect(), vec![0; b.len() + 1]];
    for i in 1..=a.len() {
        let [two_back, back, row] = &mut rows;
        row[0] = i;
        for j in 1..=b.len() {
            let change = back[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = change.min(back[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(two_back[j - 2] + 1);
            }
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: &str, b: &str) -> usize {
        edits(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
    }

    #[test]
    fn edits_are_counted() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("label", "lable", 1),
            ("größe", "grösse", 2),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn the_closest_name_is_offered_or_none() {
        let names = ["adam", "adamw", "sgd", "rmsprop"];
        assert_eq!(nearest("Adam", names), Some("adam"));
        assert_eq!(nearest("adamm", names), Some("adam"));
        assert_eq!(nearest("rmsporp", names), Some("rmsprop"));
        assert_eq!(nearest("quickprop", names), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("x", ["X"]), Some("X"));
        assert_eq!(nearest("", [""]), Some(""));
        assert_eq!(nearest("a", []), None);
        let long = "a".repeat(1 << 20);
        assert_eq!(nearest(&long, ["b"]), None);
    }
}
