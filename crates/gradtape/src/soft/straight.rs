//! Hard values with the gradients of soft functions.

use super::{refused, refused_along};
use crate::tape::{Var, mixed_tapes};
use crate::tensor::{Error, Kind};

/// The value of one function with the gradient of another (Bengio, Léonard and Courville 2013): exactly
/// `hard`, while the cotangent goes to `soft`, which has the same shape and type.
///
/// The gradient is an estimate, not the derivative of what is computed: that one is 0 or does not exist. Use it
/// where the value must be whole, as a choice or a number of few bits.
///
/// ```
/// use gradtape::soft::straight_through;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([0.2, 1.7]);
/// let y = straight_through(x.greater(1.0).cast(x.dtype()), x.sigmoid());
/// let [dx] = gradient(y.sum(()), [x]);
/// let [want] = gradient(x.sigmoid().sum(()), [x]);
/// assert_eq!(y.value()?.to_f64_vec(), [0.0, 1.0]);
/// assert!(dx.value()?.equals(&want.value()?));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "ste")]
#[track_caller]
pub fn straight_through<'t>(hard: Var<'t>, soft: Var<'t>) -> Var<'t> {
    let name = "straight_through";
    if hard.tape().id() != soft.tape().id() {
        return soft.failed(mixed_tapes(name), &[]);
    }
    if let Some(&failed) = [hard, soft].iter().find(|var| var.id().is_failed()) {
        return failed;
    }
    if hard.meta() != soft.meta() {
        let message =
            format!("{name}: the value is {}, but the gradient's is {}", hard.meta(), soft.meta());
        let error =
            Error::new(Kind::Shape, message).hint("both need the same shape and element type");
        return soft.failed(error, &[hard, soft]);
    }
    hard.tape().custom_gradient(&[soft], hard, |_, _, g| vec![g])
}

/// [`Var::sign`] with the gradient of the identity, as in binarised networks (Courbariaux et al. 2016). There
/// it is 0 beyond ±1, which `straight_through_sign(x.clamp(-1.0, 1.0))` gives.
///
/// ```
/// use gradtape::soft::straight_through_sign;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([-0.3, 2.0]);
/// let y = straight_through_sign(x.clamp(-1.0, 1.0));
/// let [dx] = gradient((y * 3.0).sum(()), [x]);
/// assert_eq!(y.value()?.to_f64_vec(), [-1.0, 1.0]);
/// assert_eq!(dx.value()?.to_f64_vec(), [3.0, 0.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn straight_through_sign(x: Var<'_>) -> Var<'_> {
    match refused("straight_through_sign", x, ("", 1.0)) {
        Some(failed) => failed,
        None => straight_through(x.sign(), x),
    }
}

/// [`Var::round`] with the gradient of the identity: what training with quantised numbers rounds with.
///
/// ```
/// use gradtape::soft::straight_through_round;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([0.2, 1.7]);
/// let y = straight_through_round(x);
/// let [dx] = gradient(y.square().sum(()), [x]);
/// assert_eq!(y.value()?.to_f64_vec(), [0.0, 2.0]);
/// assert_eq!(dx.value()?.to_f64_vec(), [0.0, 4.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn straight_through_round(x: Var<'_>) -> Var<'_> {
    match refused("straight_through_round", x, ("", 1.0)) {
        Some(failed) => failed,
        None => straight_through(x.round(), x),
    }
}

/// The one-hot row of the greatest element along an axis, the first of several, with the gradient of the
/// softmax of `x / temperature`. [`gumbel_softmax`](super::gumbel_softmax) is the random one.
///
/// ```
/// use gradtape::soft::{straight_through_argmax, tempered_softmax};
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([1.0, 3.0, 2.0]);
/// let y = straight_through_argmax(x, 0, 1.0);
/// let [dx] = gradient(y.index(0, 2), [x]);
/// let [want] = gradient(tempered_softmax(x, 0, 1.0).index(0, 2), [x]);
/// assert_eq!(y.value()?.to_f64_vec(), [0.0, 1.0, 0.0]);
/// assert!(dx.value()?.equals(&want.value()?));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn straight_through_argmax(x: Var<'_>, axis: isize, temperature: f64) -> Var<'_> {
    let name = "straight_through_argmax";
    match refused_along(name, x, axis, ("temperature", temperature)) {
        Some(failed) => failed,
        None => straight_through(chosen(x, axis), tempered(x, axis, temperature).cast(x.dtype())),
    }
}

/// The one-hot rows of the greatest elements along an axis.
#[track_caller]
pub(super) fn chosen(x: Var<'_>, axis: isize) -> Var<'_> {
    let shape = x.shape();
    let size = shape.axis(axis).map_or(0, |axis| shape[axis]);
    match size {
        // There is nothing to choose, and nothing that could be 1.
        0 => x,
        _ => x.argmax(axis).one_hot(size, x.dtype()).move_axis(-1, axis),
    }
}

/// The softmax of scores over a temperature, in the type that is computed in, where there is such an axis.
#[track_caller]
pub(super) fn tempered(x: Var<'_>, axis: isize, temperature: f64) -> Var<'_> {
    let (wide, shape) = (x.cast(x.dtype().computed()), x.shape());
    // There is no greatest of none.
    if shape.axis(axis).is_ok_and(|axis| shape[axis] == 0) {
        return wide;
    }
    // Taken off before, so that a quotient never is infinite; the softmax does not change by it.
    let most = wide.stop_gradient().max_keepdims(axis);
    ((wide - most) / temperature).softmax(axis)
}
