//! [`Kept`]: the networks of a trial, of which a model is made, so that a search that is stopped has one.

use std::path::Path;

use gradtape::io::Model;
use gradtape::nn::Sequential;
use gradtape::train::History;

use super::log::Trial;
use crate::error::Outcome;
use crate::interval::Residuals;
use crate::settings::Course;
use crate::train::flags::Train;
use crate::train::members::{Members, mean};
use crate::train::ready::Ready;

/// The networks of a trial, with how they were trained.
#[derive(Default)]
pub(super) struct Kept {
    networks: Vec<Sequential>,
    histories: Vec<History>,
}

impl Kept {
    pub(super) fn add(&mut self, network: Sequential, history: History) {
        self.networks.push(network);
        self.histories.push(history);
    }

    /// The model of them all, whose file names the trial.
    pub(super) fn model(self, mut train: Train, ready: &Ready, trial: &Trial) -> Outcome<Model> {
        let Kept { networks, histories } = self;
        let prepared = &ready.prepared;
        let mut residuals = Residuals::default();
        for (number, network) in networks.iter().enumerate() {
            let [_, validation] = ready.rows(number)?;
            residuals.add(network, &prepared.preprocessing, &validation);
        }
        let preprocessing = residuals.told_to(prepared.preprocessing.clone());
        let count = networks.len();
        train.runs.members = Some(count);
        let mut settings = train.settings(&ready.source, prepared, &mean(&histories));
        settings.course = settings.course.map(|course: Course| course.with_each(&histories));
        let network = Members(networks).mean(count)?;
        let mut model = train.model(network, &preprocessing, prepared, &settings, &residuals)?;
        model.notes.insert(NOTE.to_string(), trial.name());
        Ok(model)
    }
}

/// The trial that the model of a file is of; none of another file.
pub(super) fn named_in(path: &Path) -> Option<String> {
    Model::load(path).ok()?.notes.remove(NOTE)
}

const NOTE: &str = "search";
