//! Where the time of compiled steps goes: by line of the program, by layer, by kernel.

mod print;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::{Beside, Prepared, Slot, cpu};
use crate::op::NodeId;
use crate::plan::{Origins, Program, plan_with_origins};
use crate::tape::Recording;
use crate::tensor::{Result, Tensor, is_foreign};

/// Measures compiled steps: see [`Compiled::profile`](super::Compiled::profile). A clone is another handle to the same
/// measurements.
///
/// ```
/// use gradtape::eval::Profiler;
/// use gradtape::{DType, Tensor, compile};
/// let profiler = Profiler::new();
/// let mut step = compile(|_, x| Ok(vec![x[0].matmul(x[0]).tanh()])).profile_to(&profiler);
/// let x = Tensor::ones([64, 64], DType::F32);
/// for _ in 0..10 {
///     step.call(&[x.clone()])?;
/// }
/// let profile = profiler.report();
/// assert_eq!(profile.calls, 10);
/// assert!(!profile.lines.is_empty() && profile.kernels[0].kernel.starts_with("matmul"));
/// println!("{profile}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Profiler(Arc<Mutex<Vec<Arc<Measured>>>>);

/// What was measured of compiled steps; prints as tables.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// How often programs were run.
    pub calls: u64,
    /// Seconds that their runs took, kernels and what is between them.
    pub seconds: f64,
    /// Seconds that recording and planning them took, once each.
    pub planning: f64,
    /// The most floating-point operations that the machine does in a second, if it was measured: see
    /// [`Profile::with_peak`].
    pub peak: Option<f64>,
    /// The lines, those that took longest first.
    pub lines: Vec<LineProfile>,
    /// The kernels, those that took longest first.
    pub kernels: Vec<KernelProfile>,
}

/// What a line of the program, or a layer, took in all calls. Where a kernel computes what several lines ask for,
/// its time, its bytes and its operations are shared among them by their operations.
#[derive(Clone, Debug)]
pub struct LineProfile {
    /// Which part of the program it is, as `src/main.rs:10:21`, or `in layer 0 (Linear)` before it; with
    /// `backward of` for what its gradient took.
    pub place: String,
    /// The layer alone, if it is one.
    pub layer: Option<String>,
    /// Which pass it is of.
    pub pass: Pass,
    /// What it took.
    pub cost: Spent,
}

/// A pass of a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pass {
    /// What was recorded by the program.
    Forward,
    /// What gradients recorded.
    Backward,
    /// What was recorded after the last gradient of a step: the new values of parameters.
    Update,
}

/// What a kernel took in all calls.
#[derive(Clone, Debug)]
pub struct KernelProfile {
    /// What it is, as `matmul [32, 784] x [784, 100]`.
    pub kernel: String,
    /// The places whose operations it computes, as in [`LineProfile::place`].
    pub places: Vec<String>,
    /// What it took.
    pub cost: Spent,
}

/// Time, and the work done in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Seconds.
    pub seconds: f64,
    /// Bytes read from memory and written to it, each element of each array once a kernel.
    pub bytes: f64,
    /// Floating-point operations, as [`Program::operations`](crate::plan::Program::operations) counts them.
    pub operations: f64,
}

/// What is measured of one program.
#[derive(Debug)]
pub(super) struct Measured {
    planning: Duration,
    calls: AtomicU64,
    nanoseconds: AtomicU64,
    times: Vec<AtomicU64>,
    kernels: Vec<Kernel>,
}

/// What a kernel does in a call.
#[derive(Debug)]
struct Kernel {
    title: String,
    bytes: usize,
    operations: f64,
    origins: Vec<(Origin, f64)>,
}

/// What recorded an operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    pass: Pass,
    layer: Option<String>,
    line: Option<String>,
}

impl Profiler {
    /// One that has measured nothing.
    pub fn new() -> Profiler {
        Profiler::default()
    }

