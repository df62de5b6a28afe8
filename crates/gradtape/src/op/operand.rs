//! What stands beside a handle in an operation: another handle, or a number.

/// An operand of a handle's method: a handle, or a number that takes the handle's element type, as
/// in `x.maximum(y)` and `x.maximum(0.0)`.
pub trait Operand<H>: Copy {
    /// The operand as a handle; a number becomes a scalar of the element type of `like`.
    fn operand(self, like: H) -> H;

    /// The handle, if it is one.
    fn handle(self) -> Option<H>;
}
