"""`make bench`: a throw-away installation with simulated and large organisations, every measurement, JSON and a table.

BENCH_LARGE_ACCOUNTS=0, BENCH_IMPORT_ROWS=0 and BENCH_SCORED_ACCOUNTS=0 leave out what takes minutes;
BENCH_SCORED_ACCOUNTS=1000000 measures the night of a million. The real data sets are measured where
AGILE_SALES_DATA names their folder; `python -m benchmarks.data_sets` measures them alone. Beside a ratio stands its
gate; absolute times depend on the machine and on who else uses it.
"""

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
from benchmarks.gates import Gates, gate

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
ACCOUNTS = int(os.environ.get("BENCH_ACCOUNTS", "2000"))
LARGE_ACCOUNTS = int(os.environ.get("BENCH_LARGE_ACCOUNTS", "100000"))
SCORED_ACCOUNTS = int(os.environ.get("BENCH_SCORED_ACCOUNTS", "100000"))
NIGHT_SECONDS = 120


def main() -> int:
    """Measure, write the results, print the table; return 1 when a gate is missed."""
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
        manage(environment, "simulate_company", "--slug", "acme", "--accounts", str(ACCOUNTS), "--seed", "7")
        manage(environment, "run_night", "--organization", "acme")
        analyze(urls.owner)
        gates = (
            part("data_sets", environment)
            | part("engines", environment)
            | part("measure", environment)
            | imports(environment)
        )
        if LARGE_ACCOUNTS:
            gates |= large(environment, urls.owner)
        if SCORED_ACCOUNTS:
            gates |= scoring(environment)
    finally:
        broker.stop(remove=True)
        database.stop(remove=True)
        shutil.rmtree(folder, ignore_errors=True)
    write(gates)
    return 0 if all(gate["passed"] for gate in gates.values()) else 1


def part(name: str, environment: dict[str, str]) -> Gates:
    """Run one of the measuring programs and return its gates; what it says beside them goes to the screen.

    :raises subprocess.CalledProcessError: when it fails: no result is better than half of one.
    """
    print(f"-- {name}", file=sys.stderr)
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    gates: Gates = json.loads(done.stdout or "{}")
    return gates


def imports(environment: dict[str, str]) -> Gates:
    """Measure imports of each kind against their floor; nothing with BENCH_IMPORT_ROWS=0."""
    gates: Gates = {}
    for kind in ("accounts", "opportunities") if os.environ.get("BENCH_IMPORT_ROWS") != "0" else ():
        gates |= part("imports", {**environment, "BENCH_IMPORT_KIND": kind, "LONG_WORK": "True"})
    return gates


def large(environment: dict[str, str], owner_url: str) -> Gates:
    """Fill a large organisation beside a middling one and measure what is set as a goal for it."""
    part("fill", environment | {"LONG_WORK": "True"})
    analyze(owner_url)
    gates: Gates = {}
    for name in ("large", "cost", "row_security", "plans"):
        gates |= part(name, environment)
    started = time.monotonic()
    manage(environment, "run_night", "--organization", "large")
    seconds = round(time.monotonic() - started, 1)
    return gates | {f"the night of {LARGE_ACCOUNTS:,} accounts": gate(seconds, NIGHT_SECONDS, "s")}


def scoring(environment: dict[str, str]) -> Gates:
    """Score a company of its own end to end against the floors, kill the night five times; and whole nights of it."""
    patient = environment | {"LONG_WORK": "True", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    part("scored_company", patient)
    return part("scoring", patient) | part("night", patient) | part("planted", patient)


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


def write(gates: Gates) -> None:
    """Write the JSON and print the table."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "accounts": ACCOUNTS,
        "large_accounts": LARGE_ACCOUNTS,
        "scored_accounts": SCORED_ACCOUNTS,
        "load_at_the_end": os.getloadavg()[0],
        "gates": gates,
    }
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n")
    for name, line in gates.items():
        mark = "ok  " if line["passed"] else "MISS"
        beside = f"; {line['reference']}" if line.get("reference") else ""
        print(f"{mark} {name:<58} {line['value']:>10} {line['unit']:<8} gate {line['gate']}{beside}")


if __name__ == "__main__":
    sys.exit(main())
