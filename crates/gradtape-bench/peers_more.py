#!/usr/bin/env python3
"""The workloads of layers.rs (resnet8, lstm, gpt, norms) and conv in PyTorch, JAX and TensorFlow, as a line of JSON each.

    python peers_more.py --framework torch --workload gpt --json

The frameworks are torch, torch-compile, jax and tensorflow; jax needs optax. `--threads` (2) also confines the process
to so many cores. `--losses 3` prints the losses of the first steps instead (of norms and conv, mean squares of what is computed):
all frameworks begin with the same weights, so these agree in their first digits.

A network is written once (`resnet8`, `gpt`) with what each framework has of convolutions, normalisations and attention;
weights are handed out in PyTorch's layout. One sample is one step: forward, loss, backward, update, waited for.
PyTorch's LSTM is left alone by torch.compile. TensorFlow's is unrolled, JAX's a scan; both apply the weight of the
input to all steps at once. Keras adds Adam's eps to a root that is not corrected yet: no
time depends on that, but where gradients are as small as those of lstm, its losses part from the second on.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from importlib.metadata import version

import numpy as np

WARM_UP_S, WARM_UP_STEPS = 1.0, 3
MEASURE_S, MIN_SAMPLES, MAX_SAMPLES = 5.0, 15, 3000

STAGES = (16, 16, 1), (16, 32, 2), (32, 64, 2)  # channels before and behind, stride
LSTM_LAYERS, LSTM_WIDTH, LSTM_LENGTH, LSTM_BATCH = 2, 256, 64, 32
GPT_LAYERS, GPT_HEADS, GPT_WIDTH, GPT_CONTEXT, GPT_BATCH, GPT_VOCABULARY = 4, 4, 128, 64, 12, 65
NORM_SHAPE = 4096, 1024
CONV_IMAGES, CONV_CHANNELS, CONV_SIZE = 32, 64, 32
SGD = dict(lr=0.01, momentum=0.9)
ADAM = dict(lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
ADAMW = dict(lr=1e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
EPS = 1e-5  # of every normalisation


def limit_threads(count):
    """Confine this process to `count` cores; must run before any framework is imported."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(count)


def measure(step):
    """Time the first call, which compiles, then the steady state, one sample per call."""
    start = time.perf_counter()
    step()
    first = time.perf_counter() - start
    start, steps = time.perf_counter(), 0
    while steps < WARM_UP_STEPS or time.perf_counter() - start < WARM_UP_S:
        step()
        steps += 1
    samples, start = [], time.perf_counter()
    while len(samples) < MIN_SAMPLES or (
        len(samples) < MAX_SAMPLES and time.perf_counter() - start < MEASURE_S
    ):
        t = time.perf_counter()
        step()
        samples.append(time.perf_counter() - t)
    return first, samples


class Arrays(dict):
    """Weights by name, in PyTorch's layout, and data."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def normal(self, *shape, std=1.0):
        return self.rng.standard_normal(shape, dtype=np.float32) * np.float32(std)

    def below(self, count, *shape):
        return self.rng.integers(0, count, shape)

    def uniform(self, name, *shape, fan=None):
        """Uniform in +-1/sqrt(fan in), as PyTorch's layers do."""
        bound = (fan or np.prod(shape[1:])) ** -0.5
        self[name] = self.rng.uniform(-bound, bound, shape).astype(np.float32)

    def linear(self, name, fan_in, fan_out):
        self.uniform(f"{name}.weight", fan_out, fan_in)
        self.uniform(f"{name}.bias", fan_out, fan=fan_in)

    def norm(self, name, width):
        self[f"{name}.weight"] = np.ones(width, np.float32)
        self[f"{name}.bias"] = np.zeros(width, np.float32)


def resnet8_arrays():
    p = Arrays()
    p.uniform("conv", 16, 3, 3, 3)
    p.norm("norm", 16)
    for i, (before, behind, stride) in enumerate(STAGES):
        p.uniform(f"{i}.conv1", behind, before, 3, 3)
        p.norm(f"{i}.norm1", behind)
        p.uniform(f"{i}.conv2", behind, behind, 3, 3)
        p.norm(f"{i}.norm2", behind)
        if stride > 1:
            p.uniform(f"{i}.around", behind, before, 1, 1)
            p.norm(f"{i}.norm3", behind)
    p.linear("head", 64, 10)
    return p, (p.normal(64, 3, 32, 32), p.below(10, 64))


