"""Random numbers on a tape: they depend on the seed of a `Generator` and on how often it was drawn from."""

from . import _gradtape
from ._gradtape import Generator, bernoulli, categorical


def uniform(tape, generator, shape=(), dtype=None):
    """Numbers in [0, 1)."""
    return _gradtape.random(tape, "uniform", generator, shape, dtype)


def normal(tape, generator, shape=(), dtype=None):
    """Numbers of mean 0 and variance 1."""
    return _gradtape.random(tape, "normal", generator, shape, dtype)


def gumbel(tape, generator, shape=(), dtype=None):
    """Numbers of the standard Gumbel distribution."""
    return _gradtape.random(tape, "gumbel", generator, shape, dtype)


def permutation(tape, generator, n):
    """The numbers below n in a random order, int64."""
    return _gradtape.random(tape, "permutation", generator, (n,), None)


__all__ = ["Generator", "bernoulli", "categorical", "gumbel", "normal", "permutation", "uniform"]
