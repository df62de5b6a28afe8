"""Kills `gradtape train` with SIGKILL at random moments, saving included, goes on with --resume, and looks whether the
end is the same bits as without a stop; writes record/kills.csv.

    python scripts/kill.py target/release/gradtape [--kills 200] [--seed 1] [--out record/kills.csv]

Each training is killed again and again until it ends; trainings are repeated until there are enough kills. The moments
are spread over the whole training, so that some fall into the writing of a checkpoint, of which there is one after
every step or two. Work lost is at most what came after the last checkpoint, as the step that a checkpoint has never
falls.
"""

import argparse
import csv
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

RUNS = {
    "dropout": "train moons --hidden 16 --epochs 12 --batch 16 --dropout 0.2 --checkpoint-every 2steps",
    "gathered": "train moons --hidden 8 --epochs 12 --batch 16 --accumulate 3 --lookahead 5 --schedule cosine "
    "--early-stopping 3 --checkpoint-every 1steps",
    "networks": "train iris --members 3 --epochs 12 --batch 8 --checkpoint-every 3steps",
}


def digest(folder):
    names = ["model.safetensors", "history.csv", "curves.svg"]
    return [hashlib.sha256(open(os.path.join(folder, name), "rb").read()).hexdigest() for name in names]


def saved(folder):
    """The latest checkpoint."""
    try:
        names = os.listdir(os.path.join(folder, "checkpoints"))
    except FileNotFoundError:
        return ()
    numbers = lambda name: tuple(int(part) for part in name.replace(".", "-").split("-") if part.isdigit())
    done = [numbers(name) for name in names if name.endswith(".checkpoint") and "step" in name]
    return max(done, default=())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out")
    args = parser.parse_args()
    chance = random.Random(args.seed)
    program = os.path.abspath(args.program)
    rows = []
    for name, words in RUNS.items():
        kills = trainings = same = 0
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            subprocess.run([program, *words.split(), "--quiet", "--out", folder], check=True)
            whole, want = time.monotonic() - start, digest(folder)
        while kills < args.kills / len(RUNS):
            trainings += 1
            with tempfile.TemporaryDirectory() as folder:
                latest = ()
                while True:
                    goes_on = latest != ()
                    command = ["train", "--resume", folder] if goes_on else [*words.split(), "--quiet", "--out", folder]
                    process = subprocess.Popen([program, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                    try:
                        _, told = process.communicate(timeout=chance.uniform(0, whole))
                        if process.returncode:
                            sys.exit(f"{name}: {command}: {told.decode()}")
                        break
                    except subprocess.TimeoutExpired:
                        process.send_signal(signal.SIGKILL)
                        process.communicate()
                    kills += 1
                    now = saved(folder)
                    if now < latest:
                        sys.exit(f"{name}: from {latest} back to {now}")
                    latest = now
                    if latest == ():
                        # Killed before the first checkpoint: nothing to go on from.
                        for path, _, files in os.walk(folder):
                            for file in files:
                                os.remove(os.path.join(path, file))
                same += digest(folder) == want
        rows.append({"training": name, "trainings": trainings, "kills": kills, "same bits": same})
        print(rows[-1], flush=True)
    if args.out:
        with open(args.out, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
    if any(row["same bits"] != row["trainings"] for row in rows):
        sys.exit("not always the same bits")


if __name__ == "__main__":
    main()
