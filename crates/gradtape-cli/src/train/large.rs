//! Data that is larger than memory. Of a table all rows are counted, and some tell what is to be done to the columns; then
//! all rows are read piece by piece, prepared, and written as numbers to a file, from which training reads them as it needs
//! them. Images are written there as bytes.

mod idx;
mod images;
mod store;

use std::path::Path;

use gradtape::data::{Dataset, Filled, Fractions, Preprocessing, Split, Stream, Table};
use gradtape::{Error, Kind, shell_word};

pub(super) use self::idx::LargeIdx;
pub(super) use self::images::LargeImages;
use self::store::{Store, StoreWriter};
use crate::advice;
use crate::deal::{Deal, Dealer, Fingerprint};
use crate::division::Division;
use crate::division::keys::{self, Keys};
use crate::error::{Failure, Outcome};
use crate::memory::Memory;
use crate::pieces::Pieces;
use crate::report::{of, thousands};
use crate::rows::{self, Prepared, TableWishes, following};

/// A table that is read in pieces.
pub(super) struct Large<'a> {
    pub(super) pieces: Pieces,
    /// Where the file of numbers is.
    pub(super) folder: &'a Path,
}

/// Rows that are looked at, at most; and held out, of each part.
pub(super) const LOOKED_AT: f64 = 200_000.0;
const HELD_OUT: f64 = 50_000.0;

impl Large<'_> {
    /// Prepares the rows.
    pub(super) fn prepare(
        &self,
        wishes: &TableWishes,
        fractions: Fractions,
        seed: u64,
    ) -> Outcome<Prepared> {
        let Large { pieces, folder } = self;
        let name = pieces.path().display().to_string();
        let (sample, every) = (pieces.sample().clone(), pieces.every());
        let wishes = &wishes.of_table(&sample);
        let target = &*rows::target(&sample, wishes)?.to_string();
        rows::all_there(&sample, target, wishes)?;
        let mut notes = sample.notes().to_vec();
        let wishes = &wishes.without_group(target, &mut notes);
        let words = rows::words(&sample, target);
        let (sample, _) = rows::with_target(sample, target, &wishes.options)?;
        // Prepared, a row may be much larger than its line.
        let every_row: Vec<usize> = (0..sample.len()).collect();
        let of_all = Preprocessing::fit(&sample, target, &every_row, &wishes.options)?;
        let (width, all) = (of_all.width(), pieces.rows());
        let most = pieces.fitting(width, 16.0);
        let dealer = match Keys::of(&wishes.division) {
            None => Dealer::of(deal(all, most, fractions, seed)),
            Some(mut keys) => {
                fits(&wishes.division, all, &name, pieces.memory())?;
                pieces.gather(&of_all, &mut keys)?;
                notes.extend(keys.undated());
                by_keys(&keys, most, fractions, seed)?
            }
        };
        notes.extend(dealer.counts().and_then(|own| wishes.division.lacks(own, fractions)));
        let parts = dealer.rows((0..sample.len()).map(|row| sample.line(row)));
        let preprocessing = Preprocessing::fit(&sample, target, &parts.train, &wishes.options)?;
        let preprocessing = following(preprocessing, wishes, &wishes.options, &sample, &mut notes);
        notes.extend(advice::of_order(&sample, &preprocessing, &wishes.division));
        notes.extend(advice::of_leaks(&sample, &preprocessing, &parts.train));
        notes.push(format!(
            "{name} is larger than {} of memory: it is read in pieces, and what is done to its columns follows from {} of its \
             rows, {every} apart, and from what was counted of all",
            pieces.memory(),
            thousands(parts.train.len())
        ));
        notes.extend(fewer(&dealer, fractions, all));
        let alike =
            preprocessing.dataset(&sample.rows(&parts.train[..1.min(parts.train.len())])?)?;
        let mut of_sample = Filled::default();
        preprocessing.count_filled(&sample, &mut of_sample);
        drop(sample);
        let mut sorted = Sorted::new(folder, &alike, &dealer)?;
        pieces.each(width, |table| {
            let told = table.notes().iter().filter(|note| !notes.contains(note));
            let told: Vec<String> = told.cloned().collect();
            notes.extend(told);
            Ok(sorted.add(table, &preprocessing, wishes.strict)?)
        })?;
        if sorted.without > 0 {
            let rows = of(sorted.without, "row");
            notes.push(format!("{rows} left out: no value of {target:?}{words}"));
        }
        let preprocessing = preprocessing.with_filled(&of_sample, &sorted.filled);
        let fingerprint = sorted.print.text();
        let (store, split) = sorted.finish()?;
        Ok(Prepared {
            fingerprint,
            split,
            preprocessing,
            own_test: false,
            images: None,
            division: divided(&wishes.division),
            notes,
            stream: Some(stream(store, pieces.memory())?),
            dealt: Some(dealer.deal),
            tests: None,
        })
    }
}

