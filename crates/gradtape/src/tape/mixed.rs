//! Mixed precision: products in 16 bits, and steps that count only if their gradients are finite.

use std::panic::Location;

use super::{Parameter, Tape, Var};
use crate::op::{Form, NodeId, Op, Recorder, Term};
use crate::tensor::{DType, Error, Kind, Result};

/// While it lives, products are recorded in another type; made by [`Tape::autocast`].
pub struct Autocast<'t> {
    tape: &'t Tape,
    before: Option<DType>,
}

impl Drop for Autocast<'_> {
    fn drop(&mut self) {
        self.tape.products().set(self.before);
    }
}

impl Tape {
    /// Has products of f32 (matrix products, convolutions, attention) take their operands and give their result in f16
    /// or bf16 for as long as what is returned lives; everything else, sums within products among it, stays f32. So
    /// do their gradients, whose products are of the same operands. With f32 it changes nothing.
    ///
    /// Parameters stay f32, and so are the steps of an optimiser: its update of a parameter is not lost in rounding.
    /// Micikevicius et al. 2018. In f16 small gradients become 0 and large ones infinite; see
    /// [`LossScale`](crate::train::LossScale).
    ///
    /// ```
    /// use gradtape::{DType, Tape};
    /// let tape = Tape::new();
    /// let x = tape.constant([[1.0f32 + 1.0 / 1024.0]]);
    /// let y = {
    ///     let _half = tape.autocast(DType::BF16)?;
    ///     x.matmul(x)
    /// };
    /// assert_eq!((y.dtype(), y.item()?), (DType::F32, 1.0));
    /// assert!(x.matmul(x).item()? > 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    ///
    /// Fails for a type that is none of these three.
    #[doc(alias = "amp")]
    pub fn autocast(&self, dtype: DType) -> Result<Autocast<'_>> {
        let products = match dtype {
            DType::F32 => None,
            dtype if dtype.is_float() && dtype.computed() != dtype => Some(dtype),
            _ => {
                let message = format!("autocast to {dtype}");
                return Err(Error::new(Kind::Value, message).hint("it is f32, bf16 or f16"));
            }
        };
        Ok(Autocast { tape: self, before: self.products().replace(products) })
    }

    /// Has the updates of parameters that are recorded from here on ([`Tape::assign`], the steps of optimisers) count
    /// only where `condition`, a bool scalar, holds when the step runs; else parameters, and what optimisers keep
    /// for them, stay what they were. Until [`Tape::reset`].
    ///
    /// ```
    /// use gradtape::optim::{Optimizer, Sgd};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::scalar(1.0f64));
    /// let opt = Sgd::new(&x, 0.5);
    /// let mut tape = Tape::new();
    /// for most in [0.5, 2.0] {
    ///     tape.reset();
    ///     let loss = tape.parameter(&x).square();
    ///     tape.update_if(loss.less(most))?;
    ///     opt.step(loss)?;
    ///     assert_eq!(x.value().item()?, if most < 1.0 { 1.0 } else { 0.0 });
    /// }
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    ///
    /// Fails for a condition that is no bool scalar or is of another tape. An optimiser counts its steps all the same.
    #[track_caller]
    pub fn update_if(&self, condition: Var<'_>) -> Result<()> {
        condition.check()?;
        if condition.tape().id() != self.id() {
            return Err(super::mixed_tapes("update_if").at(Location::caller()));
        }
        let meta = condition.meta();
        if meta.dtype != DType::Bool || meta.shape.rank() != 0 {
            let message = format!("update_if: the condition is {meta}, not a bool scalar");
            return Err(Error::new(Kind::Shape, message)
                .at(Location::caller())
                .hint("all(()) makes one of several"));
        }
        self.recording().borrow_mut().condition = Some(condition.id());
        Ok(())
    }

    /// A parameter's next value, or the one that it has where updates do not count.
    #[track_caller]
    pub(super) fn if_wanted<'t>(&'t self, parameter: &Parameter, value: Var<'t>) -> Var<'t> {
        let condition = self.recording().borrow().condition;
        match condition {
            Some(condition) => self.var(condition).select(value, self.parameter(parameter)),
            None => value,
        }
    }

    /// The type in which an operation is to be recorded, if it is another than that of its inputs.
    pub(super) fn narrowed(&self, op: &Op, inputs: &[NodeId]) -> Option<DType> {
        let dtype = self.products().get()?;
        let is_product = matches!(op.form(), Form::Contraction(_));
        let wide = || inputs.iter().all(|&id| !id.is_failed() && self.dtype(id) == DType::F32);
        (is_product && wide()).then_some(dtype)
    }

    /// Records an operation on its inputs in another type, and the result in that of the inputs.
    pub(super) fn record_narrow(
        &self,
        op: Op,
        inputs: &[NodeId],
        dtype: DType,
        at: &'static Location<'static>,
    ) -> NodeId {
        let cast = |id: NodeId, dtype| Term::new(self, id, at).cast(dtype).id();
        let narrow: Vec<NodeId> = inputs.iter().map(|&id| cast(id, dtype)).collect();
        cast(self.record(op, &narrow, at), DType::F32)
    }
}
