//! [`Saver`]: writes the checkpoints of a training, and goes on from one.

use super::course::{Course, Training};
use super::same::Same;
use super::step::Stepper;
use super::trainer::OnCheckpoint;
use super::{Checkpoints, History};
use crate::io::Checkpoint;
use crate::nn::Module;
use crate::tensor::Result;

/// Writes the checkpoints of a training.
pub(super) struct Saver<'a, 'n> {
    pub(super) checkpoints: Option<&'a Checkpoints>,
    pub(super) told: Option<&'a mut OnCheckpoint<'n>>,
    pub(super) same: Option<&'a Same>,
    /// What is saved: the network, or the whole that it is a part of.
    pub(super) module: &'n dyn Module,
    pub(super) training: &'a Training<'a>,
    /// How many batches make a step.
    pub(super) accumulate: usize,
}

impl Saver<'_, '_> {
    /// Has the network and the optimiser go on from a checkpoint.
    pub(super) fn restore(&self, checkpoint: &Checkpoint) -> Result<()> {
        checkpoint.restore(self.module, self.training.optimizer)
    }

    /// Writes one if it is due, or training ends here.
    pub(super) fn after_step(
        &mut self,
        course: &Course,
        stepper: &Stepper<'_>,
        history: &History,
        ends: bool,
    ) -> Result<()> {
        let Some(checkpoints) = self.checkpoints else { return Ok(()) };
        let due = checkpoints.steps.is_some_and(|steps| {
            course.batches.is_multiple_of(steps.saturating_mul(self.accumulate) as u64)
        });
        if checkpoints.is_requested() || due || ends {
            let written = self
                .state(checkpoints, course, stepper, history)
                .and_then(|state| checkpoints.write(&state, course.batches));
            self.tell(written)?;
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
