"""Types of random numbers, written by `stubs.py`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._gradtape import Generator as Generator, Tape, Var

def bernoulli(probability: Var, generator: Generator) -> Var:
    """For each probability 1 or 0, drawn with it."""
def categorical(logits: Var, generator: Generator, axis: int = -1) -> Var:
    """A class for each row of logits along an axis, drawn with its softmax, as int64."""
def gumbel(tape: Tape, generator: Generator, shape: Sequence[int] = (), dtype: Any = None) -> Var:
    """Numbers of the standard Gumbel distribution."""
def normal(tape: Tape, generator: Generator, shape: Sequence[int] = (), dtype: Any = None) -> Var:
    """Numbers of mean 0 and variance 1."""
def permutation(tape: Tape, generator: Generator, n: int) -> Var:
    """The numbers below n in a random order, int64."""
def uniform(tape: Tape, generator: Generator, shape: Sequence[int] = (), dtype: Any = None) -> Var:
    """Numbers in [0, 1)."""
