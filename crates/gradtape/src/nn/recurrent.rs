//! [`Rnn`], [`Lstm`] and [`Gru`]: layers that read a sequence step by step.

mod cell;
mod spec;

pub use cell::{Cell, GruCell, LstmCell, Nonlinearity, RnnCell};
pub use spec::{GruSpec, LstmSpec, RnnSpec};

use super::fit::{check_float, misfit, setting};
use super::{Dropout, Init, Layer, LayerSpec, Module, Visitor};
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Error, Kind, Result, Rng, Shape};

/// The recurrent layer of Elman 1990: `h' = tanh(W x + b + U h + c)`, or with a rectifier.
pub type Rnn = Recurrent<RnnCell>;

/// The long short-term memory of Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and
/// Cummins 2000; gates stand in the order input, forget, cell, output.
pub type Lstm = Recurrent<LstmCell>;

/// The gated recurrent unit of Cho et al. 2014; gates stand in the order reset, update, new, and the reset gate scales
/// `U h + c` of the new state, as in PyTorch.
pub type Gru = Recurrent<GruCell>;

/// A layer that reads a sequence step by step and hands a state on: `[n, length, inputs]` to
/// `[n, length, directions hidden]`, examples first, unlike PyTorch's default. Used as [`Rnn`], [`Lstm`] and [`Gru`].
///
/// Weights have the names and shapes of PyTorch: `weight_ih_l0` `[gates hidden, inputs]` applies to the input of the
/// first layer, `weight_hh_l0` `[gates hidden, hidden]` to its state, both have a bias, and those of the way back
/// end in `_reverse`.
///
/// ```
/// use gradtape::nn::{Gru, Lstm, Module, RecurrentOptions};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let rng = &mut Rng::new(1);
/// let tape = Tape::new();
/// let text = tape.constant(Tensor::ones([2, 7, 3], DType::F32));
/// let lstm = Lstm::new(3, 4, rng);
/// assert_eq!(lstm.forward(text).shape()[..], [2, 7, 4]);
/// // The same in two parts, with the state in between.
/// let (_, state) = lstm.run(text.slice(1, ..5), None);
/// let (rest, _) = lstm.run(text.slice(1, 5..), Some(state));
/// assert!(rest.value()?.all_close(&lstm.forward(text).slice(1, 5..).value()?, 1e-6, 0.0));
///
/// let both = RecurrentOptions { bidirectional: true, layers: 2, ..RecurrentOptions::default() };
/// let gru = Gru::with(3, 4, both, rng)?;
/// assert_eq!(gru.forward(text).shape()[..], [2, 7, 8]);
/// assert_eq!(gru.named_parameters()[5].0, "weight_hh_l0_reverse");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recurrent<C: Cell> {
    /// Of each layer, and in it of each direction, from the first on.
    steps: Vec<Step>,
    cell: C,
    inputs: usize,
    hidden: usize,
    options: RecurrentOptions,
    dropout: Dropout,
}

/// What a layer in one direction is made of.
#[derive(Clone, Debug)]
struct Step {
    weight_ih: Parameter,
    weight_hh: Parameter,
    bias_ih: Option<Parameter>,
    bias_hh: Option<Parameter>,
}

/// What [`Recurrent::with`] can be told; the default is what [`Recurrent::new`] does, and PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecurrentOptions {
    /// How many layers there are, each of which reads what the one before it says, at least 1 (default: 1).
    pub layers: usize,
    /// Whether each layer reads the sequence from its end too, and puts both results side by side (default: no).
    pub bidirectional: bool,
    /// Whether there are biases (default: yes).
    pub bias: bool,
    /// The probability that an element between two layers is set to 0 during training, in [0, 1) (default: 0).
    pub dropout: f64,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl Default for RecurrentOptions {
    fn default() -> RecurrentOptions {
        RecurrentOptions {
            layers: 1,
            bidirectional: false,
            bias: true,
            dropout: 0.0,
            dtype: DType::F32,
        }
    }
}

impl RecurrentOptions {
    fn directions(self) -> usize {
        1 + usize::from(self.bidirectional)
    }
}

/// What a [`Recurrent`] layer hands on: a value `[layers directions, n, hidden]`, that of layer 0 first, of each layer
/// the way forward first, as in PyTorch.
#[derive(Clone, Copy)]
pub struct RecurrentState<'t> {
    /// What it says.
    pub hidden: Var<'t>,
    /// What an [`Lstm`] keeps for itself; `None` of the others.
    pub cell: Option<Var<'t>>,
}

