//! Tables that are larger than memory. Some rows tell what is to be done to the columns; then all are read piece by
//! piece, prepared, and written as numbers to a file, from which training reads them as it needs them.

mod memory;
mod store;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use gradtape::data::{CsvOptions, Dataset, Fractions, Preprocessing, Split, Stream, Table};
use gradtape::{Rng, Tensor};
use gradtape_files::Format;

pub(crate) use self::memory::{Memory, usual_memory};
use self::store::StoreWriter;
use crate::advice;
use crate::division::Division;
use crate::error::{Failure, Outcome};
use crate::report::{of, thousands};
use crate::rows::{self, Prepared, TableWishes, following};
use crate::source::Source;

/// A table that is read in pieces.
pub(super) struct Large<'a> {
    pub(super) path: &'a Path,
    pub(super) options: CsvOptions,
    pub(super) memory: Memory,
    /// Where the file of numbers is.
    pub(super) folder: &'a Path,
}

/// A part of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Train,
    Validation,
    Test,
}

/// How rows are dealt, each by its line, the seed and the shares alone.
#[derive(Clone, Copy, Debug)]
struct Deal {
    seed: u64,
    validation: f64,
    test: f64,
}

/// Rows that are looked at, at most; and held out, of each part.
const LOOKED_AT: f64 = 200_000.0;
const HELD_OUT: f64 = 50_000.0;

