"""A fresh installation for each test of faults."""

import shutil
from collections.abc import Iterator

import pytest

from tests.reliability.installation import Installation, new_folder


@pytest.fixture
def installation() -> Iterator[Installation]:
    """An installation with empty, migrated tables; nothing runs yet but its servers."""
    folder = new_folder()
    built = Installation(folder)
    try:
        built.make_tables()
        yield built
    finally:
        built.close()
        shutil.rmtree(folder, ignore_errors=True)
