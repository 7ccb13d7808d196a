"""`make bench`: a throw-away installation with a simulated company, every measurement, JSON and a table."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from agile_sales.local import postgres, roles, valkey

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
ACCOUNTS = int(os.environ.get("BENCH_ACCOUNTS", "2000"))


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
        }
        manage(environment, "migrate", "--verbosity", "0")
        manage(environment, "simulate_company", "--slug", "acme", "--accounts", str(ACCOUNTS), "--seed", "7")
        manage(environment, "run_night", "--organization", "acme")
        analyze(urls.owner)
        measured = subprocess.run(
            [sys.executable, "-m", "benchmarks.measure"], env=environment, cwd=ROOT, capture_output=True, text=True
        )
        if measured.returncode:
            print(measured.stderr, file=sys.stderr)
            return 1
        gates = json.loads(measured.stdout) | imports(environment)
    finally:
        broker.stop(remove=True)
        database.stop(remove=True)
        shutil.rmtree(folder, ignore_errors=True)
    write(gates)
    return 0 if all(gate["passed"] for gate in gates.values()) else 1


def imports(environment: dict[str, str]) -> dict[str, dict[str, object]]:
    """Measure imports of each kind against their floor; nothing with BENCH_IMPORT_ROWS=0."""
    gates: dict[str, dict[str, object]] = {}
    for kind in ("accounts", "opportunities") if os.environ.get("BENCH_IMPORT_ROWS") != "0" else ():
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.imports"],
            env={**environment, "BENCH_IMPORT_KIND": kind, "LONG_WORK": "True"},
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        gates |= json.loads(done.stdout)
    return gates


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


def write(gates: dict[str, dict[str, object]]) -> None:
    """Write the JSON and print the table."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "accounts": ACCOUNTS,
        "gates": gates,
    }
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n")
    for name, gate in gates.items():
        mark = "ok  " if gate["passed"] else "MISS"
        print(f"{mark} {name:<48} {gate['value']:>10} {gate['unit']:<8} gate {gate['gate']}")


if __name__ == "__main__":
    sys.exit(main())
