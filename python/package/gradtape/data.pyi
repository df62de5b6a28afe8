"""Types of data sets, written by `stubs.py`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

def batches(*arrays: Any, size: int = 32, seed: int | None = None) -> Iterator[Any]:
    """Rows of arrays in pieces of a size, of which the last may be shorter; in a random order if there is a seed."""
def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """8x8 images of handwritten digits as rows, float32 `[1797, 64]`, and which they are, int64 `[1797]`."""
def iris() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Measures of flowers, float32 `[150, 4]`, and their species, int64 `[150]`."""
def split(*arrays: Any, test: float = 0.2, seed: int = 0) -> list[Any]:
    """Rows of arrays in two parts, the second of this share, in a random order: `x, x_test, y, y_test`."""
