//! Folders of images that are larger than memory: decoded once, and written as bytes.

use std::path::Path;

use gradtape::data::{Dataset, Fractions, Preprocessing, Split};
use gradtape::{Rng, Tensor};
use gradtape_files::{Channels, Found, ImageFiles};

use super::store::{Levels, StoreWriter};
use super::{by_keys, deal, divided, fewer, stream};
use crate::deal::{Dealer, Dealt, Fingerprint};
use crate::division::Division;
use crate::division::keys::Keys;
use crate::error::{Failure, Outcome};
use crate::memory::Memory;
use crate::pieces::fitting;
use crate::report::of;
use crate::rows::{Images, Prepared};
use crate::source::{BYTES, ImageFlags};

/// A folder of images of which only some are in memory.
pub(in crate::train) struct LargeImages<'a> {
    pub(in crate::train) path: &'a Path,
    files: ImageFiles,
    memory: Memory,
    /// Where the file of pixels is.
    folder: &'a Path,
}

/// What a pass over all images came to.
enum Pass {
    Done(Box<Decoded>),
    /// Some have colours, though the first ones had none.
    Colours,
    /// Some cannot be read, with what is wrong with them.
    Broken(Vec<(usize, String)>),
}

/// Images by their parts.
pub(super) struct Decoded {
    store: StoreWriter,
    /// Where each goes in the store, by its number; without, one comes after the other.
    places: Option<Vec<usize>>,
    kept: Held,
    validation: Held,
    test: Held,
    print: Fingerprint,
    /// For each channel, how often each byte comes among those that are trained on.
    counts: Vec<[u64; 256]>,
}

/// Images that are kept in memory.
#[derive(Default)]
struct Held {
    numbers: Vec<usize>,
    bytes: Vec<u8>,
    labels: Vec<i64>,
}

impl<'a> LargeImages<'a> {
    /// The images of a folder, where they take more memory than they may.
    pub(in crate::train) fn of(
        path: &'a Path,
        flags: &ImageFlags,
        memory: Memory,
        folder: &'a Path,
    ) -> Outcome<Option<LargeImages<'a>>> {
        if !path.is_dir() {
            return Ok(None);
        }
        let files = ImageFiles::find(path, &flags.options(None))?;
        let channels = if files.channels() == Some(Channels::Grey) { 1.0 } else { 3.0 };
        let pixels = files.size().iter().product::<usize>() as f64 * channels;
        let larger = are_larger(files.len() + files.tests(), pixels, memory);
        Ok(larger.then_some(LargeImages { path, files, memory, folder }))
    }

    /// Decodes the images.
    pub(in crate::train) fn prepare(
        self,
        division: &Division,
        fractions: Fractions,
        normalize: bool,
        seed: u64,
    ) -> Outcome<Prepared> {
        let LargeImages { path, mut files, memory, folder } = self;
        let name = path.display().to_string();
        let (own_test, fractions) = with_own(files.tests(), fractions);
        let mut channels = match files.channels() {
            Some(Channels::Rgb) => 3,
            _ => 1,
        };
        let (dealer, decoded) = loop {
            let width = files.size().iter().product::<usize>() * channels;
            let most = fitting(memory, width, 16.0);
            tests_fit(files.tests(), most, &name, memory)?;
            let labels = (0..files.len()).map(|number| files.label(number) as i64);
            let dealer = of_labels(division, labels, files.classes(), most, fractions, seed)?;
            match pass(&files, channels, &dealer, folder, at_once(memory, width), seed)? {
                Pass::Done(decoded) => break (dealer, decoded),
                Pass::Colours => channels = 3,
                Pass::Broken(broken) => files = files.without(&broken)?,
            }
        };
        let [height, width] = files.size();
        let shape = [channels, height, width];
        let mut prepared = decoded.finish(shape, files.classes(), "class", normalize, memory)?;
        prepared.notes.extend(files.notes().iter().cloned());
        prepared.notes.push(format!(
            "{name} is larger than {memory} of memory: its {} are decoded once, into a file of pixels that is read in pieces",
            of(files.len(), "image")
        ));
        prepared.notes.extend(fewer(&dealer, fractions, files.len()));
        let division = divided(division);
        Ok(Prepared { own_test, division, dealt: Some(dealer.deal), ..prepared })
    }
}

