"""Every operation by name beside NumPy, with its gradient beside differences."""

import math

import gradtape as gt
import numpy as np
import pytest
from gradtape import _gradtape

X = np.array([[0.3, -1.2, 0.7], [1.4, 0.1, -0.6]])
P = np.array([[0.3, 0.8, 0.55], [0.9, 0.15, 0.42]])
B = P > 0.5
A = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, -0.2], [0.1, -0.2, 1.1]])
I = np.array([[0, 1, 1], [1, 0, 0]])


def each(function):
    return np.vectorize(function, otypes=[float])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(x))


def logsumexp(x, axis=None):
    return np.log(np.exp(x).sum(axis=axis))


# Name: array, further arguments, what NumPy makes of it, and whether it is smooth there.
CASES = {
    **{name: (X, (), getattr(np, name), True) for name in (
        "exp", "exp2", "expm1", "square", "abs", "sin", "cos", "tan", "sinh", "cosh", "tanh", "reciprocal"
    )},
    **{name: (P, (), getattr(np, name), True) for name in ("log", "log2", "log10", "log1p", "sqrt")},
    **{name: (X, (), getattr(np, name), False) for name in ("sign", "trunc", "floor", "ceil", "round")},
    **{name: (P, (), getattr(np, "arc" + name[1:]), True) for name in (
        "asin", "acos", "atan", "asinh", "atanh"
    )},
    "acosh": (P + 1, (), np.arccosh, True),
    "rsqrt": (P, (), lambda x: x**-0.5, True),
    "erf": (X, (), each(math.erf), True),
    "erfc": (X, (), each(math.erfc), True),
    "erf_inv": (each(math.erf)(X), (), lambda _: X, True),
    "lgamma": (P, (), each(math.lgamma), True),
    "digamma": (P + 3, (), lambda x: np.log(x) - 1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4)
                - 1 / (252 * x**6) + 1 / (240 * x**8), 1e-6),
    "polygamma": (np.array([1.0]), (1,), lambda x, n: np.array([math.pi**2 / 6]), True),
    "is_nan": (np.array([1.0, np.nan]), (), np.isnan, False),
    "is_inf": (np.array([1.0, -np.inf]), (), np.isinf, False),
    "is_finite": (np.array([1.0, -np.inf]), (), np.isfinite, False),
    "logical_not": (B, (), np.logical_not, False),
    "stop_gradient": (X, (), lambda x: x, False),
    **{name: (X, (P,), getattr(np, name), True) for name in (
        "add", "subtract", "multiply", "divide", "hypot", "logaddexp"
    )},
    "floor_divide": (X, (P + 0.2,), np.floor_divide, False),
    "remainder": (X, (P + 0.2,), np.remainder, True),
    **{name: (X, (P + 0.2,), getattr(np, name), True) for name in ("maximum", "minimum")},
    **{name: (X, (P,), getattr(np, name), False) for name in (
        "less", "less_equal", "equal", "greater", "greater_equal", "not_equal"
    )},
    "pow": (P, (2.5,), np.power, True),
    "atan2": (X, (P,), np.arctan2, True),
    "xlogy": (X, (P,), lambda x, y: x * np.log(y), True),
    **{name: (B, (X > 0,), getattr(np, name), False) for name in (
        "logical_and", "logical_or", "logical_xor"
    )},
    "clip": (X, (-0.5, 0.5), np.clip, True),
    "select": (B, (X, 0.0), np.where, False),
    "full_like": (X, (2.5,), np.full_like, False),
    "relu": (X, (), lambda x: np.maximum(x, 0), True),
    "sigmoid": (X, (), sigmoid, True),
    "softplus": (X, (), softplus, True),
    "log_sigmoid": (X, (), lambda x: np.log(sigmoid(x)), True),
    "silu": (X, (), lambda x: x * sigmoid(x), True),
    "gelu": (X, (), lambda x: x * 0.5 * (1 + each(math.erf)(x / 2**0.5)), True),
    "gelu_tanh": (X, (), lambda x: 0.5 * x * (1 + np.tanh((2 / np.pi)**0.5 * (x + 0.044715 * x**3))), True),
    "selu": (X, (), lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)), True),
    "mish": (X, (), lambda x: x * np.tanh(softplus(x)), True),
    "hardsigmoid": (X, (), lambda x: np.clip(x / 6 + 0.5, 0, 1), True),
    "hardswish": (X, (), lambda x: x * np.clip(x / 6 + 0.5, 0, 1), True),
    "softsign": (X, (), lambda x: x / (1 + abs(x)), True),
    "leaky_relu": (X, (0.1,), lambda x, a: np.where(x > 0, x, a * x), True),
    "elu": (X, (0.7,), lambda x, a: np.where(x > 0, x, a * np.expm1(x)), True),
    "celu": (X, (0.7,), lambda x, a: np.where(x > 0, x, a * np.expm1(x / a)), True),
    **{name: (X, (1,), getattr(np, name), True) for name in ("sum", "mean", "max", "min", "prod", "var")},
    "std": (X, (1, 1), lambda x, a, d: np.std(x, a, ddof=d), True),
    "logsumexp": (X, (0,), logsumexp, True),
    "any": (B, (0,), np.any, False),
    "all": (B, (0,), np.all, False),
    "count_nonzero": (B, (1,), np.count_nonzero, False),
    "norm": (X, (3.0, 1), lambda x, p, a: (abs(x)**p).sum(a)**(1 / p), True),
    "normalize": (X, (1, 1e-5), lambda x, a, e: (x - x.mean(a, keepdims=True))
                  / np.sqrt(x.var(a, keepdims=True) + e), True),
    "argmax": (X, (1,), np.argmax, False),
    "argmin": (X, (), np.argmin, False),
    "softmax": (X, (0,), lambda x, a: np.exp(x) / np.exp(x).sum(a), True),
    "log_softmax": (X, (0,), lambda x, a: np.log(np.exp(x) / np.exp(x).sum(a)), True),
    "glu": (X, (0,), lambda x, a: x[:1] * sigmoid(x[1:]), True),
    "cumsum": (X, (1,), np.cumsum, True),
    "cumprod": (X, (), np.cumprod, True),
    "logcumsumexp": (X, (1,), lambda x, a: np.log(np.cumsum(np.exp(x), a)), True),
    "cummax": (X, (1,), lambda x, a: (np.maximum.accumulate(x, a), np.array([[0, 0, 2], [0, 0, 0]])), False),
    "cummin": (X, (1,), lambda x, a: (np.minimum.accumulate(x, a), np.array([[0, 1, 1], [0, 1, 2]])), False),
    "sort": (X, (), np.sort, True),
    "argsort": (X, (), np.argsort, False),
    "top_k": (X, (2,), lambda x, k: (np.sort(x)[:, ::-1][:, :k], np.argsort(x)[:, ::-1][:, :k]), False),
    "median": (X, (1,), np.median, True),
    "quantile": (X, (0.3, 1), lambda x, q, a: np.quantile(x, q, axis=a), True),
    "flip": (X, (), np.flip, True),
    "reshape": (X, (3, -1), lambda x, *s: x.reshape(s), True),
    "flatten": (X, (), np.ravel, True),
    "ravel": (X, (), np.ravel, True),
    "squeeze": (X[:, None], (), np.squeeze, True),
    "expand_dims": (X, (-1,), np.expand_dims, True),
    "transpose": (X, (), np.transpose, True),
    "swapaxes": (X, (0, 1), np.swapaxes, True),
    "moveaxis": (X[None], (0, -1), np.moveaxis, True),
    "broadcast_to": (X, ((4, 2, 3),), np.broadcast_to, True),
    "pad": (X, (((1, 0), (0, 2)),), np.pad, True),
    "tril": (X, (), np.tril, True),
    "triu": (X, (1,), np.triu, True),
    "diagonal": (A, (), np.diagonal, True),
    "trace": (A, (), np.trace, True),
    "window": (X, (1, 2), lambda x, a, n: np.lib.stride_tricks.sliding_window_view(x, n, a), True),
    "fold": (np.ones((1, 2, 2)), (1, 3), lambda x, a, n: np.array([[1.0, 2, 1]]), True),
    "tile": (X, (2, 1), lambda x, *r: np.tile(x, r), True),
    "repeat": (X, (2, 1), np.repeat, True),
    "roll": (X, (1, 1), np.roll, True),
    "split": (X, (3, 1), np.split, False),
    "matmul": (X, (A,), np.matmul, True),
    "dot": (X, (A,), np.dot, True),
    "outer": (X[0], (X[1],), np.outer, True),
    "tensordot": (X, (A, 1), np.tensordot, True),
    "isotonic_blocks": (np.array([5.0, 1.0, 2.0]), (np.zeros(3),), lambda x, y: np.array([0, 1, 1]), False),
    "isotonic_blocks_entropic": (np.array([5.0, 1.0, 2.0]), (np.zeros(3),), lambda x, y: np.array([0, 1, 1]), False),
    "take": (X, (np.array([1, 0, 1]), 0), np.take, True),
    "take_along_axis": (X, (I, 1), np.take_along_axis, True),
    "scatter_add": (X, (I, 1, (2, 2)), lambda x, i, a, s: np.array([[0.3, -0.5], [-0.5, 1.4]]), True),
    "scatter_max": (X, (I, 1, (2, 2)), lambda x, i, a, s: np.array([[0.3, 0.7], [0.1, 1.4]]), True),
    "scatter_min": (X, (I, 1, (2, 2)), lambda x, i, a, s: np.array([[0.3, -1.2], [-0.6, 1.4]]), True),
    "put_along_axis": (X, (I[:, :1], np.array([[5.0], [6.0]]), 1),
                       lambda x, i, v, a: np.array([[5, -1.2, 0.7], [1.4, 6, -0.6]]), True),
    "index_add": (X, (np.array([1, 1]), 0, 3), lambda x, i, a, s: np.stack([0 * x[0], x[0] + x[1], 0 * x[0]]), True),
    "index_max": (X, (np.array([0, 0]), 0, 1), lambda x, i, a, s: x.max(0)[None], True),
    "index_min": (X, (np.array([0, 0]), 0, 1), lambda x, i, a, s: x.min(0)[None], True),
    "index_copy": (X, (np.array([1]), np.zeros((1, 3)), 0), lambda x, i, v, a: np.stack([x[0], 0 * x[0]]), True),
    "with_index": (X, (0, -1, 9.0), lambda x, a, i, v: np.stack([x[0], 0 * x[0] + 9]), True),
    "with_slice": (X, (1, 0, 2, 9.0), lambda x, a, i, j, v: np.concatenate([0 * x[:, :2] + 9, x[:, 2:]], 1), True),
    "one_hot": (np.array([1, 0]), (3,), lambda x, n: np.eye(n, dtype="float32")[x], False),
    "searchsorted": (np.array([0.0, 1.0, 2.0]), (np.array([0.5, 1.0, 9.0]),), np.searchsorted, False),
    "inverse": (A, (), np.linalg.inv, True),
    "cholesky": (A, (), np.linalg.cholesky, True),
    "svdvals": (A, (), lambda x: np.linalg.svd(x, compute_uv=False), True),
    "eigvalsh": (A, (), np.linalg.eigvalsh, True),
    "logdet": (A, (), lambda x: np.log(np.linalg.det(x)), True),
    "det": (A, (), np.linalg.det, True),
    "pinv": (A, (), np.linalg.pinv, True),
    "spectral_norm": (A, (), lambda x: np.linalg.norm(x, 2), True),
    "nuclear_norm": (A, (), lambda x: np.linalg.norm(x, "nuc"), True),
    "solve": (A, (X[0],), np.linalg.solve, True),
    "lstsq": (A, (X[0],), np.linalg.solve, True),
    "triangular_solve": (np.tril(A), (X[0],), np.linalg.solve, False),
    "matrix_power": (A, (3,), np.linalg.matrix_power, True),
    "slogdet": (A, (), lambda x: tuple(np.linalg.slogdet(x)), False),
    "eigh": (A, (), lambda x: None, False),
    "qr": (A, (), lambda x: None, False),
    "svd": (A, (), lambda x: None, False),
    "lu": (A, (), lambda x: None, False),
}  # fmt: skip


