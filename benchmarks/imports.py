"""A large CSV against the floor: the raw program that a specialist would write for the one file, in the same minute.

The floor does the same work on the same rows: it parses and casts the cells, copies them into a temporary table and
upserts them into the same table, with its keys, indexes and triggers (audit, search), as the same database role. A deal
is not written without its history, so the floor of deals writes that too, by one statement inside of the database. It
has no mapping, no report by row, no way back and no way on after a kill. Ours is what a person gets: upload, check of
every row, commit, in the processes that do it.
"""

import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from integrations.models import Import, ImportFile  # noqa: E402
from integrations.operations.checking import check_import, request_check  # noqa: E402
from integrations.operations.committing import commit_import, request_commit  # noqa: E402
from integrations.operations.uploads import Upload, start_import  # noqa: E402
from pipeline.models import Account, Opportunity, OpportunityHistory  # noqa: E402
from tenancy.models import Organization  # noqa: E402
from tenancy.scoping import organization_scope  # noqa: E402

ROWS = int(os.environ.get("BENCH_IMPORT_ROWS", "100000"))
KIND = os.environ.get("BENCH_IMPORT_KIND", "accounts")
ROUNDS = int(os.environ.get("BENCH_IMPORT_ROUNDS", "3"))
TIMES_THE_FLOOR = 1.5
MEGABYTES = 300
HEADERS = {
    "accounts": "Account ID,Account Name,Segment,Industry,Country,City,Website,Employees,Annual Revenue,Customer since",
    "opportunities": "Deal ID,Deal Name,Stage,Amount,Currency,Created,Close Date,Next step",
}
STAGES = {"Talking": {"create": "Talking", "kind": "open"}, "Won": {"create": "Won", "kind": "won"}}
INDUSTRIES = ("Machinery", "Chemicals", "Food", "Logistics", "Medical")
COUNTRIES = ("DE", "AT", "CH", "FR", "IT", "NL")


def lines(count: int) -> Iterator[str]:
    """Yield the lines of a file of `count` records, the same each time."""
    yield HEADERS[KIND] + "\n"
    for n in range(count):
        day = f"20{10 + n % 15:02d}-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
        if KIND == "accounts":
            yield (
                f"A{n:07d},{INDUSTRIES[n % 5]} Works {n} GmbH,{('key', 'large', 'medium', 'small')[n % 4]},"
                f"{INDUSTRIES[n % 5]},{COUNTRIES[n % 6]},City {n % 977},https://firm{n}.example,{n % 5000},"
                f"{n % 9000}000.50,{day}\n"
            )
        else:
            stage, close = ("Won", day) if n % 3 else ("Talking", "")
            yield f"D{n:07d},Line {n % 97} for plant {n},{stage},{n % 90000}.50,EUR,{day},{close},\n"


def pieces(count: int) -> Iterator[bytes]:
    """Yield the file in pieces of some kilobytes, as an upload arrives."""
    waiting: list[str] = []
    for line in lines(count):
        waiting.append(line)
        if len(waiting) == 1_000:
            yield "".join(waiting).encode()
            waiting.clear()
    yield "".join(waiting).encode()


# --- the floor ----------------------------------------------------------------------------------------------------


def floor(organization: Organization) -> dict[str, float]:
    """Parse, cast, COPY and upsert in one transaction."""
    text = StringIO(b"".join(pieces(ROWS)).decode())
    reader = csv.reader(text)
    next(reader)
    with organization_scope(organization, task="floor"), connection.cursor() as cursor:
        columns, row_of, table = _floor_of(organization)
        buffer = StringIO()
        writer = csv.writer(buffer)
        for cells in reader:
            writer.writerow(row_of(cells))
        buffer.seek(0)
        listed = ", ".join(columns)
        cursor.execute(f"CREATE TEMPORARY TABLE t_floor ON COMMIT DROP AS SELECT {listed} FROM {table} WITH NO DATA")
        cursor.copy_expert(f"COPY t_floor ({listed}) FROM STDIN WITH (FORMAT csv)", buffer)
        updates = ", ".join(f"{name} = excluded.{name}" for name in columns[4:])
        cursor.execute(
            f"INSERT INTO {table} ({listed}) SELECT {listed} FROM t_floor"
            f" ON CONFLICT (organization_id, source, external_id) DO UPDATE SET {updates}"
        )
        if KIND == "opportunities":
            new_id = "uuidv7()" if cursor.connection.info.server_version >= 180_000 else "gen_random_uuid()"
            cursor.execute(_HISTORY.format(new_id=new_id))
    return {}


# What the file tells of each deal: where it began and ended, and what its amount and day were then.
_HISTORY = """
INSERT INTO pipeline_opportunityhistory (id, organization_id, opportunity_id, field, old, new, old_stage_id,
                                         new_stage_id, new_amount_minor, occurred_at, recorded_at, reconstructed)
SELECT {new_id}, f.organization_id, f.id, h.field, h.old, h.new, h.old_stage, h.new_stage, h.amount, h.at, h.at, true
  FROM t_floor f
  JOIN pipeline_stage s ON s.id = f.stage_id
 CROSS JOIN (SELECT id, name FROM pipeline_stage WHERE name = 'Talking') AS first
 CROSS JOIN LATERAL (VALUES
    ('stage', '', first.name, NULL, first.id, NULL, f.opened_at),
    ('stage', first.name, s.name, first.id, f.stage_id, NULL, f.closed_at),
    ('amount', '', f.amount_minor::text, NULL, NULL, f.amount_minor, coalesce(f.closed_at, f.opened_at)),
    ('close_date', '', f.close_date::text, NULL, NULL, NULL, f.closed_at)
 ) AS h (field, old, new, old_stage, new_stage, amount, at)
 WHERE h.at IS NOT NULL
"""


