//! Matrix products: packed panels, tiles in registers, and a hook for what is done to each finished
//! block while it is in cache.
//!
//! The scheme is Goto and van de Geijn's (*Anatomy of high-performance matrix multiplication*, 2008):
//! panels of both operands are copied so that the innermost loop reads them in order. Each element is
//! summed in blocks of [`K_BLOCK`] in the same order, however the result is shared among workers.

mod micro;
mod pack;
mod scratch;

use std::ops::Range;

pub(crate) use micro::Real;
use micro::{Inner, Kernels, Tile};
use pack::Source;

use super::isa::Isa;
use super::pool::Worker;

/// The longest sum done in one go before the result is stored and added to.
const K_BLOCK: usize = 384;
/// Panels of columns in a group that stays packed in the second-level cache, beside a left operand of
/// few rows or one of many rows, which is read again for each group.
const GROUP: [usize; 2] = [4, 8];
/// Rows from which the left operand has many.
const MANY_ROWS: usize = 256;
/// Elements of the left operand that one worker keeps packed.
const A_PACKED: usize = 2 << 20;
/// Elements of the result after which the epilogue is called, when nothing is packed.
const DIRECT_BLOCK: usize = 8 << 10;
/// Rows of the left operand up to which gathering the right one into panels does not pay.
const FEW_ROWS: usize = 4;
/// Multiplications below which waking another worker costs more than it saves.
pub(crate) const PARALLEL: usize = 100_000;

/// A matrix product `c[m, n] = a[m, k] b[k, n]`; `c` has neighbouring columns next to each other.
#[derive(Clone, Copy)]
pub(crate) struct Product<T> {
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
    pub(crate) a: *const T,
    /// Steps from row to row and from column to column.
    pub(crate) a_steps: [usize; 2],
    pub(crate) b: *const T,
    pub(crate) b_steps: [usize; 2],
    pub(crate) c: *mut T,
    pub(crate) c_row: usize,
}

impl<T> Product<T> {
    /// The left operand from an element on.
    ///
    /// # Safety
    /// The element must lie in it.
    unsafe fn left(&self, row: usize, k: usize) -> Source<T> {
        let [n_step, k_step] = self.a_steps;
        // SAFETY: the caller vouches for it.
        Source { at: unsafe { self.a.add(row * n_step + k * k_step) }, k_step, n_step }
    }

    /// The right operand from an element on.
    ///
    /// # Safety
    /// The element must lie in it.
    unsafe fn right(&self, k: usize, column: usize) -> Source<T> {
        let [k_step, n_step] = self.b_steps;
        // SAFETY: the caller vouches for it.
        Source { at: unsafe { self.b.add(k * k_step + column * n_step) }, k_step, n_step }
    }
}

/// A finished block of the result.
pub(crate) struct Block<T> {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// The block's first element.
    pub(crate) data: *mut T,
    /// Steps from row to row.
    pub(crate) stride: usize,
}

/// Into how many parts a product `m, n, k` is cut.
pub(crate) fn parts_for(worker: &Worker<'_>, [m, n, k]: [usize; 3]) -> usize {
    if m.saturating_mul(n).saturating_mul(k) < PARALLEL { 1 } else { worker.count() }
}

/// The part `id` of `count` of a product.
///
/// `epilogue` is called once for every element's block, by the worker that has just computed it.
///
/// # Safety
/// The operands must be valid for the shape, `c` for writing and not overlapping `a` or `b`, and the
/// machine must have `isa`.
pub(crate) unsafe fn part<T: Real>(
    (id, count): (usize, usize),
    isa: Isa,
    p: &Product<T>,
    epilogue: &impl Fn(&Block<T>),
) {
    let kernels = T::kernels(isa);
    let lanes = kernels.lanes;
    // Few rows of inner products: the right operand is read once, as it lies.
    let along_k = p.a_steps[1] == 1 && p.b_steps[0] == 1;
    if along_k && (p.n == 1 || (p.m <= FEW_ROWS && p.b_steps[1] != 1)) {
        // SAFETY: passed on from the caller.
        unsafe { inner_products(kernels, p, id, count, epilogue) };
        return;
    }
    let direct = p.m <= kernels.direct.len()
        || p.n <= 3 * lanes
        || p.m * p.n * p.k <= PARALLEL / 2
        || (p.m <= 3 * kernels.direct.len() && p.b_steps[1] == 1 && p.n * p.k <= 1 << 16);
    let height = if direct { kernels.direct.len() } else { kernels.packed.len() };
    let (rows, vectors) = rectangle(id, count, p.m, p.n.div_ceil(lanes), height, lanes);
    let columns = vectors.start * lanes..(vectors.end * lanes).min(p.n);
    if rows.is_empty() || columns.is_empty() {
        return;
    }
    // SAFETY: the parts lie inside the result; the rest is passed on from the caller.
    unsafe {
        if direct {
            in_place(kernels, p, rows, columns, epilogue);
        } else {
            packed(kernels, p, rows, columns, epilogue);
        }
    }
}

