"""Writes crates/gradtape/tests/data/modules.json: what PyTorch's modules give for PyTorch's own samples of them.

    python scripts/module_samples.py

The samples are those that PyTorch tests its modules with (torch.testing._internal.common_modules). For each module of
NAMES and each sample, in training and in evaluation: the arguments, the inputs, the parameters, the outputs, the
gradients of `loss = sum(w * y * y)` and those of `sum(v * gradient of the loss by the first input)`, all in f64. Numbers
are not written where they follow a rule that the reader knows too (`spread`): parameters, inputs of floats, w and v.
"""

import inspect
import json
import math
import sys
import types
import unittest
import warnings
from pathlib import Path

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

# Only imported by the samples, and not used by them.
stub = types.ModuleType("expecttest")
stub.TestCase = unittest.TestCase
stub.assert_expected_inline = None
sys.modules.setdefault("expecttest", stub)

from torch.testing._internal.common_modules import FunctionInput, ModuleInput, module_db  # noqa: E402

# Every module that there is a layer of.
NAMES = """
AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d AvgPool1d
AvgPool2d AvgPool3d BatchNorm1d BatchNorm2d CELU Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
ELU Embedding GELU GLU GroupNorm GRU Hardswish Hardtanh InstanceNorm1d InstanceNorm2d LPPool1d LPPool2d LPPool3d
LayerNorm LeakyReLU Linear LogSoftmax LSTM MaxPool1d MaxPool2d MaxPool3d Mish MultiheadAttention PReLU RMSNorm RNN ReLU
ReLU6 SELU SiLU Sigmoid Softmax Softplus Softsign Tanh TransformerDecoderLayer TransformerEncoder
TransformerEncoderLayer
""".split()



def more(module, *shapes, training=None, **arguments):
    """A sample of our own, where PyTorch has none of a module or of a setting."""
    call = [torch.zeros(shape, dtype=torch.float64) if isinstance(shape, tuple) else shape for shape in shapes]
    return module, ModuleInput(constructor_input=FunctionInput(**arguments), forward_input=FunctionInput(*call))


def samples_of_our_own():
    whole = lambda *rows: torch.tensor(rows)
    for stride, padding, dilation, groups in [(2, 1, 1, 2), (1, 2, 2, 1), (3, 0, 1, 4)]:
        window = {"kernel_size": 3, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        for axes in (1, 2, 3):
            shape = (2, 4) + (7, 6, 5)[:axes]
            yield more(f"Conv{axes}d", shape, in_channels=4, out_channels=8, **window)
            yield more(f"Conv{axes}d", shape, in_channels=4, out_channels=4, bias=False, **window)
            wider = {"output_padding": 1} if stride > 1 else {}
            small = (2, 4) + (4, 3, 2)[:axes]
            yield more(f"ConvTranspose{axes}d", small, in_channels=4, out_channels=8, **window, **wider)
    for axes in (1, 2, 3):
        shape = (2, 3) + (8, 7, 6)[:axes]
        for ceil in (False, True):
            window = {"kernel_size": 3, "stride": 2, "ceil_mode": ceil}
            yield more(f"MaxPool{axes}d", shape, padding=1, dilation=2 if axes == 1 else 1, **window)
            yield more(f"AvgPool{axes}d", shape, padding=1, **window)
            yield more(f"AvgPool{axes}d", shape, padding=1, count_include_pad=False, **window)
            yield more(f"LPPool{axes}d", shape, norm_type=2.0, **window)
        mode = ("linear", "bilinear", "trilinear")[axes - 1]
        for target in ({"scale_factor": 2.0}, {"scale_factor": 1.7}, {"size": 5}, {"size": 13}, {"scale_factor": 0.6}):
            yield more("Upsample", shape, mode="nearest", **target)
            for align in (False, True):
                yield more("Upsample", shape, mode=mode, align_corners=align, **target)
    for mode in ("sum", "mean", "max"):
        for padding in (None, 2):
            table = {"num_embeddings": 6, "embedding_dim": 3, "mode": mode, "padding_idx": padding}
            yield more("EmbeddingBag", whole([0, 5, 2, 1], [2, 2, 4, 0]), **table)
            yield more("EmbeddingBag", whole(0, 5, 2, 1, 1, 2), whole(0, 2, 2, 5), **table)
    for cell in ("RNN", "LSTM", "GRU"):
        for layers, both in [(1, False), (2, False), (2, True)]:
            net = {"input_size": 3, "hidden_size": 2, "num_layers": layers, "bidirectional": both, "batch_first": True}
            yield more(cell, (3, 4, 3), **net)
            yield more(cell, (3, 4, 3), whole(2, 4, 1), **net)


def packed(module, x, lengths):
    """What a recurrent module says of sequences of these lengths."""
    pack = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    y, state = module(pack)
    return torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True)[0], state


