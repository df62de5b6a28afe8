//! [`Frames`]: what was compressed by zstd.

use std::io::{self, BufRead, ErrorKind, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Unpacks the frames of a file one after another, as `zstd -d` does, and compares their checksums.
pub(crate) struct Frames<R: BufRead> {
    packed: R,
    decoder: FrameDecoder,
    within: bool,
    /// How many bytes were unpacked, and from how many in the frames before this one.
    unpacked: u64,
    before: u64,
    /// How many times as many at most.
    times: u64,
}

impl<R: BufRead> Frames<R> {
    pub(crate) fn new(packed: R) -> Frames<R> {
        Frames::of(packed, u64::MAX)
    }

    /// Fails where more than `times` as many bytes come out as go in, beyond those of a small file.
    pub(crate) fn of(packed: R, times: u64) -> Frames<R> {
        let decoder = FrameDecoder::new();
        Frames { packed, decoder, within: false, unpacked: 0, before: 0, times }
    }

    /// Begins the next frame; whether there was one. Frames that are to be skipped are skipped.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.packed.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.packed) {
                Ok(()) => {
                    self.within = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    let mut skipped = (&mut self.packed).take(length);
                    if io::copy(&mut skipped, &mut io::sink())? < length {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(invalid(error.to_string())),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within && !self.begin()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let decoded = self.decoder.decode_blocks(&mut self.packed, one);
                decoded.map_err(|error| invalid(error.to_string()))?;
            }
            match self.decoder.read(buffer)? {
                0 => {
                    let said = self.decoder.get_checksum_from_data();
                    if said.is_some() && said != self.decoder.get_calculated_checksum() {
                        return Err(invalid("the checksum does not fit".to_string()));
                    }
                    self.before += self.decoder.bytes_read_from_source();
                    self.within = false;
                }
                count => {
                    self.unpacked += count as u64;
                    let packed = self.before + self.decoder.bytes_read_from_source();
                    if self.unpacked > packed.max(SMALL).saturating_mul(self.times) {
                        return Err(invalid(format!(
                            "its first {packed} bytes unpack to more than {} times as many (where that is right, `zstd -d` unpacks it)",
                            self.times
                        )));
                    }
                    return Ok(count);
                }
            }
        }
    }
}

/// Less than this may unpack to as much as this.
const SMALL: u64 = 1 << 16;

fn invalid(words: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, words)
}
