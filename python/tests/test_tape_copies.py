"""Copies and pickles: networks, parameters, optimisers, schedules and generators, with their state."""

import copy
import pickle

import gradtape as gt
import numpy as np
import pytest
from gradtape import nn, optim

WAYS = {"pickle": lambda x: pickle.loads(pickle.dumps(x)), "deepcopy": copy.deepcopy}


class Net(nn.Module):
    def __init__(self):
        self.scale = gt.Parameter(np.ones(2))
        self.hidden = nn.Linear(2, 3, dtype="float64")
        self.tied = self.hidden
        self.more = {"bias": [gt.Parameter([0.5, 0.25, 0.0], dtype="float64")]}

    def forward(self, x):
        return self.hidden(x * self.scale).tanh() + self.more["bias"][0]


def stepped(net, opt, count=3):
    for _ in range(count):
        tape = gt.Tape()
        opt.step((net(tape.constant(np.eye(2))) ** 2).sum())
    return {name: own.numpy() for name, own in net.named_parameters().items()}


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("way", WAYS)
def test_a_network_with_parameters_of_its_own(way):
    net = Net()
    made = WAYS[way](net)
    assert made.tied is made.hidden and list(made.named_parameters()) == list(net.named_parameters())
    np.testing.assert_array_equal(made(np.eye(2)), net(np.eye(2)))
    before = {name: own.numpy() for name, own in net.named_parameters().items()}
    stepped(made, optim.Adam(made, lr=0.1))
    same(before, {name: own.numpy() for name, own in net.named_parameters().items()})
    half = WAYS[way](gt.Parameter([1.0, 2.0], dtype="bfloat16"))
    assert half.dtype == "bfloat16" and half.numpy().tolist() == [1.0, 2.0]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "make",
    [
        lambda net: optim.Adam(net, lr=0.05, clip_norm=1.0, lookahead=(2, 0.5), average=0.9),
        lambda net: optim.Sgd(net, 0.1, momentum=0.9, groups=[("more.*", {"lr_scale": 0.5})]),
        lambda net: optim.by_name("adamw", net, lr=0.01, allow_unused=True),
        lambda net: optim.by_name("muon", net) if "muon" in optim._CLASSES else optim.Adam(net),
    ],
)
def test_an_optimiser_and_its_network_go_on_as_they_would_have(way, make):
    net = Net()
    opt = make(net)
    stepped(net, opt)
    opt.lr = opt.lr / 2
    own = {"net": net, "opt": opt}
    made = WAYS[way](own)
    assert type(made["opt"]) is type(opt) and made["opt"].steps == opt.steps and made["opt"].lr == opt.lr
    assert repr(made["opt"]) == repr(opt)
    same(stepped(made["net"], made["opt"]), stepped(net, opt))


@pytest.mark.parametrize("way", WAYS)
def test_schedules_and_generators(way):
    net = nn.Linear(2, 1)
    schedule = optim.Schedule(optim.Adam(net, 0.1), "cosine:t_max=10", steps=10)
    for _ in range(3):
        schedule.step()
    made = WAYS[way](schedule)
    assert made.optimizer is not schedule.optimizer
    assert [made.step() for _ in range(4)] == [schedule.step() for _ in range(4)]
    generator = gt.Generator(3)
    tape = gt.Tape()
    gt.random.normal(tape, generator, (2,))
    made = WAYS[way](generator)
    assert made.draws == generator.draws == 1
    assert gt.random.normal(tape, made, (3,)).tolist() == gt.random.normal(tape, generator, (3,)).tolist()


def test_an_optimiser_that_is_copied_alone_has_a_network_of_its_own():
    net = nn.Linear(2, 1)
    opt = optim.Adam(net, 0.1)
    before = net.parameters()[0].numpy()
    made = copy.deepcopy(opt)
    tape = gt.Tape()
    opt.step((net(tape.constant(np.ones((1, 2)), dtype="float32")) ** 2).sum())
    assert made.steps == 0 and opt.steps == 1 and (net.parameters()[0].numpy() != before).any()
    again = copy.copy(opt)
    tape = gt.Tape()
    again.step((net(tape.constant(np.ones((1, 2)), dtype="float32")) ** 2).sum())
    assert (again.steps, opt.steps) == (2, 1)


def test_a_method_is_compiled_for_each_object():
    import gc
    import weakref

    class Scaled:
        def __init__(self, scale):
            self.weight = gt.Parameter(scale)

        @gt.compile
        def scaled(self, x, times=1.0):
            return x * self.weight * times

        @gt.compile(training=False)
        def doubled(self, x):
            return x * 2

        __hash__ = None

    one, other = Scaled(2.0), Scaled(3.0)
    x = np.ones(2, "float32")
    for _ in range(3):
        assert one.scaled(x).tolist() == [2.0, 2.0] and other.scaled(x, times=2.0).tolist() == [6.0, 6.0]
    assert one.scaled.recordings == other.scaled.recordings == 1 and one.doubled(x).tolist() == [2.0, 2.0]
    assert Scaled(4.0).scaled(x).tolist() == [4.0, 4.0] and one.scaled.__name__ == "scaled" and one.scaled.__self__ is one
    one.weight.set(5.0)
    assert one.scaled(x).tolist() == [5.0, 5.0] and Scaled.scaled.recordings == 0
    assert Scaled.scaled.__name__ == "scaled" and isinstance(Scaled.scaled, gt._compile.Compiled)
    seen = weakref.ref(one)
    del one
    gc.collect()
    assert seen() is None and len(Scaled.scaled._methods) == 1
