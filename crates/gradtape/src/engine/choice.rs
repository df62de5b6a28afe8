//! [`Engine`]: what runs recordings, as a value.

use std::fmt;
use std::str::FromStr;

use super::cpu::{self, Completed, Nanoseconds, Told, Workspace};
use super::{Slot, interpret, reference};
use crate::op::Meta;
use crate::plan::{Program, plan};
use crate::tape::{Graph, GraphNode};
use crate::tensor::{Error, Kind, Result, Tensor, nearest};

/// What runs recordings. All give the same results, but for the order in which sums are rounded.
///
/// [`Engine::Cpu`] is the default of every tape; the others are slow, and check it.
///
/// ```
/// use gradtape::engine::Engine;
/// use gradtape::{Tape, Tensor};
/// for engine in Engine::ALL {
///     let tape = Tape::new().with_engine(engine);
///     let x = tape.watch(Tensor::from([1.0f64, 2.0, 3.0]));
///     assert_eq!((x * x).sum(()).item()?, 14.0, "{engine}");
/// }
/// let error = "gpu".parse::<Engine>().unwrap_err().to_string();
/// assert!(error.contains("cpu"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Fused kernels in vector code, on several threads: [`mod@cpu`].
    #[default]
    Cpu,
    /// The planned program index by index, without haste: [`mod@interpret`].
    Interpreter,
    /// The recording operation by operation, each by its own meaning: [`mod@reference`].
    Reference,
}

impl Engine {
    /// Every engine of this build.
    pub const ALL: [Engine; 3] = [Engine::Cpu, Engine::Interpreter, Engine::Reference];

    fn name(self) -> &'static str {
        match self {
            Engine::Cpu => "cpu",
            Engine::Interpreter => "interpreter",
            Engine::Reference => "reference",
        }
    }

    /// Makes a graph ready to run. Fails where memory cannot hold a result, or what is computed on the way.
    pub(crate) fn prepare(self, graph: Graph) -> Result<Prepared> {
        let wanted = graph.outputs.iter().filter(|output| output.into.is_none());
        let wanted = wanted.map(|output| &graph.nodes[output.node.index()]);
        let results = wanted.map(room).collect::<Result<_>>()?;
        let ready: Box<dyn Ready> = match self {
            Engine::Cpu => Box::new(Planned::new(plan(&graph))?),
            Engine::Interpreter => Box::new(Interpreted(plan(&graph))),
            Engine::Reference => Box::new(Meant),
        };
        Ok(Prepared { engine: self, graph, ready, results })
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Engine {
    type Err = Error;

    fn from_str(name: &str) -> Result<Engine> {
        let found = Engine::ALL.into_iter().find(|engine| engine.name() == name);
        found.ok_or_else(|| {
            let names = Engine::ALL.map(Engine::name);
            let error = Error::new(Kind::Value, format!("there is no engine {name:?}"));
            match nearest(name, names) {
                Some(near) => error.hint(format!("did you mean {near:?}?")),
                None => error.hint(format!("there are {}", names.join(", "))),
            }
        })
    }
}

/// A graph made ready to run, with the memory for its runs.
pub(crate) struct Prepared {
    engine: Engine,
    graph: Graph,
    ready: Box<dyn Ready>,
    /// The results of the last run. A result that nobody else holds any more is written again.
    results: Vec<Tensor>,
}

impl Prepared {
    /// Runs on the numbers in `slots`; gives the results in the order of the graph's outputs.
    pub(crate) fn run(&mut self, slots: &mut [Slot<'_>]) -> Result<&[Tensor]> {
        self.run_beside(slots, Beside::Nothing)
    }

    /// As [`Prepared::run`], with something beside it, as far as the engine can.
    pub(crate) fn run_beside(
        &mut self,
        slots: &mut [Slot<'_>],
        beside: Beside<'_>,
    ) -> Result<&[Tensor]> {
        self.results.iter_mut().for_each(Tensor::renew_if_shared);
        self.ready.run(&self.graph, slots, &mut self.results, beside)?;
        Ok(&self.results)
    }

    /// Bytes of the memory that it keeps between runs.
    pub(crate) fn bytes(&self) -> usize {
        let of = |result: &Tensor| result.elements() * result.dtype().size();
        self.ready.bytes() + self.results.iter().map(of).sum::<usize>()
    }

    /// The engine that runs it.
    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    /// The graph, as it was cut out of the tape.
    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }
}

/// What is done beside a run.
pub(crate) enum Beside<'a> {
    /// Nothing.
    Nothing,
    /// The time of each kernel is added to these.
    Times(&'a Nanoseconds),
    /// Results of f32 are told, by their place among all, as soon as they are complete.
    Told(&'a Told<'a>),
}

/// What an engine makes of a graph.
trait Ready: Send + Sync {
    /// Runs on the numbers in `slots`, one for each input of the graph, into `results`: one tensor for each
    /// output that updates nothing in place, contiguous, viewed by nothing else, of the output's type and size.
    /// An engine without kernels has no times, and one that cannot tell early tells nothing.
    fn run(
        &mut self,
        graph: &Graph,
        slots: &mut [Slot<'_>],
        results: &mut [Tensor],
        beside: Beside<'_>,
    ) -> Result<()>;

    /// Bytes of the memory that it keeps between runs.
    fn bytes(&self) -> usize {
        0
    }
}

/// A program with the cpu engine's workspace.
struct Planned {
    program: Program,
    workspace: Workspace,
    completed: Completed,
}

impl Planned {
    fn new(mut program: Program) -> Result<Planned> {
        let (workspace, completed) = (Workspace::new(&program)?, Completed::of(&program));
        // The workspace has made its own of them.
        program.kernels = Vec::new();
        Ok(Planned { program, workspace, completed })
    }
}

impl Ready for Planned {
    fn run(
        &mut self,
        _: &Graph,
        slots: &mut [Slot<'_>],
        results: &mut [Tensor],
        beside: Beside<'_>,
    ) -> Result<()> {
        let Planned { program, workspace, completed } = self;
        match beside {
            Beside::Nothing => cpu::run(program, workspace, slots, results),
            Beside::Times(times) => cpu::run_timed(program, workspace, slots, results, times),
            Beside::Told(told) => {
                cpu::run_telling(program, workspace, slots, results, (completed, told))
            }
        }
    }

    fn bytes(&self) -> usize {
        self.workspace.bytes()
    }
}

struct Interpreted(Program);

impl Ready for Interpreted {
    fn run(
        &mut self,
        _: &Graph,
        slots: &mut [Slot<'_>],
        results: &mut [Tensor],
        _: Beside<'_>,
    ) -> Result<()> {
        interpret::run(&self.0, slots, results)
    }
}

struct Meant;

impl Ready for Meant {
    fn run(
        &mut self,
        graph: &Graph,
        slots: &mut [Slot<'_>],
        results: &mut [Tensor],
        _: Beside<'_>,
    ) -> Result<()> {
        let mut computed = Vec::new();
        reference::run(graph, slots, &mut computed, &mut |_, _| Ok(()))?;
        results.iter_mut().zip(computed).for_each(|(result, value)| *result = value);
        Ok(())
    }
}

/// A tensor that a node's result is written to.
fn room(GraphNode { op, meta, at, .. }: &GraphNode) -> Result<Tensor> {
    let Meta { dtype, shape } = meta;
    let tensor = Tensor::zeros(shape, *dtype);
    if !tensor.is_contiguous() {
        let message = format!("{}: no memory for shape {shape} of {dtype}", op.name());
        return Err(Error::new(Kind::Shape, message).at(at));
    }
    Ok(tensor)
}
