"""Writes the type stubs of the package from what it is: `python stubs.py`.

What pyo3 and the tables of layers and optimisers give has signatures and documentation, but no types; those follow from
the names of arguments. A test fails where a stub is out of date, or a name has no documentation.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import gradtape as gt
from gradtape import data, loss, nn, optim, random, soft

PACKAGE = Path(__file__).parent / "package" / "gradtape"

HEAD = '''"""Types of {what}, written by `stubs.py`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

'''

#: Types of arguments by their names; of one function alone before a dot.
TYPES = {
    "axis": "int", "axes": "int | Sequence[int]", "axis1": "int", "axis2": "int", "source": "int",
    "destination": "int", "keepdims": "bool", "ddof": "int", "eps": "float", "q": "float", "k": "int",
    "norm.ord": "int | float | str | None", "offset": "int", "indices_or_sections": "int | Sequence[int]", "descending": "bool", "slope": "float", "alpha": "float", "min": "float | None", "max": "float | None",
    "order": "int", "value": "ArrayLike", "full_like.value": "float", "start": "int", "stop": "int", "shape": "Any",
    "size": "int", "stride": "Any", "dilation": "Any", "window.stride": "int", "window.dilation": "int",
    "fold.stride": "int", "fold.dilation": "int", "reps": "Any", "repeats": "int", "shift": "int",
    "other": "Var | ArrayLike", "yes": "Var | ArrayLike", "no": "Var | ArrayLike",
    "indices": "Var | ArrayLike", "values": "Var | ArrayLike", "place": "int", "classes": "int", "dtype": "Any",
    "v": "Var | ArrayLike", "side": "str", "upper": "bool", "n": "int", "pad_width": "Any", "training": "bool",
    "mode": "str", "set_mode.mode": "str", "parameter": "Parameter", "copy": "bool | None", "seed": "int | None",
    "Generator.seed": "int", "draws": "int", "loss": "Var", "gradients": "Sequence[Var | None]", "lr": "float",
    "clip_norm": "float | None", "clip_each_norm": "float | None", "clip_value": "float | None",
    "lookahead": "tuple[int, float] | None", "allow_unused": "bool", "reduction": "str", "groups": "Any",
    "step.values": "Var", "step_by.values": "Var", "minimize.loss": "Callable[[Tape], Var]", "name": "str",
    "path": "Any", "labels": "Sequence[str] | None", "notes": "dict[str, str] | None", "spec": "str",
    "state": "Any", "schedule": "str", "total": "int", "advance.loss": "float", "summary.x": "ArrayLike | None",
}  # fmt: skip

#: Types of results by names, where they are not those of their kind.
RESULTS = {
    "numpy": "NDArray[Any]", "item": "Any", "tolist": "Any", "split": "list[Var]", "lift": "Var", "nbytes": "int",
    "shape": "tuple[int, ...]", "ndim": "int", "size": "int", "dtype": "Any", "tape": "Tape", "T": "Var", "mT": "Var",
    "reset": "None", "set_mode": "None", "set": "None", "training": "bool", "mode": "str", "draws": "int",
    "set_draws": "None", "step": "None", "step_by": "None", "minimize": "float", "gradients": "list[Var | None]",
    "steps": "int", "name": "str", "settings": "dict[str, Any]", "state": "Any", "load_state": "None", "lr": "float",
    "spec": "str | None", "kind": "str", "named_parameters": "dict[str, Parameter]", "advance": "float",
    "parameters": "list[Parameter]", "named_buffers": "dict[str, NDArray[Any]]", "parameter_count": "int",
    "load_from": "None", "summary": "str", "labels": "list[str]", "notes": "dict[str, str]", "clone": "Layer",
    "preprocessing": "str | None",
}  # fmt: skip

#: Methods of Python's protocols.
PROTOCOLS = {
    "__float__": "(self) -> float", "__int__": "(self) -> int", "__index__": "(self) -> int",
    "__bool__": "(self) -> bool", "__len__": "(self) -> int", "__iter__": "(self) -> Iterator[Var]",
    "__hash__": "(self) -> int", "__array__": "(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]",
    "__dlpack__": "(self, **options: Any) -> Any", "__dlpack_device__": "(self) -> tuple[int, int]",
    "__enter__": "(self) -> Tape", "__exit__": "(self, *_error: Any) -> bool", "__call__": "(self, x: Any) -> Any",
    "__neg__": "(self) -> Var", "__pos__": "(self) -> Var", "__abs__": "(self) -> Var", "__invert__": "(self) -> Var",
    "__round__": "(self, digits: int | None = None) -> Var", "__format__": "(self, spec: str) -> str",
}  # fmt: skip
OPERATORS = "add sub mul truediv floordiv mod pow matmul and or xor".split()
COMPARISONS = "eq ne lt le gt ge".split()


def written(default):
    """A default value as a stub has it."""
    return "..." if default is ... else repr(default)


def result_of(function, kind):
    doc = function.__doc__ or ""
    for words, count in [("two values", 2), ("three values", 3)]:
        if words in doc:
            return f"tuple[{', '.join([kind] * count)}]"
    return RESULTS.get(function.__name__, kind)


def signature_of(function, kind, method=True):
    name = function.__name__
    parts = []
    parameters = list(inspect.signature(function).parameters.values())
    for parameter in parameters[1:] if method else parameters:
        own = TYPES.get(f"{name}.{parameter.name}", TYPES.get(parameter.name, "Any"))
        if parameter.name == "axis" and parameter.default is None:
            own = "int | Sequence[int] | None"
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parts and not any(
            part.startswith("*") for part in parts
        ):
            parts.append("*")
        text = f"{'*' if parameter.kind is parameter.VAR_POSITIONAL else ''}{parameter.name}: {own}"
        if parameter.kind is parameter.VAR_KEYWORD:
            text = f"**{parameter.name}: Any"
        if parameter.default is not parameter.empty:
            text += f" = {written(parameter.default)}"
        parts.append(text)
    first = ["self"] if method else []
    return f"({', '.join(first + parts)}) -> {result_of(function, kind)}"


def documented(doc, indent):
    lines = (doc or "").strip().splitlines()
    if len(lines) == 1:
        return f'{indent}"""{lines[0]}"""\n'
    return f'{indent}"""{lines[0]}\n' + "".join(
        f"{indent}{line.strip()}\n" if line.strip() else "\n" for line in lines[1:]
    ) + f'{indent}"""\n'


def class_text(cls, kind="Var", base=""):
    lines = [f"class {cls.__name__}{base}:\n", documented(cls.__doc__, "    ")]
    new = cls.__text_signature__
    if new is not None and cls.__name__ != "Var":
        parameters = list(inspect.signature(cls).parameters.values())
        parts = [
            f"{own.name}: {TYPES.get(f'{cls.__name__}.{own.name}', TYPES.get(own.name, 'Any'))}"
            + ("" if own.default is own.empty else f" = {written(own.default)}")
            for own in parameters
        ]
        lines.append(f"    def __init__({', '.join(['self', *parts])}) -> None: ...\n")
    for name, own in sorted(vars(cls).items()):
        if name in PROTOCOLS and callable(own):
            lines.append(f"    def {name}{PROTOCOLS[name]}: ...\n")
        elif name.startswith("_"):
            continue
        elif inspect.isgetsetdescriptor(own):
            lines.append(f"    @property\n    def {name}(self) -> {RESULTS[name]}:\n")
            lines.append(documented(own.__doc__, "        "))
            if name == "lr" and cls.__name__ == "Optimizer":
                lines.append("    @lr.setter\n    def lr(self, lr: float) -> None: ...\n")
        elif callable(own) and own.__name__ == name:
            lines.append(f"    def {name}{signature_of(own, kind)}:\n")
            lines.append(documented(own.__doc__, "        "))
        elif callable(own):
            lines.append(f"    {name} = {own.__name__}\n")
    if cls.__name__ == "Var":
        for word in OPERATORS:
            for name in (f"__{word}__", f"__r{word}__"):
                lines.append(f"    def {name}(self, other: Any) -> Var: ...\n")
        for word in COMPARISONS:
            lines.append(f"    def __{word}__(self, other: Any) -> Var: ...  # type: ignore[override]\n")
        lines.append("    def __getitem__(self, key: Any) -> Var: ...\n")
    if cls.__name__ == "Layer":
        lines.append("    def __getitem__(self, place: int) -> Layer: ...\n")
    return "".join(lines) + "\n"


def made_class(cls, base):
    parts, star = [], False
    for own in inspect.signature(cls).parameters.values():
        if own.kind is own.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        star = star or own.kind is own.VAR_POSITIONAL
        text = ("*" if own.kind is own.VAR_POSITIONAL else "") + f"{own.name}: "
        text += "int | None" if own.name == "seed" else "Any"
        if own.default is not own.empty:
            text += f" = {written(own.default)}"
        parts.append(text)
    init = f"    def __init__({', '.join(['self', *parts])}) -> None: ...\n"
    return f"class {cls.__name__}({base}):\n{documented(cls.__doc__, '    ')}{init}\n"


def texts():
    """The text of each stub by the name of its file."""
    core = HEAD.format(what="what the library gives")
    core += "class GradtapeError(ValueError):\n" + documented(gt.GradtapeError.__doc__, "    ") + "\n"
    core += "class GradtapeIndexError(GradtapeError, IndexError):\n"
    core += documented(gt.GradtapeIndexError.__doc__, "    ") + "\n"
    core += class_text(gt.Tape) + class_text(gt.Var) + class_text(gt.Parameter)
    core += class_text(gt.Generator) + class_text(nn.Layer) + class_text(optim.Optimizer) + class_text(optim.Scheduler)
    core += "def __getattr__(name: str) -> Any: ...\n"
    start = HEAD + "from ._gradtape import {names}\n\n"
    layers = start.format(what="layers", names="Layer, Parameter")
    layers += "LAYERS: list[dict[str, Any]]\n\n"
    layers += "".join(made_class(getattr(nn, row["name"]), "Layer") for row in nn.LAYERS)
    layers += module_text(nn, ["fit", "from_spec", "named_parameters", "parts_of"]) + "\n" + python_class(nn.Module)
    layers += "\ndef mlp(sizes: Sequence[int], activation: str = \"relu\", dropout: float = 0.0, "
    layers += f"seed: int | None = None) -> Layer:\n{documented(nn.mlp.__doc__, '    ')}"
    optimizers = start.format(what="optimisers and schedules", names="Optimizer as Optimizer, Scheduler as Scheduler")
    optimizers += "OPTIMIZERS: list[dict[str, Any]]\nSCHEDULES: list[str]\n\n"
    optimizers += "".join(made_class(own, "Optimizer") for own in optim._CLASSES.values())
    optimizers += module_text(optim, ["by_name"]) + "\n" + python_class(optim.Schedule)
    optimizers += "\ndef __getattr__(name: str) -> type[Optimizer]: ...\n"
    losses = HEAD.format(what="losses") + "LOSSES: list[str]\n\n"
    losses += module_text(loss, loss.LOSSES) + "l1 = mae\nquantile = quantile_loss\n"
    softened = HEAD.format(what="soft functions") + module_text(soft, soft.__all__)
    sets = HEAD.format(what="data sets") + module_text(data, data.__all__)
    drawn = HEAD.format(what="random numbers") + "from ._gradtape import Generator as Generator, Tape, Var\n\n"
    drawn += "def bernoulli(probability: Var, generator: Generator) -> Var:\n"
    drawn += documented(random.bernoulli.__doc__, "    ")
    drawn += "def categorical(logits: Var, generator: Generator, axis: int = -1) -> Var:\n"
    drawn += documented(random.categorical.__doc__, "    ")
    drawn += module_text(random, ["gumbel", "normal", "permutation", "uniform"])
    return {"data.pyi": sets, "random.pyi": drawn, "soft.pyi": softened, "_gradtape.pyi": core, "nn.pyi": layers, "optim.pyi": optimizers, "loss.pyi": losses, "__init__.pyi": init()}


def python_class(cls):
    lines = [f"class {cls.__name__}:\n", documented(cls.__doc__, "    ")]
    for name, own in vars(cls).items():
        if isinstance(own, property):
            lines.append(f"    @property\n    def {name}(self) -> Any:\n{documented(own.__doc__, '        ')}")
        elif inspect.isfunction(own) and (not name.startswith("_") or name in ("__init__", "__call__")):
            text = plain(own, method=True) if name != "__init__" else plain(own, method=True).replace("Any:", "None:")
            lines.append(f"    def {name}{text}\n" if own.__doc__ is None else f"    def {name}{text[:-4]}\n")
            lines.append(documented(own.__doc__, "        ") if own.__doc__ else "")
    return "".join(lines)


def plain(function, method=False):
    """A signature whose arguments may be anything, but for those that say what they are."""
    parts, star = [], False
    for own in inspect.signature(function).parameters.values():
        if method and own.name == "self":
            parts.append("self")
            continue
        if own.kind is own.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        star = star or own.kind is own.VAR_POSITIONAL
        mark = {own.VAR_POSITIONAL: "*", own.VAR_KEYWORD: "**"}.get(own.kind, "")
        kind = "Any" if own.annotation is own.empty else own.annotation
        parts.append(f"{mark}{own.name}: {kind}" + ("" if own.default is own.empty else f" = {written(own.default)}"))
    gives = inspect.signature(function).return_annotation
    return f"({', '.join(parts)}) -> {'Any' if gives is inspect.Signature.empty else gives}: ..."


def module_text(module, names):
    lines = []
    for name in names:
        own = getattr(module, name)
        lines.append(f"def {name}{plain(own)[:-4]}\n{documented(own.__doc__, '    ')}")
    return "".join(lines)


def init():
    text = HEAD.format(what="the package")
    text += "from . import data as data, loss as loss, nn as nn, optim as optim, random as random, soft as soft\n"
    text += f"from ._estimators import {', '.join(f'{n} as {n}' for n in gt._ESTIMATORS)}\n"
    inner = ["Generator", "GradtapeError", "GradtapeIndexError", "Parameter", "TableModel", "Tape", "Var"]
    text += f"from ._gradtape import {', '.join(f'{n} as {n}' for n in inner)}\n\n"
    known = {*inner, *gt._ESTIMATORS, "data", "loss", "nn", "optim", "random", "soft"}
    names = sorted({*gt.__all__, *gt._functions})
    functions = [name for name in names if name not in known and inspect.isroutine(getattr(gt, name))]
    return text + module_text(gt, functions)


def main():
    for name, text in texts().items():
        (PACKAGE / name).write_text(text)
        print(f"wrote {name}, {len(text.splitlines())} lines", file=sys.stderr)


if __name__ == "__main__":
    main()
