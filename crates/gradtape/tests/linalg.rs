//! Decompositions of matrices and what is made of them: reference numbers, identities, derivatives, matrices
//! that have none, batches, modes and messages.

use std::slice::from_ref;

use gradtape::optim::{Optimizer, Sgd};
use gradtape::plan::{Kernel, plan};
use gradtape::{
    DType, Error, Mode, Parameter, Result, Rng, Tape, Tensor, Var, check_gradients, compile,
    engine, eval, evaluate, gradient, gradients, hessian, vmap, vmap_axes,
};

use crate::reference;
use crate::reference::{Tolerance, cases, tensor, tensor_of};

/// How far f32 may be from the reference: its digits, less those that random matrices cost.
const SINGLE: f64 = 1e-3;

fn normal(shape: &[usize], seed: u64) -> Tensor {
    Tensor::normal(shape, 0.0, 1.0, DType::F64, &mut Rng::new(seed)).unwrap()
}

/// Symmetric positive definite matrices.
fn definite(shape: &[usize], seed: u64) -> Tensor {
    let x = normal(shape, seed);
    let square = x.matmul(&x.t()).unwrap();
    (square + Tensor::eye(*shape.last().unwrap(), DType::F64).unwrap()).unwrap()
}

/// `1 / (i + j + 1)`, of condition near `e^(3.5 n)`.
fn hilbert(n: usize) -> Tensor {
    let number = |at: usize| 1.0 / (at / n + at % n + 1) as f64;
    Tensor::from_vec((0..n * n).map(number).collect(), [n, n]).unwrap()
}

#[track_caller]
fn near(got: &Tensor, want: &Tensor, tolerance: f64) {
    assert_eq!(got.shape(), want.shape());
    let scale = want.to_f64_vec().iter().fold(1.0f64, |most, x| most.max(x.abs()));
    assert!(got.all_close(want, 0.0, tolerance * scale), "{got:?} is not {want:?}");
}

fn apply<'t>(name: &str, x: &[Var<'t>]) -> Var<'t> {
    match (name, x) {
        ("solve", [a, b]) => a.solve(*b),
        ("inverse", [a]) => a.inverse(),
        ("solve_lower", [a, b]) => a.triangular_solve(*b, false),
        ("solve_upper", [a, b]) => a.triangular_solve(*b, true),
        ("cholesky", [a]) => a.cholesky(),
        ("qr", [a]) => {
            let (q, r) = a.qr();
            q.flatten(-2).concat(&[r.flatten(-2)], -1)
        }
        ("logdet", [a]) => a.slogdet().1,
        ("det", [a]) => a.det(),
        ("svdvals", [a]) => a.svdvals(),
        ("of_singular_values", [a]) => {
            let (u, s, vh) = a.svd();
            (u * s.tanh().unsqueeze(-2)).matmul(vh)
        }
        ("eigvalsh", [a]) => a.eigvalsh(),
        ("of_eigenvalues", [a]) => {
            let (w, v) = a.eigh();
            (v * w.exp().unsqueeze(-2)).matmul(v.t())
        }
        ("pinv", [a]) => a.pinv(),
        ("lstsq", [a, b]) => a.lstsq(*b),
        ("nuclear_norm", [a]) => a.nuclear_norm(),
        ("spectral_norm", [a]) => a.spectral_norm(),
        ("matrix_power", [a]) => a.matrix_power(-3),
        ("trace", [a]) => a.trace(),
        _ => panic!("{name} is new in the file"),
    }
}

#[test]
fn values_and_gradients_are_those_of_the_reference() -> Result<()> {
    let file = reference::read("linalg.json");
    for case in cases(&file) {
        for dtype in [DType::F64, DType::F32] {
            let name = case["id"].as_str().unwrap();
            let tolerance = Tolerance::for_type(&file, case, dtype, SINGLE);
            // What is badly conditioned has no digits left in f32.
            if dtype == DType::F32 && case.get("rtol").is_some() {
                continue;
            }
            let tape = Tape::new();
            let inputs = case["inputs"].as_array().unwrap();
            let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.watch(tensor_of(x, dtype))).collect();
            let out = apply(name, &x);
            let weights = (0..out.shape().elements()).map(|i| (i as f64).cos()).collect();
            let weights = Tensor::from_vec::<f64>(weights, out.shape())?.cast(dtype);
            let slopes = gradients((out * tape.constant(weights)).sum(()), &x);
            let want = tensor(&case["output"]);
            assert_eq!(out.shape(), *want.shape(), "{name}");
            tolerance.check(name, &out.value()?.to_f64_vec(), &want.to_f64_vec());
            for (i, (slope, want)) in
                slopes.iter().zip(case["gradients"].as_array().unwrap()).enumerate()
            {
                let what = format!("{name}, gradient {i} in {dtype}");
                tolerance.check(&what, &slope.value()?.to_f64_vec(), &tensor(want).to_f64_vec());
            }
        }
    }
    Ok(())
}

