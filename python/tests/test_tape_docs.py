"""The programs of the page on the tape run."""

import doctest
import re
from pathlib import Path

from gradtape import _compile, _fit, _transforms, nn

PAGE = Path(__file__).parent.parent.parent / "docs" / "python.md"


def test_the_programs_of_the_page_run(capsys):
    page = PAGE.read_text()
    page = page[page.index("## The tape") :]
    names = {}
    for program in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(compile(program, str(PAGE), "exec"), names)
    told = capsys.readouterr().out
    assert float(re.search(r"held-out accuracy ([\d.]+)", told)[1]) > 90


def test_the_examples_of_docstrings_run():
    for module in [_compile, _fit, _transforms, nn]:
        found = doctest.testmod(module)
        assert found.attempted and not found.failed, module.__name__
