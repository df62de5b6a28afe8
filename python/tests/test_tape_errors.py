"""Errors: at the line that is wrong, with a way out; and no panic for anything that is given."""

import inspect
import re

import gradtape as gt
import numpy as np
import pytest


def line():
    return inspect.currentframe().f_back.f_lineno


def text_of(call):
    with pytest.raises(gt.GradtapeError) as error:
        call()
    return str(error.value)


def test_an_error_names_its_line_and_those_of_the_operands():
    tape = gt.Tape()
    x, first = tape.watch(np.ones((2, 3))), line()
    y, second = tape.constant(np.ones(4)), line()
    text = text_of(lambda: x + y)
    for number, word in [(first, "watched"), (second, "constant")]:
        assert re.search(rf"{word} from \S*test_tape_errors.py:{number}", text), text
    assert re.search(r"at \S*test_tape_errors.py:\d+", text) and "hint: " in text and ".rs" not in text


def test_an_error_that_comes_on_reading_names_the_line_that_recorded_it():
    tape = gt.Tape()
    x = tape.watch(np.ones((2, 3)))
    y, recorded = x.take(tape.constant([0, 1]) * 7, axis=0), line()
    z = y * 2 + 1
    text = text_of(z.numpy)
    assert f"test_tape_errors.py:{recorded}" in text, text
    # One of two lines, with the same operation.
    a = x.take(tape.constant([5]), axis=0)
    b = x.take(tape.constant([0]), axis=0)
    text = text_of(lambda: (a + b).numpy())
    assert "test_tape_errors.py" in text


def test_lines_of_this_package_are_none_of_the_users():
    net = gt.nn.Sequential(gt.nn.Linear(3, 2), gt.nn.Relu())
    tape = gt.Tape()
    x = tape.constant(np.ones((1, 4), "float32"))
    for call in [lambda: net(x), lambda: gt.loss.mse(x, x[:, :2]), lambda: gt.grad(lambda x: x)(np.ones(2))]:
        text = text_of(call)
        assert "test_tape_errors.py" in text and "package" not in text, text
    assert "Linear" in text_of(lambda: net(x)) and "takes 3" in text_of(lambda: net(x))


def test_a_spent_tape_names_the_step():
    w = gt.Parameter([1.0])
    opt, tape = gt.optim.Sgd(w, 0.1), gt.Tape()
    loss = (tape.parameter(w) ** 2).sum()
    opt.step(loss)
    stepped = line() - 1
    assert float(loss) == 1.0
    text = text_of(lambda: tape.parameter(w) * 2)
    assert f"test_tape_errors.py:{stepped}" in text and "tape.reset()" in text


