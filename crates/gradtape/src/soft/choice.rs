//! Soft choices: of a class, of a place, of a side.

use super::straight::{chosen, tempered};
use super::{refused, refused_along, straight_through};
use crate::tape::{Generator, Var};
use crate::tensor::{DType, Error, Kind};

/// The softmax of scores divided by a temperature, `e^(x / t) / Σ e^(x / t)` along an axis (Hinton, Vinyals
/// and Dean 2015). The temperature is a finite number above 0.
///
/// The hard function is the one-hot row of the greatest score. It has no gradient to learn from: a step that leaves
/// the greatest in its place changes nothing. Towards a temperature of 0 this becomes it; at high temperatures all
/// classes have the same share.
///
/// ```
/// use gradtape::soft::tempered_softmax;
/// use gradtape::{DType, Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([1.0, 3.0, 2.0]);
/// let hard = x.argmax(0).one_hot(3, DType::F64);
/// let [none] = gradient(hard.index(0, 1), [x]);
/// assert!(none.value().unwrap_err().to_string().contains("has no gradient"));
///
/// let soft = tempered_softmax(x, 0, 0.5);
/// let [slope] = gradient(soft.index(0, 1), [x]);
/// assert!((soft.value()?.get(&[1])? - 0.867).abs() < 1e-3);
/// assert!(slope.value()?.get(&[1])? > 0.2 && slope.value()?.get(&[0])? < 0.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn tempered_softmax(x: Var<'_>, axis: isize, temperature: f64) -> Var<'_> {
    match refused_along("tempered_softmax", x, axis, ("temperature", temperature)) {
        Some(failed) => failed,
        None => tempered(x, axis, temperature).cast(x.dtype()),
    }
}

/// The mean place along an axis, each weighed by its share in the [`tempered_softmax`]: `Σ i softmax(x / t)[i]`
/// with `i` from 0. The axis is dropped.
///
/// The hard function is [`Var::argmax`], a whole number, which jumps or stays. This moves between the places,
/// and is the place of the greatest towards a temperature of 0. Where two far places have great scores it is
/// in between, where neither is.
///
/// ```
/// use gradtape::soft::soft_argmax;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([1.0, 3.0, 2.0]);
/// assert_eq!(x.argmax(0).item()?, 1.0);
/// let place = soft_argmax(x, 0, 1.0);
/// let [dx] = gradient(place, [x]);
/// assert!((place.item()? - 1.1547).abs() < 1e-4);
/// // More of the last score moves the place up.
/// assert!(dx.value()?.get(&[2])? > 0.2);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn soft_argmax(x: Var<'_>, axis: isize, temperature: f64) -> Var<'_> {
    if let Some(failed) = refused_along("soft_argmax", x, axis, ("temperature", temperature)) {
        return failed;
    }
    // Places beyond 2048 are no numbers of f16.
    let wide = x.cast(x.dtype().computed());
    let shape = x.shape();
    let along = shape.axis(axis).unwrap_or_default();
    let places = x.tape().iota(&shape, along, wide.dtype());
    (tempered(wide, axis, temperature) * places).sum(axis).cast(x.dtype())
}

/// `tanh(x / t)`, between -1 and 1, for a temperature `t`, a finite number above 0.
///
/// The hard function is [`Var::sign`], whose gradient is 0. (Another soft sign, without a temperature and with
/// heavier tails, is the activation [`Var::softsign`].)
///
/// ```
/// use gradtape::soft::smooth_sign;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([-2.0, 0.0, 0.5]);
/// let [none] = gradient(x.sign().sum(()), [x]);
/// assert_eq!(none.value()?.to_f64_vec(), [0.0, 0.0, 0.0]);
/// let y = smooth_sign(x, 0.1);
/// let [dx] = gradient(y.sum(()), [x]);
/// assert!(y.value()?.all_close(&[-1.0, 0.0, 1.0].into(), 0.0, 1e-3));
/// assert_eq!(dx.value()?.get(&[1])?, 10.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn smooth_sign(x: Var<'_>, temperature: f64) -> Var<'_> {
    match refused("smooth_sign", x, ("temperature", temperature)) {
        Some(failed) => failed,
        None => (x / temperature).tanh(),
    }
}