/// What else helps where rows need not be divided so.
const NEEDS_NONE: &str = "; or --split random, which keeps nothing in memory";

/// Fails where what so many rows are divided by does not fit in half of the memory.
fn fits(division: &Division, rows: usize, name: &str, memory: Memory) -> Outcome {
    let bytes = keys::BYTES * rows as f64;
    if 2.0 * bytes <= memory.bytes() {
        return Ok(());
    }
    let (what, needs) = match division {
        Division::Fold(fold, _) => (format!("--folds {}", fold.of), ""),
        Division::Time(name) => (format!("--split time {}", shell_word(name)), NEEDS_NONE),
        Division::Group(name) => (format!("--group {}", shell_word(name)), NEEDS_NONE),
        _ => ("--stratify".to_string(), NEEDS_NONE),
    };
    let [least, half] = [2.0 * bytes, bytes].map(|bytes| (bytes / 1e6).ceil());
    Err(Failure::usage(format!(
        "{what}: what the {} rows of {name} are divided by takes about {half} MB, and does not fit in half of {memory}\n  hint: \
         --memory {least}MB{needs}",
        thousands(rows)
    )))
}

/// How rows are dealt by what they hold, of which so many fit in each part that is kept in memory.
pub(super) fn by_keys(
    keys: &Keys<'_>,
    fitting: usize,
    fractions: Fractions,
    seed: u64,
) -> Outcome<Dealer> {
    let parts = keys.parts(fractions, seed)?;
    let [train, validation, test] = parts.counts();
    let share = |most: f64, rows: usize| (most / rows.max(1) as f64).min(1.0);
    let most = HELD_OUT.min(fitting as f64);
    let measured = Some([share(most, validation), share(most, test)]);
    let Fractions { validation, test } = fractions;
    let kept = share(fitting as f64, train);
    Ok(Dealer::by(Deal { seed, validation, test, kept, measured }, parts))
}

/// As the settings of a training say how rows that are dealt by their numbers were divided.
pub(super) fn divided(division: &Division) -> Division {
    match division {
        Division::Usual => Division::Random,
        other => other.clone(),
    }
}

/// How so many rows are dealt, of which so many fit in each part that is kept in memory.
fn deal(rows: usize, fitting: usize, fractions: Fractions, seed: u64) -> Deal {
    let rows = rows.max(1) as f64;
    let most = HELD_OUT.min(fitting as f64) / rows;
    let [validation, test] = [fractions.validation, fractions.test].map(|share| share.min(most));
    let kept = (fitting as f64 / rows).min(1.0);
    Deal { seed, validation, test, kept, measured: None }
}

/// A note where fewer rows are held out than was asked for, or measured than are held out.
fn fewer(dealer: &Dealer, fractions: Fractions, rows: usize) -> Option<String> {
    let deal = dealer.deal;
    if let (Some([_, validation, test]), Some([own, others])) = (dealer.counts(), deal.measured) {
        let told = [(validation, own, "to validate"), (test, others, "held out")];
        let told = told.into_iter().filter(|(rows, share, _)| *rows > 0 && *share < 1.0);
        let told = told.map(|(rows, share, what)| {
            let about = thousands((share * rows as f64) as usize);
            format!("of {} {what} about {about} are measured", thousands(rows))
        });
        let told = told.collect::<Vec<_>>().join(", ");
        return (!told.is_empty()).then(|| {
            format!(
                "{told}, chosen at random: they are kept in memory, and the others are in no part"
            )
        });
    }
    let about = |share: f64| thousands((share * rows as f64) as usize);
    let parts = [
        (deal.validation, fractions.validation, "to validate"),
        (deal.test, fractions.test, "at the end"),
    ];
    parts.iter().any(|(own, asked, _)| own < asked).then(|| {
        let asked = parts.iter().filter(|(_, asked, _)| *asked > 0.0);
        let told = asked.map(|(own, _, what)| format!("{} {what}", about(*own)));
        let told = told.collect::<Vec<_>>().join(" and ");
        format!("fewer rows are held out than asked for, about {told}: they are kept in memory")
    })
}

