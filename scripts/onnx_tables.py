#!/usr/bin/env python3
"""Writes models of tables as scikit-learn's users export them, with what onnxruntime gives for some rows: the fixture
`crates/gradtape-onnx/tests/tables.tar.gz`, laid out as the ONNX project's own cases are.

    pip install scikit-learn skl2onnx onnxruntime pandas
    scripts/onnx_tables.py
"""

import io
import tarfile
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
from onnx import TensorProto, ValueInfoProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer, MaxAbsScaler, MinMaxScaler, Normalizer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

warnings.filterwarnings("ignore")
ROOT = Path(__file__).parent.parent
OPSETS = {"": 18, "ai.onnx.ml": 3}
KINDS = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE, np.int64: TensorProto.INT64}


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def plain(value):
    """A list of maps as the array that it is made of."""
    return np.array([list(row.values()) for row in value], np.float32) if isinstance(value, list) else value


def pipelines():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    Xb, yb = load_breast_cancer(return_X_y=True)
    Xd, yd = load_diabetes(return_X_y=True)
    Xh = np.where(np.random.default_rng(0).random(Xd.shape) < 0.1, np.nan, Xd)
    few = dict(max_iter=30, random_state=0, hidden_layer_sizes=(8,))
    forest = dict(n_estimators=5, max_depth=4, random_state=0)
    return {
        "logistic": (make_pipeline(StandardScaler(), LogisticRegression()), X, y),
        "logistic_texts": (make_pipeline(StandardScaler(), LogisticRegression()), X, names),
        "logistic_array": (make_pipeline(StandardScaler(), LogisticRegression()), X, y, {"zipmap": False}),
        "logistic_of_two": (make_pipeline(MinMaxScaler(), LogisticRegression()), Xb, yb),
        "logistic_columns": (make_pipeline(RobustScaler(), LogisticRegression()), Xb, np.array(["m", "b"])[yb], {"zipmap": "columns"}),
        "one_versus_rest": (make_pipeline(MaxAbsScaler(), OneVsRestClassifier(LogisticRegression())), X, y),
        "descent": (make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)), X, y),
        "perceptron": (make_pipeline(StandardScaler(), MLPClassifier(**few)), X, names),
        "perceptron_of_two": (make_pipeline(StandardScaler(), MLPClassifier(**few)), Xb, yb),
        "perceptron_number": (make_pipeline(StandardScaler(), MLPRegressor(**few)), Xd, yd),
        "linear": (make_pipeline(StandardScaler(), LinearRegression()), Xd, yd),
        "gaps_two_targets": (make_pipeline(SimpleImputer(), Normalizer(), Ridge()), Xh, np.stack([yd, 2 * yd], 1)),
        "polynomial": (make_pipeline(PolynomialFeatures(2), StandardScaler(), Ridge()), Xd[:, :3], yd),
        "binarized": (make_pipeline(Binarizer(threshold=2), Normalizer("l1"), LogisticRegression()), X, y),
        "greatest": (make_pipeline(Normalizer("max"), LogisticRegression()), X, y),
        "naive": (GaussianNB(), X, y),
        "neighbours": (KNeighborsClassifier(), X[::3], y[::3]),
        "tree": (DecisionTreeClassifier(max_depth=4, random_state=0), X, names),
        "forest": (RandomForestClassifier(**forest), X, y),
        "forest_of_two": (RandomForestClassifier(**forest), Xb, yb),
        "forest_number": (RandomForestRegressor(**forest), Xd, yd),
        "boosting": (GradientBoostingClassifier(n_estimators=5, random_state=0), Xb, yb),
    }


def frames():
    frame = pd.DataFrame({
        "age": np.array([30, 40, np.nan, 22, 60, 35] * 5, np.float32), "fare": np.array([7, 8, 9.5, 30, np.nan, 80] * 5, np.float32),
        "town": ["Oslo", "Bergen", "Oslo", "Bodø", "Bergen", "Oslo"] * 5, "class": [1, 2, 3, 1, 2, 3] * 5,
    })
    answers = np.array(["no", "yes", "no", "yes", "yes", "no"] * 5)
    kinds = [
        ("age", FloatTensorType([None, 1])), ("fare", FloatTensorType([None, 1])), ("town", StringTensorType([None, 1])),
        ("class", Int64TensorType([None, 1])),
    ]
    numbers = (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["age", "fare"])
    hot = make_column_transformer(numbers, (OneHotEncoder(handle_unknown="ignore"), ["town"]), (OneHotEncoder(), ["class"]))
    ordered = make_column_transformer(numbers, (OrdinalEncoder(), ["town", "class"]))
    few = MLPClassifier(max_iter=30, random_state=0, hidden_layer_sizes=(8,))
    for name, model in {"frame": make_pipeline(hot, LogisticRegression()), "frame_ordered": make_pipeline(ordered, few)}.items():
        model = to_onnx(model.fit(frame, answers), initial_types=kinds, target_opset=OPSETS)
        yield name, model, {name: frame[[name]].to_numpy() for name in frame}


