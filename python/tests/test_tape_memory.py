"""Memory: a running loss keeps nothing alive, and a tape's memory ends with its last value."""

import gc
import subprocess
import sys
import textwrap
import weakref

import gradtape as gt
import numpy as np
import pytest

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

START = """
import gc, resource
import gradtape as gt, numpy as np

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20
"""


def megabytes(program):
    """The numbers that a program of its own prints, so that no other test's memory counts."""
    command = [sys.executable, "-c", START + textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [float(word) for word in done.stdout.split()]


@linux
def test_a_thousand_steps_hold_memory_flat():
    kept = megabytes("""
        net = gt.nn.mlp([64, 128, 10])
        opt = gt.optim.Adam(net, 1e-3)
        x, y = np.random.default_rng(0).normal(size=(256, 64)).astype("float32"), np.zeros(256, int)
        running = 0.0
        for number in range(1200):
            tape = gt.Tape()
            loss = gt.loss.cross_entropy(net(tape.constant(x)), y)
            opt.step(loss)
            running += float(loss)
            if number >= 200 and number % 200 == 199:
                print(resident())
    """)
    # One recording of a step is 0.4 MB.
    assert len(kept) == 5 and max(kept) - min(kept) < 4, kept


GROWN = """
    before, kept = resident(), []
    for _ in range(20):
        {tape}
        y = (tape.watch(np.ones(1 << 18)) * 2).exp()
        y.numpy()
        kept.append({kept})
        {end}
    print(resident() - before)
"""


@linux
def test_the_memory_of_a_tape_ends_with_its_last_value():
    # Each tape has 4 MB.
    (numbers,) = megabytes(GROWN.format(tape="tape = gt.Tape()", kept="float(y[0])", end=""))
    (values,) = megabytes(GROWN.format(tape="tape = gt.Tape()", kept="y", end=""))
    assert numbers < 24 and values > 70, (numbers, values)


@linux
def test_a_block_gives_the_memory_back_though_values_are_kept():
    (block,) = megabytes(GROWN.format(tape="tape = gt.Tape().__enter__()", kept="y", end="tape.__exit__()"))
    assert block < 24


def test_compiled_functions_and_networks_are_forgotten():
    def made():
        net = gt.nn.mlp([2, 3, 1])
        step = gt.compile(lambda x: net(x))
        step(np.ones((1, 2), "float32"))
        return weakref.ref(net), weakref.ref(step)

    refs = made()
    gc.collect()
    assert [ref() for ref in refs] == [None, None]


def test_errors_on_the_way_keep_nothing():
    tape = gt.Tape()
    for _ in range(100):
        tape.reset()
        x = tape.watch(np.ones(3))
        with pytest.raises(gt.GradtapeError):
            x + np.ones(4)
    assert len(tape) <= 2
