//! Whether two accesses of one buffer have no element in common.

use super::program::{Access, BufferId, Contract, Kernel, Loop, Store};
use crate::tensor::Dims;

impl Access {
    /// Whether this one and another of the same buffer never meet, each at any index of its space. Where that cannot be
    /// told, they do.
    pub(crate) fn is_apart_from(&self, space: &[usize], other: &Access, its: &[usize]) -> bool {
        let steps = |access: &Access| access.strides.clone();
        let periods = steps(self).into_iter().chain(steps(other)).filter(|&stride| stride > 1);
        periods.map(|stride| stride as usize).chain([usize::MAX]).any(|period| {
            match (self.within(space, period), other.within(its, period)) {
                (Some((first, last)), Some((start, end))) => last < start || end < first,
                _ => false,
            }
        })
    }

    /// The least and the greatest number of an element, counted anew from each multiple of a period, if it reaches across
    /// none.
    fn within(&self, space: &[usize], period: usize) -> Option<(usize, usize)> {
        let mut far = 0usize;
        for (&stride, &size) in self.strides.iter().zip(space).filter(|(_, size)| **size > 1) {
            let stride = usize::try_from(stride).ok()?;
            if stride < period {
                far = far.checked_add(stride.checked_mul(size - 1)?)?;
            } else if stride % period != 0 {
                return None;
            }
        }
        let first = self.offset % period;
        let last = first.checked_add(far)?;
        (last < period).then_some((first, last))
    }
}

impl Kernel {
    /// A buffer of which the kernel writes what it reads, or writes twice, at another index.
    pub(crate) fn clash(&self) -> Option<BufferId> {
        let (space, body, stores, operands) = match self {
            Kernel::Loop(Loop { space, body, stores, .. }) => (space.clone(), body, stores, None),
            Kernel::Contract(product) => {
                let Contract { batch, rows, columns, summed, a, b, epilogue, stores } = product;
                let of = |first: &Dims, second: &Dims| -> Dims {
                    batch.iter().chain(first).chain(second).copied().collect()
                };
                let operands = [(a, of(rows, summed)), (b, of(summed, columns))];
                (product.space(), epilogue, stores, Some(operands))
            }
            Kernel::Host(_) | Kernel::Tiled(_) => return None,
        };
        stores.iter().enumerate().find_map(|(number, Store { to, .. })| {
            let shares = |other: &Access| other.buffer == to.buffer;
            let meets = |other: &Access, its: &[usize]| {
                shares(other) && !other.is_apart_from(its, to, &space)
            };
            let same = |load: &Access| load.offset == to.offset && load.strides == to.strides;
            let clashes = body.loads.iter().any(|load| meets(load, &space) && !same(load))
                || stores[..number].iter().any(|other| meets(&other.to, &space))
                || operands.iter().flatten().any(|(operand, its)| meets(operand, its));
            clashes.then_some(to.buffer)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::program::Strides;

    #[test]
    fn parts_of_rows_never_meet() {
        let access = |offset: usize, strides: &[isize]| Access {
            buffer: BufferId(0),
            offset,
            strides: Strides::from_slice(strides),
        };
        let apart = |a: &Access, space: &[usize], b: &Access, its: &[usize]| {
            assert_eq!(b.is_apart_from(its, a, space), a.is_apart_from(space, b, its));
            a.is_apart_from(space, b, its)
        };
        let [first, second] = [0, 4].map(|offset| access(offset, &[8, 1]));
        assert!(apart(&first, &[3, 4], &second, &[3, 4]));
        assert!(!apart(&first, &[3, 5], &second, &[3, 4]), "one column in common");
        assert!(apart(&first, &[3, 4], &access(4, &[1, 8]), &[4, 3]), "turned");
        assert!(apart(&access(0, &[1]), &[12], &access(12, &[1]), &[12]), "one behind the other");
        assert!(!apart(&access(0, &[1]), &[13], &access(12, &[1]), &[12]));
        assert!(!apart(&access(7, &[-1]), &[8], &second, &[3, 4]), "back");
        assert!(
            !apart(&access(6, &[8, 1]), &[2, 4], &access(0, &[8, 1]), &[2, 1]),
            "around the end"
        );
    }
}
