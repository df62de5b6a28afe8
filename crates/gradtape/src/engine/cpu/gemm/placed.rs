//! Products whose right operand is read where it lies, through a table of places: windows of images, of which packing
//! would write each element as often as it lies in a window.

use std::ops::Range;

use super::micro::{Kernels, Piece, Placed, Real, Tile};
use super::pack::Places;
use super::packed::K_BLOCK;
use super::walk::Walks;
use super::{Block, Packed, Product, WIDEST, cut, parts, scratch};
use crate::engine::cpu::caches::Caches;

/// The longest sum whose places are kept.
const MOST_SUM: usize = 1 << 12;

/// Whether the columns of a product are runs long enough to be read where they lie, and its left operand small enough
/// to stay packed.
pub(super) fn fits<T: Real>(
    kernels: &Kernels<T>,
    p: &Product<'_, T>,
    columns: &Range<usize>,
) -> bool {
    let Some(walks) = p.walks else { return false };
    let width = 2 * kernels.lanes;
    let bytes = p.m.saturating_mul(p.k).saturating_mul(size_of::<T>());
    if p.strips || p.k > MOST_SUM || columns.len() < width || bytes > Caches::get().second / 2 {
        return false;
    }
    let mut places = [0; WIDEST];
    walks.right[1].fill(columns.start, &mut places[..width]);
    pieces(kernels.lanes, p.b, &places[..width]).is_some()
}

/// Computes rows and columns of a product that [fits].
///
/// # Safety
/// As [`super::part`].
pub(super) unsafe fn placed<T: Real>(
    kernels: &Kernels<T>,
    p: &Product<'_, T>,
    walks: &Walks,
    (rows, columns): (Range<usize>, Range<usize>),
    packed: &mut Packed<T>,
    epilogue: &impl Fn(&Block<T>),
) {
    let lanes = kernels.lanes;
    let (height, width) = (kernels.packed.len(), 2 * lanes);
    let sums = p.k.div_ceil(K_BLOCK).max(1);
    let panels = || parts(rows.clone(), height);
    let place =
        |ks: &Range<usize>, row: usize| ks.start * rows.len() + (row - rows.start) * ks.len();
    let fresh = !packed.holds(p.a, &rows);
    packed.set(p.a, rows.clone());
    // SAFETY: this is the only room for places that is asked for here. What is packed has its places there still.
    let (left, right) = unsafe { scratch::places(2 * p.k) }.split_at_mut(p.k);
    if fresh {
        walks.left[1].fill(0, left);
        walks.right[0].fill(0, right);
    }
    let mut across = [0; WIDEST];
    // SAFETY: all of it lies inside the operands that the caller vouches for, and the scratch memory is as long as
    // was asked for.
    unsafe {
        let a = scratch::left::<T>(rows.len() * p.k);
        for ks in (0..sums).map(|number| cut(p.k, number, sums)).filter(|_| fresh) {
            for panel in panels() {
                let down = &mut across[..panel.len()];
                walks.left[0].fill(panel.start, down);
                let from = Places { at: p.a, k: &left[ks.clone()], n: down };
                (kernels.gather)(&from, panel.len(), a.add(place(&ks, panel.start)));
            }
        }
        for start in columns.clone().step_by(width) {
            let own = start..(start + width).min(columns.end);
            let across = &mut across[..own.len()];
            walks.right[1].fill(start, across);
            let pieces = pieces(lanes, p.b, across);
            let vectors = own.len().div_ceil(lanes);
            for ks in (0..sums).map(|number| cut(p.k, number, sums)) {
                let mut b = std::ptr::null();
                if pieces.is_none() {
                    let to = scratch::right::<T>(ks.len() * vectors * lanes);
                    let from = Places { at: p.b, k: &right[ks.clone()], n: across };
                    (kernels.gather)(&from, vectors * lanes, to);
                    b = to;
                }
                for panel in panels() {
                    let tile = Tile {
                        k: ks.len(),
                        a: a.add(place(&ks, panel.start)),
                        a_row: 1,
                        a_step: panel.len(),
                        b,
                        b_step: vectors * lanes,
                        c: p.c.add(panel.start * p.c_row + start),
                        c_row: p.c_row,
                        last: own.len() - (vectors - 1) * lanes,
                        add: ks.start > 0,
                        ahead: p.a,
                        lines: &[],
                    };
                    let row = panel.len() - 1;
                    match &pieces {
                        Some((count, vectors)) => {
                            let at = Placed { k: &right[ks.clone()], vectors };
                            kernels.placed[row][count - 1](&tile, &at);
                        }
                        None => kernels.packed[row][vectors - 1](&tile),
                    }
                }
            }
            for panel in panels() {
                epilogue(&Block {
                    row: panel.start,
                    column: start,
                    rows: panel.len(),
                    columns: own.len(),
                    data: p.c.add(panel.start * p.c_row + start),
                    stride: p.c_row,
                });
            }
        }
    }
}

/// How the two vectors of a whole tile are put together of at most two runs each, and of how many.
fn pieces<T: Copy>(
    lanes: usize,
    at: *const T,
    places: &[isize],
) -> Option<(usize, [[Piece<T>; 2]; 2])> {
    if places.len() != 2 * lanes {
        return None;
    }
    let mut vectors = [[Piece { from: at, first: 0, end: 0 }; 2]; 2];
    let mut most = 1;
    for (vector, places) in vectors.iter_mut().zip(places.chunks(lanes)) {
        let run = |lane: usize| {
            places[lane..].windows(2).take_while(|pair| pair[1] - pair[0] == 1).count() + 1
        };
        let first = run(0);
        vector[0] = Piece { from: at.wrapping_offset(places[0]), first: 0, end: first };
        if first < lanes {
            if first + run(first) < lanes {
                return None;
            }
            let from = at.wrapping_offset(places[first] - first as isize);
            vector[1] = Piece { from, first, end: lanes };
            most = 2;
        }
    }
    Some((most, vectors))
}
