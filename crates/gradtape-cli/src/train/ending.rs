//! The model of a training that has ended.

use std::collections::BTreeMap;

use gradtape::data::Preprocessing;
use gradtape::io::Model;
use gradtape::nn::Sequential;

use super::flags::Train;
use crate::error::Outcome;
use crate::interval::Residuals;
use crate::reference::Reference;
use crate::rows::Prepared;
use crate::settings::{self, Settings};

impl Train {
    /// A network with all that is to be known for its use: what is done to inputs, how it was trained, how far it was
    /// off, and rows that explanations begin with. `preprocessing` knows of the residuals.
    pub(super) fn model(
        &self,
        network: Sequential,
        preprocessing: &Preprocessing,
        prepared: &Prepared,
        settings: &Settings,
        residuals: &Residuals,
    ) -> Outcome<Model> {
        let mut notes = BTreeMap::from([(settings::NOTE.to_string(), settings.to_json()?)]);
        notes.extend(residuals.to_note(preprocessing)?);
        if let Some(reference) = Reference::of(&prepared.split.train, self.seed)? {
            notes.extend([reference.to_note()?]);
        }
        Ok(Model {
            network,
            preprocessing: Some(preprocessing.to_json()),
            labels: prepared.split.train.classes().to_vec(),
            notes,
        })
    }
}
