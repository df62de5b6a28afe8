//! What stands beside a handle in an operation: another handle, or a number.

/// An operand of a handle's method: a handle, or a [`Number`] that takes the handle's element type, as
/// in `x.maximum(y)` and `x.maximum(0)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand beside a value on a tape",
    label = "neither a value on a tape nor a number"
)]
pub trait Operand<H>: Copy {
    /// The operand as a handle; a number becomes a scalar of the element type of `like`.
    fn operand(self, like: H) -> H;

    /// The handle, if it is one.
    fn handle(self) -> Option<H>;
}

/// A number beside a value on a tape: any of Rust's, taking the element type of the value, as in
/// `x * 2`, `x / n` with a `usize`, `x.pow(0.5)`.
///
/// On the left of an operator stands a literal or a number of `f64` or `i32` (`1.0 - x`, `2 * x`): with
/// more types there, Rust could not tell which one a literal has.
///
/// ```
/// use gradtape::{DType, Tape};
/// let tape = Tape::new();
/// let x = tape.constant([1.0f32, 2.0]);
/// let n: usize = 4;
/// let y = 2 * (x - 0.5f32) / n + 1;
/// assert_eq!((y.value()?.to_f64_vec(), y.dtype()), (vec![1.25, 1.75], DType::F32));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a value on a tape cannot be combined with `{Self}`",
    label = "neither a value on a tape nor a number",
    note = "record a tensor on the tape first: `tape.constant(&tensor)`"
)]
pub trait Number: Copy {
    /// The nearest f64.
    fn to_f64(self) -> f64;

    /// Whether the f64 is the number itself; not so for some whole numbers beyond 2^53.
    fn is_exact(self) -> bool {
        true
    }
}

macro_rules! exact {
    ($($t:ty),*) => {$(
        impl Number for $t {
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
        }
    )*};
}

macro_rules! whole {
    ($($t:ty),*) => {$(
        impl Number for $t {
            fn to_f64(self) -> f64 {
                self as f64
            }

            fn is_exact(self) -> bool {
                self as f64 as i128 == self as i128
            }
        }
    )*};
}

exact!(f64, f32, i8, i16, i32, u8, u16, u32);
whole!(i64, isize, u64, usize);
