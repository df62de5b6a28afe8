//! Texts as the places that the hashes of their words name.

use std::collections::{BTreeMap, BTreeSet};

/// How many places there are.
const PLACES: u64 = 4096;

/// At most so many of them become inputs, those that most rows have.
const MOST: usize = 256;

/// The places of the words of a text, each once. Words are letters and digits, of two characters or more, in any case.
pub(super) fn places(text: &str) -> BTreeSet<u16> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
    words.map(|word| place(&word.to_lowercase())).collect()
}

/// FNV-1a; the upper bits are mixed into those that are kept.
fn place(word: &str) -> u16 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    ((hash ^ (hash >> 32)) % PLACES) as u16
}

/// Whether a text has several words on average.
pub(super) fn are_texts<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let (mut count, mut words) = (0, 0);
    for cell in cells {
        count += 1;
        words +=
            cell.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    }
    count > 0 && words >= 2 * count
}

/// The places that one row in a hundred has, and at least five rows have; ascending.
pub(super) fn frequent<'a>(cells: impl Iterator<Item = &'a str>) -> Vec<u16> {
    let mut rows = 0;
    let mut counts = BTreeMap::<u16, usize>::new();
    for cell in cells {
        rows += 1;
        places(cell).into_iter().for_each(|place| *counts.entry(place).or_default() += 1);
    }
    let mut often: Vec<(usize, u16)> =
        counts.into_iter().map(|(place, count)| (count, place)).collect();
    // What all rows have tells nothing.
    often.retain(|(count, _)| *count >= (rows / 100).max(5) && *count < rows);
    often.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut kept: Vec<u16> = often.into_iter().take(MOST).map(|(_, place)| place).collect();
    kept.sort_unstable();
    kept
}
