//! [`Npy`]: an array in NumPy's format.

use std::io::Read;

use gradtape::{Error, Kind, Result};

use crate::table::cells;

/// An array whose bytes are as the file has them.
pub(super) struct Npy {
    /// The name of the file, and of the array within.
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    kind: Element,
    big: bool,
    width: usize,
    /// Whether the first axis is the one whose elements lie side by side.
    fortran: bool,
    bytes: Vec<u8>,
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Bool,
    Signed,
    Unsigned,
    Float,
    /// Letters of four bytes.
    Text,
    /// Letters of one byte.
    Bytes,
    /// Of so many units in a second, or less than one.
    Moment(i64, i64),
}

impl Npy {
    /// Reads an array, of which at most so many bytes can follow.
    pub(super) fn read(mut input: impl Read, most: u64, name: &str) -> Result<Npy> {
        let mut array = Npy::head(&mut input, name)?;
        let bytes = array.bytes_within(most)?;
        let wrong = |words: String| array.wrong(&words);
        let mut data = Vec::new();
        (&mut input).take(bytes).read_to_end(&mut data).map_err(|error| failed(name, &error))?;
        if data.len() as u64 != bytes {
            return Err(wrong(format!("only {} bytes follow", data.len())));
        }
        if input.read(&mut [0; 1]).map_err(|error| failed(name, &error))? > 0 {
            return Err(wrong("more bytes follow".to_string()));
        }
        array.bytes = data;
        Ok(array)
    }

    /// How many bytes the elements have that the header says. Fails where there are none, or more than can follow.
    pub(super) fn bytes_within(&self, most: u64) -> Result<u64> {
        let product = |bytes: u64, &size: &usize| bytes.checked_mul(size as u64);
        let bytes = self.shape.iter().try_fold(self.width as u64, product);
        match bytes.filter(|&bytes| bytes <= most) {
            None => Err(self.wrong(&format!("at most {most} bytes can follow"))),
            Some(0) => {
                let message = format!("{}: the array has no elements", self.name);
                Err(Error::new(Kind::Data, message))
            }
            Some(bytes) => Ok(bytes),
        }
    }

    /// What is said of a header that does not fit what is there.
    fn wrong(&self, what: &str) -> Error {
        let message = format!(
            "{}: its header says {} elements of {} bytes, but {what}",
            self.name,
            sizes(&self.shape),
            self.width
        );
        Error::new(Kind::Data, message).hint(DAMAGED)
    }

