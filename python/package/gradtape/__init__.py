"""A gradient tape that trains networks and shows how they learn."""

from ._gradtape import (
    Generator,
    GradtapeError,
    Parameter,
    Tape,
    Var,
    depends_on,
    evaluate,
)
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
    "custom_gradient",
    "depends_on",
    "evaluate",
    "grad",
    "gradient",
    "hessian",
    "jacobian",
    "jvp",
    "tree_leaves",
    "tree_map",
    "value_and_grad",
    "vjp",
    "vmap",
    *_functions,
]
