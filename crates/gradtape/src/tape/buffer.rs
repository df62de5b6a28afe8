//! [`Buffer`]: state that is not trained.

use std::fmt;

use super::{Leaf, Parameter, Recording, Tape, Update, Var};
use crate::op::NodeId;
use crate::tensor::{Result, Tensor};

/// A tensor that a module keeps and no optimiser trains: running statistics, a count, a mask.
///
/// As a field of a module it is visited by itself, listed by
/// [`named_buffers`](crate::nn::Module::named_buffers), and saved, loaded and copied beside the parameters,
/// but it is none of them. [`Buffer::share`] gives another handle to the same buffer; a clone is a buffer of
/// its own that starts with the same numbers.
///
/// On a tape, [`Tape::buffer`] records its value, of which there is no gradient, and [`Tape::update`] a new
/// one:
///
/// ```
/// use gradtape::nn::Module;
/// use gradtape::{Buffer, DType, Parameter, Result, Tape, Tensor, Var};
///
/// /// Scales by the greatest magnitude that training has seen.
/// #[derive(Clone, Module)]
/// struct Range {
///     scale: Parameter,
///     largest: Buffer,
/// }
///
/// impl Range {
///     fn forward<'t>(&self, x: Var<'t>) -> Result<Var<'t>> {
///         let tape = x.tape();
///         if tape.is_training() {
///             tape.update(&self.largest, tape.buffer(&self.largest).maximum(x.abs().max(())))?;
///         }
///         Ok(x / tape.buffer(&self.largest) * tape.parameter(&self.scale))
///     }
/// }
///
/// let range = Range {
///     scale: Parameter::new(Tensor::ones((), DType::F64)),
///     largest: Buffer::new(Tensor::zeros((), DType::F64)),
/// };
/// let tape = Tape::new();
/// assert_eq!(range.forward(tape.constant([1.0, -4.0]))?.value()?.to_f64_vec(), [0.25, -1.0]);
/// assert_eq!(range.largest.value().item()?, 4.0);
/// let tape = Tape::inference();
/// assert_eq!(range.forward(tape.constant([8.0]))?.value()?.to_f64_vec(), [2.0]);
/// assert_eq!(range.largest.value().item()?, 4.0);
/// assert_eq!(range.named_buffers()[0].0, "largest");
/// assert_eq!(range.named_parameters().len(), 1);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// What the program itself counts between steps, such as the draws of a [`Generator`](crate::Generator), is
/// a [`Dial`](crate::Dial).
#[doc(alias = "register_buffer")]
pub struct Buffer(Parameter);

impl Buffer {
    /// A buffer that starts at `value`, of any element type.
    pub fn new(value: Tensor) -> Buffer {
        Buffer(Parameter::make(value, false))
    }

    /// What is kept for a parameter elsewhere, such as its average, as a buffer.
    pub(crate) fn of(parameter: &Parameter) -> Buffer {
        Buffer(parameter.share())
    }

    /// Another handle to this buffer.
    #[must_use]
    pub fn share(&self) -> Buffer {
        Buffer(self.0.share())
    }

    /// The value now. It stays what it is when the buffer is changed later.
    pub fn value(&self) -> Tensor {
        self.0.value()
    }

    /// Replaces the value. Fails when the shape or the element type differs.
    pub fn set(&self, value: Tensor) -> Result<()> {
        self.0.set(value)
    }

    /// A number that no other buffer or parameter of the process has.
    pub fn id(&self) -> u64 {
        self.0.id()
    }

    /// How often the value has been changed.
    pub fn version(&self) -> u64 {
        self.0.version()
    }

    /// What holds the value.
    pub(crate) fn holder(&self) -> &Parameter {
        &self.0
    }
}

/// A buffer of its own with the same numbers. They are copied when one of the two is changed.
impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        Buffer::new(self.value())
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0.read();
        write!(f, "Buffer({}{})", value.dtype(), value.shape())
    }
}

