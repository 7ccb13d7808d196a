"""One line of the results, and the ways of taking it that noise moves least."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import psutil

Gates = dict[str, dict[str, Any]]


def gate(value: float, limit: float, unit: str) -> dict[str, Any]:
    """Return one line of the result: smaller is better."""
    return {"value": value, "gate": limit, "unit": unit, "passed": value <= limit}


def interleaved(targets: Mapping[str, Callable[[], Any]], *, rounds: int, each: int = 1) -> dict[str, list[float]]:
    """Return the median seconds of a call for each target and round; every round visits every target in turn.

    What else the machine does meets all of them alike, so ratios within a round hold. The first round warms up.
    """
    times: dict[str, list[float]] = {name: [] for name in targets}
    names = list(targets)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            taken = [timed(targets[name]) for _ in range(each)]
            if number:
                times[name].append(statistics.median(taken))
    return times


def ratio(times: Mapping[str, list[float]], name: str, base: str) -> float:
    """Return the median over the rounds of the target's time against the base's in the same round."""
    return round(statistics.median(a / b for a, b in zip(times[name], times[base], strict=True)), 2)


def timed(target: Callable[[], Any]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    target()
    return time.perf_counter() - start


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return the processor time that the processes and all their children have used, those that are gone as well."""
    total = 0.0
    for process in processes:
        for one in (process, *process.children(recursive=True)):
            try:
                used = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += used.user + used.system + used.children_user + used.children_system
    return total
