"""Layers, losses, optimisers, and files of networks."""

import copy
import inspect
import json
import pickle

import gradtape as gt
import numpy as np
import pytest
from gradtape import _gradtape, nn, optim


def accuracy(scores, labels):
    return float((np.asarray(scores).argmax(1) == labels).mean())


def test_the_quick_start():
    x, x_test, y, y_test = gt.data.split(*gt.data.digits(), test=0.2, seed=42)
    net = nn.Sequential(nn.Linear(64, 32), nn.Relu(), nn.Linear(32, 10))
    adam = optim.Adam(net, lr=0.01)
    tape = gt.Tape()
    for epoch in range(10):
        running = 0.0
        for xs, ys in gt.data.batches(x, y, size=32, seed=epoch):
            tape.reset()
            loss = gt.loss.cross_entropy(net(tape.constant(xs)), ys)
            adam.step(loss)
            running += float(loss)
    assert running < 10
    assert accuracy(net(x_test), y_test) > 0.9


def test_a_network_of_ones_own_trains_compiled():
    class Net(nn.Module):
        def __init__(self):
            self.hidden = nn.Linear(64, 32, seed=1)
            self.out = {"last": nn.Linear(32, 10, seed=2)}
            self.scale = gt.Parameter(1.0)
            self.width = 32

        def forward(self, x):
            return self.out["last"](self.hidden(x).relu()) * self.scale

    x, y = gt.data.digits()
    net = Net()
    assert list(net.named_parameters()) == [
        "hidden.weight", "hidden.bias", "out.last.weight", "out.last.bias", "scale",
    ]  # fmt: skip
    assert net.parameter_count == 64 * 32 + 32 + 32 * 10 + 10 + 1 and "hidden" in net.summary()
    adam = optim.Adam(net, lr=0.01)

    @gt.compile
    def step(x, y):
        logits = net(x)
        loss = gt.loss.cross_entropy(logits, y)
        right = (logits.argmax(1) == y).mean()
        adam.step(loss, right)
        return loss, right

    for epoch in range(5):
        found = [step(xs, ys) for xs, ys in gt.data.batches(x, y, size=64, seed=epoch)]
    assert step.recordings == 2 and adam.steps == 5 * 29
    assert np.mean([right for _, right in found]) > 0.9 and accuracy(net(x), y) > 0.9


def test_compiled_steps_are_those_that_are_recorded():
    def train(compiled):
        net = nn.mlp([4, 8, 3], activation="tanh", seed=3)
        opt = optim.AdamW(net, 0.01, weight_decay=0.1, clip_norm=1.0)

        def step(x, y):
            loss = gt.loss.cross_entropy(net(x), y)
            opt.step(loss)
            return loss

        x, y = gt.data.iris()
        run = gt.compile(step) if compiled else lambda x, y: float(step(gt.Tape().constant(x), y))
        losses = [float(run(x, y)) for _ in range(20)]
        return losses, [own.numpy() for own in net.parameters()]

    (first, own), (second, other) = train(True), train(False)
    assert first == second and first[-1] < first[0]
    for a, b in zip(own, other):
        np.testing.assert_array_equal(a, b)


def test_every_kind_of_layer_is_built_from_its_description_and_from_arguments():
    built = set()
    for name, text, shape in _gradtape.layer_samples():
        spec = json.loads(text)
        layer = nn.from_spec(spec, seed=0)
        assert json.loads(layer.spec) == spec
        whole = name in ("Embedding", "EmbeddingBag", "CausalTransformer")
        if not ("float64" in text or "f64" in text or "f16" in text or "bf16" in text):
            x = np.zeros(shape, int) if whole else np.full(shape, 0.5, "float32")
            if name == "Sequential" and '"embedding"' in text:
                x = np.zeros(shape, int)
            assert layer(x).shape is not None
        cls = getattr(nn, name)
        if name in nn._HOLDING:
            continue
        arguments = {key: value for key, value in spec.items() if key != "layer"}
        again = cls(**arguments, seed=0)
        assert json.loads(again.spec) == spec and type(again) is cls
        built.add(name)
    assert built | set(nn._HOLDING) == {row["name"] for row in nn.LAYERS}


