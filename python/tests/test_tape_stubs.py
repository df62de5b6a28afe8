"""Stubs and documentation are those of what there is."""

import sys
from pathlib import Path

import gradtape as gt
from gradtape import data, loss, nn, optim, random

sys.path.insert(0, str(Path(__file__).parent.parent))


def test_stubs_are_up_to_date():
    import stubs

    texts = stubs.texts()
    old = {name: (stubs.PACKAGE / name).read_text() for name in texts if (stubs.PACKAGE / name).exists()}
    late = [name for name, text in texts.items() if old.get(name) != text]
    for name in late:
        compile(texts[name], name, "exec")
        (stubs.PACKAGE / name).write_text(texts[name])
    assert not late, f"{', '.join(late)} were out of date, and are written anew"


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
