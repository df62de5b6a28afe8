//! Uniform random numbers for a tile.

use super::lane::{Real, Task};
use crate::tensor::{DType, random_block, uniform_at, unit_f32, unit_f64};

/// Fills `out` with elements `start`, `start + stride`, … of the stream of `key` and `counter`.
pub(crate) struct Uniform<'a, T> {
    pub(crate) key: u64,
    pub(crate) counter: u64,
    pub(crate) start: u64,
    pub(crate) stride: u64,
    pub(crate) out: &'a mut [T],
}

/// Blocks that are computed side by side, one in each lane of a vector.
const LANES: usize = 16;

impl<T: Real> Task for Uniform<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Uniform { key, counter, start, stride, out } = self;
        if T::DTYPE != DType::F32 || stride != 1 {
            for (i, out) in out.iter_mut().enumerate() {
                *out = unit::<T>(uniform_at(
                    key,
                    counter,
                    start.wrapping_add((i as u64).wrapping_mul(stride)),
                ));
            }
            return;
        }
        // Numbers before the first whole block of four.
        let head = (start.next_multiple_of(4) - start).min(out.len() as u64) as usize;
        let (head, body) = out.split_at_mut(head);
        for (i, out) in head.iter_mut().enumerate() {
            *out = unit::<T>(uniform_at(key, counter, start + i as u64));
        }
        let first = start.div_ceil(4);
        for (group, out) in body.chunks_mut(4 * LANES).enumerate() {
            let first = first + (group * LANES) as u64;
            let mut words = [[0u32; LANES]; 4];
            #[allow(clippy::needless_range_loop, reason = "in this form it becomes vector code")]
            for lane in 0..LANES {
                let block = random_block(key, counter, first + lane as u64);
                for word in 0..4 {
                    words[word][lane] = block[word];
                }
            }
            for (i, out) in out.iter_mut().enumerate() {
                *out = unit::<T>(u64::from(words[i % 4][i / 4]) << 32);
            }
        }
    }
}

#[inline(always)]
fn unit<T: Real>(bits: u64) -> T {
    match T::DTYPE {
        DType::F32 => T::from_f64(f64::from(unit_f32(bits))),
        _ => T::from_f64(unit_f64(bits)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::isa::Isa;
    use super::super::lane::dispatch;
    use super::*;

    #[test]
    fn a_tile_holds_the_stream_from_any_position() {
        for (start, stride, len) in [(0, 1, 200), (3, 1, 70), (6, 1, 1), (5, 3, 40), (64, 1, 64)] {
            let mut out = vec![0f32; len];
            let (key, counter) = (0x1234_5678_9abc, 41);
            dispatch(Isa::best(), Uniform { key, counter, start, stride, out: &mut out });
            for (i, &x) in out.iter().enumerate() {
                assert_eq!(
                    x,
                    unit_f32(uniform_at(
                        key,
                        counter,
                        start.wrapping_add((i as u64).wrapping_mul(stride))
                    ))
                );
            }
        }
    }
}
