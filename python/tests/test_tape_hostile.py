"""Everything that can be called, with arguments that fit nothing: an error, and never a panic."""

import gradtape as gt
import numpy as np
import pytest
from gradtape import _gradtape, nn, optim

#: What may be raised. A panic is none of these: it is no `Exception`.
EXPECTED = (
    gt.GradtapeError, TypeError, ValueError, OverflowError, IndexError, MemoryError, AttributeError, KeyError,
    ZeroDivisionError, OSError, StopIteration,
)  # fmt: skip

BIG = [2**40, 2**62, 2**63 - 1, -(2**63), 2**64, -1, 10**30]


def odd():
    return [
        *BIG, 0, 1.5, float("nan"), float("inf"), "zz", None, [], {}, (), object(), [2**62] * 2, np.ones(0), b"x", True,
        gt.Tape(), gt.Parameter(1.0), nn.Relu(), np.ones((2, 3)),
    ]  # fmt: skip


def refused(calls):
    """How many of the calls raised."""
    count = 0
    for function, args, kwargs in calls:
        try:
            function(*args, **kwargs)
        except EXPECTED:
            count += 1
    return count


FILES = {"save", "load", "save_checkpoint", "load_checkpoint", "save_model", "load_model", "save_parameters",
         "load_parameters", "compile", "batches"}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "module", [gt, gt.loss, nn, optim, gt.soft, gt.random, gt.data, _gradtape], ids=lambda module: module.__name__
)
def test_functions(module):
    values = odd()
    lists = [()] + [(a,) for a in values] + [(a, b) for a in values for b in values[::3]] + [(a, a, a) for a in values]
    names = [name for name in dir(module) if not name.startswith("__") and name not in FILES]
    functions = [getattr(module, name) for name in names if callable(getattr(module, name))]
    assert refused((own, args, {}) for own in functions for args in lists) > len(functions)


@pytest.mark.filterwarnings("ignore")
def test_methods():
    net = nn.mlp([2, 3, 2])
    objects = [
        gt.Tape(), gt.Parameter([1.0, 2.0]), net, optim.Adam(net), optim.Scheduler("constant", 0.1, 10), gt.Generator(1),
        gt.compile(lambda x: x), _gradtape.Compiled(lambda tape, x: x),
    ]  # fmt: skip
    skipped = {"__class__", "__init_subclass__", "__subclasshook__", "__new__", "__dir__"}
    values, count = odd(), 0
    for own in objects:
        for name in set(dir(type(own))) - skipped:
            try:
                method = getattr(own, name)
            except EXPECTED:
                continue
            if callable(method):
                lists = [()] + [(a,) for a in values] + [(a, a) for a in values]
                count += refused((method, args, {}) for args in lists)
    assert count > 1000


@pytest.mark.filterwarnings("ignore")
def test_layers_and_optimisers():
    values, count = odd(), 0
    for row in nn.LAYERS:
        cls, names = getattr(nn, row["name"]), row["arguments"]
        for a in values:
            count += refused([(cls, [a] * len(names), {})])
            count += refused((cls, (), {k: a if k == name else 2 for k in names}) for name in names)
    net = nn.mlp([2, 3, 2])
    for row in optim.OPTIMIZERS:
        for name in [*row["settings"], *optim._SHARED]:
            count += refused((optim.by_name, (row["name"], net), {name: a}) for a in values)
    assert count > 5000


@pytest.mark.filterwarnings("ignore")
def test_layers_are_called_with_arrays_that_do_not_fit():
    count = 0
    for _, text, shape in _gradtape.layer_samples():
        layer = nn.from_spec(text)
        arrays = [
            np.ones(()), np.ones((0, 2), "float32"), np.zeros((0,) * len(shape), "float32"), np.ones((2,) * 7, "float32"),
            np.full(shape, -5), np.full(shape, 2**62), np.full(shape, np.nan, "float32"), np.full(shape, 1e38, "float32"),
        ]  # fmt: skip
        count += refused((layer, [x], {}) for x in [*arrays, *odd()])
    assert count > 1000