def _floor_of(organization: Organization) -> tuple[list[str], Callable[[list[str]], tuple[Any, ...]], str]:
    key = str(organization.pk)
    if KIND == "accounts":
        columns = ["id", "organization_id", "source", "external_id", "name", "segment", "industry", "country", "city",
                   "website", "employees", "annual_revenue_minor", "customer_since", "currency"]  # fmt: skip
        return columns, lambda c: (
            uuid7(), key, "import:floor", c[0], c[1].strip(), c[2].lower(), c[3].strip(), c[4], c[5].strip(), c[6],
            int(c[7]), int(Decimal(c[8]) * 100), date.fromisoformat(c[9]), "EUR",
        ), "pipeline_account"  # fmt: skip
    from pipeline.operations.imports.stages import chosen_stages

    stages = chosen_stages(organization=organization, value_map=STAGES, create=True)
    columns = ["id", "organization_id", "source", "external_id", "name", "stage_id", "pipeline_id", "outcome",
               "amount_minor", "currency", "opened_at", "stage_entered_at", "closed_at", "close_date",
               "next_step"]  # fmt: skip
    return columns, lambda c: (
        uuid7(), key, "import:floor", c[0], c[1].strip(), stages[c[2]].id, stages[c[2]].pipeline_id, stages[c[2]].kind,
        int(Decimal(c[3]) * 100), c[4], date.fromisoformat(c[5]), date.fromisoformat(c[6] or c[5]),
        c[6] and date.fromisoformat(c[6]), c[6] and date.fromisoformat(c[6]), c[7] or "-",
    ), "pipeline_opportunity"  # fmt: skip


# --- ours ---------------------------------------------------------------------------------------------------------


def upload(organization: Organization) -> Import:
    """Take the file in and decide what a person would."""
    with organization_scope(organization, task="bench"):
        made = start_import(
            organization=organization,
            uploads=[Upload(f"{KIND}.csv", pieces(ROWS))],
            source_name="bench",
            requested_by=None,
            now=timezone.now(),
        )
        ImportFile.objects.filter(import_set=made).update(
            value_map={"stage": STAGES} if KIND == "opportunities" else {}
        )
        request_check(organization=organization, made=made, queue=False)
    return made


def ours(organization: Organization) -> dict[str, float]:
    """Upload, check and commit; return the seconds of each."""
    seconds = {}
    start = time.perf_counter()
    made = upload(organization)
    seconds["upload"] = time.perf_counter() - start
    start = time.perf_counter()
    check_import(organization=organization, import_id=made.pk, now=timezone.now())
    seconds["check"] = time.perf_counter() - start
    start = time.perf_counter()
    with organization_scope(organization):
        made = Import.objects.get(pk=made.pk)
        request_commit(organization=organization, made=made, requested_by=None, now=timezone.now(), queue=False)
    commit_import(organization=organization, import_id=made.pk, now=timezone.now())
    seconds["commit"] = time.perf_counter() - start
    return seconds


def child(what: str) -> None:
    """Do one of both in this process and print its seconds and its memory."""
    organization = Organization.objects.create(slug=f"b{uuid7().hex[-12:]}", name="Bench", currency="EUR")
    start = time.perf_counter()
    found = ours(organization) if what == "ours" else floor(organization)
    found["all"] = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    found["cpu"] = usage.ru_utime + usage.ru_stime
    found["megabytes"] = usage.ru_maxrss / 1024
    with organization_scope(organization):
        model = Account if KIND == "accounts" else Opportunity
        assert model.objects.count() == ROWS, f"{what}: {model.objects.count()} of {ROWS} rows"
        if KIND == "opportunities":
            closed = sum(1 for n in range(ROWS) if n % 3)
            history = OpportunityHistory.objects.count()
            assert history == 2 * ROWS + 2 * closed, f"{what}: {history} rows of history"
    json.dump(found, sys.stdout)


def measure() -> dict[str, dict[str, Any]]:
    """Run both in turn, each in a process of its own, and return the gates."""
    runs: list[tuple[dict[str, float], dict[str, float]]] = []
    for _ in range(ROUNDS):
        found = []
        for what in ("floor", "ours"):
            command = [sys.executable, "-m", "benchmarks.imports", what]
            done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
            if done.returncode:
                raise RuntimeError(done.stderr[-2000:])
            found.append(json.loads(done.stdout))
        print(json.dumps(dict(zip(("floor", "ours"), found, strict=True))), file=sys.stderr)
        runs.append((found[0], found[1]))
    ratio = statistics.median(mine["all"] / base["all"] for base, mine in runs)
    name = f"import of {ROWS:,} {KIND}"
    memory = max(mine["megabytes"] for _, mine in runs)
    rate = ROWS / statistics.median(mine["check"] + mine["commit"] for _, mine in runs)
    return {
        f"{name} against the floor": _gate(round(ratio, 2), TIMES_THE_FLOOR, "times"),
        f"{name}: memory": _gate(round(memory), MEGABYTES, "MB") | {"rows_a_second": round(rate)},
    }


def _gate(value: float, limit: float, unit: str) -> dict[str, Any]:
    return {"value": value, "gate": limit, "unit": unit, "passed": value <= limit}


if __name__ == "__main__":
    if sys.argv[1:]:
        child(sys.argv[1])
    else:
        json.dump(measure(), sys.stdout)
