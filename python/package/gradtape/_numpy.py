"""NumPy's functions of values on a tape: `np.exp(v)` records what `gt.exp(v)` does, and what has no name here is an error.

Without this NumPy would read the numbers of a value and compute with them, and no gradient would pass.
"""

from __future__ import annotations

import numpy as np

from . import _gradtape
from ._gradtape import Var
from ._operations import FUNCTIONS
from ._tree import flatten

#: What NumPy means something else by than this package does, by the same name.
_OTHERS = {"convolve", "fold", "lstsq", "put_along_axis", "select", "window"}

#: Functions whose answer is for people, or yes or no: they read the numbers.
_READING = {
    "allclose", "array2string", "array_equal", "array_equiv", "array_repr", "array_str", "iscomplexobj", "isclose",
    "isrealobj", "save", "savetxt", "savez", "savez_compressed",
}  # fmt: skip

_NAMES = {
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "bitwise_xor": "logical_xor",
    "concatenate": "concat",
    "conj": "positive",
    "conjugate": "positive",
    "expit": "sigmoid",
    "invert": "logical_not",
    "psi": "digamma",
}

#: What NumPy calls where an array stands before an operator and a value behind it: the operators on either side.
_OPERATORS = {
    ufunc: (getattr(Var, f"__{name}__"), getattr(Var, f"__{behind}__"))
    for ufunc, name, behind in [
        (np.add, "add", "radd"), (np.subtract, "sub", "rsub"), (np.multiply, "mul", "rmul"),
        (np.divide, "truediv", "rtruediv"), (np.floor_divide, "floordiv", "rfloordiv"), (np.remainder, "mod", "rmod"),
        (np.power, "pow", "rpow"),
        (np.matmul, "matmul", "rmatmul"), (np.less, "lt", "gt"), (np.less_equal, "le", "ge"), (np.equal, "eq", "eq"),
        (np.not_equal, "ne", "ne"), (np.greater, "gt", "lt"), (np.greater_equal, "ge", "le"),
    ]
}  # fmt: skip

#: Functions of NumPy that are none of the table, or have other arguments, as functions of values.
_MORE = {
    "atleast_1d": lambda x: x.reshape(1) if x.ndim == 0 else x,
    "broadcast_to": lambda x, shape: x.broadcast_to(shape),
    "clip": lambda x, a_min=None, a_max=None, **bounds: _clip(x, a_min, a_max, **bounds),
    "copy": lambda x: x,
    "full_like": lambda x, value: x.full_like(value),
    "ndim": lambda x: x.ndim,
    "negative": lambda x: -x,
    "ones_like": lambda x: x.full_like(1),
    "positive": lambda x: x,
    "reshape": lambda x, shape: x.reshape(shape),
    "round": lambda x, decimals=0: round(x, decimals),
    "shape": lambda x: x.shape,
    "size": lambda x, axis=None: x.size if axis is None else x.shape[axis],
    "svd": lambda x, full_matrices=True: _svd(x, full_matrices),
    "tile": lambda x, reps: x.tile(reps),
    "transpose": lambda x, axes=None: x.transpose(axes),
    "zeros_like": lambda x: x.full_like(0),
}


def _clip(x, low, high, min=None, max=None):
    for own, bound in [("maximum", low if min is None else min), ("minimum", high if max is None else max)]:
        x = x if bound is None else FUNCTIONS[own](x, bound)
    return x


def _svd(x, full_matrices):
    if not full_matrices and "svd" in FUNCTIONS:
        return x.svd()
    raise _gradtape.GradtapeError(
        "numpy.linalg.svd of a value on a tape, with the full U and V\n"
        "  hint: full_matrices=False is recorded, as gt.svd(v) is"
    )


def _found(name):
    """The function of this package that does what NumPy's of this name does."""
    name = _NAMES.get(name, name)
    if name in _OTHERS:
        return None
    return _MORE.get(name) or FUNCTIONS.get(name)


def _missing(function):
    name = function.__name__
    if not hasattr(function, "nin") or hasattr(np, name):
        name = f"{(getattr(function, '__module__', None) or 'numpy')}.{name}"
    return _gradtape.GradtapeError(
        f"{name} of a value on a tape is not recorded, so that no gradient would pass\n"
        f"  hint: write it with the operations of gradtape; {name}(v.detach().numpy()) computes a constant"
    )


def _ufunc(self, ufunc, method, *inputs, **kwargs):
    if method == "__call__" and not kwargs and ufunc in _OPERATORS:
        left, right = inputs
        before, behind = _OPERATORS[ufunc]
        return before(left, right) if isinstance(left, Var) else behind(right, left)
    found = _found(ufunc.__name__) if method == "__call__" and not kwargs else None
    if found is None and method == "reduce":
        known = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
        name = known.get(ufunc.__name__)
        hint = f"gt.{name}(v) is recorded" if name else "v.detach() is an array of NumPy's, outside of gradients"
        raise _gradtape.GradtapeError(f"numpy.{ufunc.__name__}.reduce of a value on a tape\n  hint: {hint}")
    if found is None and kwargs and method == "__call__" and _found(ufunc.__name__) is not None:
        given = ", ".join(kwargs)
        raise _gradtape.GradtapeError(
            f"numpy.{ufunc.__name__} of a value on a tape, with {given}\n"
            f"  hint: gt.{_NAMES.get(ufunc.__name__, ufunc.__name__)}(…) gives a new value; an array cannot take one over"
        )
    if found is None:
        raise _missing(ufunc)
    try:
        return found(*inputs)
    except TypeError:
        # An operator of Python asks the other side then.
        if any(not isinstance(x, (Var, int, float, list, tuple, np.ndarray, np.generic)) for x in inputs):
            return NotImplemented
        raise


def _function(self, function, types, args, kwargs):
    name = function.__name__
    if name in _READING:
        leaves, build = flatten((args, kwargs))
        args, kwargs = build([x.detach().numpy() if isinstance(x, Var) else x for x in leaves])
        return function(*args, **kwargs)
    found = _found(name)
    if found is None or not function.__module__.startswith("numpy"):
        raise _missing(function)
    return found(*args, **kwargs)


Var.__array_ufunc__ = _ufunc
Var.__array_function__ = _function