/// Settings of [`gumbel_softmax`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GumbelOptions {
    /// The temperature, a finite number above 0; 1 by default.
    pub temperature: f64,
    /// Whether the value is the one-hot row of the class that is chosen, with the gradient of the soft
    /// choice.
    pub hard: bool,
    /// The axis of the classes; the last by default.
    pub axis: isize,
}

impl Default for GumbelOptions {
    fn default() -> GumbelOptions {
        GumbelOptions { temperature: 1.0, hard: false, axis: -1 }
    }
}

/// A random choice of a class that has a gradient: the softmax of `(x + noise) / temperature`, where the noise
/// has the standard Gumbel distribution (Jang, Gu and Poole 2017; Maddison, Mnih and Teh 2017). PyTorch's
/// function of this name.
///
/// The hard function is [`Var::categorical`]: the place of the greatest of `x + noise`, which is class `k` with
/// probability `softmax(x)[k]` and has no gradient. Towards a temperature of 0 the softmax becomes its one-hot
/// row; with [`GumbelOptions::hard`] the value is that row, and the gradient the softmax's.
///
/// The draw is counted by the [`Generator`], so that the same seed gives the same choices.
///
/// ```
/// use gradtape::soft::{GumbelOptions, gumbel_softmax};
/// use gradtape::{Generator, Tape, gradient};
/// let tape = Tape::new();
/// let logits = tape.watch([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]]);
/// let options = GumbelOptions { temperature: 0.5, hard: true, ..Default::default() };
/// let choice = gumbel_softmax(logits, &Generator::new(1), options);
/// for row in choice.value()?.to_f64_vec().chunks(3) {
///     assert!(row.iter().filter(|&&x| x == 1.0).count() == 1 && row.iter().sum::<f64>() == 1.0);
/// }
/// let worth = tape.constant([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]);
/// let [slope] = gradient((choice * worth).sum(()), [logits]);
/// assert!(slope.value()?.to_f64_vec().iter().any(|&x| x != 0.0));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn gumbel_softmax<'t>(x: Var<'t>, generator: &Generator, options: GumbelOptions) -> Var<'t> {
    let GumbelOptions { temperature, hard, axis } = options;
    if let Some(failed) = refused_along("gumbel_softmax", x, axis, ("temperature", temperature)) {
        return failed;
    }
    let noise = x.tape().gumbel(generator, x.shape(), x.dtype());
    let soft = tempered(x + noise, axis, temperature).cast(x.dtype());
    match hard {
        true => straight_through(chosen(soft, axis), soft),
        false => soft,
    }
}

/// The mean share that the [`tempered_softmax`] of the scores `[…, c]` gives to the labels `[…]`, i64: between
/// 0 and 1, the more the better.
///
/// The hard function is the accuracy, the share of rows whose greatest score is the label's. It changes only
/// where two scores are equal, so that its gradient is 0. Towards a temperature of 0 this becomes it.
///
/// A label below 0 or not below `c` is an error when it is read.
///
/// ```
/// use gradtape::soft::smooth_accuracy;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let scores = tape.watch([[2.0, 1.0], [0.0, 3.0], [1.0, 0.5]]);
/// let labels = tape.constant([0i64, 1, 1]);
/// let accuracy = smooth_accuracy(scores, labels, 0.01);
/// assert!((accuracy.item()? - 2.0 / 3.0).abs() < 1e-6);
/// let [slope] = gradient(smooth_accuracy(scores, labels, 1.0), [scores]);
/// assert!(slope.value()?.get(&[2, 1])? > 0.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn smooth_accuracy<'t>(scores: Var<'t>, labels: Var<'t>, temperature: f64) -> Var<'t> {
    let name = "smooth_accuracy";
    if let Some(failed) = refused_along(name, scores, -1, ("temperature", temperature)) {
        return failed;
    }
    let (given, rows) = (labels.meta(), scores.shape());
    let fits = given.dtype == DType::I64 && given.shape[..] == rows[..rows.rank() - 1];
    if !labels.id().is_failed() && !fits {
        let message = format!("{name}: scores {} do not fit labels {given}", scores.meta());
        let error =
            Error::new(Kind::Shape, message).hint("give one label, i64, for each row of scores");
        return scores.failed(error, &[scores, labels]);
    }
    let share = labels.one_hot(rows[rows.rank() - 1], scores.dtype());
    (share * tempered(scores, -1, temperature).cast(scores.dtype())).sum(-1).mean(())
}
