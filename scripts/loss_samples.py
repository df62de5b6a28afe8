"""Writes crates/gradtape/tests/data/loss_samples.json: what PyTorch's losses give for PyTorch's own samples of them.

    python scripts/loss_samples.py

As `module_samples.py`, whose samples and numbers these are. For each loss: the arguments, the inputs, which of them the
loss is differentiated by, the output, the gradients of `sum(w * y)` and those of `sum(v * gradient)` over all of them,
in f64. The inputs are written, to four places: a loss takes probabilities, signs, or labels.
"""

import json
import sys
from pathlib import Path

import torch
from module_samples import MOST, FunctionInput, ModuleInput, module_db, numbers, spread

# By the place of an input: what a loss is differentiated by. A CTC is a function of logits here, since PyTorch's own
# gradient takes its input for the result of a log-softmax.
NAMES = {
    "BCELoss": [0],
    "BCEWithLogitsLoss": [0],
    "CTCLoss": [0],
    "CosineEmbeddingLoss": [0, 1],
    "CrossEntropyLoss": [0],
    "GaussianNLLLoss": [0, 2],
    "HuberLoss": [0],
    "KLDivLoss": [0],
    "L1Loss": [0],
    "MSELoss": [0],
    "MultiMarginLoss": [0],
    "NLLLoss": [0],
    "PoissonNLLLoss": [0],
    "SmoothL1Loss": [0],
    "TripletMarginLoss": [0, 1, 2],
}
# Inputs of more numbers are left out.
LARGEST = 320


def sample(*inputs, **arguments):
    return ModuleInput(constructor_input=FunctionInput(**arguments), forward_input=FunctionInput(*inputs))


def samples_of_our_own(name):
    """Where PyTorch has none of a loss, or only large ones, or none of a setting."""
    vector = lambda seed: spread((5, 4), seed)
    whole = lambda *rows: torch.tensor(rows)
    if name == "TripletMarginLoss":
        for arguments in ({}, {"margin": 0.4}, {"p": 1.0}, {"p": 3.0, "eps": 1e-3}, {"swap": True}, {"reduction": "sum"},
                          {"reduction": "none", "margin": 2.5}):
            yield sample(vector(1), vector(2), vector(3), **arguments)
    if name == "CTCLoss":
        targets, lengths = whole([1, 2, 2], [3, 3, 1], [2, 0, 0]), (whole(6, 5, 6), whole(3, 2, 1))
        for arguments in ({}, {"reduction": "sum"}, {"reduction": "none"}, {"zero_infinity": True}):
            yield sample(spread((6, 3, 4), 4), targets, *lengths, **arguments)
        yield sample(spread((6, 3, 4), 5), whole([0, 2, 2], [1, 1, 0], [2, 1, 1]), *lengths, blank=3)
        yield sample(spread((3, 1, 4), 5), whole([1, 1, 1]), whole(3), whole(3), zero_infinity=True)
    if name == "HuberLoss":
        yield sample(vector(1), vector(2), delta=0.3)
    if name == "SmoothL1Loss":
        yield sample(vector(1), vector(2), beta=0.3)
        yield sample(vector(1), vector(2), beta=2.0, reduction="sum")
    if name == "BCEWithLogitsLoss":
        target = (spread((5, 4), 3) + 1.5) / 3.0
        yield sample(vector(1), target, pos_weight=spread((4,), 2, 0.5, 2.0))
        yield sample(10 * vector(1), target, reduction="none")
    if name == "GaussianNLLLoss":
        yield sample(vector(1), vector(2), spread((5, 4), 3, 0.2, 2.0), full=True)
        yield sample(vector(1), vector(2), spread((5, 4), 3, 0.2, 2.0), reduction="sum")
    if name == "CrossEntropyLoss":
        labels = whole(0, 3, 1, 1, 2)
        yield sample(vector(1), labels, label_smoothing=0.2, weight=spread((4,), 2, 0.5, 2.0), ignore_index=1)
        yield sample(20 * vector(1), labels, reduction="none")
    if name == "NLLLoss":
        yield sample(vector(1), whole(0, 3, 1, 1, 2), weight=spread((4,), 2, 0.5, 2.0), ignore_index=3)
    if name == "KLDivLoss":
        for reduction in ("mean", "sum", "none", "batchmean"):
            yield sample(vector(1), (spread((5, 4), 3) + 1.5) / 3.0, reduction=reduction)
            yield sample(vector(1)[0, 0], spread((), 3, 0.2, 0.9), reduction=reduction)
        yield sample(vector(1), vector(3), log_target=True)


