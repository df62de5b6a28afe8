"""The programs of the page on the tape run."""

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "python.md"


def test_the_programs_of_the_page_run(capsys):
    page = PAGE.read_text()
    page = page[page.index("## The tape") :]
    names = {}
    for program in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(compile(program, str(PAGE), "exec"), names)
    told = capsys.readouterr().out
    assert float(re.search(r"held-out accuracy ([\d.]+)", told)[1]) > 90
