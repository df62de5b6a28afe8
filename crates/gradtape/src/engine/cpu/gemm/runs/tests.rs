use std::sync::Mutex;

use super::*;
use crate::engine::cpu::gemm::{Packed, Walk, pointed};
use crate::tensor::{Element, Rng};

/// A product of rows that lie one after another, and of windows or the like.
#[derive(Clone, Copy)]
struct Case<'c> {
    rows: usize,
    columns: &'c [usize],
    summed: &'c [usize],
    /// Strides of the right operand along sums and along columns.
    right: [&'c [isize]; 2],
}

/// A convolution of one channel: columns by pixels, over places.
const fn depthwise(rows: usize, right: [&'static [isize]; 2]) -> Case<'static> {
    Case { rows, columns: &[9, 33], summed: &[3, 3], right }
}

/// One of rows that fill no vector of the widest.
const fn narrow(rows: usize, columns: &'static [usize]) -> Case<'static> {
    Case { rows, columns, summed: &[2, 3], right: [&[11, 1], &[11, 1]] }
}

/// The gradient of its weight.
const fn of_weight(rows: usize, right: [&'static [isize]; 2]) -> Case<'static> {
    Case { rows, columns: &[3, 3], summed: &[7, 9, 33], right }
}

fn random<T: Element>(len: usize, seed: u64) -> Vec<T> {
    let mut rng = Rng::new(seed);
    (0..len).map(|_| T::from_f64(rng.uniform() * 2.0 - 1.0)).collect()
}

fn name(how: &Runs) -> &'static str {
    match how {
        Runs::Columns(_) => "columns",
        Runs::Sums(_) => "sums",
    }
}

impl Case<'_> {
    fn how<T: Real>(&self, isa: Isa) -> Option<Runs> {
        Runs::of::<T>(isa, &self.walks(), self.sizes())
    }

    /// Whether runs are at least half as long as vectors, and rows shorter than these.
    fn fits<T: Real>(&self, want: &str, isa: Isa) -> bool {
        let kernels = T::kernels(isa);
        let runs = if want == "columns" { self.columns } else { self.summed };
        let fill = want == "sums" && pointed::fills(kernels, self.rows);
        2 * runs[runs.len() - 1] >= kernels.lanes && !fill
    }

    fn sizes(&self) -> [usize; 3] {
        let product = |sizes: &[usize]| sizes.iter().product();
        [self.rows, product(self.columns), product(self.summed)]
    }

    fn walks(&self) -> Walks {
        let k: usize = self.summed.iter().product();
        let inner = |axis: usize| self.summed[axis + 1..].iter().product::<usize>() as isize;
        let sums: Vec<isize> = (0..self.summed.len()).map(inner).collect();
        let [right, columns] = self.right;
        Walks {
            left: [Walk::new(&[self.rows], &[k as isize]), Walk::new(self.summed, &sums)],
            right: [Walk::new(self.summed, right), Walk::new(self.columns, columns)],
        }
    }

    /// Computes the product in parts, along runs if that is said, holds it against sums in f64, and gives the result.
    fn check<T: Element + Real>(&self, isa: Isa, parts: usize, how: Option<&Runs>) -> Vec<T> {
        let (walks, [m, n, k]) = (self.walks(), self.sizes());
        let unit = match size_of::<T>() {
            4 => f64::from(f32::EPSILON) / 2.0,
            _ => f64::EPSILON / 2.0,
        };
        let (sums, columns) = (walks.right[0].places(), walks.right[1].places());
        let ends = |of: fn(&[isize]) -> isize| of(&sums) + of(&columns);
        let lowest = ends(|places| *places.iter().min().unwrap());
        let highest = ends(|places| *places.iter().max().unwrap());
        let a = random::<T>(m * k, 1);
        // As long as what is read, so that Miri sees what is read beyond.
        let mut b = random::<T>((highest - lowest) as usize + 1, 2);
        let mut between = vec![true; b.len()];
        for (sum, column) in sums.iter().flat_map(|sum| columns.iter().map(move |c| (sum, c))) {
            between[(sum + column - lowest) as usize] = false;
        }
        for (b, _) in b.iter_mut().zip(between).filter(|(_, between)| *between) {
            *b = T::from_f64(f64::NAN);
        }
        let mut c = vec![T::from_f64(f64::NAN); m * n];
        let product = Product {
            m,
            n,
            k,
            a: a.as_ptr(),
            a_steps: [0; 2],
            b: b.as_ptr().wrapping_offset(-lowest),
            b_steps: [0; 2],
            walks: Some(&walks),
            runs: how,
            common: None,
            c: c.as_mut_ptr(),
            c_row: n,
            strips: false,
            beside: [std::ptr::null(); 4],
        };
        let seen = Mutex::new(vec![None; m * n]);
        let epilogue = |block: &Block<T>| {
            let mut seen = seen.lock().unwrap();
            for (i, j) in (0..block.rows).flat_map(|i| (0..block.columns).map(move |j| (i, j))) {
                // SAFETY: the element lies in the block, which was just computed.
                let value = unsafe { *block.data.add(i * block.stride + j) };
                let before = &mut seen[(block.row + i) * n + block.column + j];
                assert!(before.replace(value).is_none(), "an element is seen once");
            }
        };
        for id in 0..parts {
            // SAFETY: the vectors are as long as the walks say.
            unsafe {
                crate::engine::cpu::gemm::part(
                    (id, parts),
                    isa,
                    &product,
                    &mut Packed::default(),
                    &epilogue,
                );
            }
        }
        let seen: Vec<T> = seen.into_inner().unwrap().into_iter().map(Option::unwrap).collect();
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let term = |l: usize| {
                a[i * k + l].to_f64() * b[(sums[l] + columns[j] - lowest) as usize].to_f64()
            };
            let (want, size) = (0..k)
                .map(term)
                .fold((0.0, 0.0), |(sum, size), term| (sum + term, size + f64::abs(term)));
            let error = (seen[i * n + j].to_f64() - want).abs();
            // The bound of a sum of k rounded products (Higham 2002, section 3.5), random errors.
            let bound = 4.0 * unit * f64::max(size, 1.0) * (k as f64).sqrt();
            assert!(error <= bound, "{isa:?} [{i}, {j}]: {error:e} > {bound:e}");
        }
        seen
    }
}

#[test]
fn rows_of_windows_are_computed_where_they_lie() {
    let cases = [
        ("columns", depthwise(1, [&[40, 1], &[40, 1]])),
        ("columns", depthwise(3, [&[40, 1], &[40, 1]])),
        // As for the gradient of images, from the last place to the first.
        ("columns", depthwise(4, [&[-40, -1], &[40, 1]])),
        // Every second pixel, dilated; every third one of wide images.
        ("columns", depthwise(2, [&[74, 1], &[148, 2]])),
        ("columns", depthwise(1, [&[210, 2], &[105, 3]])),
        // Long rows, in several pieces.
        ("columns", Case { rows: 2, columns: &[2, 2500], summed: &[5], right: [&[1], &[2600, 1]] }),
        ("columns", Case { rows: 2, columns: &[2, 2501], summed: &[5], right: [&[1], &[5100, 2]] }),
        // One row in fewer pieces than parts.
        ("columns", Case { rows: 1, columns: &[33], summed: &[3, 3], right: [&[40, 1], &[1]] }),
        // Rows shorter than vectors.
        ("columns", narrow(1, &[7, 9])),
        ("columns", narrow(2, &[7, 9])),
        ("columns", narrow(3, &[7, 9])),
        ("columns", narrow(4, &[7, 9])),
        ("columns", narrow(2, &[7, 5])),
        ("columns", narrow(3, &[7, 5])),
        ("columns", narrow(4, &[7, 5])),
        (
            "columns",
            Case { rows: 1, columns: &[7, 9], summed: &[2, 3], right: [&[37, 1], &[74, 2]] },
        ),
        // Every second pixel alone.
        ("columns", Case { rows: 2, columns: &[9, 33], summed: &[1], right: [&[1], &[132, 2]] }),
        ("sums", of_weight(1, [&[500, 40, 1], &[40, 1]])),
        ("sums", of_weight(5, [&[500, 40, 1], &[40, 1]])),
        ("sums", of_weight(2, [&[2000, 148, 2], &[74, 1]])),
        ("sums", of_weight(1, [&[1900, 210, 4], &[105, 1]])),
        // Rows that begin in one phase and in the other.
        ("sums", of_weight(1, [&[1900, 211, 2], &[105, 1]])),
        // Long runs in several pieces of several lengths, and columns of no order.
        ("sums", Case { rows: 1, columns: &[3], summed: &[2, 2501], right: [&[5100, 2], &[1]] }),
        ("sums", Case { rows: 3, columns: &[11], summed: &[2, 2500], right: [&[2700, 1], &[-7]] }),
    ];
    let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for isa in Isa::available() {
        let mut found = 0;
        for (want, case) in &cases {
            if let Some(how) = case.how::<f64>(isa) {
                case.check::<f64>(isa, 2, Some(&how));
            }
            let Some(how) = case.how::<f32>(isa) else {
                let why = "its operands lie in runs";
                assert!(!case.fits::<f32>(want, isa), "{isa:?} {:?}: {why}", case.columns);
                continue;
            };
            assert_eq!(name(&how), *want, "{isa:?} {:?} by {:?}", case.columns, case.summed);
            let once = bits(&case.check(isa, 1, Some(&how)));
            assert_eq!(once, bits(&case.check(isa, 5, Some(&how))), "{isa:?}: in parts");
            if *want == "columns" {
                // Each sum is added up in order, as it is everywhere.
                assert_eq!(once, bits(&case.check(isa, 1, None)), "{isa:?}: packed");
            }
            found += 1;
        }
        // Three have rows too short for the widest vectors.
        assert!(found >= cases.len() - 4, "{isa:?}: {found} of {}", cases.len());
    }
}

#[test]
fn products_are_computed_along_runs_as_far_as_is_said() {
    for isa in Isa::available() {
        let lanes = f32::kernels(isa).lanes;
        let check = |case: Case<'_>, want: Option<&str>, why: &str| {
            let how = case.how::<f32>(isa);
            assert_eq!(how.as_ref().map(name), want, "{isa:?}: {why}");
        };
        let columns = Some("columns");
        let sums = Some("sums");
        let image = |rows, summed| {
            let right: [&[isize]; 2] = [&[1], &[900, 1]];
            Case { rows, columns: &[9, 33], summed, right }
        };
        check(image(1, &[384]), columns, "a sum of one block");
        check(image(1, &[385]), None, "a longer sum");
        check(image(4, &[9]), columns, "rows that have kernels");
        check(image(5, &[9]), None, "more rows");
        let wide = |rows, columns| {
            let right: [&[isize]; 2] = [&[900, 1], &[1]];
            Case { rows, columns, summed: &[2, 300], right }
        };
        check(wide(1, &[128]), sums, "as many columns as are kept");
        check(wide(1, &[129]), None, "more columns");
        let fills = pointed::fills(f32::kernels(isa), 11);
        check(wide(11, &[9]), sums.filter(|_| !fills), "rows that do not fill vectors");
        check(wide(17, &[9]), None, "more rows than are kept");
        let at = |len, want| {
            let right: [&[isize]; 2] = [&[9, 3], &[50, 1]];
            check(Case { rows: 1, columns: &[9, len], summed: &[3, 3], right }, want, "short rows");
            let right: [&[isize]; 2] = [&[50, 1], &[9]];
            check(
                Case { rows: 1, columns: &[9], summed: &[200, len], right },
                want.and(sums),
                "short runs",
            );
        };
        at(lanes / 2, columns);
        if lanes > 4 {
            at(lanes / 2 - 1, None);
        }
        let of_sum = |k, want| {
            let right: [&[isize]; 2] = [&[1], &[7]];
            check(Case { rows: 1, columns: &[9], summed: &[k], right }, want, "columns far apart");
        };
        of_sum(4 * lanes, sums);
        of_sum(4 * lanes - 1, None);
    }
}

#[test]
fn products_are_cut_where_that_does_not_repeat_work() {
    for isa in Isa::available() {
        let check = |case: Case<'_>, most: usize, parts: usize| {
            let how = case.how::<f32>(isa).unwrap();
            assert_eq!(how.parts(most), parts, "{isa:?} {:?} by {:?}", case.columns, case.summed);
        };
        check(depthwise(1, [&[40, 1], &[40, 1]]), 4, 4);
        check(depthwise(1, [&[40, 1], &[40, 1]]), 16, 9);
        check(depthwise(2, [&[74, 1], &[148, 2]]), 4, 1);
        check(Case { rows: 1, columns: &[1000], summed: &[5], right: [&[1], &[1]] }, 16, 4);
        check(of_weight(1, [&[500, 40, 1], &[40, 1]]), 16, 1);
        check(of_weight(1, [&[2000, 148, 2], &[74, 1]]), 16, 1);
        let weight = |columns, right| Case { rows: 1, columns, summed: &[7, 9, 33], right };
        check(weight(&[5, 5], [&[500, 40, 1], &[40, 1]]), 16, 3);
        check(weight(&[5, 5], [&[2000, 148, 2], &[74, 1]]), 16, 1);
        check(weight(&[11, 11], [&[3000, 148, 2], &[74, 1]]), 16, 1);
    }
}

#[test]
fn other_products_are_packed() {
    for isa in Isa::available() {
        let none = |case: Case<'_>, why: &str| {
            assert!(case.how::<f32>(isa).is_none(), "{isa:?}: {why}");
        };
        none(depthwise(5, [&[40, 1], &[40, 1]]), "many rows");
        none(depthwise(1, [&[200, 5], &[200, 5]]), "columns far apart");
        none(depthwise(1, [&[40, 1], &[40, -1]]), "columns in reverse");
        none(of_weight(64, [&[500, 40, 1], &[40, 1]]), "rows that fill vectors");
        none(of_weight(1, [&[500, 40, 7], &[40, 1]]), "sums far apart");
        // Phases of one row are those of another in the next one.
        none(depthwise(1, [&[41, 1], &[41, 2]]), "rows of different phases");
        let all: [&[isize]; 2] = [&[1], &[0, 0]];
        let one = Case { rows: 1, columns: &[1 << 20, 1 << 20], summed: &[9], right: all };
        none(one, "one number in the place of all");
        let right: [&[isize]; 2] = [&[1], &[0, 1]];
        none(Case { right, ..one }, "more runs than are worked out");
    }
}
