//! Gradients that are held to a size.

use std::fmt;

use smallvec::SmallVec;

use super::declare::bad;
use crate::tape::Var;
use crate::tensor::{DType, Result};

/// What gradients are held to, in this order: each element, each gradient's norm, the norm over all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clip {
    pub(super) value: Option<f64>,
    pub(super) each_norm: Option<f64>,
    pub(super) norm: Option<f64>,
}

/// By the names of the bounds: `clip_norm 1`.
impl fmt::Display for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Clip { value, each_norm, norm } = *self;
        let named = [("clip_value", value), ("clip_each_norm", each_norm), ("clip_norm", norm)];
        let told = named.iter().filter_map(|(name, most)| Some(format!("{name} {}", (*most)?)));
        let told: Vec<String> = told.collect();
        f.write_str(&if told.is_empty() { "none".to_string() } else { told.join(", ") })
    }
}

impl Clip {
    pub(super) fn check(&self) -> Result<()> {
        let Clip { value, each_norm, norm } = *self;
        let named = [("clip_value", value), ("clip_each_norm", each_norm), ("clip_norm", norm)];
        for (name, most) in named {
            if let Some(most) = most.filter(|most| most.is_nan() || *most <= 0.0) {
                return Err(bad(name, most, "above 0"));
            }
        }
        Ok(())
    }

    pub(super) fn apply(&self, gs: &mut [Option<Var<'_>>]) {
        if let Some(most) = self.value {
            gs.iter_mut().flatten().for_each(|g| *g = g.clamp(-most, most));
        }
        if let Some(most) = self.each_norm {
            gs.iter_mut().flatten().for_each(|g| *g *= scale(norm(*g), most).cast(g.dtype()));
        }
        if let Some(most) = self.norm {
            together(gs, most);
        }
    }
}

/// Scales the gradients so that their common norm is at most `most`. The norm is a norm of norms, none of
/// which squares what is too large or too small for it.
fn together(gs: &mut [Option<Var<'_>>], most: f64) {
    let Some(first) = gs.iter().flatten().next() else { return };
    let tape = first.tape();
    let norms: SmallVec<[Var<'_>; 16]> = gs.iter().flatten().map(|g| norm(*g)).collect();
    let scale = scale(tape.stack(&norms, 0).norm(2.0, ()), most);
    gs.iter_mut().flatten().for_each(|g| *g *= scale.cast(g.dtype()));
}

fn norm(g: Var<'_>) -> Var<'_> {
    g.norm(2.0, ()).cast(DType::F64)
}

fn scale(norm: Var<'_>, most: f64) -> Var<'_> {
    (most / (norm + 1e-6)).minimum(1.0)
}
