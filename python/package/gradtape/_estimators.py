"""Networks for tables as estimators: fit, predict, score, as scikit-learn has them."""

from __future__ import annotations

import json
import os
import warnings

import numpy as np

from . import _frames as frames
from ._gradtape import TableModel, fit_columns, fit_rows
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
        settings = _Settings(
            target=frames.name_of(None, name, names),
            classes=classes,
            numeric=numeric,
            transform=transform,
            note=json.dumps(note),
            **self._checked(),
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
        return self

    def _checked(self):
        """The parameters as the extension takes them; fails where one is of another kind."""
        hidden = self.hidden
        if hidden is not None:
            hidden = [hidden] if isinstance(hidden, (int, np.integer)) else hidden
            if isinstance(hidden, str) or not hasattr(hidden, "__iter__"):
                raise ValueError(f"hidden is {hidden!r}: it is a width, as 64, or several, as (64, 64)")
            hidden = [_whole("hidden", width) for width in hidden]
        # scikit-learn's words for this are yes and no.
        patience, held_out = self.early_stopping, _number("validation_fraction", self.validation_fraction)
        if patience is True:
            patience = None
        elif patience is False:
            patience, held_out = None, 0.0
        return dict(
            hidden=hidden,
            activation=_word("activation", self.activation),
            dropout=_number("dropout", self.dropout),
            members=_whole("members", self.members),
            epochs=_whole("epochs", self.epochs),
            batch_size=_whole("batch_size", self.batch_size),
            patience=_whole("early_stopping", patience),
            optimizer=_word("optimizer", self.optimizer),
            learning_rate=_number("learning_rate", self.learning_rate),
            weight_decay=_number("weight_decay", self.weight_decay),
            schedule=_word("schedule", self.schedule),
            validation=held_out,
            seed=_seed(self.random_state),
            threads=_threads(self.n_jobs),
        )

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
        wanted = getattr(self, "_kinds", None)
        if wanted is None and hasattr(self, "n_features_in_"):
            odd = [name for name, kind in zip(frames.names(X), frames.kinds(X)) if kind not in ("number", "bool")]
            if odd and not self._is_foreign():
                # What has no cell at all is missing.
                frames.columns(X[odd], dict.fromkeys(odd, "number"))
            if not odd or not self._is_foreign():
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
        return self.model_.note is None

    def _names(self):
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            return [f"x{place}" for place in range(self.n_features_in_)]
        return [str(name).strip() or f"unnamed_{place + 1}" for place, name in enumerate(names)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


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
        How many networks answer together, each with other rows held out.
    epochs, batch_size : int or None
        How often all rows are gone through, and how many make a step.
    optimizer : str or None
        adam, adamw, sgd and so on; ``gradtape optimizers`` lists them.
    learning_rate, weight_decay : float or None
        Settings of the optimiser.
    schedule : str or None
        How the learning rate changes, as the program has it: constant, cosine, step:step_size=10 and so on.
    early_stopping : int, bool or None
        After how many epochs without a lower validation loss training ends; it goes back to the lowest. False: no row is
        held out, and all epochs are done.
    validation_fraction : float
        The share of the rows that is held out to tell when to end; 0 for none.
    class_weight : dict, "balanced" or None
        How much the rows of each class count.
    random_state : int, RandomState or None
        Same number, same bits, at any number of threads and whatever the order of the rows.
    n_jobs : int or None
        Threads; None for all cores, or OMP_NUM_THREADS where that is set, as in joblib's workers.
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
            own = _class_weights(self.class_weight, self.classes_, labels, weights)[labels]
            weights = tools.weights(own if weights is None else own * weights, len(y))
        if len(self.classes_) == 1:
            # There is nothing to tell apart.
            self.model_, self.history_, self.n_iter_ = None, [], 1
            return self
        numeric = self.classes_.dtype.kind in "iuf"
        classes = [_name(label) for label in self.classes_]
        kept = _kept(self.classes_)
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
        return self._train(X, y, weights, name=name, transform=_word("target_transform", self.target_transform))

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
        estimator.classes_ = _classes(model.classes, note.get("classes"), model.is_numeric)
    return estimator


def _kept(classes):
    """The classes for a model file: the type and the values, where JSON can say them."""
    values = classes.astype(str) if classes.dtype.kind == "M" else classes
    values = values.tolist()
    if classes.dtype.kind in "biufUM" or all(isinstance(value, str) for value in values):
        return {"type": classes.dtype.str, "values": values}
    return None


def _classes(names, kept, numeric):
    """The classes of a model: as they were kept, or numbers where their names are."""
    if kept is not None:
        return np.array(kept["values"], dtype=np.dtype(kept["type"]))
    if not numeric:
        return np.array(names, dtype=object)
    numbers = np.array([float(name) for name in names])
    return numbers.astype(np.int64) if (numbers == numbers.round()).all() else numbers


def _class_weights(how, classes, labels, weights):
    """How much a row of each class counts."""
    if isinstance(how, dict):
        unknown = [label for label in how if label not in classes.tolist()]
        if unknown:
            raise ValueError(f"class_weight names {unknown[0]!r}, which is none of the classes {classes.tolist()[:10]}")
        own = np.array([float(how.get(label, 1.0)) for label in classes.tolist()])
        if not np.isfinite(own).all() or (own < 0).any():
            raise ValueError(f"class_weight is {how!r}: weights are finite and at least 0")
        return own
    if not isinstance(how, str) or how != "balanced":
        raise ValueError(f"class_weight is {how!r}: it is 'balanced' or a dict from class to weight")
    counts = np.bincount(labels, weights=weights, minlength=len(classes))
    return counts.sum() / (len(classes) * np.maximum(counts, 1e-300))


class _Settings:
    """What the extension is told."""

    def __init__(self, **settings):
        vars(self).update(settings)


def _whole(name, value):
    """A whole number or None."""
    if value is None:
        return None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"{name} is {value!r}: it is a whole number of at least 1, or None")
    return int(value)


def _number(name, value):
    """A number or None."""
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {value!r}: it is a number, or None") from None


def _word(name, value):
    """A text or None."""
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}: it is a name, or None")
    return value


def _name(label):
    """A class as the model file names it."""
    if isinstance(label, (bool, np.bool_)):
        return "true" if label else "false"
    if isinstance(label, (float, np.floating)) and label.is_integer():
        return str(int(label))
    return str(label)


def _seed(random_state):
    if random_state is None:
        return int(np.random.mtrand._rand.randint(np.iinfo(np.int32).max))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(np.iinfo(np.int32).max))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(np.iinfo(np.int32).max))
    if isinstance(random_state, (bool, np.bool_)) or not isinstance(random_state, (int, np.integer)) or random_state < 0:
        raise ValueError(f"random_state is {random_state!r}: it is a whole number of at least 0, a generator of NumPy, or None")
    return int(random_state) % 2**64


def _threads(n_jobs):
    """How many threads compute: 0 for all cores."""
    if n_jobs is not None:
        if not isinstance(n_jobs, (int, np.integer)) or n_jobs == 0:
            raise ValueError(f"n_jobs is {n_jobs!r}: it is a number of threads, -1 for all cores, or None")
        cores = os.cpu_count() or 1
        return n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs)
    told = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return int(told) if told.isdigit() else 0


def _told(network, epoch, loss, validation):
    beside = "" if validation is None else f"   validation loss {validation:.4f}"
    print(f"network {network + 1}   epoch {epoch:4}   loss {loss:.4f}{beside}", flush=True)