    /// Reads what an array is, without its elements.
    pub(super) fn head(input: &mut impl Read, name: &str) -> Result<Npy> {
        let wrong = |words: &str| {
            let message = format!("{name}: {words}");
            Error::new(Kind::Data, message).hint(DAMAGED)
        };
        let mut start = [0; 8];
        input.read_exact(&mut start).map_err(|error| failed(name, &error))?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err(wrong("this is no array of NumPy"));
        }
        let mut length = [0; 4];
        let size = if start[6] == 1 { 2 } else { 4 };
        input.read_exact(&mut length[..size]).map_err(|error| failed(name, &error))?;
        let length = u64::from(u32::from_le_bytes(length));
        if length > LONGEST {
            return Err(wrong("its header is longer than any array needs"));
        }
        let mut header = Vec::new();
        input.take(length).read_to_end(&mut header).map_err(|error| failed(name, &error))?;
        if header.len() as u64 != length {
            return Err(wrong("the file ends within the header"));
        }
        Npy::described(&String::from_utf8_lossy(&header), name)
    }

    /// The array that a header describes, without its bytes.
    fn described(header: &str, name: &str) -> Result<Npy> {
        let unclear = |what: &str| {
            let message =
                format!("{name}: the header does not tell the {what}: {:?}", header.trim());
            Error::new(Kind::Data, message).hint(DAMAGED)
        };
        let after = |key: &str| {
            let at = [format!("'{key}'"), format!("\"{key}\"")]
                .iter()
                .find_map(|key| header.find(key.as_str()).map(|at| at + key.len()))?;
            Some(header[at..].trim_start().strip_prefix(':')?.trim_start())
        };
        let kind = after("descr").ok_or_else(|| unclear("type"))?;
        if kind.starts_with('[') {
            let message = format!("{name}: its elements are records of several fields");
            return Err(Error::new(Kind::Data, message)
                .hint("write it as CSV or Parquet: `pandas.DataFrame(…).to_parquet(…)`"));
        }
        let quote = kind.chars().next().filter(|c| "'\"".contains(*c));
        let kind = quote.and_then(|quote| kind[1..].split(quote).next());
        let kind = kind.ok_or_else(|| unclear("type"))?;
        let (kind, big, width) = element(kind, name)?;
        let fortran = match after("fortran_order") {
            Some(text) if text.starts_with("True") => true,
            Some(text) if text.starts_with("False") => false,
            _ => return Err(unclear("order of its elements")),
        };
        let shape = after("shape").and_then(|text| text.strip_prefix('('));
        let shape = shape.and_then(|text| text.split(')').next());
        let shape = shape.ok_or_else(|| unclear("shape"))?;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        let sizes = sizes.map(|size| size.trim_end_matches('L').parse::<usize>().ok());
        let shape: Option<Vec<usize>> = sizes.collect();
        let shape = shape.filter(|shape| shape.len() <= 8).ok_or_else(|| unclear("shape"))?;
        let name = name.to_string();
        Ok(Npy { name, shape, kind, big, width, fortran, bytes: Vec::new() })
    }

    /// The next so many rows of an array of which this is the head, whose input stands where they begin.
    pub(super) fn piece(&self, rows: usize, input: &mut impl Read) -> Result<Npy> {
        let bytes = rows.saturating_mul(self.row_bytes()) as u64;
        let mut data = Vec::new();
        input.take(bytes).read_to_end(&mut data).map_err(|error| failed(&self.name, &error))?;
        if (data.len() as u64) < bytes {
            return Err(self.wrong("fewer bytes follow"));
        }
        let mut shape = self.shape.clone();
        shape.iter_mut().take(1).for_each(|size| *size = rows);
        let (name, kind, big) = (self.name.clone(), self.kind, self.big);
        Ok(Npy { name, shape, kind, big, width: self.width, fortran: false, bytes: data })
    }

    /// Fails where rows do not stand one after the other.
    pub(super) fn check_order(&self) -> Result<()> {
        match self.fortran && self.rows().1 > 1 {
            false => Ok(()),
            true => {
                let message = format!(
                    "{}: its columns stand one after the other (fortran_order), so that rows are not read in pieces",
                    self.name
                );
                Err(Error::new(Kind::Data, message)
                    .hint("write it as `np.ascontiguousarray(…)`, or allow more memory"))
            }
        }
    }

    /// Fails where more follows than the header says.
    pub(super) fn check_end(&self, input: &mut impl Read) -> Result<()> {
        match input.read(&mut [0; 1]).map_err(|error| failed(&self.name, &error))? {
            0 => Ok(()),
            _ => Err(self.wrong("more bytes follow")),
        }
    }

    /// How many bytes a row has.
    pub(super) fn row_bytes(&self) -> usize {
        self.rows().1.saturating_mul(self.width)
    }

    /// How many rows there are, and how many elements in each.
    pub(super) fn rows(&self) -> (usize, usize) {
        match self.shape[..] {
            [] => (1, 1),
            [rows, ref sizes @ ..] => {
                (rows, sizes.iter().fold(1, |product, &size| usize::saturating_mul(product, size)))
            }
        }
    }

    /// Whether elements are texts.
    #[cfg(feature = "npz")]
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Element::Text | Element::Bytes)
    }

    /// Whether elements are whole numbers by their type.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.kind, Element::Bool | Element::Signed | Element::Unsigned)
    }

    /// Whether elements are numbers.
    pub(super) fn is_number(&self) -> bool {
        self.is_whole() || self.kind == Element::Float
    }

    /// Whether elements are bytes, as those of images.
    pub(super) fn is_bytes(&self) -> bool {
        self.kind == Element::Unsigned && self.width == 1
    }

    /// All elements in order, as numbers.
    pub(super) fn numbers(&self) -> Vec<f32> {
        let (rows, columns) = self.rows();
        let is_plain = !self.fortran && self.width > 0;
        match (is_plain, self.kind) {
            (true, Element::Unsigned) if self.width == 1 => {
                self.bytes.iter().map(|&byte| f32::from(byte)).collect()
            }
            (true, Element::Float) => {
                let number = |element: &[u8]| self.float(element) as f32;
                self.bytes.chunks_exact(self.width).map(number).collect()
            }
            _ => {
                let row = |row| (0..columns).map(move |column| self.number(row, column) as f32);
                (0..rows).flat_map(row).collect()
            }
        }
    }

    /// Writes an element of a row as a cell; nothing where it is missing.
    pub(super) fn cell(&self, row: usize, column: usize, cell: &mut String) {
        cell.clear();
        let element = self.element(row, column);
        match self.kind {
            Element::Bool => cells::show(cell, element.first().is_some_and(|&byte| byte != 0)),
            Element::Signed => cells::show(cell, self.signed(element)),
            Element::Unsigned => cells::show(cell, self.unsigned(element)),
            Element::Float => match *element {
                [_, _, _, _] => cells::single(cell, self.float(element) as f32),
                _ => cells::float(cell, self.float(element)),
            },
            Element::Text => {
                let letter = |bytes: &[u8]| char::from_u32(self.unsigned(bytes) as u32);
                let letters =
                    element.chunks_exact(4).map(|bytes| letter(bytes).unwrap_or('\u{fffd}'));
                cell.extend(letters);
                cell.truncate(cell.trim_end_matches('\0').len());
            }
            Element::Bytes => {
                cell.push_str(String::from_utf8_lossy(element).trim_end_matches('\0'));
            }
            Element::Moment(per_second, seconds) => match self.signed(element) {
                // Not a time.
                i64::MIN => {}
                value if seconds > 1 && seconds % 86_400 == 0 => {
                    cells::date(cell, value.saturating_mul(seconds / 86_400));
                }
                value => cells::moment(cell, value.saturating_mul(seconds), per_second),
            },
        }
    }

    /// An element of a row as a number; NaN where it is none.
    pub(super) fn number(&self, row: usize, column: usize) -> f64 {
        let element = self.element(row, column);
        match self.kind {
            Element::Bool => f64::from(u8::from(element.first().is_some_and(|&byte| byte != 0))),
            Element::Signed => self.signed(element) as f64,
            Element::Unsigned => self.unsigned(element) as f64,
            Element::Float => self.float(element),
            _ => f64::NAN,
        }
    }

    fn element(&self, row: usize, column: usize) -> &[u8] {
        let (rows, columns) = self.rows();
        let place = match self.fortran {
            false => row * columns + column,
            true => {
                // The place of the column in the order of its axes, the first of which changes fastest.
                let (mut rest, mut place, mut step) = (column, 0, rows);
                let sizes = self.shape.get(1..).unwrap_or_default();
                let mut below = columns;
                for &size in sizes {
                    below /= size.max(1);
                    place += rest / below.max(1) * step;
                    rest %= below.max(1);
                    step *= size;
                }
                place + row
            }
        };
        let start = place * self.width;
        self.bytes.get(start..start + self.width).unwrap_or_default()
    }

    fn unsigned(&self, bytes: &[u8]) -> u64 {
        let add = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
        if self.big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    }

    fn signed(&self, bytes: &[u8]) -> i64 {
        let empty = 64 - 8 * bytes.len().clamp(1, 8) as u32;
        (self.unsigned(bytes) << empty) as i64 >> empty
    }

    fn float(&self, bytes: &[u8]) -> f64 {
        let bits = self.unsigned(bytes);
        match bytes.len() {
            2 => f64::from(cells::wide(bits as u16)),
            4 => f64::from(f32::from_bits(bits as u32)),
            _ => f64::from_bits(bits),
        }
    }
}

