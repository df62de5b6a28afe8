"""Held-out results and seconds of the estimators beside scikit-learn's perceptrons, on the data that scikit-learn brings.

    python scripts/compare_sklearn.py [--seeds 5] > record/python.csv

Two rows for each data: both with what they do by themselves (ours four networks), and both with the same network and training:
one layer of 100, relu, adam of a constant 0.001, batches of at most 200, 200 epochs of all rows. Inputs are standardised for both. Needs the package of `python/` and scikit-learn.
"""

import argparse
import time
import warnings

import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from gradtape import GradtapeClassifier, GradtapeRegressor

warnings.filterwarnings("ignore")

DATA = {
    "iris": lambda: datasets.load_iris(return_X_y=True),
    "wine": lambda: datasets.load_wine(return_X_y=True),
    "breast_cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "digits": lambda: datasets.load_digits(return_X_y=True),
    "circles": lambda: datasets.make_circles(1000, noise=0.2, factor=0.5, random_state=1),
    "moons": lambda: datasets.make_moons(1000, noise=0.3, random_state=0),
    "diabetes": lambda: datasets.load_diabetes(return_X_y=True),
    "friedman": lambda: datasets.make_friedman1(2000, noise=1.0, random_state=0),
}
SAME = dict(
    epochs=200, hidden=(100,), activation="relu", dropout=0.0, optimizer="adam", learning_rate=0.001, schedule="constant",
    validation_fraction=0
)


def measured(model, parts):
    X, test, y, truth = parts
    start = time.perf_counter()
    model.fit(X, y)
    return model.score(test, truth), time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    print("data,settings,gradtape_score,sklearn_score,gradtape_seconds,sklearn_seconds,times_faster")
    for name, load in DATA.items():
        X, y = load()
        is_class = np.issubdtype(y.dtype, np.integer)
        for settings in ["own", "same"]:
            results = []
            for seed in range(seeds):
                X1, X2, y1, y2 = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y if is_class else None)
                scaler = StandardScaler().fit(X1)
                parts = scaler.transform(X1), scaler.transform(X2), y1, y2
                batch = min(200, len(y1))
                own = dict(SAME, batch_size=batch) if settings == "same" else {}
                theirs = dict(n_iter_no_change=10**9) if settings == "same" else {}
                ours = (GradtapeClassifier if is_class else GradtapeRegressor)(random_state=seed, **own)
                other = (MLPClassifier if is_class else MLPRegressor)(random_state=seed, **theirs)
                results.append([*measured(ours, parts), *measured(other, parts)])
            score, seconds, their_score, their_seconds = np.median(results, axis=0)
            print(f"{name},{settings},{score:.4f},{their_score:.4f},{seconds:.3f},{their_seconds:.3f},{their_seconds / seconds:.2f}", flush=True)


if __name__ == "__main__":
    main()
