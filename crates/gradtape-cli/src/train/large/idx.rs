//! Folders of IDX files that are larger than memory: unpacked once, and written as bytes.

use std::path::Path;

use gradtape::data::{Fractions, IdxFiles, is_idx_folder};
use gradtape::{Error, Kind};

use super::images::{Decoded, are_larger, at_once, of_labels, order, tests_fit, with_own};
use super::{divided, fewer};
use crate::deal::{Dealer, Dealt};
use crate::division::Division;
use crate::error::{Failure, Outcome};
use crate::memory::Memory;
use crate::pieces::fitting;
use crate::report::of;
use crate::rows::{Prepared, absent};

/// A folder of IDX files of which only some images are in memory.
pub(in crate::train) struct LargeIdx<'a> {
    files: IdxFiles,
    memory: Memory,
    /// Where the file of pixels is.
    folder: &'a Path,
}

impl<'a> LargeIdx<'a> {
    /// The images of a folder, where they take more memory than they may. What is wrong with the files is told where they
    /// are read.
    pub(in crate::train) fn of(
        path: &Path,
        memory: Memory,
        folder: &'a Path,
    ) -> Option<LargeIdx<'a>> {
        let files = is_idx_folder(path).then(|| IdxFiles::open(path).ok())??;
        let pixels = files.image().iter().product::<usize>() as f64;
        let larger = are_larger(files.len() + files.tests(), pixels, memory);
        larger.then_some(LargeIdx { files, memory, folder })
    }

    /// Unpacks the images.
    pub(in crate::train) fn prepare(
        self,
        division: &Division,
        fractions: Fractions,
        normalize: bool,
        seed: u64,
    ) -> Outcome<Prepared> {
        let LargeIdx { files, memory, folder } = self;
        let name = files.folder().display().to_string();
        let (own_test, fractions) = with_own(files.tests(), fractions);
        let shape = match *files.image() {
            [height, width] => [1, height, width],
            [channels, height, width] => [channels, height, width],
            _ => return Err(Failure::failed(format!("{name}: not a file of images"))),
        };
        let width = shape.iter().product();
        let most = fitting(memory, width, 16.0);
        tests_fit(files.tests(), most, &name, memory)?;
        let classes: Vec<String> = (0..files.classes()).map(|class| class.to_string()).collect();
        let labels = files.labels().iter().take(files.len()).map(|&label| i64::from(label));
        let dealer = &of_labels(division, labels, &classes, most, fractions, seed)?;
        let decoded = Decoded::new(folder, width, shape[0], &classes)?;
        let mut decoded = decoded.placed(places(files.len(), dealer, seed));
        let mut failure = None;
        let read = files.pieces(at_once(memory, width), |piece| {
            let images = piece.pixels.chunks(width).zip(&piece.labels).zip(piece.first..);
            for ((bytes, &label), number) in images {
                // Those for tests come behind all others.
                let (number, dealer) = match piece.for_tests {
                    true => (files.len() + number, None),
                    false => (number, Some(dealer)),
                };
                if let Err(own) = decoded.add(number, i64::from(label), dealer, bytes) {
                    failure = Some(own);
                    return Err(Error::new(Kind::Data, "enough"));
                }
            }
            Ok(())
        });
        match failure {
            Some(failure) => return Err(failure),
            None => read?,
        }
        let mut prepared = decoded.finish(shape, &classes, "label", normalize, memory)?;
        prepared
            .notes
            .extend(absent(files.labels().iter().map(|&label| usize::from(label)), classes.len()));
        prepared.notes.push(format!(
            "{name} is larger than {memory} of memory: its {} are unpacked once, into a file of pixels that is read in pieces",
            of(files.len(), "image")
        ));
        prepared.notes.extend(fewer(dealer, fractions, files.len()));
        let division = divided(division);
        Ok(Prepared { own_test, division, dealt: Some(dealer.deal), ..prepared })
    }
}

/// Where in the store each of so many images that is trained on goes, by its number: in a random order, so that those that
/// are read together are of all classes, also where a file has one class after the other.
fn places(images: usize, dealer: &Dealer, seed: u64) -> Vec<usize> {
    let mut places = vec![0; images];
    let trained = |&number: &usize| matches!(dealer.part(number), Dealt::Train { .. });
    let trained = order(images, seed).into_iter().filter(trained);
    trained.enumerate().for_each(|(place, number)| places[number] = place);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_a_file_sorted_by_class_are_stored_in_the_order_of_images_of_folders() {
        let folder = tempfile::tempdir().unwrap();
        let (count, side) = (4000usize, 8usize);
        let size = |size: usize| (size as u32).to_be_bytes();
        let images = [&[0, 0, 8, 3][..], &size(count), &size(side), &size(side)].concat();
        let labels = [&[0, 0, 8, 1][..], &size(count)].concat();
        let class = |number: usize| (number / 500) as u8;
        // An image tells its number.
        let pixels = (0..count).flat_map(|number| {
            let mut pixels = vec![7u8; side * side];
            pixels[..2].copy_from_slice(&(number as u16).to_be_bytes());
            pixels
        });
        let write = |name: &str, head: Vec<u8>, bytes: Vec<u8>| {
            std::fs::write(folder.path().join(name), [head, bytes].concat()).unwrap();
        };
        write("train-images-idx3-ubyte", images, pixels.collect());
        write("train-labels-idx1-ubyte", labels, (0..count).map(class).collect());
        let large = LargeIdx::of(folder.path(), "1MB".parse().unwrap(), folder.path()).unwrap();
        let fractions = Fractions { validation: 0.1, test: 0.1 };
        let prepared = large.prepare(&Division::Random, fractions, false, 5).unwrap();
        let (stream, deal) = (prepared.stream.unwrap(), Dealer::of(prepared.dealt.unwrap()));
        let rows = stream.read(0..stream.len()).unwrap();
        let pixels = rows.inputs().to_vec::<f32>().unwrap();
        let byte = |number: f32| (number * 255.0).round() as usize;
        let number = |image: &[f32]| 256 * byte(image[0]) + byte(image[1]);
        let stored: Vec<usize> = pixels.chunks(side * side).map(number).collect();
        let trained = |&number: &usize| matches!(deal.part(number), Dealt::Train { .. });
        let expected: Vec<usize> = order(count, 5).into_iter().filter(trained).collect();
        assert!(stored == expected, "{:?}", &stored[..10]);
        let labels = rows.labels().unwrap();
        assert!(stored.iter().zip(labels).all(|(&own, &label)| i64::from(class(own)) == label));
    }
}