impl Large<'_> {
    /// Whether a file is one: that it does not fit in a share of the memory. JSON is read whole, and where memory is
    /// `given` that is told.
    pub(super) fn is(path: &Path, memory: Memory, given: bool) -> bool {
        // As a table, a file takes about as much again for where its cells end.
        let is_large = size(path).is_some_and(|size| 2.0 * size > memory.bytes());
        is_large && Format::of(path).is_none() && (given || !is_json(path))
    }

    /// Whether data can be read in pieces.
    pub(super) fn can_be(source: &Source) -> bool {
        matches!(source, Source::Table(path) if Format::of(path).is_none())
    }

    /// Prepares the rows.
    pub(super) fn prepare(
        &self,
        wishes: &TableWishes,
        fractions: Fractions,
        seed: u64,
    ) -> Outcome<Prepared> {
        if !matches!(wishes.division, Division::Usual | Division::Random) {
            return Err(Failure::usage(format!(
                "--split and --folds are for tables that fit in memory, and {} is read in pieces of {}\n  hint: \
                 --memory SIZE, if there is more",
                self.path.display(),
                self.memory
            )));
        }
        let all = size(self.path).unwrap_or(0.0);
        let line = bytes_of_a_line(self.path, &self.options)?;
        let rows = (all / line).max(1.0);
        let looked_at = (self.memory.bytes() / 8.0 / line).clamp(1000.0, LOOKED_AT);
        let every = (rows / looked_at).ceil().max(1.0) as usize;
        let sample = Table::read_csv_every(self.path, &self.options, every)?;
        let target = &*rows::target(&sample, wishes)?.to_string();
        rows::all_there(&sample, target, wishes)?;
        let mut notes = sample.notes().to_vec();
        let (sample, _) = rows::with_target(sample, target, &wishes.options)?;
        // Prepared, a row may be much larger than its line.
        let every_row: Vec<usize> = (0..sample.len()).collect();
        let width = Preprocessing::fit(&sample, target, &every_row, &wishes.options)?.width();
        let at_once =
            |share: f64| (self.memory.bytes() / share / (4 * width + 8) as f64).max(100.0);
        let fraction = |share: f64| share.min(HELD_OUT.min(at_once(16.0)) / rows);
        let deal = Deal {
            seed,
            validation: fraction(fractions.validation),
            test: fraction(fractions.test),
        };
        let train: Vec<usize> =
            (0..sample.len()).filter(|&row| deal.part(sample.line(row)) == Part::Train).collect();
        let preprocessing = Preprocessing::fit(&sample, target, &train, &wishes.options)?;
        let preprocessing = following(preprocessing, wishes, &wishes.options, &sample, &mut notes);
        notes.extend(advice::of_order(&sample, &preprocessing, &wishes.division));
        notes.extend(advice::of_leaks(&sample, &preprocessing, &train));
        notes.push(format!(
            "{} is larger than {} of memory: it is read in pieces, and what is done to its columns follows from {} of its \
             rows, {every} apart",
            self.path.display(),
            self.memory,
            thousands(train.len())
        ));
        if deal.validation < fractions.validation || deal.test < fractions.test {
            notes.push(format!(
                "fewer rows are held out than asked for, about {} to validate and {} at the end: they are kept in memory",
                thousands((deal.validation * rows) as usize),
                thousands((deal.test * rows) as usize)
            ));
        }
        // Of these, as many as fit are what simple answers are learned from.
        let apart = (train.len() as f64 / at_once(16.0)).ceil().max(1.0) as usize;
        let some: Vec<usize> = train.iter().copied().step_by(apart).collect();
        let sample = preprocessing.dataset(&sample.rows(&some)?)?;

        let piece = (self.memory.bytes() / 16.0 / line).min(at_once(32.0));
        let piece = piece.clamp(100.0, 100_000.0) as usize;
        let mut sorted = Sorted::new(self.folder, &sample, deal)?;
        Table::read_csv_pieces(self.path, &self.options, piece, |table| {
            let told = table.notes().iter().filter(|note| !notes.contains(note));
            let told: Vec<String> = told.cloned().collect();
            notes.extend(told);
            sorted.add(table, &preprocessing, wishes.strict)
        })?;
        let Sorted { store, validation, test, without, unseen, .. } = sorted;
        if without > 0 {
            notes.push(format!("{} left out: no value of {target:?}", of(without, "row")));
        }
        if let Some((count, class)) = unseen {
            notes.push(format!(
                "{} left out: of classes that are so rare that no row that was looked at has them, such as {class:?}",
                of(count, "row")
            ));
        }
        let store = store.finish()?;
        let width = store.row_bytes();
        // Five times what is put together is in memory.
        let together = (self.memory.bytes() / 20.0 / width as f64).clamp(32.0, 1e6) as usize;
        let stream =
            Stream::new(store)?.block_rows(together.div_ceil(BLOCKS)).blocks_together(BLOCKS);
        let held_out = |parts: Vec<Dataset>| -> Outcome<Dataset> {
            match &parts[..] {
                [] => Ok(sample.rows(&[])?),
                parts => Ok(joined(parts)?),
            }
        };
        let split = Split {
            validation: held_out(validation)?,
            test: held_out(test)?,
            train: sample.clone(),
        };
        Ok(Prepared {
            fingerprint: format!("{:016x}", stream.fingerprint()?),
            split,
            preprocessing,
            own_test: false,
            images: None,
            division: Division::Random,
            notes,
            stream: Some(stream),
        })
    }
}

/// Into how many pieces what is shuffled together is cut.
const BLOCKS: usize = 32;

/// The rows by their parts.
struct Sorted {
    deal: Deal,
    store: StoreWriter,
    validation: Vec<Dataset>,
    test: Vec<Dataset>,
    /// Rows without a value of the target.
    without: usize,
    /// Rows of classes that are not known, and one of these.
    unseen: Option<(usize, String)>,
}

impl Sorted {
    fn new(folder: &Path, alike: &Dataset, deal: Deal) -> Outcome<Sorted> {
        let store = StoreWriter::create(folder, alike)?;
        let (validation, test) = Default::default();
        Ok(Sorted { deal, store, validation, test, without: 0, unseen: None })
    }

