//! Networks and optimisers as a command line asks for them.

use gradtape::data::{Augment, Split};
use gradtape::nn::{EmbeddedColumns, Sequential};
use gradtape::optim::{self, Optimizer};
use gradtape_tables::{Cut, Shape, cuts, draws, perceptron, spare_ends};

use super::flags::Train;
use super::network::Network;
use crate::error::{Failure, Outcome};
use crate::rows::Prepared;
use crate::source::Source;

impl Train {
    /// How images are to be changed in training.
    pub(super) fn augmentation(
        &self,
        source: &Source,
        prepared: &Prepared,
    ) -> Outcome<Option<Augment>> {
        let flags = [("--augment", self.augment.is_some()), ("--normalize", self.normalize)];
        let Some(images) = &prepared.images else {
            return match flags.iter().find(|(_, given)| *given) {
                Some((flag, _)) => Err(no_images(flag, source)),
                None => Ok(None),
            };
        };
        let parse = |text: &String| -> Outcome<Augment> {
            let augment = Augment::parse(text, images.shape);
            Ok(augment.map_err(Failure::usage)?.background(&images.background))
        };
        self.augment.as_ref().map(parse).transpose()
    }

    /// The network of a number.
    pub(super) fn build(
        &self,
        source: &Source,
        prepared: &Prepared,
        number: usize,
    ) -> Outcome<Sequential> {
        let outputs = prepared.preprocessing.outputs();
        let rng = &mut draws(number, self.seed);
        if let Network::Images(blueprint) = &self.network {
            let Some(images) = &prepared.images else {
                return Err(no_images(&format!("the network {blueprint}"), source));
            };
            return blueprint.build(images.shape, outputs, rng).map_err(Failure::usage);
        }
        let embedded = self.embedded(&prepared.preprocessing)?;
        let columns: Vec<EmbeddedColumns> = embedded.into_iter().map(|(_, own)| own).collect();
        let shape = Shape::of(&prepared.preprocessing);
        let cuts = self.cuts(prepared);
        perceptron(&self.recipe(), shape, &cuts, columns, rng).map_err(Failure::usage)
    }

    /// Where numbers are cut into parts before the first layer.
    pub(super) fn cuts(&self, prepared: &Prepared) -> Vec<Cut> {
        let Split { train, validation, .. } = &prepared.split;
        // Rows that are read in pieces are not at hand.
        let rows = if train.is_empty() { validation } else { train };
        cuts(self.cuts.unwrap_or(0), &prepared.preprocessing, rows)
    }

    pub(super) fn optimizer_of(&self, network: &Sequential) -> Outcome<Box<dyn Optimizer>> {
        let hyper = self.hyper.hyper(self.optimizer());
        let mut optimizer =
            optim::by_name(self.optimizer(), network, &hyper).map_err(Failure::usage)?;
        optimizer.set_clip_norm(self.clip_norm);
        optimizer.set_clip_each_norm(self.clip_each_norm);
        optimizer.set_clip_value(self.clip_value);
        if let Some((steps, share)) = self.lookahead {
            optimizer.set_lookahead(steps, share);
        }
        if let Some(decay) = self.average {
            optimizer.set_average(decay);
        }
        self.groups
            .iter()
            .flat_map(|(_, group)| group)
            .for_each(|group| optimizer.add_group(group.clone()));
        // Who gives parameters settings of their own says which.
        if self.groups.iter().all(|(_, group)| group.is_none()) {
            spare_ends(self.optimizer(), &mut *optimizer, network);
        }
        // What does not fit together is told before the first epoch.
        optimizer.state().map_err(Failure::usage)?;
        if optimizer.searches() && self.accumulate > 1 {
            let name = self.optimizer();
            let message = format!("--accumulate: {name} looks at a batch several times");
            return Err(Failure::usage(message));
        }
        Ok(optimizer)
    }
}

fn no_images(what: &str, source: &Source) -> Failure {
    Failure::usage(format!(
        "{what} is for images, and {} has none\n  hint: images are a folder with a folder of PNG or JPEG images for each class, a \
         folder of IDX files, as of MNIST, or the built-in digits; for rows of numbers there is --network mlp",
        source.name()
    ))
}
