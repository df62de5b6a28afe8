//! Losses of classes.

use std::panic::Location;

use super::{FACTOR, Reduction, SHARE, out_of_range, share};
use crate::op::Meta;
use crate::tape::{Leaf, Var, mixed_tapes};
use crate::tensor::{DType, Error, Kind, Tensor};

/// Settings of [`cross_entropy_with`].
#[derive(Clone, Debug, Default)]
pub struct CrossEntropyOptions {
    /// A factor for each class, `[c]`, finite. The mean then divides by the sum of the factors of the labels.
    pub weight: Option<Tensor>,
    /// The share of each target that is spread evenly over all classes, in [0, 1]; 0 by default.
    pub label_smoothing: f64,
    /// The label of rows that do not count: their loss is 0, no gradient flows into them, and the mean leaves
    /// them out; that of no other rows is NaN, as in PyTorch. None by default; PyTorch's is -100.
    pub ignore_index: Option<i64>,
    /// What becomes of the rows' losses.
    pub reduction: Reduction,
}

/// The cross entropy of logits `[…, c]`, averaged over rows: minus the logarithm of the probability
/// that [softmax](crate::nn::Softmax) gives to the target.
///
/// The target is labels `[…]` in i64 or probabilities (one-hot rows among them) `[…, c]` in the type of
/// the logits. Computed as `log Σ e^(x - max) + (max - x[label])`, which neither overflows nor rounds the
/// logarithm away; the gradient is the softmax less the target, divided by the number of rows. A class
/// whose probability in the target is 0 does not count, also where its logit is -inf. As in PyTorch, probabilities of a row
/// need not add up to 1: one that adds up to 2 counts twice. Where several classes are true at once
/// [`bce_with_logits`](super::bce_with_logits) is meant.
///
/// A label below 0 or not below `c` is an error that names its row. So is a probability below 0 where the
/// target is a constant or watched; computed ones and inputs of a compiled step are not looked at.
///
/// ```
/// use gradtape::loss::cross_entropy;
/// use gradtape::{Tape, Tensor, gradient};
/// let tape = Tape::new();
/// let logits = tape.watch([[0.0, 0.0], [1000.0, 0.0]]);
/// let loss = cross_entropy(logits, tape.constant([1i64, 0]));
/// let [g] = gradient(loss, [logits]);
/// assert!((loss.item()? - 2.0f64.ln() / 2.0).abs() < 1e-12);
/// assert_eq!(g.value()?.to_f64_vec(), [0.25, -0.25, 0.0, 0.0]);
///
/// let wrong = cross_entropy(logits, tape.constant([1i64, 2]));
/// assert!(wrong.item().unwrap_err().message().contains("row 1 has label 2"));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "CrossEntropyLoss")]
#[track_caller]
pub fn cross_entropy<'t>(logits: Var<'t>, target: Var<'t>) -> Var<'t> {
    cross_entropy_with(logits, target, &CrossEntropyOptions::default())
}

/// As [`cross_entropy`], with settings.
#[track_caller]
pub fn cross_entropy_with<'t>(
    logits: Var<'t>,
    target: Var<'t>,
    options: &CrossEntropyOptions,
) -> Var<'t> {
    let name = "cross_entropy";
    let smoothing = options.label_smoothing;
    if !(0.0..=1.0).contains(&smoothing) {
        let message = format!("{name}: label_smoothing is {smoothing}");
        let error = Error::new(Kind::Value, message).hint("it must be at least 0 and at most 1");
        return logits.failed(error, &[logits]);
    }
    let rows = match Rows::new(name, logits, target, options.ignore_index) {
        Ok(rows) => rows,
        Err(failed) => return failed,
    };
    let weight = match rows.weight(name, options.weight.as_ref()) {
        Ok(weight) => weight,
        Err(failed) => return failed,
    };
    let x = rows.counted(logits);
    let losses = match (rows, weight) {
        (Rows::Labels { one_hot, .. }, None) if smoothing == 0.0 => {
            logsumexp_less(x, picked(x, one_hot))
        }
        (Rows::Labels { one_hot, classes, .. }, None) => {
            let last = [x.shape().rank() - 1];
            let below = x.greatest_fixed(&last).unsqueeze(-1) - x;
            // Weighed before they are added: the sum of large ones overflows where their mean does not.
            let even = (below * (smoothing / classes as f64)).sum(-1);
            // All of it spread leaves nothing for the label: 0 times an infinite logit would be NaN.
            let mean = match smoothing < 1.0 {
                true => picked(below, one_hot) * (1.0 - smoothing) + even,
                false => even,
            };
            x.logsumexp_rest(&last) + mean
        }
        (Rows::Labels { one_hot, .. }, Some(weight)) if smoothing == 0.0 => {
            let losses = logsumexp_less(x, picked(x, one_hot));
            share((one_hot * weight).sum(-1), losses)
        }
        (rows, weight) => {
            let (Rows::Labels { one_hot: q, classes, .. } | Rows::Shares { q, classes }) = rows;
            let q = match smoothing > 0.0 {
                true => q * (1.0 - smoothing) + smoothing / classes as f64,
                false => q,
            };
            let q = match weight {
                Some(weight) => q * weight,
                None => q,
            };
            -share(q, x.log_softmax(-1)).sum(-1)
        }
    };
    rows.reduce(options.reduction, losses, weight)
}

