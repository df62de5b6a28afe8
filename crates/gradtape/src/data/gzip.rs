//! Reading gzip files (RFC 1952): the frame around a deflate stream, checked.

use std::io::{self, BufRead, ErrorKind, Read};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

/// The first two bytes of every gzip file.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// No deflate stream grows by more than this factor (258 bytes for 2 bits).
pub(super) const MAX_GROWTH: u64 = 1032;

/// Decompresses while it is read. Lengths and checksums are compared at the end of each member.
pub(super) struct Gunzip<R> {
    input: R,
    state: Box<InflateState>,
    stage: Stage,
    crc: u32,
    written: u32,
}

#[derive(PartialEq)]
enum Stage {
    Header,
    Body,
    Done,
}

impl<R: BufRead> Gunzip<R> {
    pub(super) fn new(input: R) -> Gunzip<R> {
        let state = InflateState::new_boxed(DataFormat::Raw);
        Gunzip { input, state, stage: Stage::Header, crc: !0, written: 0 }
    }

    fn header(&mut self) -> io::Result<()> {
        let [magic0, magic1, method, flags, ..] = self.bytes::<10>()?;
        if [magic0, magic1] != MAGIC || method != 8 || flags & 0xe0 != 0 {
            return Err(damaged("this is not a gzip header"));
        }
        let [_, _, extra, name, comment] = [0, 1, 2, 3, 4].map(|bit| flags >> bit & 1 == 1);
        if extra {
            let length = u16::from_le_bytes(self.bytes()?);
            for _ in 0..length {
                self.bytes::<1>()?;
            }
        }
        for _ in 0..u8::from(name) + u8::from(comment) {
            while self.bytes()? != [0] {}
        }
        if flags & 2 != 0 {
            self.bytes::<2>()?;
        }
        self.state.reset(DataFormat::Raw);
        (self.stage, self.crc, self.written) = (Stage::Body, !0, 0);
        Ok(())
    }

    fn trailer(&mut self) -> io::Result<()> {
        let crc = u32::from_le_bytes(self.bytes()?);
        let length = u32::from_le_bytes(self.bytes()?);
        if (crc, length) != (!self.crc, self.written) {
            return Err(damaged("the gzip checksum does not match its contents"));
        }
        let another = !self.input.fill_buf()?.is_empty();
        self.stage = if another { Stage::Header } else { Stage::Done };
        Ok(())
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if output.is_empty() {
            return Ok(0);
        }
        loop {
            match self.stage {
                Stage::Header => self.header()?,
                Stage::Done => return Ok(0),
                Stage::Body => {
                    let input = self.input.fill_buf()?;
                    let at_end = input.is_empty();
                    let result = inflate(&mut self.state, input, output, MZFlush::None);
                    self.input.consume(result.bytes_consumed);
                    let written = result.bytes_written;
                    self.crc = crc32(self.crc, &output[..written]);
                    self.written = self.written.wrapping_add(written as u32);
                    match result.status {
                        Ok(MZStatus::StreamEnd) => self.trailer()?,
                        Ok(_) | Err(MZError::Buf) if written == 0 && at_end => {
                            return Err(ErrorKind::UnexpectedEof.into());
                        }
                        Ok(_) | Err(MZError::Buf) => {}
                        Err(_) => return Err(damaged("the compressed data is damaged")),
                    }
                    if written > 0 {
                        return Ok(written);
                    }
                }
            }
        }
    }
}

fn damaged(message: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}

/// CRC-32 as of gzip, eight bytes at a time ("slicing by 8").
fn crc32(mut crc: u32, bytes: &[u8]) -> u32 {
    let (blocks, rest) = bytes.as_chunks::<8>();
    for block in blocks {
        let low = crc ^ u32::from_le_bytes([block[0], block[1], block[2], block[3]]);
        crc = 0;
        for (i, byte) in low.to_le_bytes().into_iter().chain(block[4..].iter().copied()).enumerate()
        {
            crc ^= TABLES[7 - i][usize::from(byte)];
        }
    }
    for &byte in rest {
        crc = crc >> 8 ^ TABLES[0][usize::from(crc as u8 ^ byte)];
    }
    crc
}

/// `TABLES[k][b]`: byte `b` followed by `k` zero bytes, divided by the polynomial.
static TABLES: [[u32; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut k = 1;
    while k < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[k - 1][byte];
            tables[k][byte] = before >> 8 ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        k += 1;
    }
    tables
};

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use flate2::{Compression, GzBuilder, write::GzEncoder};

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(gz: &[u8], capacity: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Gunzip::new(BufReader::with_capacity(capacity, gz)).read_to_end(&mut out)?;
        Ok(out)
    }

    fn sample(n: u32) -> Vec<u8> {
        (0..n).map(|i| (i.wrapping_mul(i) >> 7) as u8 & 31).collect()
    }

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(!crc32(!0, b"123456789"), 0xcbf4_3926);
        assert_eq!(!crc32(!0, b""), 0);
    }

    #[test]
    fn what_was_packed_comes_back_whatever_the_buffer() {
        for n in [0, 1, 7, 8, 9, 1000, 200_000] {
            let bytes = sample(n);
            for capacity in [1, 3, 8192] {
                assert_eq!(unpacked(&packed(&bytes), capacity).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn optional_header_fields_and_several_members() {
        let bytes = sample(500);
        let mut encoder = GzBuilder::new()
            .filename("a.bin")
            .comment("c")
            .extra(vec![1; 300])
            .write(Vec::new(), Compression::fast());
        encoder.write_all(&bytes).unwrap();
        let mut gz = encoder.finish().unwrap();
        assert_eq!(unpacked(&gz, 5).unwrap(), bytes);
        gz.extend(packed(&bytes));
        assert_eq!(unpacked(&gz, 5).unwrap(), [bytes.clone(), bytes].concat());
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_noticed_or_harmless() {
        let bytes = sample(300);
        let gz = packed(&bytes);
        for length in 0..gz.len() {
            assert_eq!(unpacked(&gz[..length], 64).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
        for bit in 0..gz.len() * 8 {
            let mut gz = gz.clone();
            gz[bit / 8] ^= 1 << (bit % 8);
            // Time, system and flags in the header and the padding before the trailer do not matter.
            let (at, padding) = (bit / 8, gz.len() - 9);
            if let Ok(contents) = unpacked(&gz, 64) {
                assert!(contents == bytes && ((3..10).contains(&at) || at == padding), "bit {bit}");
            }
        }
        assert!(unpacked(&[&packed(&bytes)[..], b"rubbish"].concat(), 64).is_err());
    }
}
