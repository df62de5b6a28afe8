//! The loss of sequences that are not aligned.

use super::Reduction;
use crate::tape::{Var, mixed_tapes};
use crate::tensor::{DType, Error, Kind};

/// Settings of [`ctc_with`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CtcOptions {
    /// The class that stands for no label; 0 by default.
    pub blank: usize,
    /// Whether a target that no alignment gives, being too long for its input, costs 0 instead of inf.
    pub zero_infinity: bool,
    /// What becomes of the sequences' losses. The mean is of each loss divided by the length of its target (by
    /// 1 of an empty one).
    pub reduction: Reduction,
}

/// Connectionist temporal classification (Graves, Fernández, Gomez and Schmidhuber 2006): minus the logarithm of the
/// probability of all alignments of a target with an input. PyTorch's `ctc_loss`.
///
/// | value | shape | |
/// |---|---|---|
/// | `log_probabilities` | `[t, n, c]` | after a log-softmax over the classes |
/// | `targets` | `[n, s]`, i64 | labels, none of them the blank; what stands beyond a target's length is not read |
/// | `input_lengths` | `[n]`, i64 | how many steps each input has, up to `t` |
/// | `target_lengths` | `[n]`, i64 | how many labels each target has, up to `s` |
///
/// A single sequence has no axis `n`: `[t, c]`, `[s]` and two scalars.
///
/// An alignment has at each step a label or the blank, 0; without repetitions and then without blanks it is
/// the target. Their probabilities are added up in logarithms by the forward recursion, one step of time after the
/// other, over all sequences and places of a target at once. A label or length out of range is an error where it is
/// a constant or watched; a computed label out of range is one when it is read.
///
/// ```
/// use gradtape::loss::ctc;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// // Two steps, the blank and one label with probability 1/4 and 3/4.
/// let x = tape.watch([[0.25f64, 0.75], [0.25, 0.75]]);
/// let one = |n: i64| tape.constant(n);
/// let loss = ctc(x.log(), tape.constant([1i64]), one(2), one(1));
/// // The label twice, or before or after a blank.
/// assert!((loss.item()? + (0.75f64 * 0.75 + 2.0 * 0.75 * 0.25).ln()).abs() < 1e-15);
/// let [dx] = gradient(loss, [x]);
/// assert!(dx.value()?.to_f64_vec().iter().all(|&slope| slope < 0.0));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "CTCLoss")]
#[track_caller]
pub fn ctc<'t>(
    log_probabilities: Var<'t>,
    targets: Var<'t>,
    input_lengths: Var<'t>,
    target_lengths: Var<'t>,
) -> Var<'t> {
    let options = CtcOptions::default();
    ctc_with(log_probabilities, targets, input_lengths, target_lengths, options)
}

/// As [`ctc`], with settings.
#[track_caller]
pub fn ctc_with<'t>(
    log_probabilities: Var<'t>,
    targets: Var<'t>,
    input_lengths: Var<'t>,
    target_lengths: Var<'t>,
    options: CtcOptions,
) -> Var<'t> {
    let x = log_probabilities;
    let batch = Batch { x, targets, input_lengths, target_lengths };
    if let Some(failed) = batch.misfit(options.blank) {
        return failed;
    }
    let (batch, single) = match x.shape().rank() {
        2 => (batch.of_one(), true),
        _ => (batch, false),
    };
    let losses = batch.losses(options.blank);
    let losses = match options.zero_infinity {
        true => losses.is_inf().select(0.0, losses),
        false => losses,
    };
    let losses = match options.reduction {
        Reduction::Mean => losses / batch.target_lengths.maximum(1).cast(x.dtype()),
        _ => losses,
    };
    options.reduction.of(if single { losses.squeeze(0) } else { losses })
}

#[derive(Clone, Copy)]
struct Batch<'t> {
    x: Var<'t>,
    targets: Var<'t>,
    input_lengths: Var<'t>,
    target_lengths: Var<'t>,
}

impl<'t> Batch<'t> {
    fn all(self) -> [Var<'t>; 4] {
        [self.x, self.targets, self.input_lengths, self.target_lengths]
    }