/// Settings of [`nll_with`].
#[derive(Clone, Debug, Default)]
pub struct NllOptions {
    /// A factor for each class, `[c]`, finite. The mean then divides by the sum of the factors of the labels.
    pub weight: Option<Tensor>,
    /// The label of rows that do not count: their loss is 0, no gradient flows into them, and the mean leaves
    /// them out. None by default; PyTorch's is -100.
    pub ignore_index: Option<i64>,
    /// What becomes of the rows' losses.
    pub reduction: Reduction,
}

impl From<Reduction> for NllOptions {
    fn from(reduction: Reduction) -> NllOptions {
        NllOptions { reduction, ..NllOptions::default() }
    }
}

/// The negative log-likelihood: minus the log-probability `[…, c]` of each label `[…]`, averaged over
/// rows. After a log-softmax it is [`cross_entropy`].
///
/// ```
/// use gradtape::loss::nll;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([[0.25, 0.75]]).log();
/// let loss = nll(x, tape.constant([1i64]));
/// let [dx] = gradient(loss, [x]);
/// assert_eq!(loss.item()?, -(0.75f64.ln()));
/// assert_eq!(dx.value()?.to_f64_vec(), [0.0, -1.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "NLLLoss")]
#[track_caller]
pub fn nll<'t>(log_probabilities: Var<'t>, labels: Var<'t>) -> Var<'t> {
    nll_with(log_probabilities, labels, NllOptions::default())
}

/// As [`nll`], with settings; a [`Reduction`] alone is one.
///
/// ```
/// use gradtape::loss::{NllOptions, nll_with};
/// use gradtape::{Tape, Tensor};
/// let tape = Tape::new();
/// let x = tape.watch([[0.25f64, 0.75], [0.5, 0.5]]).log();
/// let options = NllOptions { weight: Some(Tensor::from([1.0, 3.0])), ..Default::default() };
/// let loss = nll_with(x, tape.constant([1i64, 0]), options).item()?;
/// assert!((loss - (3.0 * -(0.75f64.ln()) - 0.5f64.ln()) / 4.0).abs() < 1e-15);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn nll_with<'t>(
    log_probabilities: Var<'t>,
    labels: Var<'t>,
    options: impl Into<NllOptions>,
) -> Var<'t> {
    let NllOptions { weight, ignore_index, reduction } = options.into();
    let rows = match Rows::new("nll", log_probabilities, labels, ignore_index) {
        Ok(rows) => rows,
        Err(failed) => return failed,
    };
    let x = rows.counted(log_probabilities);
    let weight = match rows.weight("nll", weight.as_ref()) {
        Ok(weight) => weight,
        Err(failed) => return failed,
    };
    let losses = match (rows, weight) {
        (Rows::Labels { one_hot, .. }, None) => -picked(x, one_hot),
        (Rows::Labels { one_hot, .. }, Some(weight)) => {
            -share((one_hot * weight).sum(-1), picked(x, one_hot))
        }
        (Rows::Shares { q, .. }, None) => -share(q, x).sum(-1),
        (Rows::Shares { q, .. }, Some(weight)) => -share(q * weight, x).sum(-1),
    };
    rows.reduce(reduction, losses, weight)
}

/// `log Σ e^x - y` over the last axis, as `log Σ e^(x - max) + (max - y)`.
#[track_caller]
pub(super) fn logsumexp_less<'t>(x: Var<'t>, y: Var<'t>) -> Var<'t> {
    let last = [x.shape().rank() - 1];
    x.logsumexp_rest(&last) + (x.greatest_fixed(&last) - y)
}

