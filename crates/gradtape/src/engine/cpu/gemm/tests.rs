use std::sync::Mutex;

use super::*;
use crate::engine::cpu::pool::Pool;
use crate::tensor::{Element, Rng};

fn random<T: Element>(len: usize, seed: u64) -> Vec<T> {
    let mut rng = Rng::new(seed);
    (0..len).map(|_| T::from_f64(rng.uniform() * 2.0 - 1.0)).collect()
}

/// The operands of a product, which lie in place or transposed.
struct Operands<T> {
    shape: [usize; 3],
    turned: [bool; 2],
    a: Vec<T>,
    b: Vec<T>,
}

impl<T: Element + Real> Operands<T> {
    fn new(shape: [usize; 3], turned: [bool; 2]) -> Operands<T> {
        let [m, k, n] = shape;
        Operands { shape, turned, a: random(m * k, 1), b: random(k * n, 2) }
    }

    /// The product of these, put at `c`, or nowhere.
    fn product(&self, c: Option<*mut T>) -> Product<'static, T> {
        let ([m, k, n], [turned_a, turned_b]) = (self.shape, self.turned);
        Product {
            m,
            n,
            k,
            a: self.a.as_ptr(),
            a_steps: if turned_a { [1, m] } else { [k, 1] },
            b: self.b.as_ptr(),
            b_steps: if turned_b { [1, k] } else { [n, 1] },
            walks: None,
            runs: None,
            common: None,
            c: c.unwrap_or(std::ptr::null_mut()),
            c_row: n,
            strips: c.is_none(),
            beside: [std::ptr::null(); 4],
        }
    }

    /// The result as the epilogue sees it, each element once.
    fn run(&self, isa: Isa, threads: usize, strips: bool) -> Vec<T> {
        self.run_with(isa, threads, strips, None)
    }

    /// With the right operand packed before.
    fn run_with_common(&self, isa: Isa, threads: usize) -> Vec<T> {
        let [_, k, n] = self.shape;
        let common = Common::new(isa, k, n).unwrap();
        // SAFETY: the operand is as large as the shape says.
        (0..common.pieces()).for_each(|piece| unsafe { common.pack(&self.product(None), piece) });
        self.run_with(isa, threads, false, Some(&common))
    }

    fn run_with(
        &self,
        isa: Isa,
        threads: usize,
        strips: bool,
        common: Option<&Common<T>>,
    ) -> Vec<T> {
        let [m, k, n] = self.shape;
        let mut c = vec![T::from_f64(f64::NAN); if strips { 0 } else { m * n }];
        struct Shared<'p, T>(Product<'p, T>);
        // SAFETY: the workers write to different parts of the result.
        unsafe impl<T> Sync for Shared<'_, T> {}
        let product = self.product((!strips).then_some(c.as_mut_ptr()));
        let shared = Shared(Product { common, ..product });
        let seen = Mutex::new(vec![None; m * n]);
        Pool::new().run(threads, &|worker: &Worker<'_>| {
            let shared = &shared;
            let epilogue = |block: &Block<T>| {
                let mut seen = seen.lock().unwrap();
                for i in 0..block.rows {
                    for j in 0..block.columns {
                        // SAFETY: the element lies in the block, which this worker has computed.
                        let value = unsafe { *block.data.add(i * block.stride + j) };
                        let before = &mut seen[(block.row + i) * n + block.column + j];
                        assert!(before.replace(value).is_none(), "an element is seen once");
                    }
                }
            };
            let parts = parts_for(worker, [m, n, k]);
            // SAFETY: the vectors are as long as the shape says.
            worker.each(parts, |id| unsafe {
                part((id, parts), isa, &shared.0, &mut Packed::default(), &epilogue)
            });
        });
        let seen = seen.into_inner().unwrap();
        let seen: Vec<T> = seen.into_iter().map(|value| value.expect("each is seen")).collect();
        assert!(strips || same_bits(&seen, &c), "the epilogue sees what is stored");
        seen
    }

    /// Compares with sums in f64. `unit` is the largest relative error of one rounding.
    fn assert_product(&self, c: &[T], unit: f64, what: &str) {
        let ([m, k, n], turned) = (self.shape, self.turned);
        for i in 0..m {
            for j in 0..n {
                let term = |l: usize| {
                    let x = if turned[0] { self.a[l * m + i] } else { self.a[i * k + l] };
                    let y = if turned[1] { self.b[j * k + l] } else { self.b[l * n + j] };
                    x.to_f64() * y.to_f64()
                };
                let want: f64 = (0..k).map(term).sum();
                let sizes: f64 = (0..k).map(|l| term(l).abs()).sum();
                let error = (c[i * n + j].to_f64() - want).abs();
                // The bound of a sum of k rounded products (Higham 2002, section 3.5), random errors.
                let bound = 4.0 * unit * sizes.max(1.0) * (k as f64).sqrt().max(1.0);
                assert!(error <= bound, "{what} [{i}, {j}]: {error:e} > {bound:e}");
            }
        }
    }
}

