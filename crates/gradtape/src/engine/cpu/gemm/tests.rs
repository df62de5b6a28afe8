use super::*;
use crate::engine::cpu::pool::Pool;
use crate::tensor::{Element, Rng};

fn random<T: Element>(len: usize, seed: u64) -> Vec<T> {
    let mut rng = Rng::new(seed);
    (0..len).map(|_| T::from_f64(rng.uniform() * 2.0 - 1.0)).collect()
}

fn isas() -> impl Iterator<Item = Isa> {
    [Isa::Portable, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| isa.is_available())
}

/// Multiplies with each operand in place or transposed, `threads` workers, and a count of how often
/// the epilogue saw each element.
fn product<T: Element + Real>(
    isa: Isa,
    threads: usize,
    [m, k, n]: [usize; 3],
    [turned_a, turned_b]: [bool; 2],
) -> (Vec<T>, Vec<T>, Vec<T>) {
    let (a, b) = (random::<T>(m * k, 1), random::<T>(k * n, 2));
    let mut c = vec![T::from_f64(f64::NAN); m * n];
    let seen: Vec<std::sync::atomic::AtomicU32> = (0..m * n).map(|_| 0.into()).collect();
    struct Shared<T>(Product<T>);
    // SAFETY: the workers write to different parts of the result.
    unsafe impl<T> Sync for Shared<T> {}
    let shared = Shared(Product {
        m,
        n,
        k,
        a: a.as_ptr(),
        a_steps: if turned_a { [1, m] } else { [k, 1] },
        b: b.as_ptr(),
        b_steps: if turned_b { [1, k] } else { [n, 1] },
        c: c.as_mut_ptr(),
        c_row: n,
        strips: false,
    });
    let pool = Pool::new();
    pool.run(threads, &|worker: &Worker<'_>| {
        let shared = &shared;
        let epilogue = |block: &Block<T>| {
            for i in block.row..block.row + block.rows {
                for j in block.column..block.column + block.columns {
                    seen[i * n + j].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            }
        };
        let parts = parts_for(worker, [m, n, k]);
        // SAFETY: the vectors are as long as the shape says.
        worker.each(parts, |id| unsafe { part((id, parts), isa, &shared.0, &epilogue) });
    });
    assert!(seen.iter().all(|count| count.load(std::sync::atomic::Ordering::Relaxed) == 1));
    (a, b, c)
}

fn check<T: Element + Real>(isa: Isa, shape: [usize; 3], turned: [bool; 2], unit: f64) {
    let [m, k, n] = shape;
    let (a, b, c) = product::<T>(isa, 1, shape, turned);
    for i in 0..m {
        for j in 0..n {
            let term = |l: usize| {
                let x = if turned[0] { a[l * m + i] } else { a[i * k + l] };
                let y = if turned[1] { b[j * k + l] } else { b[l * n + j] };
                x.to_f64() * y.to_f64()
            };
            let want: f64 = (0..k).map(term).sum();
            let sizes: f64 = (0..k).map(|l| term(l).abs()).sum();
            let error = (c[i * n + j].to_f64() - want).abs();
            // The bound of a sum of k rounded products (Higham 2002, section 3.5), random errors.
            let bound = 4.0 * unit * sizes.max(1.0) * (k as f64).sqrt().max(1.0);
            assert!(
                error <= bound,
                "{isa:?} {shape:?} {turned:?} [{i}, {j}]: {error:e} > {bound:e}"
            );
        }
    }
    for threads in [2, 7] {
        let (.., other) = product::<T>(isa, threads, shape, turned);
        let same = c.iter().zip(&other).all(|(x, y)| x.to_f64().to_bits() == y.to_f64().to_bits());
        assert!(same, "{isa:?} {shape:?} {turned:?}: {threads} threads");
    }
}

const SHAPES: [[usize; 3]; 19] = [
    [1, 300, 70],
    [4, 45, 131],
    [131, 45, 1],
    [1, 1, 1],
    [1, 784, 51],
    [1, 30, 512],
    [3, 0, 5],
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
];

#[test]
fn every_shape_layout_and_instruction_set_agrees_with_f64_sums() {
    for isa in isas() {
        for shape in SHAPES {
            for turned in [[false, false], [true, false], [false, true], [true, true]] {
                check::<f32>(isa, shape, turned, f64::from(f32::EPSILON) / 2.0);
                check::<f64>(isa, shape, turned, f64::EPSILON / 2.0);
            }
        }
    }
}

#[test]
fn steps_may_be_anything() {
    // Every second row and third column of the left operand.
    let (m, k, n) = (20, 90, 60);
    let (a, b) = (random::<f32>(2 * m * 3 * k, 3), random::<f32>(k * n, 4));
    for isa in isas() {
        let mut c = vec![f32::NAN; m * n];
        let p = Product {
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
        };
        // SAFETY: the vectors are as long as the steps say.
        unsafe { part((0, 1), isa, &p, &|_: &Block<f32>| {}) };
        for i in 0..m {
            for j in 0..n {
                let term = |l: usize| f64::from(a[i * 6 * k + l * 3]) * f64::from(b[l * n + j]);
                let want: f64 = (0..k).map(term).sum();
                assert!((f64::from(c[i * n + j]) - want).abs() < 1e-5, "{isa:?} [{i}, {j}]");
            }
        }
    }
}
