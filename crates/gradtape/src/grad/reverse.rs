//! The reverse walk: from a result back to what it was computed from, in topological order.

use std::cell::Cell;
use std::panic::Location;

use smallvec::SmallVec;

use super::discrete::only_discrete;
use crate::op::{Cotangent, NodeId, Term};
use crate::tape::{Question, Tape, Var};
use crate::tensor::{Error, Kind};

/// The gradients of a scalar with respect to several values, each of its value's shape.
///
/// Backpropagation (Rumelhart, Hinton and Williams 1986): cotangents are carried from `y` back
/// along the recording, each multiplied by the local derivative and added up where paths meet. The
/// walk is itself recorded, so that gradients can be differentiated. Only what the asked values
/// need is recorded.
///
/// A value that `y` does not depend on has gradient zero, and so has one that only decides what `y` is
/// taken from: the mask of a `select`, an index. Errors wait for the first read, as always: `y` not a
/// scalar, a value recorded as a constant, a gradient that was stopped, and a value that `y` depends on
/// through integers or truth values alone, as `x.argmax(0).cast(DType::F64)` does. ([`connected_gradients`]
/// tells such values apart without an error; [`Tape::custom_gradient`] gives them a gradient.)
///
/// ```
/// use gradtape::{Tape, Tensor, gradient};
/// let tape = Tape::new();
/// let x = tape.watch(Tensor::scalar(3.0f64));
/// let [first] = gradient(x * x * x, [x]);
/// let [second] = gradient(first, [x]);
/// assert_eq!((first.item()?, second.item()?), (27.0, 18.0));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias("backward", "grad", "autograd"))]
#[track_caller]
pub fn gradient<'t, const N: usize>(y: Var<'t>, xs: [Var<'t>; N]) -> [Var<'t>; N] {
    let mut out = xs;
    reverse(&[y], None, &xs, |i, var| out[i] = var);
    out
}

/// As [`gradient`], for a list whose length is known only at run time.
#[track_caller]
pub fn gradients<'t>(y: Var<'t>, xs: &[Var<'t>]) -> Vec<Var<'t>> {
    let mut out = xs.to_vec();
    reverse(&[y], None, xs, |i, var| out[i] = var);
    out
}

/// The vector-Jacobian product: the gradients of `Σ sum(ys[i] * cotangents[i])`.
///
/// One cotangent for each output, of its shape and element type; any other number is an error.
///
/// ```
/// use gradtape::{Tape, Tensor, vjp};
/// let tape = Tape::new();
/// let x = tape.watch(Tensor::from([1.0, 2.0]));
/// let g = tape.constant(Tensor::from([10.0, 1.0]));
/// assert_eq!(vjp(&[x * x], &[g], &[x])[0].value()?.to_f64_vec(), [20.0, 4.0]);
/// assert!(vjp(&[x * x], &[g, g], &[x])[0].value().is_err());
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn vjp<'t>(ys: &[Var<'t>], cotangents: &[Var<'t>], xs: &[Var<'t>]) -> Vec<Var<'t>> {
    let mut out = xs.to_vec();
    reverse(ys, Some(cotangents), xs, |i, var| out[i] = var);
    out
}

