"""Which faults the tests make, and how many: in each run of CI, and in the long run."""

import os
from dataclasses import dataclass

LONG = "AGILE_SALES_LONG" in os.environ
KINDS = frozenset({"child", "worker", "relay", "beat", "web", "valkey", "valkey wiped", "postgres", "outage"})
IN_CI, IN_LONG_RUN = 10, 30
"""So many are promised, of all the tests together."""
IMPORT_KILLS = 20
"""At so many points an import is killed in the long run."""


@dataclass(frozen=True)
class Plan:
    """The faults of one test: some kinds, round after round."""

    kinds: tuple[str, ...]
    rounds_in_ci: int
    rounds_in_long_run: int

    @property
    def faults(self) -> tuple[str, ...]:
        """The kinds of this run's faults, in the order in which they strike."""
        return self.kinds * (self.rounds_in_long_run if LONG else self.rounds_in_ci)


BEATS = Plan(("beat",), 5, 10)
IMPORTS = Plan(("child", "postgres", "valkey", "worker"), 1, 5)
NIGHTS = Plan(("child", "valkey", "postgres", "worker", "relay"), 1, 2)
WRITES = Plan(("web", "postgres", "valkey", "relay", "valkey wiped", "outage"), 1, 3)
ALL = (BEATS, IMPORTS, NIGHTS, WRITES)
