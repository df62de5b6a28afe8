"""Layers and networks: a class for each kind that a model file can hold, made from the library's table.

`LAYERS` is that table. A layer records what it computes of a value, and computes it of an array, as in inference.
"""

from __future__ import annotations

import inspect
import json

import numpy as np

from . import _gradtape
from ._fit import fit
from ._gradtape import Layer, Parameter, Tape, mlp
from ._operations import first_var, read

#: The kinds of layers: name, what it does, shapes, and the names of its arguments.
LAYERS = _gradtape.LAYERS

_NONE = inspect.Parameter.empty

#: What arguments are where they are not given; of one kind alone before a dot.
_DEFAULTS = {
    "activation": "relu",
    "affine": True,
    "alpha": 1.0,
    "axis": -1,
    "base": 10000.0,
    "beta": 1.0,
    "bias": True,
    "SwiGlu.bias": False,
    "bidirectional": False,
    "causal": False,
    "ceil_mode": False,
    "count_include_pad": True,
    "dilation": 1,
    "dropout": 0.0,
    "TransformerEncoderLayer.dropout": 0.1,
    "TransformerDecoderLayer.dropout": 0.1,
    "dtype": "f32",
    "eps": 1e-5,
    "RmsNorm.eps": None,
    "feedforward": 2048,
    "final_norm": True,
    "groups": 1,
    "GroupNorm.groups": _NONE,
    "layers": 1,
    "TransformerEncoder.layers": 6,
    "TransformerDecoder.layers": 6,
    "max": 1.0,
    "min": -1.0,
    "mode": "mean",
    "Upsample.mode": "nearest",
    "momentum": 0.1,
    "norm_first": False,
    "output_padding": 0,
    "padding": 0,
    "Embedding.padding": None,
    "EmbeddingBag.padding": None,
    "parameters": 1,
    "places": 1024,
    "PositionalEmbedding.places": _NONE,
    "rotary": None,
    "slope": 0.01,
    "stride": 1,
    "tanh": False,
    "tied": True,
    "track_running_stats": True,
    "Rnn.cell": {"nonlinearity": "tanh"},
    "Lstm.cell": {},
    "Gru.cell": {},
}

#: Which kind of layer an argument is, whose numbers are drawn anew.
_REPEATED = {
    "encoder_layer": "TransformerEncoderLayer",
    "decoder_layer": "TransformerDecoderLayer",
    "stack": "TransformerEncoder",
}

#: What is a number for each axis of a window.
_OF_AXES = {"kernel", "stride", "padding", "dilation", "output_padding", "size", "output"}


class Module:
    """A network of one's own: layers, parameters, and lists and dicts of them as attributes, and a `forward`.

    >>> from gradtape import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         self.hidden, self.out = nn.Linear(64, 32), nn.Linear(32, 10)
    ...     def forward(self, x):
    ...         return self.out(self.hidden(x).relu())
    >>> Net().parameter_count
    2410
    """

    def forward(self, *args):
        """What the network records of values."""
        raise NotImplementedError(f"{type(self).__name__} has no forward()")

    def __call__(self, *args, **kwargs):
        if first_var((args, kwargs)) is not None:
            return self.forward(*args, **kwargs)
        with Tape(training=False) as tape:
            lifted = [tape.constant(x) if _is_array(x) else x for x in args]
            return read(self.forward(*lifted, **kwargs))

    def named_parameters(self):
        """The parameters by name, in order; each once."""
        return named_parameters(self)

    def parameters(self):
        """The parameters in order."""
        return list(self.named_parameters().values())

    @property
    def parameter_count(self):
        """The number of numbers in all parameters."""
        return sum(int(np.prod(own.shape)) for own in self.parameters())

    def summary(self):
        """A table of the layers with their shapes and numbers of parameters."""
        return _gradtape.summary_of(parts_of(self))

    def save(self, path):
        """Writes parameters and buffers to a safetensors file."""
        _gradtape.save_parameters(parts_of(self), path)

    def load(self, path):
        """Reads parameters and buffers from a safetensors file, by name."""
        _gradtape.load_parameters(parts_of(self), path)


def parts_of(module, path=""):
    """The layers and parameters of a module, or of a list or dict of them, with their paths."""
    if isinstance(module, (Layer, Parameter)):
        return [(path, module)]
    if isinstance(module, Module):
        inside = vars(module)
    elif isinstance(module, dict):
        inside = module
    elif isinstance(module, (list, tuple)):
        inside = dict(enumerate(module))
    else:
        return []
    before = f"{path}." if path else ""
    return [part for name, own in inside.items() for part in parts_of(own, f"{before}{name}")]


def named_parameters(module):
    """The parameters of a module by name, in order; each once."""
    found, known = {}, set()
    for path, part in parts_of(module):
        own = {"": part} if isinstance(part, Parameter) else part.named_parameters()
        for name, parameter in own.items():
            if parameter not in known:
                known.add(parameter)
                found[".".join(word for word in (path, name) if word)] = parameter
    return found


