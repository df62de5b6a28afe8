//! `isotonic_blocks`: where the regression by numbers that do not increase is constant.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules, with_number,
};
use crate::tensor::{DType, Element, Result};

operation! {
    /// # What
    /// The numbers `v` that nowhere increase along the last axis and are nearest to `x - y` are constant on
    /// blocks of neighbours: for each element the place of the first element of its block, as i64. Of a block
    /// `v` is the mean of `x` less the mean of `y`; when `entropic` it is `log Σ e^x - log Σ e^y`, which makes
    /// `Σ e^(x - v) + e^y v` least. Neighbours with the same `v` are one block; so is a row with a NaN.
    ///
    /// # Gradient
    /// None: places have no gradient. That of the regression goes through sums over its blocks.
    ///
    /// # Why it holds
    /// The result is constant wherever it is continuous: a small step that makes no two blocks equal moves no
    /// boundary. The blocks are found by pooling adjacent violators (Ayer et al. 1955), in time linear in the
    /// row: each element is a block, and a block that is not above the next one is joined with it.
    ///
    /// # Example
    /// ```
    /// use gradtape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.constant([5.0, 1.0, 2.0, 0.0]);
    /// let blocks = x.isotonic_blocks(x.full_like(0.0));
    /// assert_eq!(blocks.value()?.to_vec::<i64>()?, [0, 1, 1, 3]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "isotonic_blocks" IsotonicBlocks {
        /// Whether blocks have logarithms of sums of exponentials instead of means.
        entropic: bool,
    }
}

impl Operation for IsotonicBlocks {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 2)?;
        rules::float(x[0])?;
        rules::same(x[0], x[1])?;
        if x[0].shape.is_empty() {
            return Err(Broken::new("a scalar has no axis along which numbers could increase")
                .hint("unsqueeze() adds one"));
        }
        Ok(x[0].with_dtype(DType::I64))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a place is constant wherever it is continuous")
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<IsotonicBlocks>> {
        let kinds = [false, true].into_iter();
        kinds
            .flat_map(|entropic| {
                Sample::shaped(IsotonicBlocks { entropic }, &[&[2, 3, 7], &[2, 3, 7]])
            })
            .collect()
    }
}

impl Meaning for IsotonicBlocks {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let size = out.shape().last().copied().unwrap_or(1).max(1);
        let out = out.elements::<i64>()?.chunks_mut(size);
        with_number!(x[0].dtype(), T => {
            let rows = x[0].elements::<T>()?.chunks(size).zip(x[1].elements::<T>()?.chunks(size));
            rows.zip(out).for_each(|((x, y), out)| Row { x, y, entropic: self.entropic }.pool(out));
        });
        Ok(())
    }
}

struct Row<'a, T> {
    x: &'a [T],
    y: &'a [T],
    entropic: bool,
}

/// Neighbours as one: where they start, and the sum of each of the two operands.
#[derive(Clone, Copy)]
struct Block {
    start: usize,
    sums: [f64; 2],
}

impl<T: Element> Row<'_, T> {
    /// The blocks so far lie in the result as a stack: the last place of each holds its start, and if it has
    /// three places the first two hold its sums; of fewer elements they are added up again.
    fn pool(&self, out: &mut [i64]) {
        for last in 0..out.len() {
            let mut block = self.single(last);
            while block.start > 0 {
                let before = self.top(block.start, out);
                if self.level(before, block.start) > self.level(block, last + 1) {
                    break;
                }
                block = self.join(before, block);
            }
            if last - block.start >= 2 {
                out[block.start] = block.sums[0].to_bits() as i64;
                out[block.start + 1] = block.sums[1].to_bits() as i64;
            }
            out[last] = block.start as i64;
        }
        let mut end = out.len();
        while end > 0 {
            let start = out[end - 1] as usize;
            out[start..end].fill(start as i64);
            end = start;
        }
    }

    fn single(&self, place: usize) -> Block {
        Block { start: place, sums: [self.x[place].to_f64(), self.y[place].to_f64()] }
    }

    /// The block that ends before a place.
    fn top(&self, end: usize, out: &[i64]) -> Block {
        let start = out[end - 1] as usize;
        let kept = |at: usize| f64::from_bits(out[at] as u64);
        match end - start {
            1 => self.single(start),
            2 => self.join(self.single(start), self.single(start + 1)),
            _ => Block { start, sums: [kept(start), kept(start + 1)] },
        }
    }

    fn join(&self, before: Block, after: Block) -> Block {
        let ([x, y], [more_x, more_y]) = (before.sums, after.sums);
        let sums = match self.entropic {
            true => [logaddexp(x, more_x), logaddexp(y, more_y)],
            false => [x + more_x, y + more_y],
        };
        Block { sums, ..before }
    }

    /// The regression on a block up to a place.
    fn level(&self, block: Block, end: usize) -> f64 {
        let apart = block.sums[0] - block.sums[1];
        if self.entropic { apart } else { apart / (end - block.start) as f64 }
    }
}

fn logaddexp(x: f64, y: f64) -> f64 {
    let apart = if x == y { 0.0 } else { (x - y).abs() };
    x.max(y) + (-apart).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Rng;

    /// `v` by the max-min formula, `v[i] = min over j <= i of max over k >= i of level(j..=k)`.
    fn by_definition(row: &Row<'_, f64>) -> Vec<f64> {
        let n = row.x.len();
        let level = |from: usize, to: usize| {
            let all = (from + 1..=to).map(|place| row.single(place));
            let block = all.fold(row.single(from), |all, one| row.join(all, one));
            row.level(block, to + 1)
        };
        let most =
            |from: usize, i: usize| (i..n).map(|to| level(from, to)).fold(f64::MIN, f64::max);
        (0..n).map(|i| (0..=i).map(|from| most(from, i)).fold(f64::MAX, f64::min)).collect()
    }

    #[test]
    fn blocks_are_those_of_the_max_min_formula() {
        let mut rng = Rng::new(5);
        for n in [0, 1, 2, 3, 4, 9, 30] {
            for entropic in [false, true] {
                for drift in [-0.5, 0.0, 0.5] {
                    let mut draw = |drift: f64| -> Vec<f64> {
                        (0..n).map(|i| rng.normal() + drift * i as f64).collect()
                    };
                    let (x, y) = (draw(drift), draw(0.0));
                    let row = Row { x: &x, y: &y, entropic };
                    let mut blocks = vec![0; n];
                    row.pool(&mut blocks);
                    let want = by_definition(&row);
                    for i in 1..n {
                        let one = blocks[i] == blocks[i - 1];
                        assert!(one || blocks[i] == i as i64, "{blocks:?}");
                        let same = (want[i] - want[i - 1]).abs() < 1e-12;
                        assert_eq!(one, same, "{blocks:?} {want:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn ties_and_what_has_no_order_are_one_block() {
        for entropic in [false, true] {
            let pooled = |x: &[f64]| {
                let mut blocks = vec![0; x.len()];
                Row { x, y: &vec![0.0; x.len()], entropic }.pool(&mut blocks);
                blocks
            };
            assert_eq!(pooled(&[2.0, 1.0, 1.0]), [0, 1, 1]);
            assert_eq!(pooled(&[3.0, 2.0, f64::NAN, 1.0]), [0; 4]);
            let inf = f64::INFINITY;
            assert_eq!(pooled(&[inf, inf, 1.0, -inf, -inf]), [0, 0, 2, 3, 3]);
        }
    }
}
