"""`nn.fit`: the loop of the library around a network and arrays."""

import os
import signal
import threading
import time

import gradtape as gt
import numpy as np
import pytest
from gradtape import nn, optim

X, Y = gt.data.iris()
LINE = np.linspace(-1, 1, 60).reshape(-1, 1)


class Net(nn.Module):
    def __init__(self):
        self.hidden, self.out = nn.Linear(4, 16, seed=1), nn.Linear(16, 3, seed=2)
        self.scale = gt.Parameter(1.0)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return self.out(self.hidden(x).tanh()) * self.scale


def numbers(net):
    return [own.numpy() for own in nn.named_parameters(net).values()]


def test_classes_are_learned():
    net = nn.mlp([4, 16, 3], seed=0)
    history = nn.fit(net, X, Y, epochs=40, lr=0.01, validation=0.2)
    assert [row["epoch"] for row in history] == list(range(1, 41))
    assert set(history[-1]) == {"epoch", "lr", "loss", "accuracy", "validation_loss", "validation_accuracy"}
    assert history[-1]["loss"] < history[0]["loss"] and history[-1]["validation_accuracy"] > 0.9
    assert (net(X).argmax(1) == Y).mean() > 0.9


def test_the_same_seed_gives_the_same_bits():
    found = []
    for _ in range(2):
        net = nn.mlp([4, 16, 3], seed=0)
        nn.fit(net, X, Y, epochs=3, seed=5)
        found.append(numbers(net))
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)


def test_a_network_of_python_learns_as_the_same_one_of_the_library():
    own = Net()
    same = nn.Sequential(own.hidden.clone(), nn.Tanh(), own.out.clone())
    learned = nn.fit(own, X, Y, epochs=2, optimizer="sgd", lr=0.0)
    assert own.calls > 2
    np.testing.assert_allclose(own(X), same(X), rtol=1e-5)
    history = nn.fit(same, X, Y, epochs=2, optimizer="sgd", lr=0.0)
    assert learned[-1]["loss"] == pytest.approx(history[-1]["loss"], rel=1e-5)
    history = nn.fit(own, X, Y, epochs=40, lr=0.01)
    assert history[-1]["accuracy"] > 0.9 and own.scale.numpy() != 1.0


def test_numbers_are_predicted_with_any_type_and_loss():
    for dtype in ("float32", "float64"):
        for loss in (None, "mse", "huber", lambda a, b: (abs(a - b)).mean()):
            net = nn.Linear(1, 1, dtype=dtype, seed=0)
            y = 3 * LINE[:, 0] - 1
            rows = nn.fit(net, LINE, y, loss=loss, epochs=60, lr=0.05, validation=(LINE, y))
            assert "mean_absolute_error" in rows[-1] and rows[-1]["validation_loss"] < 0.1
            weight, bias = numbers(net)
            assert abs(weight.item() - 3) < 0.4 and abs(bias.item() + 1) < 0.3


def test_an_optimiser_goes_on_from_where_it_was():
    net = nn.mlp([4, 8, 3], seed=0)
    adam = optim.Adam(net, lr=0.01, clip_norm=1.0)
    nn.fit(net, X, Y, optimizer=adam, epochs=2, batch=50)
    assert adam.steps == 6 and adam.lr == 0.01
    rates = nn.fit(net, X, Y, optimizer=adam, epochs=4, batch=50, schedule="cosine")
    assert adam.steps == 18 and rates[0]["lr"] > rates[-1]["lr"]
    assert any(abs(array).max() > 0 for array in adam.state().values())


def test_it_ends_early():
    net = nn.Linear(4, 3, seed=0)
    history = nn.fit(net, X, Y, epochs=200, lr=0.0, optimizer="sgd", validation=0.3, patience=3)
    assert len(history) < 10


def test_what_does_not_fit_is_told():
    net = nn.Linear(4, 3)
    for call, word in [
        (lambda: nn.fit(net, X, Y, loss="mess"), "no loss 'mess'"), (lambda: nn.fit(net, X, Y, validation=1.5), "share"),
        (lambda: nn.fit(object(), X, Y), "no network"), (lambda: nn.fit(net, X, Y, optimizer=3), "no optimiser"),
        (lambda: nn.fit(net, X, Y, optimizer=optim.Adam(net), lr=0.1), "rate of its own"),
        (lambda: nn.fit(net, X, Y, optimizer="adamm"), "adam"), (lambda: nn.fit(net, X, Y[:5]), "rows differ"),
        (lambda: nn.fit(net, X[:, :3], Y), "takes 4 features"), (lambda: nn.fit(net, X, Y, batch=0), "1 row"),
        (lambda: nn.fit(nn.Relu(), X, Y), "no parameter"), (lambda: nn.fit(net, X * np.nan, Y), "NaN"),
        (lambda: nn.fit(net, X, Y, schedule="cosin"), "cosine"), (lambda: nn.fit(net, X, Y, patience=0), "patience"),
        (lambda: nn.fit(net, X, Y - 1), "class number"), (lambda: nn.fit([net], X, Y), "no network"),
        (lambda: nn.fit(net, X, Y, loss=lambda a, b: float(a.sum())), "which has not been read"),
        (lambda: nn.fit(net, X, Y, optimizer=optim.Adam(nn.Linear(4, 3))), "none of the 2 parameters"),
    ]:  # fmt: skip
        with pytest.raises((gt.GradtapeError, OverflowError), match=word):
            call()


def test_what_python_raises_comes_through():
    def failing(*_):
        raise KeyError("mine")

    class Failing(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(4, 3)

        forward = failing

    for call in [
        lambda: nn.fit(Failing(), X, Y), lambda: nn.fit(nn.Linear(4, 3), X, Y, loss=failing),
        lambda: nn.fit(nn.Linear(4, 3), X, Y, on_epoch=failing),
    ]:  # fmt: skip
        with pytest.raises(KeyError, match="mine"):
            call()
    seen = []
    nn.fit(nn.Linear(4, 3), X, Y, epochs=2, on_epoch=seen.append)
    assert [row["epoch"] for row in seen] == [1, 2]


def test_ctrl_c_keeps_what_was_learned():
    net = nn.mlp([4, 64, 3], seed=0)
    before = numbers(net)

    def press():
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.warns(RuntimeWarning, match="interrupted"):
        history = nn.fit(net, X, Y, epochs=1_000_000, lr=0.001)
    thread.join()
    assert 0 < len(history) < 1_000_000
    assert any((one != other).any() for one, other in zip(before, numbers(net)))
