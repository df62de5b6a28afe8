"""Held-out results and seconds of the estimators beside scikit-learn's perceptrons, on the data that scikit-learn brings.

    python scripts/compare_sklearn.py [--out record/sklearn.csv] [--only NAME,NAME] [--seeds 5]

Two rows for each data: both with what they do by themselves (ours four networks), and both with the same network and
training: one layer of 100, relu, adam of a constant 0.001, batches of at most 200, 200 epochs of all rows. A quarter of the rows is
held out, stratified for classes, with the seeds 0, 1, and so on; medians are written, of seconds as of scores. Inputs are
standardised for both. Seconds are of the clock, with all cores for both: the machine should have nothing else to do. Needs
the package of `python/`, built for release, and scikit-learn; nothing is downloaded.
"""

import argparse
import csv
import subprocess
import time
import warnings
from pathlib import Path

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
FOLDER = Path(__file__).parent
SAME = dict(
    epochs=200, hidden=(100,), activation="relu", dropout=0.0, optimizer="adam", learning_rate=0.001, schedule="constant",
    validation_fraction=0
)


def measured(model, parts):
    X, test, y, truth = parts
    start = time.perf_counter()
    model.fit(X, y)
    return model.score(test, truth), time.perf_counter() - start


def compared(name, settings, seeds):
    """The medians over splits of one set of data, as a row."""
    X, y = DATA[name]()
    is_class = np.issubdtype(y.dtype, np.integer)
    results = []
    for seed in range(seeds):
        X1, X2, y1, y2 = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y if is_class else None)
        scaler = StandardScaler().fit(X1)
        parts = scaler.transform(X1), scaler.transform(X2), y1, y2
        own = dict(SAME, batch_size=min(200, len(y1))) if settings == "same" else {}
        theirs = dict(n_iter_no_change=10**9) if settings == "same" else {}
        ours = (GradtapeClassifier if is_class else GradtapeRegressor)(random_state=seed, **own)
        other = (MLPClassifier if is_class else MLPRegressor)(random_state=seed, **theirs)
        results.append([*measured(ours, parts), *measured(other, parts)])
    score, seconds, their_score, their_seconds = np.median(results, axis=0)
    return {
        "data": name,
        "rows": len(y),
        "settings": settings,
        "metric": "accuracy" if is_class else "r2",
        "gradtape": f"{score:.4f}",
        "perceptron": f"{their_score:.4f}",
        "gradtape seconds": f"{seconds:.3f}",
        "perceptron seconds": f"{their_seconds:.3f}",
        "times faster": f"{their_seconds / seconds:.2f}",
    }


def commit():
    """The commit that is measured, with a + where something is other than in it."""
    git = lambda *words: subprocess.run(["git", "-C", FOLDER, *words], capture_output=True, text=True, check=True).stdout.strip()  # noqa: E731
    return git("rev-parse", "--short=7", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out")
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    # What is loaded at the first use counts for neither.
    compared("iris", "same", 1)
    rows = []
    for name in args.only or DATA:
        for settings in ["own", "same"]:
            row = compared(name, settings, args.seeds)
            rows.append(row | {"commit": commit()})
            print(" ".join(f"{value:>13}" for value in row.values()), flush=True)
    faster = [row["data"] for row in rows if row["settings"] == "same" and float(row["times faster"]) >= 5]
    good = [row["data"] for row in rows if row["settings"] == "own" and float(row["gradtape"]) >= float(row["perceptron"])]
    print(f"of {len(rows) // 2}: the same training 5 times faster {len(faster)}, by themselves equal or better {len(good)}")
    if args.out:
        with open(args.out, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
