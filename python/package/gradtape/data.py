"""Small data sets that come with the library, and batches of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _gradtape


def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """8x8 images of handwritten digits as rows, float32 `[1797, 64]`, and which they are, int64 `[1797]`."""
    return _gradtape.data("digits")


def iris() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Measures of flowers, float32 `[150, 4]`, and their species, int64 `[150]`."""
    return _gradtape.data("iris")


def split(*arrays: Any, test: float = 0.2, seed: int = 0) -> list[Any]:
    """Rows of arrays in two parts, the second of this share, in a random order: `x, x_test, y, y_test`."""
    order = np.random.default_rng(seed).permutation(_rows(arrays))
    cut = len(order) - round(test * len(order))
    return [part for array in arrays for part in (array[order[:cut]], array[order[cut:]])]


def batches(*arrays: Any, size: int = 32, seed: int | None = None) -> Iterator[Any]:
    """Rows of arrays in pieces of a size, of which the last may be shorter; in a random order if there is a seed."""
    count = _rows(arrays)
    if size < 1:
        raise ValueError(f"batches of {size} rows; a size is 1 or more")
    order = np.arange(count) if seed is None else np.random.default_rng(seed).permutation(count)
    for start in range(0, count, size):
        rows = order[start : start + size]
        piece = tuple(array[rows] for array in arrays)
        yield piece if len(piece) > 1 else piece[0]


def _rows(arrays):
    counts = {len(array) for array in arrays}
    if len(counts) != 1:
        raise ValueError(f"arrays of one number of rows are needed, not of {sorted(counts)}")
    return counts.pop()


__all__ = ["batches", "digits", "iris", "split"]
