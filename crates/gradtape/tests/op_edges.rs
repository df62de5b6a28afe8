//! Kinks, ties, infinities, empty axes, and everything that must be an error instead of a panic.

use gradtape::{
    Convolution, DType, Dial, Mode, Parameter, Result, Rng, Shape, Tape, Tensor, Var, depends_on,
    gradient, gradients, hessian, jacobian, jvp, vjp,
};

const INF: f64 = f64::INFINITY;

fn vector(x: &[f64]) -> Tensor {
    Tensor::from_slice(x, [x.len()]).unwrap()
}

/// The value of a function of one vector, and the gradient of the sum of it.
fn both(x: &[f64], f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> (Vec<f64>, Vec<f64>) {
    let tape = Tape::new();
    let x = tape.watch(vector(x));
    let y = f(x);
    let [dx] = gradient(y.sum(()), [x]);
    (y.value().unwrap().to_f64_vec(), dx.value().unwrap().to_f64_vec())
}

/// The text of the error that a function of an f32 matrix of 2 rows and 3 columns gives.
fn error(f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> String {
    let tape = Tape::new();
    let x = tape.watch(Tensor::zeros([2, 3], DType::F32));
    f(x).value().unwrap_err().to_string()
}

/// The text of the error that a function of an f64 vector and an index gives.
fn index_error(index: &[i64], f: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>) -> String {
    let tape = Tape::new();
    let x = tape.watch(vector(&[1.0, 2.0, 3.0]));
    let index = tape.constant(Tensor::from_slice(index, [index.len()]).unwrap());
    f(x, index).value().unwrap_err().to_string()
}

#[test]
fn kinks_follow_the_conventions() {
    assert_eq!(both(&[0.0, -0.0, 2.0, -2.0], |x| x.relu()).1, [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(both(&[0.0, -0.0, 2.0, -2.0], |x| x.abs()).1, [0.0, 0.0, 1.0, -1.0]);
    assert_eq!(both(&[2.0], |x| x.maximum(2.0)), (vec![2.0], vec![0.5]));
    assert_eq!(both(&[2.0], |x| x.minimum(2.0)), (vec![2.0], vec![0.5]));
    assert_eq!(both(&[2.0], |x| x.maximum(x)).1, [1.0]);
    assert_eq!(both(&[1.0, 3.0, 3.0], |x| x.max(())), (vec![3.0], vec![0.0, 0.5, 0.5]));
    assert_eq!(both(&[0.0, 0.0], |x| x.norm(2.0, ())), (vec![0.0], vec![0.0, 0.0]));
    assert_eq!(both(&[0.0, 0.0], |x| x.norm(3.0, ())), (vec![0.0], vec![0.0, 0.0]));
    assert_eq!(both(&[0.0, 0.0], |x| x.norm(0.5, ())), (vec![0.0], vec![0.0, 0.0]));
    assert_eq!(both(&[0.0, 4.0], |x| x.norm(0.5, ())), (vec![4.0], vec![0.0, 1.0]));
    assert_eq!(both(&[4.0, 4.0], |x| x.std((), 0)), (vec![0.0], vec![0.0, 0.0]));
    assert_eq!(both(&[-1.0, 0.0, 1.0], |x| x.elu(2.0)).1[1..], [2.0, 1.0]);
}

#[test]
fn powers_are_defined_where_they_can_be() {
    let base = [-2.0, 0.0, 3.0];
    assert_eq!(both(&base, |x| x.powf(0.0)), (vec![1.0; 3], vec![0.0; 3]));
    assert_eq!(both(&base, |x| x.pow(1.0)), (base.to_vec(), vec![1.0; 3]));
    assert_eq!(both(&base, |x| x.pow(2.0)).1, [-4.0, 0.0, 6.0]);
    assert_eq!(both(&base, |x| x.powf(5.0)).1, [80.0, 0.0, 405.0]);
    assert_eq!(both(&[-2.0], |x| x.powf(-3.0)), (vec![-0.125], vec![-3.0 / 16.0]));
    for power in [0.5, -0.5, -1.0, -2.0, 1.0, 2.0, 3.0, 4.0] {
        let (special, general) = (both(&[1.7], |x| x.powf(power)), both(&[1.7], |x| x.pow(power)));
        assert!((special.0[0] - general.0[0]).abs() < 1e-14, "{power}");
        assert!((special.1[0] - general.1[0]).abs() < 1e-14, "{power}");
    }
    // By the exponent: nothing flows where the base is not positive, and nothing is NaN.
    let exponents = |base: f64| both(&[2.0, 3.0], |y| y.literal(base).pow(y)).1;
    assert_eq!(exponents(-2.0), [0.0, 0.0]);
    assert_eq!(exponents(0.0), [0.0, 0.0]);
    assert_eq!(exponents(1.0), [0.0, 0.0]);
}

#[test]
fn second_derivatives_of_powers_have_no_nan() -> Result<()> {
    for (power, want) in [(0.0, 0.0), (1.0, 0.0), (2.0, 2.0), (3.0, 0.0)] {
        let tape = Tape::new();
        let x = tape.watch(Tensor::scalar(0.0f64));
        assert_eq!(hessian(x.pow(power), x).item()?, want, "x^{power} at 0");
    }
    Ok(())
}

#[test]
fn nothing_overflows_that_need_not() {
    let (value, slope) = both(&[-800.0, -700.0, 800.0], |x| x.sigmoid());
    assert_eq!((value[0], value[2], slope[0], slope[2]), (0.0, 1.0, 0.0, 0.0));
    assert!((value[1] / 9.85967654375977e-305 - 1.0).abs() < 1e-12);
    assert!((slope[1] / 9.85967654375977e-305 - 1.0).abs() < 1e-12);
    assert_eq!(both(&[-800.0, 800.0], |x| x.softplus()), (vec![0.0, 800.0], vec![0.0, 1.0]));
    assert_eq!(both(&[1e4, -1e4], |x| x.elu(1.0)), (vec![1e4, -1.0], vec![1.0, 0.0]));
    assert_eq!(both(&[1e4, -1e4], |x| x.silu()).1, [1.0, 0.0]);
    assert_eq!(both(&[1e300, 1e300], |x| x.logsumexp(())), (vec![1e300], vec![0.5, 0.5]));
    let (value, slope) = both(&[1e-20, -1e-20], |x| x.log1p() + x.expm1());
    assert_eq!((value, slope), (vec![2e-20, -2e-20], vec![2.0, 2.0]));
}

#[test]
fn norms_overflow_and_vanish_only_with_their_result() -> Result<()> {
    for (dtype, unit, size) in
        [(DType::F32, 1e25, 3e38), (DType::F32, 1e-25, 3e38), (DType::F64, 1e200, 1e308)]
    {
        let tape = Tape::new();
        let x = tape.watch(vector(&[3.0 * unit, 4.0 * unit]).cast(dtype));
        for (p, want, slope) in [
            (2.0, 5.0, [0.6, 0.8]),
            (3.0, 91f64.cbrt(), [9.0, 16.0].map(|square| square / 91f64.powf(2.0 / 3.0))),
            (0.5, 7.0 + 48f64.sqrt(), [1.0 + (4.0 / 3.0f64).sqrt(), 1.0 + 0.75f64.sqrt()]),
        ] {
            let norm = x.norm(p, ());
            let [dx] = gradient(norm, [x]);
            assert!((norm.item()? / (want * unit) - 1.0).abs() < 1e-6, "{p}: {norm:?}");
            for (got, want) in dx.value()?.to_f64_vec().into_iter().zip(slope) {
                assert!((got / want - 1.0).abs() < 1e-6, "{p}: {got} for {want}");
            }
        }
        let too_much = tape.watch(vector(&[size, size]).cast(dtype)).norm(2.0, ());
        assert_eq!(too_much.item()? == INF, dtype == DType::F32, "{too_much:?}");
    }
    // Each row by its own greatest, and rows of zeros beside others.
    let tape = Tape::new();
    let x = tape.watch([[3e200, 4e200], [0.0, 0.0], [3e-200, -4e-200]]);
    let norm = x.norm(2.0, 1);
    let [dx] = gradient(norm.sum(()), [x]);
    let near = |got: &Tensor, want: &[f64]| {
        let got = got.to_f64_vec();
        assert!(got.iter().zip(want).all(|(x, y)| (x - y).abs() <= 1e-15 * y.abs()), "{got:?}");
    };
    near(&norm.value()?, &[5e200, 0.0, 5e-200]);
    near(&dx.value()?, &[0.6, 0.8, 0.0, 0.0, 0.6, -0.8]);
    Ok(())
}

#[test]
fn activations_of_large_numbers_go_to_their_limits() -> Result<()> {
    for (dtype, size) in [(DType::F32, 1e30), (DType::F64, 1e300)] {
        let tape = Tape::new();
        let x = tape.watch(vector(&[-size, -0.0, 0.0, size]).cast(dtype));
        let size = x.value()?.to_f64_vec()[3];
        for (name, y, value, slope) in [
            ("gelu_tanh", x.gelu_tanh(), [0.0, size], [0.0, 0.5, 0.5, 1.0]),
            ("gelu", x.gelu(), [0.0, size], [0.0, 0.5, 0.5, 1.0]),
            ("silu", x.silu(), [0.0, size], [0.0, 0.5, 0.5, 1.0]),
            ("softplus", x.softplus(), [0.0, size], [0.0, 0.5, 0.5, 1.0]),
            ("relu", x.relu(), [0.0, size], [0.0, 0.0, 0.0, 1.0]),
            ("leaky_relu", x.leaky_relu(0.5), [-size * 0.5, size], [0.5, 0.5, 0.5, 1.0]),
            ("elu", x.elu(1.0), [-1.0, size], [0.0, 1.0, 1.0, 1.0]),
            ("softsign", x.softsign(), [-1.0, 1.0], [0.0, 1.0, 1.0, 0.0]),
            ("tanh", x.tanh(), [-1.0, 1.0], [0.0, 1.0, 1.0, 0.0]),
            ("sigmoid", x.sigmoid(), [0.0, 1.0], [0.0, 0.25, 0.25, 0.0]),
            ("expm1", x.minimum(1.0).expm1(), [-1.0, 1f64.exp_m1()], [0.0, 1.0, 1.0, 0.0]),
        ] {
            let [dx] = gradient(y.sum(()), [x]);
            let (y, dx) = (y.value()?.to_f64_vec(), dx.value()?.to_f64_vec());
            for (got, want) in [y[0], y[3]].iter().zip(value).chain(dx.iter().zip(slope)) {
                let near = (got - want).abs() <= 1e-6 * want.abs().min(1.0) || *got == want;
                let tiny = want == 0.0 && got.abs() < 1e-29;
                assert!(near || tiny, "{name} of {dtype}: {y:?}, {dx:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn the_slope_of_expm1_does_not_vanish_far_below_zero() {
    let (_, slope) = both(&[-50.0, -700.0], |x| x.expm1());
    for (got, x) in slope.iter().zip([-50.0f64, -700.0]) {
        assert!((got / x.exp() - 1.0).abs() < 1e-14, "{got}");
    }
}

#[test]
fn logsumexp_of_numbers_far_below_zero_is_finite_at_every_length() -> Result<()> {
    for (dtype, x) in [(DType::F32, -200.0), (DType::F64, -2000.0)] {
        for n in [3, 600, 40_000] {
            let tape = Tape::new();
            let want = x + (n as f64).ln();
            let rows = tape.watch(Tensor::full([2, n], x, dtype)).logsumexp(1);
            let columns = tape.watch(Tensor::full([n, 3], x, dtype)).logsumexp(0);
            for value in [rows.value()?, columns.value()?].iter().flat_map(Tensor::to_f64_vec) {
                assert!((value / want - 1.0).abs() < 1e-6, "{dtype} {n}: {value} for {want}");
            }
        }
    }
    Ok(())
}

#[test]
fn infinities_and_nan_go_through_reductions() {
    assert_eq!(both(&[-INF, -INF], |x| x.logsumexp(())), (vec![-INF], vec![0.0, 0.0]));
    assert_eq!(both(&[-INF, 0.0], |x| x.logsumexp(())), (vec![0.0], vec![0.0, 1.0]));
    assert_eq!(both(&[INF, 0.0], |x| x.logsumexp(())).0, [INF]);
    assert_eq!(both(&[-INF, 0.0], |x| x.softmax(0)).0, [0.0, 1.0]);
    for place in 0..3 {
        let mut x = [1.0, 2.0, 3.0];
        x[place] = f64::NAN;
        assert!(both(&x, |x| x.max(())).0[0].is_nan());
        assert!(both(&x, |x| x.min(())).0[0].is_nan());
        assert!(both(&x, |x| x.logsumexp(())).0[0].is_nan());
        assert!(both(&x, |x| x.maximum(2.0)).0[place].is_nan());
        assert!(both(&x, |x| x.literal(2.0).minimum(x)).0[place].is_nan());
        assert!(both(&x, |x| x.relu()).0[place].is_nan());
        let tape = Tape::new();
        assert_eq!(tape.constant(vector(&x)).argmax(0).item().unwrap(), place as f64);
    }
}

#[test]
fn what_select_drops_does_not_matter() {
    let (value, slope) = both(&[-1.0, 4.0], |x| x.greater(0.0).select(x.log(), 0.0));
    assert_eq!((value[0], value[1]), (0.0, 4f64.ln()));
    assert_eq!(slope[1], 0.25);
    // A zero cotangent times the infinite slope of what was dropped is the user's to avoid, as in
    // `x.greater(0.0).select(x, 1.0).log()`.
    let safe = both(&[0.0, 4.0], |x| x.greater(0.0).select(x, 1.0).log());
    assert_eq!(safe.1, [0.0, 0.25]);
}

#[test]
fn what_is_made_of_other_operations_is_named_as_it_was_called() {
    let named = |name: &str, error: String| assert!(error.starts_with(name), "{name}: {error}");
    named("argmin of f32[2, 3]: axis 2", error(|x| x.argmin(2)));
    named("std of f32[2, 3]: axis 2", error(|x| x.std(2, 0)));
    named(
        "std of i64[2, 3]: needs floating-point numbers",
        error(|x| x.cast(DType::I64).std((), 0)),
    );
    named("softmax of f32[2, 3]: axis 2", error(|x| x.softmax(2)));
    named(
        "norm of i64[2, 3]: needs floating-point numbers",
        error(|x| x.cast(DType::I64).norm(1.0, ())),
    );
}

#[test]
fn nothing_is_reduced_to_the_neutral_element() {
    assert_eq!(both(&[], |x| x.sum(())).0, [0.0]);
    assert_eq!(both(&[], |x| x.prod(())).0, [1.0]);
    assert_eq!(both(&[], |x| x.logsumexp(())).0, [-INF]);
    assert!(both(&[], |x| x.reshape([2, 0]).softmax(1)).0.is_empty());
    let tape = Tape::new();
    let none = tape.constant(Tensor::zeros([2, 0], DType::F64)).equal(0.0);
    assert_eq!(none.any(1).value().unwrap().to_vec::<bool>().unwrap(), [false; 2]);
    assert_eq!(none.all(1).value().unwrap().to_vec::<bool>().unwrap(), [true; 2]);
    // Of no rows there is no greatest element to ask for; of nothing there is none to give.
    assert!(both(&[], |x| x.reshape([0, 2]).max(1)).0.is_empty());
    for p in [0.5, 1.0, 2.0, 3.0, INF] {
        assert_eq!(both(&[], |x| x.norm(p, ())).0, [0.0], "the norm of {p}");
        assert_eq!(both(&[], |x| x.reshape([2, 0]).norm(p, 1)).0, [0.0, 0.0], "the norm of {p}");
    }
    assert!(both(&[], |x| x.mean(())).0[0].is_nan());
    assert!(both(&[], |x| x.cumsum(0).flip(0)).0.is_empty());
    assert_eq!(both(&[], |x| x.pad(0, 1, 1)).0, [0.0, 0.0]);
    assert_eq!(both(&[1.0], |x| x.slice(0, 1..).concat(&[x], 0)).0, [1.0]);
    let product = both(&[], |x| x.reshape([0, 1]).t().matmul(x.reshape([0, 1])).sum(()));
    assert_eq!(product.0[0].to_bits(), 0.0f64.to_bits());
}

#[test]
fn products_with_zeros_have_finite_derivatives_of_both_orders() -> Result<()> {
    assert_eq!(both(&[2.0, 0.0, 5.0], |x| x.prod(())).1, [0.0, 10.0, 0.0]);
    assert_eq!(both(&[2.0, 0.0, 0.0], |x| x.prod(())).1, [0.0, 0.0, 0.0]);
    let tape = Tape::new();
    let x = tape.watch(vector(&[2.0, 0.0, 0.0]));
    let second = hessian(x.prod(()), x).value()?.to_f64_vec();
    assert_eq!(second, [0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 2.0, 0.0]);
    Ok(())
}

#[test]
fn the_matrix_product_takes_vectors_and_broadcasts_batches() -> Result<()> {
    let check = |a: &[usize], b: &[usize], want: &[usize]| -> Result<()> {
        let tape = Tape::new();
        let x = tape.watch(Tensor::uniform(a, -1.0, 1.0, DType::F64, &mut Rng::new(1))?);
        let y = tape.watch(Tensor::uniform(b, -1.0, 1.0, DType::F64, &mut Rng::new(2))?);
        let z = x.matmul(y);
        assert_eq!(z.value()?.shape()[..], *want, "{a:?} {b:?}");
        for (x, slope) in [x, y].iter().zip(gradients(z.sum(()), &[x, y])) {
            assert_eq!(slope.value()?.shape(), &x.shape());
        }
        Ok(())
    };
    check(&[3], &[3], &[])?;
    check(&[3], &[3, 4], &[4])?;
    check(&[2, 3], &[3], &[2])?;
    check(&[5, 2, 3], &[3], &[5, 2])?;
    check(&[3], &[5, 3, 4], &[5, 4])?;
    check(&[5, 1, 2, 3], &[6, 3, 4], &[5, 6, 2, 4])?;
    check(&[2, 3], &[5, 3, 4], &[5, 2, 4])?;
    check(&[2, 0], &[0, 4], &[2, 4])
}

#[test]
fn shapes_that_do_not_fit_are_errors_that_name_the_axis() {
    let has = |text: String, words: &[&str]| {
        for word in words.iter().chain(&["op_edges.rs"]) {
            assert!(text.contains(word), "{word:?} is not in: {text}");
        }
    };
    has(error(|x| x.maximum(x.t())), &["maximum: shapes [2, 3] and [3, 2]", "axis -1"]);
    has(error(|x| x.slice(1, 2..9)), &["slice: 2..9", "axis 1", "f32[2, 3]", "stop <= 3"]);
    has(error(|x| x.slice(2, ..)), &["slice", "axis 2 is out of range for shape [2, 3]"]);
    has(error(|x| x.slice_step(0, 0, 2, 0)), &["step 0"]);
    has(error(|x| x.slice(0, usize::MAX..)), &["slice"]);
    has(error(|x| x.slice(0, ..=usize::MAX)), &["slice"]);
    has(error(|x| x.pad(0, usize::MAX, usize::MAX)), &["pad"]);
    has(error(|x| x.concat(&[x.t()], 0)), &["concat", "operand 1 is f32[3, 2]", "axis 1 differ"]);
    has(error(|x| x.concat(&[x.cast(DType::F64)], 0)), &["element types differ"]);
    has(error(|x| x.stack(&[x.t()], 0)), &["stack", "[2, 3] and [3, 2]"]);
    has(error(|x| x.squeeze(1)), &["squeeze", "axis 1 has size 3, not 1"]);
    has(error(|x| x.unsqueeze(4)), &["unsqueeze", "the result has 3 axes"]);
    has(error(|x| x.flatten(3)), &["flatten", "axis 3"]);
    has(error(|x| x.sum([0, 0])), &["sum", "axis 0 is named twice"]);
    has(error(|x| x.max(5)), &["max", "axis 5"]);
    has(error(|x| x.argmax(-3)), &["argmax", "axis -3"]);
    has(error(|x| x.softmax(2)), &["axis 2"]);
    has(error(|x| x.cast(DType::I64).exp()), &["exp: needs floating-point numbers, not i64"]);
    has(error(|x| x.select(1.0, 2.0)), &["select", "two numbers"]);
    has(error(|x| x.select(x, x)), &["select: the mask is f32"]);
    has(error(|x| x.one_hot(3, DType::F32)), &["one_hot: labels are i64, not f32"]);
    has(error(|x| x.gather(0, x)), &["gather: an index is i64, not f32"]);
    let fold = |x: Tensor, size: usize, stride: usize, dilation: usize| {
        let tape = Tape::new();
        tape.constant(x).fold(0, size, stride, dilation).value().unwrap_err().to_string()
    };
    let windows = || Tensor::zeros([2, 3], DType::F32);
    has(
        fold(windows(), 2, 1, 2),
        &["fold: a window of 3 places 2 apart is 5 long", "hint: the size"],
    );
    has(fold(windows(), 9, 0, 1), &["fold: 3 places in a window, stride 0 and dilation 1"]);
    has(fold(windows(), 9, 1, 1), &["fold: an axis of 9 elements has 7 windows, f32[2, 3] has 2"]);
    has(error(|x| x.matmul(x)), &["matmul", "inner sizes differ", "t()"]);
    has(error(|x| x.broadcast_to([usize::MAX, 2, 3])), &["broadcast", "too many elements"]);
    has(error(|x| x.tape().concat(&[], 0)), &["concat: needs at least one operand"]);
    has(error(|x| x.tape().iota([2], 1, DType::I64)), &["iota: axis 1"]);
    has(
        error(|x| x.tape().random(1, &Dial::new(0.0), 3, DType::I64)),
        &["random: needs floating-point numbers"],
    );
    has(
        error(|x| {
            let batched = |n: usize| x.unsqueeze(0).broadcast_to([n, 2, 3]);
            batched(2).matmul(batched(3).t())
        }),
        &["matmul", "[2, 2, 3] and [3, 3, 2]", "axis -3"],
    );
}

#[test]
fn results_too_large_for_memory_are_errors() {
    let huge = 1usize << 50;
    let memory = |text: String| assert!(text.contains("no memory for shape"), "{text}");
    memory(error(|x| x.pad(0, huge, 0)));
    memory(error(|x| x.argmax(0).one_hot(huge, DType::F32)));
    memory(error(|x| x.argmax(0).cast(DType::F32).scatter_add(0, x.argmax(0), huge)));
    memory(error(|x| x.index_add(0, x.argmax(1), huge)));
    memory(error(|x| x.tape().iota(huge, 0, DType::I64)));
    memory(error(|x| x.tape().random(1, &Dial::new(0.0), huge, DType::F32)));
    // The states of a reduction over more than memory holds, of a tensor that takes no memory itself.
    let tape = Tape::new();
    let endless = tape.watch(Tensor::zeros([1 << 50], DType::F32)).sum(()).item().unwrap_err();
    assert!(endless.message().contains("no memory for"), "{endless}");
    // In inference, what lies on the way to a result is not kept.
    let tape = Tape::inference();
    let between = tape.constant(vector(&[1.0])).pad(0, huge, 0).sum(()).item().unwrap_err();
    assert!(between.message().contains("no memory for 8388608.0 GiB"), "{between}");
}

/// Of nothing, so that no operand takes memory.
#[test]
fn results_too_large_for_memory_are_errors_in_every_mode() {
    let functions: [fn(Var<'_>) -> Var<'_>; 5] = [
        |x| x.sum(1),
        |x| x.equal(0.0).any(1),
        |x| x.logsumexp(1),
        |x| x.matmul(x.tape().constant(Tensor::zeros([0, 3], DType::F32))),
        |x| x.matmul(x.t()),
    ];
    let repeated = |tape: &Tape| {
        tape.set_mode(Mode::Checked);
        tape.constant(vector(&[1.0])).broadcast_to([1 << 50]).sum(()).item().unwrap_err()
    };
    assert!(repeated(&Tape::new()).message().contains("no memory for shape"));
    for mode in [Mode::Fused, Mode::Eager, Mode::Checked] {
        for (number, f) in functions.iter().enumerate() {
            let tape = Tape::new();
            tape.set_mode(mode);
            let text = f(tape.constant(Tensor::zeros([1 << 50, 0], DType::F32))).value();
            let text = text.unwrap_err().to_string();
            let words = if number < 4 { "no memory for" } else { "has too many elements" };
            assert!(text.contains(words), "{mode:?}, {number}: {text}");
        }
    }
}

#[test]
fn shapes_beyond_counting_are_errors_where_they_are_recorded() {
    let tape = Tape::new();
    for shape in [[usize::MAX, 9, 2], [0, usize::MAX, 9]] {
        let x = tape.watch(Tensor::zeros(shape, DType::F32));
        let parameter = Parameter::new(Tensor::zeros(shape, DType::F32));
        for y in [x.mean(()), x.var((), 1), x.normalize(1, 1e-5), x.flatten(1), x.prod(1)] {
            assert!(y.item().unwrap_err().to_string().contains("has too many elements"));
        }
        assert!(tape.parameter(&parameter).sum(()).item().is_err());
    }
}

#[test]
fn indices_out_of_range_are_errors_that_name_the_place() {
    let at = index_error(&[0, 3], |x, index| x.gather(0, index));
    assert!(at.contains("gather: the index at [1] is 3, out of range for 3 elements"), "{at}");
    let at = index_error(&[-1], |x, index| x.index_select(0, index));
    assert!(at.contains("index_select: the index at [0] is -1"), "{at}");
    let at = index_error(&[0, 1, 7], |x, index| x.scatter_add(0, index, 7));
    assert!(at.contains("scatter_add: the index at [2] is 7"), "{at}");
    let at = index_error(&[0, 1, 7], |x, index| x.index_add(0, index, 7));
    assert!(at.contains("index_add: the index at [2] is 7"), "{at}");
    let at = index_error(&[1, 3], |x, index| index.one_hot(3, x.dtype()));
    assert!(at.contains("one_hot: row 1 holds label 3 of 3 classes"), "{at}");
    assert!(at.contains("op_edges.rs"), "{at}");
}

#[test]
fn random_numbers_depend_on_key_counter_and_place_alone() -> Result<()> {
    let draw = |key: u64, counter: f64, dtype| {
        let tape = Tape::new();
        tape.random(key, &Dial::new(counter), [7, 9], dtype).value()
    };
    let first = draw(5, 0.0, DType::F64)?;
    assert!(first.equals(&draw(5, 0.0, DType::F64)?));
    assert!(!first.equals(&draw(5, 1.0, DType::F64)?));
    assert!(!first.equals(&draw(6, 0.0, DType::F64)?));
    assert!(first.all_close(&draw(5, 0.0, DType::F32)?.cast(DType::F64), 0.0, 1.2e-7));
    let place = gradtape::tensor::uniform_at(5, 3, 20);
    let third = draw(5, 3.0, DType::F64)?;
    assert_eq!(third.get(&[2, 2])?, gradtape::tensor::unit_f64(place));
    Ok(())
}

#[test]
fn forward_mode_agrees_with_reverse_mode() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch(Tensor::uniform([3, 2], 0.5, 1.5, DType::F64, &mut Rng::new(3))?);
    let y = (x.t().matmul(x.log()).softmax(1) * x.sum(0)).cumsum(0);
    let t = tape.constant(Tensor::uniform([3, 2], -1.0, 1.0, DType::F64, &mut Rng::new(4))?);
    let g = tape.constant(Tensor::uniform([2, 2], -1.0, 1.0, DType::F64, &mut Rng::new(5))?);
    let (along, back) = (jvp(&[y], &[x], &[t])[0], vjp(&[y], &[g], &[x])[0]);
    let (forward, reverse) = ((along * g).sum(()).item()?, (back * t).sum(()).item()?);
    assert!((forward - reverse).abs() < 1e-13, "{forward} {reverse}");
    // Few columns are found by tangents, few rows by cotangents; both give the same matrix.
    let wide = jacobian(x.sum(0), x).value()?;
    assert_eq!(wide.shape(), &Shape::from([2, 3, 2]));
    let s = x.sum(()) * 0.5;
    let tall = jacobian(s * x * x, s);
    assert_eq!(tall.shape(), Shape::from([3, 2]));
    assert!(tall.value()?.all_close(&(x * x).value()?, 1e-14, 0.0));
    Ok(())
}

#[test]
fn wrong_tangents_are_errors() {
    let tape = Tape::new();
    let x = tape.watch(vector(&[1.0, 2.0]));
    let short = jvp(&[x * x], &[x], &[])[0].value().unwrap_err().to_string();
    assert!(short.contains("value 0 of 1 was given no tangent"), "{short}");
    let wrong = jvp(&[x * x], &[x], &[x.sum(())])[0].value().unwrap_err().to_string();
    assert!(wrong.contains("tangent 0 is f64[], but the value is f64[2]"), "{wrong}");
    let whole = jacobian(x.cast(DType::I64), x).value().unwrap_err().to_string();
    assert!(whole.contains("has no gradient"), "{whole}");
}

#[test]
fn dependence_ends_at_integers_and_other_tapes() {
    let (tape, other) = (Tape::new(), Tape::new());
    let x = tape.watch(vector(&[1.0, 2.0]));
    assert!(depends_on(x, x) && depends_on(x.exp().sum(()), x));
    assert!(!depends_on(x.argmax(0).cast(DType::F64), x));
    assert!(!depends_on(x, x.exp()));
    assert!(!depends_on(other.watch(vector(&[1.0])), x));
    let y = x.argmax(0).cast(DType::F64) * 3.0;
    let text = gradients(y, &[x])[0].value().unwrap_err().to_string();
    assert!(text.contains("only through argmax"), "{text}");
}

#[test]
fn sines_of_large_arguments_are_those_of_the_standard_library() -> Result<()> {
    let x = [1e9f32, -3e12, 1e20, 1e35, f32::MAX, 0.5];
    let tape = Tape::new();
    let v = tape.watch(Tensor::from_slice(&x, [x.len()])?);
    let (sin, cos) = (v.sin().value()?.to_vec::<f32>()?, v.cos().value()?.to_vec::<f32>()?);
    for (i, &x) in x.iter().enumerate() {
        assert!((f64::from(sin[i]) - f64::from(x).sin()).abs() < 1e-6, "sin {x}: {}", sin[i]);
        assert!((f64::from(cos[i]) - f64::from(x).cos()).abs() < 1e-6, "cos {x}: {}", cos[i]);
    }
    Ok(())
}

#[test]
fn steps_along_an_axis_of_one_place_may_be_any() -> Result<()> {
    let far = usize::MAX / 2;
    for mode in [Mode::Fused, Mode::Eager, Mode::Checked] {
        let tape = Tape::new();
        tape.set_mode(mode);
        for shape in [[5, 4], [5, 0]] {
            let x = tape.watch(Tensor::ones(shape, DType::F32));
            let first = x.slice_step(0, 0, 5, far);
            assert_eq!(first.value()?.shape()[..], [1, shape[1]], "{mode:?}");
            let [dx] = gradient(first.sum(()), [x]);
            assert_eq!(dx.sum(()).item()?, shape[1] as f64);
            assert_eq!(x.window(0, 5, far, 1).value()?.shape()[..], [1, shape[1], 5]);
        }
        let weight = tape.watch(Tensor::ones([2, 1, 3, 3], DType::F32));
        for batch in [0, 2] {
            let images = tape.watch(Tensor::ones([batch, 1, 5, 4], DType::F32));
            let y = images.convolve(weight, &Convolution::new().stride(&[far]));
            assert_eq!(y.value()?.shape()[..], [batch, 2, 1, 1], "{mode:?}");
            let [dx, dw] = gradient(y.sum(()), [images, weight]);
            assert_eq!(dx.sum(()).item()?, 18.0 * batch as f64);
            assert_eq!(dw.sum(()).item()?, 18.0 * batch as f64);
        }
    }
    Ok(())
}

#[test]
fn norms_are_of_a_power_above_0() {
    let tape = Tape::new();
    for p in [0.0, -1.0, f64::NEG_INFINITY, f64::NAN] {
        let text = tape.constant([3.0, 4.0]).norm(p, ()).value().unwrap_err().to_string();
        assert!(text.contains(&format!("p is {p}, but must be above 0")), "{text}");
    }
}
