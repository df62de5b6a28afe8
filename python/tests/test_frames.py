"""Data frames with columns of several kinds."""

import datetime

import numpy as np
import pytest

from gradtape import GradtapeClassifier, GradtapeRegressor, load_model

pandas = pytest.importorskip("pandas")


def homes(rows=200):
    rng = np.random.default_rng(5)
    town = rng.choice(["Oslo", "Bergen", "Bodø"], size=rows)
    size = rng.uniform(20, 200, size=rows)
    built = [datetime.datetime(1950, 1, 1) + datetime.timedelta(days=int(d)) for d in rng.integers(0, 25000, rows)]
    price = 100 * size * np.where(town == "Oslo", 2.0, 1.0) + rng.normal(size=rows) * 50
    frame = pandas.DataFrame(
        {
            "town": pandas.Categorical(town),
            "size": np.where(rng.uniform(size=rows) < 0.05, np.nan, size),
            "built": built,
            "garden": rng.uniform(size=rows) < 0.5,
            "code": pandas.array(rng.integers(0, 9, rows), dtype="Int64"),
            "note": rng.choice(["near the sea", "by the old mill", None], size=rows),
        }
    )
    return frame, pandas.Series(price, name="price")


def test_frames_are_taken_as_they_are(tmp_path):
    X, y = homes()
    model = GradtapeRegressor().fit(X[:160], y[:160])
    assert model.score(X[160:], y[160:]) > 0.8
    assert model.model_.target == "price"
    inputs = model.model_.inputs
    for name in ["town=Oslo", "size", "size is missing", "built:year", "garden=true", "code"]:
        assert name in inputs, inputs
    # What was not seen is none of what was.
    odd = X[:2].copy()
    odd["town"] = ["Rome", None]
    assert np.isfinite(model.predict(odd)).all()
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(load_model(tmp_path / "m").predict(X), model.predict(X))


def test_polars_gives_what_pandas_gives():
    polars = pytest.importorskip("polars")
    X, y = homes()
    ours = polars.DataFrame({name: polars.Series(name, [None if v is pandas.NA or v is pandas.NaT or v != v else v for v in X[name].tolist()]) for name in X.columns})
    ours = ours.with_columns(polars.col("town").cast(polars.Categorical))
    by_pandas = GradtapeRegressor(epochs=5).fit(X, y).predict(X)
    by_polars = GradtapeRegressor(epochs=5).fit(ours, polars.Series("price", y.tolist())).predict(ours)
    np.testing.assert_array_equal(by_pandas, by_polars)


def test_a_frame_of_numbers_is_an_array_with_names(waves):
    X, y = waves
    frame = pandas.DataFrame(X, columns=["left", "right"])
    model = GradtapeRegressor(epochs=5).fit(frame, y)
    np.testing.assert_array_equal(model.predict(frame), GradtapeRegressor(epochs=5).fit(X, y).predict(X))
    assert model.model_.columns == ["left", "right"]
    assert model.feature_names_in_.tolist() == ["left", "right"]


def test_what_does_not_fit_is_told():
    X, y = homes(60)
    model = GradtapeRegressor(epochs=2).fit(X, y)
    with pytest.raises(ValueError, match="size"):
        model.predict(X.drop(columns=["size"]))
    with pytest.raises(ValueError, match="no rows"):
        model.predict(X[:0])
    infinite = X.copy()
    infinite.loc[3, "size"] = np.inf
    with pytest.raises(ValueError, match="size"):
        model.fit(infinite, y)
    with pytest.raises(ValueError):
        GradtapeClassifier().fit(X, [None] * 60)


def test_frames_with_texts_as_classes_and_weights():
    X, y = homes()
    label = np.where(y > y.median(), "dear", "cheap")
    weights = np.where(label == "dear", 2, 1)
    model = GradtapeClassifier(epochs=30, class_weight="balanced").fit(X, label, sample_weight=weights)
    assert model.score(X, label) > 0.8
    repeated = X.loc[X.index.repeat(weights)]
    same = GradtapeClassifier(epochs=5).fit(repeated, np.repeat(label, weights)).predict_proba(X)
    weighed = GradtapeClassifier(epochs=5).fit(X, label, sample_weight=weights).predict_proba(X)
    np.testing.assert_array_equal(same, weighed)
