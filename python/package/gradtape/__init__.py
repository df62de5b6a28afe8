"""A gradient tape that trains networks and shows how they learn."""

import builtins

from ._gradtape import (
    Generator,
    GradtapeError,
    GradtapeIndexError,
    Parameter,
    TableModel,
    Tape,
    Var,
    depends_on,
    evaluate,
)
from . import _numpy as _numpy
from . import data, loss, nn, optim, random, soft
from ._compile import check_gradients, compile
from ._files import load, load_checkpoint, save, save_checkpoint
from ._gradtape import seed
from ._operations import FUNCTIONS as _functions
from ._transforms import (
    custom_gradient,
    grad,
    gradient,
    hessian,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
    vmap,
)
from ._tree import tree_leaves, tree_map

globals().update(_functions)

# Loaded where they are asked for: they look for scikit-learn, which takes longer than all else here.
_ESTIMATORS = ("GradtapeClassifier", "GradtapeRegressor", "load_model")


def __getattr__(name):
    if name in _ESTIMATORS:
        from . import _estimators

        return getattr(_estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_ESTIMATORS])


__all__ = [
    "Generator",
    "GradtapeError",
    "GradtapeIndexError",
    "Parameter",
    "TableModel",
    "Tape",
    "Var",
    "check_gradients",
    "compile",
    "custom_gradient",
    "data",
    "depends_on",
    "evaluate",
    "grad",
    "gradient",
    "hessian",
    "jacobian",
    "jvp",
    "load",
    "load_checkpoint",
    "loss",
    "nn",
    "optim",
    "random",
    "save",
    "save_checkpoint",
    "seed",
    "soft",
    "tree_leaves",
    "tree_map",
    "value_and_grad",
    "vjp",
    "vmap",
    *_ESTIMATORS,
    # `from gradtape import *` leaves the functions of Python as they are.
    *(name for name in _functions if not hasattr(builtins, name)),
]