/// The element of each row at the 1 of its one-hot row. A selection, not a product: an infinite
/// element of another class must not count.
#[track_caller]
pub(super) fn picked<'t>(x: Var<'t>, one_hot: Var<'t>) -> Var<'t> {
    one_hot.greater(0.0).select(x, 0.0).sum(-1)
}

/// The target, of the shape of the logits.
#[derive(Clone, Copy)]
pub(super) enum Rows<'t> {
    /// Labels as one-hot rows, zeros where a row does not count; and which do, if some may not.
    Labels { one_hot: Var<'t>, classes: usize, kept: Option<Var<'t>> },
    /// The share of each class.
    Shares { q: Var<'t>, classes: usize },
}

impl<'t> Rows<'t> {
    /// The target as labels or shares, of which the label `ignored` does not count.
    #[track_caller]
    fn new(
        name: &str,
        x: Var<'t>,
        target: Var<'t>,
        ignored: Option<i64>,
    ) -> Result<Rows<'t>, Var<'t>> {
        if x.tape().id() != target.tape().id() {
            return Err(x.failed(mixed_tapes(name), &[]));
        }
        let (logits, given) = (x.meta(), target.meta());
        if x.id().is_failed() || target.id().is_failed() {
            return Err(if x.id().is_failed() { x } else { target });
        }
        // A closure has no caller to name.
        let at = Location::caller();
        let refuse = |rule: String, hint: String| {
            let error = Error::new(Kind::Shape, format!("{name}: {rule}")).at(at).hint(hint);
            Err(x.failed(error, &[x, target]))
        };
        let Some((&classes, lead)) = logits.shape.split_last().filter(|_| logits.dtype.is_float())
        else {
            let rule = format!(
                "the logits are {logits}, not floating-point numbers with an axis of classes"
            );
            return refuse(rule, "give one row of logits for each example".into());
        };
        if given.dtype == DType::I64 {
            if given.shape[..] != *lead {
                let rule = format!(
                    "logits {logits} need labels i64{}, not {given}",
                    Meta::new(DType::I64, lead).shape
                );
                // Images with their classes where their channels are.
                let mut others = logits.shape.to_vec();
                let second = others.len() > 2 && {
                    others.remove(1);
                    given.shape[..] == others[..]
                };
                let hint = match second {
                    true => "classes stand along the last axis: move axis 1 to the end",
                    false => "give one label for each row of logits",
                };
                return refuse(rule, hint.into());
            }
            check_labels(name, x, target, classes, ignored)?;
            let kept = ignored.map(|ignored| target.not_equal(ignored));
            let one_hot = match kept {
                None => target.one_hot(classes, logits.dtype),
                Some(kept) => {
                    let labels = kept.select(target, 0).one_hot(classes, logits.dtype);
                    kept.unsqueeze(-1).select(labels, 0.0)
                }
            };
            return Ok(Rows::Labels { one_hot, classes, kept });
        }
        if let Some(ignored) = ignored {
            let rule = format!("ignore_index is {ignored}, but the target is {given}");
            return refuse(rule, "only labels i64 can be left out by their number".into());
        }
        if given != logits {
            let rule = format!("logits {logits} do not fit a target {given}");
            let hint = match given.dtype.is_float() && given.shape == logits.shape {
                true => "cast() the target to the type of the logits".to_string(),
                false => format!(
                    "give labels i64{} or probabilities {logits}",
                    Meta::new(DType::I64, lead).shape
                ),
            };
            return refuse(rule, hint);
        }
        match out_of_range(name, "target", target, &SHARE) {
            Some(failed) => Err(failed),
            None => Ok(Rows::Shares { q: target, classes }),
        }
    }

    /// As [`Rows::new`], of labels alone.
    #[track_caller]
    pub(super) fn of_labels(name: &str, x: Var<'t>, labels: Var<'t>) -> Result<Rows<'t>, Var<'t>> {
        let given = labels.meta();
        let apart = x.tape().id() != labels.tape().id();
        if apart || labels.id().is_failed() || x.id().is_failed() || given.dtype == DType::I64 {
            return Rows::new(name, x, labels, None);
        }
        let message = format!("{name}: the target is {given}, not labels in i64");
        let error = Error::new(Kind::Shape, message).hint("give one label for each row of logits");
        Err(x.failed(error, &[x, labels]))
    }

