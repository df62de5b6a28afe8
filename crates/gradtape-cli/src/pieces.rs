//! [`Pieces`]: a table that does not fit in memory, and is read piece by piece.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gradtape::data::{Dataset, Filled, Preprocessing, Table};
use gradtape::{Error, Kind};
use gradtape_files::{
    Format, TableOptions, has_pieces, is_whole_json, read_table_every, read_table_pieces, text_size,
};

use crate::deal::{Deal, Dealer, Fingerprint};
use crate::division::keys::Keys;
use crate::error::{Failure, Outcome};
use crate::memory::Memory;
use crate::model::Trained;
use crate::output::Output;
use crate::report::{of, thousands};
use crate::rows::{self, Answered};
use crate::settings::Settings;
use crate::source::{ReadFlags, Source};

/// A table that is read in pieces, each with the columns taken for what they are in the whole file.
pub(crate) struct Pieces {
    path: PathBuf,
    options: TableOptions,
    memory: Memory,
    /// Every so many rows.
    sample: Table,
    every: usize,
    /// The bytes of a row of a table in memory, about.
    held: f64,
}

impl Pieces {
    /// Whether data is a file with a table that takes more memory than it may. A format that is read whole is one only
    /// where memory is `given`, so that it is told.
    pub(crate) fn needed(
        source: &Source,
        memory: Memory,
        given: bool,
        options: &TableOptions,
    ) -> bool {
        let Source::Table(path) = source else { return false };
        // As a table, a text takes about as much again for where its cells end.
        let is_large = text_size(path).is_some_and(|size| 2.0 * size > memory.bytes());
        is_large && (given || has_pieces(Format::of(path)) && !is_whole_json(path, options))
    }

