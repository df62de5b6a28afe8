//! What outlives a tape: parameters and dials.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::Name;
use crate::op::Meta;
use crate::tensor::{Error, Kind, Result, Tensor};

/// A tensor that is trained: shared by the layer that uses it and the optimiser that changes it.
///
/// Cloning gives another handle to the same parameter. On a tape it is known by its identity: watched
/// twice, it is one node.
#[doc(alias = "Param")]
#[derive(Clone)]
pub struct Parameter(Arc<Inner>);

struct Inner {
    id: u64,
    meta: Meta,
    name: Name,
    version: AtomicU64,
    value: RwLock<Tensor>,
}

impl Parameter {
    /// A parameter that starts at `value`.
    pub fn new(value: Tensor) -> Parameter {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let meta = Meta::of(&value);
        let value = RwLock::new(value.contiguous());
        let (name, version) = (Name::default(), AtomicU64::new(0));
        Parameter(Arc::new(Inner { id, meta, name, version, value }))
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
                "a parameter of {}{} cannot take a value of {}{}",
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
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Tensor> {
        self.0.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Tensor> {
        self.0.value.write().unwrap_or_else(PoisonError::into_inner)
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
/// It is an input of the plan, so that turning it never plans anew.
#[derive(Clone, Debug, Default)]
pub struct Dial(Rc<Cell<f64>>);

impl Dial {
    /// A dial set to `value`.
    pub fn new(value: f64) -> Dial {
        Dial(Rc::new(Cell::new(value)))
    }

    /// The number now.
    pub fn get(&self) -> f64 {
        self.0.get()
    }

    /// Turns it to `value`.
    pub fn set(&self, value: f64) {
        self.0.set(value);
    }
}