def written(tensor):
    if tensor.is_floating_point():
        data = [float(f"{x:.4f}") for x in tensor.flatten().tolist()]
        return {"shape": list(tensor.shape), "data": data}
    return {"shape": list(tensor.shape), "dtype": "i64", "data": tensor.flatten().tolist()}


def read(value):
    dtype = torch.long if value.get("dtype") else torch.float64
    return torch.tensor(value["data"], dtype=dtype).reshape(value["shape"])


def case(name, sample):
    arguments = {key: value for key, value in sample.constructor_input.kwargs.items() if value is not None}
    arguments = {k: written(v.detach()) if isinstance(v, torch.Tensor) else v for k, v in arguments.items()}
    given = [x if isinstance(x, torch.Tensor) else torch.tensor(x) for x in sample.forward_input.args]
    inputs = [written(x.detach()) for x in given]
    if name == "CTCLoss" and len(inputs[1]["shape"]) == 1 and len(inputs[0]["shape"]) == 3:
        raise ValueError("targets that lie one behind another")
    if max(len(x["data"]) for x in inputs) > LARGEST:
        raise ValueError("large")
    if not all(torch.isfinite(read(x)).all() for x in inputs):
        raise ValueError("inputs that are no numbers")
    own = {k: read(v) if isinstance(v, dict) else v for k, v in arguments.items()}
    loss = getattr(torch.nn, name)(**own)
    values = [read(x) for x in inputs]
    by = [values[place].requires_grad_() for place in NAMES[name]]
    y = loss(*([values[0].log_softmax(-1)] if name == "CTCLoss" else values[:1]), *values[1:])
    slopes = torch.autograd.grad((spread(y.shape, 1) * y).sum(), by, create_graph=True)
    out = {"loss": name, "arguments": arguments, "inputs": inputs, "by": NAMES[name], "output": numbers(y)}
    out["gradients"] = [numbers(g) for g in slopes]
    if name == "BCELoss":
        out["no_seconds"] = "it adds 1e-12 to what it divides by"
    elif any(g.requires_grad for g in slopes):
        weighted = [(spread(g.shape, 2) * g).sum() for g in slopes]
        try:
            seconds = torch.autograd.grad(sum(weighted), by, allow_unused=True)
            out["seconds"] = [numbers(torch.zeros_like(x) if g is None else g) for g, x in zip(seconds, by)]
        except (RuntimeError, NotImplementedError) as error:
            out["no_seconds"] = str(error)[:60]
    return out


def main():
    torch.set_num_threads(1)
    cases, left = [], {}
    infos = {info.name.removeprefix("nn."): info for info in module_db}
    for name in NAMES:
        torch.manual_seed(0)
        samples = []
        if name in infos:
            info = infos[name]
            given = {"device": "cpu", "dtype": torch.float64, "requires_grad": True, "training": True}
            samples = list(info.module_inputs_func(info, **given))
        made = []
        for sample in samples:
            try:
                made.append(case(name, sample))
            except ValueError as error:
                key = f"{name}: {error}"
                left[key] = left.get(key, 0) + 1
        cases += made[:: max(1, -(-len(made) // MOST))]
        cases += [case(name, sample) for sample in samples_of_our_own(name)]
    for reason, count in left.items():
        print(f"left out: {reason} ({count})", file=sys.stderr)
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in cases)
    text = f'{{"torch": "{torch.__version__.split("+")[0]}", "cases": [\n{lines}\n]}}'
    path = Path(__file__).parent.parent / "crates/gradtape/tests/data/loss_samples.json"
    path.write_text(text + "\n")
    print(f"{len(cases)} cases, {len(text)} bytes", file=sys.stderr)


main()