def resnet8(peer, p, running, x, y):
    """Running statistics follow their batch, as in training."""
    norm = lambda x, name: peer.batch_norm(x, p, running, name)
    x = peer.relu(norm(peer.conv(x, p["conv"], 1), "norm"))
    for i, (_, _, stride) in enumerate(STAGES):
        inner = peer.relu(norm(peer.conv(x, p[f"{i}.conv1"], stride), f"{i}.norm1"))
        inner = norm(peer.conv(inner, p[f"{i}.conv2"], 1), f"{i}.norm2")
        if stride > 1:
            x = norm(peer.conv(x, p[f"{i}.around"], stride), f"{i}.norm3")
        x = peer.relu(x + inner)
    return peer.cross_entropy(peer.linear(peer.average(x), p, "head"), y)


def lstm_arrays():
    p = Arrays()
    for layer in range(LSTM_LAYERS):
        for name in ("weight_ih", "weight_hh"):
            p.uniform(f"{name}_l{layer}", 4 * LSTM_WIDTH, LSTM_WIDTH)
        for name in ("bias_ih", "bias_hh"):
            p.uniform(f"{name}_l{layer}", 4 * LSTM_WIDTH, fan=LSTM_WIDTH)
    return p, (p.normal(LSTM_BATCH, LSTM_LENGTH, LSTM_WIDTH),)


def lstm(peer, p, _, x):
    y = peer.lstm(p, x)
    return peer.mean(y * y)


def gpt_arrays():
    p, d = Arrays(), GPT_WIDTH
    p["embedding"] = p.normal(GPT_VOCABULARY, d, std=0.02)
    p["positions"] = p.normal(GPT_CONTEXT, d, std=0.02)
    for i in range(GPT_LAYERS):
        p.norm(f"{i}.norm1", d), p.norm(f"{i}.norm2", d)
        p.linear(f"{i}.qkv", d, 3 * d), p.linear(f"{i}.out", d, d)
        p.linear(f"{i}.up", d, 4 * d), p.linear(f"{i}.down", 4 * d, d)
    p.norm("norm", d)
    letters = p.below(GPT_VOCABULARY, GPT_BATCH, GPT_CONTEXT)
    return p, (letters, p.below(GPT_VOCABULARY, GPT_BATCH * GPT_CONTEXT))


def gpt(peer, p, _, letters, following):
    x = peer.rows(p["embedding"], letters) + p["positions"]
    for i in range(GPT_LAYERS):
        heads = peer.linear(peer.layer_norm(x, p, f"{i}.norm1"), p, f"{i}.qkv")
        x = x + peer.linear(peer.attention(heads), p, f"{i}.out")
        inner = peer.linear(peer.layer_norm(x, p, f"{i}.norm2"), p, f"{i}.up")
        x = x + peer.linear(peer.gelu(inner), p, f"{i}.down")
    x = peer.reshape(peer.layer_norm(x, p, "norm"), (-1, GPT_WIDTH))
    return peer.cross_entropy(peer.product(x, p["embedding"]), following)


def norms_arrays():
    p = Arrays()
    p.norm("norm", NORM_SHAPE[1])
    p["x"] = p.normal(*NORM_SHAPE)
    return p, p.normal(*NORM_SHAPE)


def norms(peer, p):
    return peer.layer_norm(p["x"], p, "norm")


def conv_arrays():
    p, images = Arrays(), (CONV_IMAGES, CONV_CHANNELS, CONV_SIZE, CONV_SIZE)
    p["x"] = p.normal(*images)
    p.uniform("conv", CONV_CHANNELS, CONV_CHANNELS, 3, 3)
    return p, p.normal(*images)


def conv(peer, p):
    return peer.conv(p["x"], p["conv"], 1)


