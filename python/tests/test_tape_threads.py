"""Threads that touch a tape while a function of Python records on it: nobody waits for ever."""

import threading
import time

import gradtape as gt
import numpy as np
import pytest
from gradtape import nn, optim

X = np.arange(6.0).reshape(3, 2)


def beside(work):
    """What another thread gives, waited for from where it is asked."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "the other thread waits for ever"
    return found[0]


def test_another_thread_records_while_a_function_is_mapped():
    tape = gt.Tape()
    v = tape.watch(X)

    def one(row):
        assert beside(lambda: float((v * 2).sum())) == 30.0
        assert beside(lambda: gt.vmap(lambda r: r * 3)(v).shape) == (3, 2)
        return row * 2 + beside(lambda: v.sum())

    assert gt.vmap(one)(v).tolist() == (X * 2 + 15).tolist()
    slope = gt.gradient(gt.vmap(one)(v).sum(), [v])[0]
    assert slope.tolist() == [[8.0, 8.0]] * 3


def test_another_thread_records_while_a_function_is_compiled():
    def f(x):
        y = beside(lambda: x * 2)
        return y + beside(lambda: gt.vmap(lambda r: r + 1)(x))

    compiled = gt.compile(f)
    for _ in range(2):
        assert compiled(X).tolist() == (X * 3 + 1).tolist()
    assert compiled.recordings == 1


def test_another_thread_records_while_a_rule_does():
    tape = gt.Tape()
    v = tape.watch(X)
    rule = gt.custom_gradient(lambda x, out, g: [g * beside(lambda: v.sum() * 2)])
    slope = gt.gradient(rule(lambda x: x * 1.0)(v).sum(), [v])[0]
    assert slope.tolist() == [[30.0, 30.0]] * 3
    w = gt.Parameter(X)
    adam = optim.Sgd(w, 1.0)
    own = gt.Tape()
    ruled = gt.custom_gradient(lambda x, out, g: [g * beside(lambda: 3.0)])(lambda x: x * 1.0)
    adam.step(ruled(own.parameter(w)).sum())
    assert w.numpy().tolist() == (X - 3).tolist()


def test_another_thread_records_while_a_loss_is_minimised():
    w = gt.Parameter(np.ones(2))
    lbfgs = optim.by_name("lbfgs", w, lr=1.0)
    losses = []

    def loss(tape):
        v = tape.parameter(w)
        losses.append(beside(lambda: (v * v).sum()))
        return losses[-1]

    lbfgs.minimize(loss)
    assert losses and abs(w.numpy()).max() < 1.0


def test_many_threads_map_on_one_tape():
    tape = gt.Tape()
    v, found = tape.watch(X), []

    def work(number):
        def one(row):
            time.sleep(0.0005)
            return row * number + (row * row).sum()

        for _ in range(5):
            mapped = gt.vmap(one)(v)
            slope = gt.gradient(mapped.sum(), [v])[0]
            found.append(
                np.allclose(mapped.numpy(), X * number + (X * X).sum(1, keepdims=True))
                and np.allclose(slope.numpy(), number + 4 * X)
            )

    threads = [threading.Thread(target=work, args=(float(number),)) for number in range(6)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    assert len(found) == 30 and all(found)


def test_many_threads_call_one_compiled_function():
    calls, found = [], []

    @gt.compile
    def f(x):
        calls.append(1)
        time.sleep(0.02)
        return (x * x).sum()

    threads = [threading.Thread(target=lambda: found.append(float(f(X)))) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    assert found == [55.0] * 6 and len(calls) == f.recordings == 1


def test_a_tape_is_not_reset_while_a_function_records_on_it():
    tape = gt.Tape()
    v = tape.watch(X)
    for reset in [tape.reset, lambda: beside(lambda: attempt(tape.reset))]:
        def one(row):
            reset_error = attempt(reset)
            assert "reset" in reset_error
            return row

        assert gt.vmap(one)(v).shape == (3, 2)
    tape.reset()
    with pytest.raises(gt.GradtapeError, match="reset"):
        v + 1


def attempt(call):
    try:
        return str(call())
    except gt.GradtapeError as error:
        return str(error)


def test_what_a_function_raises_leaves_the_tape_as_it_was():
    tape = gt.Tape()
    v = tape.watch(X)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            gt.vmap(lambda row: gt.vmap(lambda x: 1 / 0)(row))(v)
    assert float((v * 2).sum()) == 30.0 and nn.Linear(2, 1)(v.astype("float32")).shape == (3, 1)
    kept = []
    compiled = gt.compile(lambda x: kept.append(x) or x * 2)
    compiled(X)
    with pytest.raises(gt.GradtapeError, match="closed"):
        kept[0] + 1
