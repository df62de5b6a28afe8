//! What a training tells people before it begins and when it has ended.

use gradtape::data::{Preprocessing, Target};
use gradtape::nn::Module;
use gradtape::train::{History, Stopped};
use gradtape_tables::Cut;

use super::flags::{Precision, Train};
use super::network::Network;
use super::ready::Ready;
use crate::error::Outcome;
use crate::measure::short;
use crate::output::Output;
use crate::report::{of, thousands};

impl Train {
    /// What is trained on what.
    pub(super) fn introduce(&self, ready: &Ready, output: &Output) -> Outcome {
        let Ready { source, prepared, networks, .. } = ready;
        let (split, preprocessing) = (&prepared.split, &prepared.preprocessing);
        let train = of(prepared.counts().train, "row");
        let [validation, test] = [&split.validation, &split.test].map(|part| thousands(part.len()));
        let what = match preprocessing.classes() {
            Some(classes) => of(classes.len(), "class"),
            None => "a number to predict".to_string(),
        };
        let name = output.bold(source.name());
        let columns = match &prepared.images {
            Some(images) if self.network.is_of_images() => {
                let [channels, height, width] = images.shape;
                format!("images of {height} x {width} in {}", of(channels, "channel"))
            }
            _ => of(preprocessing.features().len(), "column"),
        };
        output.line(format!(
            "{name}: {columns}, {what}; {train} to train, {validation} to validate, {test} held out"
        ))?;
        for note in prepared.notes.iter().chain(preprocessing.notes()) {
            output.line(format!("note: {note}"))?;
        }
        let parameters = of(networks.0[0].parameter_count(), "parameter");
        let several = match self.members() {
            1 => String::new(),
            members => format!("{members} of "),
        };
        let cuts = match &self.network {
            Network::Mlp => self.cuts(prepared),
            _ => Vec::new(),
        };
        let what = match &self.network {
            Network::Mlp => {
                let mut sizes = vec![preprocessing.width()];
                let embedded = self.embedded(preprocessing)?;
                let narrowed =
                    embedded.iter().fold(sizes[0], |all, (_, own)| all - own.count + own.width);
                sizes.extend(Some(narrowed).filter(|_| !embedded.is_empty()));
                let parts: usize = cuts.iter().map(Cut::parts).sum();
                let all = sizes[sizes.len() - 1] + parts;
                sizes.extend(Some(all).filter(|_| parts > 0));
                sizes.extend(&self.hidden().0);
                sizes.push(preprocessing.outputs());
                let sizes: Vec<String> = sizes.into_iter().map(thousands).collect();
                let dropout = match self.dropout() {
                    0.0 => String::new(),
                    share => format!(", dropout {share}"),
                };
                format!("{several}{}, {}{dropout}", sizes.join(" → "), self.activation())
            }
            other => other.to_string(),
        };
        output.line(format!("network: {what}, {parameters}"))?;
        if !cuts.is_empty() {
            output.line(format!("cut at quantiles: {}", named(&cuts, preprocessing)))?;
        }
        if self.members() > 1 {
            output.line("their outputs are averaged; each has other rows to validate")?;
        }
        self.introduce_training(output)?;
        if let target @ Target::Number { column, scale, .. } = preprocessing.target() {
            let of = match target.is_transformed() {
                true => format!("{column} as it is transformed, over its standard deviation"),
                false => format!("{column} in units of {}, its standard deviation", short(*scale)),
            };
            output.line(format!(
                "losses are mean squared errors of {of}; errors are mean absolute ones of {column} itself"
            ))?;
        }
        output.line("")
    }

    /// How it is trained.
    pub(super) fn introduce_training(&self, output: &Output) -> Outcome {
        let rate = self.hyper.learning_rate(self.optimizer());
        let schedule = self.schedule.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let steps = self.steps.map(|steps| format!(", at most {}", of(steps, "step")));
        let precision = match self.precision {
            Precision::F32 => String::new(),
            narrow => format!(", products in {}", narrow.dtype()),
        };
        let early = match self.early_stopping {
            Some(patience) if patience < self.epochs() => {
                format!(", fewer if validation is no better for {patience}")
            }
            _ => String::new(),
        };
        output.line(format!(
            "{}, learning rate {rate}{schedule}, batches of {}, {}{early}{}{precision}, seed {}",
            self.optimizer(),
            thousands(self.batch()),
            of(self.epochs(), "epoch"),
            steps.unwrap_or_default(),
            self.seed
        ))
    }

    /// Why a training ended, where it is worth a word.
    pub(super) fn tell_end(&self, history: &History, output: &Output) -> Outcome {
        self.tell_ranks(output)?;
        let kept = history.kept_epoch;
        match history.stopped {
            Stopped::Finished | Stopped::Early { .. } if self.members() > 1 => Ok(()),
            Stopped::Finished if kept < history.epochs.len() => {
                output.line(format!("\nback to the weights of epoch {kept}, the best"))
            }
            Stopped::Finished | Stopped::Diverged => Ok(()),
            Stopped::Requested => {
                output.line("\nstopped by Ctrl-C or a signal")?;
                if kept < history.epochs.len() && self.members() == 1 {
                    output.line(format!("the model has the weights of epoch {kept}, the best"))?;
                }
                match self.runs.checkpoint_every {
                    Some(_) => output
                        .line(format!("`gradtape train --resume {}` goes on", self.out.display())),
                    None => Ok(()),
                }
            }
            Stopped::Early { .. } => {
                let patience = of(self.early_stopping.unwrap_or_default(), "epoch");
                output.line(format!(
                    "\nno better for {patience}: back to the weights of epoch {kept}"
                ))
            }
        }
    }
}

/// Which columns are cut, and into how many parts.
fn named(cuts: &[Cut], preprocessing: &Preprocessing) -> String {
    const FIRST: usize = 5;
    let mut next = 0;
    let mut told = Vec::new();
    for feature in preprocessing.features() {
        if let Some(cut) = cuts.iter().find(|cut| cut.input == next) {
            told.push(format!("{} into {}", feature.column(), cut.parts()));
        }
        next += feature.width();
    }
    let more = told.len().saturating_sub(FIRST);
    told.truncate(FIRST);
    if more > 0 {
        told.push(of(more, "more column"));
    }
    told.join(", ")
}
