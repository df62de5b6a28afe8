//! Positions along an axis for a tile.

use super::lane::{Real, Task};

/// Fills `out` with `start`, `start + step`, …, which f64 must hold exactly.
pub(crate) struct Count<'a, T> {
    pub(crate) start: f64,
    pub(crate) step: f64,
    pub(crate) out: &'a mut [T],
}

impl<T: Real> Task for Count<'_, T> {
    type Output = ();

    #[allow(clippy::needless_range_loop, reason = "a plain loop becomes vector code")]
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for i in 0..self.out.len() {
            // By way of i32, which all vector units turn into f64; a tile is shorter.
            self.out[i] = T::from_f64(self.start + f64::from(i as i32) * self.step);
        }
    }
}
