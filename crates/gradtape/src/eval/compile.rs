//! Compiled steps: recorded once, run without recording.

use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

use super::bind::{Number, with_slots};
use super::checked::{Checks, run_singly};
use super::extract::{Extraction, Origin};
use super::mode::Mode;
use super::profile::{Measured, Profile, Profiler};
use super::read::check;
use super::run::{check_origins, not_given, want_step};
use crate::engine::{Beside, Engine, Prepared, Told};
use crate::op::{Bits, Meta, NodeId};
use crate::tape::{Action, Dial, Given, Leaf, Parameter, Recording, Tape, Var};
use crate::tensor::{Error, Kind, Result, Tensor};

/// Compiles a function of tensors: it is recorded at the first call and run from its plan at every
/// later one.
///
/// The function records on the tape it is given and returns the results it wants. It may end in an
/// optimiser's step. It runs again only when an input comes with another shape or element type; so
/// what varies from call to call must be an input, a parameter or a [`Dial`]. A branch on a value
/// cannot be compiled: reading inside is an error. The [mode](crate::Mode) that it leaves its tape in is
/// that of every call. The traces of 16 combinations of shapes are kept (see
/// [`Compiled::most_traces`]).
///
/// An optimiser that steps inside is at hand outside too:
///
/// ```
/// use gradtape::optim::{Optimizer, Sgd};
/// use gradtape::{Parameter, Tensor, compile};
/// let x = Parameter::new(Tensor::scalar(4.0f64));
/// let opt = Sgd::new(&x, 0.5);
/// let mut step = compile(|tape, _| {
///     let loss = tape.parameter(&x).square();
///     opt.step(loss)?;
///     Ok(vec![loss])
/// });
/// step.call(&[])?;
/// opt.set_learning_rate(0.25)?;
/// step.call(&[])?;
/// assert_eq!(opt.steps(), 2);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// ```
/// use gradtape::{Tensor, compile};
/// let mut square = compile(|_, x| Ok(vec![x[0] * x[0]]));
/// assert_eq!(square.call(&[Tensor::scalar(3.0f32)])?[0].item()?, 9.0);
/// assert_eq!(square.call(&[Tensor::scalar(4.0f32)])?[0].item()?, 16.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "jit")]
pub fn compile<F>(function: F) -> Compiled<F>
where
    F: for<'t> FnMut(&'t Tape, &[Var<'t>]) -> Result<Vec<Var<'t>>>,
{
    Compiled {
        function,
        training: true,
        engine: Engine::default(),
        traces: Vec::new(),
        most: MOST_TRACES,
        recorded: 0,
        profiler: None,
    }
}

/// A function made by [`compile`].
pub struct Compiled<F> {
    function: F,
    training: bool,
    engine: Engine,
    /// Most recently used first.
    traces: Vec<Trace>,
    most: usize,
    recorded: u64,
    profiler: Option<Profiler>,
}

/// Traces kept unless said otherwise: one for each combination of input shapes.
const MOST_TRACES: usize = 16;

struct Trace {
    inputs: Vec<Meta>,
    mode: Mode,
    prepared: Prepared,
    sources: Vec<Source>,
    updated: Vec<Parameter>,
    /// For each result, its place among the plan's results, or the input that it is.
    results: Vec<Answer>,
    /// What is done before each run but the first, and after each that succeeded.
    before: Vec<Arc<Action>>,
    after: Vec<Arc<Action>>,
    /// In the checked mode, what was recorded and the nodes that are run, for errors.
    recorded: Option<(Recording, Vec<NodeId>)>,
    /// What is measured of it, if anything is.
    measured: Option<Arc<Measured>>,
}

enum Source {
    Input(usize),
    Fixed(Tensor),
    Parameter { parameter: Parameter, written: bool },
    Dial(Dial),
    Scalar(Bits),
}

enum Answer {
    Computed(usize),
    Input(usize),
    Fixed(Tensor),
}

impl<F> Compiled<F>
where
    F: for<'t> FnMut(&'t Tape, &[Var<'t>]) -> Result<Vec<Var<'t>>>,
{
    /// Has layers such as dropout behave as in inference.
    #[must_use]
    pub fn inference(mut self) -> Compiled<F> {
        self.training = false;
        self.traces.clear();
        self
    }

    /// Has another [`Engine`] run it.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Compiled<F> {
        self.engine = engine;
        self.traces.clear();
        self
    }

    /// Keeps the traces of this many combinations of input shapes, at least 1, instead of 16. Of more,
    /// the one that was not used for longest is forgotten, and recorded and planned anew when its shapes
    /// come again.
    #[must_use]
    pub fn most_traces(mut self, most: usize) -> Compiled<F> {
        self.most = most.max(1);
        self.traces.truncate(self.most);
        self
    }

    /// Measures every call from here on: see [`Compiled::report`]. No clock is read otherwise.
    ///
    /// ```
    /// use gradtape::{DType, Tensor, compile};
    /// let mut f = compile(|_, x| Ok(vec![(x[0] * 2.0).exp().sum(())])).profile();
    /// f.call(&[Tensor::ones([1000], DType::F32)])?;
    /// let profile = f.report().with_peak();
    /// assert_eq!((profile.calls, profile.kernels.len()), (1, 1));
    /// println!("{profile}");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    pub fn profile(self) -> Compiled<F> {
        self.profile_to(&Profiler::new())
    }

    /// As [`Compiled::profile`], with a profiler that may measure others too.
    #[must_use]
    pub fn profile_to(mut self, profiler: &Profiler) -> Compiled<F> {
        self.profiler = Some(profiler.clone());
        self.traces.clear();
        self
    }

    /// What was measured so far: nothing without [`Compiled::profile`].
    pub fn report(&self) -> Profile {
        self.profiler.as_ref().map(Profiler::report).unwrap_or_default()
    }

    /// The number of traces kept.
    pub fn traces(&self) -> usize {
        self.traces.len()
    }

    /// How often the function was recorded: once for each combination of input shapes, and again for one
    /// that was forgotten. Where this grows without end, [`Compiled::most_traces`] is too low, or the inputs
    /// had better be padded to fewer shapes.
    ///
    /// ```
    /// use gradtape::{DType, Tensor, compile};
    /// let mut sum = compile(|_, x| Ok(vec![x[0].sum(())])).most_traces(2);
    /// for length in [3, 4, 3, 5, 4] {
    ///     sum.call(&[Tensor::ones(length, DType::F32)])?;
    /// }
    /// assert_eq!((sum.traces(), sum.recordings()), (2, 4));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn recordings(&self) -> u64 {
        self.recorded
    }

    /// Runs the function on these inputs and gives its results. Where it fails, no parameter and no buffer has
    /// changed, and an optimiser's step does not count.
    #[track_caller]
    pub fn call(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let mut results = Vec::new();
        self.call_into(inputs, &mut results)?;
        Ok(results)
    }

    /// As [`Compiled::call`], into a vector that is cleared first. Once the plan is made and `results`
    /// is reused, nothing is allocated.
    #[track_caller]
    pub fn call_into(&mut self, inputs: &[Tensor], results: &mut Vec<Tensor>) -> Result<()> {
        let at = Location::caller();
        self.run_into(inputs, results, None).map_err(|error| error.called_from(at))
    }

    /// As [`Compiled::call`], and tells of results of f32 by their number, with their elements, as soon as they are
    /// complete, while others are still computed. It need not tell of any.
    #[track_caller]
    pub(crate) fn call_telling(
        &mut self,
        inputs: &[Tensor],
        told: &Told<'_>,
    ) -> Result<Vec<Tensor>> {
        let at = Location::caller();
        let mut results = Vec::new();
        let done = self.run_into(inputs, &mut results, Some(told));
        done.map(|()| results).map_err(|error| error.called_from(at))
    }

    fn run_into(
        &mut self,
        inputs: &[Tensor],
        results: &mut Vec<Tensor>,
        told: Option<&Told<'_>>,
    ) -> Result<()> {
        results.clear();
        let fits = |trace: &Trace| {
            trace.inputs.len() == inputs.len()
                && trace.inputs.iter().zip(inputs).all(|(meta, tensor)| {
                    meta.dtype == tensor.dtype() && meta.shape == *tensor.shape()
                })
        };
        match self.traces.iter().position(fits) {
            Some(place) => {
                self.traces[..=place].rotate_right(1);
                self.traces[0].before.iter().for_each(|turn| turn());
            }
            None => {
                let (training, engine) = (self.training, self.engine);
                let profiler = self.profiler.as_ref();
                let trace = trace(&mut self.function, training, engine, profiler, inputs)?;
                self.recorded += 1;
                self.traces.truncate(self.most - 1);
                self.traces.insert(0, trace);
            }
        }
        self.traces[0].run(inputs, results, told)
    }
}