/// Cuts rows and vectors of columns into `count` rectangles of about the same work and gives out one.
fn rectangle(
    id: usize,
    count: usize,
    m: usize,
    vectors: usize,
    height: usize,
    lanes: usize,
) -> (Range<usize>, Range<usize>) {
    // Along columns, the left operand is packed by each worker; along rows, the right one, of which more
    // lies outside the caches.
    let cost = |down: usize, across: usize| {
        let (rows, vectors) = (m.div_ceil(down), vectors.div_ceil(across));
        let work = rows.div_ceil(height) * height * vectors.next_multiple_of(2);
        work + 4 * (rows / lanes + vectors)
    };
    let down = (1..=count)
        .filter(|down| count.is_multiple_of(*down))
        .min_by_key(|&down| cost(down, count / down))
        .unwrap_or(1);
    let across = count / down;
    let cut = |size: usize, at: usize, parts: usize| size * at / parts..size * (at + 1) / parts;
    (cut(m, id / across, down), cut(vectors, id % across, across))
}

/// Parts of a range, as equal as possible, each at most `most` long; one empty part of an empty range.
fn parts(range: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let len = range.len();
    let count = len.div_ceil(most).max(1);
    (0..count).map(move |i| range.start + len * i / count..range.start + len * (i + 1) / count)
}

/// Products whose elements are inner products of vectors that lie in one piece, and few.
unsafe fn inner_products<T: Real>(
    kernels: &Kernels<T>,
    p: &Product<T>,
    id: usize,
    count: usize,
    epilogue: &impl Fn(&Block<T>),
) {
    // Either the columns are dealt out, or with one column the rows.
    let down = p.n == 1;
    let len = if down { p.m } else { p.n };
    let group = kernels.dots.len();
    let groups = len.div_ceil(group);
    let own = groups * id / count * group..(groups * (id + 1) / count * group).min(len);
    for own in parts(own, DIRECT_BLOCK / 8) {
        if own.is_empty() {
            return;
        }
        let (rows, columns) = if down { (own.clone(), 0..1) } else { (0..p.m, own.clone()) };
        // SAFETY: all of it lies inside the operands that the caller vouches for.
        let data = unsafe {
            for start in own.clone().step_by(group) {
                let dots = kernels.dots[(own.end - start).min(group) - 1];
                if down {
                    dots(&Inner {
                        k: p.k,
                        x: p.b,
                        y: p.a.add(start * p.a_steps[0]),
                        y_step: p.a_steps[0],
                        out: p.c.add(start * p.c_row),
                        out_step: p.c_row,
                    });
                    continue;
                }
                for row in 0..p.m {
                    dots(&Inner {
                        k: p.k,
                        x: p.a.add(row * p.a_steps[0]),
                        y: p.b.add(start * p.b_steps[1]),
                        y_step: p.b_steps[1],
                        out: p.c.add(row * p.c_row + start),
                        out_step: 1,
                    });
                }
            }
            p.c.add(rows.start * p.c_row + columns.start)
        };
        epilogue(&Block {
            row: rows.start,
            column: columns.start,
            rows: rows.len(),
            columns: columns.len(),
            data,
            stride: p.c_row,
        });
    }
}

/// Small products and those with few rows or columns: the left operand is read where it lies, and so
/// is the right one if its columns are neighbours.
unsafe fn in_place<T: Real>(
    kernels: &Kernels<T>,
    p: &Product<T>,
    rows: Range<usize>,
    columns: Range<usize>,
    epilogue: &impl Fn(&Block<T>),
) {
    let lanes = kernels.lanes;
    let strip = if p.m == 1 { kernels.row.len() } else { 3 } * lanes;
    for columns in parts(columns, DIRECT_BLOCK / 8) {
        let most = (DIRECT_BLOCK / columns.len()).next_multiple_of(kernels.direct.len());
        for rows in parts(rows.clone(), most) {
            for start in columns.clone().step_by(strip) {
                let width = strip.min(columns.end - start);
                let vectors = width.div_ceil(lanes);
                // SAFETY: all of it lies inside the operands that the caller vouches for.
                unsafe {
                    let mut b = p.b.add(start * p.b_steps[1]);
                    let mut b_step = p.b_steps[0];
                    if p.b_steps[1] != 1 {
                        b_step = vectors * lanes;
                        let to = scratch::right::<T>(p.k * b_step);
                        let source = Source { at: b, k_step: p.b_steps[0], n_step: p.b_steps[1] };
                        (kernels.pack)(&source, p.k, width, b_step, to);
                        b = to;
                    }
                    for rows in parts(rows.clone(), kernels.direct.len()) {
                        let tile = Tile {
                            k: p.k,
                            a: p.a.add(rows.start * p.a_steps[0]),
                            a_row: p.a_steps[0],
                            a_step: p.a_steps[1],
                            b,
                            b_step,
                            c: p.c.add(rows.start * p.c_row + start),
                            c_row: p.c_row,
                            last: width - (vectors - 1) * lanes,
                            add: false,
                            ahead: p.a,
                            ahead_step: 0,
                        };
                        if p.m == 1 {
                            kernels.row[vectors - 1](&tile);
                        } else {
                            kernels.direct[rows.len() - 1][vectors - 1](&tile);
                        }
                    }
                }
            }
            // SAFETY: the block lies inside the result.
            let data = unsafe { p.c.add(rows.start * p.c_row + columns.start) };
            epilogue(&Block {
                row: rows.start,
                column: columns.start,
                rows: rows.len(),
                columns: columns.len(),
                data,
                stride: p.c_row,
            });
        }
    }
}

