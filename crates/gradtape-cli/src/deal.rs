//! [`Deal`]: which rows are held out of data that is read in pieces, so that they are found again.

use gradtape::data::{Dataset, Rows};
use gradtape::{Result, Rng};
use serde::{Deserialize, Serialize};

use crate::division::keys::Parts;

/// How rows are dealt: each by its number and a seed alone, whatever the others are; or, where they are divided by something
/// that they hold, as data in memory is, of which some are kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Deal {
    pub(crate) seed: u64,
    /// The shares that are held out.
    pub(crate) validation: f64,
    pub(crate) test: f64,
    /// The share that is trained on and kept in memory, too: simple answers are learned from it.
    pub(crate) kept: f64,
    /// Where rows are divided by what they hold: the shares of those to validate and of those held out that are kept in
    /// memory and measured. The others are in no part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) measured: Option<[f64; 2]>,
}

/// A part of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dealt {
    /// Whether it is kept in memory.
    Train {
        kept: bool,
    },
    Validation,
    Test,
    /// It would be held out, but there is no room for it.
    LeftOut,
}

/// Gives rows to their parts.
#[derive(Clone, Debug)]
pub(crate) struct Dealer {
    pub(crate) deal: Deal,
    /// What follows from what they hold.
    parts: Option<Parts>,
}

impl Dealer {
    /// By their numbers and the seed.
    pub(crate) fn of(deal: Deal) -> Dealer {
        Dealer { deal, parts: None }
    }

    /// By what they hold.
    pub(crate) fn by(deal: Deal, parts: Parts) -> Dealer {
        Dealer { deal, parts: Some(parts) }
    }

    /// How many rows are in each part, where that is known: to train, to validate, held out.
    pub(crate) fn counts(&self) -> Option<[usize; 3]> {
        self.parts.as_ref().map(Parts::counts)
    }

    /// The part of a row that has a number: of a table the line or row of the file, of images the place among all.
    pub(crate) fn part(&self, number: usize) -> Dealt {
        let Deal { seed, validation, test, kept, measured } = self.deal;
        let place = Rng::new(seed).split(DEAL).split(number as u64).uniform();
        if let (Some(parts), Some(measured)) = (&self.parts, measured) {
            return match parts.of(number) {
                Some(0) => Dealt::Train { kept: place < kept },
                Some(1) if place < measured[0] => Dealt::Validation,
                Some(2) if place < measured[1] => Dealt::Test,
                _ => Dealt::LeftOut,
            };
        }
        let held_out = test + validation;
        match place {
            place if place < test => Dealt::Test,
            place if place < held_out => Dealt::Validation,
            place => Dealt::Train { kept: place < held_out + kept },
        }
    }

    /// The rows of each part, by their numbers.
    pub(crate) fn rows(&self, numbers: impl Iterator<Item = usize>) -> Rows {
        let mut rows = Rows::default();
        for (row, number) in numbers.enumerate() {
            match self.part(number) {
                Dealt::Train { .. } => rows.train.push(row),
                Dealt::Validation => rows.validation.push(row),
                Dealt::Test => rows.test.push(row),
                Dealt::LeftOut => {}
            }
        }
        rows
    }

    /// Those that are trained on and kept in memory.
    pub(crate) fn kept(&self, numbers: impl Iterator<Item = usize>) -> Vec<usize> {
        let kept = |&(_, number): &(usize, usize)| self.part(number) == Dealt::Train { kept: true };
        numbers.enumerate().filter(kept).map(|(row, _)| row).collect()
    }
}

/// A number that tells whether rows are the same as others, whatever the pieces and the order in which they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    /// Adds rows that have these numbers.
    pub(crate) fn add(
        &mut self,
        data: &Dataset,
        numbers: impl Iterator<Item = usize>,
    ) -> Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        let inputs = data.inputs().to_vec::<f32>()?;
        let targets = data.targets().to_f64_vec();
        let [wide, narrow] = [inputs.len(), targets.len()].map(|all| (all / data.len()).max(1));
        let rows = inputs.chunks_exact(wide).zip(targets.chunks_exact(narrow));
        for (number, (inputs, targets)) in numbers.zip(rows) {
            let inputs = inputs.iter().map(|input| u64::from(input.to_bits()));
            self.row(number, inputs.chain(targets.iter().map(|target| target.to_bits())));
        }
        Ok(())
    }

    /// Adds a row by its numbers' bits.
    pub(crate) fn row(&mut self, number: usize, bits: impl Iterator<Item = u64>) {
        // FNV-1a over words, then what spreads each bit over all of them (Stafford's thirteenth mix).
        let start = 0xcbf2_9ce4_8422_2325 ^ number as u64;
        let hash = bits.fold(start.wrapping_mul(FNV), |hash, word| (hash ^ word).wrapping_mul(FNV));
        let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = self.0.wrapping_add(hash ^ (hash >> 31));
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }

    /// As a model file says it.
    pub(crate) fn text(self) -> String {
        format!("{:016x}", self.0)
    }
}

const FNV: u64 = 0x0100_0000_01b3;

/// What tells the parts of rows from other uses of a seed.
const DEAL: u64 = 0x6465_616c;

#[cfg(test)]
mod tests {
    use super::*;
    use gradtape::data::iris;

    #[test]
    fn rows_are_dealt_by_their_numbers_alone() {
        let deal = Deal { seed: 7, validation: 0.1, test: 0.2, kept: 0.3, measured: None };
        let deal = Dealer::of(deal);
        let rows = deal.rows(0..10_000);
        let near = |rows: &[usize], share: f64| (rows.len() as f64 / 1e4 - share).abs() < 0.02;
        assert!(near(&rows.test, 0.2) && near(&rows.validation, 0.1) && near(&rows.train, 0.7));
        let kept = deal.kept(0..10_000);
        assert!(near(&kept, 0.3) && kept.iter().all(|row| rows.train.contains(row)));
        // Rows that are left out move no others.
        let odd = deal.rows((0..10_000).filter(|number| number % 2 == 1));
        let test: Vec<usize> = odd.test.iter().map(|row| 2 * row + 1).collect();
        assert!(rows.test.iter().copied().filter(|row| row % 2 == 1).eq(test));
        let none = Deal { seed: 7, validation: 0.0, test: 0.0, kept: 0.0, measured: None };
        let none = Dealer::of(none);
        assert_eq!(none.rows(0..1000).train.len(), 1000);
    }

    #[test]
    fn fingerprints_depend_on_no_pieces() {
        let data = iris();
        let of = |parts: &[&[usize]]| {
            let mut print = Fingerprint::default();
            for rows in parts {
                print.add(&data.rows(rows).unwrap(), rows.iter().copied()).unwrap();
            }
            print.number()
        };
        assert_eq!(of(&[&[1, 2, 3]]), of(&[&[3], &[], &[1, 2]]));
        assert_ne!(of(&[&[1, 2, 3]]), of(&[&[1, 2]]));
        // Rows that change places are others.
        let mut changed = Fingerprint::default();
        changed.add(&data.rows(&[2, 1, 3]).unwrap(), [1, 2, 3].into_iter()).unwrap();
        assert_ne!(of(&[&[1, 2, 3]]), changed.number());
    }
}
