"""`make bench`: a throw-away installation with simulated and large organisations, every measurement, JSON and a table.

`python -m benchmarks [group …]` measures some groups only: small, imports, large, scoring, planted.
BENCH_LARGE_ACCOUNTS=0, BENCH_IMPORT_ROWS=0 and BENCH_SCORED_ACCOUNTS=0 leave out what takes minutes;
BENCH_SCORED_ACCOUNTS=1000000 measures the night of a million, BENCH_PLANTED_ACCOUNTS="50 500 5000 50000" what is learnt
of a larger company. The real data sets are measured where
AGILE_SALES_DATA names their folder; `python -m benchmarks.data_sets` measures them alone. Beside a ratio stands its
gate; absolute times depend on the machine and on who else uses it.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from agile_sales.local import postgres, roles, valkey
from benchmarks.gates import Gates

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
ACCOUNTS = int(os.environ.get("BENCH_ACCOUNTS", "2000"))
LARGE_ACCOUNTS = int(os.environ.get("BENCH_LARGE_ACCOUNTS", "100000"))
SCORED_ACCOUNTS = int(os.environ.get("BENCH_SCORED_ACCOUNTS", "100000"))


GROUPS = ("small", "imports", "large", "scoring", "planted")
taken: dict[str, float] = {}  # seconds of each part


def main() -> int:
    """Measure, write the results, print the table; return 1 when a gate is missed."""
    words = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("group", nargs="*", help="all of them unless named")
    wanted = words.parse_args().group or GROUPS
    if unknown := set(wanted) - set(GROUPS):
        words.error(f"there is no group {', '.join(sorted(unknown))}, only {', '.join(GROUPS)}")
    folder = Path(tempfile.mkdtemp(prefix="agile-bench-"))
    folder.chmod(0o755)
    database = postgres.start_postgres(folder / "state")
    broker = valkey.start_valkey(folder / "state")
    try:
        urls = roles.provision(database.admin_url, "bench", database.role_passwords)
        environment = {
            **os.environ,
            "DATABASE_URL": urls.app,
            "DATABASE_OWNER_URL": urls.owner,
            "DATABASE_SYSTEM_URL": urls.system,
            "REDIS_URL": broker.url,
            "SECRET_KEY": "a key of the benchmark " * 3,
            "SECURE": "False",
            "HASHED_STATIC": "False",
            "STATIC_ROOT": str(folder),
            "DJANGO_SETTINGS_MODULE": "agile_sales.settings",
            "LOG_LEVEL": "ERROR",
            "ALLOWED_HOSTS": "localhost,testserver",
            # The limits of the API would answer in the place of what is measured.
            "API_CALLS_OF_TOKEN": "1000000",
            "API_CALLS_OF_ORGANIZATION": "1000000",
            "BENCH_POSTGRES_PID": str(database.pid),
            "BENCH_ADMIN_URL": database.url_for(postgres.ADMINISTRATOR, "bench"),
        }
        manage(environment, "migrate", "--verbosity", "0")
        gates: Gates = {}
        for group in wanted:
            gates |= MEASURE[group](environment)
    finally:
        broker.stop(remove=True)
        database.stop(remove=True)
        shutil.rmtree(folder, ignore_errors=True)
    write(gates, whole=set(wanted) == set(GROUPS))
    return 0 if all(gate["passed"] for gate in gates.values()) else 1


def part(name: str, environment: dict[str, str]) -> Gates:
    """Run one of the measuring programs and return its gates; what it says beside them goes to the screen.

    :raises subprocess.CalledProcessError: when it fails: no result is better than half of one.
    """
    print(f"-- {name}", file=sys.stderr)
    started = time.monotonic()
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    gates: Gates = json.loads(done.stdout or "{}")
    taken[name] = round(taken.get(name, 0) + time.monotonic() - started, 1)
    return gates


def small(environment: dict[str, str]) -> Gates:
    """Measure what needs no large organisation."""
    manage(environment, "simulate_company", "--slug", "acme", "--accounts", str(ACCOUNTS), "--seed", "7")
    manage(environment, "run_night", "--organization", "acme")
    analyze(environment["DATABASE_OWNER_URL"])
    return part("data_sets", environment) | part("engines", environment) | part("measure", environment)


def imports(environment: dict[str, str]) -> Gates:
    """Measure imports of each kind against their floor; nothing with BENCH_IMPORT_ROWS=0."""
    gates: Gates = {}
    for kind in ("accounts", "opportunities") if os.environ.get("BENCH_IMPORT_ROWS") != "0" else ():
        gates |= part("imports", {**environment, "BENCH_IMPORT_KIND": kind, "LONG_WORK": "True"})
    return gates


def large(environment: dict[str, str]) -> Gates:
    """Fill a large organisation beside a middling one and measure what is set as a goal for it."""
    if not LARGE_ACCOUNTS:
        return {}
    part("fill", environment | {"LONG_WORK": "True"})
    analyze(environment["DATABASE_OWNER_URL"])
    gates: Gates = {}
    for name in ("large", "cost", "row_security", "plans"):
        gates |= part(name, environment)
    return gates


def scoring(environment: dict[str, str]) -> Gates:
    """Score a company of its own end to end against the floors, kill the night five times; and whole nights of it."""
    if not SCORED_ACCOUNTS:
        return {}
    part("scored_company", patient(environment))
    return part("scoring", patient(environment)) | part("night", patient(environment))


def planted(environment: dict[str, str]) -> Gates:
    """Hold what is learnt of simulated companies against the truth that was planted in them."""
    return part("planted", patient(environment)) if SCORED_ACCOUNTS else {}


MEASURE = {"small": small, "imports": imports, "large": large, "scoring": scoring, "planted": planted}


def patient(environment: dict[str, str]) -> dict[str, str]:
    """Return the environment of a worker."""
    return environment | {"LONG_WORK": "True", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def manage(environment: dict[str, str], *words: str) -> None:
    """Run a management command, quietly."""
    command = [sys.executable, "manage.py", *words]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def analyze(owner_url: str) -> None:
    """Give the planner its statistics, as autovacuum does on a real installation in its own time."""
    connection = psycopg2.connect(owner_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()


def write(gates: Gates, *, whole: bool) -> None:
    """Print the table, and write the JSON if everything was measured."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "accounts": ACCOUNTS,
        "large_accounts": LARGE_ACCOUNTS,
        "scored_accounts": SCORED_ACCOUNTS,
        "seconds": taken,
        "load_at_the_end": os.getloadavg()[0],
        "gates": gates,
    }
    if whole:
        RESULTS.write_text(json.dumps(facts, indent=2) + "\n")
    for name, line in gates.items():
        mark = "ok  " if line["passed"] else "MISS"
        beside = f"; {line['reference']}" if line.get("reference") else ""
        print(f"{mark} {name:<58} {line['value']:>10} {line['unit']:<8} gate {line['gate']}{beside}")


if __name__ == "__main__":
    sys.exit(main())