def nodes():
    """Single operators, where files of other tools have them otherwise than scikit-learn's."""
    x = np.array([[1, 2], [-3, 0.5], [0, 0]], np.float32)
    whole, two = np.array([[1, 2], [0, 3]]), dict(coefficients=[0.5, 0.25], intercepts=[0.1], classlabels_ints=[5, 7])
    both = dict(coefficients=[0.5, 0.25, -0.1, 0.2], intercepts=[0.1, 0.2])
    for after in ["NONE", "LOGISTIC", "SOFTMAX"]:
        yield f"one_score_{after.lower()}", "LinearClassifier", x, two | dict(post_transform=after)
        yield f"two_scores_{after.lower()}", "LinearClassifier", x, both | dict(post_transform=after, classlabels_strings=["a", "b"])
        yield f"two_numbers_{after.lower()}", "LinearRegressor", x, both | dict(post_transform=after, targets=2)
        tree = dict(
            nodes_treeids=[0] * 5, nodes_nodeids=[0, 1, 2, 3, 4], nodes_featureids=[0, 1, 0, 0, 0], nodes_values=[0.0, 0.25, 0, 0, 0],
            nodes_modes=["BRANCH_LEQ", "BRANCH_GT", "LEAF", "LEAF", "LEAF"], nodes_truenodeids=[1, 3, 0, 0, 0],
            nodes_falsenodeids=[2, 4, 0, 0, 0], class_treeids=[0] * 3, class_nodeids=[2, 3, 4], class_ids=[0] * 3,
            classlabels_int64s=[5, 7], post_transform=after,
        )
        for name, weights in {"tree_shares": [0.2, 0.7, 0.9], "tree_scores": [0.2, -0.7, 0.9]}.items():
            yield f"{name}_{after.lower()}", "TreeEnsembleClassifier", x, tree | dict(class_weights=weights, base_values=[0.01])
    tree = {name.replace("class_", "target_"): value for name, value in tree.items() if not name.startswith("classlabels")}
    tree |= dict(nodes_missing_value_tracks_true=[1, 0, 0, 0, 0], target_weights=[1.0, 2, 3], post_transform="NONE", n_targets=1)
    gaps = np.array([[np.nan, 0], [1, np.nan], [-1, np.nan]], np.float32)
    yield "tree_gaps", "TreeEnsembleRegressor", gaps, tree
    yield "scaler_whole", "Scaler", whole, dict(offset=[0.5], scale=[2.0])
    yield "scaler_double", "Scaler", whole + 0.1, dict(offset=[0.5], scale=[2.0])
    yield "imputer_whole", "Imputer", whole, dict(imputed_value_int64s=[9], replaced_value_int64=0)
    yield "imputer_zero", "Imputer", x, dict(imputed_value_floats=[9.0, 8.0])
    yield "one_hot_numbers", "OneHotEncoder", x, dict(cats_int64s=[1, 2, -3])
    for norm in ["MAX", "L1", "L2"]:
        yield f"normalizer_{norm.lower()}", "Normalizer", x, dict(norm=norm)


def node(op, x, settings):
    outputs = ["label", "scores"] if op.endswith("Classifier") else ["y"]
    made = helper.make_node(op, ["x"], outputs, domain="ai.onnx.ml", **settings)
    given = [helper.make_tensor_value_info("x", KINDS[x.dtype.type], [None, 2])]
    graph = helper.make_graph([made], "node", given, [ValueInfoProto(name=name) for name in outputs])
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    # What its outputs are, as onnxruntime finds it.
    types = {"tensor(string)": TensorProto.STRING, "tensor(int64)": TensorProto.INT64, "tensor(float)": TensorProto.FLOAT}
    infos = [helper.make_tensor_value_info(out.name, types[out.type], None) for out in session(model).get_outputs()]
    del model.graph.output[:]
    model.graph.output.extend(infos)
    return model


def cases():
    for name, (model, X, y, *options) in pipelines().items():
        X = X.astype(np.float32)
        made = to_onnx(model.fit(X, y), X[:1], options={id(model): options[0]} if options else None, target_opset=OPSETS)
        yield name, made, {"X": X[:: max(1, len(X) // 8)]}
    yield from frames()
    for name, op, x, settings in nodes():
        yield name, node(op, x, settings), {"x": x}


def main():
    with tarfile.open(ROOT / "crates/gradtape-onnx/tests/tables.tar.gz", "w:gz") as archive:
        for name, model, inputs in cases():
            own = session(model)
            files = {"model.onnx": model.SerializeToString()}
            for place, given in enumerate(own.get_inputs()):
                files[f"test_data_set_0/input_{place}.pb"] = inputs[given.name]
            for place, found in enumerate(own.run(None, inputs)):
                files[f"test_data_set_0/output_{place}.pb"] = plain(found)
            for path, content in files.items():
                if not isinstance(content, bytes):
                    content = numpy_helper.from_array(np.asarray(content)).SerializeToString()
                info = tarfile.TarInfo(f"onnx-cases/tables/{name}/{path}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            print(name)


if __name__ == "__main__":
    main()
