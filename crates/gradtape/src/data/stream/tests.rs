use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::data::{Augment, Batch};
use crate::tensor::Tensor;

/// Rows whose numbers say which they are.
struct Numbered {
    rows: usize,
    /// From which row on reading fails.
    broken: usize,
    read: Arc<AtomicUsize>,
}

fn numbered(rows: usize) -> Numbered {
    Numbered { rows, broken: usize::MAX, read: Arc::default() }
}

impl RowSource for Numbered {
    fn len(&self) -> usize {
        self.rows
    }

    fn read(&self, rows: Range<usize>) -> Result<Dataset> {
        if rows.end > self.broken {
            return Err(Error::new(Kind::File, "the disk is gone"));
        }
        self.read.fetch_add(rows.len(), Ordering::Relaxed);
        let labels: Vec<i64> = rows.map(|row| row as i64).collect();
        let inputs = labels.iter().flat_map(|&row| [row as f32, -row as f32]).collect();
        let count = labels.len();
        Dataset::new(Tensor::from_vec(inputs, [count, 2])?, Tensor::from_vec(labels, count)?)
    }
}

fn stream(rows: usize) -> Stream {
    Stream::new(numbered(rows)).unwrap().block_rows(7).blocks_together(3)
}

fn labels(stream: &Stream, size: usize, epoch: u64, from: usize) -> Vec<Vec<i64>> {
    let batches = StreamBatches::new(stream, size, 5, None).unwrap();
    let of = |batch: Result<Batch>| {
        let Batch { x, y, .. } = batch.unwrap();
        let (x, y) = (x.to_vec::<f32>().unwrap(), y.to_vec::<i64>().unwrap());
        assert!(x.into_iter().eq(y.iter().flat_map(|&row| [row as f32, -row as f32])));
        y
    };
    batches.epoch_from(epoch, from).unwrap().map(of).collect()
}

#[test]
fn every_row_comes_once_in_another_order_each_epoch() {
    let stream = stream(98);
    for size in [1, 4, 21, 33, 98, 1000] {
        let all = labels(&stream, size, 0, 0);
        assert!(all[..all.len() - 1].iter().all(|batch| batch.len() == size.min(98)));
        let mut rows = all.concat();
        assert_eq!(
            rows,
            labels(&stream, 4, 0, 0).concat(),
            "the order depends on no size of batches"
        );
        rows.sort_unstable();
        assert!(rows.into_iter().eq(0..98));
    }
    let first = labels(&stream, 10, 0, 0).concat();
    assert_ne!(first, labels(&stream, 10, 1, 0).concat());
    // Rows of several blocks are mixed.
    let blocks: std::collections::BTreeSet<i64> = first[..21].iter().map(|row| row / 7).collect();
    assert_eq!(blocks.len(), 3);
    assert!(!first[..21].chunks(7).any(|part| part.iter().all(|row| row / 7 == part[0] / 7)));
}

#[test]
fn an_epoch_goes_on_in_its_middle_without_reading_what_was_before() {
    let source = numbered(100);
    let read = Arc::clone(&source.read);
    let stream = Stream::new(source).unwrap().block_rows(7).blocks_together(3);
    let all = labels(&stream, 8, 3, 0);
    for from in 0..=all.len() {
        assert_eq!(labels(&stream, 8, 3, from), all[from..], "{from}");
    }
    read.store(0, Ordering::Relaxed);
    assert_eq!(labels(&stream, 8, 3, 11), all[11..]);
    assert!(read.load(Ordering::Relaxed) <= 21, "{read:?}");
}

