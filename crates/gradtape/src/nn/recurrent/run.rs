//! How a recurrent layer reads a sequence.

use super::super::fit::{misfit, setting};
use super::{Cell, Recurrent, RecurrentState, Step};
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Error, Kind, Result};

impl<C: Cell> Recurrent<C> {
    /// Records what the last layer says at each step of `x`, `[n, length, inputs]`, from a state of zeros on.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.run(x, None).0
    }

    /// Records what the last layer says at each step of `x`, `[n, length, inputs]`, from a state on (`None`: zeros), and
    /// the state after the last step (on the way back, after the first). With
    /// [`Var::stop_gradient`] of the state, derivatives end there.
    #[track_caller]
    pub fn run<'t>(
        &self,
        x: Var<'t>,
        state: Option<RecurrentState<'t>>,
    ) -> (Var<'t>, RecurrentState<'t>) {
        self.read(x, None, state)
    }

    /// As [`Recurrent::run`], of sequences of these lengths, `[n]` in i64: beyond its length a sequence says 0 and hands its
    /// state on unchanged, and its way back begins at its last step. It is what PyTorch does with
    /// `pack_padded_sequence` and `pad_packed_sequence`.
    ///
    /// A length below 0 or above that of `x` is an error where lengths are a constant or watched; computed ones and inputs
    /// of a compiled step are not looked at.
    ///
    /// ```
    /// use gradtape::nn::Gru;
    /// use gradtape::{DType, Rng, Tape, Tensor};
    /// let gru = Gru::new(3, 4, &mut Rng::new(1));
    /// let tape = Tape::new();
    /// let text = tape.constant(Tensor::ones([2, 5, 3], DType::F32));
    /// let lengths = tape.constant([5i64, 2]);
    /// let (y, state) = gru.run_lengths(text, lengths, None);
    /// assert!(y.index(0, 1).slice(0, 2..).value()?.to_f64_vec().iter().all(|&y| y == 0.0));
    /// let short = gru.run(text.slice(1, ..2), None).1.hidden;
    /// assert!(state.hidden.index(1, 1).value()?.equals(&short.index(1, 1).value()?));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias("pack_padded_sequence", "pad_packed_sequence", "PackedSequence"))]
    #[track_caller]
    pub fn run_lengths<'t>(
        &self,
        x: Var<'t>,
        lengths: Var<'t>,
        state: Option<RecurrentState<'t>>,
    ) -> (Var<'t>, RecurrentState<'t>) {
        self.read(x, Some(lengths), state)
    }

    #[track_caller]
    fn read<'t>(
        &self,
        x: Var<'t>,
        lengths: Option<Var<'t>>,
        state: Option<RecurrentState<'t>>,
    ) -> (Var<'t>, RecurrentState<'t>) {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer(C::NAME));
        if let Some(step) = self.steps.first() {
            tape.parameter(&step.weight_ih);
        }
        let kept = |failed: Var<'t>| C::HAS_CELL.then_some(failed);
        let checked = self.check(x, state).and_then(|()| {
            lengths.map_or(Ok(()), |lengths| check_lengths(C::NAME, &x.meta(), lengths))
        });
        if let Err(error) = checked {
            let failed = x.failed(error, &[x]);
            return (failed, RecurrentState { hidden: failed, cell: kept(failed) });
        }
        let directions = self.options.directions();
        let n = x.shape()[0];
        let zeros = || x.literal(0.0).broadcast_to([n, self.hidden]);
        let mut last = (Vec::new(), Vec::new());
        let mut y = x;
        for (layer, steps) in self.steps.chunks(directions).enumerate() {
            if layer > 0 {
                y = self.dropout.forward(y);
            }
            let mut ways = Vec::new();
            for (direction, step) in steps.iter().enumerate() {
                let place = (layer * directions + direction) as isize;
                let start = state.map_or_else(
                    || (zeros(), kept(zeros())),
                    |state| {
                        (state.hidden.index(0, place), state.cell.map(|cell| cell.index(0, place)))
                    },
                );
                let (said, (hidden, cell)) = self.walk(step, y, lengths, start, direction == 1);
                ways.push(said);
                last.0.push(hidden);
                last.1.extend(cell);
            }
            y = tape.concat(&ways, -1);
        }
        tape.gives(y);
        let hidden = tape.stack(&last.0, 0);
        (y, RecurrentState { hidden, cell: C::HAS_CELL.then(|| tape.stack(&last.1, 0)) })
    }

    /// One layer in one direction: what it says at each step, and its state after the last.
    #[track_caller]
    fn walk<'t>(
        &self,
        step: &Step,
        x: Var<'t>,
        lengths: Option<Var<'t>>,
        start: (Var<'t>, Option<Var<'t>>),
        back: bool,
    ) -> (Var<'t>, (Var<'t>, Option<Var<'t>>)) {
        let tape = x.tape();
        let parameter = |own: &Option<Parameter>| own.as_ref().map(|own| tape.parameter(own));
        let (n, length) = (x.shape()[0], x.shape()[1]);
        let (weight_ih, weight_hh) =
            (tape.parameter(&step.weight_ih), tape.parameter(&step.weight_hh).t());
        let (bias_ih, bias_hh) = (parameter(&step.bias_ih), parameter(&step.bias_hh));
        // What the input adds to the gates, of all steps at once.
        let inputs = x.reshape([n * length, x.shape()[2]]).matmul(weight_ih.t());
        let inputs = bias_ih.map_or(inputs, |bias| inputs + bias);
        let inputs = inputs.reshape([n, length, self.hidden * C::GATES]);
        let mut state = start;
        let mut said = Vec::with_capacity(length);
        for step in 0..length {
            let place = if back { length - 1 - step } else { step };
            let own = state.0.matmul(weight_hh);
            let own = bias_hh.map_or(own, |bias| own + bias);
            let next = self.cell.step(inputs.index(1, place as isize), own, state);
            let Some(lengths) = lengths else {
                state = next;
                said.push(state.0);
                continue;
            };
            // `[n, 1]`: of which sequences there is such a step.
            let there = lengths.greater(place as f64).unsqueeze(1);
            said.push(there.select(next.0, 0.0));
            let cell = next.1.map(|cell| there.select(cell, state.1.unwrap_or(cell.literal(0.0))));
            state = (there.select(next.0, state.0), cell);
        }
        if back {
            said.reverse();
        }
        (tape.stack(&said, 1), state)
    }

    fn check(&self, x: Var<'_>, state: Option<RecurrentState<'_>>) -> Result<()> {
        x.check()?;
        let (input, dtype) = (x.meta(), self.options.dtype);
        if self.steps.is_empty() {
            let name = format!("{} from {} to {}", C::NAME, self.inputs, self.hidden);
            return Err(setting(name, "it could not be built").hint("with() says why"));
        }
        if input.shape.rank() != 3 || input.shape[2] != self.inputs || input.dtype != dtype {
            let takes = format!("sequences of [n, length, {}]", self.inputs);
            let hint = "the last axis must have the layer's inputs, the first the examples";
            return Err(misfit(C::NAME, takes, dtype, &input, hint));
        }
        if input.shape[1] == 0 {
            let message = format!("{}: {input} has no step along axis 1", C::NAME);
            return Err(Error::new(Kind::Shape, message).hint("a sequence has 1 step or more"));
        }
        let Some(state) = state else { return Ok(()) };
        let want = Meta::new(dtype, [self.steps.len(), input.shape[0], self.hidden]);
        for (name, part) in [("hidden", Some(state.hidden)), ("cell", state.cell)] {
            let Some(part) = part else { continue };
            part.check()?;
            if part.meta() != want {
                let message = format!(
                    "{}: the state's {name} is {}, but for the input {input} it must be {want}",
                    C::NAME,
                    part.meta()
                );
                let hint = "its axes are layers and directions, examples, width";
                return Err(Error::new(Kind::Shape, message).hint(hint));
            }
        }
        if state.cell.is_some() != C::HAS_CELL {
            let message = format!(
                "{}: the state {} a cell",
                C::NAME,
                match C::HAS_CELL {
                    true => "lacks",
                    false => "has",
                }
            );
            return Err(Error::new(Kind::Value, message).hint("of the three, an Lstm has one"));
        }
        Ok(())
    }
}

/// Whether these are lengths of the sequences of an input.
fn check_lengths(layer: &str, input: &Meta, lengths: Var<'_>) -> Result<()> {
    lengths.check()?;
    let (have, n, most) = (lengths.meta(), input.shape[0], input.shape[1]);
    if have.dtype != DType::I64 || have.shape[..] != [n] {
        let message =
            format!("{layer}: lengths are {have}, but for the input {input} they must be i64[{n}]");
        return Err(Error::new(Kind::Shape, message).hint("give one for each example: [5i64, 3]"));
    }
    let Some(known) = lengths.known() else { return Ok(()) };
    let wrong = known.checked_f64_vec()?.into_iter().enumerate();
    match wrong.into_iter().find(|&(_, length)| !(0.0..=most as f64).contains(&length)) {
        Some((place, length)) => {
            let message = format!(
                "{layer}: length {place} is {length}, but the sequences of the input {input} have {most} steps"
            );
            let hint = "a length is at least 0 and at most the size of axis 1";
            Err(Error::new(Kind::Value, message).hint(hint))
        }
        None => Ok(()),
    }
}