impl Tape {
    /// Records a buffer as it is at this point of the recording: with the last value that
    /// [`Tape::update`] gave it here, else with the one it has. To ask for its gradient is an error.
    #[track_caller]
    pub fn buffer(&self, buffer: &Buffer) -> Var<'_> {
        let var = self.parameter(buffer.holder());
        let updated = self.recording().borrow().updated_buffer(var.id());
        updated.map_or(var, |id| self.var(id))
    }

    /// Records that a buffer takes this value, which must have its shape and element type. What is recorded
    /// afterwards sees it, through [`Tape::buffer`]; no gradient flows through it.
    ///
    /// Nothing is computed here. The buffer itself takes the value with whatever is computed next on this
    /// tape, once: at the first read ([`Var::value`], [`Var::item`], [`evaluate`](crate::evaluate)) or in the
    /// program of the optimiser's step, and at every call of a [compiled](crate::compile) function. So a loss
    /// that is read before its step counts once, as one that is not; a recording that is dropped or
    /// [reset](Tape::reset) before anything is read of it has never happened; and what fails changes no
    /// buffer. After a step that failed the update is forgotten, after a read it waits for the next one.
    ///
    /// A layer whose buffers follow the training asks [`Tape::is_training`] first.
    ///
    /// ```
    /// use gradtape::{Buffer, Tape, Tensor};
    /// let count = Buffer::new(Tensor::scalar(0i64));
    /// let mut tape = Tape::new();
    /// for _ in 0..3 {
    ///     tape.reset();
    ///     tape.update(&count, tape.buffer(&count) + 1)?;
    ///     let twice = tape.buffer(&count) * 2;
    ///     let before = count.value().item()?;
    ///     assert_eq!(twice.item()?, 2.0 * (before + 1.0));
    ///     assert_eq!(count.value().item()?, before + 1.0);
    /// }
    /// assert_eq!(count.value().item()?, 3.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn update(&self, buffer: &Buffer, value: Var<'_>) -> Result<()> {
        let parameter = self.target("update", buffer.holder(), value)?;
        let value = match value.dtype().is_float() {
            true => value.stop_gradient(),
            false => value,
        };
        value.check()?;
        self.recording().borrow_mut().update(Update {
            parameter,
            value: value.id(),
            at_read: true,
        });
        Ok(())
    }
}

impl Recording {
    /// Records an update in the place of an earlier one of the same parameter.
    pub(super) fn update(&mut self, update: Update) {
        self.updates.retain(|other| other.parameter != update.parameter);
        self.updates.push(update);
    }

    /// The updates of buffers that nothing has computed yet.
    pub(crate) fn buffer_updates(&self) -> impl Iterator<Item = &Update> {
        self.updates.iter().filter(|update| update.at_read)
    }

    /// What messages call a node that is a buffer.
    pub(crate) fn buffer(&self, id: NodeId) -> Option<String> {
        let leaf = self.leaf(id)?;
        let is_buffer =
            matches!(leaf, Leaf::Parameter { parameter, .. } if !parameter.is_trained());
        is_buffer.then(|| leaf.describe())
    }

    /// The value that a buffer was given here and has not taken yet.
    fn updated_buffer(&self, id: NodeId) -> Option<NodeId> {
        if id.is_failed() {
            return None;
        }
        self.buffer_updates().find(|update| update.parameter == id).map(|update| update.value)
    }

    /// Has buffers that a read is about to change keep their old value for what was recorded of it; tells
    /// whether there are any.
    pub(crate) fn keep_updated_buffers(&mut self) -> bool {
        let ids: Vec<NodeId> = self.buffer_updates().map(|update| update.parameter).collect();
        ids.iter().for_each(|&id| self.keep_parameter(id));
        !ids.is_empty()
    }

    /// Takes note that the buffers have their new values: what is recorded next sees those as they are.
    pub(crate) fn settle_buffers(&mut self) {
        while let Some(place) = self.updates.iter().rposition(|update| update.at_read) {
            let update = self.updates.remove(place);
            self.forget_parameter(update.parameter);
        }
    }
}
