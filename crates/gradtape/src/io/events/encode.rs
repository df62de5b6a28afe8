//! The bytes of event files: protocol buffers in frames with check sums.
//!
//! Of each message only what is written stands here, by the numbers that its fields have in TensorFlow's
//! `event.proto`, `summary.proto` and `graph.proto`, and in TensorBoard's `hparams/plugin_data.proto`.

use crate::tensor::{DType, Tensor};

/// A message, encoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(pub(super) Vec<u8>);

/// A setting of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
    /// Whether something is on.
    Flag(bool),
}

/// A unit of a graph: something that computes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unit {
    /// Its name, with slashes for groups. Letters, digits and `_.-/` alone are shown.
    pub name: String,
    /// What it does.
    pub op: String,
    /// The names of the units that it reads.
    pub inputs: Vec<String>,
    /// The shape of what it gives.
    pub shape: Vec<usize>,
}

/// How numbers are spread.
pub(super) struct Histogram {
    least: f64,
    greatest: f64,
    count: f64,
    sum: f64,
    squares: f64,
    /// The upper ends of the intervals, and how many numbers lie in each.
    ends: Vec<f64>,
    counts: Vec<f64>,
}

/// A picture, as PNG.
pub(super) struct Picture {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) png: Vec<u8>,
}

/// What a file of events holds.
pub(super) enum Event {}

impl Event {
    /// The first event of each file.
    pub(super) fn version(time: f64) -> Message {
        Message::default().double(1, time).text(3, "brain.Event:2")
    }

    pub(super) fn scalar(time: f64, step: u64, tag: &str, value: f64) -> Message {
        Event::summary(time, step, Message::default().text(1, tag).chosen_float(2, value as f32))
    }

    pub(super) fn image(time: f64, step: u64, tag: &str, picture: &Picture) -> Message {
        const RGB: u64 = 3;
        let image = Message::default()
            .number(1, picture.height as u64)
            .number(2, picture.width as u64)
            .number(3, RGB)
            .bytes(4, &picture.png);
        Event::summary(time, step, Message::default().text(1, tag).message(4, &image))
    }

    pub(super) fn histogram(time: f64, step: u64, tag: &str, histogram: &Histogram) -> Message {
        let encoded = Message::default()
            .double(1, histogram.least)
            .double(2, histogram.greatest)
            .double(3, histogram.count)
            .double(4, histogram.sum)
            .double(5, histogram.squares)
            .doubles(6, &histogram.ends)
            .doubles(7, &histogram.counts);
        Event::summary(time, step, Message::default().text(1, tag).message(5, &encoded))
    }

    pub(super) fn settings(time: f64, settings: &[(String, Setting)]) -> Message {
        let mut start = Message::default();
        for (name, setting) in settings {
            let value = match setting {
                Setting::Number(number) => Message::default().chosen_double(2, *number),
                Setting::Text(text) => Message::default().text(3, text),
                Setting::Flag(on) => Message::default().chosen_flag(4, *on),
            };
            start = start.message(1, &Message::default().text(1, name).message(2, &value));
        }
        Event::hyperparameters(time, "_hparams_/session_start_info", 3, &start.double(5, time))
    }

    pub(super) fn end(time: f64, well: bool) -> Message {
        let (success, failure) = (1, 2);
        let end = Message::default().number(1, if well { success } else { failure });
        Event::hyperparameters(time, "_hparams_/session_end_info", 4, &end.double(2, time))
    }

    pub(super) fn graph(time: f64, units: &[Unit]) -> Message {
        let mut graph = Message::default();
        for unit in units {
            let mut node = Message::default().text(1, &unit.name).text(2, &unit.op);
            for input in &unit.inputs {
                node = node.text(3, input);
            }
            let mut shape = Message::default();
            for &size in &unit.shape {
                shape = shape.message(2, &Message::default().number(1, size as u64));
            }
            let list = Message::default().message(7, &shape);
            let attribute = Message::default().message(1, &list);
            let entry = Message::default().text(1, "_output_shapes").message(2, &attribute);
            graph = graph.message(1, &node.message(5, &entry));
        }
        let producer = Message::default().number(1, 22);
        let graph = graph.message(4, &producer);
        Message::default().double(1, time).bytes(4, &graph.0)
    }

    fn summary(time: f64, step: u64, value: Message) -> Message {
        let summary = Message::default().message(1, &value);
        Message::default().double(1, time).number(2, step).message(5, &summary)
    }

    /// A message for the table of hyperparameters, which is its field number `field`.
    fn hyperparameters(time: f64, tag: &str, field: u32, content: &Message) -> Message {
        let data = Message::default().message(field, content);
        let plugin = Message::default().text(1, "hparams").bytes(2, &data.0);
        let metadata = Message::default().message(1, &plugin);
        Event::summary(time, 0, Message::default().text(1, tag).message(9, &metadata))
    }
}

