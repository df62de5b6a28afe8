//! [`Ready`]: data and networks of a training, before it begins.

use std::path::Path;

use gradtape::data::{Augment, Dataset};
use gradtape::nn::Sequential;
use gradtape_tables::Shape;

use super::flags::Train;
use super::held_out;
use super::large::{LOOKED_AT, Large, LargeIdx, LargeImages};
use super::members::Members;
use super::network::Network;
use crate::deal::Fingerprint;
use crate::error::{Failure, Outcome};
use crate::interval::Residuals;
use crate::memory::Memory;
use crate::pieces::Pieces;
use crate::rows::{self, Prepared, TableWishes};
use crate::settings::TestTable;
use crate::source::{Content, Source};
use crate::words::Words;

/// What a training begins with.
pub(super) struct Ready {
    pub(super) source: Source,
    pub(super) prepared: Prepared,
    pub(super) augment: Option<Augment>,
    pub(super) networks: Members,
    /// Of a table.
    pub(super) shape: Option<Shape>,
    /// Whether each network has other rows to validate.
    apart: bool,
    seed: u64,
}

impl Train {
    /// Reads the data, settles on what is not said, and builds the networks. What does not fit together is told here,
    /// before anything is written; but a table that is larger than memory has a file in a folder.
    pub(super) fn ready(&mut self, source: Source, folder: &Path) -> Outcome<Ready> {
        let wishes = self.wishes(&source)?;
        if let Some(test) = &self.test {
            held_out::check(&source, test)?;
        }
        let (prepared, is_table) = match self.large(&source, &wishes, folder)? {
            Some(prepared) => {
                let is_table = prepared.images.is_none();
                (prepared, is_table)
            }
            None => {
                let content = source.read(&self.reading.ignoring(&self.ignore), self.points())?;
                let is_table = matches!(content, Content::Table(_));
                let (fractions, seed) = (self.fractions(), self.seed);
                (rows::prepare(content, &wishes, fractions, self.normalize, seed)?, is_table)
            }
        };
        let prepared = match &self.test {
            Some(path) => self.with_tests(path, prepared)?,
            None => prepared,
        };
        if self.test_fraction.is_some() && prepared.own_test {
            let name = source.name();
            let message = format!("--test-fraction: {name} brings its own test files");
            return Err(Failure::usage(message));
        }
        let augment = self.augmentation(&source, &prepared)?;
        let shape = is_table.then(|| Shape::of(&prepared.preprocessing));
        // Rows that lie between others, or belong to a group, are no test of the others.
        let apart = wishes.division.is_free();
        let mut prepared = prepared;
        if !apart && self.runs.members.is_none() {
            let table = self.network == Network::Mlp && shape.is_some();
            if table && self.usual_members(prepared.counts().train) > 1 {
                prepared.notes.push(wishes.division.one_network());
            }
            self.runs.members = Some(1);
        }
        let given = self.choices();
        let counts = prepared.counts();
        self.settle([counts.train, counts.validation], shape);
        self.note_settled(&given);
        let embedded = self.embedded(&prepared.preprocessing)?;
        prepared.notes.extend(Train::told_of_embedded(&embedded));
        let networks = (0..self.members()).map(|number| self.build(&source, &prepared, number));
        let networks: Vec<Sequential> = networks.collect::<Outcome<_>>()?;
        for (number, network) in networks.iter().enumerate() {
            let notes = self.begin(network)?;
            // Of all networks the same is told.
            prepared.notes.extend(notes.into_iter().filter(|_| number == 0));
        }
        self.optimizer_of(&networks[0])?;
        let networks = Members(networks);
        Ok(Ready { source, prepared, augment, networks, shape, apart, seed: self.seed })
    }
}

