//! [`Saver`]: writes the checkpoints of a training, and goes on from one.

use super::course::{Course, Training};
use super::same::Same;
use super::step::Stepper;
use super::trainer::OnCheckpoint;
use super::{Checkpoints, History};
use crate::io::Checkpoint;
use crate::nn::{self, Module};
use crate::optim::Optimizer;
use crate::tape::Parameter;
use crate::tensor::Result;

/// Writes the checkpoints of a training.
pub(super) struct Saver<'a, 'n> {
    pub(super) checkpoints: Option<&'a Checkpoints>,
    pub(super) told: Option<&'a mut OnCheckpoint<'n>>,
    pub(super) same: Option<&'a Same>,
    /// What is saved: the network, or the whole that it is a part of.
    pub(super) module: &'n dyn Module,
    /// Optimisers that are saved beside that of the trainer.
    pub(super) others: &'a [(String, &'n dyn Optimizer)],
    pub(super) training: &'a Training<'a>,
    /// How many batches make a step.
    pub(super) accumulate: usize,
}

impl Saver<'_, '_> {
    /// Has the network and the optimiser go on from a checkpoint. With `alone` what is saved with the network and is no
    /// part of it stays as it is.
    pub(super) fn restore(
        &self,
        checkpoint: &Checkpoint,
        alone: Option<&dyn Module>,
    ) -> Result<()> {
        for (name, optimizer) in self.others.iter().filter(|_| alone.is_none()) {
            checkpoint.restore_optimizer(name, *optimizer)?;
        }
        let Some(network) = alone else {
            return checkpoint.restore(self.module, self.training.optimizer);
        };
        let is_own =
            |other: &Parameter| self.training.state.iter().any(|own| own.id() == other.id());
        let state = nn::named_state(self.module).into_iter().map(|(_, own)| own);
        let others: Vec<_> =
            state.filter(|own| !is_own(own)).map(|own| (own.value(), own)).collect();
        let dials = self.module.named_dials().into_iter();
        let dials: Vec<_> = dials.map(|(_, dial)| (dial.get(), dial)).collect();
        checkpoint.restore(self.module, self.training.optimizer)?;
        let own_dials = network.named_dials().into_iter();
        let own_dials: Vec<_> = own_dials.map(|(_, dial)| (dial.get(), dial)).collect();
        dials.into_iter().chain(own_dials).for_each(|(number, dial)| dial.set(number));
        others.into_iter().try_for_each(|(value, own)| own.set(value))
    }

    /// Whether one is due after the step that the course has come to, or is asked for.
    pub(super) fn is_due(&self, course: &Course) -> bool {
        self.checkpoints.is_some_and(|checkpoints| {
            let every = checkpoints.steps.map(|steps| steps.saturating_mul(self.accumulate) as u64);
            checkpoints.is_requested()
                || every.is_some_and(|every| course.batches.is_multiple_of(every))
        })
    }

    /// Writes one if it is due, or training ends here: as it was `stopped`, or as its last epoch is `cut` off.
    pub(super) fn after_step(
        &mut self,
        course: &Course,
        stepper: &Stepper<'_>,
        history: &History,
        [due, stopped, cut]: [bool; 3],
    ) -> Result<()> {
        let Some(checkpoints) = self.checkpoints else { return Ok(()) };
        if due || stopped || cut {
            let state = self.state(checkpoints, course, stepper, history);
            let ends = cut && !stopped && checkpoints.keeps_end();
            let end = ends.then(|| state.clone().and_then(|state| checkpoints.write_end(&state)));
            self.tell(state.and_then(|state| checkpoints.write(&state, course.batches)))?;
            end.map_or(Ok(()), |end| self.tell(end))?;
        }
        Ok(())
    }

    /// Writes one if it is due, and the best if this is it. After an epoch that is not whole, none is due: one was
    /// written in its middle.
    pub(super) fn after_epoch(
        &mut self,
        course: &Course,
        stepper: &Stepper<'_>,
        history: &History,
        best: bool,
        last: bool,
        whole: bool,
    ) -> Result<()> {
        let Some(checkpoints) = self.checkpoints else { return Ok(()) };
        let every = checkpoints.epochs.or(checkpoints.every_epoch().then_some(1));
        let due =
            last || whole && every.is_some_and(|epochs| (course.epoch - 1).is_multiple_of(epochs));
        if !due && !best {
            return Ok(());
        }
        let state = self.state(checkpoints, course, stepper, history)?;
        if best {
            self.tell(checkpoints.write_best(&state))?;
        }
        if due {
            self.tell(checkpoints.write(&state, course.batches))?;
        }
        if last && checkpoints.keeps_end() {
            self.tell(checkpoints.write_end(&state))?;
        }
        Ok(())
    }

    fn state(
        &self,
        checkpoints: &Checkpoints,
        course: &Course,
        stepper: &Stepper<'_>,
        history: &History,
    ) -> Result<Checkpoint> {
        let mut state = Checkpoint::new(self.module, self.training.optimizer)?;
        for (name, optimizer) in self.others {
            state = state.optimizer(name, *optimizer)?;
        }
        state.notes.extend(checkpoints.notes.clone());
        state = course.save(state, self.training, stepper, history);
        Ok(match self.same {
            Some(same) => same.note(state),
            None => state,
        })
    }

    fn tell(&mut self, written: Result<std::path::PathBuf>) -> Result<()> {
        match &mut self.told {
            Some(told) => {
                told(written.as_deref().map_err(Clone::clone));
                Ok(())
            }
            None => written.map(drop),
        }
    }
}
