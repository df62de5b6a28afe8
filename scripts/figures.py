"""Trains what the two figures of the course show: optimisers on MNIST (Kingma and Ba 2015, figure 2) and sizes of batches.

    cargo build --release -p gradtape-cli
    python scripts/figures.py target/release/gradtape FOLDER_OF_MNIST [--search-steps 150] [--epochs 3] [--keep-rates]

Each figure is one command, which is printed. Before the first, a search finds the rate of each optimiser: each of a grid
of half decades is trained for the same number of steps, and the lowest mean loss of the second half of them wins; where
others are within a twentieth of it, all of these are trained for an epoch, and the lowest loss of that wins. --keep-rates
takes the rates that were found before. What was found is in record/figures, the pictures are in docs/book/src/trained,
where a test holds the text against both.
"""

import argparse
import csv
import json
import shlex
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
RECORD = HERE / "record/figures"
BOOK = HERE / "docs/book/src/trained"

RATES = {
    "adam": ["0.0001", "0.0003", "0.001", "0.003", "0.01"],
    "adagrad": ["0.001", "0.003", "0.01", "0.03", "0.1"],
    "rmsprop": ["0.00003", "0.0001", "0.0003", "0.001", "0.003"],
    "nesterov": ["0.003", "0.01", "0.03", "0.1", "0.3"],
    "adadelta": ["0.1", "0.3", "1", "3", "10"],
}
NETWORK = "--hidden 1000,1000 --dropout 0.5 --batch 128 --schedule constant --validation 0 --seed 1"
BATCHES = "train digits --hidden 32 --optimizer sgd --lr 0.05 --schedule constant --seed 1 --batch 1,100 --steps 600 --epochs 60"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gradtape")
    parser.add_argument("mnist")
    parser.add_argument("--search-steps", type=int, default=150)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--keep-rates", action="store_true")
    given = parser.parse_args()
    RECORD.mkdir(parents=True, exist_ok=True)
    BOOK.mkdir(parents=True, exist_ok=True)

    def train(words, folder, shown):
        print("gradtape", words.replace("MNIST", shown), flush=True)
        began = time.time()
        words = shlex.split(words.replace("MNIST", shlex.quote(given.mnist)))
        out = ["--out", folder, "--format", "json"]
        told = subprocess.run([given.gradtape, *words, *out], check=True, capture_output=True)
        print(f"  {time.time() - began:.0f} s", flush=True)
        return json.loads(told.stdout)["runs"]

    if given.keep_rates:
        best = best_rates()
    else:
        best = search(train, given.search_steps)
    with tempfile.TemporaryDirectory() as folder:
        runs = train(f"train MNIST {NETWORK} --epochs {given.epochs} --optimizer {best}", folder, "mnist/")
        optimisers(Path(folder), runs)
    with tempfile.TemporaryDirectory() as folder:
        runs = train(BATCHES, folder, "")
        batches(Path(folder), runs)


def search(train, steps):
    """Writes the losses of each optimiser with each rate: behind half of the steps, and where some tie, in an epoch."""
    losses = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        every = [f"{name}:lr={rate}" for name, rates in RATES.items() for rate in rates]
        train(f"train MNIST {NETWORK} --steps {steps} --optimizer {','.join(every)}", folder, "mnist/")
        for row in csv.DictReader((Path(folder) / "steps.csv").open()):
            if int(row["step"]) > steps // 2:
                losses[row["optimizer"]].append(float(row["loss"]))
    # One that diverged has no losses behind half of the steps.
    means = {name: sum(losses[name]) / len(losses[name]) if losses[name] else float("inf") for name in every}
    tries = []
    for name in RATES:
        own = [one for one in every if one.startswith(f"{name}:")]
        near = [one for one in own if means[one] <= 1.05 * min(means[other] for other in own)]
        tries += near if len(near) > 1 else []
    epochs = {}
    if tries:
        with tempfile.TemporaryDirectory() as folder:
            train(f"train MNIST {NETWORK} --epochs 1 --optimizer {','.join(tries)}", folder, "mnist/")
            rows = csv.DictReader((Path(folder) / "compare.csv").open())
            epochs = {row["optimizer"]: f"{float(row['train_loss']):.4f}" for row in rows}
    with (RECORD / "rates.csv").open("w") as out:
        out.write("optimizer,rate,loss,epoch_loss\n")
        for one in every:
            name, rate = one.split(":lr=")
            out.write(f"{name},{rate},{means[one]:.4f},{epochs.get(one, '')}\n")
    return best_rates()


def best_rates():
    """The rate of each optimiser with the lowest loss, of an epoch where some were trained for one, as words."""
    best = {}
    for row in csv.DictReader((RECORD / "rates.csv").open()):
        loss = (0, float(row["epoch_loss"])) if row["epoch_loss"] else (1, float(row["loss"]))
        best.setdefault(row["optimizer"], []).append((loss, row["rate"]))
    return ",".join(f"{name}:lr={min(tried)[1]}" for name, tried in best.items())


def optimisers(folder, runs):
    """Writes the loss of each epoch, the held-out figures, and the picture."""
    held_out = {run["settings"]["optimizer"]: run for run in runs}
    with (RECORD / "optimisers.csv").open("w") as out:
        out.write("optimizer,rate,epoch,loss,held_out_loss,held_out_accuracy\n")
        rows = list(csv.DictReader((folder / "compare.csv").open()))
        for row in rows:
            name, rate = row["optimizer"].split(":lr=")
            run = held_out[row["optimizer"]]
            last = row["epoch"] == rows[-1]["epoch"]
            held = f"{run['held_out_loss']:.4f},{100 * run['held_out_accuracy']:.2f}" if last else ","
            out.write(f"{name},{rate},{row['epoch']},{float(row['train_loss']):.4f},{held}\n")
    (BOOK / "optimisers.svg").write_bytes((folder / "compare.svg").read_bytes())


def batches(folder, runs):
    """Writes the losses of stretches of ten steps, as the picture has them, the held-out figures, and the picture."""
    losses = defaultdict(list)
    for row in csv.DictReader((folder / "steps.csv").open()):
        losses[row["batch"], (int(row["step"]) - 1) // 10].append(float(row["loss"]))
    with (RECORD / "batches.csv").open("w") as out:
        out.write("batch,to_step,mean,lowest,highest,held_out_loss,held_out_accuracy\n")
        for (batch, place), own in losses.items():
            run = next(run for run in runs if run["settings"]["batch"] == batch)
            last = (batch, place + 1) not in losses
            held = f"{run['held_out_loss']:.4f},{100 * run['held_out_accuracy']:.2f}" if last else ","
            numbers = f"{sum(own) / len(own):.4f},{min(own):.4f},{max(own):.4f}"
            out.write(f"{batch},{10 * place + len(own)},{numbers},{held}\n")
    (BOOK / "batches.svg").write_bytes((folder / "compare.svg").read_bytes())


main()
