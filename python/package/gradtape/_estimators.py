"""Networks for tables as estimators: fit, predict, score, as scikit-learn has them."""

from __future__ import annotations

import json
import os
import warnings

import numpy as np

from . import _classes as class_names
from . import _frames as frames
from ._gradtape import TableModel, fit_columns, fit_rows
from ._parameters import Settings, settings_of, word
from ._sklearn import Base, ClassifierMixin, NotFittedError, RegressorMixin, tools

__all__ = ["GradtapeClassifier", "GradtapeRegressor", "load_model"]


class _Estimator(Base):
    """What classifiers and regressors share."""

    def __init__(self, **params):
        vars(self).update(params)

    def save(self, path):
        """Writes a model file, whole or not at all; the program `gradtape` reads it as well."""
        self._fitted().save(os.fspath(path))

    def _fitted(self):
        if not hasattr(self, "model_"):
            name = type(self).__name__
            raise NotFittedError(f"this {name} is not fitted yet: call fit first, or load_model")
        if self.model_ is None:
            raise ValueError("the only class that was there is no network: there is no model to save")
        return self.model_

    def _train(self, X, targets, weights, *, name, classes=None, labels=None, numeric=False, transform="none"):
        """Trains on an array or columns that were looked at, and keeps the model."""
        is_array = isinstance(X, np.ndarray)
        names = self._names() if is_array else [column[0] for column in X]
        self._kinds = None if is_array else self._kinds
        note = {"columns": names, "named": hasattr(self, "feature_names_in_"), "kinds": self._kinds, "classes": labels}
        settings = Settings(
            target=frames.name_of(None, name, names),
            classes=classes,
            numeric=numeric,
            transform=transform,
            note=json.dumps(note),
            **settings_of(self),
        )
        told = _told if self.verbose else None
        targets = np.ascontiguousarray(targets, dtype=np.float64)
        if weights is not None:
            weights = np.ascontiguousarray(weights, dtype=np.float64)
        if is_array:
            self.model_, stopped = fit_rows(names, X, targets, weights, settings, told)
        else:
            self.model_, stopped = fit_columns(X, targets, weights, settings, told)
        self.history_ = self.model_.history
        self.n_iter_ = max(len(epochs) for epochs in self.history_)
        if stopped:
            message = "fit was interrupted: the estimator has the best of what it learned until then"
            warnings.warn(message, RuntimeWarning, stacklevel=3)
        elif self.members is not None and len(self.history_) < self.members:
            message = (
                f"members is {self.members}, and {len(self.history_)} networks were trained: each needs other rows that are held "
                "out, and there are too few; give more rows or fewer members, or validation_fraction=0"
            )
            warnings.warn(message, UserWarning, stacklevel=3)
        return self

    def _answer(self, X):
        model = self._fitted()
        X = self._look_at(X)
        if isinstance(X, np.ndarray):
            return model.answer_rows(self._names(), X)
        return model.answer_columns(X)

    def _look_at(self, X):
        """Columns to answer for, as the extension takes them: a float64 array, or columns of several kinds."""
        if not frames.is_frame(X):
            return tools.check_array(self, X, None, False)
        if self._is_foreign():
            if len(X) == 0:
                raise ValueError("the frame has no rows")
            # Their own program finds columns by name, and leaves others alone.
            return frames.columns(frames.named(X, self.model_.columns))
        wanted = getattr(self, "_kinds", None)
        if wanted is None and hasattr(self, "n_features_in_"):
            odd = [place for place, kind in enumerate(frames.kinds(X)) if kind not in ("number", "bool")]
            # Of texts no number is made; what has no cell at all is missing.
            frames.columns(frames.at(X, odd), dict.fromkeys(frames.names(X), "number"))
            return tools.check_array(self, frames.as_numbers(X), None, False)
        tools.check_frame(self, X, False)
        return frames.columns(X, wanted)

    def _look_at_both(self, X, y, numeric):
        """Columns and targets to learn from."""
        if y is None:
            name = type(self).__name__
            raise ValueError(f"{name} requires y to be passed, but the target y is None")
        y = frames.targets(y)
        self._kinds = None
        if frames.is_frame(X) and set(kinds := frames.kinds(X)) != {"number"}:
            tools.check_frame(self, X, True)
            self._kinds = dict(zip(frames.names(X), kinds))
            return frames.columns(X), tools.column(y, len(X), numeric)
        return tools.check_array(self, frames.as_numbers(X), y, True, numeric)

    def _is_foreign(self):
        """Whether the model was trained by another program, which says nothing of the kinds of columns."""
        model = getattr(self, "model_", None)
        return model is not None and model.note is None

    def _names(self):
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            return [f"x{place}" for place in range(self.n_features_in_)]
        return [str(name).strip() or f"unnamed_{place + 1}" for place, name in enumerate(names)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _more_tags(self):
        """As `__sklearn_tags__`, for scikit-learn before 1.6."""
        return {"allow_nan": True}


class GradtapeClassifier(ClassifierMixin, _Estimator):
    """A network that tells classes apart, trained as ``gradtape train`` trains on a table.

    What is None is settled by the rows: two hidden layers of 64 (128 from 5,000 rows on), silu, dropout of 0.1, adamw with
    a warm-up and a cosine, up to 100 epochs that end where held-out rows get no better. Where nothing is chosen, four
    networks answer together (one from 20,000 rows on); where anything is, one does.

    Parameters
    ----------
    hidden : int, sequence of int or None
        Widths of the hidden layers; ``()`` for a linear model.
    activation : str or None
        relu, leaky_relu, gelu, silu, sigmoid or tanh.
    dropout : float or None
        The share of hidden values dropped in training.
    members : int or None
        How many networks answer together, each with other rows held out where any are.
    epochs, batch_size : int or None
        How often all rows are gone through, and how many make a step.
    optimizer : str or None
        adam, adamw, sgd and so on; ``gradtape optimizers`` lists them.
    learning_rate, weight_decay : float or None
        Settings of the optimiser.
    schedule : str or None
        How the learning rate changes, as the program has it: constant, cosine, step:step_size=10 and so on.
    early_stopping : int, bool or None
        After how many epochs without a lower validation loss training ends; it goes back to the lowest. True: after a fifth
        of the epochs, at least 10. None: as True, but all epochs are done where ``epochs`` is given. False: no row is held
        out, and all epochs are done.
    validation_fraction : float
        The share of the rows that is held out to tell when to end; 0 for none.
    class_weight : dict, "balanced" or None
        How much the rows of each class count.
    random_state : int, RandomState or None
        Same number, same bits, at any number of threads and whatever the order of the rows.
    n_jobs : int or None
        Threads; None for all cores that the process may use, or OMP_NUM_THREADS where that is set, as in joblib's workers.
    verbose : bool
        Prints a line for each epoch.

    Attributes
    ----------
    classes_ : ndarray
        The classes in the order of ``predict_proba``.
    model_ : TableModel
        The network with what is done to the columns.
    history_ : list of list of dict
        The epochs of each network.
    n_iter_ : int
        The epochs of the network that had most.

    Rows of an array may have NaN, which is missing. Data frames (pandas, polars) are taken as they are: categories, texts,
    dates, gaps. Rows that are the same are one row that counts as often, and a ``sample_weight`` of 2 is a row that comes
    twice.

    Examples
    --------
    >>> from gradtape import GradtapeClassifier
    >>> X = [[0.0], [0.2], [0.3], [0.7], [0.8], [1.0]] * 5
    >>> y = ["low", "low", "low", "high", "high", "high"] * 5
    >>> GradtapeClassifier(epochs=200, validation_fraction=0).fit(X, y).predict([[0.1], [0.9]]).tolist()
    ['low', 'high']
    """

    def __init__(
        self,
        *,
        hidden=None,
        activation=None,
        dropout=None,
        members=None,
        epochs=None,
        batch_size=None,
        optimizer=None,
        learning_rate=None,
        weight_decay=None,
        schedule=None,
        early_stopping=None,
        validation_fraction=0.1,
        class_weight=None,
        random_state=42,
        n_jobs=None,
        verbose=False,
    ):
        super().__init__(
            hidden=hidden,
            activation=activation,
            dropout=dropout,
            members=members,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            schedule=schedule,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            random_state=random_state,
            class_weight=class_weight,
            n_jobs=n_jobs,
            verbose=verbose,
        )

    def fit(self, X, y, sample_weight=None):
        """Learns from rows and their classes; returns itself."""
        name = frames.name_of(y, "class", ())
        X, y = self._look_at_both(X, y, numeric=False)
        tools.check_classes(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        weights = tools.weights(sample_weight, len(y))
        if self.class_weight is not None:
            own = class_names.weights(self.class_weight, self.classes_, labels, weights)[labels]
            weights = tools.weights(own if weights is None else own * weights, len(y))
        if len(self.classes_) == 1:
            # There is nothing to tell apart.
            self.model_, self.history_, self.n_iter_ = None, [], 1
            return self
        numeric = self.classes_.dtype.kind in "iuf"
        classes = [class_names.name(label) for label in self.classes_]
        kept = class_names.kept(self.classes_)
        return self._train(X, labels, weights, name=name, classes=classes, labels=kept, numeric=numeric)

    def predict_proba(self, X):
        """The probability of each class, ``[n, classes]``."""
        if getattr(self, "model_", True) is None:
            return np.ones((len(self._look_at_rows(X)), 1))
        return self._answer(X)

    def predict(self, X):
        """The likeliest class of each row."""
        shares = self.predict_proba(X)
        return self.classes_[shares.argmax(axis=1)]

    def _look_at_rows(self, X):
        X = self._look_at(X)
        return X if isinstance(X, np.ndarray) else X[0][2]


class GradtapeRegressor(RegressorMixin, _Estimator):
    """A network that predicts a number, trained as ``gradtape train`` trains on a table.

    What is None is settled by the rows; see :class:`GradtapeClassifier`, whose parameters are the same but for
    ``class_weight``.

    Parameters
    ----------
    target_transform : {"auto", "none", "log", "asinh"}
        What is learned of the number; auto takes asinh where there are far values on both sides. Predictions are of the
        number itself.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape import GradtapeRegressor
    >>> x = np.linspace(-1, 1, 200)
    >>> model = GradtapeRegressor().fit(x[:, None], x**2)
    >>> bool(abs(model.predict([[0.5]])[0] - 0.25) < 0.05)
    True
    """

    def __init__(
        self,
        *,
        hidden=None,
        activation=None,
        dropout=None,
        members=None,
        epochs=None,
        batch_size=None,
        optimizer=None,
        learning_rate=None,
        weight_decay=None,
        schedule=None,
        early_stopping=None,
        validation_fraction=0.1,
        target_transform="auto",
        random_state=42,
        n_jobs=None,
        verbose=False,
    ):
        super().__init__(
            hidden=hidden,
            activation=activation,
            dropout=dropout,
            members=members,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            schedule=schedule,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            random_state=random_state,
            target_transform=target_transform,
            n_jobs=n_jobs,
            verbose=verbose,
        )

    def fit(self, X, y, sample_weight=None):
        """Learns from rows and their numbers; returns itself."""
        name = frames.name_of(y, "y", ())
        X, y = self._look_at_both(X, y, numeric=True)
        weights = tools.weights(sample_weight, len(y))
        return self._train(X, y, weights, name=name, transform=word("target_transform", self.target_transform))

    def predict(self, X):
        """The number of each row."""
        return self._answer(X)


def load_model(path):
    """An estimator from a model file, of this package or of ``gradtape train`` on a table."""
    model = TableModel.load(os.fspath(path))
    estimator = GradtapeRegressor() if model.classes is None else GradtapeClassifier()
    estimator.model_, estimator.history_ = model, []
    note = json.loads(model.note) if model.note else {"columns": model.columns, "named": True, "kinds": None}
    if note["named"]:
        estimator.feature_names_in_ = np.array(note["columns"], dtype=object)
    estimator.n_features_in_ = len(note["columns"])
    estimator._kinds = note["kinds"]
    if model.classes is not None:
        estimator.classes_ = class_names.of_model(model.classes, note.get("classes"), model.is_numeric)
    return estimator


def _told(network, epoch, loss, validation):
    beside = "" if validation is None else f"   validation loss {validation:.4f}"
    print(f"network {network + 1}   epoch {epoch:4}   loss {loss:.4f}{beside}", flush=True)
