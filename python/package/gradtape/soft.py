"""Soft versions of hard functions: a gradient where a choice, a step or an order has none."""

from . import _gradtape
from ._operations import _of_several

for _name in (*_gradtape.SOFT, "gumbel_softmax"):
    globals()[_name] = _of_several(getattr(_gradtape, _name))

__all__ = [*_gradtape.SOFT, "gumbel_softmax"]