    /// A table for a model, where it takes more memory than it may.
    pub(crate) fn for_model(
        source: &Source,
        flags: &ReadFlags,
        known: Option<&Settings>,
        memory: Option<Memory>,
    ) -> Outcome<Option<Pieces>> {
        let given = memory.is_some();
        let memory = memory.unwrap_or_else(Memory::usual);
        let options = flags.following(known).table_options(known.is_some());
        match source {
            Source::Table(path) if Pieces::needed(source, memory, given, &options) => {
                source.check(flags)?;
                Pieces::open(path, &options, memory, FIRST_ROWS as f64).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Reads all rows once, and keeps about so many evenly apart, as far as they fit; they tell what the columns are.
    pub(crate) fn open(
        path: &Path,
        options: &TableOptions,
        memory: Memory,
        looked_at: f64,
    ) -> Outcome<Pieces> {
        let [line, held] = bytes_of_a_row(path, options)?;
        let rows = (text_size(path).unwrap_or(0.0) / line).max(1.0);
        let most = (memory.bytes() / 8.0 / held).max(FIRST_ROWS as f64);
        let looked_at = most.min(looked_at);
        let every = (rows / looked_at).ceil().max(1.0) as usize;
        let sample = read_table_every(path, options, every)?;
        Ok(Pieces { path: path.into(), options: options.clone(), memory, sample, every, held })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn memory(&self) -> Memory {
        self.memory
    }

    /// Every so many rows, with the columns taken for what they are in the whole file.
    pub(crate) fn sample(&self) -> &Table {
        &self.sample
    }

    /// How far apart these are.
    pub(crate) fn every(&self) -> usize {
        self.every
    }

    /// The number of rows, up to those between two of the sample.
    pub(crate) fn rows(&self) -> usize {
        self.sample.len() * self.every
    }

    /// How many prepared rows of so many numbers fit in a share of the memory.
    pub(crate) fn fitting(&self, numbers: usize, share: f64) -> usize {
        fitting(self.memory, numbers, share)
    }

    /// Reads the pieces, of which none becomes too large as so many numbers for each row.
    pub(crate) fn each(&self, numbers: usize, mut each: impl FnMut(Table) -> Outcome) -> Outcome {
        let rows = (self.memory.bytes() / 16.0 / self.held) as usize;
        let rows = rows.min(self.fitting(numbers, 32.0)).clamp(100, 100_000);
        let mut failure = None;
        let read = read_table_pieces(&self.path, &self.options, rows, |piece| {
            each(piece.taken_as(&self.sample)?).map_err(|own| {
                failure = Some(own);
                enough()
            })
        });
        match failure {
            Some(failure) => Err(failure),
            None => Ok(read?),
        }
    }
}

impl Pieces {
    /// What tells whether the rows that have an answer are the same as others.
    pub(crate) fn print(&self, trained: &Trained) -> Outcome<String> {
        let (mut print, preprocessing) = (Fingerprint::default(), &trained.preprocessing);
        self.each(preprocessing.width(), |table| {
            let rows = Answered::of(&table, preprocessing, trained.settings.as_ref())?.rows;
            let table = table.rows(&rows)?;
            let data = preprocessing.dataset(&table)?;
            Ok(print.add(&data, (0..table.len()).map(|row| table.line(row)))?)
        })?;
        Ok(print.text())
    }

    /// What gave the rows of the training of a model to their parts, as far as these are the same; all are read once where
    /// they were divided by what they hold.
    pub(crate) fn dealer(&self, trained: &Trained, deal: Deal) -> Outcome<Dealer> {
        let known = trained.settings.as_ref().map(|settings| &settings.data);
        let Some(known) = known.filter(|_| deal.measured.is_some()) else {
            return Ok(Dealer::of(deal));
        };
        let division = rows::division_of(known)?;
        let Some(mut keys) = Keys::of(&division) else { return Ok(Dealer::of(deal)) };
        self.gather(&trained.preprocessing, &mut keys)?;
        Ok(Dealer::by(deal, keys.parts(rows::fractions_of(known), known.seed)?))
    }

    /// Adds what all rows that are learned are divided by.
    pub(crate) fn gather(&self, preprocessing: &Preprocessing, keys: &mut Keys<'_>) -> Outcome {
        self.each(preprocessing.width(), |table| {
            let (rows, _) = preprocessing.rows_to_learn(&table)?;
            if rows.is_empty() {
                return Ok(());
            }
            let table = if rows.len() == table.len() { table } else { table.rows(&rows)? };
            keys.add(&table, preprocessing)
        })
    }

    /// Whether they are those of the table that was held out in a training by `--test`.
    pub(crate) fn are_held_out(&self, trained: &Trained) -> Outcome<bool> {
        let tests = trained.settings.as_ref().and_then(|settings| settings.data.tests.as_ref());
        match tests {
            Some(tests) => Ok(self.print(trained)? == tests.fingerprint),
            None => Ok(false),
        }
    }
}

/// The rows of a table with known answers, prepared for a model piece by piece, and what is told of them.
pub(crate) struct Counted {
    told: Told,
    strict: bool,
    /// Whether what is left out and filled in was told.
    done: bool,
}

impl Counted {
    pub(crate) fn of(strict: bool) -> Counted {
        Counted { told: Told::default(), strict, done: false }
    }

    /// Prepares the pieces; the rows of each that have an answer, with their lines. What is left out and filled in is told
    /// after the first time that all were read.
    pub(crate) fn each(
        &mut self,
        trained: &Trained,
        pieces: &Pieces,
        output: &Output,
        mut each: impl FnMut(&Table, Dataset) -> Outcome,
    ) -> Outcome {
        let preprocessing = &trained.preprocessing;
        let (mut rows, mut without, mut unseen) = (0, 0, 0);
        self.told.filled = Filled::default();
        pieces.each(preprocessing.width(), |table| {
            let answered = Answered::of(&table, preprocessing, trained.settings.as_ref())?;
            rows += table.len();
            without += answered.without;
            unseen += answered.unseen;
            if answered.rows.is_empty() {
                return Ok(());
            }
            let table = match answered.rows.len() == table.len() {
                true => table,
                false => table.rows(&answered.rows)?,
            };
            if self.strict {
                preprocessing.strict(&table)?;
            }
            self.told.tell(&table, preprocessing, output);
            each(&table, preprocessing.dataset(&table)?)
        })?;
        if !std::mem::replace(&mut self.done, true) {
            let left_out = [(without, "no value of the target"), (unseen, UNSEEN)];
            for (count, why) in left_out.into_iter().filter(|(count, _)| *count > 0) {
                let count = thousands(count);
                output.note(format_args!("note: {count} of {} left out: {why}", of(rows, "row")));
            }
            self.told.end(preprocessing, output);
        }
        Ok(())
    }
}

/// Why rows are left out.
pub(crate) const UNSEEN: &str = "of classes that no row that was looked at in training has";

/// What was told of pieces, and what was counted to be told of all.
#[derive(Default)]
pub(crate) struct Told {
    said: BTreeSet<String>,
    filled: Filled,
}

impl Told {
    /// Tells how a piece was read and is written otherwise than in training, of each column the first time, and counts
    /// what of it is missing or was not trained on.
    pub(crate) fn tell(&mut self, table: &Table, preprocessing: &Preprocessing, output: &Output) {
        for note in table.notes() {
            if self.said.insert(note.clone()) {
                output.note(format_args!("note: {note}"));
            }
        }
        for note in preprocessing.departures(table) {
            let column = note.split_once("\": ").map_or(&*note, |(column, _)| column);
            if self.said.insert(column.to_string()) {
                let last = table.len().saturating_sub(1);
                let (first, last) = (table.at(0), table.at(last));
                output.note(format_args!("note: {first} to {last}, and maybe others: {note}"));
            }
        }
        preprocessing.count_filled(table, &mut self.filled);
    }

    /// Tells what was counted.
    pub(crate) fn end(&self, preprocessing: &Preprocessing, output: &Output) {
        for note in preprocessing.told_of(&self.filled) {
            output.note(format_args!("note: {note}"));
        }
    }
}

/// How many prepared rows of so many numbers fit in a share of the memory.
pub(crate) fn fitting(memory: Memory, numbers: usize, share: f64) -> usize {
    (memory.bytes() / share / (4 * numbers + 8) as f64).max(100.0) as usize
}

/// The bytes of a row as text and in memory, about: those of the first ones.
fn bytes_of_a_row(path: &Path, options: &TableOptions) -> Outcome<[f64; 2]> {
    let mut bytes = None;
    let read = read_table_pieces(path, options, FIRST_ROWS, |piece| {
        let cells = |row| piece.columns().iter().map(move |column| column.cell(row));
        let of = |row| cells(row).map(|cell| cell.unwrap_or_default().len() + 1).sum::<usize>();
        let line = (0..piece.len()).map(of).sum::<usize>() as f64 / piece.len() as f64;
        // Where each cell ends is kept, too.
        bytes = Some([line, line + 8.0 * piece.columns().len() as f64]);
        Err(enough())
    });
    bytes.ok_or_else(|| {
        read.err().map_or_else(|| Failure::failed("there are no rows"), Failure::from)
    })
}

/// What ends the reading of a file whose other rows are not wanted.
fn enough() -> Error {
    Error::new(Kind::Data, "enough")
}

const FIRST_ROWS: usize = 1000;