fn failed(name: &str, error: &std::io::Error) -> Error {
    let message = format!("{name}: the array cannot be read: {error}");
    Error::new(Kind::Data, message).hint(DAMAGED)
}

/// The longest header that is read.
const LONGEST: u64 = 1 << 16;

const DAMAGED: &str =
    "the file is damaged or cut short: write it again, by `numpy.save` or `numpy.savez`";

fn sizes(shape: &[usize]) -> String {
    match shape {
        [] => "1".to_string(),
        shape => shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x "),
    }
}

/// What a type such as `<f8` says: the element, whether its first byte is the highest, how many bytes it has.
fn element(text: &str, name: &str) -> Result<(Element, bool, usize)> {
    let unread = |why: &str, hint: &str| {
        let message = format!("{name}: its elements are of type {text:?}{why}");
        Err(Error::new(Kind::Data, message).hint(hint))
    };
    let big = text.starts_with('>');
    let plain = text.trim_start_matches(['<', '>', '=', '|']);
    let (kind, rest) =
        plain.split_at(plain.char_indices().nth(1).map_or(plain.len(), |(at, _)| at));
    let (size, unit) = rest.split_at(rest.find('[').unwrap_or(rest.len()));
    let size = size.parse::<usize>().ok();
    let kind = match (kind, size) {
        ("b" | "?", Some(1) | None) => (Element::Bool, 1),
        ("i", Some(size @ (1 | 2 | 4 | 8))) => (Element::Signed, size),
        ("u", Some(size @ (1 | 2 | 4 | 8))) => (Element::Unsigned, size),
        ("f", Some(size @ (2 | 4 | 8))) => (Element::Float, size),
        ("U", Some(size)) if size <= 1 << 20 => (Element::Text, 4 * size),
        ("S" | "a", Some(size)) if size <= 1 << 22 => (Element::Bytes, size),
        ("M", Some(8)) => match unit {
            "[D]" => (Element::Moment(1, 86_400), 8),
            "[W]" => (Element::Moment(1, 604_800), 8),
            "[h]" => (Element::Moment(1, 3_600), 8),
            "[m]" => (Element::Moment(1, 60), 8),
            "[s]" => (Element::Moment(1, 1), 8),
            "[ms]" => (Element::Moment(1_000, 1), 8),
            "[us]" => (Element::Moment(1_000_000, 1), 8),
            "[ns]" => (Element::Moment(1_000_000_000, 1), 8),
            _ => {
                return unread(
                    ", in whose unit times are not read",
                    "write it `.astype('datetime64[s]')`",
                );
            }
        },
        ("O", _) => {
            return unread(
                ": Python's own objects, which only pickle can read, and run what is in them",
                "write plain arrays: `np.savez(FILE, x=x.astype('float32'), y=y.astype('int64'))`, texts by `.astype('U')`",
            );
        }
        ("c", _) => {
            return unread(", complex numbers", "write their real and imaginary parts as columns");
        }
        ("f", _) => return unread(", wider than 8 bytes", "write it `.astype('float64')`"),
        _ => return unread(", which is not read", "write it `.astype('float64')`"),
    };
    Ok((kind.0, big, kind.1))
}
