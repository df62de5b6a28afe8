//! What one step of a recurrent layer computes.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::tape::Var;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::RnnCell {}
    impl Sealed for super::LstmCell {}
    impl Sealed for super::GruCell {}
}

/// What a layer says, and the state beside it, if it has one.
type State<'t> = (Var<'t>, Option<Var<'t>>);

/// What a [`Recurrent`](super::Recurrent) layer computes at each step: one of [`RnnCell`], [`LstmCell`] and [`GruCell`].
pub trait Cell:
    sealed::Sealed
    + Clone
    + Debug
    + Default
    + PartialEq
    + Send
    + Sync
    + Serialize
    + for<'de> Deserialize<'de>
    + 'static
{
    /// The name of the layer.
    const NAME: &'static str;
    /// How many gates there are, each of the width of the state.
    const GATES: usize;
    /// Whether there is a state beside what the layer says.
    const HAS_CELL: bool;

    /// Records the next state of what the input and the state add to the gates, `[n, gates hidden]`.
    #[doc(hidden)]
    fn step<'t>(&self, input: Var<'t>, own: Var<'t>, state: State<'t>) -> State<'t>;
}

/// What an [`Rnn`](super::Rnn) does to the sum of input and state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nonlinearity {
    /// The hyperbolic tangent.
    #[default]
    Tanh,
    /// The rectifier.
    Relu,
}

/// The step of an [`Rnn`](super::Rnn).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RnnCell {
    /// What it does to the sum of input and state (default: tanh).
    pub nonlinearity: Nonlinearity,
}

/// The step of an [`Lstm`](super::Lstm).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LstmCell;

/// The step of a [`Gru`](super::Gru).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GruCell;

impl Cell for RnnCell {
    const NAME: &'static str = "Rnn";
    const GATES: usize = 1;
    const HAS_CELL: bool = false;

    #[track_caller]
    fn step<'t>(&self, input: Var<'t>, own: Var<'t>, _: State<'t>) -> State<'t> {
        let sum = input + own;
        match self.nonlinearity {
            Nonlinearity::Tanh => (sum.tanh(), None),
            Nonlinearity::Relu => (sum.relu(), None),
        }
    }
}

impl Cell for LstmCell {
    const NAME: &'static str = "Lstm";
    const GATES: usize = 4;
    const HAS_CELL: bool = true;

    #[track_caller]
    fn step<'t>(&self, input: Var<'t>, own: Var<'t>, (_, cell): State<'t>) -> State<'t> {
        let [take, keep, new, say] = (input + own).chunk(-1);
        let new = take.sigmoid() * new.tanh();
        let cell = cell.map_or(new, |cell| keep.sigmoid() * cell + new);
        (say.sigmoid() * cell.tanh(), Some(cell))
    }
}

impl Cell for GruCell {
    const NAME: &'static str = "Gru";
    const GATES: usize = 3;
    const HAS_CELL: bool = false;

    #[track_caller]
    fn step<'t>(&self, input: Var<'t>, own: Var<'t>, (hidden, _): State<'t>) -> State<'t> {
        let ([reset, update, new], [own_reset, own_update, own_new]) =
            (input.chunk(-1), own.chunk(-1));
        let (reset, update) = ((reset + own_reset).sigmoid(), (update + own_update).sigmoid());
        let new = (new + reset * own_new).tanh();
        (new + update * (hidden - new), None)
    }
}
