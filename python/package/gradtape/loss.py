"""Losses: of values on a tape, which they record, and of arrays, which they compute at once.

Each takes `reduction="mean"`, `"sum"`, `"batchmean"` (the sum divided by the size of the first axis) or `"none"`.
"""

from . import _gradtape
from ._operations import _of_several

#: The names of all losses.
LOSSES = _gradtape.LOSSES

for _name in LOSSES:
    globals()[_name] = _of_several(getattr(_gradtape, _name))

#: Beside the names of the library, what PyTorch calls them.
l1 = globals()["mae"]
quantile = globals()["quantile_loss"]

__all__ = ["LOSSES", *LOSSES, "l1", "quantile"]
