"""NumPy's functions of values, and NumPy's meaning of what has NumPy's name."""

import gradtape as gt
import numpy as np
import pytest

X = np.array([[0.5, -1.5, 2.0], [3.0, 0.25, -0.75]])
P = abs(X) + 0.5
S = np.array([[2.0, 0.5], [0.25, 3.0]])
V = np.array([1.0, 2.0])

#: Functions of a value: what NumPy computes is what is recorded, and it has a derivative.
RECORDED = {
    "exp": (np.exp, X), "log": (np.log, P), "sqrt": (np.sqrt, P), "arctan": (np.arctan, X), "negative": (np.negative, X),
    "absolute": (np.absolute, X), "square": (np.square, X), "logaddexp": (lambda v: np.logaddexp(v, 1.0), X),
    "multiply": (lambda v: np.multiply(2.0, v), X), "maximum": (lambda v: np.maximum(v, 0.0), X),
    "power": (lambda v: np.power(v, 3), P), "sum": (np.sum, X), "sum axis": (lambda v: np.sum(v, axis=0, keepdims=True), X),
    "mean": (lambda v: np.mean(v, 1), X), "max": (lambda v: np.max(v, axis=0), X), "amin": (np.amin, X),
    "prod": (np.prod, P), "var": (lambda v: np.var(v, axis=0, ddof=1), X), "std": (np.std, X),
    "dot": (lambda v: np.dot(v, V), S), "vdot": (lambda v: np.dot(v[0], v[1]), X), "matmul": (lambda v: np.matmul(v, S), S),
    "at": (lambda v: S @ v, S), "outer": (lambda v: np.outer(v, V), V), "tensordot": (lambda v: np.tensordot(v, S, 1), S),
    "einsum": (lambda v: np.einsum("ij,jk->ik", v, S), S), "where": (lambda v: np.where(X > 0, v, 0.0), X),
    "concatenate": (lambda v: np.concatenate([v, X], axis=1), X), "stack": (lambda v: np.stack([v, X]), X),
    "reshape": (lambda v: np.reshape(v, (3, 2)), X), "transpose": (np.transpose, X), "ravel": (np.ravel, X),
    "squeeze": (lambda v: np.squeeze(v[:1]), X), "expand_dims": (lambda v: np.expand_dims(v, 0), X),
    "swapaxes": (lambda v: np.swapaxes(v, 0, 1), X), "moveaxis": (lambda v: np.moveaxis(v, 0, 1), X),
    "broadcast_to": (lambda v: np.broadcast_to(v, (2, 2)), V), "clip": (lambda v: np.clip(v, -1.0, 1.0), X),
    "cumsum": (lambda v: np.cumsum(v, axis=1), X), "cumprod": (np.cumprod, P), "sort": (np.sort, X),
    "flip": (np.flip, X), "roll": (lambda v: np.roll(v, 1), X), "tile": (lambda v: np.tile(v, 2), X),
    "repeat": (lambda v: np.repeat(v, 2, axis=0), X), "take": (lambda v: np.take(v, [0, 2]), X),
    "take_along_axis": (lambda v: np.take_along_axis(v, np.array([[0], [1]]), 1), X), "tril": (np.tril, S),
    "triu": (lambda v: np.triu(v, 1), S), "diagonal": (lambda v: np.diagonal(v, 1), X), "trace": (np.trace, S),
    "median": (np.median, X), "quantile": (lambda v: np.quantile(v, 0.3), X), "pad": (lambda v: np.pad(v, 1), X),
    "split": (lambda v: np.split(v, [1], axis=1)[1], X), "norm": (np.linalg.norm, X), "inv": (np.linalg.inv, S),
    "det": (np.linalg.det, S), "solve": (lambda v: np.linalg.solve(v, V), S), "cholesky": (lambda v: np.linalg.cholesky(v), np.eye(2) * 2),
    "matrix_power": (lambda v: np.linalg.matrix_power(v, 3), S), "pinv": (np.linalg.pinv, S), "slogdet": (lambda v: np.linalg.slogdet(v)[1], S),
    "svd": (lambda v: np.linalg.svd(v, full_matrices=False)[1], S), "radd": (lambda v: X + v, X), "rsub": (lambda v: np.float64(2) - v, X),
    "rdiv": (lambda v: X / v, P), "rpow": (lambda v: V ** v[:, :2], X), "full_like": (lambda v: np.full_like(v, 2.0) * v, X),
    "zeros_like": (lambda v: np.zeros_like(v) + v, X), "axes": (lambda v: np.transpose(v, axes=(1, 0)), X),
    "clip bounds": (lambda v: np.clip(v, a_min=X - 1, a_max=0.5), P),
    "clip low": (lambda v: np.clip(v, 0.0, None), X), "tile reps": (lambda v: np.tile(v, reps=(2, 1)), X), "copy": (np.copy, X),
    "atleast": (lambda v: np.atleast_1d(v.sum()), X), "conj": (np.conj, X),
    "list": (lambda v: np.multiply([1.0, 2.0], v[:, :2]), X), "less": (lambda v: np.where(X < v + 1, v, 2 * v), X), "ones_like": (lambda v: np.ones_like(v) * v, X),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_a_function_of_numpy_records_the_operation_of_its_name(name):
    function, x = RECORDED[name]
    tape = gt.Tape()
    v = tape.watch(x)
    got = function(v)
    assert isinstance(got, gt.Var) and gt.depends_on(got, v)
    np.testing.assert_allclose(got.numpy(), function(x), rtol=1e-9, atol=1e-12)
    assert got.shape == np.shape(function(x))
    gt.check_gradients(lambda v: (function(v) * 1.0).sum(), x, tolerance=1e-5)


def test_comparisons_and_counts_are_those_of_numpy():
    tape = gt.Tape()
    v = tape.watch(X)
    for got, want in [
        (np.greater(v, 1), X > 1), (X > v, X > X), (X >= v, X >= X), (X < v + 1, X < X + 1), (X <= v - 1, X <= X - 1),
        (X == v, X == X), (X != v, X != X), (np.equal(2.0, v), X == 2), (np.less(v, X + 1), X < X + 1), (np.isfinite(v), np.isfinite(X)), (np.isnan(v), np.isnan(X)),
        (np.logical_not(v > 0), ~(X > 0)), (np.argmax(v, axis=1), X.argmax(1)), (np.argsort(v), X.argsort()),
        (np.count_nonzero(v > 0), 4), (np.any(v > 2), True), (np.all(v > 2), False), (np.sign(v), np.sign(X)),
        (np.floor_divide(v, 2), X // 2), (V[:1] // v, V[:1] // X), (np.round(v, 1), np.round(X, 1)), (np.round(v), np.round(X)), (np.searchsorted(np.arange(5.0), v), np.searchsorted(np.arange(5.0), X)),
    ]:  # fmt: skip
        assert isinstance(got, gt.Var)
        np.testing.assert_array_equal(got.numpy(), want)
    np.testing.assert_array_equal(np.meshgrid(v[0], v[1])[1].numpy(), np.meshgrid(X[0], X[1])[1])
    assert (np.shape(v), np.ndim(v), np.size(v), np.size(v, 1)) == ((2, 3), 2, 6, 3)
    assert np.allclose(v, X) and np.array_equal(v, X) and "0.5" in np.array2string(v)


def test_what_is_not_recorded_is_an_error_with_a_way_out():
    tape = gt.Tape()
    v = tape.watch(X)
    for call, word in [
        (lambda: np.sinc(v), "sinc"), (lambda: np.add.reduce(v), r"gt.sum"), (lambda: np.exp(v, out=np.zeros((2, 3))), "out"),
        (lambda: np.percentile(v, 3), "numpy.percentile"), (lambda: np.linalg.lstsq(v, v), "numpy.linalg.lstsq"),
        (lambda: np.frexp(v), "frexp"), (lambda: np.select([v > 0], [v]), "select"), (lambda: np.convolve(v[0], v[1]), "convolve"),
        (lambda: np.linalg.svd(v), "full_matrices"), (lambda: np.fft.fft(v), "fft"),
        (lambda: np.multiply.outer(v, v), "multiply"),
    ]:  # fmt: skip
        with pytest.raises(gt.GradtapeError, match=word) as error:
            call()
        assert "hint: " in str(error.value)
    x = np.zeros((2, 3))
    with pytest.raises(gt.GradtapeError, match="cannot take"):
        x += v
    with pytest.raises(TypeError):
        np.ones(2) + gt.Tape
    with pytest.raises(TypeError):
        np.add(v, "a")


def test_whole_numbers_divide_to_floats():
    tape = gt.Tape()
    a, b = np.array([7, -7, 7, -7, 6]), np.array([2, 2, -2, -2, 3])
    x, y = tape.constant(a), tape.constant(b)
    for got, want in [
        (x / y, a / b), (x / 2, a / 2), (2 / x, 2 / a), (x / 2.0, a / 2.0), (x / b, a / b), (a / y, a / b), (gt.divide(x, y), a / b),
        (x / tape.constant(V[:1]), a / V[:1]), (tape.constant(V[:1]) / x, V[:1] / a), (gt.divide(a, b), a / b),
        ((x > 0) / 2, (a > 0) / 2),
    ]:  # fmt: skip
        assert np.dtype(got.dtype).kind == "f"
        np.testing.assert_allclose(np.asarray(got), want, rtol=1e-6)
    assert (x / tape.constant(V[:1])).dtype == np.float64
    for got, want in [
        (x // y, a // b), (x // 2, a // 2), (2 // x, 2 // a), (-7 // y, -7 // b), (x // b, a // b), (a // y, a // b),
        (gt.floor_divide(a, b), a // b), (tape.constant(True) // y, True // b),
    ]:
        assert got.dtype == np.int64
        np.testing.assert_array_equal(np.asarray(got), want)
    for got, want in [
        (x % y, a % b), (x % 2, a % 2), (20 % x, 20 % a), (-7 % y, -7 % b), (x % b, a % b), (a % y, a % b), (np.mod(x, y), a % b),
        (gt.remainder(a, b), a % b), (gt.mod(a, -3), a % -3), (tape.constant(True) % y, True % b),
    ]:  # fmt: skip
        assert got.dtype == np.int64
        np.testing.assert_array_equal(np.asarray(got), want)
    z = tape.watch(X)
    for got, want in [(z % 0.7, X % 0.7), (3.0 % z, 3.0 % X), (z % -2, X % -2), (x % 2.5, a % 2.5), (np.remainder(z, X + 1), X % (X + 1))]:
        np.testing.assert_allclose(got.numpy(), want, atol=1e-12)
    assert gt.grad(lambda x: (x % 3.0) * 2)(np.float64(7.5)) == 2.0
    assert gt.grad(lambda y: 7.5 % y)(np.float64(2.0)) == -3.0
    np.testing.assert_array_equal((z // 0.7).numpy(), X // 0.7)
    np.testing.assert_array_equal((3.0 // z).numpy(), 3.0 // X)
    assert (z // 2).dtype == np.float64 and (x // 2.5).tolist() == (a // 2.5).tolist()


A = np.arange(24.0).reshape(2, 3, 4) - 7


@pytest.mark.parametrize("cut", [2, [1], [1, 2], [0, 5], [-1], [2, 1], [], (1, 3)])
@pytest.mark.parametrize("axis", [0, -1])
def test_split_takes_places_as_numpy(cut, axis):
    wanted = np.split(A, cut, axis)
    got = gt.split(A, cut, axis)
    assert [part.shape for part in got] == [part.shape for part in wanted]
    for own, want in zip(got, wanted):
        np.testing.assert_array_equal(own, want)
    with pytest.raises(gt.GradtapeError, match="5 parts(.|\n)*places between"):
        gt.split(A, 5, axis)


@pytest.mark.parametrize("offset", [0, 1, -1, 2, 5, -9])
@pytest.mark.parametrize("axes", [(0, 1), (1, 2), (2, 0), (-1, -2)])
def test_diagonal_and_trace_take_an_offset_as_numpy(offset, axes):
    np.testing.assert_array_equal(gt.diagonal(A, offset, *axes), np.diagonal(A, offset, *axes))
    np.testing.assert_allclose(gt.trace(A, offset, *axes), np.trace(A, offset, *axes))
    np.testing.assert_array_equal(gt.diagonal(A), np.diagonal(A))
    assert gt.trace(A > 0).tolist() == np.trace(A > 0).tolist()


NORMS = [
    (X[0], order, axis)
    for order in (None, 2, 1, 3, 0, -1, -2, 0.5, np.inf, -np.inf)
    for axis in (None, 0, -1)
] + [
    (X, order, axis)
    for order in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    for axis in (None, (0, 1), (1, 0), (-1, -2))
] + [(A, None, None), (A, None, 1), (A, 3, -1), (A, 1, (0, 2)), (A, 2, (2, 0)), (A, "nuc", (1, 2)), (A, "fro", (0, 1))]  # fmt: skip


@pytest.mark.parametrize("case", range(len(NORMS)))
def test_norm_is_that_of_numpy(case):
    x, order, axis = NORMS[case]
    for keep in (False, True):
        want = np.linalg.norm(x, order, axis, keep)
        got = gt.norm(x, order, axis, keep)
        assert got.shape == np.shape(want)
        np.testing.assert_allclose(got, want, rtol=1e-9)


def test_norms_that_there_are_not():
    for x, order, axis in [
        (A, 2, None), (X[0], "fro", None), (X, "abc", None), (X, 3, None), (A, None, (0, 1, 2)), (X, np.nan, None),
        (X, 2, (0, 0)), (X, 1, (0, 5)), (X, "nuc", 0),
    ]:  # fmt: skip
        with pytest.raises(gt.GradtapeError):
            gt.norm(x, order, axis)
    assert gt.norm(np.array([3, 4])) == np.float32(5.0) and gt.norm(np.float64(-2)) == 2.0
    assert gt.grad(lambda x: gt.norm(x))(np.array([3.0, 4.0])).round(12).tolist() == [0.6, 0.8]


def test_the_greatest_of_nothing_is_an_error():
    tape = gt.Tape()
    for shape, axis in [((0,), None), ((0, 3), 0), ((2, 0), 1), ((2, 0), -1), ((2, 0), None), ((0, 3), (0, 1)), ((0, 0), 1)]:
        x = tape.constant(np.zeros(shape))
        for call in [x.max, x.min, lambda axis: np.max(x, axis), lambda axis: gt.amin(np.zeros(shape), axis)]:
            with pytest.raises(gt.GradtapeError, match="empty"):
                call(axis)
        with pytest.raises(ValueError):
            np.zeros(shape).max(axis)
    assert tape.constant(np.zeros((0, 3))).max(axis=1).shape == (0,)
    assert tape.constant(np.zeros((0, 3))).sum(axis=0).tolist() == [0.0] * 3


def test_masks_fit_their_axes():
    tape = gt.Tape()
    x = tape.watch(A)
    for key in [
        np.array([True, False, True]), [True], (slice(None), [True, False]), np.ones((2, 4), bool), (..., np.ones((3, 3), bool)),
        np.ones((2, 3, 5), bool), (0, np.array([True, False])),
    ]:  # fmt: skip
        with pytest.raises(IndexError) as numpys:
            A[key]
        with pytest.raises(IndexError, match="mask of .* truth values for axis") as ours:
            x[key]
        assert isinstance(ours.value, gt.GradtapeError) and "hint" in str(ours.value), numpys.value
    for key in [
        np.array([True, False]), (slice(None), [True, False, True]), A > 0, (..., np.ones((3, 4), bool)),
        (..., np.array([True, False, True, True])), (None, np.array([False, True])), (0, A[0] > -5), np.array([False, False]),
        (np.array([True, False]), ..., 1), (np.ones((2, 3), bool), slice(1, 3)), np.ones((2, 3), bool),
    ]:  # fmt: skip
        np.testing.assert_array_equal(x[key].numpy(), A[key])
    with pytest.raises(IndexError, match="truth value alone"):
        x[True]


def test_places_that_there_are_not_are_index_errors():
    tape = gt.Tape()
    x = tape.watch(A)
    for key in [9, [9], -9, (0, [0, 7]), np.array([[5]]), (0, 0, 0, 0), (..., ...), (0, -5)]:
        with pytest.raises(IndexError) as error:
            x[key]
        assert isinstance(error.value, gt.GradtapeIndexError) and isinstance(error.value, gt.GradtapeError)
        assert "test_tape_numpy.py" in str(error.value) and "hint: " in str(error.value)
    assert [row.shape for row in x] == [(3, 4)] * 2


def test_lists_of_values_are_recorded():
    def f(v, w):
        a, b = (v * v).sum(), w.sum()
        return [
            v * [a * a, b], [a, b] * v, v + (a, 1), gt.where(V > 1.5, [a, b], 0.0), gt.sum([a, b]), gt.sum([v, w]),
            gt.where([a > 0, b > 100], v, [b, a]), gt.mse_of([a, b]), v @ [[a, b], [1.0, 2]], gt.concat([[a, b], [a]]),
            gt.exp([[a, b]]), gt.maximum([a, b], v), gt.maximum(2.0, [a, b]), gt.dot(v, [a, b]), gt.stack([a, [b][0]]),
            np.multiply([a, b], v), gt.stack([[a, b], v]), v / [a, b],
        ]  # fmt: skip

    def mse_of(values):
        return gt.loss.mse(values, np.array([1.0, 2.0]))

    gt.mse_of = mse_of
    try:
        for number in range(18):
            gt.check_gradients(lambda v, w, n=number: (f(v, w)[n] * 1.0).sum(), V, V + 0.5, tolerance=1e-5)
    finally:
        del gt.mse_of
    tape = gt.Tape()
    a, b = tape.watch(2.0), tape.watch(3.0)
    assert (tape.constant(V, dtype="float32") * [a, b]).tolist() == [2.0, 6.0]
    assert gt.gradient((a * [a, b]).sum(), [a, b])[0].item() == 7.0
    weight = gt.Parameter(2.0)
    own = tape.parameter(weight)
    assert gt.gradient((a * [weight, 1.0]).sum(), [own])[0].item() == 2.0
    assert tape.constant(A)[[tape.constant(1), 0]].tolist() == A[[1, 0]].tolist()
    layer = gt.nn.Linear(2, 1)
    assert gt.depends_on(layer([[a, b], [b, a]]), a)
    for call in [lambda: tape.constant([a, b]), lambda: gt.Parameter([a, b]), lambda: weight.set([a])]:
        with pytest.raises(gt.GradtapeError, match="gt.stack"):
            call()
    with pytest.raises(TypeError, match="gt.stack"):
        a * [a, "b"]
    with pytest.raises(gt.GradtapeError):
        tape.constant([1, 2]) * [tape.constant(1), 0.5]
    deep = [a]
    for _ in range(100):
        deep = [deep]
    with pytest.raises((gt.GradtapeError, ValueError, TypeError)):
        a * deep


def test_tangents_and_cotangents_have_the_shape_of_what_they_belong_to():
    tape = gt.Tape()
    y, pull = gt.vjp(lambda x: x * 2, X)
    for wrong in [1.0, np.ones(3), np.ones((1, 3)), tape.watch(np.ones(3))]:
        with pytest.raises(gt.GradtapeError, match=r"shape \((1, 3|3,|)\), but a result has shape \(2, 3\)"):
            pull(wrong)
        with pytest.raises(gt.GradtapeError, match=r"shape \((1, 3|3,|)\), but its argument has shape \(2, 3\)"):
            gt.jvp(lambda x: x * 2, (X,), (wrong,))
    assert pull(np.ones((2, 3)))[0].tolist() == [[2.0] * 3] * 2
    v = tape.watch(X)
    with pytest.raises(gt.GradtapeError, match="shape"):
        gt.vjp([v * 2], [v[0]], [v])
    with pytest.raises(gt.GradtapeError, match="shape"):
        gt.jvp([v * 2], [v], [v[0]])
    assert gt.jvp(lambda x: x * 2, (2.0,), (1,))[1] == 2.0


def test_a_tape_without_training_stays_one():
    with gt.Tape(training=False) as tape:
        tape.set_mode("eager")
    tape.reset()
    assert not tape.training and tape.mode == "eager"
    tape.reset()
    assert not tape.training and tape.mode == "eager"
    tape = gt.Tape()
    with tape:
        pass
    tape.reset()
    assert tape.training and tape.mode == "fused"