# The file stays small: of these, so many samples that are spread over all of them.
MOST = 10
# Of tensors with more numbers than WHOLE, the FIRST of them and so many SUMS.
WHOLE, FIRST, SUMS = 16, 4, 3


def spread(shape, seed, low=-1.5, high=1.5):
    """Numbers of which no two are close, by the golden ratio, the same bits here and where they are read."""
    count = math.prod(shape)
    number = lambda i: ((i + 1 + 7919 * seed) * 0.618033988749895) % 1.0 * (high - low) + low
    return torch.tensor([number(i) for i in range(count)], dtype=torch.float64).reshape(shape)


def plain(value):
    """An argument as JSON."""
    if isinstance(value, torch.nn.Module):
        return {
            "d_model": value.self_attn.embed_dim,
            "nhead": value.self_attn.num_heads,
            "dim_feedforward": value.linear1.out_features,
            "dropout": value.dropout.p,
            "norm_first": value.norm_first,
            "batch_first": value.self_attn.batch_first,
            "bias": value.linear1.bias is not None,
        }
    if isinstance(value, torch.Tensor):
        return {"tensor": list(value.shape)}
    if isinstance(value, torch.Size):
        return list(value)
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if isinstance(value, torch.dtype) or callable(value):
        return str(value)
    return value


def arguments(cls, call):
    """The arguments of a constructor by name, where they are not left to their defaults."""
    bound = inspect.signature(cls.__init__).bind(None, *call.args, **call.kwargs)
    named = {}
    for name, value in list(bound.arguments.items())[1:]:
        if name == "args":
            value = dict(zip(["input_size", "hidden_size"], value))
            named.update(value)
        elif name == "kwargs":
            named.update({key: plain(each) for key, each in value.items()})
        elif name not in ("device", "dtype"):
            named[name] = plain(value)
    for name in ("device", "dtype"):
        named.pop(name, None)
    return named


def first(output):
    return output[0] if isinstance(output, tuple) else output


