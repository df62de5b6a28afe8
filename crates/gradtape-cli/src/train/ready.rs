//! [`Ready`]: data and networks of a training, before it begins.

use std::path::Path;

use gradtape::data::{Augment, Dataset};
use gradtape::nn::Sequential;

use super::defaults::Shape;
use super::flags::Train;
use super::large::{Large, Memory};
use super::members::{Members, parts};
use super::network::Network;
use crate::error::{Failure, Outcome};
use crate::interval::Residuals;
use crate::rows::{self, Prepared};
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
        let given = self.runs.memory;
        self.reading.most = given.map(Memory::bytes);
        let memory = given.unwrap_or_else(Memory::usual);
        let (prepared, is_table) = match &source {
            Source::Table(path) if Large::is(path, memory, given.is_some()) => {
                source.check(&self.reading)?;
                let options = self.reading.options();
                let large = Large { path, options, memory, folder };
                self.one_network("a table that is read in pieces")?;
                // How rows are shuffled depends on it: with it, the same command gives the same bits elsewhere.
                if given.is_none() {
                    self.runs.memory = Some(memory);
                    let words = [format!("--memory={memory}")];
                    self.runs.words = std::mem::take(&mut self.runs.words).and(Words::of(words));
                }
                (large.prepare(&wishes, self.fractions(), self.seed)?, true)
            }
            _ => {
                let content = source.read(&self.reading.ignoring(&self.ignore), self.points())?;
                let is_table = matches!(content, Content::Table(_));
                let (fractions, seed) = (self.fractions(), self.seed);
                let mut own = rows::prepare(content, &wishes, fractions, self.normalize, seed)?;
                if given.is_some() && !Large::can_be(&source) {
                    own.notes
                        .push("--memory is for CSV files: the data was read whole".to_string());
                }
                (own, is_table)
            }
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
        self.settle(prepared.counts().train, shape);
        self.note_settled(&given);
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
    /// Settles on one network. Fails where more are asked for.
    fn one_network(&mut self, what: &str) -> Outcome {
        match self.runs.members.replace(1) {
            Some(2..) => {
                Err(Failure::usage(format!("--members: {what} is for one network at a time")))
            }
            _ => Ok(()),
        }
    }
}

impl Ready {
    /// The rows that the network of a number trains on and validates on.
    pub(super) fn rows(&self, number: usize) -> Outcome<[Dataset; 2]> {
        let rows = [&self.prepared.split.train, &self.prepared.split.validation];
        parts(if self.apart { number } else { 0 }, rows, self.seed)
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
