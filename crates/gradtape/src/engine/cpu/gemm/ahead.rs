//! What to fetch into the second-level cache during each tile: the block of the right operand that is packed
//! next, a column of cache lines after the other.

use std::ops::Range;

use super::Product;
use super::micro::FETCH_EVERY;

pub(super) struct Ahead<T> {
    /// Where the first column begins, and the steps between lines of a column.
    at: *const T,
    step: usize,
    columns: usize,
    /// Lines of a column, and how many are fetched during a tile.
    lines: usize,
    share: usize,
    /// Lines of this column that were fetched.
    done: usize,
}

impl<T> Ahead<T> {
    const LINE: usize = 64 / size_of::<T>();

    /// For tiles of `k` summands; `next` are the columns and summands of the block.
    pub(super) fn new(
        p: &Product<T>,
        k: usize,
        next: Option<&(Range<usize>, Range<usize>)>,
    ) -> Ahead<T> {
        let nothing = Ahead { at: p.b, step: 0, columns: 0, lines: 0, share: 0, done: 0 };
        let Some((group, ks)) = next else { return nothing };
        let at = p.b.wrapping_add(ks.start * p.b_steps[0] + group.start * p.b_steps[1]);
        let (across, lines, step) = match p.b_steps {
            [step, 1] => (group.len(), ks.len(), step),
            [1, step] => (ks.len(), group.len(), step),
            _ => return nothing,
        };
        let columns = across.div_ceil(Self::LINE);
        Ahead { at, step, columns, lines, share: k / FETCH_EVERY, done: 0 }
    }

    /// Where the next tile starts to fetch, and the steps between what it fetches.
    pub(super) fn next(&mut self) -> (*const T, usize) {
        if self.columns == 0 {
            return (self.at, 0);
        }
        let at = self.at.wrapping_add(self.done * self.step);
        self.done += self.share;
        if self.done >= self.lines {
            self.done = 0;
            self.columns -= 1;
            self.at = self.at.wrapping_add(Self::LINE);
        }
        (at, self.step)
    }
}