def test_every_operation_has_a_case():
    assert sorted(CASES) == sorted(_gradtape.OPERATIONS)


@pytest.mark.parametrize("name", CASES)
def test_an_operation_is_that_of_numpy(name):
    x, args, want, smooth = CASES[name]
    method = getattr(gt, name)
    got, wanted = method(x, *args), want(x, *args)
    if wanted is not None:
        pairs = zip(got, wanted) if isinstance(got, (tuple, list)) else [(got, wanted)]
        for own, other in pairs:
            assert np.shape(own) == np.shape(other)
            np.testing.assert_allclose(own, other, rtol=smooth if smooth not in (True, False) else 1e-9, atol=1e-12)
    # Recorded as computed at once, and by the method as by the function.
    tape = gt.Tape()
    recorded = getattr(tape.watch(x), name)(*args)
    for own, other in zip(*[y if isinstance(y, (tuple, list)) else [y] for y in (recorded, got)]):
        np.testing.assert_array_equal(own.numpy(), other)
    if smooth and x.dtype.kind == "f":
        gt.check_gradients(lambda v: (method(v, *args) * 1.0).sum(), x, tolerance=1e-6)


def test_decompositions_multiply_to_the_matrix():
    q, r = gt.qr(A)
    u, s, vt = gt.svd(A)
    w, v = gt.eigh(A)
    for product in [q @ r, u @ np.diag(s) @ vt, v @ np.diag(w) @ v.T]:
        np.testing.assert_allclose(product, A, atol=1e-12)
    rows, lower, upper = gt.lu(A)
    np.testing.assert_allclose(lower @ upper, A[rows], atol=1e-12)