#[test]
fn factors_are_what_they_are_called_and_their_product_is_the_matrix() -> Result<()> {
    for (m, n) in [(1, 1), (3, 3), (40, 17), (17, 40), (60, 60)] {
        for x in [normal(&[m, n], 3), normal(&[2, m, n], 4)] {
            let k = m.min(n);
            let orthonormal = |q: &Tensor| -> Result<()> {
                let eye = Tensor::eye(k, DType::F64)?;
                let product = q.t().matmul(q)?;
                near(&product, &eye.broadcast_to(product.shape())?.contiguous(), 1e-13);
                Ok(())
            };
            let (q, r) = x.qr()?;
            orthonormal(&q)?;
            near(&q.matmul(&r)?, &x, 1e-13);
            assert!(r.equals(&r.triu(0)?) && r.to_f64_vec().iter().all(|x| x.is_finite()));
            let (u, s, vh) = x.svd()?;
            orthonormal(&u)?;
            orthonormal(&vh.t())?;
            near(&(&u * s.unsqueeze(-2)?)?.matmul(&vh)?, &x, 1e-13);
            assert!(s.equals(&s.sort_descending(-1)?) && s.min(())?.item()? >= 0.0);
            near(&x.svdvals()?, &s, 0.0);
            // All four rules of Moore and Penrose.
            let p = x.pinv()?;
            let (left, right) = (x.matmul(&p)?, p.matmul(&x)?);
            near(&left.matmul(&x)?, &x, 1e-11);
            near(&right.matmul(&p)?, &p, 1e-11);
            near(&left, &left.t().contiguous(), 1e-11);
            near(&right, &right.t().contiguous(), 1e-11);
        }
        let x = definite(&[2, m, m], 5);
        let (w, v) = x.eigh()?;
        near(&(&v * w.unsqueeze(-2)?)?.matmul(&v.t())?, &x, 1e-13);
        assert!(w.equals(&w.sort(-1)?));
        let l = x.cholesky()?;
        near(&l.matmul(&l.t())?, &x, 1e-13);
        assert!(l.equals(&l.tril(0)?));
        let x = normal(&[2, m, m], 6);
        let (rows, l, u) = x.lu()?;
        let rows = rows.unsqueeze(-1)?.broadcast_to([2, m, m])?.contiguous();
        near(&l.matmul(&u)?, &x.gather(-2, &rows)?, 1e-13);
        assert!(l.abs()?.max(())?.item()? == 1.0 && u.equals(&u.triu(0)?));
        near(
            &x.inverse()?.matmul(&x)?,
            &Tensor::eye(m, DType::F64)?.broadcast_to([2, m, m])?.contiguous(),
            1e-10,
        );
        let (sign, log) = x.slogdet()?;
        near(&(sign * log.exp()?)?, &x.det()?, 0.0);
        near(
            &x.eigh()?.0.sum(-1)?,
            &Tensor::stack(
                &[x.index(0, 0)?, x.index(0, 1)?]
                    .map(|x| (0..m).map(|i| x.get(&[i, i]).unwrap()).sum::<f64>().into()),
                0,
            )?,
            1e-12,
        );
    }
    Ok(())
}

