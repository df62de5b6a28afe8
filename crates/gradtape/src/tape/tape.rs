//! [`Tape`]: what operations are recorded on.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::batching::rule_of_each;
use super::record::{RuleAnswer, unknown};
use super::{Dial, Leaf, Parameter, Recording, Update, Var};
use crate::op::{Meta, NodeId, Op, Recorder};
use crate::tensor::{DType, Error, Kind, Result, Shape, Tensor};

/// Records operations while the program runs, so that they can be differentiated and run together.
///
/// Nothing is computed when an operation is written. Reading a number ([`Var::item`], [`Var::value`])
/// runs what it needs.
///
/// ```
/// use gradtape::{Tape, Tensor, gradient};
///
/// let tape = Tape::new();
/// let a = tape.watch(Tensor::scalar(2.0f64));
/// let b = tape.watch(Tensor::scalar(1.0f64));
/// let e = (a + b) * (b + 1.0);
/// let [da, db] = gradient(e, [a, b]);
/// assert_eq!((e.item()?, da.item()?, db.item()?), (6.0, 2.0, 5.0));
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// A tape may be moved to another thread, but one thread at a time records on it: it is `Send`, not
/// `Sync`, and a [`Var`] is neither. Modules, optimisers and parameters are both.
pub struct Tape {
    id: u64,
    training: Cell<bool>,
    tracing: Cell<bool>,
    checked: Cell<bool>,
    /// The number of the engine that runs what is recorded.
    engine: Cell<usize>,
    /// The type in which products of f32 are recorded, if it is another.
    products: Cell<Option<DType>>,
    on_record: Cell<Option<OnRecord>>,
    recording: RefCell<Recording>,
}

/// What is done with every node once it is recorded.
type OnRecord = fn(&Tape, NodeId);

impl Tape {
    /// An empty tape for training: layers such as dropout behave as in training.
    pub fn new() -> Tape {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Tape {
            id,
            training: Cell::new(true),
            tracing: Cell::new(false),
            checked: Cell::new(false),
            engine: Cell::new(0),
            products: Cell::new(None),
            on_record: Cell::new(None),
            recording: RefCell::new(Recording::new()),
        }
    }

    /// An empty tape for inference: dropout passes its input on, batch normalisation takes its running statistics.
    #[doc(alias("no_grad", "eval"))]
    pub fn inference() -> Tape {
        let tape = Tape::new();
        tape.training.set(false);
        tape
    }

    /// Whether layers should behave as in training.
    pub fn is_training(&self) -> bool {
        self.training.get()
    }

