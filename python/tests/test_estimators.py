"""The estimators: what they learn, what they refuse, and what they keep."""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import gradtape
from gradtape import GradtapeClassifier, GradtapeError, GradtapeRegressor, load_model


def test_classes_are_told_apart(blobs):
    X, y = blobs
    model = GradtapeClassifier().fit(X[:120], y[:120])
    assert model.score(X[120:], y[120:]) > 0.9
    assert model.classes_.tolist() == ["a", "b", "c"]
    shares = model.predict_proba(X)
    assert shares.shape == (150, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert len(model.history_) == 4 and model.n_iter_ <= 100


def test_a_number_is_predicted_in_its_own_unit(waves):
    X, y = waves
    model = GradtapeRegressor().fit(X[:250], y[:250])
    assert model.score(X[250:], y[250:]) > 0.97
    transformed = GradtapeRegressor(target_transform="log").fit(X[:250], np.exp(y[:250] / 3))
    assert transformed.score(X[250:], np.exp(y[250:] / 3)) > 0.9


@pytest.mark.parametrize("weights", [[2, 0, 1, 3] * 10, [1, 2, 3, 4] * 10])
def test_a_weight_is_a_row_that_comes_as_often(weights):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    order = rng.permutation(sum(weights))
    repeated = np.repeat(X, weights, axis=0)[order], np.repeat(y, weights)[order]
    for make, target in [(GradtapeRegressor, lambda y: y), (GradtapeClassifier, lambda y: y > 0)]:
        weighed = make(epochs=5).fit(X, target(y), sample_weight=weights)
        same = make(epochs=5).fit(repeated[0], target(repeated[1]))
        np.testing.assert_array_equal(weighed.predict(X), same.predict(X))


def test_fractions_weigh_in_the_loss():
    # Rows that nothing tells apart: the answer is their weighed mean.
    X, y = np.zeros((40, 1)), np.repeat([0.0, 1.0], 20)
    for share in [0.25, 0.9]:
        model = GradtapeRegressor(hidden=(), epochs=300, learning_rate=0.05, validation_fraction=0)
        model.fit(X, y, sample_weight=np.where(y == 1, share, 1 - share) * 0.37)
        assert abs(model.predict(X[:1])[0] - share) < 0.02


def test_the_same_seed_gives_the_same_bits_at_any_number_of_threads_and_order(blobs):
    X, y = blobs
    order = np.random.default_rng(0).permutation(len(y))
    first = GradtapeClassifier(n_jobs=1, epochs=8).fit(X, y).predict_proba(X)
    again = GradtapeClassifier(n_jobs=2, epochs=8).fit(X[order], y[order]).predict_proba(X)
    np.testing.assert_array_equal(first, again)
    other = GradtapeClassifier(random_state=1, epochs=8).fit(X, y).predict_proba(X)
    assert not np.array_equal(first, other)


def test_gaps_are_missing_values(waves):
    X, y = waves
    X = X.copy()
    X[::5, 1] = np.nan
    model = GradtapeRegressor().fit(X, y)
    assert model.model_.inputs == ["x0", "x1", "x1 is missing"]
    assert model.score(X, y) > 0.9


def test_models_are_kept(blobs, waves, tmp_path):
    for make, (X, y) in [(GradtapeClassifier, blobs), (GradtapeRegressor, waves)]:
        model = make(epochs=5).fit(X, y)
        path = tmp_path / "model.safetensors"
        model.save(path)
        for again in [load_model(path), pickle.loads(pickle.dumps(model))]:
            np.testing.assert_array_equal(again.predict(X), model.predict(X))
    with pytest.raises(GradtapeError, match="absent.safetensors"):
        load_model(tmp_path / "absent.safetensors")
    (tmp_path / "text").write_text("no model")
    with pytest.raises(GradtapeError, match="text"):
        load_model(tmp_path / "text")
    with pytest.raises(GradtapeError):
        model.save(tmp_path / "no folder" / "model.safetensors")


def test_columns_that_say_nothing_keep_their_place(waves, tmp_path):
    X, y = waves
    X = np.column_stack([np.ones(len(y)), X])
    model = GradtapeRegressor(epochs=3).fit(X, y)
    assert model.model_.inputs == ["x1", "x2"]
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(load_model(tmp_path / "m").predict(X), model.predict(X))


def test_whole_numbers_stay_classes_of_their_type(blobs, tmp_path):
    X, y = blobs
    numbers = np.where(y == "a", 7, 10)
    model = GradtapeClassifier(epochs=5).fit(X, numbers)
    assert model.predict(X).dtype == numbers.dtype and model.classes_.tolist() == [7, 10]
    model.save(tmp_path / "m")
    assert load_model(tmp_path / "m").classes_.tolist() == [7, 10]
    floats = GradtapeClassifier(epochs=5).fit(X, numbers.astype(float))
    assert floats.predict(X).dtype == float


@pytest.mark.parametrize(
    "labels",
    [
        np.array([False, True]),
        np.array(["1", "1.0"]),
        np.array(["nan", "inf"]),
        np.array([2**62, 2**62 + 1]),
        np.array([2**63, 2**63 + 1], dtype=np.uint64),
        np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[D]"),
        np.array([0.0, 1.0]),
        np.array(["a", "b"], dtype=object),
    ],
)
def test_classes_keep_their_type_in_a_file(labels, blobs, tmp_path):
    X, y = blobs
    y = labels[(y == "a").astype(int)]
    model = GradtapeClassifier(epochs=3).fit(X, y)
    model.save(tmp_path / "m")
    again = load_model(tmp_path / "m")
    assert again.classes_.dtype == model.classes_.dtype
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize("y", [["a", None] * 20, ["a", float("nan")] * 20, np.array([1.0, np.nan] * 20)])
def test_a_gap_in_y_is_no_class(y):
    with pytest.raises(ValueError, match="contains NaN"):
        GradtapeClassifier(epochs=1).fit(np.arange(40.0)[:, None], y)


def test_what_cannot_be_learned_is_told(blobs):
    X, y = blobs
    wrong = [
        (dict(hidden=(0,)), "hidden is 0"),
        (dict(activation="rilu"), "did you mean"),
        (dict(optimizer="adm"), "did you mean"),
        (dict(dropout=1.5), "dropout"),
        (dict(schedule="cosin"), "cosine"),
        (dict(epochs=0), "epochs is 0"),
        (dict(epochs=2.5), "epochs is 2.5"),
        (dict(hidden="64"), "hidden is '64'"),
        (dict(random_state=0.5), "random_state is 0.5"),
        (dict(random_state=-1), "random_state is -1"),
        (dict(class_weight={"z": 1}), "none of the classes"),
        (dict(class_weight={"a": -1}), "at least 0"),
        (dict(class_weight={"a": 0, "b": 0, "c": 0}), "non-zero|every"),
        (dict(activation=3), "activation is 3"),
        (dict(validation_fraction=1.0), "validation"),
        (dict(learning_rate=float("nan")), "learning_rate is nan"),
        (dict(n_jobs=0), "n_jobs is 0"),
        (dict(hidden=(10**6, 10**6)), "weights"),
    ]
    for settings, told in wrong:
        with pytest.raises(ValueError, match=told):
            GradtapeClassifier(**settings).fit(X, y)
    with pytest.raises(ValueError, match="target_transform"):
        GradtapeRegressor(target_transform="sqrt").fit(X, X[:, 0])
    with pytest.raises(ValueError):
        GradtapeClassifier().fit(X[:10], y)
    with pytest.raises(ValueError, match="[Ii]nf"):
        GradtapeClassifier().fit(np.where(X > 3, np.inf, X), y)
    with pytest.raises(ValueError):
        GradtapeRegressor().fit(X, np.full(len(X), np.nan))
    with pytest.raises(GradtapeError, match="too far"):
        GradtapeClassifier(epochs=1).fit(X, y).predict(np.full((1, 4), 1e300))
    # A failed fit leaves no panic behind.
    assert GradtapeClassifier(epochs=2).fit(X, y).predict(X[:1]).shape == (1,)


def test_one_class_is_that_class(blobs):
    X, _ = blobs
    model = GradtapeClassifier().fit(X, ["only"] * len(X))
    assert model.predict(X[:2]).tolist() == ["only", "only"]
    with pytest.raises(ValueError, match="only class"):
        model.save("nothing")
    pandas = pytest.importorskip("pandas")
    texts = pandas.DataFrame({name: ["a", "b"] for name in "wxyz"})
    with pytest.raises(ValueError, match="'w' is of texts, and was of numbers"):
        model.predict(texts)
    of_texts = GradtapeClassifier().fit(texts, ["only"] * 2)
    assert of_texts.predict(texts[:1]).tolist() == ["only"]


@pytest.mark.parametrize("rows", [2, 3, 4, 7])
def test_very_few_rows_are_learned(rows):
    X = np.arange(rows, dtype=float)[:, None]
    assert GradtapeRegressor(epochs=3).fit(X, X[:, 0]).predict(X).shape == (rows,)
    assert GradtapeRegressor().fit(X, X[:, 0]).predict(X).shape == (rows,)
    assert GradtapeClassifier(epochs=3).fit(X, X[:, 0] > 0).predict(X).shape == (rows,)


def test_epochs_are_told(blobs, capsys):
    X, y = blobs
    GradtapeClassifier(epochs=2, verbose=True).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[0].startswith("network 1   epoch    1   loss ")


@contextlib.contextmanager
def other_thread():
    """Another thread of Python, and when it ran."""
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    other = threading.Thread(target=tick)
    other.start()
    yield ticks
    done.set()
    other.join()


def test_other_threads_run_while_it_trains(blobs):
    with other_thread() as ticks:
        before = len(ticks)
        GradtapeClassifier(hidden=(256, 256), epochs=60, n_jobs=1).fit(*blobs)
        assert len(ticks) - before > 10


def test_other_threads_run_while_models_are_read_and_written(waves, tmp_path):
    X, y = waves
    model = GradtapeRegressor(hidden=(1500, 1500), epochs=1).fit(X[:8], y[:8])
    content = pickle.dumps(model)
    # Between two calls they may run once.
    calls = 10
    for call in [lambda: model.save(tmp_path / "m"), lambda: load_model(tmp_path / "m"), lambda: pickle.loads(content)]:
        with other_thread() as ticks:
            before = len(ticks)
            for _ in range(calls):
                call()
            assert len(ticks) - before > 3 * calls


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_keeps_what_was_learned(blobs):
    program = (
        "import warnings, numpy as np, gradtape\n"
        "X = np.random.default_rng(0).normal(size=(20000, 20)); y = X[:, 0] > 0\n"
        "print('begun', flush=True)\n"
        "with warnings.catch_warnings(record=True) as told:\n"
        "    warnings.simplefilter('always')\n"
        "    model = gradtape.GradtapeClassifier(hidden=(256, 256), epochs=100000, verbose=True).fit(X, y)\n"
        "print('kept', len(model.predict(X)), [str(one.message)[:19] for one in told])\n"
    )
    run = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    for line in run.stdout:
        if line.startswith("network"):
            break
    run.send_signal(signal.SIGINT)
    rest = run.stdout.read()
    assert run.wait(60) == 0
    assert "kept 20000 ['fit was interrupted']" in rest, rest


def test_the_module_says_what_it_has():
    assert set(gradtape.__all__) <= set(dir(gradtape))
    with pytest.raises(AttributeError, match="nothing"):
        gradtape.nothing
