"""What row-level security costs: the statements of the hot pages as agile_app, and past the policies, in turn.

One session takes both roles by turns, so that the policy is all that tells them apart: two server processes lie on
different cores, one of them beside somebody else's work, and differ by times for seconds on end. The policy costs a
statement about 10 µs, nearly all of them in the planner: a sixth of the server's part of the shortest ones, nothing of
a long one; and a statement that counts rows some nanoseconds a row. Short statements get hundreds of rounds. The
processor time of the server process is counted by the kernel. On a busy machine single rounds differ by ten times, so
the worst statement is sought in that processor time, which noise moves least.
"""

import json
import os
import statistics
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg2

from agile_sales.local.roles import APP, APP_SETTINGS, SYSTEM
from benchmarks.gates import Gates, gate, timed

SECONDS, LEAST_ROUNDS, EACH = 1.5, 15, 7
MEDIAN, WORST = 1.15, 1.5
D, A = "pipeline_opportunity d", "pipeline_account a"
JOIN = "JOIN pipeline_account a ON a.organization_id = d.organization_id AND a.id = d.account_id"
# Each names its organisation, as all our statements do: the policy comes on top.
STATEMENTS = {
    "list by change": f"SELECT * FROM {D} WHERE d.organization_id = %(o)s ORDER BY d.updated_at, d.id LIMIT 50",
    "one by id": f"SELECT * FROM {D} WHERE d.organization_id = %(o)s AND d.id = %(deal)s",
    "sums by stage": f"SELECT stage_id, count(*), sum(amount_minor) FROM {D} WHERE d.organization_id = %(o)s"
    " AND d.outcome = 'open' GROUP BY 1",
    "count": f"SELECT count(*) FROM {A} WHERE a.organization_id = %(o)s",
    "capped count": f"SELECT count(*) FROM (SELECT 1 FROM {D} WHERE d.organization_id = %(o)s LIMIT 10001) x",
    "deals with accounts": f"SELECT d.*, a.name FROM {D} {JOIN} WHERE d.organization_id = %(o)s"
    " AND d.outcome = 'open' ORDER BY d.close_date, d.id LIMIT 50",
    "deals of an account": f"SELECT * FROM {D} WHERE d.organization_id = %(o)s AND d.account_id = %(account)s",
    "close dates": f"SELECT * FROM {D} WHERE d.organization_id = %(o)s AND d.outcome = 'open'"
    " AND d.close_date BETWEEN current_date AND current_date + 30 ORDER BY d.close_date, d.id LIMIT 50",
    "amounts from": f"SELECT * FROM {D} WHERE d.organization_id = %(o)s AND d.outcome = 'open'"
    " AND d.amount_minor > 40000000 ORDER BY d.amount_minor DESC, d.id DESC LIMIT 50",
    "names from": f"SELECT * FROM {A} WHERE a.organization_id = %(o)s AND a.name_key >= 'va' AND a.name_key < 'vb'"
    " ORDER BY a.name_key, a.id LIMIT 50",
    "accounts of an owner": f"SELECT * FROM {A} WHERE a.organization_id = %(o)s AND a.owner_id = %(owner)s"
    " ORDER BY a.name_key, a.id LIMIT 50",
    "contacts of an account": "SELECT * FROM pipeline_contact c WHERE c.organization_id = %(o)s"
    " AND c.account_id = %(account)s",
}


class Session:
    """A session inside the organisation that takes one role after the other."""

    def __init__(self, organization: str) -> None:
        connection = psycopg2.connect(os.environ["BENCH_ADMIN_URL"])
        connection.autocommit = True
        self.cursor = connection.cursor()
        self.cursor.execute("SELECT set_config('app.organization', %s, false)", [organization])
        # Taking a role does not take its settings: the planner's goes along for both.
        self.cursor.execute("SELECT set_config('enable_seqscan', %s, false)", [APP_SETTINGS["enable_seqscan"]])
        self.meter = Path(f"/proc/{connection.info.backend_pid}/schedstat")

    def become(self, role: str) -> None:
        """Go on as that role, and make sure that the policies hold it, or not."""
        self.cursor.execute(f"SET ROLE {role}")
        self.cursor.execute("SELECT row_security_active('pipeline_opportunity')")
        assert self.cursor.fetchone() == (role == APP,), f"the policies do not stand to {role} as they should"

    def run(self, statement: str, values: dict[str, str]) -> None:
        """Run a statement and fetch all."""
        self.cursor.execute(statement, values)
        self.cursor.fetchall()

    def worked(self) -> int:
        """Return the processor time of the server process in nanoseconds; 0 where the kernel does not tell."""
        return int(self.meter.read_text().split()[0]) if self.meter.exists() else 0