/// How images of these classes are dealt, of which so many fit in each part that is kept in memory.
pub(super) fn of_labels(
    division: &Division,
    labels: impl Iterator<Item = i64>,
    classes: &[String],
    fitting: usize,
    fractions: Fractions,
    seed: u64,
) -> Outcome<Dealer> {
    match Keys::of(division) {
        None => Ok(Dealer::of(deal(labels.count(), fitting, fractions, seed))),
        Some(mut keys) => {
            keys.add_labels(labels, classes);
            by_keys(&keys, fitting, fractions, seed)
        }
    }
}

/// Decodes all images, in a random order, so that those that are read together are of all classes.
fn pass(
    files: &ImageFiles,
    channels: usize,
    dealer: &Dealer,
    folder: &Path,
    at_once: usize,
    seed: u64,
) -> Outcome<Pass> {
    let width = files.size().iter().product::<usize>() * channels;
    let broken = &mut Vec::new();
    let mut decoded = Decoded::new(folder, width, channels, files.classes())?;
    let mut order = order(files.len(), seed);
    order.extend(files.len()..files.len() + files.tests());
    for numbers in order.chunks(at_once) {
        for (&number, found) in numbers.iter().zip(files.read(numbers, channels)?) {
            match found {
                Found::Pixels(bytes) => {
                    let dealer = (number < files.len()).then_some(dealer);
                    decoded.add(number, files.label(number) as i64, dealer, &bytes)?;
                }
                Found::Colours => return Ok(Pass::Colours),
                Found::Broken(words) => broken.push((number, words)),
            }
        }
    }
    if broken.is_empty() {
        return Ok(Pass::Done(Box::new(decoded)));
    }
    broken.sort();
    Ok(Pass::Broken(std::mem::take(broken)))
}

/// The order in which so many images are stored.
pub(super) fn order(images: usize, seed: u64) -> Vec<usize> {
    Rng::new(seed).split(ORDER).permutation(images)
}

impl Decoded {
    /// None so far, of so many bytes each.
    pub(super) fn new(
        folder: &Path,
        width: usize,
        channels: usize,
        classes: &[String],
    ) -> Outcome<Decoded> {
        let store = StoreWriter::of_bytes(folder, width, classes)?;
        let (kept, validation, test, print) = Default::default();
        let counts = vec![[0; 256]; channels];
        Ok(Decoded { store, places: None, kept, validation, test, print, counts })
    }

    /// Of images that come in another order than that in which they are stored: where each that is trained on goes, by its
    /// number.
    pub(super) fn placed(self, places: Vec<usize>) -> Decoded {
        Decoded { places: Some(places), ..self }
    }

    /// What training begins with, of images of such a shape with these classes under this name.
    pub(super) fn finish(
        self,
        shape: [usize; 3],
        classes: &[String],
        target: &str,
        normalize: bool,
        memory: Memory,
    ) -> Outcome<Prepared> {
        let Decoded { store, kept, validation, test, print, counts, .. } = self;
        let [channels, ..] = shape;
        let levels = if normalize { standard(&counts) } else { vec![(0.0, BYTES)] };
        let pixels = Levels::new(&levels, BYTES, channels);
        let held = |held: Held| held.dataset(&pixels, shape.iter().product(), classes);
        let split = Split { train: held(kept)?, validation: held(validation)?, test: held(test)? };
        let preprocessing = Preprocessing::channels(&split.train, target, &levels)?;
        let background = levels.iter().map(|(mean, own)| -mean / own).collect();
        Ok(Prepared {
            fingerprint: print.text(),
            split,
            preprocessing,
            own_test: false,
            images: Some(Images { shape, background }),
            division: Division::Random,
            notes: Vec::new(),
            stream: Some(stream(store.finish_bytes(print.number(), pixels)?, memory)?),
            dealt: None,
            tests: None,
        })
    }

