"""The example of the document does what it says."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "lifetime-value.md"


def test_the_example_prints_what_the_document_says(capsys):
    ((code, printed),) = re.findall(r"```python\n(.*?)```.*?```text\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)

    exec(code, {})  # noqa: S102  # our own document

    assert capsys.readouterr().out == printed
