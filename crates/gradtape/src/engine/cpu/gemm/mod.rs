//! Matrix products: packed panels, tiles in registers, and a hook for what is done to each finished
//! block while it is in cache.
//!
//! The scheme is Goto and van de Geijn's (*Anatomy of high-performance matrix multiplication*, 2008):
//! panels of both operands are copied so that the innermost loop reads them in order. However the result is shared among
//! workers, each element is summed in the same order: in blocks of [`packed::K_BLOCK`], or lane by lane where vectors lie
//! along the sum.

mod ahead;
mod columns;
mod common;
mod micro;
mod pack;
mod packed;
mod phases;
mod placed;
mod pointed;
mod runs;
mod scratch;
mod sums;
mod walk;

use std::ops::Range;

pub(crate) use common::Common;
pub(crate) use micro::{FLOWS, Real};
use micro::{Inner, Kernels, Tile};
use pack::Source;
pub(crate) use runs::Runs;
pub(crate) use scratch::ROOMS;
pub(crate) use walk::{Walk, Walks};

use super::isa::Isa;
use super::pool::Worker;

/// Columns of the widest panel of any instruction set: all panels are whole parts of it.
pub(crate) const WIDEST: usize = 32;
/// The longest sum of which a strip of results is kept in strips.
const STRIP_K: usize = 1024;
/// Panels of rows for each worker from which strips are whole rows: with fewer, packing the right operand for
/// each worker would cost more than long rows spare.
const STRIP_PANELS: usize = 4;
/// Elements of the result after which the epilogue is called, when nothing is packed.
const DIRECT_BLOCK: usize = 8 << 10;
/// Bytes of a right operand that stays in the first-level cache beside rows of the left one.
const FEW_BYTES: usize = 16 << 10;
/// Rows of the left operand up to which gathering the right one into panels does not pay.
const FEW_ROWS: usize = 4;
/// The longest sum done in one go where columns of the right operand are copied for it, which bounds their memory.
const COPIED_SUM: usize = 1 << 14;
/// Multiplications below which waking another worker costs more than it saves.
pub(crate) const PARALLEL: usize = 100_000;

/// A matrix product `c[m, n] = a[m, k] b[k, n]`; `c` has neighbouring columns next to each other.
#[derive(Clone, Copy)]
pub(crate) struct Product<'w, T> {
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
    pub(crate) a: *const T,
    /// Steps from row to row and from column to column.
    pub(crate) a_steps: [usize; 2],
    pub(crate) b: *const T,
    pub(crate) b_steps: [usize; 2],
    /// Where the operands' elements lie, where that is not at equal steps.
    pub(crate) walks: Option<&'w Walks>,
    /// How few rows are computed of operands that lie in runs, where they do.
    pub(crate) runs: Option<&'w Runs>,
    /// The right operand, packed already, of which the product is of the first columns, whole panels or all, and the first
    /// summands.
    pub(crate) common: Option<&'w Common<T>>,
    /// Where the result is put; where it is kept in strips, nowhere.
    pub(crate) c: *mut T,
    pub(crate) c_row: usize,
    /// Whether only the epilogue sees the result, a strip at a time.
    pub(crate) strips: bool,
    /// What the epilogue of a strip reads at its elements, to be fetched meanwhile.
    pub(crate) beside: Beside<T>,
}

/// Arrays laid out as the result in one piece, first things first; null where there is none.
pub(crate) type Beside<T> = [*const T; 4];

/// How a product is computed.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// By inner products of vectors that lie in one piece.
    Inner,
    /// From operands where they lie.
    InPlace,
    /// From operands copied into panels.
    Packed,
}