    /// What was measured so far.
    pub fn report(&self) -> Profile {
        let programs = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut profile = Profile::default();
        let mut lines: BTreeMap<&Origin, Spent> = BTreeMap::new();
        let mut kernels: BTreeMap<(&str, Vec<String>), Spent> = BTreeMap::new();
        for program in &programs {
            let calls = program.calls.load(Ordering::Relaxed);
            profile.calls += calls;
            profile.planning += program.planning.as_secs_f64();
            profile.seconds += seconds(&program.nanoseconds);
            for (kernel, time) in program.kernels.iter().zip(&program.times) {
                let spent = Spent {
                    seconds: seconds(time),
                    bytes: kernel.bytes as f64 * calls as f64,
                    operations: kernel.operations * calls as f64,
                };
                let mut places: Vec<String> = Vec::new();
                for (origin, share) in &kernel.origins {
                    lines.entry(origin).or_default().add(spent, *share);
                    let place = origin.to_string();
                    if *share > 0.0 && !places.contains(&place) {
                        places.push(place);
                    }
                }
                kernels.entry((&kernel.title, places)).or_default().add(spent, 1.0);
            }
        }
        let line = |(origin, cost): (&Origin, Spent)| LineProfile {
            place: origin.to_string(),
            layer: origin.layer.clone(),
            pass: origin.pass,
            cost,
        };
        let spent = lines.into_iter().filter(|(_, cost)| cost.seconds > 0.0);
        profile.lines = spent.map(line).collect();
        let kernel = |((kernel, places), cost): ((&str, Vec<String>), Spent)| KernelProfile {
            kernel: kernel.to_string(),
            places,
            cost,
        };
        profile.kernels = kernels.into_iter().map(kernel).collect();
        profile.lines.sort_by(|a, b| b.cost.seconds.total_cmp(&a.cost.seconds));
        profile.kernels.sort_by(|a, b| b.cost.seconds.total_cmp(&a.cost.seconds));
        profile
    }

    /// Begins to measure a program that is made ready.
    pub(super) fn begin(
        &self,
        prepared: &Prepared,
        recording: &Recording,
        order: &[NodeId],
        started: Instant,
    ) -> Arc<Measured> {
        let (program, origins) = plan_with_origins(prepared.graph());
        let measured = Arc::new(Measured::new(&program, &origins, recording, order, started));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&measured));
        measured
    }
}

impl Profile {
    /// Measures the most that the machine's cores can do, so that the tables tell shares of it. It takes a
    /// twentieth of a second.
    #[must_use]
    pub fn with_peak(self) -> Profile {
        Profile { peak: Some(cpu::operations_a_second()), ..self }
    }
}

impl Measured {
    fn new(
        program: &Program,
        origins: &[Origins],
        recording: &Recording,
        order: &[NodeId],
        started: Instant,
    ) -> Measured {
        let last = order.iter().rposition(|&id| recording.node(id).derived);
        let updates = last.filter(|_| !recording.updates.is_empty());
        let origin = |number: usize| {
            let id = *order.get(number)?;
            let node = recording.node(id);
            let pass = match (node.derived, updates) {
                (true, _) => Pass::Backward,
                (false, Some(last)) if number > last => Pass::Update,
                (false, _) => Pass::Forward,
            };
            let at = recording.place(id);
            let line = (!is_foreign(at)).then(|| at.to_string());
            Some(Origin { pass, layer: recording.layer(id), line })
        };
        let kernels = program.kernels.iter().zip(origins).map(|(kernel, origins)| {
            let known = |&(number, share): &(usize, f64)| Some((origin(number)?, share));
            Kernel {
                title: kernel.title(),
                bytes: program.traffic_of(kernel),
                operations: kernel.operations(),
                origins: origins.iter().filter_map(known).collect(),
            }
        });
        let kernels: Vec<Kernel> = kernels.collect();
        Measured {
            planning: started.elapsed(),
            calls: AtomicU64::new(0),
            nanoseconds: AtomicU64::new(0),
            times: kernels.iter().map(|_| AtomicU64::new(0)).collect(),
            kernels,
        }
    }

    /// Runs the program.
    pub(super) fn run<'p>(
        &self,
        prepared: &'p mut Prepared,
        slots: &mut [Slot<'_>],
    ) -> Result<&'p [Tensor]> {
        let start = Instant::now();
        let done = prepared.run_beside(slots, Beside::Times(&self.times));
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        done
    }
}

impl Spent {
    /// Adds a share of another cost.
    pub fn add(&mut self, other: Spent, share: f64) {
        self.seconds += other.seconds * share;
        self.bytes += other.bytes * share;
        self.operations += other.operations * share;
    }
}

fn seconds(nanoseconds: &AtomicU64) -> f64 {
    nanoseconds.load(Ordering::Relaxed) as f64 / 1e9
}