#[test]
fn derivatives_are_those_of_differences() -> Result<()> {
    let check = |what: &str, inputs: &[Tensor], f: &dyn for<'t> Fn(&[Var<'t>]) -> Var<'t>| {
        let report = check_gradients(f, inputs).unwrap();
        report.within(1e-7).unwrap_or_else(|error| panic!("{what}: {error}"));
    };
    let (a, b) = (definite(&[3, 3], 1), normal(&[3, 2], 2));
    let turned = (normal(&[3, 3], 9) + (Tensor::eye(3, DType::F64)? * 2.0)?)?;
    check("solve", &[turned.clone(), b.clone()], &|x| x[0].solve(x[1]));
    check("one matrix, a batch of vectors", &[turned.clone(), normal(&[2, 3, 1], 3)], &|x| {
        x[0].solve(x[1])
    });
    check("inverse", from_ref(&turned), &|x| x[0].inverse());
    check("slogdet", from_ref(&turned), &|x| x[0].slogdet().1);
    check("det", &[normal(&[2, 3, 3], 12)], &|x| x[0].det());
    check("lu", from_ref(&turned), &|x| {
        let (_, l, u) = x[0].lu();
        (l * 1.5).matmul(u.t())
    });
    check("cholesky", from_ref(&a), &|x| x[0].cholesky());
    check("eigh", from_ref(&a), &|x| {
        let (w, v) = x[0].eigh();
        (v * w.sin().unsqueeze(-2)).matmul(v) + v
    });
    for shape in [[3, 3], [4, 2], [2, 4]] {
        let x = normal(&shape, 21);
        check("qr", from_ref(&x), &|x| {
            let (q, r) = x[0].qr();
            q.matmul(r.sin())
        });
        check("svd", from_ref(&x), &|x| {
            let (u, s, vh) = x[0].svd();
            (u * s.sin().unsqueeze(-2)).matmul(vh.cos())
        });
        check("pinv", from_ref(&x), &|x| x[0].pinv());
        check("svdvals", &[x], &|x| x[0].svdvals());
    }
    check("lstsq", &[normal(&[4, 2], 31), normal(&[4], 32)], &|x| x[0].lstsq(x[1]));
    check("matrix_power", &[turned], &|x| x[0].matrix_power(-2));
    Ok(())
}

#[test]
fn values_that_repeat_have_gradients_and_their_vectors_have_none() -> Result<()> {
    let tape = Tape::new();
    for dtype in [DType::F64, DType::F32] {
        let x = tape
            .watch(Tensor::from([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 5.0]]).cast(dtype));
        let [dx] = gradient(x.eigvalsh().square().sum(()), [x]);
        near(&dx.value()?.cast(DType::F64), &(x.value()?.cast(DType::F64) * 2.0)?, 1e-6);
        let [dx] = gradient(x.svdvals().square().sum(()), [x]);
        near(&dx.value()?.cast(DType::F64), &(x.value()?.cast(DType::F64) * 2.0)?, 1e-6);
        let [dx] = gradient(x.eigh().1.slice(-1, ..1).sum(()), [x]);
        assert!(dx.value()?.to_f64_vec().iter().any(|x| !x.is_finite() || x.abs() > 1e6));
    }
    // Of lost rank: the least of all gradients that there are for these.
    let low = tape.watch([[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]]);
    let [dx] = gradient(low.nuclear_norm(), [low]);
    assert!(dx.value()?.to_f64_vec().iter().all(|x| x.is_finite()));
    let nothing = tape.watch(Tensor::zeros([3, 2], DType::F64));
    let [dx] = gradient(nothing.svdvals().sum(()), [nothing]);
    assert!(dx.value()?.to_f64_vec().iter().all(|x| x.is_finite()));
    // Orthogonal: all singular values are 1.
    let turn = tape.watch([[0.6, -0.8], [0.8, 0.6]]);
    let [dx] = gradient(turn.pinv().index(0, 0).index(0, 0), [turn]);
    near(&dx.value()?, &[[-0.36, 0.48], [-0.48, 0.64]].into(), 1e-12);
    near(&low.pinv().value()?, &[[0.04, 0.08, 0.0], [0.08, 0.16, 0.0]].into(), 1e-14);
    Ok(())
}

