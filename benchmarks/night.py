"""The whole night of a large organisation, every step of it, as a person or the beat starts it.

`python -m benchmarks.night` in an installation that `benchmarks.scored_company` has filled. Twice: the first night
writes everything, the next one what a day has changed. Seconds of the clock depend on who else uses the machine;
those of the processors, PostgreSQL's included, hardly do.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from benchmarks.gates import Gates, cpu_seconds, gate

ROOT = Path(__file__).resolve().parent.parent
SLUG = os.environ.get("BENCH_SCORED_SLUG", "scored")
ACCOUNTS = int(os.environ.get("BENCH_SCORED_ACCOUNTS", "100000"))
SECONDS, PROCESSOR_SECONDS, MEGABYTES = 120.0, 90.0, 1024.0
FOR = ACCOUNTS / 100_000  # what more accounts may take


@dataclass(frozen=True)
class Night:
    """What a night took."""

    seconds: float
    own: float  # seconds of processors
    database: float
    megabytes: float
    steps: list[dict[str, Any]]


def main() -> None:
    """Measure and print the gates."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    nights = {"first": night("--as-of", yesterday.isoformat()), "next": night()}
    told = f"{ACCOUNTS:,} accounts"
    gates: Gates = {}
    for name, one in nights.items():
        parts = ", ".join(f"{step['name']} {step['seconds']:.1f}" for step in one.steps if step["seconds"] >= 0.5)
        print(
            f"   the {name} night: {one.seconds:.1f} s ({parts}); processors {one.own:.1f} s own, {one.database:.1f} s"
            f" PostgreSQL; {one.megabytes:.0f} MB; load {os.getloadavg()[0]:.1f}",
            file=sys.stderr,
        )
        gates |= {
            f"the {name} night of {told}, every step": gate(round(one.seconds, 1), SECONDS * FOR, "s"),
            f"the {name} night of {told}, with PostgreSQL": gate(
                round(one.own + one.database, 1), PROCESSOR_SECONDS * FOR, "s CPU"
            ),
        }
    most = max(one.megabytes for one in nights.values())
    json.dump(gates | {f"the night of {told}: memory": gate(round(most), MEGABYTES, "MB")}, sys.stdout)


def night(*words: str) -> Night:
    """Run a night in a process of its own, and return what it took."""
    server = [psutil.Process(int(os.environ["BENCH_POSTGRES_PID"]))]
    with tempfile.TemporaryFile() as said:
        before, started = cpu_seconds(server), time.monotonic()
        command = [sys.executable, "manage.py", "run_night", "--organization", SLUG, "--json", *words]
        process = subprocess.Popen(command, cwd=ROOT, stdout=said)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        said.seek(0)
        return Night(
            seconds=seconds,
            own=used.ru_utime + used.ru_stime,
            database=cpu_seconds(server) - before,
            megabytes=used.ru_maxrss / 1024,
            steps=json.loads(said.read())["steps"],
        )


if __name__ == "__main__":
    main()
