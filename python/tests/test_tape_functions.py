"""Functions of functions, beside formulas and differences."""

import collections
import threading

import gradtape as gt
import numpy as np
import pytest


def test_derivatives_of_derivatives():
    f = lambda x: x**3  # noqa: E731
    assert gt.grad(f)(2.0) == 12.0
    assert gt.grad(gt.grad(f))(2.0) == 12.0
    assert gt.grad(gt.grad(gt.grad(f)))(2.0) == 6.0
    assert gt.grad(f)(np.float64(2)).dtype == np.float64 and gt.grad(f)(2.0).dtype == np.float32


def test_a_derivative_inside_of_a_function_is_about_its_own_argument():
    assert gt.grad(lambda x: x * gt.grad(lambda y: x + y)(x))(3.0) == 1.0
    assert gt.grad(lambda x: x * gt.grad(lambda y: x * y)(x))(3.0) == 6.0


def test_arguments_and_results_are_trees():
    Layer = collections.namedtuple("Layer", "w b")
    params = {"layers": [Layer(np.ones((2, 3)), np.zeros(3)), None], "scale": np.float64(2)}

    def loss(params, x):
        layer = params["layers"][0]
        return (params["scale"] * (x @ layer.w + layer.b)).sum()

    x = np.array([1.0, 2.0])
    value, slopes = gt.value_and_grad(loss)(params, x)
    assert value == 18.0 and slopes["layers"][1] is None
    np.testing.assert_array_equal(slopes["layers"][0].w, [[2] * 3, [4] * 3])
    assert type(slopes["layers"][0]) is Layer and slopes["scale"] == 9.0
    by_both = gt.grad(loss, argnums=(0, 1))(params, x)
    np.testing.assert_array_equal(by_both[1], [6.0, 6.0])
    assert gt.grad(loss, argnums=-1)(params, x).tolist() == [6.0, 6.0]
    (value, aux), _ = gt.value_and_grad(lambda p, x: (loss(p, x), {"x": x}), has_aux=True)(params, x)
    assert value == 18.0 and aux["x"] is x
    assert gt.tree_map(lambda a, b: a + b, {"a": [1, 2]}, {"a": [3, 4]}) == {"a": [4, 6]}
    assert gt.tree_leaves({"a": [1, (2, None)], "b": 3}) == [1, 2, 3]
    with pytest.raises(gt.GradtapeError, match="argnums"):
        gt.grad(loss, argnums=5)(params, x)


def test_vjp_and_jvp_are_the_jacobian_from_both_sides():
    f = lambda x: gt.stack([x.prod(), x.sum()])  # noqa: E731
    x = np.array([2.0, 3.0])
    np.testing.assert_array_equal(gt.jacobian(f)(x), [[3, 2], [1, 1]])
    y, pull = gt.vjp(f, x)
    assert y.tolist() == [6.0, 5.0]
    assert pull(np.array([1.0, 0.0]))[0].tolist() == [3.0, 2.0]
    assert pull(np.array([0.0, 1.0]))[0].tolist() == [1.0, 1.0]
    y, moved = gt.jvp(f, (x,), (np.array([1.0, -1.0]),))
    assert moved.tolist() == [1.0, 0.0]
    with pytest.raises(gt.GradtapeError, match="form"):
        gt.jvp(f, (x,), ())
    tape = gt.Tape()
    v = tape.watch(x)
    assert gt.jacobian(f(v), v).tolist() == [[3.0, 2.0], [1.0, 1.0]]
    assert gt.hessian((v**3).sum(), v).tolist() == [[12.0, 0.0], [0.0, 18.0]]
    assert gt.vjp([f(v)], [tape.constant([1.0, 0.0], dtype=float)], [v])[0].tolist() == [3.0, 2.0]
    assert gt.depends_on(f(v), v) and not gt.depends_on(f(v), tape.watch(1.0))


