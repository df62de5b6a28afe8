"""The program and the estimators train the same networks, to the bit."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gradtape import GradtapeClassifier, GradtapeRegressor


def program():
    """The program, where it is built: GRADTAPE names it, or it is in the folder of builds."""
    target = Path(__file__).parents[2] / "target"
    known = [os.environ.get("GRADTAPE"), target / "release" / "gradtape", target / "debug" / "gradtape"]
    found = [Path(path) for path in known if path and Path(path).is_file()]
    if not found:
        pytest.skip("the program is not built: cargo build -p gradtape-cli")
    return found[0]


def weights(path):
    """The names, types and shapes of all tensors of a model file, and the hash of their bits."""
    content = Path(path).read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__")
    kept = {}
    for name, about in sorted(header.items()):
        start, end = about["data_offsets"]
        bits = content[8 + length + start : 8 + length + end]
        kept[name] = about["dtype"], about["shape"], hashlib.sha256(bits).hexdigest()
    return kept


@pytest.mark.parametrize(
    "flags, settings",
    [
        ([], {}),
        (["--epochs", "7", "--hidden", "9,5", "--activation", "relu"], dict(epochs=7, hidden=(9, 5), activation="relu")),
        (["--epochs", "40", "--early-stopping", "3"], dict(epochs=40, early_stopping=3)),
        (["--members", "3", "--epochs", "4", "--seed", "5"], dict(members=3, epochs=4, random_state=5)),
        (["--optimizer", "sgd", "--lr", "0.1", "--batch", "16", "--schedule", "step:step_size=2", "--epochs", "5"],
         dict(optimizer="sgd", learning_rate=0.1, batch_size=16, schedule="step:step_size=2", epochs=5)),
        (["--validation", "0", "--epochs", "3", "--members", "2"], dict(validation_fraction=0, epochs=3, members=2)),
    ],
)
@pytest.mark.parametrize("make", [GradtapeClassifier, GradtapeRegressor])
def test_the_program_gives_the_same_bits(make, flags, settings, tmp_path):
    # Rows in the order in which the estimators put them, so that the same are held out.
    rng = np.random.default_rng(8)
    X = rng.normal(size=(140, 3)).round(3)
    X = X[np.lexsort(X.T[::-1])]
    y = np.where(X[:, 0] > 0.2, "up", "down") if make is GradtapeClassifier else (X[:, 0] * X[:, 1]).round(4)
    lines = [",".join([*map(str, row), str(target)]) for row, target in zip(X, y)]
    (tmp_path / "rows.csv").write_text("\n".join(["x0,x1,x2,y", *lines]) + "\n")
    model = make(**settings).fit(X, y)
    model.save(tmp_path / "own")
    of_frames = "stratified" if make is GradtapeClassifier else "random"
    command = [program(), "train", tmp_path / "rows.csv", "--target", "y", "--test-fraction", "0", "--split", of_frames]
    if "--validation" not in flags:
        command += ["--validation", "0.1"]
    run = subprocess.run([*command, *flags, "--out", tmp_path / "m", "--quiet"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert weights(tmp_path / "m" / "model.safetensors") == weights(tmp_path / "own")