def from_spec(spec, seed=None):
    """A layer of its description: JSON, or a dict as in `LAYERS`."""
    return Layer(spec if isinstance(spec, str) else json.dumps(spec, allow_nan=False), None, seed)


def _is_array(x):
    return isinstance(x, (int, float, list, np.ndarray)) or hasattr(x, "__array__")


def _plain(name, argument, value):
    """An argument as a description has it."""
    if argument in _REPEATED and not isinstance(value, dict):
        kind = _REPEATED[argument]
        own = json.loads(value.spec or "{}") if isinstance(value, Layer) else {}
        # Which kind it is is known there.
        if own.pop("layer", None) != next(row["tag"] for row in LAYERS if row["name"] == kind):
            given = value.kind if isinstance(value, Layer) else repr(value)
            raise TypeError(f"{name}: {argument} is a {kind}, not {given}")
        return own
    if isinstance(value, Layer):
        return json.loads(value.spec)
    if argument == "dtype":
        return {"float32": "f32", "float64": "f64", "float16": "f16", "bfloat16": "bf16"}.get(
            value if isinstance(value, str) else np.dtype(value).name, value
        )
    axes = int(name[-2]) if name[-2:] in ("1d", "2d", "3d") else None
    if argument in _OF_AXES and axes and isinstance(value, (int, tuple, list)):
        value = [value] * axes if isinstance(value, int) else list(value)
        return {"zeros": value} if name.startswith("Conv") and argument == "padding" and (
            not name.startswith("ConvTranspose")
        ) else value
    if argument == "shape" and isinstance(value, int):
        return [value]
    if isinstance(value, np.generic):
        return value.item()
    return list(value) if isinstance(value, tuple) else value


def _parameters(row):
    name = row["name"]
    pool = "Pool" in name
    found = []
    for argument in row["arguments"]:
        default = _DEFAULTS.get(f"{name}.{argument}", _DEFAULTS.get(argument, _NONE))
        if pool and argument == "stride":
            default = None
        found.append((argument, default))
    # Those without a default come first.
    found.sort(key=lambda pair: pair[1] is not _NONE)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(own, kind, default=default) for own, default in found]
    seed = inspect.Parameter("seed", inspect.Parameter.KEYWORD_ONLY, default=None)
    return [*parameters, seed]


def _class(row):
    name, tag = row["name"], row["tag"]
    signature = inspect.Signature(_parameters(row))

    def new(cls, *args, **kwargs):
        try:
            given = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}: {error}; it is {name}{signature}") from None
        given.apply_defaults()
        own = dict(given.arguments)
        seed = own.pop("seed")
        if "stride" in own and own["stride"] is None:
            own["stride"] = own["kernel"]
        spec = {"layer": tag} | {key: _plain(name, key, value) for key, value in own.items()}
        return Layer.__new__(cls, json.dumps(spec, allow_nan=False), None, seed)

    return _made(row, new, signature)


def _made(row, new, signature, more=""):
    doc = f"{row['what']}.\n\nFrom `{row['input']}` to `{row['output']}`.{more}"
    return type(
        row["name"],
        (Layer,),
        {"__new__": new, "__doc__": doc, "__module__": __name__, "__signature__": signature},
    )


def _holding(row, new):
    signature = inspect.Signature(list(inspect.signature(new).parameters.values())[1:])
    return _made(row, new, signature, " Shares the parameters of the layers.")


def _new_sequential(cls, *layers):
    if len(layers) == 1 and isinstance(layers[0], (list, tuple)):
        (layers,) = layers
    if not all(isinstance(layer, Layer) for layer in layers):
        raise TypeError(
            "Sequential holds layers of gradtape.nn; write a gradtape.nn.Module for others"
        )
    return Layer.__new__(cls, '{"layer": "sequential"}', list(layers))


def _new_residual(cls, inner, shortcut=None):
    layers = [inner] if shortcut is None else [inner, shortcut]
    return Layer.__new__(cls, '{"layer": "residual"}', layers)


def _new_parallel(cls, *layers, axis=-1, add=False):
    merge = "sum" if add else {"concat": axis}
    spec = json.dumps({"layer": "parallel", "merge": merge})
    return Layer.__new__(cls, spec, list(layers))


def _new_bidirectional(cls, forward, backward):
    return Layer.__new__(cls, '{"layer": "bidirectional"}', [forward, backward])


_HOLDING = {
    "Sequential": _new_sequential,
    "Residual": _new_residual,
    "Parallel": _new_parallel,
    "Bidirectional": _new_bidirectional,
}


for _row in LAYERS:
    _new = _HOLDING.get(_row["name"])
    globals()[_row["name"]] = _class(_row) if _new is None else _holding(_row, _new)

__all__ = [
    "LAYERS",
    "Layer",
    "Module",
    "fit",
    "from_spec",
    "mlp",
    "named_parameters",
    "parts_of",
    *(_row["name"] for _row in LAYERS),
]
