//! What writers of Arrow note of columns that Parquet has no type for.

use std::collections::BTreeMap;

use parquet::file::metadata::FileMetaData;
use polars_arrow_format::ipc::planus::ReadAsRoot;
use polars_arrow_format::ipc::{MessageHeaderRef, MessageRef};

use crate::table::field::{Field, Meaning};

/// The columns that are durations, and of how many units in a second; none where that is not noted, or cannot be read.
pub(super) fn durations(about: &FileMetaData) -> BTreeMap<String, i64> {
    let notes = about.key_value_metadata().into_iter().flatten();
    let note = notes.filter(|note| note.key == "ARROW:schema").find_map(|note| note.value.as_ref());
    note.and_then(|text| noted(&unpacked(text)?)).unwrap_or_default()
}

/// The durations among the columns of a schema, which stands as a message.
fn noted(bytes: &[u8]) -> Option<BTreeMap<String, i64>> {
    // Older files have no mark before the length.
    let message = bytes.strip_prefix(&[0xff; 4]).unwrap_or(bytes).get(4..)?;
    let header = MessageRef::read_as_root(message).ok()?.header().ok()??;
    let MessageHeaderRef::Schema(schema) = header else { return None };
    let fields = schema.fields().ok()??.into_iter();
    let fields = fields.filter_map(|field| Field::of(field.ok()?).ok());
    let duration = |field: Field| match field.meaning {
        Meaning::Duration(per_second) => Some((field.name, per_second)),
        _ => None,
    };
    Some(fields.filter_map(duration).collect())
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
    use super::unpacked;

    #[test]
    fn base_64() {
        assert_eq!(unpacked("Z3JhZHRhcGU=").unwrap(), b"gradtape");
        assert_eq!(unpacked("/+8A").unwrap(), [0xff, 0xef, 0]);
        assert!(unpacked("").unwrap().is_empty());
        assert!(unpacked("a b").is_none());
    }
}
