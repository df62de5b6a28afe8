"""Types of soft functions, written by `stubs.py`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

def tempered_softmax(x: Any, axis: Any = ..., temperature: Any = ...) -> Any:
    """The softmax of `x / temperature` along an axis: nearer to the greatest the lower the temperature is."""
def soft_argmax(x: Any, axis: Any = ..., temperature: Any = ...) -> Any:
    """The mean place along an axis, weighed by the tempered softmax."""
def smooth_sign(x: Any, temperature: Any = ...) -> Any:
    """A sign that is steep around 0 instead of a step."""
def smooth_accuracy(scores: Any, labels: Any, temperature: Any = ...) -> Any:
    """The share of rows whose greatest score is the label's, with a gradient."""
def soft_rank(x: Any, strength: Any = ...) -> Any:
    """The rank of each element along the last axis, the least being 1, with a gradient."""
def soft_sort(x: Any, strength: Any = ...) -> Any:
    """The elements along the last axis in a soft order, with a gradient."""
def soft_top_k(x: Any, k: Any = ..., strength: Any = ...) -> Any:
    """How much each element along the last axis is among the k greatest."""
def isotonic(x: Any) -> Any:
    """The nearest numbers along the last axis that do not increase."""
def straight_through(hard: Any, soft: Any) -> Any:
    """The value of `hard` with the gradient of `soft`."""
def straight_through_sign(x: Any) -> Any:
    """The sign, with the gradient of the identity."""
def straight_through_round(x: Any) -> Any:
    """The nearest whole number, through which the gradient passes."""
def straight_through_argmax(x: Any, axis: Any = ..., temperature: Any = ...) -> Any:
    """The one-hot row of the greatest along an axis, with the gradient of the tempered softmax."""
def gumbel_softmax(x: Any, generator: Any, axis: Any = ..., temperature: Any = 1.0, hard: Any = False) -> Any:
    """A random choice along an axis by logits x, as a soft one-hot row; with `hard` a hard one with the soft gradient."""
