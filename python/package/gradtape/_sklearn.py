"""scikit-learn where it is installed; without it the estimators stand alone, with the little of it that they need."""

import numpy as np

try:
    from sklearn import __version__ as version
    from sklearn.base import BaseEstimator as Base
    from sklearn.base import ClassifierMixin, RegressorMixin
    from sklearn.exceptions import NotFittedError

    HAS_SKLEARN = True
except ImportError:
    HAS_SKLEARN = False

    class NotFittedError(ValueError, AttributeError):
        """The estimator has learned nothing yet."""

    class Base:
        """Parameters by name."""

        def get_params(self, deep=True):
            """The parameters by name."""
            import inspect

            names = inspect.signature(type(self).__init__).parameters
            return {name: getattr(self, name) for name in names if name != "self"}

        def set_params(self, **params):
            """Sets parameters by name; returns itself."""
            known = self.get_params()
            for name, value in params.items():
                if name not in known:
                    raise ValueError(f"there is no parameter {name!r}: there are {', '.join(known)}")
                setattr(self, name, value)
            return self

        def __repr__(self):
            usual = type(self)().get_params()
            own = {k: v for k, v in self.get_params().items() if v is not usual[k] and v != usual[k]}
            return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in own.items())})"

    class ClassifierMixin:
        """Accuracy as the score."""

        def score(self, X, y, sample_weight=None):
            """The share of rows that is told rightly."""
            return float(np.average(self.predict(X) == np.ravel(y), weights=sample_weight))

    class RegressorMixin:
        """R² as the score."""

        def score(self, X, y, sample_weight=None):
            """The share of the variance that is explained."""
            y = np.ravel(np.asarray(y, dtype=np.float64))
            left = np.average((y - self.predict(X)) ** 2, weights=sample_weight)
            mean = np.average(y, weights=sample_weight)
            return float(1 - left / np.average((y - mean) ** 2, weights=sample_weight))


class _Own:
    """What is looked at without scikit-learn."""

    @staticmethod
    def check_array(estimator, X, y, reset, numeric=True):
        names = getattr(X, "columns", None)
        X = np.ascontiguousarray(X, dtype=np.float64)
        if X.ndim != 2:
            raise ValueError(
                f"expected rows of numbers, [n, columns], and got shape {X.shape}: reshape(-1, 1) for one column, "
                "reshape(1, -1) for one row"
            )
        if np.isinf(X).any():
            raise ValueError("X has infinity: leave such rows out, or make the cells NaN, which is missing")
        if X.shape[0] == 0 or X.shape[1] == 0:
            raise ValueError(f"X has shape {X.shape}: there is nothing to learn from")
        _Own._features(estimator, names, X.shape[1], reset)
        return X if y is None else (X, _Own.column(y, len(X), numeric))

    @staticmethod
    def _features(estimator, names, count, reset):
        if reset:
            estimator.n_features_in_ = count
            if hasattr(estimator, "feature_names_in_"):
                del estimator.feature_names_in_
            if names is not None:
                estimator.feature_names_in_ = np.array([str(name) for name in names], dtype=object)
        elif count != estimator.n_features_in_:
            raise ValueError(f"X has {count} columns, but was fitted with {estimator.n_features_in_}")
        elif names is not None and hasattr(estimator, "feature_names_in_"):
            own = estimator.feature_names_in_.tolist()
            if [str(name) for name in names] != own:
                raise ValueError(f"X has the columns {list(names)}, but was fitted with {own}: they need the same order")

    @staticmethod
    def check_frame(estimator, X, reset):
        if len(X) == 0:
            raise ValueError("the frame has no rows")
        _Own._features(estimator, X.columns, len(X.columns), reset)

    @staticmethod
    def column(y, rows, numeric=True):
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = y.ravel()
        if y.ndim != 1 or len(y) != rows:
            raise ValueError(f"y has shape {y.shape}, but there are {rows} rows")
        y = y.astype(np.float64) if numeric else y
        gone = ~np.isfinite(y) if y.dtype.kind == "f" else np.array([v is None for v in y])
        if gone.any():
            raise ValueError(f"y is missing or infinite in row {int(np.argmax(gone))}")
        return y

    @staticmethod
    def check_classes(y):
        if y.dtype.kind == "f" and (y != y.round()).any():
            raise ValueError("y has fractions, which are no classes: GradtapeRegressor predicts numbers")

    @staticmethod
    def weights(sample_weight, rows):
        if sample_weight is None:
            return None
        weights = np.asarray(sample_weight, dtype=np.float64)
        if weights.shape != (rows,) or not np.isfinite(weights).all() or (weights < 0).any():
            raise ValueError("sample_weight needs a finite number of at least 0 for each row")
        if not weights.any():
            raise ValueError("every sample_weight is 0: no row counts")
        return weights


class _Sklearn(_Own):
    """What is looked at by scikit-learn, with its words."""

    @staticmethod
    def check_array(estimator, X, y, reset, numeric=True):
        options = dict(reset=reset, dtype=np.float64, order="C")
        if y is not None:
            options.update(y=y, y_numeric=numeric)
        try:
            from sklearn.utils.validation import validate_data
        except ImportError:
            # Before 1.6.
            return estimator._validate_data(X, force_all_finite="allow-nan", **options)
        return validate_data(estimator, X, ensure_all_finite="allow-nan", **options)

    @staticmethod
    def check_frame(estimator, X, reset):
        if len(X) == 0:
            raise ValueError("the frame has no rows")
        try:
            from sklearn.utils.validation import _check_feature_names, _check_n_features
        except ImportError:
            # Before 1.6.
            estimator._check_feature_names(X, reset=reset)
            estimator._check_n_features(X, reset=reset)
        else:
            _check_feature_names(estimator, X, reset=reset)
            _check_n_features(estimator, X, reset=reset)

    @staticmethod
    def column(y, rows, numeric=True):
        from sklearn.utils.validation import _check_y, check_consistent_length

        y = _check_y(y, y_numeric=numeric, estimator="gradtape")
        check_consistent_length(y, range(rows))
        return y

    @staticmethod
    def check_classes(y):
        from sklearn.utils.multiclass import check_classification_targets

        check_classification_targets(y)

    @staticmethod
    def weights(sample_weight, rows):
        from sklearn.utils.validation import _check_sample_weight

        if sample_weight is None:
            return None
        weights = _check_sample_weight(sample_weight, np.empty((rows, 1)), dtype=np.float64)
        if (weights < 0).any():
            raise ValueError("Negative values in data passed to `sample_weight`")
        if not weights.any():
            raise ValueError("every sample_weight is 0: Sample weights must contain at least one non-zero number")
        return weights


tools = _Sklearn if HAS_SKLEARN else _Own

#: Of earlier ones the checks of estimators are not known to pass.
OLDEST = (1, 3)

if HAS_SKLEARN and tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
    raise ImportError(
        f"the estimators need scikit-learn {OLDEST[0]}.{OLDEST[1]} or later, or none, and {version} is installed: upgrade it"
    )