#[test]
fn empty_matrices_have_empty_parts() -> Result<()> {
    let tape = Tape::new();
    let empty = |shape: &[usize]| tape.watch(Tensor::zeros(shape, DType::F64));
    let shape = |x: Var<'_>| -> Result<Vec<usize>> { Ok(x.value()?.shape().to_vec()) };
    for (m, n) in [(0, 0), (3, 0), (0, 2)] {
        for batch in [vec![], vec![2]] {
            let at = |own: &[usize]| [&batch[..], own].concat();
            let x = empty(&at(&[m, n]));
            let (q, r) = x.qr();
            assert_eq!((shape(q)?, shape(r)?), (at(&[m, 0]), at(&[0, n])));
            let (u, s, vh) = x.svd();
            assert_eq!((shape(u)?, shape(s)?, shape(vh)?), (at(&[m, 0]), at(&[0]), at(&[0, n])));
            assert_eq!(shape(x.pinv())?, at(&[n, m]));
            assert_eq!(x.nuclear_norm().value()?.to_f64_vec(), vec![0.0; batch.iter().product()]);
            assert_eq!(x.spectral_norm().value()?.to_f64_vec(), vec![0.0; batch.iter().product()]);
            let [dx] = gradient(x.nuclear_norm().sum(()) + r.sum(()), [x]);
            assert_eq!(shape(dx)?, at(&[m, n]));
        }
    }
    let x = empty(&[0, 0]);
    assert_eq!((x.det().item()?, x.logdet().item()?), (1.0, 0.0));
    assert_eq!(shape(x.cholesky())?, [0, 0]);
    assert_eq!(shape(x.inverse())?, [0, 0]);
    assert_eq!(shape(x.solve(empty(&[0])))?, [0]);
    assert_eq!(shape(x.solve(empty(&[0, 4])))?, [0, 4]);
    assert_eq!(shape(x.eigh().1)?, [0, 0]);
    let none = empty(&[0, 3, 3]);
    assert_eq!(shape(none.det())?, [0]);
    assert_eq!(shape(none.solve(empty(&[3])))?, [0, 3]);
    let one = tape.watch([[4.0]]);
    assert_eq!(one.solve(tape.constant([2.0])).value()?.to_f64_vec(), [0.5]);
    assert_eq!((one.cholesky().item()?, one.eigvalsh().item()?), (2.0, 4.0));
    assert_eq!((one.svdvals().item()?, one.inverse().item()?), (4.0, 0.25));
    assert_eq!(one.matrix_power(0).item()?, 1.0);
    Ok(())
}

/// As large as a few roundings of the largest number allow, whatever the condition.
#[test]
fn badly_conditioned_matrices_are_decomposed_as_far_as_numbers_go() -> Result<()> {
    for n in [8, 12] {
        let x = hilbert(n);
        let l = x.cholesky()?;
        near(&l.matmul(&l.t())?, &x, 1e-15 * n as f64);
        let ones = Tensor::ones([n], DType::F64);
        let b = x.matmul(&ones)?;
        near(&x.matmul(&x.solve(&b)?)?, &b, 1e-15 * n as f64);
        let s = x.svdvals()?;
        near(&s, &x.eigvalsh()?.flip(0)?, 1e-15);
    }
    // Far apart, near the ends of what f64 holds.
    let x = Tensor::from([[1e200, 1e-200], [-1e-200, 2e-200]]);
    near(&x.svdvals()?, &[1e200, 2e-200].into(), 1e-15);
    near(&x.slogdet()?.1, &2f64.ln().into(), 1e-12);
    let all = Tensor::ones([3, 5], DType::F64);
    near(&all.svdvals()?, &[15f64.sqrt(), 0.0, 0.0].into(), 1e-15);
    Ok(())
}

#[test]
fn a_batch_is_its_matrices_and_vmap_is_a_batch() -> Result<()> {
    let tape = Tape::new();
    let (a, b) = (tape.watch(definite(&[3, 4, 4], 1)), tape.watch(normal(&[3, 4, 2], 2)));
    let mapped = vmap((a, b), |(a, b)| a.solve(b));
    near(&mapped.value()?, &a.solve(b).value()?, 1e-14);
    let shared = vmap_axes((a.index(0, 0), b), &[None, Some(0)], |(a, b)| a.solve(b));
    near(&shared.value()?, &a.index(0, 0).solve(b).value()?, 1e-14);
    for name in [
        "cholesky",
        "qr",
        "eigvalsh",
        "of_eigenvalues",
        "svdvals",
        "of_singular_values",
        "pinv",
        "logdet",
    ] {
        let mapped = vmap(a, |a| apply(name, &[a]));
        near(&mapped.value()?, &apply(name, &[a]).value()?, 1e-14);
        let one = apply(name, &[a.index(0, 2)]).value()?;
        near(&mapped.value()?.index(0, 2)?.contiguous(), &one, 1e-14);
    }
    // The Hessian of log det is minus the product of two inverses.
    let x = tape.watch(definite(&[2, 2], 3));
    let second = hessian(x.logdet(), x).value()?;
    let inverse = x.inverse().value()?.to_f64_vec();
    let want = (0..16).map(|at| {
        -inverse[(at >> 2 & 1) * 2 + (at >> 1 & 1)] * inverse[(at & 1) * 2 + (at >> 3 & 1)]
    });
    near(&second.reshape([16])?, &Tensor::from(want.collect::<Vec<f64>>()), 1e-12);
    Ok(())
}

