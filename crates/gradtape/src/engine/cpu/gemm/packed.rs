//! Large products: both operands packed, the left one once, the right one block by block.

use std::ops::Range;

use super::ahead::{Ahead, Lines};
use super::micro::{Kernels, Real, Tile};
use super::pack::Places;
use super::walk::{Walk, Walks};
use super::{Block, Product, cut, parts, scratch};
use crate::engine::cpu::caches::Caches;

/// The longest sum done in one go before the result is stored and added to.
pub(super) const K_BLOCK: usize = 384;
/// Bytes of the right operand that stay packed in the second-level cache, at most half of it: beside a left
/// operand of few rows, beside one of many, which is read again for each group of columns, and beside strips,
/// which are as wide as possible to let the epilogue walk along whole rows.
const GROUP: [usize; 3] = [192 << 10, 384 << 10, 512 << 10];
/// Summands that are packed together of neighbouring rows.
const TOGETHER: usize = 32;
/// Rows from which the left operand has many.
const MANY_ROWS: usize = 256;
/// Bytes of the left operand that one worker keeps packed, at most a quarter of the last-level cache. Of sums so
/// long that a single panel of rows is more, a span at a time is packed.
pub(super) const LEFT: usize = 8 << 20;

/// Computes rows and columns of a product.
///
/// # Safety
/// As [`super::part`].
pub(super) unsafe fn packed<T: Real>(
    kernels: &Kernels<T>,
    p: &Product<'_, T>,
    rows: Range<usize>,
    columns: Range<usize>,
    epilogue: &impl Fn(&Block<T>),
) {
    let lanes = kernels.lanes;
    let (height, width) = (kernels.packed.len(), 2 * lanes);
    let k_block = if p.strips { p.k.max(1) } else { K_BLOCK };
    let caches = Caches::get();
    let kept = LEFT.min(caches.last / 4) / size_of::<T>();
    let sums = p.common.map_or(p.k.div_ceil(k_block).max(1), |common| common.blocks(p.k));
    let sum = |number: usize| match p.common {
        Some(common) => {
            let block = common.block(number);
            block.start..block.end.min(p.k)
        }
        None => cut(p.k, number, sums),
    };
    let at_once = (kept / (height * k_block)).max(1);
    let most = (kept / p.k.clamp(1, at_once * k_block)).max(height);
    let mut offsets = p.walks.map(Offsets::new);
    let beside = Lines::beside(&p.beside, p.n, [height, width]);
    for rows in parts(rows, most) {
        let panels = || parts(rows.clone(), height);
        let group = if p.strips { 2 } else { usize::from(rows.len() >= MANY_ROWS) };
        let panel = k_block.min(p.k.max(1)) * width * size_of::<T>();
        let most = (GROUP[group].min(caches.second / 2) / panel).max(1);
        let groups = parts(0..columns.len().div_ceil(width), most).map(|group| {
            columns.start + group.start * width..columns.end.min(columns.start + group.end * width)
        });
        let ahead = rows.len() < MANY_ROWS && p.walks.is_none() && p.common.is_none();
        for span in parts(0..sums, at_once) {
            // The packed left operand: blocks of the summed axis, of panels.
            let (first, end) = (sum(span.start).start, sum(span.end - 1).end);
            let place = |ks: &Range<usize>, row: usize| {
                (ks.start - first) * rows.len() + (row - rows.start) * ks.len()
            };
            let mut blocks = groups
                .clone()
                .flat_map(|group| span.clone().map(move |number| (group.clone(), sum(number))))
                .peekable();
            // SAFETY: all of it lies inside the operands that the caller vouches for, and the scratch
            // memory is as long as was asked for.
            unsafe {
                let left = scratch::left::<T>(rows.len() * (end - first));
                for ks in span.clone().map(sum) {
                    if let Some(offsets) = &mut offsets {
                        offsets.left(&ks);
                    }
                    // Where neighbours in memory belong to different panels, all panels go along together.
                    // A narrow panel is written beyond its end, which only its next part may be behind.
                    let narrow = 2 * (rows.len() / rows.len().div_ceil(height)) < lanes;
                    let together = p.a_steps[0] == 1 && !narrow;
                    let chunk = if together { TOGETHER } else { ks.len().max(1) };
                    let gathers = offsets.is_some();
                    for first in ks.clone().step_by(chunk).filter(|_| !gathers) {
                        let count = chunk.min(ks.end - first);
                        for panel in panels() {
                            let from = place(&ks, panel.start) + (first - ks.start) * panel.len();
                            let source = p.left(panel.start, first);
                            let to = left.add(from);
                            (kernels.pack)(&source, count, panel.len(), panel.len(), to);
                        }
                    }
                    if let Some(offsets) = &mut offsets {
                        for panel in panels() {
                            let to = left.add(place(&ks, panel.start));
                            (kernels.gather)(&offsets.rows(p.a, &panel), panel.len(), to);
                        }
                    }
                }
                while let Some((group, ks)) = blocks.next() {
                    let room = ks.len() * group.len().next_multiple_of(lanes);
                    let right = match p.common {
                        Some(common) => common.panel(&ks, group.start),
                        None => scratch::right::<T>(room).cast_const(),
                    };
                    let tall = p.common.map_or(ks.len(), |common| common.height(&ks));
                    let to = right.cast_mut();
                    match &mut offsets {
                        _ if p.common.is_some() => {}
                        None => {
                            let source = p.right(ks.start, group.start);
                            (kernels.pack_panels)(&source, ks.len(), group.len(), to);
                        }
                        Some(offsets) => {
                            offsets.right(&ks);
                            for start in group.clone().step_by(width) {
                                let own = start..(start + width).min(group.end);
                                let places = offsets.columns(p.b, &own);
                                let to = to.add((start - group.start) * ks.len());
                                (kernels.gather)(&places, own.len().next_multiple_of(lanes), to);
                            }
                        }
                    }
                    let mut ahead = Ahead::new(p, ks.len(), blocks.peek().filter(|_| ahead));
                    for panel in panels() {
                        let (c, c_row) = match p.strips {
                            true => (scratch::strip::<T>(panel.len() * group.len()), group.len()),
                            false => (p.c.add(panel.start * p.c_row + group.start), p.c_row),
                        };
                        for start in group.clone().step_by(width) {
                            let tile = panel.start * p.n + start;
                            let (ahead, lines) = match p.beside[0].is_null() {
                                true => ahead.next(),
                                false => (p.beside[0].wrapping_add(tile), beside.all()),
                            };
                            let count = (group.end - start).min(width);
                            let vectors = count.div_ceil(lanes);
                            kernels.packed[panel.len() - 1][vectors - 1](&Tile {
                                k: ks.len(),
                                a: left.add(place(&ks, panel.start)),
                                a_row: 1,
                                a_step: panel.len(),
                                b: right.add((start - group.start) * tall),
                                b_step: vectors * lanes,
                                c: c.add(start - group.start),
                                c_row,
                                last: count - (vectors - 1) * lanes,
                                add: ks.start > 0,
                                ahead,
                                lines,
                            });
                        }
                        if ks.end == p.k {
                            epilogue(&Block {
                                row: panel.start,
                                column: group.start,
                                rows: panel.len(),
                                columns: group.len(),
                                data: c,
                                stride: c_row,
                            });
                        }
                    }
                }
            }
        }
    }
}

