"""Optimisers and schedules, made from the library's table of them.

A class for each, whatever its capitals: `Adam`, `AdamW`, `SGD`. `OPTIMIZERS` is that table.
"""

from __future__ import annotations

import inspect
import re

from . import _gradtape
from ._gradtape import Optimizer, Scheduler
from .nn import parts_of

#: The optimisers: name, documentation, settings with their defaults and what they do, presets.
OPTIMIZERS = _gradtape.OPTIMIZERS

#: The names of schedules, whose settings follow a colon: `"cosine:t_max=50,eta_min=0.001"`.
SCHEDULES = _gradtape.SCHEDULES

_SHARED = {
    "clip_norm": None,
    "clip_each_norm": None,
    "clip_value": None,
    "lookahead": None,
    "average": None,
    "allow_unused": False,
    "groups": None,
}

_SHARED_DOC = """
Beside them:

- `clip_norm`: the most that the norm of all gradients together may be.
- `clip_each_norm`: the most that the norm of each gradient may be.
- `clip_value`: the most that the magnitude of an element may be.
- `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
- `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
- `allow_unused`: leaves parameters that the loss does not depend on as they are.
- `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
"""


def by_name(name, module, **settings):
    """The optimiser of that name for the parameters of a module, or of a list or dict of them."""
    shared = {key: settings.pop(key) for key in list(settings) if key in _SHARED}
    return _new(Optimizer, name, module, settings, shared)


def _new(cls, name, module, settings, shared):
    parts = parts_of(module)
    if not parts:
        raise _gradtape.GradtapeError(
            f"{name}: there is no parameter to train\n"
            "  hint: give a network, a layer, a gt.Parameter, or a list or dict of them"
        )
    return Optimizer.__new__(cls, name, parts, settings, **shared)


def _again(cls, name, parts, settings, shared, state, lr):
    """What `pickle` and `copy` call: an optimiser with the state of another."""
    made = Optimizer.__new__(cls, name, parts, settings, **shared)
    made.load_state(state)
    made.lr = lr
    return made


class Schedule:
    """Sets the learning rate of an optimiser after each step, for a run of `steps`: `schedule.step()`.

    `name` is one of `SCHEDULES` with settings behind a colon; parts of a sequence have a stroke between them:
    `"warmup_linear:warmup=5@5/cosine"`.
    """

    def __init__(self, optimizer, name, steps):
        self.optimizer = optimizer
        self.scheduler = Scheduler(name, optimizer.lr, steps)
        optimizer.lr = self.scheduler.lr

    def step(self, loss=0.0):
        """Goes on by a step, whose loss a plateau looks at; gives the rate of the next one."""
        self.optimizer.lr = self.scheduler.advance(float(loss))
        return self.optimizer.lr


def _class(row, name, presets):
    settings = row["settings"] | presets
    kind = inspect.Parameter.KEYWORD_ONLY
    first = inspect.Parameter("module", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    rate = inspect.Parameter("lr", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=settings["lr"])
    others = [
        inspect.Parameter(own, kind, default=value)
        for own, value in (settings | _SHARED).items()
        if own != "lr"
    ]

    def new(cls, module, lr=settings["lr"], **given):
        shared = {key: given.pop(key) for key in list(given) if key in _SHARED}
        return _new(cls, name, module, {"lr": lr} | given, shared)

    lines = [f"- `{own}`: {text}" for own, text in row["docs"].items()]
    # Without the links and examples of Rust's documentation.
    text = re.sub(r"```.*?```", "", row["doc"], flags=re.S)
    text = re.sub(r"\[(`\w+`)\]\([^)]*\)", r"\1", text).strip()
    doc = "\n".join([text, "", *lines, _SHARED_DOC])
    title = name.capitalize()
    return type(
        title,
        (Optimizer,),
        {
            "__new__": new,
            "__doc__": doc,
            "__module__": __name__,
            "__signature__": inspect.Signature([first, rate, *others]),
        },
    )


_CLASSES = {}
for _row in OPTIMIZERS:
    _CLASSES[_row["name"]] = _class(_row, _row["name"], {})
    for _preset, _settings in _row["presets"].items():
        _CLASSES[_preset] = _class(_row, _preset, _settings)
globals().update({own.__name__: own for own in _CLASSES.values()})


def __getattr__(name):
    found = _CLASSES.get(name.lower())
    if found is None:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are {', '.join(_CLASSES)}"
        )
    return found


__all__ = [
    "OPTIMIZERS",
    "Optimizer",
    "SCHEDULES",
    "Schedule",
    "Scheduler",
    "by_name",
    *(own.__name__ for own in _CLASSES.values()),
]