impl<C: Cell + Default> Recurrent<C> {
    /// A layer in f32 with the default options, all its numbers uniform in ±1/√hidden (PyTorch's default).
    ///
    /// A layer of more numbers than memory can hold, or of no width, has no step, and its first use is an error.
    pub fn new(inputs: usize, hidden: usize, rng: &mut Rng) -> Self {
        let options = RecurrentOptions::default();
        Self::with(inputs, hidden, options, rng).unwrap_or_else(|_| Recurrent {
            steps: Vec::new(),
            cell: C::default(),
            inputs,
            hidden,
            options,
            dropout: Dropout::new(0.0, rng),
        })
    }

    /// A layer with other [`RecurrentOptions`]. Fails without a layer or a width, for a dropout out of range, for an
    /// element type that is no float, and for sizes that memory cannot hold.
    pub fn with(
        inputs: usize,
        hidden: usize,
        options: RecurrentOptions,
        rng: &mut Rng,
    ) -> Result<Self> {
        Recurrent::of_cell(C::default(), inputs, hidden, options, rng)
    }
}

impl<C: Cell> Recurrent<C> {
    /// As [`Recurrent::with`], with a cell that has settings of its own: an [`Rnn`] with a rectifier.
    ///
    /// ```
    /// use gradtape::Rng;
    /// use gradtape::nn::{Nonlinearity, RecurrentOptions, Rnn, RnnCell};
    /// let relu = RnnCell { nonlinearity: Nonlinearity::Relu };
    /// let layer = Rnn::of_cell(relu, 3, 4, RecurrentOptions::default(), &mut Rng::new(1))?;
    /// assert_eq!((layer.inputs(), layer.hidden()), (3, 4));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn of_cell(
        cell: C,
        inputs: usize,
        hidden: usize,
        options: RecurrentOptions,
        rng: &mut Rng,
    ) -> Result<Self> {
        Recurrent::build(cell, inputs, hidden, options, Init::FanIn, rng)
    }

    fn build(
        cell: C,
        inputs: usize,
        hidden: usize,
        options: RecurrentOptions,
        init: Init,
        rng: &mut Rng,
    ) -> Result<Self> {
        let RecurrentOptions { layers, bias, dropout, dtype, .. } = options;
        let name = format!("{} from {inputs} to {hidden}", C::NAME);
        check_float(&name, dtype)?;
        Dropout::check(dropout).map_err(|error| error.context(&name))?;
        if layers == 0 || inputs == 0 || hidden == 0 {
            let rule = format!("{layers} layers from {inputs} to {hidden}, none of which may be 0");
            return Err(setting(name, rule));
        }
        let rows = hidden.saturating_mul(C::GATES);
        let fan = hidden as f64;
        let fill = |shape: Shape, rng: &mut Rng| {
            let made = init.fill(shape, fan, fan, dtype, rng);
            made.map(Parameter::new).map_err(|error| error.context(&name))
        };
        let mut steps = Vec::new();
        for layer in 0..layers {
            let width =
                if layer == 0 { inputs } else { hidden.saturating_mul(options.directions()) };
            for _ in 0..options.directions() {
                steps.push(Step {
                    weight_ih: fill([rows, width].into(), rng)?,
                    weight_hh: fill([rows, hidden].into(), rng)?,
                    bias_ih: if bias { Some(fill(rows.into(), rng)?) } else { None },
                    bias_hh: if bias { Some(fill(rows.into(), rng)?) } else { None },
                });
            }
        }
        let dropout = Dropout::new(dropout, rng);
        Ok(Recurrent { steps, cell, inputs, hidden, options, dropout })
    }

    /// The width of the input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The width of the state.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// The cell.
    pub fn cell(&self) -> &C {
        &self.cell
    }

    /// What it was made with.
    pub fn options(&self) -> RecurrentOptions {
        self.options
    }

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

    /// The names of the numbers of each step, in order.
    fn suffix(place: usize, bidirectional: bool) -> String {
        match bidirectional {
            true if place % 2 == 1 => format!("l{}_reverse", place / 2),
            true => format!("l{}", place / 2),
            false => format!("l{place}"),
        }
    }
}

impl<C: Cell> Module for Recurrent<C> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        for (place, step) in self.steps.iter().enumerate() {
            let suffix = Self::suffix(place, self.options.bidirectional);
            visitor.child(&format!("weight_ih_{suffix}"), &step.weight_ih);
            visitor.child(&format!("weight_hh_{suffix}"), &step.weight_hh);
            for (name, bias) in [("bias_ih", &step.bias_ih), ("bias_hh", &step.bias_hh)] {
                bias.iter().for_each(|bias| visitor.child(&format!("{name}_{suffix}"), bias));
            }
        }
        if self.options.dropout > 0.0 {
            visitor.child("dropout", &self.dropout);
        }
    }

    fn kind(&self) -> String {
        format!("{}({}, {})", C::NAME, self.inputs, self.hidden)
    }
}

impl<C: Cell> Layer for Recurrent<C> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Recurrent::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        Some(self.cell.spec(self.inputs, self.hidden, self.options))
    }
}
