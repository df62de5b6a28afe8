//! The cache of plans: a recording that was seen before runs at once.

use std::cell::RefCell;

use super::extract::{Extraction, Want};
use crate::engine::Slot;
use crate::engine::cpu::{self, Workspace};
use crate::op::Meta;
use crate::plan::{Program, plan};
use crate::tape::{Graph, Recording};
use crate::tensor::{Error, Kind, Result, Tensor};

/// A graph made ready to run, with the memory for its runs.
pub(crate) struct Prepared {
    graph: Graph,
    program: Program,
    workspace: Workspace,
    /// The results of the last run. A result that nobody else holds any more is written again.
    results: Vec<Tensor>,
}

impl Prepared {
    /// Plans a graph. Fails where memory cannot hold a result, or what is computed on the way to it.
    pub(crate) fn new(graph: Graph) -> Result<Prepared> {
        let program = plan(&graph);
        let wanted = graph.outputs.iter().filter(|output| output.into.is_none());
        let metas = wanted.map(|output| &graph.nodes[output.node.index()].meta);
        let results = metas.map(room).collect::<Result<_>>()?;
        Ok(Prepared { workspace: Workspace::new(&program)?, graph, program, results })
    }

    /// Runs on the numbers in `slots`; gives the results in the order of the graph's outputs.
    pub(crate) fn run(&mut self, slots: &mut [Slot<'_>]) -> Result<&[Tensor]> {
        self.results.iter_mut().for_each(Tensor::renew_if_shared);
        cpu::run(&self.program, &mut self.workspace, slots, &mut self.results)?;
        Ok(&self.results)
    }

    /// The graph, as it was cut out of the tape.
    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }
}

/// A tensor that a result is written to.
fn room(Meta { dtype, shape }: &Meta) -> Result<Tensor> {
    let tensor = Tensor::zeros(shape, *dtype);
    if !tensor.is_contiguous() {
        let message = format!("no memory for shape {shape} of {dtype}");
        return Err(Error::new(Kind::Shape, message));
    }
    Ok(tensor)
}

/// A plan, with what it was last run for.
struct Plan {
    hash: u64,
    extraction: Extraction,
    prepared: Prepared,
}

impl Plan {
    /// Whether it is the plan of what was extracted, which has this hash.
    fn is(&self, hash: u64, extraction: &Extraction, recording: &Recording) -> bool {
        self.hash == hash && extraction.equals(self.prepared.graph(), recording)
    }
}

/// Plans that were made on this thread, most recently used first.
#[derive(Default)]
struct Plans {
    list: Vec<Plan>,
    /// Memory for the next extraction.
    spare: Extraction,
}

/// Plans kept; with them their memory, so that it stays bounded whatever a program records.
const MOST_PLANS: usize = 64;

thread_local! {
    static PLANS: RefCell<Plans> = RefCell::default();
}

/// Calls `run` with the plan of what is asked of a recording (see [`Extraction::extract`]), planning it
/// if it was never seen.
///
/// A recording that repeats the last one, which the tape has compared node by node, is known by its
/// edition. Of any other the hash narrows the search, and the structure is compared in full.
pub(crate) fn with_plan<T>(
    recording: &Recording,
    asked: &[Want],
    costly: bool,
    run: impl FnOnce(&Extraction, &mut Prepared) -> Result<T>,
) -> Result<T> {
    PLANS.with_borrow_mut(|Plans { list, spare }| {
        let repeated = list.iter().position(|plan| plan.extraction.is_of(recording, asked));
        let place = match repeated {
            Some(place) => place,
            None => {
                let hash = spare.extract(recording, asked, costly);
                let known = list.iter().position(|plan| plan.is(hash, spare, recording));
                let place = known.unwrap_or(list.len().min(MOST_PLANS - 1));
                if known.is_none() {
                    let prepared = Prepared::new(spare.graph(recording))?;
                    list.truncate(place);
                    list.push(Plan { hash, extraction: Extraction::default(), prepared });
                }
                std::mem::swap(&mut list[place].extraction, spare);
                place
            }
        };
        list[..=place].rotate_right(1);
        let Plan { extraction, prepared, .. } = &mut list[0];
        run(extraction, prepared)
    })
}
