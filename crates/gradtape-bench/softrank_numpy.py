"""The workload `softrank` in NumPy: soft ranks of a million f32 numbers with a strength of 1, forward and backward.

Prints the line of JSON that gradtape-bench prints; `python softrank_numpy.py` needs numpy. The regression pools
adjacent violators as the authors of soft ranks do, in a loop over a list, since NumPy has none; sorting, means over
blocks and gradients are NumPy's.
"""

import json
import resource
import time

import numpy as np

LEN = 1_000_000


def blocks(y):
    """The starts of the blocks on which the numbers nearest to y that do not increase are constant."""
    starts, sums, counts = [], [], []
    for start, total in enumerate(y.tolist()):
        count = 1
        while sums and sums[-1] * count <= total * counts[-1]:
            start = starts.pop()
            total += sums.pop()
            count += counts.pop()
        starts.append(start)
        sums.append(total)
        counts.append(count)
    return np.array(starts), np.array(counts)


def soft_rank(x, cotangent, strength=1.0):
    """The soft ranks of x, ascending, and the gradient of their product with the cotangent."""
    order = np.argsort(-x, kind="stable")
    z = x[order].astype(np.float64) / strength
    ranks = np.arange(len(x), 0, -1, dtype=np.float64)
    starts, counts = blocks(z - ranks)

    def mean(values):
        return np.repeat(np.add.reduceat(values, starts) / counts, counts)

    result, slope = np.empty_like(x), np.empty_like(x)
    result[order] = z - mean(z) + mean(ranks)
    g = cotangent[order].astype(np.float64)
    slope[order] = (g - mean(g)) / strength
    return result, slope


def check():
    """A case of the reference data."""
    x = np.array([0.3, -1.2, 2.5, 0.9, 0.7])
    ranks, slope = soft_rank(x, np.array([-0.331, -0.84, 1.449, 0.568, 2.432]))
    assert np.allclose(ranks, [2.66, 1.16, 4.86, 3.26, 3.06])
    assert np.allclose(slope, [-0.9866, -1.4956, 0.7934, -0.0876, 1.7764])


def main():
    check()
    rng = np.random.default_rng(0)
    x, cotangent = (rng.standard_normal(LEN, dtype=np.float32) for _ in range(2))
    began = time.perf_counter()
    while time.perf_counter() - began < 1:
        soft_rank(x, cotangent)
    times, began = [], time.perf_counter()
    while len(times) < 15 or (len(times) < 3000 and time.perf_counter() - began < 5):
        at = time.perf_counter()
        soft_rank(x, cotangent)
        times.append(time.perf_counter() - at)
    median, p10, p90 = np.quantile(times, [0.5, 0.1, 0.9]) * 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = {"workload": "softrank", "framework": "numpy", "version": np.__version__}
    line |= {"median_us": round(median, 2), "p10_us": round(p10, 2), "p90_us": round(p90, 2)}
    print(json.dumps(line | {"peak_rss_mb": round(peak, 1), "compile_s": None}))


if __name__ == "__main__":
    main()
