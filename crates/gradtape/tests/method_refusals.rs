//! What methods and functions that are made of operations say of an axis, a shape, a type, a place or a setting that does not
//! fit: `method_refusals.txt` has every message. When it is out of date this test writes it anew and fails once.

#![expect(clippy::eq_op, clippy::reversed_empty_ranges, reason = "what nobody means is tried, too")]

use std::collections::BTreeSet;
use std::path::Path;

use gradtape::soft::{self, GumbelOptions};
use gradtape::{Convolution, DType, Error, Generator, Kind, Tape, Tensor, Var, op};

/// What there is to be called with.
struct Given<'t> {
    t: &'t Tape,
    /// `f64[2, 3]`.
    x: Var<'t>,
    /// `f64[3]`.
    v: Var<'t>,
    /// `f64[3, 3]`.
    m: Var<'t>,
    /// `f64[]`.
    s: Var<'t>,
    /// `f64[2, 0]`.
    none: Var<'t>,
    /// `i64[2]`: 0 and 9.
    far: Var<'t>,
    /// `i64[2, 3]`.
    whole: Var<'t>,
    /// `bool[2, 3]`.
    mask: Var<'t>,
    generator: &'t Generator,
}

type Call = for<'t> fn(&Given<'t>) -> Var<'t>;

/// Calls by the name of what they call, with their text.
macro_rules! calls {
    ($given:ident; $($name:ident: $($call:expr),+;)*) => {
        &[$($((stringify!($name), stringify!($call), |$given| $call),)+)*]
    };
}