fn same_bits<T: Element>(a: &[T], b: &[T]) -> bool {
    a.iter().zip(b).all(|(x, y)| x.to_f64().to_bits() == y.to_f64().to_bits())
}

/// Each way of keeping the result, on several threads; gives whether strips were possible.
fn check<T: Element + Real>(isa: Isa, shape: [usize; 3], turned: [bool; 2], unit: f64) -> bool {
    let operands = Operands::<T>::new(shape, turned);
    let fits = operands.product(None).fits_strips(isa);
    for strips in [false, true].into_iter().take(1 + usize::from(fits)) {
        let what = format!("{isa:?} {shape:?} {turned:?} in strips: {strips}");
        let c = operands.run(isa, 1, strips);
        operands.assert_product(&c, unit, &what);
        for threads in [2, 7] {
            assert!(
                same_bits(&c, &operands.run(isa, threads, strips)),
                "{what}: {threads} threads"
            );
        }
    }
    if operands.product(None).gains_by_common(isa) {
        let c = operands.run(isa, 1, false);
        for threads in [1, 2, 7] {
            let packed = operands.run_with_common(isa, threads);
            assert!(same_bits(&c, &packed), "{isa:?} {shape:?} {turned:?} packed before");
        }
    }
    fits
}

const SHAPES: [[usize; 3]; 24] = [
    [1, 300, 70],
    [4, 45, 131],
    [131, 45, 1],
    [1, 1, 1],
    [1, 784, 51],
    [1, 30, 512],
    [3, 0, 5],
    [5, 0, 1],
    [5, 7, 1],
    [7, 5, 3],
    [32, 64, 32],
    [32, 32, 10],
    [33, 17, 49],
    [64, 10, 100],
    [128, 100, 10],
    [15, 129, 31],
    [90, 70, 33],
    [57, 520, 47],
    [29, 1030, 300],
    [300, 64, 129],
    // As long as a sum in strips may be, and longer; ragged panels; fewer panels than threads.
    [43, STRIP_K, 51],
    [47, STRIP_K + 1, 53],
    [130, 33, 1027],
    [45, 7, 3200],
];

#[test]
fn every_shape_layout_and_instruction_set_agrees_with_f64_sums() {
    for isa in Isa::available() {
        let mut kept = 0;
        for shape in SHAPES {
            for turned in [[false, false], [true, false], [false, true], [true, true]] {
                let strips = [
                    check::<f32>(isa, shape, turned, f64::from(f32::EPSILON) / 2.0),
                    check::<f64>(isa, shape, turned, f64::EPSILON / 2.0),
                ];
                kept += strips.into_iter().filter(|&strips| strips).count();
            }
        }
        assert!(kept >= 40, "{isa:?}: only {kept} products are kept in strips");
    }
}

