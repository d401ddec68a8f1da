"""docs/summary.md: its programs print what it says."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/summary.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("program", "says"), EXAMPLES)
def test_it_prints_what_the_page_says(program, says, capsys):
    exec(program, {})
    assert capsys.readouterr().out == says


def test_there_are_examples():
    assert len(EXAMPLES) == PAGE.count("```python") == 2
