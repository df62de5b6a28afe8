//! Functions of one example, applied to all of a batch at once.

use std::panic::Location;

use crate::op::Broken;
use crate::tape::{Batching, Var, mixed_tapes};
use crate::tensor::{Dims, Error, Kind};

/// A function of one example applied to each of a batch: the examples lie along the first axis of every one of
/// `xs`, the results along a new first axis of every result.
///
/// `f` is called once and records what one example needs, on values that have no numbers; each operation's
/// batching rule then records what computes all examples together. So the recording does not grow with the
/// batch, and nothing is computed one by one. `f` takes and gives a value, or an array, a vector or a tuple of
/// them ([`Vars`]). What it uses beside its arguments, such as the weights of a network, is the same for all
/// examples; a result that depends on no argument is repeated. `vmap` may stand in `vmap`, gradients may be
/// taken inside and of the result.
///
/// Gradients of each example's loss, where [`gradient`](crate::gradient) of the mean gives only their mean:
///
/// ```
/// use gradtape::{Tape, Tensor, gradient, vmap};
/// let tape = Tape::new();
/// let w = tape.watch([1.0, 2.0]);
/// let x = tape.constant([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
/// let y = tape.constant([0.0, 1.0, 2.0]);
/// let [slopes] = vmap((x, y), |(x, y)| gradient((x.matmul(w) - y).square(), [w]));
/// assert_eq!(slopes.shape().to_vec(), [3, 2]);
/// assert_eq!(slopes.value()?.to_f64_vec(), [2.0, 0.0, 0.0, 2.0, 2.0, 2.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// To the gradient of one of `f`'s arguments leads the argument that it is given, not the batch outside:
///
/// ```
/// use gradtape::{Tape, gradient, vmap};
/// let tape = Tape::new();
/// let x = tape.watch([1.0, 2.0, 3.0]);
/// let cubes = vmap(x, |x| x * x * x);
/// let [second] = vmap(x, |x| {
///     let [first] = gradient(x * x * x, [x]);
///     gradient(first, [x])
/// });
/// assert_eq!(cubes.value()?.to_f64_vec(), [1.0, 8.0, 27.0]);
/// assert_eq!(second.value()?.to_f64_vec(), [6.0, 12.0, 18.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// Random numbers that `f` draws are the same for every example. For others draw them outside, with an axis
/// for the examples, and give them as an argument. A gradient rule of your own
/// ([`Tape::custom_gradient`](crate::Tape::custom_gradient)) is asked about one example too.
///
/// Errors wait for the first read, as always: sizes of first axes that differ, a scalar among `xs`, a result
/// from another tape, and an update to a value that differs from example to example
/// ([`Tape::update`](crate::Tape::update), as of batch normalisation in training). To read a number inside `f`
/// is an error: there is none yet, so a branch on it is a [`select`](Var::select).
#[doc(alias("vectorize", "batch", "map", "per_example_gradients", "per_sample_gradients"))]
#[track_caller]
pub fn vmap<'t, X: Vars<'t>, Y: Vars<'t>>(mut xs: X, f: impl FnOnce(X) -> Y) -> Y {
    let axes = vec![Some(0); xs.vars().len()];
    vmap_axes(xs, &axes, f)
}

/// As [`vmap`], with the axis of each of `xs` along which the examples lie; a negative one counts from the end.
/// What has `None` is the same for all examples. There is one for each value, in the order of [`Vars`].
///
/// ```
/// use gradtape::{Tape, vmap_axes};
/// let tape = Tape::new();
/// let (x, w) = (tape.watch([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), tape.watch([10.0, 1.0]));
/// // The columns are the examples.
/// let sums = vmap_axes((x, w), &[Some(1), None], |(x, w)| (x * w).sum(()));
/// assert_eq!(sums.value()?.to_f64_vec(), [14.0, 25.0, 36.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "in_axes")]
#[track_caller]
pub fn vmap_axes<'t, X: Vars<'t>, Y: Vars<'t>>(
    mut xs: X,
    axes: &[Option<isize>],
    f: impl FnOnce(X) -> Y,
) -> Y {
    let given: Vec<Var<'t>> = xs.vars().iter().map(|x| **x).collect();
    let Some(&first) = given.first() else {
        let mut ys = f(xs);
        for y in ys.vars() {
            *y = y.failed(no_examples(), &[]);
        }
        return ys;
    };
    let (count, wrong) = match count(&given, axes, Location::caller()) {
        Ok(count) => (count, None),
        Err(failed) => (0, Some(failed)),
    };
    let mut batching = Batching::new(first.tape(), count);
    for (x, &axis) in xs.vars().into_iter().zip(axes) {
        // Where something is wrong, `f` is called nevertheless, on shapes that it may expect.
        if let Some(axis) = axis.and_then(|axis| x.shape().axis(axis).ok())
            && x.tape().id() == first.tape().id()
        {
            *x = batching.example(to_front(*x, axis));
        }
    }
    let mut ys = f(xs);
    let one: Vec<Var<'t>> = ys.vars().iter().map(|y| **y).collect();
    for (y, all) in ys.vars().into_iter().zip(batching.finish(&one)) {
        *y = wrong.unwrap_or(all);
    }
    ys
}

