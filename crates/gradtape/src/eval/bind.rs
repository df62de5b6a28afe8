//! Giving a run its inputs, with parameters locked while it lasts.

use std::sync::{RwLockReadGuard, RwLockWriteGuard};

use smallvec::SmallVec;

use crate::engine::Slot;
use crate::op::Bits;
use crate::tape::Parameter;
use crate::tensor::{Result, Tensor};

/// Where one input of a run comes from.
pub(crate) enum Number<'a> {
    /// A tensor.
    Tensor(&'a Tensor),
    /// A parameter; `written` if the run updates it.
    Parameter { parameter: &'a Parameter, written: bool },
    /// A scalar.
    Scalar(Bits),
}

enum Held<'a> {
    Tensor(&'a Tensor),
    Contiguous(Tensor),
    Unlocked(&'a Parameter, bool),
    Read(RwLockReadGuard<'a, Tensor>),
    Write(RwLockWriteGuard<'a, Tensor>),
    Scalar(Bits),
}

/// Calls `run` with the inputs as an engine takes them. Parameters are locked until it returns, in the
/// order of their identities, so that threads which share some never wait for each other in a circle.
pub(crate) fn with_slots<'a>(
    numbers: impl Iterator<Item = Number<'a>>,
    run: impl FnOnce(&mut [Slot<'_>]) -> Result<()>,
) -> Result<()> {
    let mut held: SmallVec<[Held<'a>; 64]> = numbers
        .map(|number| match number {
            Number::Tensor(tensor) if tensor.is_contiguous() => Held::Tensor(tensor),
            Number::Tensor(tensor) => Held::Contiguous(tensor.contiguous()),
            Number::Parameter { parameter, written } => Held::Unlocked(parameter, written),
            Number::Scalar(value) => Held::Scalar(value),
        })
        .collect();
    lock(&mut held);
    let mut slots: SmallVec<[Slot<'_>; 64]> = held
        .iter_mut()
        .map(|held| match held {
            Held::Tensor(tensor) => Slot::Read(tensor),
            Held::Contiguous(tensor) => Slot::Read(tensor),
            Held::Read(guard) => Slot::Read(guard),
            Held::Write(guard) => Slot::Write(guard),
            Held::Unlocked(..) => Slot::Scalar(Bits::new(f64::NAN)),
            Held::Scalar(value) => Slot::Scalar(*value),
        })
        .collect();
    run(&mut slots)
}

fn lock(held: &mut [Held<'_>]) {
    let mut order: SmallVec<[(u64, usize); 64]> = held
        .iter()
        .enumerate()
        .filter_map(|(place, held)| match held {
            Held::Unlocked(parameter, _) => Some((parameter.id(), place)),
            _ => None,
        })
        .collect();
    order.sort_unstable();
    for (_, place) in order {
        let Held::Unlocked(parameter, written) = held[place] else { continue };
        held[place] = match written {
            false => Held::Read(parameter.read()),
            true => {
                let mut guard = parameter.write();
                guard.make_writable();
                Held::Write(guard)
            }
        };
    }
}
