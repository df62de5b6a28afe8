"""A gradient tape that trains networks and shows how they learn."""

import builtins

from ._gradtape import (
    Generator,
    GradtapeError,
    Parameter,
    Tape,
    Var,
    depends_on,
    evaluate,
)
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

__all__ = [
    "Generator",
    "GradtapeError",
    "Parameter",
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
    # `from gradtape import *` leaves the functions of Python as they are.
    *(name for name in _functions if not hasattr(builtins, name)),
]
