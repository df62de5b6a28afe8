"""Stubs and documentation are those of what there is."""

import sys
from pathlib import Path

import gradtape as gt
from gradtape import data, loss, nn, optim, random

sys.path.insert(0, str(Path(__file__).parent.parent))


def test_stubs_are_up_to_date():
    import stubs

    for name, text in stubs.texts().items():
        path = stubs.PACKAGE / name
        before = path.read_text() if path.exists() else ""
        if before != text:
            path.write_text(text)
        assert before == text, f"{name} was out of date, and is written anew"
        compile(text, name, "exec")


def test_every_name_has_a_sentence():
    for module in [gt, data, loss, nn, optim, random]:
        for name in module.__all__:
            own = getattr(module, name)
            if callable(own) or hasattr(own, "__all__"):
                assert own.__doc__ and own.__doc__.strip(), f"{module.__name__}.{name}"


def test_every_method_has_a_sentence():
    for cls in [gt.Tape, gt.Var, gt.Parameter, gt.Generator, nn.Layer, nn.Module, optim.Optimizer, optim.Scheduler]:
        for name in dir(cls):
            if not name.startswith("_"):
                assert getattr(cls, name).__doc__, f"{cls.__name__}.{name}"