const CALLS: &[(&str, &str, Call)] = calls! { g;
    abs: g.mask.abs();
    acos: g.whole.acos();
    acosh: g.whole.acosh();
    all: g.mask.all(2), g.mask.all([0, -2]);
    any: g.mask.any(-3), g.mask.any([1, 1]);
    argmin: g.x.argmin(2), g.none.argmin(1);
    argsort_descending: g.x.argsort_descending(2), g.s.argsort_descending(0);
    asin: g.whole.asin();
    asinh: g.whole.asinh();
    atan2: g.x.atan2(g.x.slice(1, ..2)), g.whole.atan2(g.whole);
    atanh: g.whole.atanh();
    bernoulli: g.whole.bernoulli(g.generator);
    broadcast_to: g.x.broadcast_to([3, 3]), g.x.broadcast_to([3]);
    categorical: g.x.categorical(2, g.generator), g.none.categorical(1, g.generator);
    ceil: g.mask.ceil();
    celu: g.x.celu(0.0), g.whole.celu(1.0);
    chunk: g.x.chunk::<2>(1)[0], g.x.chunk::<2>(2)[0];
    clamp: g.mask.clamp(0.0, 1.0);
    concat: g.x.concat(&[g.v], 0), g.x.concat(&[g.m], 1), g.x.concat(&[g.whole], 0), g.x.concat(&[g.x], 2),
        g.t.concat(&[], 0);
    convolve: g.x.convolve(g.m, &Convolution::default()),
        g.t.constant(Tensor::zeros([1, 1, 2], DType::F64))
            .convolve(g.t.constant(Tensor::zeros([1, 1, 3], DType::F64)), &Convolution::default()),
        g.t.constant(Tensor::zeros([1, 3, 5], DType::F64))
            .convolve(g.t.constant(Tensor::zeros([2, 2, 3], DType::F64)), &Convolution::default());
    count_nonzero: g.x.count_nonzero(2);
    cummax: g.x.cummax(2).0;
    cummin: g.x.cummin(2).0;
    cumprod: g.x.cumprod(2), g.mask.cumprod(0);
    det: g.x.det(), g.v.det();
    diagonal: g.x.diagonal(0, 0), g.x.diagonal(0, 2), g.v.diagonal(0, 1);
    digamma: g.whole.digamma();
    dot: g.x.dot(g.v), g.v.dot(g.far);
    eigvalsh: g.x.eigvalsh();
    einsum: g.t.einsum("ij,jk->il", &[g.x, g.m]), g.t.einsum("ij,ij->ij", &[g.x, g.m]), g.t.einsum("i,i", &[g.v]),
        g.t.einsum("ij", &[g.v]);
    elu: g.whole.elu(1.0), g.x.elu(f64::NAN);
    erf_inv: g.whole.erf_inv();
    flatten: g.x.flatten(2), g.x.flatten(-3);
    flip: g.x.flip(2);
    floor: g.mask.floor();
    fold: g.x.fold(2, 4, 1, 1), g.x.fold(0, 4, 0, 1);
    gather: g.x.gather(1, g.whole + 3), g.x.gather(2, g.whole), g.x.gather(1, g.x), g.x.gather(1, g.far);
    gelu: g.whole.gelu();
    gelu_tanh: g.whole.gelu_tanh();
    glu: g.x.glu(1), g.x.glu(2), g.whole.glu(0);
    greater: g.x.greater(g.whole), g.x.greater(g.x.slice(1, ..2));
    greater_equal: g.x.greater_equal(g.whole), g.x.greater_equal(g.x.slice(1, ..2));
    gumbel: g.t.gumbel(g.generator, [2], DType::I64);
    gumbel_softmax: soft::gumbel_softmax(g.x, g.generator, GumbelOptions { temperature: 0.0, ..Default::default() }),
        soft::gumbel_softmax(g.x, g.generator, GumbelOptions { axis: 2, ..Default::default() });
    hardsigmoid: g.whole.hardsigmoid();
    hardswish: g.whole.hardswish();
    index: g.x.index(0, 2), g.x.index(0, -3), g.x.index(2, 0), g.none.index(1, 0);
    index_add: g.x.index_add(0, g.far, 3), g.x.index_add(2, g.far, 10), g.x.index_add(1, g.far, 10),
        g.x.index_add(0, g.v, 3);
    index_copy: g.x.index_copy(0, g.far, g.x), g.x.index_copy(2, g.far, g.x), g.x.index_copy(1, g.far, g.x);
    index_get: g.x.index_get(&[g.far]), g.x.index_get(&[g.v]), g.v.index_get(&[g.far, g.far]), g.x.index_get(&[]);
    index_max: g.x.index_max(0, g.far, 3), g.x.index_max(2, g.far, 10), g.x.index_max(1, g.far, 10);
    index_min: g.x.index_min(0, g.far, 3), g.x.index_min(2, g.far, 10), g.x.index_min(1, g.far, 10);
    index_put: g.x.index_put(&[g.far], 0.0), g.x.index_put(&[g.v], 0.0), g.x.index_put(&[g.far - g.far], g.m);
    index_select: g.x.index_select(0, g.far), g.x.index_select(0, g.far - 9), g.x.index_select(2, g.far),
        g.x.index_select(0, g.v);
    inverse: g.x.inverse(), g.m.inverse();
    isotonic: soft::isotonic(g.whole), soft::isotonic(g.s);
    isotonic_blocks_entropic: g.x.isotonic_blocks_entropic(g.v), g.whole.isotonic_blocks_entropic(g.whole);
    leaky_relu: g.whole.leaky_relu(0.1), g.x.leaky_relu(f64::NAN);
    lgamma: g.whole.lgamma();
    log_sigmoid: g.whole.log_sigmoid();
    log_softmax: g.x.log_softmax(2), g.whole.log_softmax(1);
    logcumsumexp: g.x.logcumsumexp(2), g.whole.logcumsumexp(1);
    logdet: g.x.logdet(), g.whole.logdet();
    logical_and: g.mask.logical_and(g.x), g.x.logical_and(g.mask);
    logical_or: g.mask.logical_or(g.x);
    logical_xor: g.mask.logical_xor(g.x);
    logsumexp_keepdims: g.x.logsumexp_keepdims(2), g.whole.logsumexp_keepdims(1);
    lstsq: g.x.lstsq(g.v), g.x.lstsq(g.s), g.whole.lstsq(g.whole);
    lu: g.v.lu().0, g.whole.lu().0;
    matmul: g.x.matmul(g.x), g.x.matmul(g.s), g.x.matmul(g.whole.t());
    matrix_power: g.x.matrix_power(2), g.v.matrix_power(2), (g.m * 0.0).matrix_power(-1);
    max: g.x.max(2), g.x.max([0, 0]), g.none.max(1), g.none.max(());
    max_keepdims: g.x.max_keepdims(2), g.none.max_keepdims(-1);
    mean: g.x.mean(2), g.x.mean([1, -1]), g.whole.mean(0);
    mean_keepdims: g.x.mean_keepdims(2), g.mask.mean_keepdims(0);
    median: g.x.median(2), g.none.median(1);
    meshgrid: g.t.meshgrid([g.x, g.v])[0];
    min: g.x.min(2), g.none.min(1);
    min_keepdims: g.x.min_keepdims(2), g.none.min_keepdims(());
    mish: g.whole.mish();
    move_axis: g.x.move_axis(2, 0), g.x.move_axis(0, -3);
    norm: g.x.norm(2.0, 2), g.x.norm(0.0, 1), g.x.norm(f64::NAN, 1), g.whole.norm(2.0, 1);
    normal: g.t.normal(g.generator, [2], DType::I64);
    normalize: g.x.normalize(2, 1e-12), g.whole.normalize(1, 0.0);
    not_equal: g.x.not_equal(g.whole), g.x.not_equal(g.x.slice(1, ..2));
    nuclear_norm: g.v.nuclear_norm(), g.whole.nuclear_norm();
    outer: g.v.outer(g.far);
    pinv: g.v.pinv(), g.whole.pinv();
    polygamma: g.whole.polygamma(1);
    pow: g.x.pow(g.whole), g.x.pow(g.x.slice(1, ..2)), g.mask.pow(g.mask);
    powf: g.mask.powf(2.0), g.whole.powf(0.5), g.whole.powf(1.5);
    prod: g.x.prod(2), g.mask.prod(0);
    quantile: g.x.quantile(2, 0.5), g.x.quantile(1, 1.5), g.x.quantile(1, f64::NAN), g.none.quantile(1, 0.5);
    reciprocal: g.mask.reciprocal();
    repeat_interleave: g.x.repeat_interleave(2, 2);
    reshape: g.x.reshape([4]), g.none.reshape([1]);
    roll: g.x.roll(2, 1);
    round: g.mask.round();
    rsqrt: g.whole.rsqrt();
    scatter: g.x.scatter(0, g.whole, g.m), g.x.scatter(0, g.whole + 2, g.x), g.x.scatter(2, g.whole, g.x), g.x.scatter(0, g.x, g.x),
        g.x.scatter(0, g.far, g.v);
    scatter_max: g.x.scatter_max(0, g.whole + 2, [2, 3]), g.x.scatter_max(2, g.whole, [2, 3]),
        g.x.scatter_max(0, g.far, [2, 3]);
    scatter_min: g.x.scatter_min(0, g.whole + 2, [2, 3]), g.x.scatter_min(2, g.whole, [2, 3]),
        g.x.scatter_min(0, g.far, [2, 3]);
    searchsorted: g.s.searchsorted(g.v), g.v.searchsorted(g.far), g.x.searchsorted(g.v);
    searchsorted_right: g.s.searchsorted_right(g.v), g.v.searchsorted_right(g.far);
    select: g.x.select(g.x, g.x), g.mask.select(g.x, g.whole), g.mask.select(g.x, g.x.slice(1, ..2));
    selu: g.whole.selu();
    silu: g.whole.silu();
    slice: g.x.slice(1, 2..5), g.x.slice(1, 2..1), g.x.slice(1, -4..), g.x.slice(2, ..);
    slice_step: g.x.slice_step(1, 0, 4, 2), g.x.slice_step(1, 0, 3, 0), g.x.slice_step(2, 0, 1, 1);
    smooth_accuracy: soft::smooth_accuracy(g.x, g.far, 1.0), soft::smooth_accuracy(g.x, g.v, 1.0),
        soft::smooth_accuracy(g.x, g.far, 0.0);
    smooth_sign: soft::smooth_sign(g.x, 0.0), soft::smooth_sign(g.whole, 1.0);
    soft_argmax: soft::soft_argmax(g.x, 2, 1.0), soft::soft_argmax(g.x, 1, -1.0);
    soft_rank: soft::soft_rank(g.x, 0.0), soft::soft_rank(g.s, 1.0), soft::soft_rank(g.whole, 1.0);
    soft_sort: soft::soft_sort(g.x, f64::NAN), soft::soft_sort(g.s, 1.0), soft::soft_sort(g.whole, 1.0);
    soft_top_k: soft::soft_top_k(g.x, 4, 1.0), soft::soft_top_k(g.x, 1, 0.0), soft::soft_top_k(g.s, 1, 1.0);
    softmax: g.x.softmax(2), g.whole.softmax(1), g.s.softmax(0);
    softsign: g.whole.softsign();
    sort: g.x.sort(2), g.s.sort(0);
    sort_descending: g.x.sort_descending(2), g.s.sort_descending(0);
    spectral_norm: g.v.spectral_norm(), g.whole.spectral_norm();
    split: g.x.split(1, &[1, 1])[0], g.x.split(1, &[2, 2])[0], g.x.split(2, &[1])[0];
    square: g.mask.square();
    squeeze: g.x.squeeze(0), g.x.squeeze(2);
    stack: g.x.stack(&[g.v], 0), g.x.stack(&[g.whole], 0), g.x.stack(&[g.x], 3), g.t.stack(&[], 0);
    std: g.x.std(2, 1), g.whole.std(0, 0);
    straight_through: soft::straight_through(g.x, g.v), soft::straight_through(g.whole, g.x);
    straight_through_argmax: soft::straight_through_argmax(g.x, 2, 1.0), soft::straight_through_argmax(g.x, 1, 0.0);
    straight_through_round: soft::straight_through_round(g.whole);
    straight_through_sign: soft::straight_through_sign(g.whole);
    sum: g.x.sum(2), g.x.sum([0, 0]), g.x.sum([1, -1]), g.mask.sum(0);
    sum_keepdims: g.x.sum_keepdims(-3), g.mask.sum_keepdims(0);
    svdvals: g.v.svdvals(), g.whole.svdvals();
    swap_axes: g.x.swap_axes(0, 2);
    tempered_softmax: soft::tempered_softmax(g.x, 2, 1.0), soft::tempered_softmax(g.x, 1, 0.0);
    tensordot: g.x.tensordot(g.x, 1), g.x.tensordot(g.x, 3);
    tile: g.x.tile(&[usize::MAX, 2]);
    top_k: g.x.top_k(1, 4).0, g.x.top_k(2, 1).0;
    trace: g.v.trace(), g.mask.trace();
    transpose: g.x.transpose(&[0]), g.x.transpose(&[0, 0]), g.x.transpose(&[0, 2]);
    triangular_solve: g.x.triangular_solve(g.x, true), g.m.triangular_solve(g.x, true);
    tril: g.v.tril(0);
    triu: g.v.triu(0);
    trunc: g.mask.trunc();
    uniform: g.t.uniform(g.generator, [2], DType::Bool);
    unsqueeze: g.x.unsqueeze(3), g.x.unsqueeze(-4);
    var: g.x.var(2, 1), g.mask.var(0, 0);
    window: g.x.window(1, 4, 1, 1), g.x.window(1, 2, 0, 1), g.x.window(1, 2, 1, 0), g.x.window(2, 1, 1, 1);
    with_index: g.x.with_index(0, 2, 0.0), g.x.with_index(2, 0, 0.0), g.x.with_index(0, 0, g.m);
    with_slice: g.x.with_slice(1, 2..5, 0.0), g.x.with_slice(2, .., 0.0), g.x.with_slice(1, ..2, g.m);
};

