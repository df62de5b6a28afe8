"""Memory: a running loss keeps nothing alive, and a tape's memory ends with its last value."""

import gc
import resource
import sys

import gradtape as gt
import numpy as np
import pytest


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def step(net, opt, x, y):
    tape = gt.Tape()
    loss = gt.loss.cross_entropy(net(tape.constant(x)), y)
    opt.step(loss)
    return loss


@linux
def test_a_thousand_steps_hold_memory_flat():
    net = gt.nn.mlp([64, 128, 10])
    opt = gt.optim.Adam(net, 1e-3)
    x, y = np.random.default_rng(0).normal(size=(256, 64)).astype("float32"), np.zeros(256, int)
    running, kept = 0.0, []
    for number in range(1200):
        loss = step(net, opt, x, y)
        running += float(loss)
        if number >= 200 and number % 200 == 199:
            gc.collect()
            kept.append(resident())
    assert running > 0
    # One recording of a step is 0.4 MB.
    assert max(kept) - min(kept) < 4 << 20, kept


@linux
def test_the_memory_of_a_tape_ends_with_its_last_value():
    def grown(keep):
        gc.collect()
        before, kept = resident(), []
        for _ in range(20):
            tape = gt.Tape()
            x = tape.watch(np.ones(1 << 18))
            y = (x * 2).exp()
            y.numpy()
            kept.append(y if keep else float(y[0]))
        gc.collect()
        return resident() - before

    assert grown(keep=False) < 16 << 20
    assert grown(keep=True) > 64 << 20


@linux
def test_a_block_gives_the_memory_back_though_values_are_kept():
    gc.collect()
    before, kept = resident(), []
    for _ in range(20):
        with gt.Tape() as tape:
            y = tape.watch(np.ones(1 << 18)) * 2
            y.numpy()
            kept.append(y)
    assert len(kept) == 20 and resident() - before < 16 << 20


def test_errors_on_the_way_keep_nothing():
    tape = gt.Tape()
    x = tape.watch(np.ones(3))
    for _ in range(100):
        tape.reset()
        x = tape.watch(np.ones(3))
        with pytest.raises(gt.GradtapeError):
            x + np.ones(4)
    assert len(tape) <= 2