/// As [`gradients`], telling apart what the output does not depend on: `answer` is called with the
/// place of each value and its gradient, or `None` where no path leads from the value to `y`, or none that
/// a gradient could take.
#[track_caller]
pub fn connected_gradients<'t>(
    y: Var<'t>,
    xs: &[Var<'t>],
    answer: impl FnMut(usize, Option<Var<'t>>),
) {
    walk(&[y], None, xs, true, answer);
}

/// What the walk knows of a node.
#[derive(Clone, Copy, Default)]
struct Mark {
    /// Whether it depends on a value whose gradient is asked for.
    needed: bool,
    /// The sum of the cotangents that have arrived.
    cotangent: Option<NodeId>,
}

#[track_caller]
fn reverse<'t>(
    ys: &[Var<'t>],
    cotangents: Option<&[Var<'t>]>,
    xs: &[Var<'t>],
    mut answer: impl FnMut(usize, Var<'t>),
) {
    walk(ys, cotangents, xs, false, |i, gradient| {
        let zero = || xs[i].literal(0.0).broadcast_to(xs[i].shape());
        answer(i, gradient.unwrap_or_else(zero));
    });
}

#[track_caller]
fn walk<'t>(
    ys: &[Var<'t>],
    cotangents: Option<&[Var<'t>]>,
    xs: &[Var<'t>],
    connected: bool,
    mut answer: impl FnMut(usize, Option<Var<'t>>),
) {
    let Some(&first) = ys.first().or(xs.first()) else { return };
    let (tape, at) = (first.tape(), Location::caller());
    let all = || ys.iter().chain(cotangents.into_iter().flatten()).chain(xs);
    let asked = || all().map(|var| var.id());
    let cotangents_given = cotangents.map(<[Var<'t>]>::len);
    let question = Question { outputs: ys.len(), cotangents: cotangents_given, connected, at };
    let repeatable = !tape.is_watching() && all().all(|var| var.tape().id() == tape.id());
    if repeatable {
        let known = tape.recording().borrow_mut().repeat_walk(question, asked());
        if let Some(known) = known {
            for i in 0..xs.len() {
                let id = tape.recording().borrow().walks[known].answer(i);
                answer(i, id.map(|id| tape.var(id)));
            }
            return;
        }
    }
    let nodes = tape.len();
    if let Err(failed) = check(tape, ys, cotangents, xs) {
        xs.iter().enumerate().for_each(|(i, _)| answer(i, Some(failed)));
        return;
    }
    let end = ys.iter().map(|y| y.id().index() + 1).max().unwrap_or(0);
    let start = xs.iter().map(|x| x.id().index()).min().unwrap_or(0).min(end);
    let mut marks = Marks::take(start, end);
    mark_needed(tape, &mut marks, xs);

    let walk = tape.derive();
    for (i, &y) in ys.iter().enumerate() {
        let seed = match cotangents {
            Some(cotangents) => cotangents[i],
            None => y.full_like(1.0),
        };
        arrive(tape, &mut marks, y.id(), seed.id(), at);
    }
    for index in (start..end).rev() {
        step(tape, &mut marks, NodeId::new(index));
    }
    drop(walk);
    let mut answers: SmallVec<[_; 16]> = xs.iter().map(|&x| collect(&marks, x, at)).collect();
    marks.give_back();
    if !connected && answers.iter().any(Option::is_none) {
        for (i, error) in only_discrete(tape, ys, xs) {
            answers[i] = answers[i].or_else(|| Some(xs[i].failed(error.at(at), &[xs[i]])));
        }
    }
    let ids = answers.iter().map(|var| var.map(Var::id));
    if repeatable {
        tape.recording().borrow_mut().keep_walk(question, asked(), nodes, ids);
    }
    answers.into_iter().enumerate().for_each(|(i, var)| answer(i, var));
}

/// Whether `y` was computed from `x` by operations on floating-point numbers.
pub(super) fn path_between(y: Var<'_>, x: Var<'_>) -> bool {
    let end = y.id().index() + 1;
    let mut marks = Marks::take(x.id().index().min(end), end);
    mark_needed(y.tape(), &mut marks, &[x]);
    let found = marks.get(y.id()).is_some_and(|mark| mark.needed);
    marks.give_back();
    found
}

/// The marks of the nodes from the first asked value to the last output.
struct Marks {
    start: usize,
    list: Vec<Mark>,
    /// Where a cotangent that should have arrived was stopped: at which node, why, and by which.
    stopped: Vec<(NodeId, &'static str, NodeId)>,
}

thread_local! {
    /// The memory of the last walk, for the next one. A walk inside a walk (a user's own gradient
    /// rule that differentiates) finds none and takes new memory.
    static SPARE: Cell<Vec<Mark>> = const { Cell::new(Vec::new()) };
}

impl Marks {
    fn take(start: usize, end: usize) -> Marks {
        let mut list = SPARE.take();
        list.clear();
        list.resize(end - start, Mark::default());
        Marks { start, list, stopped: Vec::new() }
    }

    fn give_back(self) {
        SPARE.set(self.list);
    }

    fn get(&self, id: NodeId) -> Option<&Mark> {
        self.list.get(id.index().checked_sub(self.start)?)
    }

    fn get_mut(&mut self, id: NodeId) -> Option<&mut Mark> {
        self.list.get_mut(id.index().checked_sub(self.start)?)
    }
}

fn mark_needed(tape: &Tape, marks: &mut Marks, xs: &[Var<'_>]) {
    for x in xs {
        if let Some(mark) = marks.get_mut(x.id()) {
            mark.needed = true;
        }
    }
    let recording = tape.recording().borrow();
    for index in 0..marks.list.len() {
        let node = recording.node(NodeId::new(marks.start + index));
        let inputs = node.inputs.iter();
        let on_path = node.meta.dtype.is_float()
            && inputs.copied().any(|id| marks.get(id).is_some_and(|mark| mark.needed));
        marks.list[index].needed |= on_path;
    }
}

/// Passes the cotangent of one node on to its inputs. What it records belongs to the node's layer.
fn step(tape: &Tape, marks: &mut Marks, id: NodeId) {
    let Some(&Mark { needed: true, cotangent: Some(g), .. }) = marks.get(id) else { return };
    let (op, inputs, at) = {
        let mut recording = tape.recording().borrow_mut();
        recording.enter_scope_of(id);
        let node = recording.node(id);
        (node.op.clone(), node.inputs.clone(), node.at)
    };
    let term = |id| Term::new(tape, id, at);
    let x: SmallVec<[Term<'_>; 4]> = inputs.iter().map(|&id| term(id)).collect();
    for (i, &input) in inputs.iter().enumerate() {
        if !marks.get(input).is_some_and(|mark| mark.needed) {
            continue;
        }
        match op.vjp(i, &x, term(id), term(g)) {
            Cotangent::Of(cotangent) => arrive(tape, marks, input, cotangent.id(), at),
            Cotangent::Zero(_) => {}
            Cotangent::Stopped(reason) => {
                marks.stopped.push((input, reason, id));
            }
        }
    }
}

/// Adds a cotangent to what has arrived at a node.
fn arrive(
    tape: &Tape,
    marks: &mut Marks,
    id: NodeId,
    cotangent: NodeId,
    at: &'static Location<'static>,
) {
    if let Some(mark) = marks.get_mut(id) {
        mark.cotangent = Some(match mark.cotangent {
            None => cotangent,
            Some(sum) => (Term::new(tape, sum, at) + Term::new(tape, cotangent, at)).id(),
        });
    }
}

fn collect<'t>(marks: &Marks, x: Var<'t>, at: &'static Location<'static>) -> Option<Var<'t>> {
    if let Some(id) = marks.get(x.id()).and_then(|mark| mark.cotangent) {
        return Some(x.tape().var(id));
    }
    let &(_, reason, id) = marks.stopped.iter().find(|(at, ..)| *at == x.id())?;
    let recording = x.tape().recording().borrow();
    let stop = recording.line(id).unwrap_or_else(|| recording.place(id).to_string());
    drop(recording);
    let error = Error::new(Kind::Gradient, format!("gradient: {reason}, at {stop}")).at(at);
    let hint = "differentiate with respect to something else, or remove the stop";
    Some(x.failed(error.hint(hint), &[x]))
}

/// What is asked must be possible: one tape, scalar outputs unless cotangents are given, float
/// values that were not recorded as constants.
#[track_caller]
fn check<'t>(
    tape: &'t Tape,
    ys: &[Var<'t>],
    cotangents: Option<&[Var<'t>]>,
    xs: &[Var<'t>],
) -> Result<(), Var<'t>> {
    let all = || ys.iter().chain(cotangents.into_iter().flatten()).chain(xs).copied();
    if let Some(failed) = all().find(|var| var.id().is_failed()) {
        return Err(failed);
    }
    if let Some(var) = all().find(|var| var.tape().id() != tape.id()) {
        return Err(var.failed(crate::tape::mixed_tapes("gradient"), &[]));
    }
    let at = Location::caller();
    let refuse = |var: Var<'t>, rule: String, hint: &str| {
        let error = Error::new(Kind::Gradient, format!("gradient: {rule}")).at(at).hint(hint);
        Err(var.failed(error, &[var]))
    };
    for (i, &y) in ys.iter().enumerate() {
        let meta = y.meta();
        if !meta.dtype.is_float() {
            return refuse(
                y,
                format!("the output is {meta}, which has no gradient"),
                "cast it before computing with it",
            );
        }
        match cotangents.map(|c| c.get(i)) {
            None if meta.shape.elements() != 1 => {
                let rule = format!("the output has shape {}, not one element", meta.shape);
                return refuse(
                    y,
                    rule,
                    "reduce it with sum(()) or mean(()), or give a cotangent with vjp()",
                );
            }
            Some(None) => {
                let rule = format!("output {i} of {} was given no cotangent", ys.len());
                return refuse(y, rule, "give one cotangent for each output");
            }
            Some(Some(cotangent)) if cotangent.meta() != meta => {
                let rule =
                    format!("the cotangent is {}, but the output is {meta}", cotangent.meta());
                return refuse(y, rule, "a cotangent has the shape and type of its output");
            }
            _ => {}
        }
    }
    if let Some(&surplus) = cotangents.and_then(|cotangents| cotangents.get(ys.len())) {
        let (given, outputs) = (cotangents.map_or(0, <[Var<'t>]>::len), ys.len());
        let rule = format!("{given} cotangents were given for {outputs} outputs");
        return refuse(surplus, rule, "give one cotangent for each output");
    }
    for &x in xs {
        let meta = x.meta();
        if !meta.dtype.is_float() {
            return refuse(
                x,
                format!("{meta} is not differentiable: only floating-point types are"),
                "cast it to a float first",
            );
        }
        let known_as = tape.recording().borrow().buffer(x.id());
        if let Some(buffer) = known_as {
            return refuse(
                x,
                format!("this {meta} is the {buffer}, which is not trained"),
                "make it a Parameter to train it, or record its value with tape.watch()",
            );
        }
        if tape.recording().borrow().node(x.id()).is_data {
            return refuse(
                x,
                format!("this {meta} was recorded as a constant"),
                "record it with tape.watch()",
            );
        }
    }
    Ok(())
}