/// A product of f32 by the best instructions on a thread of its own, and what it keeps for operands.
fn kept(shape: [usize; 3], turned: [bool; 2]) -> [usize; 2] {
    let operands = Operands::<f32>::new(shape, turned);
    let [m, k, n] = shape;
    let run = || {
        let mut c = vec![f32::NAN; m * n];
        let product = operands.product(Some(c.as_mut_ptr()));
        // SAFETY: the vectors are as long as the shape says.
        unsafe {
            part((0, 1), Isa::best(), &product, &mut Packed::default(), &|_: &Block<f32>| {})
        };
        operands.assert_product(&c, f64::from(f32::EPSILON) / 2.0, &format!("{m} {k} {n}"));
        scratch::kept()
    };
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

#[test]
fn long_sums_take_no_more_memory_than_short_ones() {
    let kernels = f32::kernels(Isa::best());
    let height = kernels.packed.len();
    // More than a panel of rows may take.
    let k = packed::LEFT / size_of::<f32>() / height + 1000;
    let [left, right] = kept([height + 1, k, 3 * kernels.lanes + 1], [true, false]);
    assert!((1 << 10..=packed::LEFT + 4096).contains(&left), "{left}");
    assert!((1 << 10..=1 << 20).contains(&right), "{right}");
    let few = 3 * kernels.lanes;
    let [left, right] = kept([3, 3 * COPIED_SUM, few], [true, true]);
    assert!(left == 0 && right <= COPIED_SUM * few * size_of::<f32>() + 4096, "{left} {right}");
}

#[test]
fn steps_may_be_anything() {
    // Every second row and third column of the left operand.
    let (m, k, n) = (20, 90, 60);
    let (a, b) = (random::<f32>(2 * m * 3 * k, 3), random::<f32>(k * n, 4));
    for isa in Isa::available() {
        let mut c = vec![f32::NAN; m * n];
        let p = Product {
            walks: None,
            runs: None,
            common: None,
            m,
            n,
            k,
            a: a.as_ptr(),
            a_steps: [2 * 3 * k, 3],
            b: b.as_ptr(),
            b_steps: [n, 1],
            c: c.as_mut_ptr(),
            c_row: n,
            strips: false,
            beside: [std::ptr::null(); 4],
        };
        // SAFETY: the vectors are as long as the steps say.
        unsafe { part((0, 1), isa, &p, &mut Packed::default(), &|_: &Block<f32>| {}) };
        for i in 0..m {
            for j in 0..n {
                let term = |l: usize| f64::from(a[i * 6 * k + l * 3]) * f64::from(b[l * n + j]);
                let want: f64 = (0..k).map(term).sum();
                assert!((f64::from(c[i * n + j]) - want).abs() < 1e-5, "{isa:?} [{i}, {j}]");
            }
        }
    }
}

#[test]
fn operands_of_many_summands_and_ragged_panels_are_packed_before() {
    for isa in Isa::available() {
        for (shape, turned) in
            [([32, 900, 130], true), ([100, 385, 200], false), ([9, 800, 515], true)]
        {
            let operands = Operands::<f32>::new(shape, [false, turned]);
            assert!(operands.product(None).gains_by_common(isa), "{isa:?} {shape:?}");
            check::<f32>(isa, shape, [false, turned], f64::from(f32::EPSILON) / 2.0);
        }
    }
}

#[test]
fn of_what_is_packed_before_the_first_columns_and_summands_are_enough() {
    let [m, k, n] = [40, 900, 200];
    let operands = Operands::<f32>::new([m, k, n], [false, true]);
    for isa in Isa::available() {
        let common = Common::new(isa, k, n).unwrap();
        // SAFETY: the operand is as large as the shape says.
        let pack = |piece| unsafe { common.pack(&operands.product(None), piece) };
        (0..common.pieces()).for_each(pack);
        for (k, n) in
            [(900, 128), (899, 200), (700, 192), (600, 64), (301, 200), (300, 64), (1, 128)]
        {
            let (mut c, common) = (vec![f32::NAN; m * 200], Some(&common));
            let p = Product { k, n, common, ..operands.product(Some(c.as_mut_ptr())) };
            let seen = std::cell::Cell::new(0);
            let epilogue = |block: &Block<f32>| seen.set(seen.get() + block.rows * block.columns);
            // SAFETY: the vectors are as long as the shape says.
            unsafe { part((0, 1), isa, &p, &mut Packed::default(), &epilogue) };
            assert_eq!(seen.get(), m * n);
            for (at, got) in c.iter().enumerate() {
                let (i, j) = (at / 200, at % 200);
                let term = |l: usize| {
                    f64::from(operands.a[i * 900 + l]) * f64::from(operands.b[j * 900 + l])
                };
                let want: f64 = (0..k).map(term).sum();
                let right =
                    if j < n { (f64::from(*got) - want).abs() < 1e-4 } else { got.is_nan() };
                assert!(right, "{isa:?} {k} {n} [{i}, {j}]: {got}, not {want}");
            }
        }
    }
}