    /// The share of each class.
    pub(super) fn shares(self) -> Var<'t> {
        let (Rows::Labels { one_hot: q, .. } | Rows::Shares { q, .. }) = self;
        q
    }

    /// The logits, with zeros in rows that do not count: whatever stands there has no part in a gradient.
    #[track_caller]
    fn counted(self, x: Var<'t>) -> Var<'t> {
        match self {
            Rows::Labels { kept: Some(kept), .. } => kept.unsqueeze(-1).select(x, 0.0),
            _ => x,
        }
    }

    /// The losses of the rows reduced; a weighted mean of labels is divided by the sum of their factors, and that
    /// of rows of which some do not count by how many do.
    #[track_caller]
    pub(super) fn reduce(
        self,
        reduction: Reduction,
        losses: Var<'t>,
        weight: Option<Var<'t>>,
    ) -> Var<'t> {
        let losses = match self {
            Rows::Labels { kept: Some(kept), .. } => kept.select(losses, 0.0),
            _ => losses,
        };
        match (reduction, weight, self) {
            (Reduction::Mean, Some(weight), Rows::Labels { one_hot, .. }) => {
                losses.sum(()) / (one_hot * weight).sum(())
            }
            (Reduction::Mean, None, Rows::Labels { kept: Some(kept), .. }) => {
                losses.sum(()) / kept.cast(losses.dtype()).sum(())
            }
            (reduction, ..) => reduction.of(losses),
        }
    }

    /// The factors of the classes, if any, in the type and shape of the target.
    #[track_caller]
    pub(super) fn weight(
        self,
        name: &str,
        weight: Option<&Tensor>,
    ) -> Result<Option<Var<'t>>, Var<'t>> {
        let Some(weight) = weight else { return Ok(None) };
        let (Rows::Labels { one_hot: q, classes, .. } | Rows::Shares { q, classes }) = self;
        if weight.shape()[..] != [classes] {
            let message = format!(
                "{name}: weight has shape {}, but there are {classes} classes",
                weight.shape()
            );
            let hint = format!("give one factor for each class, [{classes}]");
            return Err(q.failed(Error::new(Kind::Shape, message).hint(hint), &[]));
        }
        let weight = q.tape().constant(weight.cast(q.dtype()));
        match out_of_range(name, "weight", weight, &FACTOR) {
            Some(failed) => Err(failed),
            None => Ok(Some(weight.broadcast_to(q.shape()))),
        }
    }
}