class Torch:
    """PyTorch, eager."""

    def __init__(self, threads):
        import torch

        torch.set_num_threads(threads)
        self.torch, self.F, self.version = torch, torch.nn.functional, version("torch")
        self.relu, self.gelu, self.mean = torch.relu, self.F.gelu, torch.mean
        self.cross_entropy, self.product = self.F.cross_entropy, self.F.linear
        self.reshape = torch.reshape

    def compile(self, function):
        return function

    def own(self, arrays):
        torch, nn = self.torch, self.torch.nn
        p = {name: nn.Parameter(torch.from_numpy(a)) for name, a in arrays.items()}
        if "weight_ih_l0" in p:
            self.recurrent = nn.LSTM(LSTM_WIDTH, LSTM_WIDTH, LSTM_LAYERS, batch_first=True)
            for name in p:
                setattr(self.recurrent, name, p[name])
        return p

    def train(self, loss, optimizer, arrays, batch):
        torch = self.torch
        p, batch = self.own(arrays), [torch.from_numpy(a) for a in batch]
        running = {name: torch.from_numpy(a) for name, a in running_arrays(arrays).items()}
        if optimizer is SGD:
            own = torch.optim.SGD(p.values(), **SGD)
        else:
            kind = torch.optim.Adam if optimizer is ADAM else torch.optim.AdamW
            own = kind(p.values(), fused=True, **optimizer)
        value, update = self.compile(lambda: loss(self, p, running, *batch)), self.update(own)

        def step():
            own.zero_grad()
            found = value()
            found.backward()
            update()
            return found.item

        return step

    def update(self, optimizer):
        return optimizer.step

    def slopes(self, function, arrays, cotangent):
        p, cotangent = self.own(arrays), self.torch.from_numpy(cotangent)
        value = self.compile(lambda: function(self, p))

        def step():
            y = value()
            return [y, *self.torch.autograd.grad(y, list(p.values()), cotangent)]

        return step

    def conv(self, x, weight, stride):
        return self.F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)

    def batch_norm(self, x, p, running, name):
        mean, var = running[f"{name}.mean"], running[f"{name}.var"]
        scale, shift = p[f"{name}.weight"], p[f"{name}.bias"]
        return self.F.batch_norm(x, mean, var, scale, shift, training=True, momentum=0.1, eps=EPS)

    def average(self, x):
        return x.mean((2, 3))

    def linear(self, x, p, name):
        return self.F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])

    def layer_norm(self, x, p, name):
        scale, shift = p[f"{name}.weight"], p[f"{name}.bias"]
        return self.F.layer_norm(x, scale.shape, scale, shift, EPS)

    def rows(self, table, places):
        return self.F.embedding(places, table)

    def attention(self, heads):
        q, k, v = heads.unflatten(-1, (3, GPT_HEADS, -1)).permute(2, 0, 3, 1, 4)
        mixed = self.F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return mixed.transpose(1, 2).flatten(2)

    def lstm(self, p, x):
        return self.recurrent(x)[0]


class TorchCompile(Torch):
    """PyTorch with torch.compile in its default mode, from an empty compile cache."""

    def __init__(self, threads):
        self.cache = tempfile.TemporaryDirectory()
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = self.cache.name
        super().__init__(threads)

    def compile(self, function):
        return self.torch.compile(function)

    def update(self, optimizer):
        return self.torch.compile(optimizer.step)