    /// The error in the place of the loss of what does not fit together.
    #[track_caller]
    fn misfit(self, blank: usize) -> Option<Var<'t>> {
        let Batch { x, targets, input_lengths, target_lengths } = self;
        if self.all().iter().any(|var| var.tape().id() != x.tape().id()) {
            return Some(x.failed(mixed_tapes("ctc"), &[]));
        }
        if let Some(&failed) = self.all().iter().find(|var| var.id().is_failed()) {
            return Some(failed);
        }
        let metas = self.all().map(Var::meta);
        let whole = metas[1..].iter().all(|meta| meta.dtype == DType::I64);
        let (input, targets_are) = (&metas[0].shape, &metas[1].shape);
        let lead = targets_are.split_last().map_or(&[][..], |(_, lead)| lead);
        let fits = matches!(input.rank(), 2 | 3)
            && targets_are.rank() == input.rank() - 1
            && input[1..input.rank() - 1] == *lead
            && metas[2..].iter().all(|meta| meta.shape[..] == *lead);
        if !x.dtype().is_float() || !whole || !fits {
            let [x_is, targets, inputs, lengths] = &metas;
            let message = format!(
                "ctc: log-probabilities {x_is} do not fit targets {targets}, input lengths {inputs} and target \
                 lengths {lengths}"
            );
            let hint = "log-probabilities [t, n, c] go with targets i64[n, s] and lengths i64[n]";
            return Some(x.failed(Error::new(Kind::Shape, message).hint(hint), &self.all()));
        }
        let (steps, classes) = (metas[0].shape[0], metas[0].shape[metas[0].shape.rank() - 1]);
        let labels = metas[1].shape[metas[1].shape.rank() - 1];
        let wrong = |message: String, hint: String| Error::new(Kind::Value, message).hint(hint);
        let refused = (blank >= classes).then(|| {
            wrong(
                format!("ctc: the blank is {blank}, but there are {classes} classes"),
                "it is one of the classes, counted from 0".into(),
            )
        });
        let lengths = [("input", input_lengths, steps), ("target", target_lengths, labels)];
        let numbers = |of: Var<'_>| of.known()?.to_vec::<i64>().ok();
        let refused = refused.or_else(|| {
            lengths.iter().find_map(|&(what, given, most)| {
                let given = numbers(given)?;
                let place = given.iter().position(|&n| n < 0 || n > most as i64)?;
                Some(wrong(
                    format!(
                        "ctc: {what} length {place} is {}, but there are {most} places",
                        given[place]
                    ),
                    format!("lengths go from 0 to {most}"),
                ))
            })
        });
        let refused = refused.or_else(|| {
            let (targets, lengths) = (numbers(targets)?, numbers(target_lengths)?);
            let rows = targets.chunks(labels.max(1)).zip(&lengths);
            let mut read = rows.enumerate().flat_map(|(row, (targets, &length))| {
                targets
                    .iter()
                    .take(length as usize)
                    .enumerate()
                    .map(move |(i, &label)| (row, i, label))
            });
            let bad = |&(_, _, label): &(usize, usize, i64)| {
                label == blank as i64
                    || usize::try_from(label).map_or(true, |label| label >= classes)
            };
            let (row, i, label) = read.find(bad)?;
            Some(wrong(
                format!(
                    "ctc: label {i} of target {row} is {label}, which is the blank or no class"
                ),
                format!("labels go from 0 to {}, but for the blank, {blank}", classes - 1),
            ))
        });
        let error = refused?;
        Some(x.failed(error, &self.all()))
    }

    /// A single sequence as a batch of one.
    #[track_caller]
    fn of_one(self) -> Batch<'t> {
        Batch {
            x: self.x.unsqueeze(1),
            targets: self.targets.unsqueeze(0),
            input_lengths: self.input_lengths.unsqueeze(0),
            target_lengths: self.target_lengths.unsqueeze(0),
        }
    }

    /// The loss of each sequence, `[n]`. The states are the labels with a blank before, between and after them.
    #[track_caller]
    fn losses(self, blank: usize) -> Var<'t> {
        let Batch { x, targets, input_lengths, target_lengths } = self;
        let (tape, shape) = (x.tape(), x.shape());
        let (steps, count) = (shape[0], shape[1]);
        let labels = targets.shape()[1];
        let states = 2 * labels + 1;
        let (input_lengths, target_lengths) =
            (input_lengths.unsqueeze(1), target_lengths.unsqueeze(1));
        let read = tape.iota([count, labels], 1, DType::I64).less(target_lengths);
        let labelled = read.select(targets, blank as f64);
        let blanks = labelled.full_like(blank as f64);
        let classes = match labels {
            0 => labelled,
            _ => blanks.stack(&[labelled], 2).reshape([count, 2 * labels]),
        };
        let last = tape.iota([count, 1], 1, DType::I64) + blank as f64;
        let classes = classes.concat(&[last], 1);
        let emitted = x.gather(2, classes.unsqueeze(0).broadcast_to([steps, count, states]));

        let nothing = x.literal(f64::NEG_INFINITY);
        let before = nothing.broadcast_to([count, 2]);
        // From one label to another one the blank between them may be left out.
        let skips = match labels {
            0 => None,
            _ => {
                let first = tape.iota([count, 2], 1, DType::I64).less(0);
                let others = classes.slice(1, 2..).not_equal(classes.slice(1, ..states - 2));
                Some(first.concat(&[others], 1))
            }
        };
        let lasts = tape.iota([steps, count, 1], 0, DType::I64).less(input_lengths);
        // Before the first step all are in the first state.
        let place = tape.iota([count, states], 1, DType::I64);
        let mut paths = place.equal(0).select(x.literal(0.0), nothing);
        for step in 0..steps {
            let wide = before.concat(&[paths], 1);
            let come = paths.logaddexp(wide.slice(1, 1..states + 1));
            let come = match skips {
                Some(skips) => come.logaddexp(skips.select(wide.slice(1, ..states), nothing)),
                None => come,
            };
            let next = come + emitted.index(0, step);
            paths = lasts.index(0, step).select(next, paths);
        }
        // At the end all are in the last blank or in the last label.
        let end = target_lengths * 2;
        let at_blank = paths.gather(1, end);
        let at_label = paths.gather(1, (end - 1).maximum(0));
        let at_label = end.greater(0).select(at_label, nothing);
        -at_blank.logaddexp(at_label).squeeze(1)
    }
}