def tensors(value):
    """The tensors inside of an input or output, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (tuple, list)):
        return [each for part in value for each in tensors(part)]
    return []


def numbers(tensor):
    """All numbers of a small tensor; of a greater one its first and sums of all, weighed in several ways."""
    flat = tensor.detach().double().flatten()
    plain = lambda x: float(f"{x:.13g}") if math.isfinite(x) else str(x)
    if flat.numel() <= WHOLE:
        return [plain(x) for x in flat.tolist()]
    sums = [(spread(flat.shape, seed) * flat).sum().item() for seed in range(3, 3 + SUMS)]
    return {"count": flat.numel(), "first": [plain(x) for x in flat[:FIRST].tolist()], "sums": [plain(x) for x in sums]}


def case(name, cls, sample, training):
    named = arguments(cls, sample.constructor_input)
    call = sample.forward_input
    out = {"module": name, "training": training, "arguments": named, "inputs": [], "named_inputs": {}}
    torch.manual_seed(0)
    module = cls(*sample.constructor_input.args, **sample.constructor_input.kwargs)
    module = module.double().train(training)
    with torch.no_grad():
        for seed, (_, own) in enumerate(module.named_parameters()):
            own.copy_(spread(own.shape, seed + 10, -0.6, 0.6))
    out["parameters"] = [key for key, _ in module.named_parameters()]
    seed = iter(range(100, 200))
    # Roots of sums below 0 are NaN.
    low = 0.1 if name.startswith("LPPool") else -1.5

    def given(value):
        if isinstance(value, (tuple, list)):
            return type(value)(given(each) for each in value)
        if not isinstance(value, torch.Tensor):
            return value
        if value.is_floating_point():
            return spread(value.shape, next(seed), low).requires_grad_()
        return value

    def described(value):
        if isinstance(value, (tuple, list)):
            return [described(each) for each in value]
        if not isinstance(value, torch.Tensor):
            return plain(value)
        if value.is_floating_point():
            return {"floats": list(value.shape)} | ({} if low == -1.5 else {"low": low})
        kind = "bool" if value.dtype == torch.bool else "whole"
        return {kind: list(value.shape), "data": [int(x) for x in value.flatten().tolist()]}

    args = [given(each) for each in call.args]
    kwargs = {key: given(each) for key, each in call.kwargs.items()}
    out["inputs"] = [described(each) for each in call.args]
    out["named_inputs"] = {key: described(each) for key, each in call.kwargs.items()}
    if name == "MultiheadAttention":
        args[2] = args[1]
        out["inputs"][2] = {"same": 1}
    lengths = name in ("RNN", "LSTM", "GRU") and len(args) == 2 and not tensors(args[1])[0].is_floating_point()
    y = packed(module, *args) if lengths else module(*args, **kwargs)
    outputs = [each for each in tensors(y) if each.is_floating_point()]
    out["shapes"] = [list(each.shape) for each in outputs]
    out["outputs"] = [numbers(each) for each in outputs]
    main = outputs[0]
    loss = (spread(main.shape, 1) * main * main).sum()
    main_input = tensors(args[:1]) or tensors(list(kwargs.values()))[:1]
    inputs = [each for each in main_input if each.requires_grad]
    parameters = [own for _, own in module.named_parameters()]
    both = inputs[:1] + parameters
    slopes = torch.autograd.grad(loss, both, create_graph=True, allow_unused=True)
    zeros = lambda grads: [torch.zeros_like(own) if g is None else g for g, own in zip(grads, both)]
    slopes = zeros(slopes)
    out["gradients"] = [numbers(g) for g in slopes]
    if not any(s.requires_grad for s in slopes[:1]):
        return out
    second = (spread(slopes[0].shape, 2) * slopes[0]).sum()
    try:
        out["seconds"] = [numbers(g) for g in zeros(torch.autograd.grad(second, both, allow_unused=True))]
    except (RuntimeError, NotImplementedError) as error:
        out["no_seconds"] = str(error)[:60]
    return out


def main():
    torch.backends.mha.set_fastpath_enabled(False)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    cases, left = [], {}
    infos = {info.name.removeprefix("nn."): info for info in module_db}
    for name in NAMES:
        info = infos[name]
        for training in (True, False):
            made = []
            samples = info.module_inputs_func(
                info, device="cpu", dtype=torch.float64, requires_grad=True, training=training
            )
            for number, sample in enumerate(samples):
                try:
                    made.append(case(name, info.module_cls, sample, training))
                except Exception as error:  # noqa: BLE001
                    left.setdefault(f"{name}: {type(error).__name__}: {str(error)[:80]}", []).append(number)
            unique, seen = [], set()
            for each in made:
                key = json.dumps({k: each[k] for k in ("arguments", "inputs", "named_inputs")}, sort_keys=True)
                if key not in seen:
                    unique.append(each)
                seen.add(key)
            step = max(1, -(-len(unique) // MOST))
            cases += unique[::step]
    for name, sample in samples_of_our_own():
        for training in (True, False) if name in ("RNN", "LSTM", "GRU") else (True,):
            cases.append(case(name, getattr(torch.nn, name), sample, training))
    for reason, which in left.items():
        print(f"left out: {reason} ({which})", file=sys.stderr)
    # A case on each line.
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in cases)
    text = f'{{"torch": "{torch.__version__.split("+")[0]}", "cases": [\n{lines}\n]}}'
    path = Path(__file__).parent.parent / "crates/gradtape/tests/data/modules.json"
    path.write_text(text + "\n")
    print(f"{len(cases)} cases, {len(text)} bytes", file=sys.stderr)


if __name__ == "__main__":
    # The one that has second derivatives.
    with sdpa_kernel(SDPBackend.MATH):
        main()
