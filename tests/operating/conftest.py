"""What the tests of what operators see share."""

import logging
from collections.abc import Iterator

import pytest

from tests.operating.log_lines import Lines


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The lines that are logged during the test."""
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)
