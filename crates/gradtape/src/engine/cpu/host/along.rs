//! Walking along an axis: running sums and the place of the greatest. `inner` elements lie side by side at
//! each place of the axis.

use crate::op::index::Plus;
use crate::tensor::Element;

pub(super) fn cumsum<T: Plus>(x: &[T], count: usize, inner: usize, reverse: bool, out: &mut [T]) {
    let block = count * inner;
    for (x, out) in x.chunks(block).zip(out.chunks_mut(block)) {
        if inner == 1 {
            let add = |sum: &mut T, (out, &x): (&mut T, &T)| {
                *sum = sum.plus(x);
                *out = *sum;
            };
            let mut pairs = out.iter_mut().zip(x);
            let first = if reverse { pairs.next_back() } else { pairs.next() };
            let Some((out, &x)) = first else { continue };
            *out = x;
            let mut sum = x;
            match reverse {
                true => pairs.rev().for_each(|pair| add(&mut sum, pair)),
                false => pairs.for_each(|pair| add(&mut sum, pair)),
            }
            continue;
        }
        out.copy_from_slice(x);
        for step in 1..count {
            let (sums, next) = if reverse {
                let (next, sums) = out.split_at_mut((count - step) * inner);
                (&sums[..inner], &mut next[(count - step - 1) * inner..])
            } else {
                let (sums, next) = out.split_at_mut(step * inner);
                (&sums[(step - 1) * inner..], &mut next[..inner])
            };
            next.iter_mut().zip(sums).for_each(|(next, &sum)| *next = sum.plus(*next));
        }
    }
}

/// The first place of the greatest; NaN counts as greater than all.
pub(super) fn argmax<T: Element + PartialOrd>(
    x: &[T],
    count: usize,
    inner: usize,
    out: &mut [i64],
) {
    let nan = |x: T| x.partial_cmp(&x).is_none();
    for (x, out) in x.chunks(count * inner).zip(out.chunks_mut(inner)) {
        out.fill(0);
        for (place, row) in x.chunks(inner).enumerate().skip(1) {
            for (column, (&value, out)) in row.iter().zip(out.iter_mut()).enumerate() {
                let best = x[*out as usize * inner + column];
                if value > best || nan(value) && !nan(best) {
                    *out = place as i64;
                }
            }
        }
    }
}
