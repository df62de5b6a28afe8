//! [`GlobalAvgPool`] and [`GlobalMaxPool`]: one number for each channel.

use serde::{Deserialize, Serialize};

use super::super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Part, Var};
use crate::tensor::{DType, Error, Kind, Result, Rng};

/// Stamps a pool over all spatial axes.
macro_rules! global {
    ($(#[$doc:meta])* $name:ident, $word:literal, |$x:ident, $axes:ident| $formula:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name;

        impl $name {
            #[doc = concat!("Records the ", $word, " of each channel of `x`, `[n, channels, size…]`.")]
            #[track_caller]
            pub fn forward<'t>(&self, $x: Var<'t>) -> Var<'t> {
                let _layer = $x.tape().within(Part::Layer(stringify!($name)));
                if let Err(error) = spatial(stringify!($name), $x) {
                    return $x.failed(error, &[$x]);
                }
                let $axes: Vec<isize> = (2..$x.shape().rank() as isize).collect();
                $formula
            }
        }

        impl Module for $name {
            fn visit(&self, _: &mut Visitor<'_>) {}
        }

        impl Layer for $name {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                $name::forward(self, x)
            }

            fn spec(&self) -> Option<LayerSpec> {
                Some((*self).into())
            }
        }

        impl Spec for $name {
            fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
                Ok(Box::new(*self))
            }

            fn samples() -> Vec<(Self, Vec<usize>)> {
                vec![($name, vec![2, 3, 4]), ($name, vec![2, 3, 4, 2])]
            }
        }
    };
}

global! {
    /// The mean of each channel over all spatial axes, `[n, channels, size…]` to `[n, channels]`. Lin, Chen and Yan 2013.
    ///
    /// ```
    /// use gradtape::Tape;
    /// use gradtape::nn::GlobalAvgPool;
    /// let tape = Tape::new();
    /// let y = GlobalAvgPool.forward(tape.constant([[[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]]]));
    /// assert_eq!(y.value()?.to_f64_vec(), [3.0, 1.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias = "GlobalAveragePooling")]
    GlobalAvgPool, "mean", |x, axes| x.mean(&axes[..])
}

global! {
    /// The greatest of each channel over all spatial axes, `[n, channels, size…]` to `[n, channels]`.
    ///
    /// ```
    /// use gradtape::Tape;
    /// use gradtape::nn::GlobalMaxPool;
    /// let tape = Tape::new();
    /// let y = GlobalMaxPool.forward(tape.constant([[[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]]]));
    /// assert_eq!(y.value()?.to_f64_vec(), [6.0, 3.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias = "GlobalMaxPooling")]
    GlobalMaxPool, "greatest", |x, axes| x.max(&axes[..])
}

/// Whether an input has channels, and elements to look at.
fn spatial(layer: &str, x: Var<'_>) -> Result<()> {
    x.check()?;
    let input = x.meta();
    let empty = input.shape.iter().skip(2).any(|&size| size == 0);
    if input.shape.rank() >= 3 && input.dtype != DType::Bool && !empty {
        return Ok(());
    }
    let message = format!(
        "{layer}: the layer takes numbers of [n, channels, size…], but the input is {input}"
    );
    let hint = match empty {
        true => "each spatial axis needs an element at least",
        false => "there are spatial axes from axis 2 on; unsqueeze(1) gives one channel its axis",
    };
    Err(Error::new(Kind::Shape, message).hint(hint))
}
