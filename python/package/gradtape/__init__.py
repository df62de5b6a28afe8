"""A gradient tape that trains networks and shows how they learn."""

from ._gradtape import GradtapeError, TableModel

# Loaded where they are asked for: they look for scikit-learn, which takes longer than all else here.
_ESTIMATORS = ("GradtapeClassifier", "GradtapeRegressor", "load_model")

__all__ = ["GradtapeError", "TableModel", *_ESTIMATORS]


def __getattr__(name):
    if name in _ESTIMATORS:
        from . import _estimators

        return getattr(_estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_ESTIMATORS])
