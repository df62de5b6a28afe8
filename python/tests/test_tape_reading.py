"""Reading numbers where derivatives are taken is an error; branching on comparisons and printing is not."""

import inspect
import math
import re

import gradtape as gt
import numpy as np
import pytest

X = np.array([1.0, 2.0])

#: Ways to read a value of one element.
READS = {
    "float": float, "int": int, "bool": bool, "item": lambda v: v.item(), "numpy": lambda v: v.numpy(),
    "tolist": lambda v: v.tolist(), "asarray": np.asarray, "math": math.sqrt, "list": lambda v: np.array([v, v]),
    "float64": lambda v: np.float64(v), "evaluate": lambda v: gt.evaluate([v]), "dlpack": np.from_dlpack,
    "constant": lambda v: v.tape.constant(v), "parameter": gt.Parameter, "np.sum": lambda v: np.sum([v, v]),
}  # fmt: skip

#: Functions of functions whose derivatives would have been 0.
DERIVATIVES = {
    "grad": lambda f: gt.grad(f)(X),
    "value_and_grad": lambda f: gt.value_and_grad(f)(X),
    "vjp": lambda f: gt.vjp(f, X),
    "jvp": lambda f: gt.jvp(f, (X,), (X,)),
    "jacobian": lambda f: gt.jacobian(f)(X),
    "hessian": lambda f: gt.hessian(f)(X),
    "nested": lambda f: gt.grad(lambda x: gt.grad(f)(x).sum())(X),
    "tree": lambda f: gt.grad(lambda p: f(p["x"]))({"x": X, "y": 1.0}),
    "check_gradients": lambda f: gt.check_gradients(f, X),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_a_number_of_what_is_differentiated_is_not_read(derivative, read):
    def f(x):
        READS[read]((x * x).sum())
        return x.sum()

    with pytest.raises(gt.GradtapeError, match="derivative 0") as error:
        DERIVATIVES[derivative](f)
    assert re.search(r"at \S*test_tape_reading.py:\d+", str(error.value)), error.value
    assert "detach()" in str(error.value) and "hint: " in str(error.value)


def test_the_error_tells_the_line_and_how_to_read():
    def f(x):
        return x.sum() * float(x.sum())

    with pytest.raises(gt.GradtapeError) as error:
        gt.grad(f)(X)
    line = inspect.getsourcelines(f)[1] + 1
    text = str(error.value)
    assert f"test_tape_reading.py:{line}" in text and "float(v.detach()) reads" in text, text


def test_what_has_no_derivative_is_read():
    seen = []

    def f(x):
        seen.append((len(x), x.shape, repr(x), f"{x.sum():.1f}", str(x), x.dtype, x.size))
        if x.sum() > 2 and x[0] < x[1] and (x > 0).all():
            seen.append("branch")
        y = x.sum()
        while y > 1:
            y = y / 2
        place = x.argmax()
        assert int(place) == 1 and [5, 7][place] == 7 and x[place].shape == ()
        assert float(y.detach()) <= 1 and gt.stop_gradient(x).tolist() == [1.0, 2.0]
        assert float(x.tape.constant(3.0)) == 3.0 and float(gt.Tape().watch(2.0)) == 2.0
        return y

    assert gt.grad(f)(X).tolist() == [0.25, 0.25]
    assert seen[0][:4] == (2, (2,), "Var([1., 2.], float64[2])", "3.0") and seen[1] == "branch"


def test_numbers_are_read_again_when_the_derivative_is_taken():
    tape = gt.Tape()
    x = tape.watch(X)
    inside = []

    def f(v):
        inside.append(v)
        return (v * v).sum()

    slope = gt.grad(f)(x)
    assert slope.tolist() == [2.0, 4.0] and inside[0].tolist() == [1.0, 2.0] and float(x.sum()) == 3.0
    with pytest.raises(ZeroDivisionError):
        gt.grad(lambda v: 1 / 0)(x)
    assert float(x.sum()) == 3.0


def test_what_is_shared_is_read_where_it_is_not_differentiated():
    tape = gt.Tape()
    x, scale = tape.watch(X), tape.watch(3.0, dtype=float)
    assert gt.grad(lambda v: (v * float(scale)).sum())(x).tolist() == [3.0, 3.0]


def test_a_function_with_a_rule_of_its_own_computes_as_it_likes():
    def sine(x):
        return np.sin(x.numpy())

    ruled = gt.custom_gradient(lambda x, out, g: [g * gt.cos(x[0])])(sine)
    np.testing.assert_allclose(gt.grad(lambda x: (ruled(x) * x).sum())(X), np.sin(X) + X * np.cos(X))
    np.testing.assert_allclose(gt.hessian(lambda x: ruled(x).sum())(X), np.diag(-np.sin(X)))
    read = gt.custom_gradient(lambda x, out, g: [g * np.cos(x[0].numpy())])(sine)
    np.testing.assert_allclose(gt.grad(lambda x: read(x).sum())(X), np.cos(X))
    # Its second derivative would be 0.
    with pytest.raises(gt.GradtapeError, match="derivative 0"):
        gt.hessian(lambda x: read(x).sum())(X)
    # After it the function around it is differentiated again.
    with pytest.raises(gt.GradtapeError, match="derivative 0"):
        gt.grad(lambda x: ruled(x).sum() * float(x[0]))(X)


def test_a_value_is_formatted_as_a_number():
    tape = gt.Tape()
    loss = tape.watch(0.123456)
    assert f"{loss:.4f}" == "0.1235" and f"{tape.constant([3]):>3d}" == "  3" and f"{loss:e}".startswith("1.23456")
    assert f"{loss}" == repr(loss) and f"{tape.constant([1.0, 2.0])}" == "Var([1., 2.], float32[2])"
    with pytest.raises(gt.GradtapeError, match="one number, not of 2"):
        f"{tape.constant([1.0, 2.0]):.2f}"
    with pytest.raises(ValueError):
        f"{loss:zz}"
