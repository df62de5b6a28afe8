"""Operations as functions: of values on a tape, which they record, and of arrays, which they compute at once."""

from __future__ import annotations

import functools
import inspect

import numpy as np

from . import _gradtape
from ._gradtape import Tape, Var
from ._tree import flatten

#: What NumPy and JAX call operations, beside the names of the library.
ALIASES = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "clamp": "clip",
    "detach": "stop_gradient",
    "amax": "max",
    "amin": "min",
    "erfinv": "erf_inv",
    "fix": "trunc",
    "gammaln": "lgamma",
    "inv": "inverse",
    "isfinite": "is_finite",
    "isinf": "is_inf",
    "isnan": "is_nan",
    "mod": "remainder",
    "permute_dims": "transpose",
    "power": "pow",
    "true_divide": "divide",
    "unsqueeze": "expand_dims",
}


def first_var(tree):
    """The first value of a tape among the leaves of a tree."""
    return next((leaf for leaf in flatten(tree)[0] if isinstance(leaf, Var)), None)


def read(tree):
    """A tree of values, computed together, as one of arrays; numbers without axes as NumPy's scalars."""
    leaves, build = flatten(tree)
    places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, Var)]
    numbers = _gradtape.evaluate([leaves[place] for place in places])
    for place, array in zip(places, numbers):
        leaves[place] = array[()] if array.ndim == 0 else array
    return build(leaves)


def _function(name, method):
    @functools.wraps(method)
    def call(x, *args, **kwargs):
        if isinstance(x, Var):
            return method(x, *args, **kwargs)
        var = _gradtape.var_in(x)
        if var is None:
            var = first_var((args, kwargs))
        if var is not None:
            return method(var.lift(x), *args, **kwargs)
        tape = Tape(training=False)
        return read(method(tape.constant(x), *args, **kwargs))

    call.__module__ = "gradtape"
    call.__name__ = call.__qualname__ = name
    try:
        signature = inspect.signature(method)
        first, *rest = signature.parameters.values()
        call.__signature__ = signature.replace(parameters=[first.replace(name="x"), *rest])
    except (TypeError, ValueError):
        pass
    del call.__wrapped__
    return call


def _of_several(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        if first_var((args, kwargs)) is not None:
            return function(*args, **kwargs)
        tape = Tape(training=False)
        lifted = [
            arg if isinstance(arg, str) else _constants(tape, arg) for arg in args
        ]
        return read(function(*lifted, **kwargs))

    call.__module__ = "gradtape"
    del call.__wrapped__
    call.__signature__ = inspect.signature(function)
    return call


def _constants(tape, arg):
    if isinstance(arg, (list, tuple)):
        return [tape.constant(part) for part in arg]
    return tape.constant(arg) if isinstance(arg, np.ndarray) else arg


#: All operations by name, as functions.
FUNCTIONS = {name: _function(name, getattr(Var, name)) for name in _gradtape.OPERATIONS}
for _alias, _name in ALIASES.items():
    if _name in FUNCTIONS:
        FUNCTIONS[_alias] = FUNCTIONS[_name]
        if not hasattr(Var, _alias):
            setattr(Var, _alias, getattr(Var, _name))

concat = concatenate = _of_several(_gradtape.concat)
stack = _of_several(_gradtape.stack)
einsum = _of_several(_gradtape.einsum)
meshgrid = _of_several(_gradtape.meshgrid)
convolve = _of_several(_gradtape.convolve)


def where(condition, x, y):
    """x where a condition is true, y elsewhere; shapes broadcast."""
    var = first_var((condition, x, y))
    tape = Tape(training=False) if var is None else var.tape
    if _gradtape.var_in(condition) is not None:
        condition = var.lift(condition)
    if not isinstance(condition, Var):
        condition = tape.constant(np.asarray(condition, dtype=bool))
    if var is None:
        x = tape.constant(x) if not isinstance(x, (int, float)) else x
        return read(condition.select(x, y))
    return condition.select(x, y)


FUNCTIONS |= {
    "concat": concat,
    "concatenate": concatenate,
    "stack": stack,
    "einsum": einsum,
    "meshgrid": meshgrid,
    "convolve": convolve,
    "where": where,
}