V3 = np.array([1.0, 2.0])


def test_functions_of_several_values():
    tape = gt.Tape()
    x, y = tape.watch(X), tape.watch(P)
    np.testing.assert_array_equal(gt.concatenate([x, y], axis=1).numpy(), np.concatenate([X, P], 1))
    np.testing.assert_array_equal(gt.concat([x, P]).numpy(), np.concatenate([X, P]))
    np.testing.assert_array_equal(gt.stack([x, y], axis=-1).numpy(), np.stack([X, P], -1))
    np.testing.assert_allclose(gt.einsum("ij,kj->ik", x, y).numpy(), np.einsum("ij,kj->ik", X, P))
    np.testing.assert_allclose(gt.einsum("ij,kj->ik", X, P), np.einsum("ij,kj->ik", X, P))
    for indexing in ("xy", "ij"):
        rows, columns = gt.meshgrid(x[0], y[1], indexing=indexing)
        np.testing.assert_array_equal([rows.numpy(), columns.numpy()], np.meshgrid(X[0], P[1], indexing=indexing))
        for own, want in zip(gt.meshgrid(X[0], P[1], V3, indexing=indexing), np.meshgrid(X[0], P[1], V3, indexing=indexing)):
            np.testing.assert_array_equal(own, want)
    np.testing.assert_array_equal(gt.meshgrid(X[0], P[1])[0], np.meshgrid(X[0], P[1])[0])
    np.testing.assert_array_equal(gt.outer(X, P), np.outer(X, P))
    with pytest.raises(gt.GradtapeError, match="indexing"):
        gt.meshgrid(x[0], indexing="zz")
    np.testing.assert_array_equal(gt.where(x > 0, x, 0.0).numpy(), np.where(X > 0, X, 0))
    np.testing.assert_array_equal(gt.where(B, 1.0, x).numpy(), np.where(B, 1.0, X))
    np.testing.assert_array_equal(gt.where(B, X, 0.0), np.where(B, X, 0.0))
    image, kernel = np.arange(16.0).reshape(1, 1, 4, 4), np.ones((1, 1, 2, 2))
    assert gt.convolve(image, kernel, stride=2).tolist() == [[[[10.0, 18.0], [42.0, 50.0]]]]
    with pytest.raises(gt.GradtapeError, match="convolve"):
        gt.convolve(image, np.ones((1, 2, 2, 2)))