#[test]
fn shards_have_rows_of_their_own_whoever_reads_them() {
    let shards_of = |own: std::ops::Range<usize>, size: usize, from: usize| {
        let source = numbered(203);
        let read = Arc::clone(&source.read);
        let stream = Stream::new(source).unwrap().block_rows(7).blocks_together(3);
        read.store(0, Ordering::Relaxed);
        let batches = StreamBatches::new(&stream, size, 5, None).unwrap().sharded(4, own);
        let labels = |batch: Result<Batch>| batch.unwrap().y.to_vec::<i64>().unwrap();
        let all: Vec<Vec<i64>> = batches.epoch_from(2, from).unwrap().map(labels).collect();
        (all, read.load(Ordering::Relaxed))
    };
    for size in [1, 10, 50, 203, 500] {
        let (all, _) = shards_of(0..4, size, 0);
        let mut rows = all.concat();
        rows.sort_unstable();
        assert!(rows.into_iter().eq(0..203), "{size}");
        // Cut up, each part is what whoever reads it alone reads.
        for own in [0..1, 1..2, 2..4, 0..3] {
            let (part, read) = shards_of(own.clone(), size, 0);
            let cut = |batch: &Vec<i64>| {
                let place = |at| crate::data::shard(at, 4, batch.len()).start;
                batch[place(own.start)..place(own.end)].to_vec()
            };
            assert_eq!(part, all.iter().map(cut).collect::<Vec<_>>(), "{size} {own:?}");
            assert_eq!(read, part.concat().len(), "nothing else is read");
        }
        let (later, _) = shards_of(1..3, size, 1);
        assert_eq!(later, shards_of(1..3, size, 0).0[1..]);
    }
    // A batch of fewer rows than shards leaves some without.
    assert!(shards_of(0..1, 202, 0).0[1].is_empty());
}

#[test]
fn what_cannot_be_read_is_told_with_its_rows() {
    let mut source = numbered(100);
    source.broken = 50;
    let stream = Stream::new(source).unwrap().block_rows(10).blocks_together(2);
    let batches = StreamBatches::new(&stream, 10, 1, None).unwrap();
    let error = batches.epoch_from(0, 0).unwrap().find_map(Result::err).unwrap().to_string();
    assert!(error.contains("the disk is gone") && error.contains("rows "), "{error}");
    assert!(Stream::new(numbered(0)).unwrap_err().to_string().contains("no examples"));

    struct Panics;
    impl RowSource for Panics {
        fn len(&self) -> usize {
            10
        }
        fn read(&self, rows: Range<usize>) -> Result<Dataset> {
            assert!(rows.end < 6, "a mistake of the user");
            numbered(10).read(rows)
        }
    }
    let stream = Stream::new(Panics).unwrap().block_rows(2).blocks_together(1);
    let batches = StreamBatches::new(&stream, 2, 1, None).unwrap();
    let error = batches.epoch_from(0, 0).unwrap().find_map(Result::err).unwrap().to_string();
    assert!(error.contains("panicked"), "{error}");

    struct Uneven;
    impl RowSource for Uneven {
        fn len(&self) -> usize {
            10
        }
        fn read(&self, rows: Range<usize>) -> Result<Dataset> {
            let (count, width) = (rows.len(), 1 + rows.end / 8);
            let inputs = Tensor::from_vec(vec![0f32; count * width], [count, width])?;
            Dataset::new(inputs, Tensor::from_vec(vec![0i64; count], count)?)
        }
    }
    let stream = Stream::new(Uneven).unwrap().block_rows(4);
    let error = stream.read(4..8).unwrap_err().to_string();
    assert!(error.contains("f32[2]") && error.contains("f32[1]"), "{error}");
}

#[test]
fn images_are_changed_by_their_row() {
    struct Images;
    impl RowSource for Images {
        fn len(&self) -> usize {
            30
        }
        fn read(&self, rows: Range<usize>) -> Result<Dataset> {
            let count = rows.len();
            let pixels: Vec<f32> =
                rows.clone().flat_map(|row| (0..6).map(move |i| (6 * row + i) as f32)).collect();
            let labels: Vec<i64> = rows.map(|row| row as i64).collect();
            Dataset::new(Tensor::from_vec(pixels, [count, 6])?, Tensor::from_vec(labels, count)?)
        }
    }
    let stream = Stream::new(Images).unwrap().block_rows(4).blocks_together(2);
    let collect = |size: usize| {
        let augment = Augment::new([1, 2, 3]).flip();
        let batches = StreamBatches::new(&stream, size, 1, Some(augment)).unwrap();
        let mut all = Vec::new();
        for batch in batches.epoch_from(0, 0).unwrap() {
            let Batch { x, y, .. } = batch.unwrap();
            let pixels = x.to_vec::<f32>().unwrap();
            all.extend(y.to_vec::<i64>().unwrap().into_iter().zip(pixels.chunks(6).map(Vec::from)));
        }
        all
    };
    assert_eq!(collect(5), collect(30));
    let turned = |(row, pixels): &(i64, Vec<f32>)| pixels[0] != (6 * row) as f32;
    assert!((3..28).contains(&collect(5).iter().filter(|own| turned(own)).count()));
}