impl Train {
    /// With the rows of another table held out, prepared as those that are trained on.
    fn with_tests(&self, path: &Path, mut prepared: Prepared) -> Outcome<Prepared> {
        let told = |failure: Failure| failure.note("in the table of --test");
        if prepared.own_test {
            return Err(Failure::usage("--test: the data brings its own part for tests"));
        }
        let source = Source::of(&path.display().to_string())?;
        let flags = self.reading.ignoring(&self.ignore);
        let content = source.read(&flags, self.points()).map_err(told)?;
        let name = path.display();
        if !matches!(content, Content::Table(_)) {
            return Err(Failure::usage(format!("--test {name}: this is no table")));
        }
        let preprocessing = &prepared.preprocessing;
        let (content, answered) = rows::answered(content, preprocessing, None).map_err(told)?;
        let Content::Table(table) = &content else { return Ok(prepared) };
        if self.columns.strict {
            preprocessing.strict(table).map_err(Failure::from).map_err(told)?;
        }
        let data = preprocessing.dataset(table).map_err(Failure::from).map_err(told)?;
        let mut print = Fingerprint::default();
        print.add(&data, (0..table.len()).map(|row| table.line(row)))?;
        let mut notes = [table.notes(), &answered.notes, &preprocessing.filled(table)].concat();
        notes.retain(|note| !prepared.notes.contains(note));
        prepared.notes.extend(notes.into_iter().map(|note| format!("{name}: {note}")));
        prepared.notes.extend(held_out::in_both(path, &data, &prepared)?);
        (prepared.split.test, prepared.own_test) = (data, true);
        prepared.tests = Some(TestTable { name: source.name(), fingerprint: print.text() });
        Ok(prepared)
    }

    /// Data that takes more memory than it may, prepared in pieces; `None` where it fits.
    fn large(
        &mut self,
        source: &Source,
        wishes: &TableWishes,
        folder: &Path,
    ) -> Outcome<Option<Prepared>> {
        let given = self.runs.memory;
        self.reading.most = given.map(Memory::bytes);
        let memory = given.unwrap_or_else(Memory::usual);
        let (fractions, seed) = (self.fractions(), self.seed);
        let options = self.reading.ignoring(&self.ignore).table_options(false);
        let prepared = match source {
            Source::Table(path) if Pieces::needed(source, memory, given.is_some(), &options) => {
                source.check(&self.reading)?;
                self.in_pieces(memory)?;
                let pieces = Pieces::open(path, &options, memory, LOOKED_AT)?;
                Large { pieces, folder }.prepare(wishes, fractions, seed)?
            }
            Source::Images(path) => {
                source.check(&self.reading)?;
                let large = LargeImages::of(path, &self.reading.images, memory, folder)?;
                let Some(large) = large else { return Ok(None) };
                self.in_pieces(memory)?;
                large.prepare(&wishes.division, fractions, self.normalize, seed)?
            }
            Source::Idx(path) => {
                source.check(&self.reading)?;
                let Some(large) = LargeIdx::of(path, memory, folder) else { return Ok(None) };
                self.in_pieces(memory)?;
                large.prepare(&wishes.division, fractions, self.normalize, seed)?
            }
            _ => {
                let is_large = source.numbers().is_some_and(|bytes| bytes > memory.bytes());
                return match is_large && given.is_some() {
                    true => Err(Failure::failed(format!(
                        "{}: such images are read whole, and do not fit in {memory}\n  hint: write them as PNG, in a folder for \
                         each class, or as IDX files, which are read in pieces; or allow more memory",
                        source.name()
                    ))),
                    false => Ok(None),
                };
            }
        };
        Ok(Some(prepared))
    }

    /// Settles on one network, and on how much memory there is. Fails where more networks are asked for.
    fn in_pieces(&mut self, memory: Memory) -> Outcome {
        if let Some(2..) = self.runs.members.replace(1) {
            return Err(Failure::usage(
                "--members: data that is read in pieces is for one network at a time",
            ));
        }
        // How rows are shuffled depends on it: with it, the same command gives the same bits elsewhere.
        if self.runs.memory.replace(memory).is_none() {
            let words = [format!("--memory={memory}")];
            self.runs.words = std::mem::take(&mut self.runs.words).and(Words::of(words));
        }
        Ok(())
    }
}

impl Ready {
    /// The rows that the network of a number trains on and validates on.
    pub(super) fn rows(&self, number: usize) -> Outcome<[Dataset; 2]> {
        let rows = [&self.prepared.split.train, &self.prepared.split.validation];
        let number = if self.apart { number } else { 0 };
        Ok(gradtape_tables::parts(number, rows, self.seed)?)
    }

    /// What the first so many networks leave wrong on the rows that they validated on.
    pub(super) fn residuals(&self, networks: usize) -> Outcome<Residuals> {
        let mut errors = Residuals::default();
        for (number, network) in self.networks.0.iter().enumerate().take(networks) {
            let [_, validation] = self.rows(number)?;
            errors.add(network, &self.prepared.preprocessing, &validation);
        }
        Ok(errors)
    }
}
