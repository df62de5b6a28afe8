//! Texts that are not in UTF-8, by the crate encoding_rs.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{Decoder, Encoding, WINDOWS_1252};

use crate::tensor::{Error, Kind, Result};

/// Bytes of Windows-1252, which names every one.
pub(super) fn windows(bytes: &[u8]) -> Cow<'_, str> {
    WINDOWS_1252.decode_without_bom_handling(bytes).0
}

/// The text in UTF-8. Fails for an encoding that the WHATWG does not list.
pub(super) fn decoded<'a>(
    input: Box<dyn BufRead + 'a>,
    name: &str,
) -> Result<Box<dyn BufRead + 'a>> {
    let Some(encoding) = Encoding::for_label(name.as_bytes()) else {
        let message = format!("there is no encoding {name:?}");
        let hint =
            "such as utf-8, utf-16le, windows-1252, iso-8859-2, shift_jis, gbk, big5, koi8-r";
        return Err(Error::new(Kind::Value, message).hint(hint));
    };
    let decoder = encoding.new_decoder_with_bom_removal();
    let text = Decoded { input, decoder, text: Vec::new(), given: 0, ended: false };
    Ok(Box::new(BufReader::with_capacity(1 << 16, text)))
}

/// A reader of UTF-8; what cannot be decoded is the replacement character.
struct Decoded<R> {
    input: R,
    decoder: Decoder,
    text: Vec<u8>,
    /// How many bytes of the text were given away.
    given: usize,
    ended: bool,
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            let piece = self.input.fill_buf()?;
            self.ended = piece.is_empty();
            let length = piece.len();
            let most = self.decoder.max_utf8_buffer_length(length).unwrap_or(3 * length + 16);
            self.text.resize(most, 0);
            let (_, read, written, _) =
                self.decoder.decode_to_utf8(piece, &mut self.text, self.ended);
            self.input.consume(read);
            self.text.truncate(written);
            self.given = 0;
        }
        let count = buffer.len().min(self.text.len() - self.given);
        buffer[..count].copy_from_slice(&self.text[self.given..][..count]);
        self.given += count;
        Ok(count)
    }
}