def test_hessians_of_trees():
    f = lambda p: (p["a"] ** 2 * p["b"]).sum()  # noqa: E731
    h = gt.hessian(f)({"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])})
    np.testing.assert_array_equal(h["a"]["a"], [[6, 0], [0, 8]])
    np.testing.assert_array_equal(h["a"]["b"], [[2, 0], [0, 4]])
    np.testing.assert_array_equal(h["b"]["b"], np.zeros((2, 2)))
    np.testing.assert_array_equal(gt.hessian(lambda x: (x**3).sum())(np.array([2.0, 3.0])), [[12, 0], [0, 18]])


def test_vmap_is_a_loop():
    def f(w, x):
        return {"dot": (w * x).sum(), "slope": gt.grad(lambda v: (v * x).sum() ** 2)(w)}

    w, x = np.array([1.0, 2.0]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    calls = []

    def counted(w, x):
        calls.append(1)
        return f(w, x)

    got = gt.vmap(counted, in_axes=(None, 0))(w, x)
    assert len(calls) == 1
    np.testing.assert_array_equal(got["dot"], x @ w)
    np.testing.assert_array_equal(got["slope"], 2 * (x @ w)[:, None] * x)
    np.testing.assert_array_equal(gt.vmap(lambda x: x * 2, in_axes=1, out_axes=1)(x), x * 2)
    pairs = gt.vmap(lambda x: gt.vmap(lambda y: x * y)(np.arange(3.0)))(np.arange(2.0))
    np.testing.assert_array_equal(pairs, np.outer(np.arange(2), np.arange(3)))
    np.testing.assert_array_equal(gt.vmap(lambda x: 1.0)(w), [1.0, 1.0])
    np.testing.assert_array_equal(
        gt.vmap(lambda p: p["a"] + p["b"], in_axes=({"a": 0, "b": None},))({"a": w, "b": 1.0}), w + 1
    )
    assert gt.grad(lambda w: gt.vmap(lambda x: (w * x).sum())(x).sum())(w).tolist() == [2.0, 2.0]
    for call, word in [
        (lambda: gt.vmap(lambda x, y: x + y)(w, x), "examples"),
        (lambda: gt.vmap(lambda x: x)(1.0), "axis"),
        (lambda: gt.vmap(lambda x: float(x))(w), "one example"),
        (lambda: gt.vmap(lambda x: x, in_axes=(0, 0))(w), "axes"),
    ]:
        with pytest.raises(gt.GradtapeError, match=word):
            call()
    with pytest.raises(ZeroDivisionError):
        gt.vmap(lambda x: 1 / 0)(w)


def test_custom_gradients():
    @gt.custom_gradient(lambda x, out, g: [g * 2 * x[0], g * 0])
    def odd(x, y):
        return x + y

    assert gt.grad(lambda x: odd(x, 5.0))(3.0) == 6.0
    assert gt.grad(lambda y: odd(3.0, y))(3.0) == 0.0
    x = np.array([1.0, 2.0])
    assert gt.vmap(gt.grad(lambda x: odd(x, np.float64(1))))(x).tolist() == [2.0, 4.0]
    assert odd(1.0, 2.0) == 3.0

    def failing(x, out, g):
        raise KeyError("rule")

    with pytest.raises(KeyError, match="rule"):
        gt.grad(gt.custom_gradient(failing)(lambda x: x * x))(1.0)
    with pytest.raises(gt.GradtapeError, match="custom gradient"):
        gt.grad(gt.custom_gradient(lambda x, out, g: [])(lambda x: x * x))(1.0)


def test_gradients_are_checked():
    rows = gt.check_gradients(lambda x: (x.sin() * x).sum(), np.array([0.3, 1.2]))
    assert {row["order"] for row in rows} == {1, 2} and all(row["error"] < 1e-8 for row in rows)
    wrong = gt.custom_gradient(lambda x, out, g: [g * 3.0])(lambda x: x * 2.0)
    with pytest.raises(gt.GradtapeError, match="recorded 1.*by differences|derivative by element"):
        gt.check_gradients(lambda x: wrong(x).sum(), np.array([1.0]))
    with pytest.raises(gt.GradtapeError, match="no input"):
        gt.check_gradients(lambda x: x, np.array([1]))
    with pytest.raises(RuntimeError, match="mine"):
        gt.check_gradients(raising, np.array([1.0]))


def raising(*_):
    raise RuntimeError("mine")


def test_a_compiled_function_is_recorded_once_for_each_form_and_shape():
    calls = []

    @gt.compile
    def f(x, scale=1.0, name="a"):
        calls.append(name)
        return {"y": (x * scale).sum(), "x": x, "one": 1.0}

    x = np.arange(3.0)
    for _ in range(3):
        got = f(x, scale=2.0)
    assert got["y"] == 6.0 and got["x"].tolist() == x.tolist() and got["one"] == 1.0
    assert (len(calls), f.recordings) == (1, 1)
    f(np.arange(4.0), scale=2.0)
    f(x, scale=2.0, name="b")
    assert (calls, f.recordings) == (["a", "a", "b"], 3)
    assert f.__name__ == "f"
    assert gt.grad(lambda x: f(x)["y"])(x).tolist() == [1.0, 1.0, 1.0]
    assert gt.compile(lambda: 2.0)() == 2.0
    with pytest.raises(RuntimeError, match="mine"):
        gt.compile(raising)(x)
    with pytest.raises(gt.GradtapeError, match="compiled"):
        gt.compile(lambda x: x * float(x.sum()))(x)
    recursive = gt.compile(lambda x: recursive(np.ones(2)))
    with pytest.raises(gt.GradtapeError, match="calls itself"):
        recursive(x)


def test_threads_record_on_one_tape_and_compute_at_once():
    tape, found = gt.Tape(), []

    def work(number):
        for _ in range(50):
            x = tape.watch(np.full(10, float(number)))
            found.append(float(gt.gradient((x * x).sum(), [x])[0].sum()) == 20.0 * number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    assert len(found) == 400 and all(found)


def test_other_threads_run_while_numbers_are_computed():
    tape = gt.Tape()
    x = tape.watch(np.ones((900, 900)))
    y = x
    for _ in range(12):
        y = y @ x * 1e-3
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(1)

    thread = threading.Thread(target=tick)
    thread.start()
    before = len(ticks)
    y.numpy()
    during = len(ticks) - before
    done.set()
    thread.join()
    assert during > 1000


def test_a_value_lives_in_another_thread():
    made = []
    thread = threading.Thread(target=lambda: made.append(gt.Tape().watch(2.0) * 3))
    thread.start()
    thread.join()
    assert float(made.pop()) == 6.0