impl<T: Real> Product<'_, T> {
    fn way(&self, kernels: &Kernels<T>) -> Way {
        if self.walks.is_some() {
            return Way::Packed;
        }
        let &Product { m, n, k, a_steps, b_steps, .. } = self;
        // Few rows of inner products: the right operand is read once, as it lies.
        let along_k = a_steps[1] == 1 && b_steps[0] == 1;
        if along_k && (n == 1 || (m <= FEW_ROWS && b_steps[1] != 1)) {
            return Way::Inner;
        }
        let height = kernels.direct.len();
        let in_place = m <= height
            || n <= 3 * kernels.lanes
            || m.saturating_mul(n).saturating_mul(k) <= PARALLEL / 2
            || (m <= 3 * height && b_steps[1] == 1 && n.saturating_mul(k) <= 1 << 16)
            || (a_steps[1] == 1 && n.saturating_mul(k).saturating_mul(size_of::<T>()) <= FEW_BYTES);
        if in_place { Way::InPlace } else { Way::Packed }
    }

    /// Whether each worker can keep a strip of the result, some rows in one piece, until its epilogue has
    /// used it, so that the result never is in memory as a whole.
    pub(crate) fn fits_strips(&self, isa: Isa) -> bool {
        self.k <= STRIP_K && self.way(T::kernels(isa)) == Way::Packed
    }
}

impl<T> Product<'_, T> {
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

/// What of the left operand this worker packed last, so that products that share it pack it once and find their places
/// in the thread's room for them: an address and rows from there. Valid within one run of one plan: to be forgotten
/// before each, since other products may have been computed on the thread meanwhile, and the operand may have changed.
pub(crate) struct Packed<T>(Option<(*const T, Range<usize>)>);

// SAFETY: the address is only compared.
unsafe impl<T> Send for Packed<T> {}

/// Nothing.
impl<T> Default for Packed<T> {
    fn default() -> Packed<T> {
        Packed(None)
    }
}

impl<T> Packed<T> {
    /// Whether these rows of the operand at an address are packed.
    fn holds(&self, at: *const T, rows: &Range<usize>) -> bool {
        self.0.as_ref().is_some_and(|(own, packed)| *own == at && packed == rows)
    }

    fn set(&mut self, at: *const T, rows: Range<usize>) {
        self.0 = Some((at, rows));
    }

