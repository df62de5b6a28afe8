//! Measuring a model on a table that is read in pieces.

use gradtape::Tensor;
use gradtape::data::{Dataset, Table};

use super::{Chosen, Evaluate, no_part, no_row};
use crate::deal::{Dealt, Fingerprint};
use crate::error::{Failure, Outcome};
use crate::measure::Measured;
use crate::model::Trained;
use crate::output::Output;
use crate::pieces::{Counted, Pieces};
use crate::report::thousands;
use crate::rows::Part;
use crate::source::Source;

/// The rows of the training that are held in memory, as far as they are asked for, by the parts that were held out and
/// what simple answers were learned from.
#[derive(Default)]
struct Parts {
    learned: Vec<Dataset>,
    validation: Vec<Dataset>,
    test: Vec<Dataset>,
    /// How many rows there are in all, and to train on.
    all: usize,
    train: usize,
    /// Of those in memory.
    held: usize,
}

impl Evaluate {
    /// Measures the rows held out in training, if the table is what the model was trained on, else all.
    pub(super) fn in_pieces(
        &self,
        trained: &Trained,
        source: &Source,
        pieces: &Pieces,
        output: &Output,
    ) -> Outcome {
        let mut counted = Counted::of(self.strict);
        if let Some(known) = trained.settings.as_ref().map(|settings| &settings.data)
            && pieces.are_held_out(trained)?
        {
            let part = self.of_held_out(known, source)?;
            let chosen = Chosen { part, same: false, held_out: true, source };
            let measured = self.all(trained, pieces, &chosen, &mut counted, output)?;
            return self.tell(trained, &chosen, measured, None, output);
        }
        let found = self.found(trained, source, pieces, &mut counted, output)?;
        let part = self.part.unwrap_or(if found.is_some() { Part::Test } else { Part::All });
        let chosen = Chosen { part, same: found.is_some(), held_out: false, source };
        match (part, found) {
            (Part::Test, Some(parts)) => {
                let learned = together(&parts.learned)?.map(|learned| (learned, parts.train));
                let data = together(&parts.test)?.ok_or_else(|| no_row(&chosen, trained))?;
                self.measure(trained, &chosen, &data, learned, output)
            }
            (Part::Validation, Some(parts)) => {
                let data = together(&parts.validation)?.ok_or_else(|| no_row(&chosen, trained))?;
                self.measure(trained, &chosen, &data, None, output)
            }
            (Part::All, _) | (Part::Train, Some(_)) => {
                let measured = self.all(trained, pieces, &chosen, &mut counted, output)?;
                self.tell(trained, &chosen, measured, None, output)
            }
            (_, None) => Err(no_part(source)),
        }
    }