    fn add(
        &mut self,
        table: Table,
        preprocessing: &Preprocessing,
        strict: bool,
    ) -> gradtape::Result<()> {
        let (kept, unseen) = preprocessing.rows_to_learn(&table)?;
        self.without += table.len() - kept.len() - unseen.len();
        if let Some(&first) = unseen.first() {
            let cell = table.column(preprocessing.target().column())?.cell(first);
            let name = cell.unwrap_or("-").to_string();
            self.unseen.get_or_insert((0, name)).0 += unseen.len();
        }
        if kept.is_empty() {
            return Ok(());
        }
        let table = if kept.len() == table.len() { table } else { table.rows(&kept)? };
        if strict {
            let hint = || format!("correct the cells, or leave them empty; {}", rows::ADVICE);
            preprocessing.strict_numbers(&table).map_err(|error| error.hint(hint()))?;
        }
        let data = preprocessing.dataset(&table)?;
        let of = |part: Part| -> gradtape::Result<Dataset> {
            let own = |&row: &usize| self.deal.part(table.line(row)) == part;
            data.rows(&(0..table.len()).filter(own).collect::<Vec<_>>())
        };
        let [train, validation, test] = [of(Part::Train)?, of(Part::Validation)?, of(Part::Test)?];
        self.store.add(&train)?;
        for (all, own) in [(&mut self.validation, validation), (&mut self.test, test)] {
            if !own.is_empty() {
                all.push(own);
            }
        }
        Ok(())
    }
}

impl Deal {
    fn part(&self, line: usize) -> Part {
        let place = Rng::new(self.seed).split(DEAL).split(line as u64).uniform();
        match place {
            place if place < self.test => Part::Test,
            place if place < self.test + self.validation => Part::Validation,
            _ => Part::Train,
        }
    }
}

/// The bytes of the text in a file, about.
fn size(path: &Path) -> Option<f64> {
    let packed = head(path).is_ok_and(|head| head.starts_with(b"\x1f\x8b"));
    let bytes = path.metadata().ok().filter(|found| found.is_file())?.len() as f64;
    Some(if packed { PACKED * bytes } else { bytes })
}

/// How much larger a table is than it is compressed, about.
const PACKED: f64 = 4.0;

/// The bytes of a row, about: those of the first ones.
fn bytes_of_a_line(path: &Path, options: &CsvOptions) -> Outcome<f64> {
    let mut bytes = None;
    let enough = || gradtape::Error::new(gradtape::Kind::Data, "enough");
    let read = Table::read_csv_pieces(path, options, FIRST_ROWS, |piece| {
        let cells = |row| piece.columns().iter().map(move |column| column.cell(row));
        let of = |row| cells(row).map(|cell| cell.unwrap_or_default().len() + 1).sum::<usize>();
        bytes = Some((0..piece.len()).map(of).sum::<usize>() as f64 / piece.len() as f64);
        Err(enough())
    });
    bytes.ok_or_else(|| {
        read.err().map_or_else(|| Failure::failed("there are no rows"), Failure::from)
    })
}

const FIRST_ROWS: usize = 1000;

fn is_json(path: &Path) -> bool {
    let head = head(path).unwrap_or_default();
    matches!(head.trim_ascii_start().first(), Some(b'[' | b'{'))
}

fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut head)?;
    Ok(head)
}

/// The rows of some parts.
fn joined(parts: &[Dataset]) -> gradtape::Result<Dataset> {
    let all = |of: fn(&Dataset) -> &Tensor| {
        Tensor::concat(&parts.iter().map(|part| of(part).clone()).collect::<Vec<_>>(), 0)
    };
    let data = Dataset::new(all(Dataset::inputs)?, all(Dataset::targets)?)?;
    let data = data.with_features(parts[0].features().iter().cloned())?;
    match parts[0].classes() {
        [] => Ok(data),
        classes => data.with_classes(classes.iter().cloned()),
    }
}

/// What tells the parts of rows from other uses of a seed.
const DEAL: u64 = 0x6465_616c;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_dealt_by_their_lines_alone() {
        let deal = Deal { seed: 7, validation: 0.1, test: 0.2 };
        let parts: Vec<Part> = (0..10_000).map(|line| deal.part(line)).collect();
        let share = |part: Part| parts.iter().filter(|own| **own == part).count() as f64 / 1e4;
        assert!((share(Part::Test) - 0.2).abs() < 0.02);
        assert!((share(Part::Validation) - 0.1).abs() < 0.02);
        assert_ne!(parts[..50], (50..100).map(|line| deal.part(line)).collect::<Vec<_>>());
        let none = Deal { seed: 7, validation: 0.0, test: 0.0 };
        assert!((0..1000).all(|line| none.part(line) == Part::Train));
    }
}
