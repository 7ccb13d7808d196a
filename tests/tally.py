"""What a run attempted: a table at its end says how often; that it was often enough is asserted by each test."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

_MARK = "attempted: "


@pytest.fixture
def attempted(record_property: Callable[[str, object], None]) -> Callable[[str, float], None]:
    """Return a function that puts a line into the table: what, and how often."""
    return lambda what, count: record_property(_MARK + what, count)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table; reports bring the lines along from the workers of xdist."""
    counts: Counter[str] = Counter()
    for reports in list(terminalreporter.stats.values()):
        for report in reports:
            if getattr(report, "when", "") == "teardown":  # the last one, which knows all of them
                for name, value in report.user_properties:
                    if name.startswith(_MARK):
                        counts[name.removeprefix(_MARK)] += value
    if counts:
        terminalreporter.section("attempted")
    for what, count in sorted(counts.items()):
        terminalreporter.write_line(f"{count:>8,} {what}")