class Jax:
    """JAX with jit, donated parameters and optax; images have their channels last."""

    def __init__(self, threads):
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        import jax
        import jax.numpy as jnp
        import optax

        self.jax, self.jnp, self.optax, self.version = jax, jnp, optax, version("jax")
        self.relu, self.mean, self.reshape = jax.nn.relu, jnp.mean, jnp.reshape

    def train(self, loss, optimizer, arrays, batch):
        jax, optax = self.jax, self.optax
        if optimizer is SGD:
            own = optax.sgd(SGD["lr"], SGD["momentum"])
        else:
            b1, b2 = optimizer["betas"]
            decay = {} if optimizer is ADAM else {"weight_decay": optimizer["weight_decay"]}
            kind = optax.adam if optimizer is ADAM else optax.adamw
            own = kind(optimizer["lr"], b1, b2, optimizer["eps"], **decay)
        p = {name: self.jnp.array(channels_last_weight(a)) for name, a in arrays.items()}
        running = {name: self.jnp.array(a) for name, a in running_arrays(arrays).items()}
        batch = [self.jnp.array(channels_last(a)) for a in batch]

        def value(p, running, *batch):
            running = dict(running)
            return loss(self, p, running, *batch), running

        def update(carry, *batch):
            p, running, state = carry
            (found, running), grads = jax.value_and_grad(value, has_aux=True)(p, running, *batch)
            updates, state = own.update(grads, state, p)
            return (optax.apply_updates(p, updates), running, state), found

        update = jax.jit(update, donate_argnums=0)
        carry = p, running, own.init(p)

        def step():
            nonlocal carry
            carry, found = update(carry, *batch)
            jax.block_until_ready((carry, found))
            return found.item

        return step

    def slopes(self, function, arrays, cotangent):
        def value(p, cotangent):
            y, back = self.jax.vjp(lambda p: function(self, p), p)
            (slopes,) = back(cotangent)
            return [y, *(slopes[name] for name in arrays)]

        compiled = self.jax.jit(value)
        p, cotangent = self.jax.device_put((own_layout(arrays), channels_last(cotangent)))
        return lambda: self.jax.block_until_ready(compiled(p, cotangent))

    def conv(self, x, weight, stride):
        padding = [(weight.shape[0] // 2,) * 2] * 2
        return self.jax.lax.conv_general_dilated(
            x, weight, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    def batch_norm(self, x, p, running, name):
        jnp, lax, count = self.jnp, self.jax.lax, x.size // x.shape[-1]
        mean = x.mean((0, 1, 2))
        var = jnp.square(x - mean).mean((0, 1, 2))
        for kind, now in (("mean", mean), ("var", var * (count / (count - 1)))):
            kept = running[f"{name}.{kind}"]
            running[f"{name}.{kind}"] = kept + 0.1 * (lax.stop_gradient(now) - kept)
        return (x - mean) * (lax.rsqrt(var + EPS) * p[f"{name}.weight"]) + p[f"{name}.bias"]

    def average(self, x):
        return x.mean((1, 2))

    def product(self, x, weight):
        return x @ weight.T

    def linear(self, x, p, name):
        return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]

    def layer_norm(self, x, p, name):
        centered = x - x.mean(-1, keepdims=True)
        scale = self.jax.lax.rsqrt((centered**2).mean(-1, keepdims=True) + EPS)
        return centered * scale * p[f"{name}.weight"] + p[f"{name}.bias"]

    def gelu(self, x):
        return self.jax.nn.gelu(x, approximate=False)

    def cross_entropy(self, logits, y):
        return self.optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    def rows(self, table, places):
        return table[places]

    def attention(self, heads):
        batch, length, _ = heads.shape
        q, k, v = self.jnp.moveaxis(heads.reshape(batch, length, 3, GPT_HEADS, -1), 2, 0)
        mixed = self.jax.nn.dot_product_attention(q, k, v, is_causal=True)
        return mixed.reshape(batch, length, -1)

    def lstm(self, p, x):
        jax, jnp = self.jax, self.jnp
        x = x.swapaxes(0, 1)
        for layer in range(LSTM_LAYERS):
            inputs = x @ p[f"weight_ih_l{layer}"].T + p[f"bias_ih_l{layer}"]
            weight, bias = p[f"weight_hh_l{layer}"].T, p[f"bias_hh_l{layer}"]

            def step(state, now):
                hidden, cell = state
                take, keep, new, say = jnp.split(now + hidden @ weight + bias, 4, axis=-1)
                cell = jax.nn.sigmoid(keep) * cell + jax.nn.sigmoid(take) * jnp.tanh(new)
                hidden = jax.nn.sigmoid(say) * jnp.tanh(cell)
                return (hidden, cell), hidden

            zeros = jnp.zeros((LSTM_BATCH, LSTM_WIDTH))
            _, x = jax.lax.scan(step, (zeros, zeros), inputs)
        return x


class TensorFlow:
    """TensorFlow with tf.function and GradientTape; images have their channels last."""

    def __init__(self, threads):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        self.tf, self.version = tf, version("tensorflow-cpu")
        self.relu, self.gelu, self.mean = tf.nn.relu, tf.nn.gelu, tf.reduce_mean
        self.rows, self.reshape = tf.gather, tf.reshape

    def train(self, loss, optimizer, arrays, batch):
        tf, kinds = self.tf, self.tf.keras.optimizers
        if optimizer is SGD:
            own = kinds.SGD(SGD["lr"], momentum=SGD["momentum"])
        else:
            b1, b2 = optimizer["betas"]
            decay = {} if optimizer is ADAM else {"weight_decay": optimizer["weight_decay"]}
            kind = kinds.Adam if optimizer is ADAM else kinds.AdamW
            own = kind(optimizer["lr"], beta_1=b1, beta_2=b2, epsilon=optimizer["eps"], **decay)
        p = {name: tf.Variable(channels_last_weight(a), name=name) for name, a in arrays.items()}
        running = {name: tf.Variable(a) for name, a in running_arrays(arrays).items()}
        batch, weights = [tf.constant(channels_last(a)) for a in batch], list(p.values())
        own.build(weights)

        @tf.function
        def update(*batch):
            with tf.GradientTape() as tape:
                value = loss(self, p, running, *batch)
            own.apply_gradients(zip(tape.gradient(value, weights), weights))
            return value

        return lambda: update(*batch).numpy().item

    def slopes(self, function, arrays, cotangent):
        tf = self.tf
        p = {name: tf.Variable(a) for name, a in own_layout(arrays).items()}
        cotangent = tf.constant(channels_last(cotangent))

        @tf.function
        def value():
            with tf.GradientTape() as tape:
                y = function(self, p)
            return [y, *tape.gradient(y, list(p.values()), cotangent)]

        def step():
            found = value()
            found[-1].numpy()
            return found

        return step

    def conv(self, x, weight, stride):
        beside = (weight.shape[0] // 2,) * 2
        return self.tf.nn.conv2d(x, weight, stride, [(0, 0), beside, beside, (0, 0)])

    def batch_norm(self, x, p, running, name):
        found = self.tf.raw_ops.FusedBatchNormV3(
            x=x, scale=p[f"{name}.weight"], offset=p[f"{name}.bias"],
            mean=[], variance=[], epsilon=EPS, is_training=True,
        )  # fmt: skip
        for kind, now in (("mean", found.batch_mean), ("var", found.batch_variance)):
            kept = running[f"{name}.{kind}"]
            kept.assign_add(0.1 * (now - kept))
        return found.y

    def average(self, x):
        return self.tf.reduce_mean(x, (1, 2))

    def product(self, x, weight):
        return self.tf.matmul(x, weight, transpose_b=True)

    def linear(self, x, p, name):
        weight = p[f"{name}.weight"]
        y = self.product(self.tf.reshape(x, (-1, weight.shape[1])), weight)
        y = self.tf.nn.bias_add(y, p[f"{name}.bias"])
        return self.tf.reshape(y, (*x.shape[:-1], weight.shape[0]))

    def layer_norm(self, x, p, name):
        mean, var = self.tf.nn.moments(x, -1, keepdims=True)
        scale, shift = p[f"{name}.weight"], p[f"{name}.bias"]
        return self.tf.nn.batch_normalization(x, mean, var, shift, scale, EPS)

    def cross_entropy(self, logits, y):
        losses = self.tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
        return self.tf.reduce_mean(losses)

    def attention(self, heads):
        tf, (batch, length, width) = self.tf, heads.shape
        head = width // 3 // GPT_HEADS
        heads = tf.reshape(heads, (batch, length, 3, GPT_HEADS, head))
        q, k, v = tf.unstack(tf.transpose(heads, (2, 0, 3, 1, 4)))
        scores = tf.matmul(q, k, transpose_b=True) * head**-0.5
        seen = tf.linalg.band_part(tf.ones((length, length)), -1, 0)
        mixed = tf.matmul(tf.nn.softmax(scores + (1 - seen) * -1e9), v)
        return tf.reshape(tf.transpose(mixed, (0, 2, 1, 3)), (batch, length, width // 3))

    def lstm(self, p, x):
        tf, width = self.tf, LSTM_WIDTH
        x = tf.transpose(x, (1, 0, 2))
        for layer in range(LSTM_LAYERS):
            inputs = self.product(tf.reshape(x, (-1, width)), p[f"weight_ih_l{layer}"])
            inputs = tf.reshape(inputs + p[f"bias_ih_l{layer}"], (LSTM_LENGTH, LSTM_BATCH, -1))
            hidden = cell = tf.zeros((LSTM_BATCH, width))
            said = []
            for now in tf.unstack(inputs):
                own = self.product(hidden, p[f"weight_hh_l{layer}"]) + p[f"bias_hh_l{layer}"]
                take, keep, new, say = tf.split(now + own, 4, axis=-1)
                cell = tf.sigmoid(keep) * cell + tf.sigmoid(take) * tf.tanh(new)
                hidden = tf.sigmoid(say) * tf.tanh(cell)
                said.append(hidden)
            x = tf.stack(said)
        return x


def running_arrays(arrays):
    """Where there are convolutions, the statistics that each normalisation keeps: mean and variance."""
    names = [name.removesuffix(".weight") for name in arrays if name.endswith(".weight")]
    found = {}
    for name in (name for name in names if "conv" in arrays and "norm" in name):
        width = arrays[f"{name}.weight"].shape
        found[f"{name}.mean"], found[f"{name}.var"] = np.zeros(width, "f"), np.ones(width, "f")
    return found


def channels_last(images):
    return images.transpose(0, 2, 3, 1).copy() if images.ndim == 4 else images


def channels_last_weight(weight):
    return weight.transpose(2, 3, 1, 0).copy() if weight.ndim == 4 else weight


def own_layout(arrays):
    """Of what slopes are asked for: `x` may be images."""
    turn = {"x": channels_last}
    return {name: turn.get(name, channels_last_weight)(a) for name, a in arrays.items()}


FRAMEWORKS = {"torch": Torch, "torch-compile": TorchCompile, "jax": Jax, "tensorflow": TensorFlow}
WORKLOADS = {
    "resnet8": lambda peer: peer.train(resnet8, SGD, *resnet8_arrays()),
    "lstm": lambda peer: peer.train(lstm, ADAM, *lstm_arrays()),
    "gpt": lambda peer: peer.train(gpt, ADAMW, *gpt_arrays()),
    "norms": lambda peer: peer.slopes(norms, *norms_arrays()),
    "conv": lambda peer: peer.slopes(conv, *conv_arrays()),
}


def read(found):
    """A loss, or the mean square of each array."""
    if callable(found):
        return found()
    arrays = [getattr(array, "detach", lambda: array)() for array in found]
    return [float((np.asarray(array, np.float64) ** 2).mean()) for array in arrays]


def quantile(ordered, q):
    return round(ordered[round((len(ordered) - 1) * q)] * 1e6, 2)


def run(args):
    peer = FRAMEWORKS[args.framework](args.threads)
    step = WORKLOADS[args.workload](peer)
    line = {"workload": args.workload, "framework": args.framework, "version": peer.version}
    if args.losses:
        return line | {"losses": [read(step()) for _ in range(args.losses)]}
    first, samples = measure(step)
    ordered = sorted(samples)
    compile_s = None
    if args.framework != "torch":
        compile_s = round(first - ordered[len(ordered) // 2], 3)
    return line | {
        "median_us": quantile(ordered, 0.5),
        "p10_us": quantile(ordered, 0.1),
        "p90_us": quantile(ordered, 0.9),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "compile_s": compile_s,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", choices=FRAMEWORKS, required=True)
    parser.add_argument("--workload", choices=WORKLOADS, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--losses", type=int, metavar="N", help="print N losses, time nothing")
    parser.add_argument("--json", action="store_true", help="print JSON rather than a short line")
    args = parser.parse_args()
    limit_threads(args.threads)
    result = run(args)
    if args.json or args.losses:
        return print(json.dumps(result))
    print("{framework} {workload}: {median_us:,.0f} us".format(**result))


if __name__ == "__main__":
    main()