fn with_gradient<'t>(y: Var<'t>, x: Var<'t>) -> [Var<'t>; 2] {
    let [dx] = gradient(y, [x]);
    [y, dx]
}

#[test]
fn each_decomposition_is_computed_once() -> Result<()> {
    let tape = Tape::new();
    let (a, b) = (tape.watch(definite(&[4, 4], 1)), tape.watch(normal(&[4], 2)));
    let count = |wanted: &[Var<'_>], name: &str| -> Result<usize> {
        let program = plan(&eval::graph(&tape, wanted)?.0);
        let is_one =
            |kernel: &&Kernel| matches!(kernel, Kernel::Host(host) if host.op.name() == name);
        Ok(program.kernels.iter().filter(is_one).count())
    };
    let loss = a.solve(b).sum(()) + a.logdet() + a.inverse().sum(());
    assert_eq!(count(&with_gradient(loss, a), "lu")?, 1);
    let (q, r) = a.qr();
    assert_eq!(count(&with_gradient((q * r).sum(()), a), "qr")?, 1);
    let (u, s, vh) = a.svd();
    assert_eq!(count(&with_gradient((u * s * vh).sum(()), a), "svd")?, 1);
    let (w, v) = a.eigh();
    assert_eq!(count(&with_gradient((w * v).sum(()), a), "eigh")?, 1);
    Ok(())
}

fn losses<'t>(a: Var<'t>, b: Var<'t>) -> Vec<Var<'t>> {
    let (q, r) = a.qr();
    let (u, s, vh) = a.svd();
    let (w, v) = a.eigh();
    let y = a.solve(b).sum(()) + (q * r).sum(()) + (u * s.unsqueeze(-2)).matmul(vh * 0.5).sum(());
    let y = y + (w.unsqueeze(-2) * v).sum(());
    let y = y + a.cholesky().sum(()) + a.logdet().sum(()) + a.pinv().square().sum(());
    let [da, db] = gradient(y, [a, b]);
    vec![y, da, db]
}

/// The bits of values and gradients in every mode, compiled, and at every number of threads.
#[test]
fn modes_threads_and_compiled_steps_agree() -> Result<()> {
    for dtype in [DType::F64, DType::F32] {
        let (a, b) = (definite(&[3, 5, 5], 1).cast(dtype), normal(&[3, 5, 1], 2).cast(dtype));
        let run = |mode: Mode| -> Result<Vec<Tensor>> {
            let tape = Tape::new();
            tape.set_mode(mode);
            let wanted = losses(tape.watch(&a), tape.watch(&b));
            evaluate(&wanted)?;
            wanted.into_iter().map(Var::value).collect()
        };
        let fused = run(Mode::Fused)?;
        let tolerance = if dtype == DType::F64 { 1e-12 } else { 1e-4 };
        for mode in [Mode::Eager, Mode::Checked] {
            for (got, want) in run(mode)?.iter().zip(&fused) {
                near(&got.cast(DType::F64), &want.cast(DType::F64), tolerance);
            }
        }
        let mut step = compile(|_, x| Ok(losses(x[0], x[1])));
        for _ in 0..2 {
            for (got, want) in step.call(&[a.clone(), b.clone()])?.iter().zip(&fused) {
                near(&got.cast(DType::F64), &want.cast(DType::F64), tolerance);
            }
        }
        for threads in [1, 2, 7] {
            engine::cpu::set_threads_beyond_cores(threads);
            let again = run(Mode::Fused);
            engine::cpu::set_threads(0);
            for (got, want) in again?.iter().zip(&fused) {
                assert!(got.equals(want), "{threads} threads");
            }
        }
    }
    Ok(())
}