@pytest.mark.parametrize("row", nn.LAYERS, ids=lambda row: row["name"])
def test_every_class_of_layers_has_a_signature_and_a_sentence(row):
    cls = getattr(nn, row["name"])
    assert row["what"] in cls.__doc__ and row["output"] in cls.__doc__
    if row["name"] not in nn._HOLDING:
        assert set(inspect.signature(cls).parameters) == {*row["arguments"], "seed"}


def test_layers_are_as_short_as_elsewhere():
    made = [
        nn.Linear(3, 2), nn.Linear(3, 2, bias=False, dtype="float64"), nn.Relu(), nn.LeakyRelu(0.2), nn.Dropout(0.5),
        nn.Conv2d(1, 8, 3), nn.Conv2d(1, 8, (3, 5), stride=2, padding=1), nn.Conv2d(1, 8, 3, padding="same"),
        nn.MaxPool2d(2), nn.AvgPool1d(3, stride=1, padding=1), nn.BatchNorm2d(8), nn.LayerNorm(16), nn.RmsNorm((4, 2)),
        nn.GroupNorm(2, 8), nn.Embedding(10, 4), nn.MultiheadAttention(8, 2, causal=True), nn.Lstm(3, 5, layers=2),
        nn.Rnn(3, 5), nn.Gru(3, 5, bidirectional=True), nn.TransformerEncoderLayer(8, 2, feedforward=16), nn.Flatten(),
        nn.TransformerDecoderLayer(8, 2, feedforward=16), nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2), layers=1),
        nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), layers=2),
        nn.CausalTransformer(10, nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, causal=True), layers=1), places=6),
        nn.Unflatten((1, 8, 8)), nn.Softmax(), nn.Gelu(), nn.Elu(), nn.Hardtanh(), nn.Prelu(), nn.SwiGlu(8, 16),
        nn.GlobalAvgPool(), nn.AdaptiveAvgPool2d(2), nn.ConvTranspose2d(1, 4, 3, output_padding=0), nn.InstanceNorm1d(3),
        nn.PositionalEmbedding(10, 4), nn.Glu(), nn.LpPool1d(2.0, 3),
    ]  # fmt: skip
    assert all(json.loads(layer.spec) for layer in made)
    assert nn.Linear(3, 2, dtype="float64")(np.ones((1, 3))).dtype == np.float64
    assert nn.Conv2d(1, 8, 3, padding=1)(np.ones((2, 1, 5, 5), "float32")).shape == (2, 8, 5, 5)


def test_a_summary_for_an_input_has_what_each_layer_gives():
    net = nn.Sequential(nn.Linear(64, 32), nn.Relu(), nn.Linear(32, 10))
    assert "[1, 32]" not in net.summary()
    rows = net.summary(np.zeros((1, 64), "float32")).splitlines()
    assert "output" in rows[0] and "[1, 32]" in rows[2] and "[1, 10]" in rows[3]
    with pytest.raises(gt.GradtapeError, match="64 features"):
        net.summary(np.zeros((1, 63), "float32"))


def test_stacks_take_the_layer_that_they_repeat_and_no_other():
    encoder, decoder = nn.TransformerEncoderLayer(8, 2), nn.TransformerDecoderLayer(8, 2)
    for make, what in [
        (lambda: nn.TransformerDecoder(encoder), "decoder_layer is a TransformerDecoderLayer, not TransformerEncoderLayer"),
        (lambda: nn.TransformerEncoder(decoder), "encoder_layer is a TransformerEncoderLayer, not TransformerDecoderLayer"),
        (lambda: nn.TransformerEncoder(nn.Linear(8, 2)), "not Linear"),
        (lambda: nn.TransformerEncoder(8), "encoder_layer is a TransformerEncoderLayer, not 8"),
        (lambda: nn.CausalTransformer(10, encoder), "stack is a TransformerEncoder, not TransformerEncoderLayer"),
    ]:  # fmt: skip
        with pytest.raises(TypeError, match=what):
            make()


