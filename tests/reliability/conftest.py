"""A fresh installation for each test of faults."""

import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.reliability.installation import Installation, new_folder


@pytest.fixture
def installation(attempted: Callable[[str, float], None]) -> Iterator[Installation]:
    """An installation with empty, migrated tables; nothing runs yet but its servers."""
    folder = new_folder()
    built = Installation(folder)
    try:
        built.make_tables()
        yield built
        for kind, count in built.faults.items():
            attempted(f"faults: {kind}", count)
    finally:
        built.close()
        shutil.rmtree(folder, ignore_errors=True)