/// The rows of a store, in blocks that fit in memory.
fn stream(store: Store, memory: Memory) -> Outcome<Stream> {
    let row = store.row_bytes();
    // Five times what is put together is in memory.
    let together = (memory.bytes() / 20.0 / row as f64).clamp(32.0, 1e6) as usize;
    Ok(Stream::new(store)?.block_rows(together.div_ceil(BLOCKS)).blocks_together(BLOCKS))
}

/// Into how many pieces what is shuffled together is cut.
const BLOCKS: usize = 32;

/// The rows by their parts.
struct Sorted<'a> {
    dealer: &'a Dealer,
    store: StoreWriter,
    /// Like all others, of no row.
    none: Dataset,
    kept: Vec<Dataset>,
    validation: Vec<Dataset>,
    test: Vec<Dataset>,
    print: Fingerprint,
    /// Rows without a value of the target.
    without: usize,
    /// What is missing in the others, and what was not counted.
    filled: Filled,
}

impl<'a> Sorted<'a> {
    fn new(folder: &Path, alike: &Dataset, dealer: &'a Dealer) -> Outcome<Sorted<'a>> {
        let (store, none) = (StoreWriter::create(folder, alike)?, alike.rows(&[])?);
        let (kept, validation, test, print) = Default::default();
        let (without, filled) = (0, Filled::default());
        Ok(Sorted { dealer, store, none, kept, validation, test, print, without, filled })
    }

    fn add(
        &mut self,
        table: Table,
        preprocessing: &Preprocessing,
        strict: bool,
    ) -> gradtape::Result<()> {
        let (known, unseen) = preprocessing.rows_to_learn(&table)?;
        self.without += table.len() - known.len() - unseen.len();
        // All classes were counted before.
        if let Some(&first) = unseen.first() {
            let message = format!(
                "{}, {}: the class {:?} was not there when the rows were counted",
                table.source(),
                table.at(first),
                table.column(preprocessing.target().column())?.cell(first).unwrap_or("-")
            );
            return Err(
                Error::new(Kind::Data, message).hint("the file was changed while it was read")
            );
        }
        if known.is_empty() {
            return Ok(());
        }
        let table = if known.len() == table.len() { table } else { table.rows(&known)? };
        if strict {
            let hint = || format!("correct the cells, or leave them empty; {}", rows::ADVICE);
            preprocessing.strict_numbers(&table).map_err(|error| error.hint(hint()))?;
        }
        let data = preprocessing.dataset(&table)?;
        preprocessing.count_filled(&table, &mut self.filled);
        let numbers = || (0..table.len()).map(|row| table.line(row));
        self.print.add(&data, numbers())?;
        let parts = self.dealer.rows(numbers());
        self.store.add(&data.rows(&parts.train)?)?;
        let kept = self.dealer.kept(numbers());
        for (all, rows) in [
            (&mut self.kept, &kept),
            (&mut self.validation, &parts.validation),
            (&mut self.test, &parts.test),
        ] {
            if !rows.is_empty() {
                all.push(data.rows(rows)?);
            }
        }
        Ok(())
    }

    /// The rows to train on, and those that are kept in memory.
    fn finish(self) -> Outcome<(Store, Split)> {
        let Sorted { store, none, kept, validation, test, print, .. } = self;
        let store = store.finish(print.number())?;
        let together = |parts: Vec<Dataset>| match &parts[..] {
            [] => Ok(none.clone()),
            parts => Dataset::concat(parts),
        };
        let train = together(kept)?;
        let split = Split { train, validation: together(validation)?, test: together(test)? };
        Ok((store, split))
    }
}