HOSTILE = {
    "objects": np.array([1.0, "a", None], dtype=object),
    "complex": np.ones(2, complex),
    "texts": np.array(["1", "2"]),
    "times": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "records": np.zeros(2, dtype=[("a", "f4")]),
    "void": np.zeros(2, dtype="V8"),
    "long double": np.ones(2, np.longdouble),
    "great": np.array([2**64 - 1], "uint64"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_arrays_that_are_no_numbers_are_refused(name):
    tape = gt.Tape()
    for call in [
        lambda: tape.constant(HOSTILE[name]),
        lambda: tape.watch([1.0, 2.0]) + HOSTILE[name],
        lambda: gt.exp(HOSTILE[name]),
        lambda: gt.nn.Linear(2, 1)(HOSTILE[name]),
        lambda: gt.Parameter(HOSTILE[name]),
    ]:
        text = text_of(call)
        assert "hint: " in text, text


def test_arrays_of_any_order_strides_and_bytes_are_read():
    whole = np.arange(24.0).reshape(2, 3, 4)
    packed = np.zeros(7, dtype=[("skip", "i1"), ("x", "f8")])
    packed["x"] = np.arange(7)
    locked = np.ones(3)
    locked.flags.writeable = False
    for x in [
        np.asfortranarray(whole), whole.T, whole[::-1, ::-2, 1::2], whole[:, :0], np.broadcast_to(whole[0], (5, 3, 4)),
        whole.astype(">f8"), whole.astype(">f4"), whole.astype(">i2"), packed["x"], np.array(3.5), np.array([]),
        np.zeros((0, 5), "float32"), whole.astype("float16"), whole > 5, whole.astype("uint8"), locked,
        np.array([np.nan, np.inf, -np.inf]), np.matrix([[1.0, 2.0]]), np.ma.array([1.0, 2.0]),
    ]:  # fmt: skip
        got = gt.Tape().constant(x)
        assert got.shape == x.shape
        np.testing.assert_array_equal(got.numpy(), np.asarray(x))


def test_arrays_of_other_libraries_are_read():
    class Arrays:
        def __array__(self, dtype=None, copy=None):
            return np.ones((2, 2))

    class Packs:
        def __dlpack__(self, **_):
            return np.ones(2).__dlpack__()

        def __dlpack_device__(self):
            return (1, 0)

    tape = gt.Tape()
    assert tape.constant(Arrays()).shape == (2, 2) and tape.constant(Packs()).tolist() == [1.0, 1.0]
    assert (tape.watch(np.ones((2, 2))) + Arrays()).tolist() == [[2.0, 2.0]] * 2


BIG = [2**31, 2**62, 2**63 - 1, -(2**63), 2**64, -1, 10**30]


def test_no_argument_makes_it_panic():
    """Everything that can be called, with sizes, axes and objects that fit nothing."""
    odd = [*BIG, 0, 1.5, float("nan"), float("inf"), "zz", None, [], {}, (), object(), [2**62, 2**62], np.ones(0), b"x", True]
    shapes = [np.ones((2, 3)), np.ones(()), np.ones((0, 3)), np.ones((2, 3), bool), np.ones((2, 3), int)]
    expected = (gt.GradtapeError, TypeError, ValueError, OverflowError, IndexError, MemoryError)
    refused = 0
    for array in shapes:
        tape = gt.Tape()
        x = tape.watch(array)
        names = [name for name in dir(x) if not name.startswith("_") and callable(getattr(x, name))]
        for name in names:
            method = getattr(x, name)
            for arguments in [()] + [(a,) for a in odd] + [(a, a) for a in odd] + [(x, a) for a in odd]:
                try:
                    method(*arguments)
                except expected:
                    refused += 1
        for key in [*odd, (0, 0, 0, 0), (..., ...), slice(2**62, -(2**62), -(2**61)), [[[2**62]]], x, slice(None, None, 0)]:
            try:
                x[key]
            except (*expected, ZeroDivisionError):
                refused += 1
    assert refused > 1000


def test_sizes_beyond_memory_are_errors():
    tape = gt.Tape()
    x = tape.watch(np.ones(2))
    for call in [
        lambda: x.broadcast_to(2**40, 2**40, 2),
        lambda: x.reshape(2**62, 2**62),
        lambda: x.broadcast_to(2**40, 2).numpy(),
        lambda: x.tile(2**60, 2**10),
        lambda: x.pad((2**62, 2**62)),
        lambda: gt.nn.Linear(2**40, 2**40),
        lambda: gt.nn.Linear(0, -1),
        lambda: x.one_hot(2**62),
    ]:
        with pytest.raises((gt.GradtapeError, OverflowError)):
            call()


def test_what_is_no_number_beside_a_value_is_a_type_error():
    x = gt.Tape().watch(1.0)
    for other in ["a", None, {}, object(), {1}]:
        for call in [lambda o=other: x + o, lambda o=other: o * x, lambda o=other: x @ o, lambda o=other: x < o]:
            with pytest.raises(TypeError):
                call()
        with pytest.raises((TypeError, gt.GradtapeError)):
            gt.maximum(x, other)
    assert (x == None) is False and (x != "a") is True  # noqa: E711
    with pytest.raises(gt.GradtapeError, match="64 bits"):
        x + 2**70
