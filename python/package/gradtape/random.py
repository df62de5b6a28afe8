"""Random numbers on a tape: they depend on the seed of a `Generator` and on how often it was drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import _gradtape
from ._gradtape import Generator, Tape, Var, bernoulli, categorical


def uniform(tape: Tape, generator: Generator, shape: Sequence[int] = (), dtype: Any = None) -> Var:
    """Numbers in [0, 1)."""
    return _gradtape.random(tape, "uniform", generator, shape, dtype)


def normal(tape: Tape, generator: Generator, shape: Sequence[int] = (), dtype: Any = None) -> Var:
    """Numbers of mean 0 and variance 1."""
    return _gradtape.random(tape, "normal", generator, shape, dtype)


def gumbel(tape: Tape, generator: Generator, shape: Sequence[int] = (), dtype: Any = None) -> Var:
    """Numbers of the standard Gumbel distribution."""
    return _gradtape.random(tape, "gumbel", generator, shape, dtype)


def permutation(tape: Tape, generator: Generator, n: int) -> Var:
    """The numbers below n in a random order, int64."""
    return _gradtape.random(tape, "permutation", generator, (n,), None)


__all__ = ["Generator", "bernoulli", "categorical", "gumbel", "normal", "permutation", "uniform"]
