//! [`Layer`]: a module that maps one value to one value.

use std::sync::Arc;

use super::{LayerSpec, Module};
use crate::tape::{Part, Var};

/// A module that maps one value to one value.
///
/// Implement it for your own network to use it with [`Sequential`](super::Sequential) and with the
/// trainer; then `forward` is all there is to write. A layer is `Clone`, and its clone has parameters of its
/// own, but for the clone of a reference or an [`Arc`], which points to the same layer; like every module it
/// is `Send` and `Sync`, so that many threads can predict with one network.
///
/// ```
/// use gradtape::nn::{Layer, Linear, Module};
/// use gradtape::{Rng, Tape, Tensor, Var};
///
/// #[derive(Clone, Module)]
/// struct Residual(Linear);
///
/// impl Layer for Residual {
///     fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
///         x + self.0.forward(x).tanh()
///     }
/// }
///
/// let block = Residual(Linear::new(3, 3, &mut Rng::new(1)));
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0], [1, 3])?);
/// assert_eq!(block.forward(x).value()?.shape()[..], [1, 3]);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// The lifetime `'t` of the tape is written out. Left out, as in `forward(&self, x: Var<'_>) -> Var<'_>`, Rust
/// takes the result to live as long as `&self`, and answers that the "`impl` item signature doesn't match
/// `trait` item signature":
///
/// ```compile_fail
/// # use gradtape::nn::{Layer, Module};
/// # use gradtape::Var;
/// #[derive(Clone, Module)]
/// struct Half;
///
/// impl Layer for Half {
///     fn forward(&self, x: Var<'_>) -> Var<'_> {
///         x * 0.5
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer",
    label = "not a layer",
    note = "a network of your own is one with `impl Layer for {Self}`, whose `forward` gives a value for a value"
)]
pub trait Layer: Module + CloneLayer {
    /// Records what the layer computes of `x`: `fn forward<'t>(&self, x: Var<'t>) -> Var<'t>`.
    ///
    /// What does not fit is an error at the first read. It names the line inside a layer of your own (put
    /// `#[track_caller]` on it to have its caller named), the line that called a layer of this library,
    /// and the layer by its path in the network, once an optimiser or
    /// [`Module::named_parameters`] listed that.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t>;

    /// What it takes to build the layer anew, but for its numbers; `None` if only code can build it.
    fn spec(&self) -> Option<LayerSpec> {
        None
    }

    /// Whether inputs of one shape always lead to the same operations, so that a step may be recorded
    /// once and [compiled](crate::compile). True of this library's layers. Say so of your own if its
    /// `forward` reads no value, counts nothing and does not look at what may change between calls.
    fn is_static(&self) -> bool {
        self.spec().is_some()
    }
}

/// Records what a part of a layer gives, under the part's name.
#[track_caller]
pub(super) fn part<'t>(name: &'static str, layer: &dyn Layer, x: Var<'t>) -> Var<'t> {
    let _part = x.tape().within(Part::Named(name));
    let y = layer.forward(x);
    x.tape().gives(y);
    y
}

/// Stamps [`Layer`] on what points to one.
macro_rules! pointers {
    ($($for:tt)*) => {
        $($for)* {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                let _call = x.tape().within(Part::Call);
                (**self).forward(x)
            }

            fn spec(&self) -> Option<LayerSpec> {
                (**self).spec()
            }

            fn is_static(&self) -> bool {
                (**self).is_static()
            }
        }
    };
}
pointers! { impl<L: Layer + Clone> Layer for Box<L> }
pointers! { impl<'a> Layer for Box<dyn Layer + 'a> }
pointers! { impl<L: Layer + ?Sized> Layer for &L }
pointers! { impl<L: Layer + ?Sized> Layer for Arc<L> }

/// What can be cloned behind a pointer: every layer that is [`Clone`], by itself.
#[diagnostic::on_unimplemented(
    message = "the layer `{Self}` cannot be cloned",
    label = "not `Clone`",
    note = "derive it beside the module: `#[derive(Clone, Module)]`; a closure inside may stand in an `Arc`"
)]
pub trait CloneLayer {
    /// The clone, boxed.
    fn clone_layer<'a>(&self) -> Box<dyn Layer + 'a>
    where
        Self: 'a;
}

impl<L: Layer + Clone> CloneLayer for L {
    fn clone_layer<'a>(&self) -> Box<dyn Layer + 'a>
    where
        L: 'a,
    {
        Box::new(self.clone())
    }
}

impl<'a> Clone for Box<dyn Layer + 'a> {
    fn clone(&self) -> Box<dyn Layer + 'a> {
        (**self).clone_layer()
    }
}