/// Values of a tape: one [`Var`], or an array, a vector or a tuple of such; what [`vmap`] takes and gives.
pub trait Vars<'t> {
    /// All of them, in order.
    fn vars(&mut self) -> Vec<&mut Var<'t>>;
}

impl<'t> Vars<'t> for Var<'t> {
    fn vars(&mut self) -> Vec<&mut Var<'t>> {
        vec![self]
    }
}

impl<'t, V: Vars<'t>, const N: usize> Vars<'t> for [V; N] {
    fn vars(&mut self) -> Vec<&mut Var<'t>> {
        self.iter_mut().flat_map(V::vars).collect()
    }
}

impl<'t, V: Vars<'t>> Vars<'t> for Vec<V> {
    fn vars(&mut self) -> Vec<&mut Var<'t>> {
        self.iter_mut().flat_map(V::vars).collect()
    }
}

impl<'t, A: Vars<'t>, B: Vars<'t>> Vars<'t> for (A, B) {
    fn vars(&mut self) -> Vec<&mut Var<'t>> {
        let mut all = self.0.vars();
        all.extend(self.1.vars());
        all
    }
}

impl<'t, A: Vars<'t>, B: Vars<'t>, C: Vars<'t>> Vars<'t> for (A, B, C) {
    fn vars(&mut self) -> Vec<&mut Var<'t>> {
        let mut all = self.0.vars();
        all.extend(self.1.vars());
        all.extend(self.2.vars());
        all
    }
}

/// The number of examples of inputs, or the error of these.
fn count<'t>(
    xs: &[Var<'t>],
    axes: &[Option<isize>],
    at: &'static Location<'static>,
) -> Result<usize, Var<'t>> {
    if let Some(&failed) = xs.iter().find(|x| x.id().is_failed()) {
        return Err(failed);
    }
    if let Some(x) = xs.iter().find(|x| x.tape().id() != xs[0].tape().id()) {
        return Err(x.failed(mixed_tapes("vmap").at(at), &[]));
    }
    if axes.len() != xs.len() {
        let rule = format!("{} axes were given for {} values", axes.len(), xs.len());
        let error = wrong(rule).hint("give one for each: Some(axis), or None for what all share");
        return Err(xs[0].failed(error.at(at), xs));
    }
    let mut known: Option<(usize, usize, usize)> = None;
    for (i, (x, axis)) in xs.iter().zip(axes).enumerate() {
        let Some(axis) = *axis else { continue };
        let meta = x.meta();
        let axis = match meta.shape.axis(axis) {
            Ok(axis) => axis,
            Err(error) => {
                let broken = Broken::from(error).of(&format!("vmap of value {i}, {meta}"));
                return Err(x.failed(broken.at(at), &[*x]));
            }
        };
        let size = meta.shape[axis];
        match known {
            Some((j, first, want)) if want != size => {
                let rule = format!(
                    "value {j} has {want} examples along axis {first} of {}, value {i} has {size} along axis \
                     {axis} of {}",
                    xs[j].shape(),
                    meta.shape
                );
                let hint =
                    "what all examples share needs no place among the arguments: use it inside";
                return Err(x.failed(wrong(rule).hint(hint).at(at), &[xs[j], *x]));
            }
            _ => known = known.or(Some((i, axis, size))),
        }
    }
    match known {
        Some((.., count)) => Ok(count),
        None => Err(xs[0].failed(no_examples().at(at), &[])),
    }
}

fn wrong(rule: impl std::fmt::Display) -> Error {
    Error::new(Kind::Shape, format!("vmap: {rule}"))
}

fn no_examples() -> Error {
    wrong("no value has an axis of examples").hint("give at least one with Some(axis)")
}

/// With an axis as the first.
#[track_caller]
fn to_front<'t>(x: Var<'t>, axis: usize) -> Var<'t> {
    let mut order: Dims = (0..x.shape().rank()).collect();
    if axis == 0 {
        return x;
    }
    order.remove(axis);
    order.insert(0, axis);
    x.transpose(&order)
}
