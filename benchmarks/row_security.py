"""What row-level security costs: the statements of the hot pages as agile_app, and past the policies, in turn."""

import json
import os
import statistics
import sys
from functools import partial
from typing import Any

import psycopg2

from benchmarks.gates import gate, interleaved

ROUNDS, EACH = 15, 7
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


def session(url: str, organization: str) -> Any:
    """Return a cursor of a session that is inside the organisation."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SELECT set_config('app.organization', %s, false)", [organization])
    cursor.execute("SET statement_timeout = 0")
    return cursor


def run(cursor: Any, statement: str, values: dict[str, str]) -> None:
    """Run a statement and fetch all."""
    cursor.execute(statement, values)
    cursor.fetchall()


def main() -> None:
    """Measure in a middling and in the large organisation; print the gates."""
    ratios: dict[str, float] = {}
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
        fenced = session(os.environ["DATABASE_URL"], organization)
        free = session(os.environ["DATABASE_SYSTEM_URL"], organization)
        for name, statement in STATEMENTS.items():
            times = interleaved(
                {"fenced": partial(run, fenced, statement, values), "free": partial(run, free, statement, values)},
                rounds=ROUNDS,
                each=EACH,
            )
            ratios[f"{slug}: {name}"] = round(
                statistics.median(a / b for a, b in zip(times["fenced"], times["free"], strict=True)), 2
            )
    print(f"row-level security, times: {ratios}", file=sys.stderr)
    worst = max(ratios, key=lambda name: ratios[name])
    json.dump(
        {
            "row-level security, median of 24": gate(round(statistics.median(ratios.values()), 2), MEDIAN, "times"),
            f"row-level security, worst ({worst})": gate(ratios[worst], WORST, "times"),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