def test_layers_that_hold_others_share_their_parameters():
    inner, other = nn.Linear(3, 3), nn.Linear(3, 3)
    for holder in [
        nn.Sequential(inner, nn.Tanh()), nn.Residual(inner), nn.Residual(inner, nn.Linear(3, 3)),
        nn.Parallel(inner, other), nn.Parallel(inner, other, add=True),
    ]:  # fmt: skip
        x = np.ones((1, 3), "float32")
        before = holder(x)
        inner.parameters()[0].set(inner.parameters()[0].numpy() + 1)
        assert (holder(x) != before).any()
    net = nn.Sequential([inner, nn.Relu(), other])
    assert (len(net), net[0].kind, net[-1].kind) == (3, "Linear(3, 3)", "Linear(3, 3)")
    assert list(net.named_parameters()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    net[2].parameters()[1].set([1.0, 2.0, 3.0])
    assert other.parameters()[1].numpy().tolist() == [1.0, 2.0, 3.0]
    tied = [inner, inner, {"again": inner}]
    assert list(nn.named_parameters(tied)) == ["0.weight", "0.bias"]
    assert inner.parameters()[0] == inner.parameters()[0] != inner.parameters()[1]
    both = nn.Bidirectional(nn.Lstm(3, 2), nn.Lstm(3, 2))
    assert both(np.ones((1, 4, 3), "float32")).shape == (1, 4, 4)
    for wrong in [lambda: nn.Sequential(1), lambda: nn.Residual(), lambda: nn.Linear(3), lambda: nn.Linear(3, 2, bais=0)]:
        with pytest.raises(TypeError):
            wrong()
    for wrong in [lambda: nn.Linear("a", 2), lambda: nn.Dropout(2.0), lambda: nn.from_spec('{"layer": "lniear"}'),
                  lambda: nn.Conv2d(1, 8, (3, 3, 3)), lambda: nn.from_spec("{")]:  # fmt: skip
        with pytest.raises(gt.GradtapeError):
            wrong()


def test_seeds_give_the_same_numbers():
    gt.seed(7)
    first = nn.Linear(3, 2).parameters()[0].numpy()
    second = nn.Linear(3, 2).parameters()[0].numpy()
    gt.seed(7)
    assert (nn.Linear(3, 2).parameters()[0].numpy() == first).all() and (first != second).any()


def test_copies_have_parameters_of_their_own():
    net = nn.mlp([3, 4, 2], dropout=0.1)
    x = np.ones((2, 3), "float32")
    for again in [copy.deepcopy(net), pickle.loads(pickle.dumps(net)), net.clone()]:
        np.testing.assert_array_equal(again(x), net(x))
        again.parameters()[0].set(again.parameters()[0].numpy() + 1)
        assert (again(x) != net(x)).any()
        again.load_from(net)
        np.testing.assert_array_equal(again(x), net(x))
    one = pickle.loads(pickle.dumps(nn.Linear(3, 2)))
    assert one.kind == "Linear(3, 2)" and list(one.named_parameters()) == ["weight", "bias"]


def test_dropout_and_statistics_know_training_from_inference():
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
    x = np.random.default_rng(0).normal(2.0, 1.0, (64, 3)).astype("float32")
    trained = net(gt.Tape().constant(x)).numpy()
    assert (trained == 0).any() and abs(net.named_buffers()["0.running_mean"] - 0.2).max() < 0.1
    assert not (net(x) == 0).any()
    step = gt.compile(lambda x: net(x), training=False)
    np.testing.assert_array_equal(step(x), net(x))


def test_models_are_saved_and_loaded(tmp_path):
    net = nn.mlp([4, 8, 3])
    gt.save(net, tmp_path / "m.safetensors", labels=["a", "b", "c"], notes={"by": "me"})
    again = gt.load(tmp_path / "m.safetensors")
    x = gt.data.iris()[0]
    np.testing.assert_array_equal(again(x), net(x))
    assert again.labels == ["a", "b", "c"] and again.notes["by"] == "me" and len(again) == 3
    gt.save(again, tmp_path / "n.safetensors")
    assert (tmp_path / "n.safetensors").read_bytes() == (tmp_path / "m.safetensors").read_bytes()

    class Net(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(4, 2)

        def forward(self, x):
            return self.layer(x)

    one, other = Net(), Net()
    one.save(tmp_path / "w.safetensors")
    other.load(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(one(x), other(x))
    for call in [
        lambda: gt.load(tmp_path / "none"), lambda: gt.load(tmp_path / "w.safetensors"),
        lambda: other.load(tmp_path / "m.safetensors"), lambda: gt.save(one, tmp_path / "x", labels=["a"]),
    ]:  # fmt: skip
        with pytest.raises(gt.GradtapeError):
            call()


def test_a_training_goes_on_where_it_was_saved(tmp_path):
    def make():
        net = nn.mlp([4, 8, 3], dropout=0.2, seed=5)
        return net, optim.Adam(net, 0.01)

    x, y = gt.data.iris()

    def train(net, opt, steps):
        for _ in range(steps):
            opt.step(gt.loss.cross_entropy(net(gt.Tape().constant(x)), y))

    net, opt = make()
    train(net, opt, 3)
    gt.save_checkpoint(tmp_path / "c", net, opt, notes={"epoch": "1"})
    state = opt.state()
    train(net, opt, 3)
    again, other = make()
    assert gt.load_checkpoint(tmp_path / "c", again, other) == {"epoch": "1"}
    assert other.steps == 3 and all((other.state()[name] == state[name]).all() for name in state)
    train(again, other, 3)
    np.testing.assert_array_equal(again(x), net(x))
    fresh = make()[1]
    fresh.load_state(state)
    assert fresh.steps == 3


@pytest.mark.parametrize("name", [n for row in optim.OPTIMIZERS for n in (row["name"], *row["presets"])])
def test_every_optimiser_makes_a_loss_smaller(name):
    w = gt.Parameter(np.array([[1.0, -2.0], [0.5, 3.0]]))
    opt = optim.by_name(name, {"w": w})
    cls = getattr(optim, name)
    assert cls.__doc__ and set(inspect.signature(cls).parameters) >= {"module", "lr", "clip_norm"}
    first = last = None
    for _ in range(20):
        last = opt.minimize(lambda tape: ((tape.parameter(w) - 3.0) ** 2).sum())
        first = last if first is None else first
    assert last < first and type(cls([w])) is cls
    assert set(opt.settings) == set(cls([w]).settings) and repr(opt)


def test_settings_of_optimisers():
    w = gt.Parameter([1.0, 2.0])
    assert optim.SGD is optim.Sgd and optim.AdamW is optim.Adamw
    assert optim.Adam(w, betas=(0.8, 0.9), amsgrad=True).settings["betas"] == (0.8, 0.9)
    opt = optim.Sgd(w, 1.0, clip_value=0.5)
    tape = gt.Tape()
    opt.step((tape.parameter(w) * np.array([0.25, 7.0], "float32")).sum())
    assert w.numpy().tolist() == [0.75, 1.5]
    opt.lr = 0.125
    assert opt.lr == 0.125 and opt.steps == 1
    tape.reset()
    loss = (tape.parameter(w) ** 2).sum()
    (slope,) = opt.gradients(loss)
    opt.step_by([slope * 0.0], loss)
    assert w.numpy().tolist() == [0.75, 1.5] and float(loss) == 0.75**2 + 1.5**2
    net = nn.mlp([2, 3, 1])
    slow = optim.Sgd(net, 0.1, groups=[("*.bias", {"lr_scale": 0.0})])
    before = {name: own.numpy() for name, own in net.named_parameters().items()}
    slow.step((net(gt.Tape().constant([[1.0, 1.0]])) ** 2).sum())
    changed = {name for name, own in net.named_parameters().items() if (own.numpy() != before[name]).any()}
    assert changed and all(name.endswith("weight") for name in changed)
    for wrong in [
        lambda: optim.Adam(w, lr=-1.0), lambda: optim.Adam(w, beats=(0.1, 0.2)), lambda: optim.Adam([]),
        lambda: optim.by_name("adma", w), lambda: optim.Adam(w, betas="a"), lambda: optim.Adam(w, betas=(0.9, 2.0)),
    ]:  # fmt: skip
        with pytest.raises(gt.GradtapeError):
            wrong()
    with pytest.raises(AttributeError, match="adam"):
        optim.Nothing
    with pytest.raises(gt.GradtapeError, match="does not depend"):
        optim.Sgd([w, gt.Parameter(1.0)], 0.1).step((gt.Tape().parameter(w) ** 2).sum())


@pytest.mark.parametrize("name", optim.SCHEDULES)
def test_every_schedule_sets_the_rate(name):
    opt = optim.Sgd(gt.Parameter(1.0), 0.1)
    schedule = optim.Schedule(opt, name, steps=30)
    rates = [schedule.step(1.0) for _ in range(30)]
    assert all(0 <= rate <= 0.1 + 1e-12 for rate in rates) and opt.lr == rates[-1]
    assert name == "constant" or len(set(rates)) > 1


def test_schedules_have_settings():
    opt = optim.Sgd(gt.Parameter(1.0), 0.1)
    schedule = optim.Schedule(opt, "step:step_size=2,gamma=0.5", steps=10)
    assert [round(schedule.step(), 6) for _ in range(4)] == [0.1, 0.05, 0.05, 0.025]
    with pytest.raises(gt.GradtapeError, match="did you mean"):
        optim.Schedule(opt, "cosin", steps=10)


@pytest.mark.parametrize("name", gt.loss.LOSSES)
def test_every_loss_has_reductions_and_a_gradient(name):
    function = getattr(gt.loss, name)
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(4, 3)), np.array([0, 2, 1, 1])
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    given = {
        "cross_entropy": (logits, labels), "nll": (np.log(probabilities), labels), "focal": (logits, labels),
        "multi_margin": (logits, labels), "hinge": (logits[:, 0], signs), "kl_div": (np.log(probabilities), probabilities),
        "bce": (probabilities[:, 0], (signs + 1) / 2), "bce_with_logits": (logits[:, 0], (signs + 1) / 2),
        "sigmoid_focal": (logits[:, 0], (signs + 1) / 2), "dice": (probabilities[:, 0], (signs + 1) / 2),
        "poisson_nll": (logits, np.abs(logits)), "gaussian_nll": (logits, logits + 1, np.abs(logits) + 0.1),
        "cosine_embedding": (logits, logits[::-1], signs), "contrastive": (logits, logits[::-1], (signs + 1) / 2),
        "triplet_margin": (logits, logits[::-1], logits + 0.1),
        "ctc": (np.log(np.full((5, 2, 3), 1 / 3)), np.array([[1, 2], [2, 1]]), np.array([5, 5]), np.array([2, 1])),
    }.get(name, (logits, logits[::-1]))  # fmt: skip
    value = function(*given)
    assert np.ndim(value) == 0 and np.isfinite(value) and value == function(*given, reduction="mean")
    if name != "ctc":
        assert function(*given, reduction="sum") != value or name == "dice"
    slope = gt.grad(lambda x: function(x, *given[1:]))(given[0])
    assert np.isfinite(slope).all() and np.abs(slope).max() > 0
    with pytest.raises(gt.GradtapeError, match="reduction"):
        function(*given, reduction="men")
    assert function.__doc__ and inspect.signature(function).parameters["reduction"]


def test_losses_are_told_what_does_not_fit():
    tape = gt.Tape()
    logits = tape.watch(np.zeros((2, 3), "float32"))
    with pytest.raises(gt.GradtapeError, match="label 5"):
        float(gt.loss.cross_entropy(logits, [0, 5]))
    with pytest.raises(gt.GradtapeError, match="test_tape_training.py"):
        gt.loss.mse(logits, np.zeros(7, "float32"))
    weighed = gt.loss.cross_entropy(logits, [0, 2], weight=[1.0, 1.0, 2.0], label_smoothing=0.1, reduction="none")
    assert weighed.shape == (2,)
