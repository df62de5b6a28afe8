#!/usr/bin/env python3
"""Has other programs check what gradtape-onnx writes: ONNX's own checker, and onnxruntime on the same inputs.

    cargo test -p gradtape-onnx --test all -- --ignored --nocapture writes_every_layer   # prints the folder
    pip install onnx onnxruntime
    scripts/check_onnx.py FOLDER

Each `NAME.onnx` has beside it `NAME.input.txt` and `NAME.expected.txt`: element type, shape, numbers. A result counts as
the same within 1e-5 of the greatest expected number.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

TYPES = dict(f32=np.float32, f64=np.float64, i64=np.int64, bool=np.bool_)


def tensor(path):
    kind, sizes, numbers = path.read_text().split("\n")[:3]
    values = [float(number) for number in numbers.split()]
    return np.array(values).astype(TYPES[kind]).reshape([int(size) for size in sizes.split()])


def main(folder):
    same = differ = refused = 0
    for path in sorted(pathlib.Path(folder).glob("*.onnx")):
        x, expected = (tensor(path.with_suffix(f".{what}.txt")) for what in ("input", "expected"))
        try:
            onnx.checker.check_model(onnx.load(path), full_check=True)
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            (found,) = session.run(None, {"input": x})
        except Exception as error:
            refused += 1
            print(f"refused {path.stem}: {str(error).splitlines()[0][:200]}")
            continue
        far = np.abs(found - expected).max(initial=0) / np.abs(expected).max(initial=1e-30)
        if found.shape != expected.shape or not far <= 1e-5:
            differ += 1
            print(f"differs {path.stem}: {found.shape}, expected {expected.shape}, by {far:.2g}")
        else:
            same += 1
    print(f"{same} the same, {differ} differ, {refused} refused; onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
    return 1 if differ or refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
