"""scikit-learn's own checks of estimators, all of them, and its tools around ours."""

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from gradtape import GradtapeClassifier, GradtapeRegressor


@parametrize_with_checks([GradtapeClassifier(), GradtapeRegressor()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_pipelines_searches_and_clones(blobs, waves):
    X, y = blobs
    pipe = make_pipeline(StandardScaler(), GradtapeClassifier(epochs=5))
    assert cross_val_score(pipe, X, y, cv=3).mean() > 0.7
    search = GridSearchCV(GradtapeRegressor(epochs=20), {"hidden": [(4,), (32,)]}, cv=2, n_jobs=2)
    search.fit(*waves)
    assert search.best_params_["hidden"] == (32,)
    copy = clone(GradtapeClassifier(hidden=(7,), class_weight="balanced"))
    assert copy.hidden == (7,) and copy.class_weight == "balanced"
    assert "hidden=(7,)" in repr(copy)


def test_the_balanced_class_weight_finds_the_rare(blobs):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(600, 2))
    y = (X[:, 0] + 0.8 * rng.normal(size=600) > 1.9).astype(int)
    found = [
        GradtapeClassifier(class_weight=weight).fit(X, y).predict(X)[y == 1].mean()
        for weight in [None, "balanced"]
    ]
    assert found[1] > found[0] + 0.1