/// The most columns of a panel.
const MOST_WIDTH: usize = 64;

/// The places of a panel's elements: along the sum, which many panels share, and across it.
struct Offsets<'w> {
    walks: &'w Walks,
    sums: [isize; K_BLOCK],
    count: usize,
    across: [isize; MOST_WIDTH],
}

impl<'w> Offsets<'w> {
    fn new(walks: &'w Walks) -> Offsets<'w> {
        Offsets { walks, sums: [0; K_BLOCK], count: 0, across: [0; MOST_WIDTH] }
    }

    /// Goes to a part of the sum in the left operand.
    fn left(&mut self, ks: &Range<usize>) {
        self.sum(&self.walks.left[1], ks);
    }

    /// Goes to a part of the sum in the right operand.
    fn right(&mut self, ks: &Range<usize>) {
        self.sum(&self.walks.right[0], ks);
    }

    /// The places of rows of the left operand, which lies at an address.
    fn rows<T>(&mut self, at: *const T, rows: &Range<usize>) -> Places<'_, T> {
        self.places(&self.walks.left[0], at, rows)
    }

    /// The places of columns of the right operand.
    fn columns<T>(&mut self, at: *const T, columns: &Range<usize>) -> Places<'_, T> {
        self.places(&self.walks.right[1], at, columns)
    }

    fn sum(&mut self, walk: &Walk, ks: &Range<usize>) {
        self.count = ks.len();
        walk.fill(ks.start, &mut self.sums[..self.count]);
    }

    fn places<T>(&mut self, walk: &Walk, at: *const T, own: &Range<usize>) -> Places<'_, T> {
        let n = &mut self.across[..own.len()];
        walk.fill(own.start, n);
        Places { at, k: &self.sums[..self.count], n }
    }
}
