"""What several tests use."""

import os
import signal

# scikit-learn looks at arrays of other libraries where this is said before it is imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import numpy as np
import pytest

# A shell has what it starts in the background ignore Ctrl-C, and the tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def blobs():
    """Three clouds of points in four dimensions, 150 rows, with the names of their classes."""
    rng = np.random.default_rng(7)
    labels = np.arange(150) % 3
    centers = rng.normal(size=(3, 4)) * 3
    return centers[labels] + rng.normal(size=(150, 4)), np.array(["a", "b", "c"])[labels]


@pytest.fixture
def waves():
    """A number that hangs on two others, 300 rows."""
    rng = np.random.default_rng(3)
    X = rng.uniform(-1, 1, size=(300, 2))
    return X, 10 + 5 * np.sin(3 * X[:, 0]) + X[:, 1]
