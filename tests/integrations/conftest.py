"""What tests of imports and of the API share."""

import pytest
from django.db import connection


@pytest.fixture
def patience(db):
    """Let statements take as long as they may in a worker: the test machine may be busy."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
