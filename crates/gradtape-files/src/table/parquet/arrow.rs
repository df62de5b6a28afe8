//! What writers of Arrow note of columns that Parquet has no type for.

use std::collections::BTreeMap;

use parquet::file::metadata::FileMetaData;

/// The columns that are durations, and of how many units in a second; none where that is not noted, or cannot be read.
pub(super) fn durations(about: &FileMetaData) -> BTreeMap<String, i64> {
    let notes = about.key_value_metadata().into_iter().flatten();
    let note = notes.filter(|note| note.key == "ARROW:schema").find_map(|note| note.value.as_ref());
    note.and_then(|text| noted(&unpacked(text)?)).unwrap_or_default()
}

/// The durations among the columns of a schema, which stands as a message of Arrow.
fn noted(bytes: &[u8]) -> Option<BTreeMap<String, i64>> {
    // Older files have no mark before the length.
    let bytes = bytes.strip_prefix(&[0xff; 4]).unwrap_or(bytes).get(4..)?;
    let message = Part { bytes, at: 0 }.follow()?;
    if message.byte(1)? != SCHEMA {
        return None;
    }
    let fields = message.part(2)?.part(1)?;
    let count = usize::try_from(fields.number()?).ok().filter(|&count| count <= bytes.len())?;
    let mut durations = BTreeMap::new();
    for place in 0..count {
        let field = Part { bytes, at: fields.at.checked_add(4 * (place + 1))? }.follow()?;
        // Without a type there are no numbers in it.
        if field.byte(2) != Some(DURATION) {
            continue;
        }
        let per_second = match field.part(3)?.byte(0) {
            Some(0) => 1,
            None | Some(1) => 1_000,
            Some(2) => 1_000_000,
            Some(3) => 1_000_000_000,
            Some(_) => continue,
        };
        durations.insert(field.part(0)?.text()?, per_second);
    }
    Some(durations)
}

/// What a message and a column are, by the numbers of Arrow's format.
const SCHEMA: u8 = 1;
const DURATION: u8 = 18;

/// A place among bytes that are laid out as FlatBuffers are: a table points back to where its parts are.
#[derive(Clone, Copy)]
struct Part<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Part<'a> {
    fn number(self) -> Option<u32> {
        self.bytes.get(self.at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// What a place points to.
    fn follow(self) -> Option<Part<'a>> {
        let at = self.at.checked_add(usize::try_from(self.number()?).ok()?)?;
        Some(Part { at, ..self })
    }

    /// The place of a part of a table, by its number; `None` where it has its usual value.
    fn place(self, number: usize) -> Option<Part<'a>> {
        let back = i64::from(self.number()? as i32);
        let table = usize::try_from(i64::try_from(self.at).ok()?.checked_sub(back)?).ok()?;
        let entry = |at: usize| {
            let bytes = self.bytes.get(table.checked_add(at)?..)?.first_chunk()?;
            Some(usize::from(u16::from_le_bytes(*bytes)))
        };
        let at = 4 + 2 * number;
        let offset =
            entry(at).filter(|&offset| offset > 0 && entry(0).is_some_and(|size| at < size))?;
        Some(Part { at: self.at.checked_add(offset)?, ..self })
    }

    fn byte(self, number: usize) -> Option<u8> {
        let place = self.place(number)?;
        self.bytes.get(place.at).copied()
    }

    fn part(self, number: usize) -> Option<Part<'a>> {
        self.place(number)?.follow()
    }

    fn text(self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        let bytes = self.bytes.get(self.at.checked_add(4)?..)?.get(..length)?;
        String::from_utf8(bytes.to_vec()).ok()
    }
}

/// The bytes of a text in base 64.
fn unpacked(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut gathered, mut bits) = (0u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        gathered = gathered << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((gathered >> bits) as u8);
            gathered &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_notes_tell_of_nothing() {
        let file = std::fs::read("tests/data/tables/waits.parquet").unwrap();
        let start = file.windows(12).position(|bytes| bytes == b"ARROW:schema").unwrap();
        let letters = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        let text = &file[start + 12..];
        let begin = text.windows(4).position(|bytes| bytes.iter().all(letters)).unwrap();
        let text: Vec<u8> = text[begin..].iter().copied().take_while(letters).collect();
        let bytes = unpacked(&String::from_utf8(text).unwrap()).unwrap();
        let known = noted(&bytes).unwrap();
        let seconds: Vec<i64> = known.into_values().collect();
        assert_eq!(seconds, [1_000, 1_000_000_000, 1, 1_000_000]);
        for length in 0..bytes.len() {
            drop(noted(&bytes[..length]));
        }
        for place in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut other = bytes.clone();
                other[place] = value;
                drop(noted(&other));
            }
        }
    }

    #[test]
    fn base_64() {
        assert_eq!(unpacked("Z3JhZHRhcGU=").unwrap(), b"gradtape");
        assert_eq!(unpacked("/+8A").unwrap(), [0xff, 0xef, 0]);
        assert!(unpacked("").unwrap().is_empty());
        assert!(unpacked("a b").is_none());
    }
}
