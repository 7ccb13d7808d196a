"""Long reckoning inside a transaction: the server ends one that is idle for fifteen seconds."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")
EVERY_SECONDS = 5.0


def reckoned(work: Callable[[], Result], *, every: float = EVERY_SECONDS) -> Result:
    """Return what ``work`` returns, asking the server for a sign of life meanwhile.

    ``work`` runs in a thread of its own, without a connection and without a scope: it must not touch the database.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reckoning") as executor:
        waiting = executor.submit(work)
        while True:
            try:
                return waiting.result(timeout=every)
            except NotYet:
                if waiting.done():
                    raise  # the work itself gave up on something
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