@dataclass
class Compared:
    """The quotients of the rounds: as the policy has it, over past the policy."""

    waited: list[float]
    worked: list[float]
    free: list[float]

    def __str__(self) -> str:
        return (
            f"{statistics.median(self.free) * 1000:9.2f} ms, {quartiles(self.waited)}; "
            f"server CPU {quartiles(self.worked) if self.worked else 'not known'}; {len(self.waited)} rounds"
        )


def quartiles(values: list[float]) -> str:
    """Return the median and what half of the values lie between."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} × ({low:.2f} to {high:.2f})"


def compare(session: Session, statement: str, values: dict[str, str]) -> Compared:
    """Run a statement as both roles by turns, until the time is over and there were rounds enough."""
    found = Compared([], [], [])
    number, end = 0, time.monotonic() + SECONDS
    run = partial(session.run, statement, values)
    while number <= LEAST_ROUNDS or time.monotonic() < end:
        waited, worked = {}, {}
        for role in (APP, SYSTEM) if number % 2 else (SYSTEM, APP):
            session.become(role)
            run()
            before = session.worked()
            taken = [timed(run) for _ in range(EACH)]
            worked[role] = session.worked() - before
            waited[role] = statistics.median(taken)
        if number:  # the first round warms up
            found.free.append(waited[SYSTEM])
            found.waited.append(waited[APP] / waited[SYSTEM])
            if worked[SYSTEM]:
                found.worked.append(worked[APP] / worked[SYSTEM])
        number += 1
    return found


def main() -> None:
    """Measure in a middling and in the large organisation; print the gates."""
    waited: dict[str, float] = {}
    worked: dict[str, float] = {}
    for slug in ("large", "middling"):
        system = psycopg2.connect(os.environ["DATABASE_SYSTEM_URL"])
        with system.cursor() as cursor:
            cursor.execute(
                "SELECT d.organization_id::text, d.id::text, d.account_id::text, d.owner_id::text"
                " FROM pipeline_opportunity d JOIN tenancy_organization o ON o.id = d.organization_id"
                " WHERE o.slug = %s LIMIT 1",
                [slug],
            )
            organization, deal, account, owner = cursor.fetchone() or ("", "", "", "")
        values = {"o": organization, "deal": deal, "account": account, "owner": owner}
        session = Session(organization)
        for name, statement in STATEMENTS.items():
            found = compare(session, statement, values)
            print(f"{slug + ': ' + name:<32} {found}", file=sys.stderr)
            waited[f"{slug}: {name}"] = statistics.median(found.waited)
            if found.worked:
                worked[f"{slug}: {name}"] = statistics.median(found.worked)
    dearest = middle(", server CPU", worked) | worst(", server CPU", worked) if worked else worst("", waited)
    json.dump(middle("", waited) | dearest, sys.stdout)


def middle(what: str, ratios: dict[str, float]) -> Gates:
    """Return the gate of the median of all statements."""
    value = round(statistics.median(ratios.values()), 2)
    return {f"row-level security{what}, median of {len(ratios)}": gate(value, MEDIAN, "times")}


def worst(what: str, ratios: dict[str, float]) -> Gates:
    """Return the gate of the dearest statement."""
    name = max(ratios, key=lambda name: ratios[name])
    return {f"row-level security{what}, worst ({name})": gate(round(ratios[name], 2), WORST, "times")}


if __name__ == "__main__":
    main()
