"""The estimators where scikit-learn is not installed."""

import subprocess
import sys

import pytest

PROGRAM = '''
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "sklearn":
            raise ImportError(name)

sys.meta_path.insert(0, Absent())
import pickle
import numpy as np
import gradtape as gt

def refused(call, told):
    try:
        call()
    except ValueError as error:
        assert told in str(error), error
    else:
        raise AssertionError(f"nothing was said of {told!r}")

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3))
y = np.where(X[:, 0] > 0, "up", "down")
model = gt.GradtapeClassifier(epochs=30)
refused(lambda: model.predict(X), "not fitted")
assert model.fit(X, y).score(X, y) > 0.9 and model.score(X, y[:, None]) > 0.9
assert (pickle.loads(pickle.dumps(model)).predict(X) == model.predict(X)).all()
assert repr(model) == "GradtapeClassifier(epochs=30)", repr(model)
assert model.set_params(hidden=(4,)).get_params()["hidden"] == (4,)
refused(lambda: model.set_params(depth=3), "no parameter 'depth'")
twice = gt.GradtapeRegressor(epochs=3).fit(X, X[:, 0], sample_weight=np.full(120, 2))
assert (twice.predict(X) == gt.GradtapeRegressor(epochs=3).fit(X, X[:, 0]).predict(X)).all()
for wrong, told in [
    (lambda: model.fit(X[:, 0], y), "[n, columns]"),
    (lambda: model.fit(X[:0], y[:0]), "nothing to learn from"),
    (lambda: model.fit(X, y[:5]), "there are 120 rows"),
    (lambda: model.fit(np.where(X > 2, np.inf, X), y), "infinity"),
    (lambda: model.fit(X, None), "requires y"),
    (lambda: model.fit(X, X[:, 0]), "no classes"),
    (lambda: model.fit(X, y, sample_weight=-np.ones(120)), "at least 0"),
    (lambda: model.fit(X, y, sample_weight=np.zeros(120)), "is 0"),
]:
    refused(wrong, told)
model.fit(X, y)
refused(lambda: model.predict(X[:, :2]), "2 columns")
try:
    import pandas
except ImportError:
    print("fine")
    sys.exit()
frame = pandas.DataFrame(X, columns=["a", "b", "c"])
model.fit(frame, y)
refused(lambda: model.predict(frame[["b", "a", "c"]]), "same order")
mixed = frame.assign(town=y)
assert gt.GradtapeRegressor().fit(mixed, X[:, 0]).score(mixed, X[:, 0]) > 0.8
print("fine")
'''


def test_they_stand_alone():
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert run.stdout.strip() == "fine", run.stderr


OLD = """
import sklearn
sklearn.__version__ = "1.2.2"
import gradtape
gradtape.Tape()
try:
    gradtape.GradtapeClassifier
except ImportError as error:
    assert "scikit-learn 1.3 or later, or none, and 1.2.2 is installed" in str(error), error
else:
    raise AssertionError("an old scikit-learn was taken")
"""


def test_a_scikit_learn_that_is_too_old_is_named():
    pytest.importorskip("sklearn")
    run = subprocess.run([sys.executable, "-c", OLD], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
