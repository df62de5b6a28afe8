"""Data frames with columns of several kinds."""

import datetime
import json

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


def test_a_column_may_have_the_name_of_the_target():
    X, y = homes()
    X = X.rename(columns={"size": "y"})
    assert GradtapeRegressor().fit(X, y.to_numpy()).score(X, y) > 0.8
    assert "y" in GradtapeRegressor(epochs=1).fit(X, y.to_numpy()).model_.inputs


def test_cells_are_read_as_they_were_learned():
    X, y = homes()
    X["garden"] = X["garden"].astype(int)
    model = GradtapeRegressor(epochs=5).fit(X, y)
    as_bool = X.assign(garden=X["garden"].astype(bool))
    np.testing.assert_array_equal(model.predict(X), model.predict(as_bool))
    for name, cells, told in [
        ("size", "large", "'size' is of texts, and was of numbers"),
        ("built", 3, "'built' is of numbers, and was of dates"),
        ("size", X["built"], "'size' is of dates"),
    ]:
        with pytest.raises(ValueError, match=told):
            model.predict(X.assign(**{name: cells}))
    # A column without a cell is missing everywhere.
    assert np.isfinite(model.predict(X.assign(size=None))).all()
    numbers = X[["size", "garden"]]
    model = GradtapeRegressor(epochs=5).fit(numbers, y)
    with pytest.raises(ValueError, match="'size' is of texts"):
        model.predict(numbers.assign(size="large"))


def test_moments_are_those_of_utc_whatever_holds_them():
    X, y = homes(120)
    local = X.assign(built=X["built"].dt.tz_localize("Europe/Oslo", ambiguous=True, nonexistent="shift_forward"))
    model = GradtapeRegressor(epochs=5).fit(local, y)
    for same in [local["built"].dt.tz_convert("UTC"), local["built"].astype(object)]:
        np.testing.assert_array_equal(model.predict(local), model.predict(local.assign(built=same)))


def test_durations_are_seconds_whatever_holds_them():
    spent = pandas.Series(pandas.to_timedelta(np.arange(60) * 977, unit="s"))
    X = pandas.DataFrame({"spent": spent, "town": ["Oslo", "Bergen"] * 30})
    y = spent.dt.total_seconds()
    model = GradtapeRegressor().fit(X, y)
    assert model.model_.inputs[0] == "spent" and model.score(X, y) > 0.9
    objects = X.assign(spent=spent.dt.to_pytimedelta().astype(object))
    np.testing.assert_array_equal(model.predict(X), model.predict(objects))


@pytest.mark.parametrize(
    "cells", [[(1,)] * 20, [1 + 2j] * 20, pandas.interval_range(0, 20), [10**400] * 20, ["\ud800"] * 20]
)
def test_what_nothing_can_be_learned_of_is_named(cells):
    X = pandas.DataFrame({"other": ["a", "b"] * 10, "odd": pandas.Series(cells, dtype=getattr(cells, "dtype", object))})
    with pytest.raises(ValueError, match="'odd'"):
        GradtapeRegressor(epochs=1).fit(X, np.arange(20.0))


def test_targets_with_gaps_are_refused():
    X, y = homes(40)
    for series in [
        pandas.Series(["a", None] * 20),
        pandas.Series(["a", None] * 20, dtype="category"),
        pandas.Series([1, None] * 20, dtype="Int64"),
        pandas.Series([True, None] * 20, dtype="boolean"),
        pandas.Series(["a", pandas.NA] * 20, dtype=object),
        ["a", pandas.NA] * 20,
        [pandas.Timestamp(0), pandas.NaT] * 20,
        np.array(["2020-01-01", "NaT"] * 20, dtype="datetime64[D]"),
        np.array([1, pandas.NA] * 20, dtype=object),
    ]:
        with pytest.raises(ValueError, match="Input y contains NaN: row 1 has no value"):
            GradtapeClassifier(epochs=1).fit(X, series)


def test_columns_may_be_named_by_whole_numbers():
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60.0)
    frame = pandas.DataFrame(X)
    model = GradtapeRegressor(epochs=2).fit(frame, y)
    np.testing.assert_array_equal(model.predict(frame), model.predict(X))
    frame[1] = "a"
    with pytest.raises(ValueError, match="'1' is of texts, and was of numbers"):
        model.predict(frame)
    # A column without a cell is missing everywhere.
    frame[1] = None
    np.testing.assert_array_equal(model.predict(frame), model.predict(np.where([False, True, False], np.nan, X)))


def test_yes_and_no_are_what_the_program_reads(tmp_path):
    rng = np.random.default_rng(0)
    X = pandas.DataFrame({"num": rng.normal(size=100), "b": rng.uniform(size=100) < 0.5})
    model = GradtapeRegressor(epochs=3).fit(X, X["num"] + X["b"])
    assert model.model_.inputs == ["num", "b=false", "b=true"]
    model.save(tmp_path / "m")
    again = load_model(tmp_path / "m")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    with pytest.raises(ValueError):
        again.predict(X[["b", "num"]])


def test_names_that_look_like_those_of_arrays_are_names(tmp_path):
    X = pandas.DataFrame({"x0": np.arange(40.0), "x1": np.tile([1.0, 2.0], 20)})
    GradtapeRegressor(epochs=2).fit(X, X["x0"]).save(tmp_path / "m")
    with pytest.raises(ValueError, match="feature names|order"):
        load_model(tmp_path / "m").predict(X[["x1", "x0"]])


def by_another_program(path):
    """Takes out of a model file what the package wrote of the columns: so the program writes it."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    notes = [key for key, text in header["__metadata__"].items() if key == "python" or key.endswith(".python")]
    assert notes, header["__metadata__"].keys()
    for key in notes:
        del header["__metadata__"][key]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])


def test_models_of_the_program_find_columns_by_name(tmp_path):
    X, y = homes()
    for frame in [X, X[["size", "code"]]]:
        GradtapeRegressor(epochs=3).fit(frame, y).save(tmp_path / "m")
        by_another_program(tmp_path / "m")
        model = load_model(tmp_path / "m")
        known = model.predict(frame)
        more = frame[frame.columns[::-1]].assign(more="z")
        np.testing.assert_array_equal(model.predict(more), known)
        with pytest.raises(ValueError, match="no column 'size', which the model needs"):
            model.predict(frame.drop(columns="size"))
        with pytest.raises(ValueError, match="no rows"):
            model.predict(frame[:0])
