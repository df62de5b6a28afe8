//! The places of the elements of a row in order. The result itself is the memory to sort in.

use std::cmp::Ordering;

use crate::tensor::Element;

/// The places of the first elements of a row in order, as many as `out` holds, which is no more than there
/// are.
pub(super) fn first_places<T: Key>(x: &[T], descending: bool, out: &mut [i64]) {
    match u32::try_from(x.len()) {
        // A key and its place in one number, the place deciding between equal keys.
        Ok(size) if T::SHORT => {
            let key = |place: u32| {
                let key = x[place as usize].short();
                let key = if descending { !key } else { key };
                (u64::from(key) << 32 | u64::from(place)) as i64
            };
            first((0..size).map(key), out, |&a, &b| (a as u64).cmp(&(b as u64)));
            out.iter_mut().for_each(|packed| *packed &= i64::from(u32::MAX));
        }
        _ => {
            let order = |a: &i64, b: &i64| {
                let order = order(x[*a as usize], x[*b as usize]);
                if descending { order.reverse() } else { order }.then(a.cmp(b))
            };
            first(0..x.len() as i64, out, order);
        }
    }
}

/// NaN is the greatest.
pub(super) fn order<T: Key>(a: T, b: T) -> Ordering {
    let nan = |x: T| x.partial_cmp(&x).is_none();
    a.partial_cmp(&b).unwrap_or_else(|| nan(a).cmp(&nan(b)))
}
/// The first of `items` in order, as many as `out` holds, which is no more than there are. No two are
/// equal.
fn first(
    mut items: impl Iterator<Item = i64>,
    out: &mut [i64],
    order: impl Fn(&i64, &i64) -> Ordering,
) {
    out.iter_mut().zip(&mut items).for_each(|(to, item)| *to = item);
    // Those found so far are a heap with the last of them on top, which the next one may replace.
    let mut heap = false;
    for item in items {
        if !heap {
            (0..out.len() / 2).rev().for_each(|parent| sink(out, parent, &order));
            heap = true;
        }
        if order(&item, &out[0]) == Ordering::Less {
            out[0] = item;
            sink(out, 0, &order);
        }
    }
    out.sort_unstable_by(order);
}

/// Exchanges an item with the later of its children until it comes after both.
fn sink(heap: &mut [i64], mut parent: usize, order: impl Fn(&i64, &i64) -> Ordering) {
    loop {
        let mut child = 2 * parent + 1;
        if child >= heap.len() {
            return;
        }
        if child + 1 < heap.len() && order(&heap[child], &heap[child + 1]) == Ordering::Less {
            child += 1;
        }
        if order(&heap[parent], &heap[child]) != Ordering::Less {
            return;
        }
        heap.swap(parent, child);
        parent = child;
    }
}

/// An element that is put in order.
pub(crate) trait Key: Element + PartialOrd {
    /// Whether [`Key::short`] tells all elements apart.
    const SHORT: bool;

    /// A number in the order of the elements, the same for equal ones; the greatest for NaN.
    fn short(self) -> u32;
}

impl Key for f32 {
    const SHORT: bool = true;

    fn short(self) -> u32 {
        // 0 in the place of -0, which it equals.
        let bits = (self + 0.0).to_bits();
        match (self.is_nan(), bits >> 31) {
            (true, _) => u32::MAX,
            (_, 0) => bits | 1 << 31,
            _ => !bits,
        }
    }
}

impl Key for bool {
    const SHORT: bool = true;

    fn short(self) -> u32 {
        self.into()
    }
}

impl Key for f64 {
    const SHORT: bool = false;

    fn short(self) -> u32 {
        0
    }
}

impl Key for i64 {
    const SHORT: bool = false;

    fn short(self) -> u32 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Rng;

    fn check<T: Key>(values: &[T], size: usize) {
        for count in [1, 2, 5, size - 1, size] {
            for descending in [false, true] {
                for row in values.chunks(size) {
                    let mut got = vec![0; count];
                    first_places(row, descending, &mut got);
                    let mut want: Vec<i64> = (0..size as i64).collect();
                    want.sort_by(|&a, &b| {
                        let order = order(row[a as usize], row[b as usize]);
                        if descending { order.reverse() } else { order }
                    });
                    assert_eq!(got, want[..count], "{count} of {size}, {descending}");
                }
            }
        }
    }

    #[test]
    fn places_are_those_of_a_stable_sort() {
        let mut rng = Rng::new(3);
        for size in [6, 33, 100] {
            let normal: Vec<f64> = (0..3 * size).map(|_| rng.normal()).collect();
            check(&normal, size);
            check(&normal.iter().map(|&x| x as f32).collect::<Vec<_>>(), size);
            // Few values, so that most are ties.
            let few: Vec<i64> = normal.iter().map(|x| *x as i64).collect();
            check(&few, size);
            check(&few.iter().map(|&x| x as f32).collect::<Vec<_>>(), size);
            check(&few.iter().map(|&x| x > 0).collect::<Vec<_>>(), size);
            let special =
                [f64::NAN, 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, -f64::NAN, 5e-324];
            let mixed: Vec<f64> = (0..3 * size).map(|_| special[rng.below(7)]).collect();
            check(&mixed, size);
            check(&mixed.iter().map(|&x| x as f32).collect::<Vec<_>>(), size);
        }
    }
}