#[test]
fn a_step_that_meets_a_singular_matrix_changes_nothing() -> Result<()> {
    let weight = Parameter::new(Tensor::from([[1.0, 2.0], [2.0, 4.0]]));
    let sgd = Sgd::new(&weight, 0.1);
    let mut step = compile(|tape, x| {
        let loss = tape.parameter(&weight).solve(x[0]).square().sum(());
        sgd.step(loss)?;
        Ok(vec![loss])
    });
    let b = Tensor::from([1.0, 1.0]);
    let error = step.call(from_ref(&b)).unwrap_err();
    assert!(error.message().contains("singular"), "{error}");
    assert_eq!((weight.value().to_f64_vec(), sgd.steps()), (vec![1.0, 2.0, 2.0, 4.0], 0));
    weight.set(Tensor::from([[2.0, 0.0], [0.0, 2.0]]))?;
    assert_eq!(step.call(&[b])?[0].item()?, 0.5);
    Ok(())
}

/// The lines of an error, one after another, without places in files.
fn lines(error: &Error) -> String {
    let text = error.to_string();
    assert!(text.contains(file!()), "{text}");
    let plain = text.lines().map(|line| {
        let line = line.split(file!()).next().unwrap_or_default().trim();
        line.trim_end_matches(" from").to_owned()
    });
    plain.filter(|line| !["", "at"].contains(&&line[..])).collect::<Vec<String>>().join(" | ")
}

#[test]
fn errors_say_which_matrix_and_what_would_mend_it() {
    let tape = Tape::new();
    let v = |x: Tensor| tape.watch(x);
    let batch = |x: [[f64; 2]; 2]| {
        let good = Tensor::eye(2, DType::F64).unwrap();
        let all = [good.clone(), good.clone(), good, Tensor::from(x)];
        v(Tensor::stack(&all, 0).unwrap())
    };
    let whole = v(Tensor::from([[2.0, 1.0], [1.0, 2.0]]));
    let (flat, wide) = (v(Tensor::from([1.0, 2.0])), v(Tensor::zeros([2, 3], DType::F64)));
    let mut told = Vec::new();
    let mut tell = |x: Var<'_>| told.push(lines(&x.value().unwrap_err()));
    tell(flat.cholesky());
    tell(wide.cholesky());
    tell(wide.eigh().0);
    tell(wide.solve(flat));
    tell(flat.svd().1);
    tell(whole.cast(DType::F16).qr().0);
    tell(whole.cast(DType::BF16).inverse());
    tell(whole.cast(DType::I64).det());
    tell(whole.solve(v(Tensor::zeros([3], DType::F64))));
    tell(whole.solve(v(Tensor::zeros([2], DType::F32))));
    tell(batch([[1.0; 2]; 2]).solve(v(Tensor::zeros([3, 2, 1], DType::F64))));
    tell(whole.triangular_solve(flat, true));
    tell(flat.trace());
    tell(wide.matrix_power(2));
    tell(v(Tensor::from([[1.0, 2.0], [2.0, 1.0]])).cholesky());
    tell(batch([[1.0, 0.0], [0.0, -1.0]]).cholesky());
    tell(batch([[1.0, 0.0], [0.0, -1.0]]).reshape([2, 2, 2, 2]).cholesky());
    tell(v(Tensor::from([[1.0, 2.0], [2.0, 4.0]])).solve(flat));
    tell(batch([[0.0; 2]; 2]).inverse());
    tell(v(Tensor::from([[1.0, 0.0], [2.0, 0.0]])).triangular_solve(whole, false));
    tell(batch([[1.0, f64::NAN], [0.0, 1.0]]).svd().1);
    tell(v(Tensor::from([[1.0, 2.0], [f64::INFINITY, 1.0]])).eigvalsh());
    tell(v(Tensor::from([[f64::NAN]])).qr().1);
    tell(v(Tensor::from([[f64::NAN]])).logdet());
    tell(v(Tensor::from([[f64::NAN]])).pinv());
    let singular = v(Tensor::from([[1.0, 2.0], [2.0, 4.0]]));
    tell(gradient(singular.det(), [singular])[0]);
    tell(gradient(singular.t().qr().0.sum(()), [singular])[0]);
    assert_eq!(told, TOLD);
}