/// Large products: both operands packed, the left one once, the right one block by block.
unsafe fn packed<T: Real>(
    kernels: &Kernels<T>,
    p: &Product<T>,
    rows: Range<usize>,
    columns: Range<usize>,
    epilogue: &impl Fn(&Block<T>),
) {
    let lanes = kernels.lanes;
    let (height, width) = (kernels.packed.len(), 2 * lanes);
    let most = (A_PACKED / p.k.max(1)).max(height);
    for rows in parts(rows, most) {
        let panels = || parts(rows.clone(), height);
        // The packed left operand: blocks of the summed axis, of panels.
        let place =
            |ks: &Range<usize>, row: usize| ks.start * rows.len() + (row - rows.start) * ks.len();
        let most = GROUP[usize::from(rows.len() >= MANY_ROWS)];
        let mut blocks = parts(0..columns.len().div_ceil(width), most)
            .map(|group| {
                columns.start + group.start * width
                    ..columns.end.min(columns.start + group.end * width)
            })
            .flat_map(|group| parts(0..p.k, K_BLOCK).map(move |ks| (group.clone(), ks)))
            .peekable();
        // SAFETY: all of it lies inside the operands that the caller vouches for, and the scratch
        // memory is as long as was asked for.
        unsafe {
            let left = scratch::left::<T>(rows.len() * p.k);
            for ks in parts(0..p.k, K_BLOCK) {
                for panel in panels() {
                    let source = p.left(panel.start, ks.start);
                    let to = left.add(place(&ks, panel.start));
                    (kernels.pack)(&source, ks.len(), panel.len(), panel.len(), to);
                }
            }
            while let Some((group, ks)) = blocks.next() {
                let right = scratch::right::<T>(ks.len() * group.len().next_multiple_of(lanes));
                let source = p.right(ks.start, group.start);
                (kernels.pack_panels)(&source, ks.len(), group.len(), right);
                let mut ahead = Ahead::new(p, blocks.peek().filter(|_| rows.len() < MANY_ROWS));
                for panel in panels() {
                    for start in group.clone().step_by(width) {
                        let count = (group.end - start).min(width);
                        let vectors = count.div_ceil(lanes);
                        let (ahead, ahead_step) = ahead.next();
                        kernels.packed[panel.len() - 1][vectors - 1](&Tile {
                            k: ks.len(),
                            a: left.add(place(&ks, panel.start)),
                            a_row: 1,
                            a_step: panel.len(),
                            b: right.add((start - group.start) * ks.len()),
                            b_step: vectors * lanes,
                            c: p.c.add(panel.start * p.c_row + start),
                            c_row: p.c_row,
                            last: count - (vectors - 1) * lanes,
                            add: ks.start > 0,
                            ahead,
                            ahead_step,
                        });
                    }
                    if ks.end == p.k {
                        epilogue(&Block {
                            row: panel.start,
                            column: group.start,
                            rows: panel.len(),
                            columns: group.len(),
                            data: p.c.add(panel.start * p.c_row + group.start),
                            stride: p.c_row,
                        });
                    }
                }
            }
        }
    }
}

/// What of the right operand to fetch into the second-level cache during each tile: the block that is
/// packed next, a column of cache lines at a time.
struct Ahead<T> {
    at: *const T,
    step: usize,
    columns: usize,
}

impl<T> Ahead<T> {
    const LINE: usize = 64 / size_of::<T>();

    fn new(p: &Product<T>, next: Option<&(Range<usize>, Range<usize>)>) -> Ahead<T> {
        match next {
            Some((group, ks)) => {
                let at = p.b.wrapping_add(ks.start * p.b_steps[0] + group.start * p.b_steps[1]);
                let (len, step) = match p.b_steps {
                    [step, 1] => (group.len(), step),
                    [1, step] => (ks.len(), step),
                    _ => (0, 0),
                };
                Ahead { at, step, columns: len.div_ceil(Self::LINE) }
            }
            None => Ahead { at: p.b, step: 0, columns: 0 },
        }
    }

    /// Where the next tile starts to fetch, and the steps between what it fetches.
    fn next(&mut self) -> (*const T, usize) {
        let at = self.at;
        if self.columns == 0 {
            return (at, 0);
        }
        self.columns -= 1;
        self.at = at.wrapping_add(Self::LINE);
        (at, self.step)
    }
}

#[cfg(test)]
mod tests;
