//! [`Rnn`], [`Lstm`] and [`Gru`]: layers that read a sequence step by step.

mod cell;
mod run;

pub use cell::{Cell, GruCell, LstmCell, Nonlinearity, RnnCell};

use serde::{Deserialize, Serialize};

use super::fit::{check_float, setting};
use super::spec::float;
use super::{Dropout, Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::op::Meta;
use crate::tape::{Parameter, Var};
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

impl<C: Cell> Recurrent<C> {
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

impl<C: Cell> Layer for Recurrent<C>
where
    RecurrentSpec<C>: Into<LayerSpec>,
{
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Recurrent::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let RecurrentOptions { layers, bidirectional, bias, dropout, dtype } = self.options;
        let spec = RecurrentSpec {
            inputs: self.inputs,
            hidden: self.hidden,
            layers,
            bidirectional,
            bias,
            dropout,
            cell: self.cell.clone(),
            dtype: dtype.to_string(),
        };
        (!self.steps.is_empty()).then(|| spec.into())
    }
}

/// A [`Recurrent`] layer as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "C: Cell")]
pub struct RecurrentSpec<C: Cell> {
    /// The width of the input.
    pub inputs: usize,
    /// The width of the state.
    pub hidden: usize,
    /// As [`RecurrentOptions::layers`].
    pub layers: usize,
    /// As [`RecurrentOptions::bidirectional`].
    pub bidirectional: bool,
    /// As [`RecurrentOptions::bias`].
    pub bias: bool,
    /// As [`RecurrentOptions::dropout`].
    pub dropout: f64,
    /// The settings of the cell: null where it has none.
    pub cell: C,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl<C: Cell> RecurrentSpec<C> {
    fn options(&self) -> Result<RecurrentOptions> {
        let &RecurrentSpec { layers, bidirectional, bias, dropout, .. } = self;
        Ok(RecurrentOptions { layers, bidirectional, bias, dropout, dtype: float(&self.dtype)? })
    }
}

impl<C: Cell> Spec for RecurrentSpec<C>
where
    Self: Into<LayerSpec>,
{
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let (cell, options) = (self.cell.clone(), self.options()?);
        Ok(Box::new(Recurrent::build(cell, self.inputs, self.hidden, options, init, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let (options, hidden) = (self.options()?, self.hidden);
        let directions = options.directions();
        let count = self.layers.saturating_mul(directions);
        // A file names each tensor, and none has so many.
        if count > 1 << 20 {
            return Err(Error::new(Kind::Model, format!("{} layers of {}", self.layers, C::NAME)));
        }
        let rows = hidden.saturating_mul(C::GATES);
        let mut kept = Vec::new();
        for place in 0..count {
            let suffix = Recurrent::<C>::suffix(place, self.bidirectional);
            let width = match place < directions {
                true => self.inputs,
                false => hidden.saturating_mul(directions),
            };
            let all: [(&str, &[usize]); 4] = [
                ("weight_ih", &[rows, width]),
                ("weight_hh", &[rows, hidden]),
                ("bias_ih", &[rows]),
                ("bias_hh", &[rows]),
            ];
            for (name, shape) in &all[..if self.bias { 4 } else { 2 }] {
                let meta = Meta::new(options.dtype, *shape);
                kept.push(Kept::parameter(&format!("{name}_{suffix}"), meta));
            }
        }
        Ok(kept)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let plain = RecurrentSpec {
            inputs: 3,
            hidden: 2,
            layers: 1,
            bidirectional: false,
            bias: true,
            dropout: 0.0,
            cell: C::default(),
            dtype: "f32".into(),
        };
        let both = RecurrentSpec { layers: 2, bidirectional: true, dropout: 0.5, ..plain.clone() };
        let bare = RecurrentSpec { layers: 2, bias: false, dtype: "f64".into(), ..plain.clone() };
        [plain, both, bare].into_iter().map(|spec| (spec, vec![2, 3, 3])).collect()
    }
}
