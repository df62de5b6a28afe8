//! What to fetch into the second-level cache during each tile: the block of the right operand that is packed
//! next, or what the epilogue reads beside a strip.

use std::ops::Range;

use super::micro::FETCH_EVERY;
use super::packed::K_BLOCK;
use super::{Beside, Product};

/// Most lines that are fetched during a tile.
const MOST: usize = K_BLOCK / FETCH_EVERY;

/// Lines of the cache, as bytes from some address.
pub(super) struct Lines {
    offsets: [usize; MOST],
    count: usize,
}

impl Lines {
    /// As many of the lines as are fetched during a tile.
    fn new(offsets: impl Iterator<Item = usize>) -> Lines {
        let mut lines = Lines { offsets: [0; MOST], count: 0 };
        for (place, offset) in lines.offsets.iter_mut().zip(offsets) {
            *place = offset;
            lines.count += 1;
        }
        lines
    }

    /// Of arrays that have `columns`, the elements of a tile, from those of the first array on.
    pub(super) fn beside<T>(
        arrays: &Beside<T>,
        columns: usize,
        [height, width]: [usize; 2],
    ) -> Lines {
        let from = arrays[0].addr();
        let arrays = arrays.iter().filter(|array| !array.is_null());
        Lines::new(arrays.flat_map(|array| {
            let rows = (0..height).map(move |row| array.wrapping_add(row * columns));
            let lines = |row: *const T| {
                (0..width).step_by(line::<T>()).map(move |column| row.wrapping_add(column).addr())
            };
            rows.flat_map(lines).map(|at| at.wrapping_sub(from))
        }))
    }

    pub(super) fn all(&self) -> &[usize] {
        &self.offsets[..self.count]
    }
}

/// Elements of a line.
const fn line<T>() -> usize {
    64 / size_of::<T>()
}

/// The way through a block of the right operand, a column of lines after the other.
pub(super) struct Ahead<T> {
    /// Where the column begins.
    at: *const T,
    /// Columns left.
    columns: usize,
    /// Lines of a column, how many of this one were fetched, and the steps between them.
    lines: usize,
    done: usize,
    step: usize,
    /// What is fetched during a tile.
    share: Lines,
}

impl<T> Ahead<T> {
    /// For tiles of `k` summands; `next` are the columns and summands of the block.
    pub(super) fn new(
        p: &Product<'_, T>,
        k: usize,
        next: Option<&(Range<usize>, Range<usize>)>,
    ) -> Ahead<T> {
        let none = || Lines::new(std::iter::empty());
        let nothing = Ahead { at: p.b, columns: 0, lines: 0, done: 0, step: 0, share: none() };
        let Some((group, ks)) = next else { return nothing };
        let at = p.b.wrapping_add(ks.start * p.b_steps[0] + group.start * p.b_steps[1]);
        let (across, lines, step) = match p.b_steps {
            [step, 1] => (group.len(), ks.len(), step),
            [1, step] => (ks.len(), group.len(), step),
            _ => return nothing,
        };
        let step_bytes = step.wrapping_mul(size_of::<T>());
        let share = Lines::new((0..k / FETCH_EVERY).map(|line| step_bytes.wrapping_mul(line)));
        Ahead { at, columns: across.div_ceil(line::<T>()), lines, done: 0, step, share }
    }

    /// What the next tile fetches.
    pub(super) fn next(&mut self) -> (*const T, &[usize]) {
        if self.columns == 0 {
            return (self.at, &[]);
        }
        let at = self.at.wrapping_add(self.done * self.step);
        self.done += self.share.count;
        if self.done >= self.lines {
            self.done = 0;
            self.columns -= 1;
            self.at = self.at.wrapping_add(line::<T>());
        }
        (at, self.share.all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beside_a_tile_are_those_of_each_array() {
        let arrays = [vec![0f32; 40 * 7], vec![0f32; 40 * 7]];
        let [first, second] = [0, 1].map(|array: usize| arrays[array].as_ptr());
        let nothing = std::ptr::null();
        let lines = Lines::beside(&[first, second, nothing, nothing], 40, [3, 32]);
        let want = [first, second].into_iter().flat_map(|array| {
            let elements = [0, 16, 40, 56, 80, 96].into_iter();
            elements.map(move |element| array.wrapping_add(element).addr())
        });
        let found = lines.all().iter().map(|&line| first.wrapping_byte_add(line).addr());
        assert!(found.eq(want));
        assert!(Lines::beside(&[nothing; 4], 40, [3, 32]).all().is_empty());
    }

    #[test]
    fn each_line_of_the_next_block_is_fetched() {
        for turned in [false, true] {
            let (k, n) = (50, 64);
            let b = vec![0f32; k * n];
            let steps = if turned { [1, k] } else { [n, 1] };
            let (nothing, none) = (std::ptr::null(), std::ptr::null_mut());
            let p = Product {
                walks: None,
                runs: None,
                m: 1,
                n,
                k,
                a: nothing,
                a_steps: [k, 1],
                b: b.as_ptr(),
                b_steps: steps,
                c: none,
                c_row: n,
                common: None,
                strips: false,
                beside: [nothing; 4],
            };
            let (columns, ks) = (16..64, 10..50);
            let mut ahead = Ahead::new(&p, 20, Some(&(columns.clone(), ks.clone())));
            let mut fetched = Vec::new();
            loop {
                let (from, lines) = ahead.next();
                if lines.is_empty() {
                    break;
                }
                fetched.extend(lines.iter().map(|&line| from.wrapping_byte_add(line).addr()));
            }
            for (column, l) in columns.flat_map(|column| ks.clone().map(move |l| (column, l))) {
                let element = p.b.wrapping_add(l * steps[0] + column * steps[1]).addr();
                let covers = |line: &usize| (*line..*line + 64).contains(&element);
                assert!(fetched.iter().any(covers), "{turned} {column} {l}");
            }
            // None twice, but for what the last tile of a column fetches beyond it.
            assert!(fetched.len() <= 3 * 50, "{}", fetched.len());
        }
    }
}