    /// Records numbers whose gradient will not be asked for: data.
    ///
    /// Numbers like `1.0` are f64, as everywhere in Rust; for layers, which are f32 unless told otherwise,
    /// write `[[1.0f32, 2.0]]`.
    #[track_caller]
    pub fn constant(&self, value: impl Into<Tensor>) -> Var<'_> {
        self.tensor(value.into(), false)
    }

    /// Records numbers whose gradient may be asked for.
    #[doc(alias("requires_grad", "require_grad"))]
    #[track_caller]
    pub fn watch(&self, value: impl Into<Tensor>) -> Var<'_> {
        self.tensor(value.into(), true)
    }

    /// Records a parameter. The same parameter recorded twice is one node.
    #[track_caller]
    pub fn parameter(&self, parameter: &Parameter) -> Var<'_> {
        let id = self.recording.borrow_mut().push_parameter(parameter, Location::caller());
        self.var(id)
    }

    /// Records a dial as a scalar of an element type.
    #[track_caller]
    pub fn dial(&self, dial: &Dial, dtype: DType) -> Var<'_> {
        self.dial_at(dial, dial.get(), dtype)
    }

    /// As [`Tape::dial`], with the number that it had at a moment of the caller's.
    #[track_caller]
    pub(super) fn dial_at(&self, dial: &Dial, value: f64, dtype: DType) -> Var<'_> {
        self.leaf(Leaf::Dial { dial: dial.share(), value }, dtype, &Shape::scalar())
    }

    /// Records that the next step gives a parameter this value. The value must have the parameter's
    /// shape and element type; everything recorded still sees the old one. Of several values for the same
    /// parameter the last counts.
    #[track_caller]
    pub fn assign(&self, parameter: &Parameter, value: Var<'_>) -> Result<()> {
        let target = self.target("assign", parameter, value)?;
        let value = self.if_wanted(parameter, value);
        self.recording.borrow_mut().update(Update {
            parameter: target,
            value: value.id(),
            at_read: false,
        });
        Ok(())
    }

    /// The node of a parameter that is to take a value. Fails where it cannot.
    #[track_caller]
    pub(super) fn target(
        &self,
        what: &str,
        parameter: &Parameter,
        value: Var<'_>,
    ) -> Result<NodeId> {
        value.check()?;
        if value.tape().id() != self.id {
            return Err(super::mixed_tapes(what).at(Location::caller()));
        }
        let target = self.parameter(parameter);
        target.check()?;
        let (have, want) = (value.meta(), target.meta());
        if have != want {
            let (recording, word) = (self.recording.borrow(), parameter.word());
            let name = recording.parameter_name(target.id());
            let name = name.map_or(String::new(), |name| format!(" {name}"));
            let message = format!("{what}: the {word}{name} is {want}, but the value is {have}");
            return Err(Error::new(Kind::Shape, message).at(Location::caller()));
        }
        Ok(target.id())
    }

    /// Whether a compiled step is being recorded, which will be run again without recording.
    pub fn is_tracing(&self) -> bool {
        self.tracing.get()
    }

    /// What a compiled step is to do before each of its later calls: turning a [`Dial`] on.
    pub fn on_replay(&self, turn: Arc<dyn Fn() + Send + Sync>) {
        self.recording.borrow_mut().replays.push(turn);
    }

    /// What a compiled step is to do after each of its calls that succeeded, the first included:
    /// counting.
    pub fn after_run(&self, count: Arc<dyn Fn() + Send + Sync>) {
        self.recording.borrow_mut().after.push(count);
    }

    /// Forgets everything recorded and keeps the memory for the next step. No [`Var`] can survive it.
    #[doc(alias = "zero_grad")]
    pub fn reset(&mut self) {
        self.recording.get_mut().clear();
    }

    /// The number of nodes recorded.
    pub fn len(&self) -> usize {
        self.recording.borrow().len()
    }

    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the recording and of every value it keeps alive, inputs and parameters included.
    pub fn bytes(&self) -> usize {
        self.recording.borrow().bytes()
    }

    #[track_caller]
    fn tensor(&self, tensor: Tensor, watched: bool) -> Var<'_> {
        let (dtype, shape) = (tensor.dtype(), tensor.shape().clone());
        self.leaf(Leaf::Tensor { tensor, watched }, dtype, &shape)
    }

    #[track_caller]
    pub(super) fn leaf(&self, leaf: Leaf, dtype: DType, shape: &Shape) -> Var<'_> {
        let at = Location::caller();
        self.var(self.recording.borrow_mut().push_leaf(leaf, dtype, shape, at))
    }

    pub(crate) fn var(&self, id: NodeId) -> Var<'_> {
        Var::new(self, id)
    }

    /// Exchanges all but the id with another tape.
    pub(super) fn swap(&self, other: &Tape) {
        let Tape { id: _, training, tracing, checked, engine, products, on_record, recording } =
            self;
        training.swap(&other.training);
        tracing.swap(&other.tracing);
        checked.swap(&other.checked);
        engine.swap(&other.engine);
        products.swap(&other.products);
        on_record.swap(&other.on_record);
        recording.swap(&other.recording);
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn set_tracing(&self) {
        self.tracing.set(true);
    }

    pub(crate) fn engine_number(&self) -> usize {
        self.engine.get()
    }

    pub(crate) fn set_engine_number(&self, engine: usize) {
        self.engine.set(engine);
    }

    pub(super) fn products(&self) -> &Cell<Option<DType>> {
        &self.products
    }

    pub(crate) fn is_checked(&self) -> bool {
        self.checked.get()
    }

    pub(crate) fn set_checked(&self, checked: bool) {
        self.checked.set(checked);
    }

    /// Has every operation call this once it is recorded.
    pub(crate) fn set_on_record(&self, call: Option<OnRecord>) {
        self.on_record.set(call);
    }

    /// Whether something is done with every node once it is recorded.
    pub(crate) fn is_watching(&self) -> bool {
        self.on_record.get().is_some()
    }

    pub(crate) fn recording(&self) -> &RefCell<Recording> {
        &self.recording
    }
}