/// What takes every value, and why.
const TAKES_ALL: &[(&str, &str)] = &[
    ("cast", "every type is one of every other"),
    ("is_finite", "whole numbers are finite"),
    ("is_inf", "whole numbers are finite"),
    ("is_nan", "whole numbers are numbers"),
    ("logical_not", "numbers are true where they are not 0"),
    ("permutation", "of any number, also of none"),
    ("stop_gradient", "every value has one that is constant"),
    ("t", "of a vector and a scalar it is the value itself"),
];

fn said(error: &Error) -> String {
    let text = error.to_string();
    let hints = text.lines().filter_map(|line| line.trim().strip_prefix("hint: "));
    format!("{}\n    -> {}\n", error.message(), hints.collect::<Vec<_>>().join("; "))
}

#[test]
fn every_method_says_what_it_was_given_where_and_what_would_do() {
    let (mut text, mut wrong) = (String::new(), Vec::new());
    let generator = Generator::new(1);
    for (name, call, f) in CALLS {
        let tape = Tape::inference();
        let zeros = |shape: &[usize], dtype| tape.constant(Tensor::zeros(shape, dtype));
        let given = Given {
            t: &tape,
            x: zeros(&[2, 3], DType::F64),
            v: zeros(&[3], DType::F64),
            m: zeros(&[3, 3], DType::F64),
            s: zeros(&[], DType::F64),
            none: zeros(&[2, 0], DType::F64),
            far: tape.constant([0i64, 9]),
            whole: zeros(&[2, 3], DType::I64),
            mask: zeros(&[2, 3], DType::Bool),
            generator: &generator,
        };
        let call = call.split_whitespace().collect::<Vec<_>>().join(" ").replace("g.", "");
        let error = match f(&given).value() {
            Ok(y) => {
                wrong.push(format!("{call} gives {}{}", y.dtype(), y.shape()));
                continue;
            }
            Err(error) => error,
        };
        let full = error.to_string();
        let here = error.location().is_some_and(|at| at.file().ends_with("method_refusals.rs"));
        // The shape of what was given, unless a number, a setting or that it is nothing is what is wrong.
        let nothing = full.contains("at least one operand");
        let shape = error.kind() == Kind::Value || full.contains('[') || nothing;
        if !here || !shape || !full.contains("hint: ") {
            wrong.push(format!("{call}: {full}"));
        }
        text += &format!("{name}: {call}\n  {}", said(&error));
    }
    assert!(wrong.is_empty(), "{} calls:\n{}", wrong.len(), wrong.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/method_refusals.txt");
    if std::fs::read_to_string(&path).is_ok_and(|have| have == text) {
        return;
    }
    std::fs::write(&path, text).unwrap();
    panic!("method_refusals.txt was out of date and has been written anew; read it and commit it");
}

#[test]
fn every_method_is_called_or_takes_everything() {
    let called: BTreeSet<&str> = CALLS.iter().map(|(name, ..)| *name).collect();
    let all: BTreeSet<&str> = TAKES_ALL.iter().map(|(name, _)| *name).collect();
    let methods: BTreeSet<&str> = op::methods().iter().map(|method| method.name).collect();
    assert!(called.is_disjoint(&all));
    let known: BTreeSet<&str> = called.union(&all).copied().collect();
    assert_eq!(known, methods);
}
