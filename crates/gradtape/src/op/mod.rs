//! What an operation *is*: one file per operation, one list.
//!
//! Every file states the documentation (with the formula of the gradient and why it holds), the
//! shape rule, the gradient rule, the batching rule, the meaning and samples for the tests. The list at the bottom of
//! `list.rs` turns them into the [`Op`] enum and everything that is done for all operations. This
//! room imports `tensor` alone; a gradient rule records through the small trait `Recorder`.

pub mod binary;
pub mod compare;
pub mod control;
pub mod index;
#[cfg(feature = "linalg")]
pub mod linalg;
pub mod linear;
pub mod reduce;
pub mod shape;
pub mod source;
pub mod unary;

mod attr;
mod axes;
mod examples;
mod form;
mod hash;
mod list;
mod math;
mod meaning;
mod methods;
mod operand;
mod operation;
mod recorder;
pub(crate) mod rules;
mod samples;
pub mod scalar;

#[doc(hidden)]
pub use attr::Attr;
pub use attr::Bits;
pub use axes::IntoAxes;
pub use examples::Examples;
pub use form::{Cost, Exact, Form, Reduce};
#[doc(hidden)]
pub use form::{PlaceAlong, Places, View};
pub(crate) use hash::StructureHasher;
pub(crate) use list::with_elementwise;
pub use list::{Op, OpInfo};
#[cfg(feature = "linalg")]
pub(crate) use math::linalg_methods;
pub(crate) use math::{
    activation_methods, assign_methods, elementwise_methods, index_methods, linear_methods,
    logic_methods, math_methods, operators, reduce_methods, repeat_methods, scan_methods,
    shape_methods, special_methods,
};
pub(crate) use meaning::{Along, Arithmetic, Walk, check_labels, next_index, set_index};
#[doc(hidden)]
pub use meaning::{Meaning, Numbers, NumbersMut};
pub use methods::{Method, methods};
pub use operand::{Number, Operand};
pub use operation::{Broken, Cotangent, Meta, Sample};
#[doc(hidden)]
pub use operation::{Declared, Elementwise, Operation};
pub(crate) use operation::{operation, value_error, with_computed, with_number};
pub(crate) use recorder::Recorder;
pub use recorder::{NodeId, Term};
pub use rules::Operands;

pub(crate) use crate::tensor::with_type;
