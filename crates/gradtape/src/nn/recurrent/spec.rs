//! Recurrent layers as data.

use serde::{Deserialize, Serialize};

use super::super::spec::float;
use super::super::{Init, Kept, Layer, Spec};
use super::{Cell, GruCell, LstmCell, Nonlinearity, Recurrent, RecurrentOptions, RnnCell};
use crate::op::Meta;
use crate::tensor::{Error, Kind, Result, Rng};

/// Stamps the description of one kind of recurrent layer: its cell, and what this has of its own.
macro_rules! specs {
    ($($(#[$doc:meta])* $name:ident, $cell:ident { $($own:ident: $type:ty = $sample:expr, $said:literal)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The width of the input.
            pub inputs: usize,
            /// The width of the state.
            pub hidden: usize,
            /// As [`RecurrentOptions::layers`].
            pub layers: usize,
            /// As [`RecurrentOptions::bidirectional`].
            pub bidirectional: bool,
            /// As [`RecurrentOptions::bias`].
            pub bias: bool,
            /// As [`RecurrentOptions::dropout`].
            pub dropout: f64,
            $(#[doc = $said] pub $own: $type,)?
            /// The element type, `f32` or `f64`.
            pub dtype: String,
        }

        impl $name {
            fn options(&self) -> Result<RecurrentOptions> {
                let &$name { layers, bidirectional, bias, dropout, .. } = self;
                let dtype = float(&self.dtype)?;
                Ok(RecurrentOptions { layers, bidirectional, bias, dropout, dtype })
            }
        }

        impl Spec for $name {
            fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
                let cell = $cell { $($own: self.$own)? };
                let options = self.options()?;
                Ok(Box::new(Recurrent::build(cell, self.inputs, self.hidden, options, init, rng)?))
            }

            fn tensors(&self) -> Result<Vec<Kept>> {
                tensors::<$cell>(self.inputs, self.hidden, self.options()?)
            }

            #[cfg(test)]
            fn samples() -> Vec<(Self, Vec<usize>)> {
                let plain = $name {
                    inputs: 3,
                    hidden: 2,
                    layers: 1,
                    bidirectional: false,
                    bias: true,
                    dropout: 0.0,
                    $($own: $sample,)?
                    dtype: "f32".into(),
                };
                let both = $name { layers: 2, bidirectional: true, dropout: 0.5, ..plain.clone() };
                let bare = $name { layers: 2, bias: false, dtype: "f64".into(), ..plain.clone() };
                [plain, both, bare].into_iter().map(|spec| (spec, vec![2, 3, 3])).collect()
            }
        }
    )*};
}

specs! {
    /// An [`Rnn`](super::Rnn) as data.
    RnnSpec, RnnCell { nonlinearity: Nonlinearity = Nonlinearity::Relu, "As [`RnnCell::nonlinearity`]." }
    /// An [`Lstm`](super::Lstm) as data.
    LstmSpec, LstmCell {}
    /// A [`Gru`](super::Gru) as data.
    GruSpec, GruCell {}
}

/// The tensors of a layer, in order.
fn tensors<C: Cell>(inputs: usize, hidden: usize, options: RecurrentOptions) -> Result<Vec<Kept>> {
    let RecurrentOptions { layers, bidirectional, bias, dtype, .. } = options;
    let rows = hidden.saturating_mul(C::GATES);
    let mut kept = Vec::new();
    let count = layers.saturating_mul(options.directions());
    // A file names each tensor, and none has so many.
    if count > 1 << 20 {
        return Err(Error::new(Kind::Model, format!("{layers} layers of {}", C::NAME)));
    }
    for place in 0..count {
        let suffix = Recurrent::<C>::suffix(place, bidirectional);
        let first = place < options.directions();
        let width = if first { inputs } else { hidden.saturating_mul(options.directions()) };
        let mut keep = |name: &str, shape: &[usize]| {
            let meta = Meta::new(dtype, shape);
            kept.push(Kept::parameter(&format!("{name}_{suffix}"), meta));
        };
        keep("weight_ih", &[rows, width]);
        keep("weight_hh", &[rows, hidden]);
        if bias {
            keep("bias_ih", &[rows]);
            keep("bias_hh", &[rows]);
        }
    }
    Ok(kept)
}
