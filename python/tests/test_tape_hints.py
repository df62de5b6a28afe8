"""What the hints of the library say is said in words of Python."""

import builtins
import re
from pathlib import Path

import gradtape as gt
import numpy as np
import pytest
from gradtape import _gradtape, nn, optim

LIBRARY = Path(__file__).parents[2] / "crates" / "gradtape" / "src"

#: What programs of Python do not meet: data, training by the library, metrics, the program's engines; averages and sums
#: of batches; attention and recurrence step by step, which a layer that is called does not do.
ELSEWHERE = (
    "data/", "engine/", "metric/", "train/", "optim/ema.rs", "optim/accumulate.rs", "tape/sum.rs", "nn/attention/cache.rs",
    "nn/transformer/stack.rs", "nn/recurrent/run.rs",
)  # fmt: skip

#: Whose functions and methods a hint may name.
NAMED = [gt, gt.Var, gt.Tape, gt.Parameter, nn, nn.Layer, optim, optim.Optimizer, optim.Scheduler, gt.loss, np, builtins]

RUST = re.compile(
    r"::|&|\bVec\b|\)\?|\.into\(|\bSome\b|DType|\bArc\b|\bi64\]|\d(f32|f64|i64)\b|\bfn\b|\|\w+, \w+\||\(\(\)\)|\.\.\d|Tape::|\bVar\b(?!s)"
)


def literals(text):
    """The texts in quotes, as Rust reads them."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"', text, re.S)
    return [re.sub(r"\\\n\s*", "", one).replace('\\"', '"') for one in found]


def closing(text, start):
    """Where the bracket before a place is closed."""
    depth, place = 1, start
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[()\[\]{}]', text[start:], re.S):
        if match[0][0] != '"':
            depth += 1 if match[0] in "([{" else -1
        place = start + match.end()
        if depth == 0:
            break
    return place


def hints():
    """The hints in the source of the library, with the file that has them."""
    found = []
    for file in sorted(LIBRARY.rglob("*.rs")):
        name = file.relative_to(LIBRARY).as_posix()
        if name.startswith(ELSEWHERE) or name.endswith("tests.rs"):
            continue
        text = file.read_text().split("#[cfg(test)]")[0]
        text = re.sub(r"^\s*//.*$", "", text, flags=re.M)
        for match in re.finditer(r"\bhint\(|\blet hint\b[^;]*?=|_hint\([^)]*\)[^{;]*\{", text):
            if match[0].startswith("let"):
                end = text.index(";\n", match.end())
            else:
                end = closing(text, match.end())
            all_of_it = literals(text[match.end() : end])
            found += [(name, one.replace("DType::{:?}", "DType::F32")) for one in all_of_it]
    return sorted(set(found))


HINTS = hints()


def test_the_hints_are_found():
    assert len(HINTS) > 150 and {"op/rules.rs", "tape/values.rs", "nn/conv.rs"} <= {name for name, _ in HINTS}
    assert len({one for name, one in HINTS if name.startswith("op/")}) > 40


@pytest.mark.parametrize("hint", [f"{name}: {hint}" for name, hint in HINTS])
def test_a_hint_has_no_word_of_rust(hint):
    text = _gradtape.in_python(hint.split(": ", 1)[1])
    assert not RUST.search(text), text
    for name in re.findall(r"(?<![\w*])([a-z_]+)\(", text):
        assert any(hasattr(own, name) for own in NAMED), f"{name}() is none of Python's: {text}"


def test_errors_speak_python():
    tape = gt.Tape()
    x = tape.watch(np.ones((2, 3)))
    for call in [
        lambda: x + np.ones((2, 3), "float32"), lambda: gt.gradient(x * 2, [x]), lambda: (x > 0) + 1.0, lambda: x.take([0.5]),
        lambda: gt.loss.cross_entropy(x, x[:, 0] > 0), lambda: gt.dot(x, x), lambda: nn.Linear(3, 1)(x), lambda: x.top_k(9),
    ]:  # fmt: skip
        with pytest.raises(gt.GradtapeError) as error:
            call()
        hint = str(error.value).rsplit("hint: ", 1)[1]
        assert not RUST.search(hint), hint
        for name in re.findall(r"(?<![\w*])([a-z_]+)\(", hint):
            assert any(hasattr(own, name) for own in NAMED), hint