    pub(crate) fn forget(&mut self) {
        self.0 = None;
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
/// What `left` says is packed on this thread, with its places, for the same walks and an operand that has not changed.
/// The operands must be valid for the shape, and the machine must have `isa`. Either `c` is valid for writing
/// and does not overlap `a` or `b`, or the product is kept in strips and [fits them](Product::fits_strips).
/// `epilogue` computes no product. The product's runs, where it has such, were made of its walks and sizes, and where they
/// [read between](Runs::reads_between) elements of the right operand, what lies there is readable, and nothing writes it
/// meanwhile.
pub(crate) unsafe fn part<T: Real>(
    (id, count): (usize, usize),
    isa: Isa,
    p: &Product<'_, T>,
    left: &mut Packed<T>,
    epilogue: &impl Fn(&Block<T>),
) {
    let kernels = T::kernels(isa);
    let lanes = kernels.lanes;
    if let Some(runs) = p.runs {
        left.forget();
        // SAFETY: passed on from the caller.
        return unsafe { runs.part((id, count), kernels, p, epilogue) };
    }
    let way = p.way(kernels);
    debug_assert!(!p.strips || way == Way::Packed, "only packed products are kept in strips");
    let height = match way {
        // SAFETY: passed on from the caller.
        Way::Inner => return unsafe { inner_products(kernels, p, id, count, epilogue) },
        Way::InPlace => kernels.direct.len(),
        Way::Packed => kernels.packed.len(),
    };
    let vectors = p.n.div_ceil(lanes);
    let down = match p.strips && p.m >= count * STRIP_PANELS * height {
        true => count,
        false => parts_down(count, p.m, vectors, height, lanes),
    };
    let across = count / down;
    let rows = cut(p.m, id / across, down);
    let columns = cut(vectors, id % across, across);
    let columns = match p.common {
        Some(common) => {
            let own = common.columns(id % across, across);
            own.start..own.end.min(p.n)
        }
        None => columns.start * lanes..(columns.end * lanes).min(p.n),
    };
    if rows.is_empty() || columns.is_empty() {
        return;
    }
    // SAFETY: the parts lie inside the result; the rest is passed on from the caller.
    unsafe {
        match p.walks {
            _ if way == Way::InPlace => in_place(kernels, p, rows, columns, epilogue),
            Some(walks) if placed::fits(kernels, p, &columns) => {
                placed::placed(kernels, p, walks, (rows, columns), left, epilogue);
            }
            Some(walks) if pointed::fits(kernels, p) => {
                left.forget();
                pointed::pointed(kernels, p, walks, rows, columns, epilogue);
            }
            _ => {
                left.forget();
                packed::packed(kernels, p, rows, columns, epilogue);
            }
        }
    }
}

/// How many parts lie below each other when a result is cut into `count` rectangles of about the same
/// work.
fn parts_down(count: usize, m: usize, vectors: usize, height: usize, lanes: usize) -> usize {
    // Along columns, the left operand is packed by each worker; along rows, the right one, of which more
    // lies outside the caches.
    let cost = |down: usize| {
        let (rows, vectors) = (m.div_ceil(down), vectors.div_ceil(count / down));
        let work = rows.div_ceil(height) * height * vectors.next_multiple_of(2);
        work + 4 * (rows / lanes + vectors)
    };
    let ways = (1..=count).filter(|down| count.is_multiple_of(*down));
    ways.min_by_key(|&down| cost(down)).unwrap_or(1)
}

/// Part number `at` of `size` things cut into `parts`.
fn cut(size: usize, at: usize, parts: usize) -> Range<usize> {
    size * at / parts..size * (at + 1) / parts
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
    p: &Product<'_, T>,
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
    p: &Product<'_, T>,
    rows: Range<usize>,
    columns: Range<usize>,
    epilogue: &impl Fn(&Block<T>),
) {
    let lanes = kernels.lanes;
    let most_vectors = if p.m == 1 { kernels.row.len() } else { 3 };
    for columns in parts(columns, DIRECT_BLOCK / 8) {
        let most = (DIRECT_BLOCK / columns.len()).next_multiple_of(kernels.direct.len());
        for rows in parts(rows.clone(), most) {
            for strip in parts(0..columns.len().div_ceil(lanes), most_vectors) {
                let start = columns.start + strip.start * lanes;
                let vectors = strip.len();
                let width = (vectors * lanes).min(columns.end - start);
                let copied = p.b_steps[1] != 1;
                for ks in parts(0..p.k, if copied { COPIED_SUM } else { usize::MAX }) {
                    // SAFETY: all of it lies inside the operands that the caller vouches for.
                    unsafe {
                        let source = p.right(ks.start, start);
                        let (mut b, mut b_step) = (source.at, p.b_steps[0]);
                        if copied {
                            b_step = vectors * lanes;
                            let to = scratch::right::<T>(ks.len() * b_step);
                            (kernels.pack)(&source, ks.len(), width, b_step, to);
                            b = to;
                        }
                        for rows in parts(rows.clone(), kernels.direct.len()) {
                            let tile = Tile {
                                k: ks.len(),
                                a: p.left(rows.start, ks.start).at,
                                a_row: p.a_steps[0],
                                a_step: p.a_steps[1],
                                b,
                                b_step,
                                c: p.c.add(rows.start * p.c_row + start),
                                c_row: p.c_row,
                                last: width - (vectors - 1) * lanes,
                                add: ks.start > 0,
                                ahead: p.a,
                                lines: &[],
                            };
                            if p.m == 1 {
                                kernels.row[vectors - 1](&tile);
                            } else {
                                kernels.direct[rows.len() - 1][vectors - 1](&tile);
                            }
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

#[cfg(test)]
mod tests;
