//! Messages of protocol buffers, written by hand.

/// A field of a message: its number, a length, bytes.
pub(crate) fn part(field: u8, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [&[field << 3 | 2], &varint(bytes.len() as u64)[..], bytes].concat()
}

/// A field that is a whole number.
pub(crate) fn number(field: u8, number: u64) -> Vec<u8> {
    [&[field << 3], &varint(number)[..]].concat()
}

pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 128 {
        bytes.push(number as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
