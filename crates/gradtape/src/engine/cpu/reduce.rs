//! Accumulating and finishing reductions.
//!
//! A reduction keeps one state for each of `width` columns: one number, and for log-sum-exp a second
//! one. Numbers arrive in rows of `width`, or as one long run that is dealt out to the columns in turn.

use super::isa::Isa;
use super::lane::{Real, Task, Wrap, dispatch};
use super::row::Fold;
use crate::op::Reduce;
use crate::op::scalar::Scalar;

/// Numbers of state for each column.
pub(crate) fn states(kind: Reduce) -> usize {
    match kind {
        Reduce::LogSumExp | Reduce::LogSumExpRest => 2,
        _ => 1,
    }
}

/// Sets the state of `width` columns to that of nothing.
pub(crate) fn start<T: Real>(kind: Reduce, state: &mut [T]) {
    let infinity = T::from_f64(f64::INFINITY);
    match kind {
        Reduce::Sum => state.fill(T::default()),
        Reduce::Max => state.fill(-infinity),
        Reduce::Min => state.fill(infinity),
        Reduce::LogSumExp | Reduce::LogSumExpRest => {
            let half = state.len() / 2;
            state[..half].fill(-infinity);
            state[half..].fill(T::default());
        }
    }
}

/// Adds numbers to the state: `x[i]` belongs to column `i % width`.
pub(crate) struct Accumulate<'a, T> {
    pub(crate) kind: Reduce,
    pub(crate) state: &'a mut [T],
    pub(crate) width: usize,
    pub(crate) x: &'a [T],
}

impl<T: Real> Task for Accumulate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Accumulate { kind, state, width, x } = self;
        match kind {
            Reduce::Sum => each_row(state, width, x, |sum, x| sum + x),
            Reduce::Max => each_row(state, width, x, greater),
            Reduce::Min => each_row(state, width, x, less),
            Reduce::LogSumExp | Reduce::LogSumExpRest => {
                let (most, sum) = state.split_at_mut(width);
                for row in x.chunks(width) {
                    for ((most, sum), &x) in most.iter_mut().zip(sum.iter_mut()).zip(row) {
                        let next = greater(*most, x);
                        let by = finite(next);
                        let lane = T::Lane::<FMA>::wrap;
                        // A maximum of -inf belongs to a sum of 0, which stays 0 times exp(-inf).
                        let kept = lane(*sum) * (lane(*most) - lane(by)).exp();
                        *sum = (kept + (lane(x) - lane(by)).exp()).unwrap();
                        *most = next;
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn each_row<T: Real>(state: &mut [T], width: usize, x: &[T], step: impl Fn(T, T) -> T) {
    for row in x.chunks(width) {
        for (state, &x) in state.iter_mut().zip(row) {
            *state = step(*state, x);
        }
    }
}

/// Adds the state `other` to `state`.
pub(crate) fn merge<T: Real>(kind: Reduce, state: &mut [T], other: &[T]) {
    match kind {
        Reduce::Sum => each_row(state, other.len(), other, |sum, x| sum + x),
        Reduce::Max => each_row(state, other.len(), other, greater),
        Reduce::Min => each_row(state, other.len(), other, less),
        Reduce::LogSumExp | Reduce::LogSumExpRest => {
            let width = state.len() / 2;
            for column in 0..width {
                let next = greater(state[column], other[column]);
                let by = finite(next);
                let scaled = |most: T, sum: T| sum * (most - by).exp();
                state[width + column] = scaled(state[column], state[width + column])
                    + scaled(other[column], other[width + column]);
                state[column] = next;
            }
        }
    }
}

/// Folds the columns of a state into one, pair by pair, and gives the result.
pub(crate) fn fold<T: Real>(kind: Reduce, state: &mut [T]) -> T {
    let states = states(kind);
    let mut width = state.len() / states;
    while width > 1 {
        let half = width.div_ceil(2);
        for column in 0..width - half {
            let mut pair = [T::default(); 2];
            let mut other = [T::default(); 2];
            for s in 0..states {
                pair[s] = state[s * state.len() / states + column];
                other[s] = state[s * state.len() / states + column + half];
            }
            merge(kind, &mut pair[..states], &other[..states]);
            for s in 0..states {
                state[s * state.len() / states + column] = pair[s];
            }
        }
        width = half;
    }
    let second = if states == 2 { state[state.len() / 2] } else { T::default() };
    result(kind, state[0], second)
}

/// The result of one column.
pub(crate) fn result<T: Real>(kind: Reduce, first: T, second: T) -> T {
    match kind {
        Reduce::LogSumExp => finite(first) + second.log(),
        Reduce::LogSumExpRest => second.log(),
        _ => first,
    }
}

/// Reduces each row of `width` numbers: what many short rows are done by. `spare` is as long as `x`.
pub(crate) fn short_rows<T: Real>(
    isa: Isa,
    kind: Reduce,
    x: &[T],
    width: usize,
    spare: &mut [T],
    out: &mut [T],
) {
    debug_assert!(width * out.len() <= x.len());
    let fold = T::fold_rows(isa);
    // SAFETY: an `Isa` is only chosen when the machine has it; `x` holds the rows.
    let fold = |by: Fold, x: &[T], out: &mut [T]| unsafe { fold(by, x.as_ptr(), width, out) };
    match kind {
        Reduce::Sum => fold(Fold::Sum, x, out),
        Reduce::Max => fold(Fold::Max, x, out),
        Reduce::Min => fold(Fold::Min, x, out),
        Reduce::LogSumExp | Reduce::LogSumExpRest => {
            fold(Fold::Max, x, out);
            dispatch(isa, Exponentials { x, most: out, width, to: spare });
            let mut sum = [T::default()];
            for (row, out) in spare.chunks(width).zip(out) {
                fold(Fold::Sum, row, &mut sum);
                let rest = sum[0].log();
                *out = if kind == Reduce::LogSumExp { finite(*out) + rest } else { rest };
            }
        }
    }
}

/// `exp(x - most)`, of which there is one for each row.
struct Exponentials<'a, T> {
    x: &'a [T],
    most: &'a [T],
    width: usize,
    to: &'a mut [T],
}

impl<T: Real> Task for Exponentials<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Exponentials { x, most, width, to } = self;
        for ((row, to), &most) in x.chunks(width).zip(to.chunks_mut(width)).zip(most) {
            let by = finite(most);
            for (to, &x) in to.iter_mut().zip(row) {
                *to = x - by;
            }
        }
        for to in to.iter_mut() {
            *to = T::Lane::<FMA>::wrap(*to).exp().unwrap();
        }
    }
}

/// The greater of two; NaN if either is.
#[inline(always)]
fn greater<T: PartialOrd>(most: T, x: T) -> T {
    #[allow(clippy::eq_op, reason = "a number that differs from itself is NaN")]
    if x > most || x != x { x } else { most }
}

/// The lesser of two; NaN if either is.
#[inline(always)]
fn less<T: PartialOrd>(least: T, x: T) -> T {
    #[allow(clippy::eq_op, reason = "a number that differs from itself is NaN")]
    if x < least || x != x { x } else { least }
}

/// What to shift by before exponentials: 0 for an infinite maximum, whose difference to itself is NaN.
#[inline(always)]
fn finite<T: Real>(most: T) -> T {
    if most.to_f64().is_infinite() { T::default() } else { most }
}