const TOLD: [&str; 27] = [
    "cholesky of f64[2]: needs a matrix, not f64[2] | operand: f64[2] = watched | hint: the last two axes are its rows and columns",
    "cholesky of f64[2, 3]: needs square matrices, not 2 rows and 3 columns | operand: f64[2, 3] = watched | hint: pinv(), lstsq(), qr() and svd() take others",
    "eigh of f64[2, 3]: needs square matrices, not 2 rows and 3 columns | operand: f64[2, 3] = watched | hint: pinv(), lstsq(), qr() and svd() take others",
    "solve: needs square matrices, not 2 rows and 3 columns | left operand: f64[2, 3] = watched | right operand: f64[2] = watched | hint: pinv(), lstsq(), qr() and svd() take others",
    "svd of f64[2]: needs a matrix, not f64[2] | operand: f64[2] = watched | hint: the last two axes are its rows and columns",
    "qr of f16[2, 2]: needs f32 or f64, not f16 | operand: f16[2, 2] = cast | hint: cast the matrix to f32 first, and the result back",
    "inverse of bf16[2, 2]: needs f32 or f64, not bf16 | operand: bf16[2, 2] = cast | hint: cast the matrix to f32 first, and the result back",
    "det of i64[2, 2]: needs floating-point numbers, not i64 | operand: i64[2, 2] = cast | hint: cast the operand to a floating-point type first",
    "solve: the right side of matrices of 2 rows is f64[3] | left operand: f64[2, 2] = watched | right operand: f64[3] = watched | hint: it is a vector of 2, or has 2 rows: unsqueeze(-1) adds columns",
    "solve: element types differ: f64 and f32 | left operand: f64[2, 2] = watched | right operand: f32[2] = watched | hint: numbers like 1.0 are f64 in Rust: write 1.0f32, or cast(DType::F32) the f64 operand",
    "solve: batch axes of [4, 2, 2] and [3, 2, 1] do not broadcast: axis -3 differs | left operand: f64[4, 2, 2] = watched | right operand: f64[3, 2, 1] = watched | hint: sizes must be equal or 1, counted from the last axis",
    "triangular_solve: the right side of matrices f64[2, 2] is f64[2] | left operand: f64[2, 2] = watched | right operand: f64[2] = watched | hint: it needs the same batch and 2 rows",
    "trace of f64[2]: needs the rows and columns of a matrix | operand: f64[2] = watched | hint: unsqueeze() adds an axis",
    "matrix_power of f64[2, 3]: needs square matrices, not 2 rows and 3 columns | operand: f64[2, 3] = watched | hint: pinv(), lstsq(), qr() and svd() take others",
    "cholesky: the matrix is not positive definite: pivot 1 is not above 0 | hint: a small multiple of the identity added to it can make it so",
    "cholesky: matrix 3 of the batch is not positive definite: pivot 1 is not above 0 | hint: a small multiple of the identity added to it can make it so",
    "cholesky: matrix [1, 1] of the batch is not positive definite: pivot 1 is not above 0 | hint: a small multiple of the identity added to it can make it so",
    "solve: the matrix is singular: pivot 1 of its decomposition is 0 | hint: pinv() and lstsq() take singular matrices",
    "solve: matrix 3 of the batch is singular: pivot 0 of its decomposition is 0 | hint: pinv() and lstsq() take singular matrices",
    "triangular_solve: the matrix is singular: element 1 of its diagonal is 0 | hint: pinv() and lstsq() take singular matrices",
    "svd: matrix 3 of the batch has NaN in row 0, column 1 | hint: Mode::Checked tells where such a number arises",
    "eigh: the matrix has inf in row 1, column 0 | hint: Mode::Checked tells where such a number arises",
    "qr: the matrix has NaN in row 0, column 0 | hint: Mode::Checked tells where such a number arises",
    "lu: the matrix has NaN in row 0, column 0 | hint: Mode::Checked tells where such a number arises",
    "pinv: the matrix has NaN in row 0, column 0 | hint: Mode::Checked tells where such a number arises",
    "solve: the matrix is singular: pivot 1 of its decomposition is 0 | hint: pinv() and lstsq() take singular matrices",
    "triangular_solve: the matrix is singular: element 1 of its diagonal is 0 | hint: pinv() and lstsq() take singular matrices",
];

#[test]
fn singular_matrices_have_a_determinant_of_nothing() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch([[1.0, 2.0], [2.0, 4.0]]);
    let (sign, log) = x.slogdet();
    assert_eq!((sign.item()?, log.item()?), (0.0, f64::NEG_INFINITY));
    assert_eq!((x.det().item()?, x.logdet().item()?), (0.0, f64::NEG_INFINITY));
    assert!(tape.watch([[-1.0]]).logdet().item()?.is_nan());
    Ok(())
}