fn trace<F>(
    function: &mut F,
    training: bool,
    engine: Engine,
    profiler: Option<&Profiler>,
    inputs: &[Tensor],
) -> Result<Trace>
where
    F: for<'t> FnMut(&'t Tape, &[Var<'t>]) -> Result<Vec<Var<'t>>>,
{
    let profiled = profiler.map(|profiler| (profiler, Instant::now()));
    let tape = if training { Tape::new() } else { Tape::inference() };
    let tape = tape.with_engine(engine);
    tape.set_tracing();
    let vars: Vec<Var<'_>> = inputs.iter().map(|tensor| tape.watch(tensor.clone())).collect();
    // What the function itself changes would change at no later call. Other threads may: each call locks
    // the parameters and reads them anew.
    let changes = Parameter::changes_by_this_thread();
    let wanted = function(&tape, &vars)?;
    for var in &wanted {
        check(&tape, var, "compile")?;
    }
    let recording = tape.recording().borrow();
    let mut extraction = Extraction::default();
    let asked = want_step(&recording, wanted.iter().map(|var| var.id()));
    extraction.extract(&recording, &asked, false);
    if Parameter::changes_by_this_thread() != changes {
        check_origins(&recording, &extraction)?;
    }
    let source = |Origin { node: id, written }| match recording.given(id) {
        Some(Given::Leaf(Leaf::Parameter { parameter, .. })) => {
            Ok(Source::Parameter { parameter: parameter.share(), written })
        }
        Some(Given::Leaf(Leaf::Dial { dial, .. })) => Ok(Source::Dial(dial.share())),
        Some(Given::Leaf(Leaf::Tensor { tensor, .. })) => {
            Ok(match vars.iter().position(|var| var.id() == id) {
                Some(place) => Source::Input(place),
                None => Source::Fixed(tensor.contiguous()),
            })
        }
        Some(Given::Literal(value)) => Ok(Source::Scalar(value)),
        Some(Given::Leaf(Leaf::Example)) => Err(recording.of_one_example(id)),
        // Nothing is computed while a function is compiled.
        Some(Given::Value(_)) | None => Err(not_given(&recording, id)),
    };
    let answer = |var: &Var<'_>| match extraction.wanted.iter().position(|w| *w == (var.id(), None))
    {
        Some(place) => Ok(Answer::Computed(place)),
        None => match source(Origin { node: var.id(), written: false })? {
            Source::Input(place) => Ok(Answer::Input(place)),
            Source::Fixed(tensor) => Ok(Answer::Fixed(tensor)),
            _ => Err(Error::new(Kind::Tape, "compile: a result is a parameter or a dial itself")
                .hint("return something computed from it, or read it outside")),
        },
    };
    let updated = extraction.wanted.iter().filter_map(|(_, into)| match recording.leaf((*into)?) {
        Some(Leaf::Parameter { parameter, .. }) => Some(parameter.share()),
        _ => None,
    });
    let mut trace = Trace {
        inputs: inputs.iter().map(Meta::of).collect(),
        mode: tape.mode(),
        sources: extraction.origins.iter().map(|&o| source(o)).collect::<Result<_>>()?,
        updated: updated.collect(),
        results: wanted.iter().map(answer).collect::<Result<_>>()?,
        before: recording.replays.clone(),
        after: recording.after.clone(),
        prepared: tape.engine().prepare(extraction.graph(&recording))?,
        recorded: None,
        measured: None,
    };
    trace.measured = profiled.map(|(profiler, started)| {
        profiler.begin(&trace.prepared, &recording, extraction.order(), started)
    });
    drop(recording);
    if trace.mode == Mode::Checked {
        let recording = tape.recording().replace(Recording::new());
        trace.recorded = Some((recording, extraction.order().to_vec()));
    }
    Ok(trace)
}

impl Trace {
    fn run(
        &mut self,
        inputs: &[Tensor],
        results: &mut Vec<Tensor>,
        told: Option<&Told<'_>>,
    ) -> Result<()> {
        let Trace {
            mode,
            prepared,
            sources,
            updated,
            results: answers,
            after,
            recorded,
            measured,
            ..
        } = self;
        let numbers = sources.iter().map(|source| match source {
            Source::Input(place) => Number::Tensor(&inputs[*place]),
            Source::Fixed(tensor) => Number::Tensor(tensor),
            Source::Parameter { parameter, written } => {
                Number::Parameter { parameter, written: *written }
            }
            Source::Dial(dial) => Number::Scalar(Bits::new(dial.get())),
            Source::Scalar(value) => Number::Scalar(*value),
        });
        let mut singly = Vec::new();
        with_slots(numbers, |slots| {
            let computed = match mode {
                Mode::Fused => match (measured, told) {
                    (Some(measured), _) => measured.run(prepared, slots)?,
                    (None, None) => prepared.run(slots)?,
                    (None, Some(told)) => prepared.run_beside(slots, Beside::Told(&|output, numbers| {
                        let same = |answer: &Answer| matches!(answer, Answer::Computed(place) if *place == output);
                        let of = answers.iter().enumerate().filter(|(_, answer)| same(answer));
                        of.for_each(|(result, _)| told(result, numbers));
                    }))?,
                },
                Mode::Eager | Mode::Checked => {
                    let graph = prepared.graph();
                    let checks = recorded.as_ref();
                    let checks = checks.map(|(of, ids)| Checks::new(graph, of, ids, slots));
                    run_singly(graph, checks, slots, &mut singly)?;
                    &singly
                }
            };
            results.extend(answers.iter().map(|answer| match answer {
                Answer::Computed(place) => computed[*place].clone(),
                Answer::Input(place) => inputs[*place].clone(),
                Answer::Fixed(tensor) => tensor.clone(),
            }));
            updated.iter().for_each(Parameter::changed);
            Ok(())
        })?;
        after.iter().for_each(|count| count());
        Ok(())
    }
}
