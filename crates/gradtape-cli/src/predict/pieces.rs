//! Predictions for a table that is read in pieces.

use gradtape::{Error, Kind, io};

use super::{Predict, none_held_out};
use crate::deal::Dealt;
use crate::error::{Failure, Outcome};
use crate::model::Trained;
use crate::output::Output;
use crate::pieces::{Pieces, Told};
use crate::report::{Format, thousands};
use crate::rows::Answered;
use crate::settings::DataSettings;
use crate::source::Source;

impl Predict {
    /// Predicts piece after piece, in the order of the rows.
    pub(super) fn in_pieces(
        &self,
        trained: &Trained,
        source: &Source,
        pieces: &Pieces,
        output: &Output,
    ) -> Outcome {
        if self.format == Format::Json {
            return Err(Failure::usage(format!(
                "--format json: {} is read in pieces of {}, and JSON holds all predictions at once\n  hint: leave it out for CSV, \
                 or allow more memory (--memory)",
                source.name(),
                pieces.memory()
            )));
        }
        if self.held_out && !pieces.are_held_out(trained)? {
            self.check_held_out(trained, source, pieces)?;
        }
        let Some(path) = &self.output else {
            return self.write(trained, pieces, output, |text| output.write(text));
        };
        let mut failure = None;
        let written = io::write_atomic_with(path, |file| {
            let write = |text: &str| {
                let written = file.write_all(text.as_bytes());
                written.map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
            };
            self.write(trained, pieces, output, write).map_err(|own| {
                failure = Some(own);
                Error::new(Kind::File, "not written")
            })
        });
        match failure {
            Some(failure) => Err(failure),
            None => Ok(written?),
        }
    }

    /// Writes the predictions of all rows, or of those that were held out.
    fn write(
        &self,
        trained: &Trained,
        pieces: &Pieces,
        output: &Output,
        mut write: impl FnMut(&str) -> Outcome,
    ) -> Outcome {
        let preprocessing = &trained.preprocessing;
        let settings = trained.settings.as_ref();
        // The table of --test was not dealt.
        let is_dealt =
            self.held_out && settings.is_none_or(|settings| settings.data.tests.is_none());
        let deal = settings.and_then(|settings| settings.data.dealt).filter(|_| is_dealt);
        let dealer = deal.map(|deal| pieces.dealer(trained, deal)).transpose()?;
        let (more, mut told) = (self.more(trained, output)?, Told::default());
        let (mut before, mut named) = (0, true);
        pieces.each(preprocessing.width(), |table| {
            let first = before;
            before += table.len();
            let mut rows: Vec<usize> = (0..table.len()).collect();
            if self.held_out {
                rows = Answered::of(&table, preprocessing, settings)?.rows;
            }
            if let Some(dealer) = &dealer {
                rows.retain(|&row| dealer.part(table.line(row)) == Dealt::Test);
            }
            if rows.is_empty() {
                return Ok(());
            }
            let table = if rows.len() == table.len() { table } else { table.rows(&rows)? };
            if self.strict {
                preprocessing.strict(&table)?;
            }
            told.tell(&table, preprocessing, output);
            rows.iter_mut().for_each(|row| *row += first);
            let beside = self.beside(Some(&table), None, &rows)?;
            let inputs = preprocessing.inputs(&table)?;
            let predictions = self.predictions(trained, &inputs, beside, &more);
            let predictions = predictions.map_err(|failure| match first {
                0 => failure,
                _ => failure.note(format!(
                    "rows are counted from row {} of the data on",
                    thousands(first + 1)
                )),
            })?;
            write(&predictions.csv(std::mem::take(&mut named)))
        })?;
        told.end(preprocessing, output);
        match named && self.held_out {
            true => Err(none_held_out()),
            false => Ok(()),
        }
    }

    /// Fails where a table is not what the model was trained on, in pieces.
    fn check_held_out(&self, trained: &Trained, source: &Source, pieces: &Pieces) -> Outcome {
        let settings = trained.settings.as_ref();
        let is_dealt = |data: &DataSettings| data.dealt.is_some() && data.tests.is_none();
        let known = settings.filter(|settings| is_dealt(&settings.data));
        let known = known.ok_or_else(|| self.no_held_out(source, settings))?;
        match pieces.print(trained)? == known.data.fingerprint {
            true => Ok(()),
            false => Err(self.no_held_out(source, settings)),
        }
    }
}
