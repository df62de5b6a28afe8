//! What a text file is, from its first line.

use std::io::{BufRead, Read};

use crate::tensor::{Error, Kind, Result};

/// The bytes up to the end of the first line with text, without a byte order mark.
pub(super) fn start_of(text: &mut impl BufRead, source: &str) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    loop {
        let mut piece = text.take(LONGEST_HEADER);
        let read = piece
            .read_until(b'\n', &mut start)
            .map_err(|e| Error::new(Kind::File, format!("{source}: {e}")))?;
        let quotes = start.iter().filter(|&&b| b == b'"').count();
        let complete = !start.trim_ascii().is_empty() && quotes % 2 == 0;
        if read == 0 || complete || start.len() as u64 >= LONGEST_HEADER {
            break;
        }
    }
    let refuse = |what: &str, hint: &str| {
        Err(Error::new(Kind::Data, format!("{source}: {what}")).hint(hint))
    };
    match &start[..] {
        [0x1f, 0x8b, ..] => {
            refuse("this is a gzip file, not text", "unpack it; of IDX files, give their folder")
        }
        [0, 0, 8, 1 | 3, ..] => {
            refuse("this is an IDX file, not text", "give the folder with images and labels")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            refuse("the text is UTF-16", "save the file as UTF-8")
        }
        [b'P', b'K', 3, 4, ..] => {
            refuse("this is a zip archive or a spreadsheet, not text", "export it as CSV")
        }
        bytes if bytes.contains(&0) => refuse("this is not a text file", "export the data as CSV"),
        [0xef, 0xbb, 0xbf, rest @ ..] => Ok(rest.to_vec()),
        _ => Ok(start),
    }
}

/// How far the end of the header is looked for.
const LONGEST_HEADER: u64 = 1 << 20;

/// The one of `,` `;` tab `|` that the first line has most of, outside quotes.
pub(super) fn delimiter(start: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in start.trim_ascii_start() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => {
                for (delimiter, count) in &mut counts {
                    *count += usize::from(*delimiter == byte);
                }
            }
        }
    }
    // The first of several with the same count, hence in reverse.
    counts.into_iter().rev().max_by_key(|&(_, count)| count).map_or(b',', |(byte, _)| byte)
}
