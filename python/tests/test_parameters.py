"""What the parameters of estimators mean, and what of them, of rows and of weights is refused."""

import os
import warnings

import numpy as np
import pytest

from gradtape import GradtapeClassifier, GradtapeError, GradtapeRegressor
from gradtape import _gradtape, _parameters

NOISE = np.random.default_rng(4).normal(size=(80, 3)), np.tile([0, 1], 40)


def test_early_stopping_ends_also_where_the_epochs_are_given():
    # Of noise nothing is learned that holds for other rows.
    done = {
        given: GradtapeClassifier(epochs=400, early_stopping=given).fit(*NOISE).n_iter_
        for given in [None, True, np.True_, 7, False]
    }
    assert done[None] == done[False] == 400, done
    assert done[True] == done[np.True_] < 400, done
    assert done[7] < done[True], done
    assert len(GradtapeClassifier(early_stopping=True).fit(*NOISE).history_) == 4


def test_early_stopping_needs_rows_that_are_held_out():
    for given in [True, 5]:
        with pytest.raises(ValueError, match="validation_fraction is 0"):
            GradtapeClassifier(early_stopping=given, validation_fraction=0).fit(*NOISE)
    GradtapeClassifier(epochs=1, early_stopping=False, validation_fraction=0).fit(*NOISE)


def test_members_that_have_no_rows_of_their_own_are_told():
    X, y = np.array([[0.0], [1.0]]), np.array([0.0, 1.0])
    nine = GradtapeRegressor(members=9, epochs=1, validation_fraction=0.5)
    with pytest.warns(UserWarning, match="members is 9, and 2 networks were trained.*fewer members"):
        assert len(nine.fit(X, y).history_) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(GradtapeRegressor(members=9, epochs=1, validation_fraction=0).fit(X, y).history_) == 9
        GradtapeRegressor(members=2, epochs=1).fit(*NOISE)


@pytest.mark.parametrize(
    "settings, told",
    [
        (dict(batch_size=0), "batch_size is 0: it is a whole number of at least 1, or None"),
        (dict(early_stopping=0), "early_stopping is 0: it is a whole number of at least 1, or True, False or None"),
        (dict(members=0), "members is 0: it is a whole number of at least 1"),
        (dict(epochs=10**30), "epochs is 10+: it is at most"),
        (dict(epochs=True), "epochs is True"),
        (dict(hidden=(4, 0)), "hidden is 0: it is a whole number of at least 1"),
        (dict(hidden=(4, None)), r"hidden is \(4, None\)"),
        (dict(dropout=1), "dropout is 1: it is a number of at least 0 and less than 1, or None"),
        (dict(dropout=True), "dropout is True"),
        (dict(learning_rate=0), "learning_rate is 0: it is a number above 0, or None"),
        (dict(learning_rate="0.1"), "learning_rate is '0.1'"),
        (dict(weight_decay=-0.1), "weight_decay is -0.1: it is a number of at least 0, or None"),
        (dict(validation_fraction=-0.1), "validation_fraction is -0.1: it is a number of at least 0 and less than 1"),
        (dict(validation_fraction=None), "validation_fraction is None"),
        (dict(n_jobs=True), "n_jobs is True"),
    ],
)
def test_a_parameter_out_of_its_range_is_told_by_its_name(settings, told):
    with pytest.raises(ValueError, match=told):
        GradtapeClassifier(**settings).fit(*NOISE)


def test_the_cores_are_those_that_the_process_may_use(monkeypatch):
    if hasattr(os, "sched_getaffinity") and not hasattr(os, "process_cpu_count"):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7})
        assert _parameters.cores() == 3
    monkeypatch.setattr(os, "process_cpu_count", lambda: 6, raising=False)
    assert _parameters.cores() == 6
    assert [_parameters._threads(jobs) for jobs in [-1, -2, -9, 2]] == [6, 5, 1, 2]


def settings(**own):
    given = dict(target="y", classes=None, numeric=False, transform="none", note="", **own)
    return _parameters.Settings(**given, **_parameters.settings_of(GradtapeRegressor(epochs=1)))


def test_the_extension_refuses_what_does_not_fit_together():
    X, y = np.arange(12.0).reshape(6, 2), np.arange(6.0)
    fit = lambda names=("a", "b"), X=X, y=y, weights=None: _gradtape.fit_rows(list(names), X, y, weights, settings())  # noqa: E731
    fit()
    for wrong, told in [
        (dict(names="abc"), "3 names for rows of 2 columns"),
        (dict(names="a"), "1 names for rows of 2 columns"),
        (dict(names="abcd", X=X.reshape(3, 4)[:, :2].copy(), y=y[:3]), "4 names for rows of 2 columns"),
        (dict(y=y[:5]), "5 targets for 6 rows"),
        (dict(y=np.zeros(7)), "7 targets for 6 rows"),
        (dict(weights=np.ones(5)), "5 weights for 6 rows"),
        (dict(weights=np.array([1, 1, np.nan, 1, 1, 1])), "row 2: NaN is no weight"),
        (dict(weights=np.array([1, 1, 1, -1.0, 1, 1])), "row 3: -1 is no weight"),
        (dict(y=np.where(y == 4, np.inf, y)), "row 4: inf is no target"),
    ]:
        with pytest.raises(GradtapeError, match=told):
            fit(**wrong)
    model, _ = fit()
    with pytest.raises(GradtapeError, match="3 names for rows of 2 columns"):
        model.answer_rows(["a", "b", "c"], X)
    columns = [("a", "number", X[:, 0].copy()), ("b", "text", list("xyxyxy"))]
    with pytest.raises(GradtapeError, match="5 targets for 6 rows"):
        _gradtape.fit_columns(columns, y[:5], None, settings())


def test_errors_name_the_rows_that_were_given():
    X = np.arange(40.0)[::-1, None].copy()
    X[17] = 1e300
    y = np.tile([0.0, 1.0], 20)
    # Wherever the row is held out or learned from, it is too far from some.
    told = set()
    for seed in range(40):
        try:
            GradtapeRegressor(epochs=1, validation_fraction=0.3, random_state=seed).fit(X, y)
        except GradtapeError as error:
            told.add(str(error).split(",")[0])
    assert told == {"row 17"}
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": X[:, 0], "b": ["x", "y"] * 20})
    told = set()
    for seed in range(40):
        try:
            GradtapeRegressor(epochs=1, validation_fraction=0.3, random_state=seed).fit(frame, y)
        except GradtapeError as error:
            told.add("row 17" in str(error) or str(error))
    assert told == {True}


def test_weights_with_fractions_hang_on_no_order():
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(20, 2)), 5, axis=0)
    y, weights = np.repeat(rng.normal(size=20), 5), rng.uniform(0.1, 3, size=100)
    order = rng.permutation(100)
    first = GradtapeRegressor(epochs=5).fit(X, y, sample_weight=weights).predict(X)
    other = GradtapeRegressor(epochs=5).fit(X[order], y[order], sample_weight=weights[order]).predict(X)
    np.testing.assert_array_equal(first, other)


def test_weights_that_come_to_nothing_are_no_rows_to_validate_on():
    X, y = np.arange(40.0)[:, None], np.tile([0.0, 1.0], 20)
    # Beside the others they are less than any number of 32 bits.
    weights = np.where(np.arange(40) == 0, 1.0, 1e-60)
    with pytest.raises(GradtapeError, match="examples have weight 0"):
        GradtapeRegressor(epochs=1).fit(X, y, sample_weight=weights)