impl Default for Tape {
    fn default() -> Tape {
        Tape::new()
    }
}

impl Recorder for Tape {
    fn record(&self, op: Op, inputs: &[NodeId], at: &'static Location<'static>) -> NodeId {
        if let Some(dtype) = self.narrowed(&op, inputs) {
            return self.record_narrow(op, inputs, dtype, at);
        }
        let id = self.recording.borrow_mut().push(op, inputs, at);
        if let Some(call) = self.on_record.get()
            && !id.is_failed()
        {
            call(self, id);
        }
        id
    }

    fn fail(&self, error: Error, operands: &[NodeId]) -> NodeId {
        self.recording.borrow_mut().fail(error, operands)
    }

    fn meta(&self, id: NodeId) -> Meta {
        let recording = self.recording.borrow();
        recording.get(id).map_or(Meta::new(DType::F32, Shape::scalar()), |node| node.meta.clone())
    }

    fn dtype(&self, id: NodeId) -> DType {
        self.recording.borrow().get(id).map_or(DType::F32, |node| node.meta.dtype)
    }

    fn has_shape(&self, id: NodeId, shape: &Shape) -> bool {
        self.recording.borrow().get(id).is_some_and(|node| node.meta.shape == *shape)
    }

    fn same_shape(&self, x: NodeId, y: NodeId) -> bool {
        let recording = self.recording.borrow();
        match (recording.get(x), recording.get(y)) {
            (Some(x), Some(y)) => x.meta.shape == y.meta.shape,
            _ => true,
        }
    }

    fn custom_rule(
        &self,
        rule: usize,
        input: usize,
        x: &[NodeId],
        out: NodeId,
        g: NodeId,
    ) -> NodeId {
        let known = match &self.recording.borrow().last_rule {
            Some(last) if last.out == out && last.g == g => last.cotangents.get(input).copied(),
            _ => None,
        };
        if let Some(id) = known {
            return id;
        }
        let Some(user) = self.recording.borrow().rules.get(rule).map(Arc::clone) else {
            let message = "custom gradient: the rule was not recorded on this tape";
            return self.fail(Error::new(Kind::Gradient, message), &[]);
        };
        let foreign = |&&id: &&NodeId| self.recording.borrow().get(id).is_none();
        if let Some(&id) = x.iter().chain([&out, &g]).find(foreign) {
            return self.fail(unknown("custom gradient", id), &[id]);
        }
        let x: Vec<Var<'_>> = x.iter().map(|&id| self.var(id)).collect();
        let answer = user(&x, self.var(out), self.var(g));
        if let Err(error) = super::functions::check_answer(&x, &answer) {
            let at = self.recording.borrow().node(out).at;
            return self.fail(error.at(at), &[]);
        }
        let cotangents: Vec<NodeId> = answer.iter().map(|var| var.id()).collect();
        let Some(&id) = cotangents.get(input) else {
            let (given, message) = (cotangents.len(), "custom gradient: there is no input");
            return self
                .fail(Error::new(Kind::Gradient, format!("{message} {input} of {given}")), &[]);
        };
        self.recording.borrow_mut().last_rule = Some(RuleAnswer { out, g, cotangents });
        id
    }

    fn batched_rule(&self, rule: usize) -> usize {
        let Some(user) = self.recording.borrow().rules.get(rule).map(Arc::clone) else {
            return rule;
        };
        let mut recording = self.recording.borrow_mut();
        recording.push_rule(move |x, out, g| rule_of_each(&*user, x, out, g))
    }
}
