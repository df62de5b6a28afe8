use std::sync::Mutex;

use super::*;
use crate::engine::cpu::gemm::{Packed, Walk, pointed};
use crate::tensor::{Element, Rng};

/// A product of rows that lie one after another, and of windows or the like.
struct Case {
    rows: usize,
    columns: &'static [usize],
    summed: &'static [usize],
    /// Strides of the right operand along sums and along columns.
    right: [&'static [isize]; 2],
}

/// A convolution of one channel: columns by pixels, over places.
const fn depthwise(rows: usize, right: [&'static [isize]; 2]) -> Case {
    Case { rows, columns: &[9, 33], summed: &[3, 3], right }
}

/// The gradient of its weight.
const fn of_weight(rows: usize, right: [&'static [isize]; 2]) -> Case {
    Case { rows, columns: &[3, 3], summed: &[7, 9, 33], right }
}

fn random<T: Element>(len: usize, seed: u64) -> Vec<T> {
    let mut rng = Rng::new(seed);
    (0..len).map(|_| T::from_f64(rng.uniform() * 2.0 - 1.0)).collect()
}

impl Case {
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

    /// Computes the product in parts, holds it against sums in f64, and gives the result and how it was computed; nothing
    /// where its rows fill vectors better.
    fn check<T: Element + Real>(
        &self,
        isa: Isa,
        parts: usize,
        unit: f64,
    ) -> Option<(&'static str, Vec<T>)> {
        let (walks, [m, n, k]) = (self.walks(), self.sizes());
        let Some(how) = Runs::of::<T>(isa, &walks, [m, n, k]) else {
            assert!(pointed::fills(T::kernels(isa), m), "{isa:?}: its operands lie in runs");
            return None;
        };
        let (sums, columns) = (walks.right[0].places(), walks.right[1].places());
        let ends = |of: fn(&[isize]) -> isize| of(&sums) + of(&columns);
        let lowest = ends(|places| *places.iter().min().unwrap());
        let highest = ends(|places| *places.iter().max().unwrap());
        let a = random::<T>(m * k, 1);
        // As long as what is read, so that Miri sees what is read beyond.
        let b = random::<T>((highest - lowest) as usize + 1, 2);
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
            runs: Some(&how),
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
        let how = match how {
            Runs::Columns(_) => "columns",
            Runs::Sums(_) => "sums",
        };
        Some((how, seen))
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
        // Rows shorter than the widest vectors.
        (
            "columns",
            Case { rows: 1, columns: &[7, 9], summed: &[2, 3], right: [&[11, 1], &[11, 1]] },
        ),
        ("sums", of_weight(1, [&[500, 40, 1], &[40, 1]])),
        ("sums", of_weight(5, [&[500, 40, 1], &[40, 1]])),
        ("sums", of_weight(2, [&[2000, 148, 2], &[74, 1]])),
        ("sums", of_weight(1, [&[1900, 210, 4], &[105, 1]])),
        // Long runs in several pieces, and columns of no order.
        ("sums", Case { rows: 3, columns: &[11], summed: &[2, 2500], right: [&[2700, 1], &[-7]] }),
    ];
    for isa in Isa::available() {
        let mut found = 0;
        for (want, case) in &cases {
            case.check::<f64>(isa, 2, f64::EPSILON / 2.0);
            let unit = f64::from(f32::EPSILON) / 2.0;
            let whole = case.check::<f32>(isa, 1, unit);
            let Some(((how, once), (_, apart))) = whole.zip(case.check::<f32>(isa, 5, unit)) else {
                continue;
            };
            assert_eq!(how, *want, "{isa:?} {:?} by {:?}", case.columns, case.summed);
            let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&once), bits(&apart), "{isa:?}: in parts");
            found += 1;
        }
        assert!(found >= cases.len() - 1, "{isa:?}: {found} of {}", cases.len());
    }
}

#[test]
fn other_products_are_packed() {
    for isa in Isa::available() {
        let none = |case: Case, why: &str| {
            let runs = Runs::of::<f32>(isa, &case.walks(), case.sizes());
            assert!(runs.is_none(), "{isa:?}: {why}");
        };
        none(depthwise(5, [&[40, 1], &[40, 1]]), "many rows");
        none(depthwise(1, [&[200, 5], &[200, 5]]), "columns far apart");
        none(depthwise(1, [&[40, 1], &[40, -1]]), "columns in reverse");
        none(of_weight(64, [&[500, 40, 1], &[40, 1]]), "rows that fill vectors");
        none(of_weight(1, [&[500, 40, 7], &[40, 1]]), "sums far apart");
        // Phases of one row are those of another in the next one.
        none(depthwise(1, [&[41, 1], &[41, 2]]), "rows of different phases");
    }
}