    /// The parts of the training, where it was on this table, and in pieces; one on a table in memory tells nothing of
    /// single rows.
    fn found(
        &self,
        trained: &Trained,
        source: &Source,
        pieces: &Pieces,
        counted: &mut Counted,
        output: &Output,
    ) -> Outcome<Option<Parts>> {
        let Some(known) = trained.settings.as_ref().map(|settings| &settings.data) else {
            return Ok(None);
        };
        let Some(deal) = known.dealt else {
            if known.name == source.name() {
                output.note(format_args!(
                    "note: the model was trained on data of this name that was in memory as a whole: whether it is the same, \
                     and which rows were held out, is only told so (more --memory)"
                ));
            }
            return Ok(None);
        };
        let dealer = pieces.dealer(trained, deal)?;
        let (mut print, mut parts) = (Fingerprint::default(), Parts::default());
        let most = pieces.fitting(trained.preprocessing.width(), 4.0);
        // Where some rows are in no part, how many there are is not known.
        let counts = known.rows.filter(|_| deal.measured.is_none());
        let trained_on = counts.map(|rows| rows.train + rows.validation + rows.test);
        let to_test = self.part.is_none_or(|part| part == Part::Test);
        let to_validate = self.part == Some(Part::Validation);
        let (mut is_other, mut fits, mut compares) = (false, true, to_test);
        let read = counted.each(trained, pieces, output, |table, data| {
            parts.all += data.len();
            // A file with more rows is another one: no more of it is gathered.
            if trained_on.is_some_and(|rows| parts.all > rows) {
                is_other = true;
                return Err(Failure::failed("more rows than in training"));
            }
            let numbers = || (0..table.len()).map(|row| table.line(row));
            print.add(&data, numbers())?;
            let rows = dealer.rows(numbers());
            parts.train += rows.train.len();
            if compares && parts.held > most {
                parts.held -= parts.learned.iter().map(Dataset::len).sum::<usize>();
                (parts.learned, compares) = (Vec::new(), false);
            }
            fits &= parts.held <= most;
            for (all, rows, is_asked) in [
                (&mut parts.learned, dealer.kept(numbers()), compares),
                (&mut parts.validation, rows.validation, to_validate),
                (&mut parts.test, rows.test, to_test),
            ] {
                if is_asked && fits && !rows.is_empty() {
                    parts.held += rows.len();
                    all.push(data.rows(&rows)?);
                }
            }
            Ok(())
        });
        if is_other {
            return Ok(None);
        }
        read?;
        if print.text() != known.fingerprint {
            return Ok(None);
        }
        let memory = pieces.memory();
        if !fits {
            return Err(Failure::failed(format!(
                "the rows of {} that were held out in training do not fit in {memory}\n  hint: give as much --memory as in \
                 training, or --part all",
                source.name()
            )));
        }
        if to_test && !compares {
            output.note(format_args!(
                "note: no simple answers beside: the rows that they are learned from do not fit in {memory}"
            ));
        }
        Ok(Some(parts))
    }

    /// Measures all rows, or those to train on; of each what the network answers is kept, as far as it fits.
    fn all(
        &self,
        trained: &Trained,
        pieces: &Pieces,
        chosen: &Chosen<'_>,
        counted: &mut Counted,
        output: &Output,
    ) -> Outcome<Measured> {
        if self.importance {
            return Err(Failure::usage(format!(
                "--importance: all rows of {} do not fit in {}\n  hint: --part test, of the data of the training, or more \
                 --memory",
                chosen.source.name(),
                pieces.memory()
            )));
        }
        let network = &trained.model.network;
        // What is made of an answer takes several times its size for a while.
        let most = pieces.fitting(12 * (1 + trained.preprocessing.outputs()), 2.0);
        let every = pieces.rows().div_ceil(most);
        if every > 1 {
            output.note(format_args!(
                "note: 1 in {} rows is measured: what the network answers to all does not fit in {}",
                thousands(every),
                pieces.memory()
            ));
        }
        let deal = trained.settings.as_ref().and_then(|settings| settings.data.dealt);
        let dealer = match deal.filter(|_| chosen.part == Part::Train) {
            Some(deal) => Some(pieces.dealer(trained, deal)?),
            None => None,
        };
        let wanted = |number: usize| {
            dealer.as_ref().is_none_or(|own| matches!(own.part(number), Dealt::Train { .. }))
        };
        let (mut outputs, mut targets, mut count) = (Vec::new(), Vec::new(), 0);
        counted.each(trained, pieces, output, |table: &Table, data| {
            let rows: Vec<usize> = (0..table.len())
                .filter(|&row| wanted(table.line(row)))
                .filter(|_| {
                    count += 1;
                    (count - 1) % every == 0
                })
                .collect();
            if !rows.is_empty() {
                let data = data.rows(&rows)?;
                outputs.push(crate::model::outputs(network, data.inputs())?);
                targets.push(data.targets().clone());
            }
            Ok(())
        })?;
        if outputs.is_empty() {
            return Err(no_row(chosen, trained));
        }
        let [outputs, targets] = [Tensor::concat(&outputs, 0)?, Tensor::concat(&targets, 0)?];
        Measured::of_outputs(network, &trained.preprocessing, &outputs, &targets)
    }
}

fn together(parts: &[Dataset]) -> Outcome<Option<Dataset>> {
    if parts.is_empty() { Ok(None) } else { Ok(Some(Dataset::concat(parts)?)) }
}