    /// Adds an image that is dealt in this way, or is for tests.
    pub(super) fn add(
        &mut self,
        number: usize,
        label: i64,
        dealer: Option<&Dealer>,
        bytes: &[u8],
    ) -> Outcome {
        let Some(dealer) = dealer else {
            self.test.push(number, bytes, label);
            return Ok(());
        };
        let bits = bytes.iter().map(|&byte| u64::from((f32::from(byte) / BYTES as f32).to_bits()));
        self.print.row(number, bits.chain([(label as f64).to_bits()]));
        match dealer.part(number) {
            Dealt::LeftOut => {}
            Dealt::Test => self.test.push(number, bytes, label),
            Dealt::Validation => self.validation.push(number, bytes, label),
            Dealt::Train { kept } => {
                match self.places.as_ref().and_then(|places| places.get(number)) {
                    Some(&place) => self.store.put_bytes(place, bytes, label)?,
                    None => self.store.add_bytes(bytes, label)?,
                }
                let planes = bytes.chunks(bytes.len() / self.counts.len());
                for (counts, plane) in self.counts.iter_mut().zip(planes) {
                    plane.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
                }
                if kept {
                    self.kept.push(number, bytes, label);
                }
            }
        }
        Ok(())
    }
}

impl Held {
    fn push(&mut self, number: usize, bytes: &[u8], label: i64) {
        self.numbers.push(number);
        self.bytes.extend_from_slice(bytes);
        self.labels.push(label);
    }

    /// The images in the order of their numbers, as those that are read whole.
    fn dataset(self, levels: &Levels, width: usize, classes: &[String]) -> Outcome<Dataset> {
        let Held { numbers, bytes, labels } = self;
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by_key(|&place| numbers[place]);
        let mut inputs = Vec::with_capacity(bytes.len());
        order.iter().for_each(|&place| levels.write(&bytes[place * width..][..width], &mut inputs));
        let labels: Vec<i64> = order.iter().map(|&place| labels[place]).collect();
        let count = labels.len();
        let inputs = Tensor::from_vec(inputs, [count, width])?;
        let data = Dataset::new(inputs, Tensor::from_vec(labels, count)?)?;
        Ok(data.with_classes(classes.iter().cloned())?)
    }
}

/// Whether so many images of so many pixels take more memory than they may: as bytes, as numbers, and as numbers of the
/// parts.
pub(super) fn are_larger(images: usize, pixels: f64, memory: Memory) -> bool {
    9.0 * pixels * images as f64 > memory.bytes()
}

/// Whether the data brings images for tests, and what is held out then.
pub(super) fn with_own(tests: usize, fractions: Fractions) -> (bool, Fractions) {
    match tests > 0 {
        true => (true, Fractions { test: 0.0, ..fractions }),
        false => (false, fractions),
    }
}

/// Fails where so many images for tests do not fit, where so many of a part do.
pub(super) fn tests_fit(tests: usize, most: usize, name: &str, memory: Memory) -> Outcome {
    match tests > 4 * most {
        false => Ok(()),
        true => Err(Failure::failed(format!(
            "{name}: its {} for tests do not fit in {memory}, and are kept there\n  hint: give more --memory, or fewer images \
             for tests",
            of(tests, "image")
        ))),
    }
}

/// The mean and the deviation of the bytes of each channel.
fn standard(counts: &[[u64; 256]]) -> Vec<(f64, f64)> {
    let of = |counts: &[u64; 256]| {
        let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
            (0..=255u8).zip(counts).map(|(byte, &n)| n as f64 * of(f64::from(byte))).sum()
        };
        let all = sum(&|_| 1.0).max(1.0);
        let mean = sum(&|byte| byte) / all;
        let deviation = (sum(&|byte| (byte - mean).powi(2)) / all).sqrt();
        (mean, if deviation > 0.0 { deviation } else { 1.0 })
    };
    counts.iter().map(of).collect()
}

/// How many images of so many bytes are decoded at once: as many as fit in a share of the memory, twice each.
pub(super) fn at_once(memory: Memory, width: usize) -> usize {
    (memory.bytes() / 8.0 / (2 * width).max(1) as f64).clamp(1.0, MOST_AT_ONCE) as usize
}

/// More at once are decoded no faster.
const MOST_AT_ONCE: f64 = 1024.0;

/// What tells the order of images from other uses of a seed.
const ORDER: u64 = 0x6f72_6465;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_images_are_decoded_at_once_than_fit() {
        let of = |memory: &str, width| at_once(memory.parse().unwrap(), width);
        assert_eq!(of("1GB", 3 * 32 * 32), 1024);
        // 224 x 224 in colours are 150 kB each, of which 1,024 would be 154 MB.
        let (some, width) = (of("100MB", 3 * 224 * 224), 3.0 * 224.0 * 224.0);
        assert!(some > 16 && 2.0 * some as f64 * width <= 100e6 / 8.0, "{some}");
        assert_eq!(of("1MB", 3 * 1000 * 1000), 1);
    }
}
