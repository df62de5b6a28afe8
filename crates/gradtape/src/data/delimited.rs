//! Splitting delimited text into records (RFC 4180), with the line of each.

use std::io::BufRead;

use crate::tensor::{Error, Kind, Result};

/// Reads one record after another.
///
/// Cells in double quotes may hold delimiters, line ends and doubled quotes; blanks around other
/// cells are left out, as are lines without text. A line ends with LF, CR LF or CR.
pub(super) struct Records<R> {
    input: R,
    name: String,
    delimiter: u8,
    line: usize,
}

/// The cells of one record.
#[derive(Default)]
pub(super) struct Record {
    text: Vec<u8>,
    ends: Vec<usize>,
    /// The line it starts on, counted from 1.
    pub(super) line: usize,
}

impl Record {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }
}

impl<R: BufRead> Records<R> {
    /// Of a text that begins on a line of its file.
    pub(super) fn new(input: R, name: &str, delimiter: u8, line: usize) -> Records<R> {
        Records { input, name: name.to_string(), delimiter, line }
    }

    /// Reads the next record that has text; whether there was one.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool> {
        loop {
            if self.peek()?.is_none() {
                return Ok(false);
            }
            record.text.clear();
            record.ends.clear();
            record.line = self.line;
            let quoted = self.record(record)?;
            if record.ends[..] != [0] || quoted {
                return Ok(true);
            }
        }
    }

    /// Whether its last cell was quoted.
    fn record(&mut self, record: &mut Record) -> Result<bool> {
        loop {
            self.skip_blanks()?;
            let quoted = self.peek()? == Some(b'"');
            if quoted {
                self.quoted(&mut record.text)?;
            } else {
                let start = record.ends.last().copied().unwrap_or(0);
                self.plain(&mut record.text)?;
                let blanks = record.text[start..].iter().rev().take_while(|&&b| self.is_blank(b));
                let kept = record.text.len() - blanks.count();
                record.text.truncate(kept);
            }
            record.ends.push(record.text.len());
            match self.peek()? {
                Some(b'\r') => {
                    self.input.consume(1);
                    if self.peek()? == Some(b'\n') {
                        self.input.consume(1);
                    }
                }
                Some(b) if b == self.delimiter => {
                    self.input.consume(1);
                    continue;
                }
                Some(b'\n') => self.input.consume(1),
                Some(_) => {
                    let column = record.ends.len();
                    let message = format!(
                        "{}, line {}, column {column}: text after the closing quote",
                        self.name, self.line
                    );
                    let hint = "write a quote inside a quoted cell twice";
                    return Err(Error::new(Kind::Data, message).hint(hint));
                }
                None => {}
            }
            self.line += 1;
            return Ok(quoted);
        }
    }

    fn plain(&mut self, text: &mut Vec<u8>) -> Result<()> {
        loop {
            let delimiter = self.delimiter;
            let chunk = self.chunk()?;
            let end = chunk.iter().position(|&b| b == delimiter || b == b'\n' || b == b'\r');
            let length = end.unwrap_or(chunk.len());
            text.extend_from_slice(&chunk[..length]);
            self.input.consume(length);
            if end.is_some() || length == 0 {
                return Ok(());
            }
        }
    }

    fn quoted(&mut self, text: &mut Vec<u8>) -> Result<()> {
        let opened = self.line;
        self.input.consume(1);
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                let message = format!("{}, line {opened}: a quote is never closed", self.name);
                return Err(Error::new(Kind::Data, message));
            }
            let end = chunk.iter().position(|&b| b == b'"');
            let length = end.unwrap_or(chunk.len());
            text.extend_from_slice(&chunk[..length]);
            let lines = chunk[..length].iter().filter(|&&b| b == b'\n').count();
            self.input.consume(length);
            self.line += lines;
            if end.is_some() {
                self.input.consume(1);
                if self.peek()? != Some(b'"') {
                    return self.skip_blanks();
                }
                text.push(b'"');
                self.input.consume(1);
            }
        }
    }

    fn skip_blanks(&mut self) -> Result<()> {
        while let Some(byte) = self.peek()?
            && self.is_blank(byte)
        {
            self.input.consume(1);
        }
        Ok(())
    }

    fn is_blank(&self, byte: u8) -> bool {
        matches!(byte, b' ' | b'\t') && byte != self.delimiter
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        self.chunk().map(|chunk| chunk.first().copied())
    }

    fn chunk(&mut self) -> Result<&[u8]> {
        let (name, line) = (&self.name, self.line);
        self.input
            .fill_buf()
            .map_err(|e| Error::new(Kind::File, format!("{name}, line {line}: {e}")))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;
    use crate::tensor::Rng;

    fn parse(text: &[u8], capacity: usize) -> Result<Vec<(usize, Vec<String>)>> {
        let input = BufReader::with_capacity(capacity, text);
        let (mut records, mut record) = (Records::new(input, "file", b',', 1), Record::default());
        let mut all = Vec::new();
        while records.read(&mut record)? {
            let cells = record.cells().map(|cell| String::from_utf8_lossy(cell).into_owned());
            all.push((record.line, cells.collect()));
        }
        Ok(all)
    }

    fn check(text: &str, expected: &[(usize, &[&str])]) {
        for capacity in [1, 2, 3, 100] {
            let records = parse(text.as_bytes(), capacity).unwrap();
            let records: Vec<(usize, Vec<&str>)> = records
                .iter()
                .map(|(line, cells)| (*line, cells.iter().map(String::as_str).collect()))
                .collect();
            let expected: Vec<_> = expected.iter().map(|(l, cells)| (*l, cells.to_vec())).collect();
            assert_eq!(records, expected, "{text:?}");
        }
    }

    #[test]
    fn records_with_their_lines() {
        check("", &[]);
        check("\n \r\n\t\n", &[]);
        check("a,b\n1,2", &[(1, &["a", "b"]), (2, &["1", "2"])]);
        check("a\r\n\r\nb\rc\n\nd\n", &[(1, &["a"]), (3, &["b"]), (4, &["c"]), (6, &["d"])]);
        check("a,,\n,\n", &[(1, &["a", "", ""]), (2, &["", ""])]);
        check(" a b ,\t\"c \" , d\"e \n", &[(1, &["a b", "c ", "d\"e"])]);
        check("\"a,\"\"b\"\"\nc\",d\ne,\"\"\n", &[(1, &["a,\"b\"\nc", "d"]), (3, &["e", ""])]);
        check("\"\"\nx\n", &[(1, &[""]), (2, &["x"])]);
    }

    #[test]
    fn quotes_that_do_not_match_are_named() {
        for capacity in [1, 100] {
            let text = parse(b"a,b\n1,\"2\n3,4\n", capacity).unwrap_err().to_string();
            assert!(text.contains("file, line 2: a quote is never closed"), "{text}");
            let text = parse(b"a,b\n1,\"2\"3\n", capacity).unwrap_err().to_string();
            assert!(text.contains("line 2, column 2: text after the closing quote"), "{text}");
        }
    }

    #[test]
    fn agrees_with_another_reader() {
        let mut rng = Rng::new(1);
        let words = ["a", "b7", ",", ",", "\n", "\r\n", "\"x\"", "\"p,q\"", "\"u\"\"v\"", "\"\n\""];
        let mut compared = 0;
        for _ in 0..5000 {
            let mut text = String::new();
            for _ in 0..rng.below(20) {
                text.push_str(words[rng.below(words.len())]);
            }
            let mut oracle = csv::ReaderBuilder::new();
            let mut oracle = oracle.has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> = oracle
                .records()
                .map(|record| record.unwrap().iter().map(String::from).collect())
                .collect();
            // Text that follows a closing quote is an error here and is appended there.
            if let Ok(records) = parse(text.as_bytes(), 1 + rng.below(9)) {
                let records: Vec<_> = records.into_iter().map(|(_, cells)| cells).collect();
                assert_eq!(records, expected, "{text:?}");
                compared += 1;
            }
        }
        assert!(compared > 500, "{compared}");
    }
}
