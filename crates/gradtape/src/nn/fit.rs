//! What layers say of inputs and settings that do not fit.

use std::fmt::Display;

use crate::op::Meta;
use crate::tape::Var;
use crate::tensor::{DType, Error, Kind, Result};

/// The most weights of a network that a few words ask for, 4 GB in f32: more is a slip of the keyboard.
pub(super) const MOST_WEIGHTS: f64 = 1e9;

/// An input that a layer does not take, with a way out: of its element type, where that is wrong, or else of
/// its shape.
pub(super) fn misfit(
    layer: &str,
    takes: impl Display,
    dtype: DType,
    input: &Meta,
    hint: &str,
) -> Error {
    let message = format!("{layer}: the layer takes {takes} in {dtype}, but the input is {input}");
    Error::new(Kind::Shape, message).hint(type_hint(input.dtype, dtype).unwrap_or(hint))
}

/// The way out for an input of another element type than its layer's; none where it is the same.
pub(super) fn type_hint(have: DType, want: DType) -> Option<&'static str> {
    match (have, want) {
        (DType::F64, DType::F32) => {
            Some("numbers like 1.0 are f64 in Rust: write 1.0f32, or cast(DType::F32) the input")
        }
        _ if have != want => Some("cast() the input to the layer's type"),
        _ => None,
    }
}

/// A setting that no layer of its kind can have.
pub(super) fn setting(layer: impl Display, rule: impl Display) -> Error {
    Error::new(Kind::Value, format!("{layer}: {rule}"))
}

/// Whether a number can be added to a variance.
pub(super) fn check_eps(layer: impl Display, eps: f64) -> Result<()> {
    if eps.is_finite() && eps >= 0.0 {
        return Ok(());
    }
    Err(setting(layer, format!("eps is {eps}, but must be a finite number of at least 0")))
}

/// Whether an input is of floats, for a layer that takes any shape.
pub(super) fn check_floats(layer: &str, x: Var<'_>) -> Result<()> {
    x.check()?;
    let input = x.meta();
    if input.dtype.is_float() {
        return Ok(());
    }
    let message = format!("{layer}: the layer takes floats, but the input is {input}");
    Err(Error::new(Kind::Shape, message).hint("cast(DType::F32) the input"))
}

/// Whether a layer can have numbers of this type.
pub(super) fn check_float(layer: impl Display, dtype: DType) -> Result<()> {
    if dtype.is_float() {
        return Ok(());
    }
    Err(setting(layer, format!("its numbers are f32 or f64, not {dtype}")))
}
