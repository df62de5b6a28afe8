//! Products of few rows and of columns that lie in short runs: the gradient of a convolution's filters. Computed
//! with rows and columns exchanged, so that the columns' numbers, each needed alone, are read where they lie, and
//! the rows, packed, fill the vectors.

use std::ops::Range;

use super::micro::{Kernels, Pointed, Real, Tile};
use super::pack::Places;
use super::packed::K_BLOCK;
use super::walk::Walks;
use super::{Block, Product, cut, parts, scratch};

/// Rows up to which their packed numbers and results stay in the caches.
const MOST_ROWS: usize = 256;

/// Bytes of results that are kept until their sums are whole.
const RESULTS: usize = 192 << 10;

/// Whether the right operand's elements are needed more often than packing them would pay, and the rows fill vectors.
pub(super) fn fits<T: Real>(kernels: &Kernels<T>, p: &Product<'_, T>) -> bool {
    !p.strips
        && p.walks.is_some()
        && p.m <= MOST_ROWS
        && fills(kernels, p.m)
        && p.n >= kernels.pointed.len()
}

/// Whether so many rows fill vectors.
pub(super) fn fills<T>(kernels: &Kernels<T>, rows: usize) -> bool {
    4 * rows >= 3 * rows.next_multiple_of(kernels.lanes)
}

/// Computes rows and columns of a product that [fits].
///
/// # Safety
/// As [`super::part`].
pub(super) unsafe fn pointed<T: Real>(
    kernels: &Kernels<T>,
    p: &Product<'_, T>,
    walks: &Walks,
    rows: Range<usize>,
    columns: Range<usize>,
    epilogue: &impl Fn(&Block<T>),
) {
    let lanes = kernels.lanes;
    let (height, width) = (kernels.pointed.len(), rows.len().next_multiple_of(lanes));
    let sums = p.k.div_ceil(K_BLOCK).max(1);
    let most = (RESULTS / size_of::<T>() / width).max(height);
    let mut down = [0; MOST_ROWS];
    let down = &mut down[..rows.len()];
    walks.left[0].fill(rows.start, down);
    let (mut left, mut right) = ([0; K_BLOCK], [0; K_BLOCK]);
    for group in parts(columns, most) {
        // SAFETY: that of the group before is not used any more.
        let across = unsafe { scratch::places(group.len()) };
        walks.right[1].fill(group.start, across);
        // SAFETY: all of it lies inside the operands that the caller vouches for, and the scratch memory is as long
        // as was asked for.
        unsafe {
            let results = scratch::strip::<T>(group.len() * width);
            for ks in (0..sums).map(|number| cut(p.k, number, sums)) {
                let (left, right) = (&mut left[..ks.len()], &mut right[..ks.len()]);
                walks.left[1].fill(ks.start, left);
                walks.right[0].fill(ks.start, right);
                let packed = scratch::right::<T>(ks.len() * width);
                for start in (0..rows.len()).step_by(2 * lanes) {
                    let n = &down[start..rows.len().min(start + 2 * lanes)];
                    let from = Places { at: p.a, k: left, n };
                    (kernels.gather)(
                        &from,
                        n.len().next_multiple_of(lanes),
                        packed.add(start * ks.len()),
                    );
                }
                for panel in parts(0..group.len(), height) {
                    for start in (0..width).step_by(2 * lanes) {
                        let vectors = 2.min((width - start) / lanes);
                        let tile = Tile {
                            k: ks.len(),
                            a: p.b,
                            a_row: 0,
                            a_step: 0,
                            b: packed.add(start * ks.len()),
                            b_step: vectors * lanes,
                            c: results.add(panel.start * width + start),
                            c_row: width,
                            last: lanes,
                            add: ks.start > 0,
                            ahead: p.a,
                            lines: &[],
                        };
                        let at = Pointed { k: right, rows: &across[panel.clone()] };
                        kernels.pointed[panel.len() - 1][vectors - 1](&tile, &at);
                    }
                }
            }
            let data = p.c.add(rows.start * p.c_row + group.start);
            for row in 0..rows.len() {
                for column in 0..group.len() {
                    *data.add(row * p.c_row + column) = *results.add(column * width + row);
                }
            }
            epilogue(&Block {
                row: rows.start,
                column: group.start,
                rows: rows.len(),
                columns: group.len(),
                data,
                stride: p.c_row,
            });
        }
    }
}