/// Finds a label out of range when the labels are at hand, which tells it by the name of the loss.
#[track_caller]
fn check_labels<'t>(
    name: &str,
    x: Var<'t>,
    labels: Var<'t>,
    classes: usize,
    ignored: Option<i64>,
) -> Result<(), Var<'t>> {
    let wrong = {
        let recording = x.tape().recording().borrow();
        let Some(Leaf::Tensor { tensor, .. }) = recording.leaf(labels.id()) else { return Ok(()) };
        let of = |labels: &[i64]| {
            let bad = |&label: &i64| {
                let known = usize::try_from(label).is_ok_and(|label| label < classes);
                !known && Some(label) != ignored
            };
            labels.iter().position(bad).map(|row| (row, labels[row]))
        };
        match tensor.as_slice::<i64>() {
            Some(labels) => of(labels),
            None => tensor.to_vec::<i64>().ok().and_then(|labels| of(&labels)),
        }
    };
    let Some((row, label)) = wrong else { return Ok(()) };
    let message = format!("{name}: row {row} has label {label}, but there are {classes} classes");
    let hint = match classes.checked_sub(1) {
        Some(last) => format!("labels go from 0 to {last}"),
        None => "there is no label without a class".into(),
    };
    Err(x.failed(Error::new(Kind::Value, message).hint(hint), &[x, labels]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grad::gradient;
    use crate::tape::Tape;

    fn error(logits: Tensor, target: Tensor, options: &CrossEntropyOptions) -> String {
        let tape = Tape::new();
        let (x, y) = (tape.watch(logits), tape.constant(target));
        cross_entropy_with(x, y, options).item().unwrap_err().to_string()
    }

    #[test]
    fn one_hot_rows_are_labels() {
        let tape = Tape::new();
        let x = tape.watch([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]]);
        let labels = tape.constant([2i64, 0]);
        let rows = tape.constant([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
        let options = CrossEntropyOptions { label_smoothing: 0.2, ..Default::default() };
        for (a, b) in [
            (cross_entropy(x, labels), cross_entropy(x, rows)),
            (cross_entropy_with(x, labels, &options), cross_entropy_with(x, rows, &options)),
            (nll(x, labels), nll(x, rows)),
        ] {
            let ([da], [db]) = (gradient(a, [x]), gradient(b, [x]));
            assert!((a.item().unwrap() - b.item().unwrap()).abs() < 1e-15);
            assert!(da.value().unwrap().all_close(&db.value().unwrap(), 0.0, 1e-15));
        }
    }

    #[test]
    fn any_number_of_leading_axes() {
        let tape = Tape::new();
        let x = Tensor::from((0..24).map(f64::from).map(f64::sin).collect::<Vec<_>>());
        let flat = tape.constant(x.reshape([6, 4]).unwrap());
        let deep = tape.constant(x.reshape([2, 3, 4]).unwrap());
        let labels = Tensor::from([0i64, 1, 2, 3, 0, 1]);
        let expected = cross_entropy(flat, tape.constant(&labels)).item().unwrap();
        let labels = tape.constant(labels.reshape([2, 3]).unwrap());
        assert_eq!(cross_entropy(deep, labels).item().unwrap(), expected);
        let single = tape.constant([0.0, 0.0]);
        let loss = cross_entropy(single, tape.constant(1i64)).item().unwrap();
        assert!((loss - 2.0f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn a_class_ruled_out_by_minus_infinity_does_not_count() {
        let tape = Tape::new();
        let x = tape.watch([[0.0, f64::NEG_INFINITY, 0.0]]);
        let loss = cross_entropy(x, tape.constant([2i64]));
        let [g] = gradient(loss, [x]);
        assert_eq!(loss.item().unwrap(), 2.0f64.ln());
        assert_eq!(g.value().unwrap().to_f64_vec(), [0.5, 0.0, -0.5]);
    }

    #[test]
    fn a_class_without_a_share_does_not_count() {
        let tape = Tape::new();
        let x = tape.watch([[f64::NEG_INFINITY, 0.0, 0.0]]);
        let q = tape.watch([[0.0, 1.0, 0.0]]);
        let log = x.log_softmax(-1);
        let weigh = |first: f64| CrossEntropyOptions {
            weight: Some(Tensor::from([first, 2.0, 1.0])),
            label_smoothing: 0.3,
            ..Default::default()
        };
        for (loss, want) in [
            (cross_entropy(x, q), 2f64.ln()),
            (nll(log, q), 2f64.ln()),
            (nll(log, tape.constant([1i64])), 2f64.ln()),
            // ln 2 times the shares 0.8 and 0.1 with factors 2 and 1.
            (cross_entropy_with(x, q, &weigh(0.0)), 2f64.ln() * (0.8 * 2.0 + 0.1)),
            (cross_entropy_with(x, q, &weigh(1.0)), f64::INFINITY),
        ] {
            let got = loss.item().unwrap();
            assert!(got == want || (got - want).abs() < 1e-15, "{got} for {want}");
        }
        for loss in [cross_entropy(x, q), nll(log, q)] {
            let [dx, dq] = gradient(loss, [x, q]);
            assert_eq!(dx.value().unwrap().to_f64_vec(), [0.0, -0.5, 0.5]);
            assert_eq!(dq.value().unwrap().to_f64_vec()[1..], [2f64.ln(); 2]);
        }
        let nothing = CrossEntropyOptions {
            weight: Some(Tensor::from([0.0, 1.0, 1.0])),
            ..Default::default()
        };
        let labels = tape.constant([0i64]);
        let sum = CrossEntropyOptions { reduction: Reduction::Sum, ..nothing.clone() };
        assert_eq!(cross_entropy_with(x, labels, &sum).item().unwrap(), 0.0);
        let even = CrossEntropyOptions { label_smoothing: 1.0, ..Default::default() };
        assert_eq!(cross_entropy_with(x, labels, &even).item().unwrap(), f64::INFINITY);
        assert!(
            error(Tensor::from([[0.0, 1.0]]), Tensor::from([[-0.5, 1.5]]), &even)
                .contains("element 0 of the target is -0.5, but must be at least 0")
        );
    }

    #[test]
    fn large_logits_keep_what_tells_them_apart() {
        let tape = Tape::new();
        for (dtype, size) in [(DType::F64, 1e308), (DType::F32, 1e8), (DType::F32, -3e38)] {
            let x = tape.watch(Tensor::full([1, 2], size, dtype));
            let q = tape.constant(Tensor::from([[1.0, 0.0]]).cast(dtype));
            let labels = tape.constant([0i64]);
            let smooth = CrossEntropyOptions { label_smoothing: 0.1, ..Default::default() };
            for (loss, slope) in [
                (cross_entropy(x, labels), 0.5),
                (cross_entropy(x, q), 0.5),
                (cross_entropy_with(x, labels, &smooth), 0.45),
                (cross_entropy_with(x, q, &smooth), 0.45),
            ] {
                assert!((loss.item().unwrap() - 2f64.ln()).abs() < 1e-7);
                let [dx] = gradient(loss, [x]);
                let [second] = gradient(dx.slice(1, 0..1).sum(()), [x]);
                let dx = dx.value().unwrap().to_f64_vec();
                let second = second.value().unwrap().to_f64_vec();
                let near = |x: f64, y: f64| (x - y).abs() < 1e-6;
                assert!(near(dx[0], -slope) && near(dx[1], slope), "{dx:?}");
                assert!(near(second[0], 0.25) && near(second[1], -0.25), "{second:?}");
            }
            let p = x.softmax(-1).value().unwrap().to_f64_vec();
            assert!(p.iter().all(|p| (p - 0.5).abs() < 1e-7), "{p:?}");
            let [dx] = gradient(x.logsumexp(()), [x]);
            assert!(dx.value().unwrap().to_f64_vec().iter().all(|p| (p - 0.5).abs() < 1e-7));
        }
        // A share of 0.1 / 3 of what each of the others is below the first.
        let apart = tape.watch([[3e38f32, 0.0, 0.0]]);
        let smooth = CrossEntropyOptions { label_smoothing: 0.1, ..Default::default() };
        let loss = cross_entropy_with(apart, tape.constant([0i64]), &smooth).item().unwrap();
        assert!((loss / 2e37 - 1.0).abs() < 1e-6, "{loss}");
    }

    #[test]
    fn few_nodes_are_recorded() {
        let tape = Tape::new();
        let (x, y) = (tape.watch([[0.0f32, 1.0]]), tape.constant([1i64]));
        let before = tape.len();
        cross_entropy(x, y);
        assert!(tape.len() - before <= 16, "{}", tape.len() - before);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let none = CrossEntropyOptions::default();
        let logits = || Tensor::zeros([4, 3], DType::F32);
        for (labels, row, label) in [([0i64, 1, 3, 0], 2, "3"), ([0, -1, 9, 0], 1, "-1")] {
            let text = error(logits(), Tensor::from(labels), &none);
            let words = format!("row {row} has label {label}, but there are 3 classes");
            assert!(text.contains(&words) && text.contains("from 0 to 2"), "{text}");
            assert!(text.contains("classes.rs"), "{text}");
        }
        let text = error(logits(), Tensor::from([0i64, 1, 2]), &none);
        assert!(text.contains("need labels i64[4], not i64[3]"), "{text}");
        let text = error(logits(), Tensor::zeros([4, 1], DType::I64), &none);
        assert!(text.contains("not i64[4, 1]"), "{text}");
        for (shape, dtype) in [(&[4, 2][..], DType::F32), (&[4], DType::F32), (&[4], DType::F64)] {
            let text = error(logits(), Tensor::zeros(shape, dtype), &none);
            assert!(text.contains("give labels i64[4] or probabilities f32[4, 3]"), "{text}");
        }
        assert!(error(logits(), Tensor::zeros([4, 3], DType::F64), &none).contains("cast()"));
        assert!(error(Tensor::scalar(1.0f32), Tensor::scalar(1i64), &none).contains("f32[]"));
        let weight =
            CrossEntropyOptions { weight: Some(Tensor::from([1.0])), ..Default::default() };
        let text = error(logits(), Tensor::from([0i64, 1, 2, 0]), &weight);
        assert!(text.contains("shape [1], but there are 3 classes"), "{text}");
        for wrong in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY] {
            let weight = Some(Tensor::from([1.0, 2.0, wrong]));
            let weight = CrossEntropyOptions { weight, ..Default::default() };
            let text = error(logits(), Tensor::from([0i64, 1, 2, 0]), &weight);
            let told = format!("element 2 of the weight is {wrong}, but must be a finite number");
            assert!(text.contains(&told) && text.contains("hint: "), "{text}");
        }
        let smooth = CrossEntropyOptions { label_smoothing: 1.5, ..Default::default() };
        assert!(error(logits(), Tensor::from([0i64, 1, 2, 0]), &smooth).contains("1.5"));
    }
}
