use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::*;
use crate::tensor::{DType, Rng};

fn idx(code: u8, sizes: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(data);
    bytes
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn source(bytes: &[u8]) -> Source<'_> {
    Source::new("file", bytes, bytes.len() as u64).unwrap()
}

fn error(result: Result<Tensor>) -> String {
    match result {
        Ok(tensor) => panic!("read as {} {}", tensor.dtype(), tensor.shape()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn images_and_labels_plain_and_packed() {
    let images = idx(8, &[2, 1, 3], &[0, 51, 255, 1, 2, 3]);
    let labels = idx(8, &[3], &[7, 0, 255]);
    for (images, labels) in [(images.clone(), labels.clone()), (gz(&images), gz(&labels))] {
        let x = source(&images).images(255.0).unwrap();
        assert_eq!((x.dtype(), &x.shape()[..]), (DType::F32, &[2, 1, 3][..]));
        assert_eq!(x.to_vec::<f32>().unwrap()[..3], [0.0, 0.2, 1.0]);
        assert_eq!(source(&labels).labels().unwrap().to_vec::<i64>().unwrap(), [7, 0, 255]);
    }
}

#[test]
fn every_element_type() {
    let read = |code, data: &[u8], n| source(&idx(code, &[n], data)).tensor().unwrap();
    assert_eq!(read(0x08, &[255], 1).to_vec::<i64>().unwrap(), [255]);
    assert_eq!(read(0x09, &[255, 1], 2).to_vec::<i64>().unwrap(), [-1, 1]);
    assert_eq!(read(0x0b, &[255, 254], 1).to_vec::<i64>().unwrap(), [-2]);
    assert_eq!(read(0x0c, &[0, 1, 0, 0], 1).to_vec::<i64>().unwrap(), [65536]);
    assert_eq!(read(0x0d, &1.5f32.to_be_bytes(), 1).to_vec::<f32>().unwrap(), [1.5]);
    assert_eq!(read(0x0e, &(-2.5f64).to_be_bytes(), 1).to_vec::<f64>().unwrap(), [-2.5]);
    let large: Vec<u8> = (0..100_000u32).flat_map(|i| (i as f32).to_be_bytes()).collect();
    let read = read(0x0d, &large, 100_000).to_vec::<f32>().unwrap();
    assert!(read.into_iter().eq((0..100_000).map(|i| i as f32)));
}

#[test]
fn a_wrong_magic_number_is_named() {
    let labels = idx(8, &[1], &[3]);
    let text = error(source(&labels).images(255.0));
    assert!(text.contains("0x00000801") && text.contains("file of labels"), "{text}");
    let text = error(source(&idx(8, &[1, 1, 1], &[3])).labels());
    assert!(text.contains("0x00000803") && text.contains("file of images"), "{text}");
    let text = error(source(b"\x89PNG....").images(255.0));
    assert!(text.contains("0x89504e47") && text.contains("images have 0x00000803"), "{text}");
    for magic in [[0, 0, 7, 1], [0, 0, 8, 0], [0, 0, 8, 7], [1, 0, 8, 1]] {
        assert!(error(source(&magic).tensor()).contains("magic number"));
    }
}

#[test]
fn lengths_that_do_not_fit_are_named() {
    for n in 0..4 {
        assert!(error(source(&idx(8, &[1], &[])[..n]).labels()).contains("within the IDX header"));
    }
    let text = error(source(&idx(8, &[5, 2, 2], &[0; 19])).images(255.0));
    assert!(text.contains("5 x 2 x 2") && text.contains("ends after 19 elements"), "{text}");
    let text = error(source(&gz(&idx(8, &[20], &[0; 19]))).labels());
    assert!(text.contains("ends after 19 elements"), "{text}");
    let text = error(source(&idx(8, &[2], &[0; 3])).labels());
    assert!(text.contains("more bytes follow"), "{text}");
    let text = error(source(&idx(8, &[60000, 28, 28], &[0; 10])).images(255.0));
    assert!(text.contains("47040000 bytes, but the file has 26 in all"), "{text}");
    let huge = idx(8, &[u32::MAX, u32::MAX, u32::MAX], &[]);
    let text = error(source(&huge).images(255.0));
    assert!(text.contains("more bytes than can be counted"), "{text}");
    let text = error(source(&gz(&huge)).images(255.0));
    assert!(text.contains("more bytes than can be counted"), "{text}");
    let text = error(source(&idx(8, &[0, u32::MAX, u32::MAX, u32::MAX, 7], &[])).tensor());
    assert!(text.contains("more bytes than can be counted"), "{text}");
    let text = error(source(&gz(&idx(8, &[1 << 31], &[]))).labels());
    assert!(text.contains("cannot unpack to more than"), "{text}");
    let packed = gz(&idx(8, &[3], &[1, 2, 3]));
    let text = error(source(&packed[..packed.len() - 9]).labels());
    assert!(text.contains("cut short"), "{text}");
    assert_eq!(source(&idx(8, &[0, 28, 28], &[])).images(255.0).unwrap().elements(), 0);
}

#[test]
fn damage_never_panics() {
    let mut rng = Rng::new(1);
    let plain = idx(8, &[3, 2, 2], &[9; 12]);
    let packed = gz(&plain);
    for original in [plain, packed] {
        for _ in 0..3000 {
            let mut bytes = original.clone();
            for _ in 0..1 + rng.below(4) {
                let at = rng.below(bytes.len());
                bytes[at] ^= 1 << rng.below(8);
            }
            bytes.truncate(rng.below(bytes.len() + 1));
            let read =
                [source(&bytes).images(255.0), source(&bytes).labels(), source(&bytes).tensor()];
            for tensor in read.into_iter().flatten() {
                assert!(tensor.elements() <= 12 * MAX_GROWTH as usize);
            }
        }
    }
}

#[test]
fn a_packed_file_may_have_several_members_and_a_name() {
    let plain = idx(8, &[40], &[7; 40]);
    let mut first = flate2::GzBuilder::new()
        .filename("a.bin")
        .comment("c")
        .extra(vec![1; 300])
        .write(Vec::new(), Compression::fast());
    first.write_all(&plain[..20]).unwrap();
    let packed = [first.finish().unwrap(), gz(&plain[20..])].concat();
    assert_eq!(source(&packed).labels().unwrap().to_vec::<i64>().unwrap(), [7; 40]);
    let text = error(source(&[&packed[..], b"rubbish"].concat()).labels());
    assert!(text.starts_with("file: "), "{text}");
}

#[test]
fn every_truncation_and_every_flipped_bit_of_a_packed_file_is_noticed_or_harmless() {
    let data: Vec<u8> = (0..300u32).map(|i| (i.wrapping_mul(i) >> 7) as u8 & 31).collect();
    let packed = gz(&idx(8, &[300], &data));
    let expected: Vec<i64> = data.iter().map(|&byte| i64::from(byte)).collect();
    for length in 0..packed.len() {
        assert!(source(&packed[..length]).labels().is_err(), "truncated to {length}");
    }
    for bit in 0..packed.len() * 8 {
        let mut packed = packed.clone();
        packed[bit / 8] ^= 1 << (bit % 8);
        // Time, system and flags in the header and the padding before the trailer do not matter.
        let (at, padding) = (bit / 8, packed.len() - 9);
        if let Ok(labels) = source(&packed).labels() {
            assert_eq!(labels.to_vec::<i64>().unwrap(), expected, "bit {bit}");
            assert!((3..10).contains(&at) || at == padding, "bit {bit}");
        }
    }
}
