//! Operands whose elements do not lie at equal steps: windows, groups of axes, axes in reverse.

use super::parts;
use crate::op::set_index;
use crate::plan::Strides;
use crate::tensor::Dims;

/// Segments that are worked out at most, so that what is worked out takes little memory however far a walk goes.
const MOST_SEGMENTS: usize = 1 << 20;

/// Numbers in row-major order over some axes, and how far from the first each stands.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    sizes: Dims,
    strides: Strides,
}

impl Walk {
    pub(crate) fn new(sizes: &[usize], strides: &[isize]) -> Walk {
        Walk { sizes: Dims::from_slice(sizes), strides: Strides::from_slice(strides) }
    }

    /// The distance of neighbours, where all have the same; 1 where there are none.
    pub(crate) fn step(&self) -> Option<isize> {
        let mut step = None;
        let mut covered = 1;
        for (&size, &stride) in
            self.sizes.iter().zip(&self.strides).rev().filter(|(size, _)| **size != 1)
        {
            match step {
                None => step = Some(stride),
                Some(step) if stride == step * covered => {}
                Some(_) => return None,
            }
            covered *= size as isize;
        }
        Some(step.unwrap_or(1))
    }

    /// The distances of all numbers.
    pub(super) fn places(&self) -> Vec<isize> {
        let mut places = vec![0; self.sizes.iter().product()];
        self.fill(0, &mut places);
        places
    }

    /// How many neighbours follow each other along the last axis that is not of one number, and their distance. None
    /// where all are.
    pub(super) fn run(&self) -> Option<(usize, isize)> {
        let last = self.sizes.iter().rposition(|&size| size != 1)?;
        Some((self.sizes[last], self.strides[last]))
    }

    /// The runs, each in segments of about the same length, `most` numbers at most. None where they are many.
    pub(super) fn segments(&self, most: usize) -> Option<Vec<Segment>> {
        let last = self.sizes.iter().rposition(|&size| size != 1).unwrap_or(0);
        let (len, step) = self.run().unwrap_or((1, 1));
        let runs =
            self.sizes[..last].iter().fold(1, |runs: usize, &size| runs.saturating_mul(size));
        if runs.saturating_mul(len.div_ceil(most)) > MOST_SEGMENTS {
            return None;
        }
        let starts = Walk::new(&self.sizes[..last], &self.strides[..last]).places();
        let of_run = |(number, &from): (usize, &isize)| {
            parts(0..len, most).map(move |own| Segment {
                first: number * len + own.start,
                from: from + own.start as isize * step,
                len: own.len(),
            })
        };
        Some(starts.iter().enumerate().flat_map(of_run).collect())
    }

    /// The distances of the numbers from `start` on.
    pub(super) fn fill(&self, start: usize, out: &mut [isize]) {
        let rank = self.sizes.len();
        let Some(last) = rank.checked_sub(1) else { return out.fill(0) };
        let mut index = Dims::from_elem(0, rank);
        set_index(&mut index, &self.sizes, start);
        let mut done = 0;
        while done < out.len() {
            let steps = index.iter().zip(&self.strides).map(|(&i, stride)| i as isize * stride);
            let first: isize = steps.sum();
            let run = (self.sizes[last] - index[last]).min(out.len() - done);
            for (i, out) in (0..).zip(&mut out[done..done + run]) {
                *out = first + i * self.strides[last];
            }
            done += run;
            index[last] = 0;
            for axis in (0..last).rev() {
                index[axis] += 1;
                if index[axis] < self.sizes[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
    }
}

/// Neighbours: the number of the first one, how far it lies from the first of all, and how many they are.
pub(super) struct Segment {
    pub(super) first: usize,
    pub(super) from: isize,
    pub(super) len: usize,
}

/// The walks of a product.
#[derive(Clone, Debug)]
pub(crate) struct Walks {
    /// Along rows and along sums of the left operand.
    pub(crate) left: [Walk; 2],
    /// Along sums and along columns of the right operand.
    pub(crate) right: [Walk; 2],
}

impl Walks {
    /// The steps of both operands, where all are equal and forward.
    pub(crate) fn steps(&self) -> Option<[[usize; 2]; 2]> {
        let forward = |walk: &Walk| usize::try_from(walk.step()?).ok();
        let both = |[first, second]: &[Walk; 2]| Some([forward(first)?, forward(second)?]);
        Some([both(&self.left)?, both(&self.right)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_over_one_run_have_a_step() {
        let check = |sizes: &[usize], strides: &[isize], step: Option<isize>| {
            assert_eq!(Walk::new(sizes, strides).step(), step, "{sizes:?} {strides:?}");
        };
        check(&[], &[], Some(1));
        check(&[5], &[-2], Some(-2));
        check(&[3, 4], &[8, 2], Some(2));
        check(&[3, 1, 4], &[8, 77, 2], Some(2));
        check(&[3, 4], &[9, 2], None);
        check(&[1, 1], &[3, 4], Some(1));
    }

    #[test]
    fn runs_are_those_of_the_last_axis_that_has_neighbours() {
        let check = |sizes: &[usize], strides: &[isize], run: Option<(usize, isize)>| {
            assert_eq!(Walk::new(sizes, strides).run(), run, "{sizes:?} {strides:?}");
        };
        check(&[], &[], None);
        check(&[1, 1], &[3, 4], None);
        check(&[3, 4], &[9, 2], Some((4, 2)));
        check(&[3, 4, 1], &[9, -2, 5], Some((4, -2)));
        check(&[3, 0], &[9, 1], Some((0, 1)));
    }

    #[test]
    fn segments_are_as_long_as_may_be_and_cover_each_number_once() {
        let check = |sizes: &[usize], strides: &[isize], most: usize, lens: &[usize]| {
            let walk = Walk::new(sizes, strides);
            let segments = walk.segments(most).unwrap();
            let found: Vec<usize> = segments.iter().map(|segment| segment.len).collect();
            assert!(found.chunks(lens.len()).all(|of_run| of_run == lens), "{sizes:?}: {found:?}");
            let step = walk.run().map_or(1, |(_, step)| step);
            let mut places = Vec::new();
            for segment in &segments {
                assert_eq!(segment.first, places.len());
                places.extend((0..segment.len as isize).map(|i| segment.from + i * step));
            }
            assert_eq!(places, walk.places(), "{sizes:?}");
        };
        check(&[2, 10], &[100, 3], 4, &[3, 3, 4]);
        check(&[2, 10], &[100, -3], 10, &[10]);
        check(&[7, 1], &[2, 9], 5, &[3, 4]);
        check(&[], &[], 5, &[1]);
        check(&[1, 1], &[3, 4], 5, &[1]);
        // The numbers of an axis that all lie in one place take no memory.
        assert!(Walk::new(&[1 << 40, 3], &[0, 1]).segments(256).is_none());
    }

    #[test]
    fn distances_are_those_of_the_indices() {
        let walk = Walk::new(&[2, 3, 4], &[100, -10, 1]);
        let mut all = [0; 24];
        walk.fill(0, &mut all);
        let expected =
            |i: usize| (i / 12) as isize * 100 - (i / 4 % 3) as isize * 10 + (i % 4) as isize;
        assert!(all.iter().enumerate().all(|(i, &at)| at == expected(i)), "{all:?}");
        for start in 0..24 {
            let mut some = vec![0; 24 - start];
            walk.fill(start, &mut some);
            assert_eq!(some, all[start..]);
        }
    }
}
