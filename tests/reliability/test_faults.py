"""The faults that the other tests here plan are as many as are promised; each test asserts that it made its own."""

from itertools import chain

from tests.reliability import faults


def test_they_are_of_every_kind_and_enough() -> None:
    assert set(chain.from_iterable(plan.kinds for plan in faults.ALL)) == faults.KINDS
    assert sum(len(plan.kinds) * plan.rounds_in_ci for plan in faults.ALL) >= faults.IN_CI
    assert sum(len(plan.kinds) * plan.rounds_in_long_run for plan in faults.ALL) >= faults.IN_LONG_RUN
    assert len(faults.IMPORTS.kinds) * faults.IMPORTS.rounds_in_long_run == faults.IMPORT_KILLS
