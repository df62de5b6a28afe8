//! How a recurrent layer reads a sequence.

use super::super::fit::{misfit, setting};
use super::{Cell, Recurrent, RecurrentState, Step};
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{Error, Kind, Result};

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
        let tape = x.tape();
        let _layer = tape.within(Part::Layer(C::NAME));
        if let Some(step) = self.steps.first() {
            tape.parameter(&step.weight_ih);
        }
        let kept = |failed: Var<'t>| C::HAS_CELL.then_some(failed);
        if let Err(error) = self.check(x, state) {
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
                let (said, (hidden, cell)) = self.walk(step, y, start, direction == 1);
                ways.push(said);
                last.0.push(hidden);
                last.1.extend(cell);
            }
            y = tape.concat(&ways, -1);
        }
        let hidden = tape.stack(&last.0, 0);
        (y, RecurrentState { hidden, cell: C::HAS_CELL.then(|| tape.stack(&last.1, 0)) })
    }

    /// One layer in one direction: what it says at each step, and its state after the last.
    #[track_caller]
    fn walk<'t>(
        &self,
        step: &Step,
        x: Var<'t>,
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
            state = self.cell.step(inputs.index(1, place as isize), own, state);
            said.push(state.0);
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
