//! What outlives a tape: parameters and dials.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::Name;
use crate::op::Meta;
use crate::tensor::{Error, Kind, Result, Tensor};

/// A tensor that is trained: shared by the layer that uses it and the optimiser that changes it.
///
/// [`Parameter::share`] gives another handle to the same parameter; a clone is a parameter of its own
/// that starts with the same numbers, so that the clone of a layer is another layer. On a tape a
/// parameter is known by its identity: watched twice, it is one node.
///
/// ```
/// use gradtape::{Parameter, Tensor};
/// let weight = Parameter::new(Tensor::scalar(1.0f64));
/// let (tied, copy) = (weight.share(), weight.clone());
/// weight.set(Tensor::scalar(2.0f64))?;
/// assert_eq!((tied.value().item()?, copy.value().item()?), (2.0, 1.0));
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// A parameter that stands in two places of a module (tied weights) is two in the module's clone; share
/// it there again.
#[doc(alias = "Param")]
pub struct Parameter(Arc<Inner>);

struct Inner {
    id: u64,
    meta: Meta,
    name: Name,
    /// Whether it is trained; else it is what a [`Buffer`](super::Buffer) holds.
    trained: bool,
    version: AtomicU64,
    value: RwLock<Tensor>,
}

impl Parameter {
    /// A parameter that starts at `value`.
    pub fn new(value: Tensor) -> Parameter {
        Parameter::make(value, true)
    }

    /// One that is trained, or one that is not.
    pub(super) fn make(value: Tensor, trained: bool) -> Parameter {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let meta = Meta::of(&value);
        let value = RwLock::new(value.contiguous());
        let (name, version) = (Name::default(), AtomicU64::new(0));
        Parameter(Arc::new(Inner { id, meta, name, trained, version, value }))
    }

    /// Another handle to this parameter, for a second place that uses it: tied weights.
    #[must_use]
    pub fn share(&self) -> Parameter {
        Parameter(Arc::clone(&self.0))
    }

    /// The value now. It stays what it is when the parameter is changed later.
    pub fn value(&self) -> Tensor {
        self.read().clone()
    }

    /// Replaces the value. Fails when the shape or the element type differs.
    pub fn set(&self, value: Tensor) -> Result<()> {
        let mut current = self.write();
        if (value.shape(), value.dtype()) != (current.shape(), current.dtype()) {
            let message = format!(
                "a {} of {}{} cannot take a value of {}{}",
                self.word(),
                current.dtype(),
                current.shape(),
                value.dtype(),
                value.shape()
            );
            return Err(Error::new(Kind::Shape, message));
        }
        *current = value.contiguous();
        self.changed();
        Ok(())
    }

    /// A number that no other parameter of the process has.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The element type and shape, which never change.
    pub(crate) fn meta(&self) -> &Meta {
        &self.0.meta
    }

    /// Whether it is trained, and not what a [`Buffer`](super::Buffer) holds.
    pub(crate) fn is_trained(&self) -> bool {
        self.0.trained
    }

    /// What messages call it.
    pub(crate) fn word(&self) -> &'static str {
        if self.is_trained() { "parameter" } else { "buffer" }
    }

    /// The path under which a network listed it, for messages.
    pub(crate) fn name(&self) -> &Name {
        &self.0.name
    }

    /// How often the value has been changed.
    pub fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }

    /// Counts a change that was made through [`Parameter::write`], before others can see it.
    pub(crate) fn changed(&self) {
        self.0.version.fetch_add(1, Ordering::AcqRel);
        CHANGES.set(CHANGES.get() + 1);
    }

    /// How many changes of parameters this thread has made: tells those that a function makes from what
    /// other threads do meanwhile.
    pub(crate) fn changes_by_this_thread() -> u64 {
        CHANGES.get()
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Tensor> {
        self.0.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Tensor> {
        self.0.value.write().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    static CHANGES: Cell<u64> = const { Cell::new(0) };
}

/// A parameter of its own with the same numbers. They are copied when one of the two is changed.
impl Clone for Parameter {
    fn clone(&self) -> Parameter {
        Parameter::make(self.value(), self.is_trained())
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.read();
        write!(f, "Parameter({}{})", value.dtype(), value.shape())
    }
}

/// A number that is set between steps: a learning rate, a step number, a random counter.
///
/// A recorded step sees the number it had when it was recorded; a compiled step reads it at every call.
/// It is an input of the plan, so that turning it never plans anew. As with a [`Parameter`],
/// [`Dial::share`] gives another handle to the same dial, and a clone is a dial of its own.
pub struct Dial(Arc<AtomicU64>);

impl Dial {
    /// A dial set to `value`.
    pub fn new(value: f64) -> Dial {
        Dial(Arc::new(AtomicU64::new(value.to_bits())))
    }

    /// Another handle to this dial.
    #[must_use]
    pub fn share(&self) -> Dial {
        Dial(Arc::clone(&self.0))
    }

    /// The number now.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Turns it to `value`.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// What tells it from others as long as it is there.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Turns it on by 1 and gives the number it then has, which no other thread that counts gets.
    pub(crate) fn count(&self) -> f64 {
        let next = |bits: u64| f64::from_bits(bits) + 1.0;
        let counted = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bits| Some(next(bits).to_bits()));
        let (Ok(before) | Err(before)) = counted;
        next(before)
    }
}

/// A dial of its own that shows the same number.
impl Clone for Dial {
    fn clone(&self) -> Dial {
        Dial::new(self.get())
    }
}

impl Default for Dial {
    fn default() -> Dial {
        Dial::new(0.0)
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dial").field(&self.get()).finish()
    }
}
