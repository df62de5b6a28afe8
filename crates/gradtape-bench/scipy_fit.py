"""The workload `fit` with scipy.optimize.curve_fit: NIST's Gauss1 from its first start.

Prints the lines of JSON that gradtape-bench prints; `python scipy_fit.py` needs numpy and scipy.
"""

import json
import pathlib
import resource
import time

import numpy as np
import scipy
from scipy.optimize import curve_fit

SETS = pathlib.Path(__file__).parent / "../gradtape-calculus/tests/data/nist_regression.json"


def model(x, b1, b2, b3, b4, b5, b6, b7, b8):
    return (
        b1 * np.exp(-b2 * x)
        + b3 * np.exp(-((x - b4) ** 2) / b5**2)
        + b6 * np.exp(-((x - b7) ** 2) / b8**2)
    )


def jacobian(x, b1, b2, b3, b4, b5, b6, b7, b8):
    decay = np.exp(-b2 * x)
    left, right = (x - b4) / b5, (x - b7) / b8
    hill, peak = np.exp(-(left**2)), np.exp(-(right**2))
    by_b4, by_b7 = b3 * hill * 2 * left / b5, b6 * peak * 2 * right / b8
    columns = [decay, -b1 * x * decay, hill, by_b4, by_b4 * left, peak, by_b7, by_b7 * right]
    return np.stack(columns, axis=1)


def main():
    sets = json.loads(SETS.read_text())["cases"]
    case = next(case for case in sets if case["id"] == "Gauss1")
    x, y = (np.array(case["data"][name]) for name in "xy")
    for framework, jac in [("scipy", None), ("scipy-jacobian", jacobian)]:

        def step():
            found, _ = curve_fit(model, x, y, p0=case["start1"], jac=jac)
            squares = np.sum((y - model(x, *found)) ** 2)
            assert abs(squares / case["certified_rss"] - 1) < 1e-9

        began = time.perf_counter()
        while time.perf_counter() - began < 1:
            step()
        times, began = [], time.perf_counter()
        while len(times) < 15 or (len(times) < 3000 and time.perf_counter() - began < 5):
            at = time.perf_counter()
            step()
            times.append(time.perf_counter() - at)
        median, p10, p90 = np.quantile(times, [0.5, 0.1, 0.9]) * 1e6
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        line = {"workload": "fit", "framework": framework, "version": scipy.__version__}
        line |= {"median_us": round(median, 2), "p10_us": round(p10, 2), "p90_us": round(p90, 2)}
        print(json.dumps(line | {"peak_rss_mb": round(peak, 1), "compile_s": None}))


main()