def test_reductions_keep_axes_if_asked():
    for name in ["sum", "mean", "max", "min", "prod", "logsumexp", "var", "std", "norm", "argmax", "median"]:
        got = getattr(gt, name)
        assert got(X, axis=1, keepdims=True).shape == (2, 1), name
        assert got(X, keepdims=True).shape == (1, 1), name
        assert got(X).shape == (), name
    assert gt.sum(X, axis=(0, 1)).shape == () and gt.sum(X, axis=-1).shape == (2,)
    assert gt.sum(B) == B.sum() and gt.mean(B) == np.float32(B.mean())


def test_names_of_numpy_stand_beside_ours():
    tape = gt.Tape()
    for alias, name in gt._operations.ALIASES.items():
        assert getattr(gt, alias) is getattr(gt, name)
        assert hasattr(tape.watch(1.0), alias)


def test_every_operation_has_a_sentence():
    for name in _gradtape.OPERATIONS:
        doc = getattr(gt, name).__doc__
        assert doc and doc.strip().endswith("."), name
        assert getattr(gt.Var, name).__text_signature__, name


def test_soft_functions_are_near_the_hard_ones_and_have_a_gradient():
    x = np.array([2.9, 0.1, 1.2])
    assert gt.soft.soft_rank(x, 0.1).tolist() == [3.0, 1.0, 2.0]
    assert sorted(gt.soft.soft_sort(x, 0.01).round(6)) == sorted(x)
    np.testing.assert_allclose(gt.soft.tempered_softmax(x, temperature=0.01), [1, 0, 0], atol=1e-9)
    assert abs(gt.soft.soft_argmax(x, temperature=0.01)) < 1e-9 and gt.soft.smooth_sign(x, 1e-3).tolist() == [1.0] * 3
    assert gt.soft.straight_through_round(x).tolist() == [3.0, 0.0, 1.0]
    assert gt.grad(lambda x: gt.soft.straight_through_round(x).sum())(x).tolist() == [1.0] * 3
    for name in gt.soft.__all__:
        function = getattr(gt.soft, name)
        if name == "gumbel_softmax":
            assert abs(function(x, gt.Generator(1)).sum() - 1) < 1e-9
        elif name == "smooth_accuracy":
            assert 0 <= function(x[None], np.array([0])) <= 1
        elif name == "straight_through":
            assert function(x, x * 2).tolist() == x.tolist()
        else:
            assert np.isfinite(function(x)).all()
    tape = gt.Tape()
    drawn = gt.random.categorical(tape.constant(np.array([[0.0, 50.0], [50.0, 0.0]])), gt.Generator(0))
    assert drawn.tolist() == [1, 0]
    assert gt.random.bernoulli(tape.constant([0.0, 1.0]), gt.Generator(0)).tolist() == [0.0, 1.0]
