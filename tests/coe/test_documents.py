"""The examples of the documents do what they say."""

import re
from pathlib import Path

import pytest

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["forecasting.md", "lifetime-value.md", "ranking.md", "scoring.md"])
def test_the_example_prints_what_the_document_says(name, capsys):
    ((code, printed),) = re.findall(
        r"```python\n(.*?)```.*?```text\n(.*?)```", (DOCUMENTS / name).read_text(), re.DOTALL
    )

    exec(code, {})  # noqa: S102  # our own document

    assert capsys.readouterr().out == printed
