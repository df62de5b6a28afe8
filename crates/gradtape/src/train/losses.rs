//! The loss of a batch: the one that fits the targets, or one's own.

use crate::data::{Batch, Dataset};
use crate::loss::{self, CrossEntropyOptions, Reduction};
use crate::tape::{Tape, Var};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// The loss that fits the targets: [`cross_entropy`](crate::loss::cross_entropy) for labels, else
/// [`mse`](crate::loss::mse).
#[track_caller]
pub fn default_loss<'t>(outputs: Var<'t>, targets: Var<'t>) -> Var<'t> {
    match targets.dtype() {
        DType::I64 => loss::cross_entropy(outputs, targets),
        _ => loss::mse(outputs, targets),
    }
}

/// A loss of outputs and targets.
pub(super) type Loss<'n> = dyn for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t> + 'n;

/// A batch on a tape.
#[derive(Clone, Copy)]
pub(super) struct On<'t> {
    pub(super) x: Var<'t>,
    pub(super) y: Var<'t>,
    /// How much each row counts.
    pub(super) w: Option<Var<'t>>,
}

impl<'t> On<'t> {
    pub(super) fn of(batch: &Batch, tape: &'t Tape) -> On<'t> {
        let of = |tensor: &Tensor| tape.constant(tensor);
        On { x: of(&batch.x), y: of(&batch.y), w: batch.w.as_ref().map(of) }
    }

    /// The loss of what a network gives for it: the default one if there is no other.
    #[track_caller]
    pub(super) fn loss(self, outputs: Var<'t>, own: Option<&Loss<'_>>) -> Var<'t> {
        match (own, self.w) {
            (Some(own), _) => own(outputs, self.y),
            (None, Some(weights)) => weighed(outputs, self.y, weights),
            (None, None) => default_loss(outputs, self.y),
        }
    }
}

/// [`default_loss`] with weights of rows, `[n]`: the sum of each row's loss times its weight, by the number of rows.
#[track_caller]
fn weighed<'t>(outputs: Var<'t>, targets: Var<'t>, weights: Var<'t>) -> Var<'t> {
    let reduction = Reduction::None;
    let losses = match targets.dtype() {
        DType::I64 => {
            let options = CrossEntropyOptions { reduction, ..CrossEntropyOptions::default() };
            loss::cross_entropy_with(outputs, targets, &options)
        }
        _ => loss::mse_with(outputs, targets, reduction),
    };
    let rows = weights.shape().elements();
    let others = losses.shape().elements() / rows.max(1);
    (losses.reshape([rows, others]).mean(1) * weights.cast(losses.dtype())).mean(())
}

/// Fails for rows with weights, which a loss of one's own does not know.
pub(super) fn unweighed(data: &Dataset) -> Result<()> {
    if data.weights().is_none() {
        return Ok(());
    }
    let message = "a loss of one's own for rows that have weights: it does not know them";
    Err(Error::new(Kind::Value, message)
        .hint("leave one of the two out, or weigh in Trainer::step, which gets the weights"))
}