impl Histogram {
    const INTERVALS: usize = 30;

    /// Of the elements that are finite, if there are any.
    pub(super) fn of(values: &Tensor) -> Option<Histogram> {
        let values = values.cast(DType::F64).to_vec::<f64>().ok()?;
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let least = finite().reduce(f64::min)?;
        let greatest = finite().reduce(f64::max)?;
        // Of equal numbers there is one interval, which must not be empty.
        let widest = (greatest - least).max(least.abs().max(1e-12) * 1e-6);
        let width = widest / Histogram::INTERVALS as f64;
        let mut counts = vec![0.0; Histogram::INTERVALS];
        for value in finite() {
            let place = ((value - least) / width) as usize;
            counts[place.min(Histogram::INTERVALS - 1)] += 1.0;
        }
        let ends = (1..=Histogram::INTERVALS).map(|i| least + width * i as f64);
        Some(Histogram {
            least,
            greatest,
            count: finite().count() as f64,
            sum: finite().sum(),
            squares: finite().map(|value| value * value).sum(),
            ends: ends.collect(),
            counts,
        })
    }
}

/// The kinds of fields on the wire.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

impl Message {
    fn key(&mut self, field: u32, kind: u32) {
        self.varint(u64::from(field << 3 | kind));
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// A whole number; zero is what a missing one means.
    fn number(mut self, field: u32, number: u64) -> Message {
        if number != 0 {
            self.key(field, VARINT);
            self.varint(number);
        }
        self
    }

    /// A number; zero is what a missing one means.
    fn double(self, field: u32, number: f64) -> Message {
        if number.to_bits() == 0 { self } else { self.chosen_double(field, number) }
    }

    /// One of several fields, which tells by being there which of them is meant.
    fn chosen_double(mut self, field: u32, number: f64) -> Message {
        self.key(field, FIXED64);
        self.0.extend(number.to_le_bytes());
        self
    }

    /// As [`Message::chosen_double`].
    fn chosen_flag(mut self, field: u32, on: bool) -> Message {
        self.key(field, VARINT);
        self.varint(u64::from(on));
        self
    }

    /// As [`Message::chosen_double`].
    fn chosen_float(mut self, field: u32, number: f32) -> Message {
        self.key(field, FIXED32);
        self.0.extend(number.to_le_bytes());
        self
    }

    fn bytes(mut self, field: u32, bytes: &[u8]) -> Message {
        self.key(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    fn text(self, field: u32, text: &str) -> Message {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u32, message: &Message) -> Message {
        self.bytes(field, &message.0)
    }

    fn doubles(self, field: u32, numbers: &[f64]) -> Message {
        let all: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.bytes(field, &all)
    }
}

/// A record of a file: its length, the sum of that, the bytes, and their sum.
pub(super) fn frame(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let [of_length, of_bytes] = [&length[..], bytes].map(|part| masked(part).to_le_bytes());
    [&length[..], &of_length, bytes, &of_bytes].concat()
}

/// The check sum of a record: CRC-32C, turned and moved so that sums of sums differ from it.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), bit by bit in a table of bytes.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let (mut sum, mut bit) = (byte as u32, 0);
            while bit < 8 {
                sum = sum >> 1 ^ if sum & 1 == 1 { 0x82f6_3b78 } else { 0 };
                bit += 1;
            }
            table[byte] = sum;
            byte += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |sum: u32, &byte| sum >> 8 ^ TABLE[usize::from(sum as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_sums_are_those_of_the_standard() {
        // RFC 3720, B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn histograms_count_each_finite_number_once() {
        let values = Tensor::from([0.0, 1.0, 0.5, f64::NAN, 1.0, f64::INFINITY, 0.01]);
        let histogram = Histogram::of(&values).unwrap();
        assert_eq!((histogram.least, histogram.greatest), (0.0, 1.0));
        assert_eq!((histogram.count, histogram.sum, histogram.squares), (5.0, 2.51, 2.2501));
        assert_eq!(histogram.counts.iter().sum::<f64>(), 5.0);
        assert_eq!((histogram.counts[0], histogram.counts[29]), (2.0, 2.0));
        let same = Histogram::of(&Tensor::from([3.0, 3.0])).unwrap();
        assert!(same.counts[0] == 2.0 && same.ends.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(Histogram::of(&Tensor::from([f64::NAN])).is_none());
        let zeros = Histogram::of(&Tensor::from([0.0f32; 4])).unwrap();
        assert!(zeros.counts[0] == 4.0 && zeros.ends[29] > 0.0);
    }
}
