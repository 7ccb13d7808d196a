"""Python's search for circular garbage, put off while a chunk is at work: it finds none, and takes a quarter."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Run the block without it; what the block leaves is looked at afterwards."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
