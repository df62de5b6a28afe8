//! Derivatives made of reverse walks: tangents, Jacobians, Hessians, and whether there is any.

use std::panic::Location;

use super::reverse::{gradients, path_between, vjp};
use crate::tape::{Batching, Var, mixed_tapes};
use crate::tensor::{Dims, Error, Kind, Shape};

/// The Jacobian-vector product: how the outputs move when each `xs[i]` moves along `tangents[i]`.
///
/// One tangent for each value, of its shape and element type; any other number is an error. Recorded as
/// the derivative of a vector-Jacobian product in its cotangent, in which it is linear, so it costs two
/// reverse walks whatever the sizes are.
///
/// ```
/// use gradtape::{Tape, Tensor, jvp};
/// let tape = Tape::new();
/// let x = tape.watch(Tensor::from_slice(&[1.0f64, 2.0, 3.0], [3])?);
/// let t = tape.constant(Tensor::from_slice(&[1.0f64, 0.0, -1.0], [3])?);
/// let moved = jvp(&[x * x], &[x], &[t]);
/// assert_eq!(moved[0].value()?.to_vec::<f64>()?, [2.0, 0.0, -6.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn jvp<'t>(ys: &[Var<'t>], xs: &[Var<'t>], tangents: &[Var<'t>]) -> Vec<Var<'t>> {
    if let Some(failed) = check_tangents(xs, tangents) {
        return vec![failed; ys.len()];
    }
    if xs.is_empty() {
        return ys.iter().map(|y| y.full_like(0.0)).collect();
    }
    // The numbers of these cotangents do not matter: nothing of the result depends on them.
    let mut seeds = Vec::with_capacity(ys.len());
    for y in ys {
        // Negated, because a literal itself, as a constant, has no gradient.
        seeds.push((-y.literal(0.0)).broadcast_to(y.shape()));
    }
    let pulled = vjp(ys, &seeds, xs);
    vjp(&pulled, tangents, &seeds)
}

/// The Jacobian: all derivatives of the elements of `y` by the elements of `x`, of shape
/// `[y's axes…, x's axes…]`.
///
/// One reverse walk that carries a cotangent for each element of `y` at once, as [`vmap`](crate::vmap) would;
/// where `x` has less than half as many elements, two walks with a tangent for each of those. What is recorded
/// does not grow with the number of elements; what the walk computes on the way takes memory for all at once.
///
/// ```
/// use gradtape::{Tape, Tensor, jacobian};
/// let tape = Tape::new();
/// let x = tape.watch(Tensor::from_slice(&[2.0f64, 3.0], [2])?);
/// let y = tape.stack(&[x.prod(()), x.sum(())], 0);
/// assert_eq!(jacobian(y, x).value()?.to_vec::<f64>()?, [3.0, 2.0, 1.0, 1.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn jacobian<'t>(y: Var<'t>, x: Var<'t>) -> Var<'t> {
    for var in [y, x] {
        if var.check().is_err() {
            return var;
        }
    }
    let (rows, columns) = (y.shape().elements(), x.shape().elements());
    let shape: Dims = y.shape().iter().chain(x.shape().iter()).copied().collect();
    if rows == 0 || columns == 0 {
        return y.literal(0.0).broadcast_to(shape);
    }
    if rows <= columns.saturating_mul(2) {
        let mut batching = Batching::new(y.tape(), rows);
        let unit = batching.example(units(y, rows));
        let row = vjp(&[y], &[unit], &[x])[0];
        batching.finish(&[row])[0].reshape(shape)
    } else {
        let mut batching = Batching::new(x.tape(), columns);
        let unit = batching.example(units(x, columns));
        let column = jvp(&[y], &[x], &[unit])[0];
        batching.finish(&[column])[0].reshape([columns, rows]).t().reshape(shape)
    }
}

/// The Hessian: all second derivatives of a scalar by the elements of `x`, of shape
/// `[x's axes…, x's axes…]`. It is the Jacobian of the gradient, in one walk.
///
/// ```
/// use gradtape::{Tape, Tensor, hessian};
/// let tape = Tape::new();
/// let x = tape.watch(Tensor::from_slice(&[2.0f64, 3.0], [2])?);
/// let h = hessian((x * x * x).sum(()), x);
/// assert_eq!(h.value()?.to_vec::<f64>()?, [12.0, 0.0, 0.0, 18.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn hessian<'t>(y: Var<'t>, x: Var<'t>) -> Var<'t> {
    match gradients(y, &[x])[..] {
        [slope] => jacobian(slope, x),
        _ => y,
    }
}

/// Whether a gradient can flow from `y` to `x`: whether `y` was computed from `x` by operations on
/// floating-point numbers. Where not, the gradient is zero, or an error where `y` is made from `x` through
/// integers or truth values.
///
/// ```
/// use gradtape::{Tape, Tensor, depends_on};
/// let tape = Tape::new();
/// let x = tape.watch(Tensor::scalar(1.0f64));
/// let y = tape.watch(Tensor::scalar(2.0f64));
/// assert!(depends_on(x * x, x) && !depends_on(x * x, y));
/// ```
pub fn depends_on(y: Var<'_>, x: Var<'_>) -> bool {
    let usable = y.tape().id() == x.tape().id() && y.check().is_ok() && x.check().is_ok();
    usable && path_between(y, x)
}

/// For each of the `count` elements of `like`, along a new first axis, 1 there and 0 elsewhere.
#[track_caller]
fn units<'t>(like: Var<'t>, count: usize) -> Var<'t> {
    let mut shape = Dims::from_slice(&[count]);
    shape.extend_from_slice(&like.shape());
    let (row, column) = like.positions(&Shape::from([count, count]), [0, 1]);
    row.equal(column).cast(like.dtype()).reshape(shape)
}

#[track_caller]
fn check_tangents<'t>(xs: &[Var<'t>], tangents: &[Var<'t>]) -> Option<Var<'t>> {
    let at = Location::caller();
    let refuse = |x: Var<'t>, rule: String| {
        let error = Error::new(Kind::Gradient, format!("jvp: {rule}")).at(at);
        Some(x.failed(error.hint("a tangent has the shape and type of its value"), &[x]))
    };
    for (i, &x) in xs.iter().enumerate() {
        let Some(&tangent) = tangents.get(i) else {
            return refuse(x, format!("value {i} of {} was given no tangent", xs.len()));
        };
        if tangent.tape().id() != x.tape().id() {
            return Some(x.failed(mixed_tapes("jvp"), &[]));
        }
        if tangent.check().is_err() {
            return Some(tangent);
        }
        if x.check().is_ok() && tangent.meta() != x.meta() {
            let (have, want) = (tangent.meta(), x.meta());
            return refuse(x, format!("tangent {i} is {have}, but the value is {want}"));
        }
    }
    let surplus = tangents.get(xs.len())?;
    let rule = format!("{} tangents were given for {} values", tangents.len(), xs.len());
    refuse(*surplus, rule)
}
