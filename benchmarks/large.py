"""What is set as a goal for 100,000 accounts: calls of the API against a floor and a plain DRF view, in one run.

The floor is what a specialist would write by hand for the one question: a fixed statement as a role that no policy
holds, and orjson. The lab is what one gets from Django REST framework without effort on the same tables: a
ModelSerializer, pages by number, a count. Neither signs anybody in, limits, audits or keeps organisations apart.
"""

import json
import os
import statistics
import sys
from functools import partial

import django

django.setup()

import orjson  # noqa: E402
import psycopg2  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.gates import Gates, gate, interleaved, ratio  # noqa: E402
from benchmarks.lab import LabDeals  # noqa: E402
from pipeline.models import Opportunity  # noqa: E402
from pipeline.queries.search import search  # noqa: E402
from tenancy.access import API_SCOPES  # noqa: E402
from tenancy.models import Member, Organization  # noqa: E402
from tenancy.scoping import organization_scope  # noqa: E402
from tenancy.tokens import issue_token  # noqa: E402

ROUNDS = 15
LIST = "/api/v1/opportunities?outcome=open&sort=-amount&limit=50"
FLOOR = """
SELECT d.id, d.name, d.version, d.amount_minor, d.currency, d.close_date, d.outcome, a.id, a.name, m.id, m.name,
       s.id, s.name, s.forecast_category, p.name
  FROM pipeline_opportunity d
  LEFT JOIN pipeline_account a ON a.organization_id = d.organization_id AND a.id = d.account_id
  LEFT JOIN tenancy_member m ON m.organization_id = d.organization_id AND m.id = d.owner_id
  JOIN pipeline_stage s ON s.organization_id = d.organization_id AND s.id = d.stage_id
  JOIN pipeline_pipeline p ON p.organization_id = d.organization_id AND p.id = d.pipeline_id
 WHERE d.organization_id = %s AND d.outcome = 'open' AND d.deleted_at IS NULL AND d.amount_minor IS NOT NULL
 ORDER BY d.amount_minor DESC, d.id DESC LIMIT 50
"""
SEARCHES = ("velora", "vakoren 1204", "sanne va", "gmbh", "a", "frame 2 kotis", "c90417@bench", "vakorrn gmhb", "zzzz")
SEARCH_MILLISECONDS = 60


class Floor:
    """A session of its own, as a role that passes every policy, without transactions."""

    def __init__(self, organization: Organization) -> None:
        self.session = psycopg2.connect(os.environ["DATABASE_SYSTEM_URL"])
        self.session.autocommit = True
        self.organization = str(organization.pk)

    def list(self) -> bytes:
        """Return the same fifty deals as JSON."""
        with self.session.cursor() as cursor:
            cursor.execute(FLOOR, [self.organization])
            return orjson.dumps(cursor.fetchall())

    def one(self, deal: str) -> bytes:
        """Return one deal as JSON."""
        with self.session.cursor() as cursor:
            cursor.execute(
                "SELECT * FROM pipeline_opportunity WHERE organization_id = %s AND id = %s", [self.organization, deal]
            )
            return orjson.dumps(cursor.fetchone())


def main() -> None:
    """Measure and print the gates."""
    organization = Organization.objects.get(slug="large")
    with organization_scope(organization):
        _, token = issue_token(
            organization=organization, name="bench", scopes=list(API_SCOPES), issued_at=timezone.now()
        )
        deal = Opportunity.objects.filter(outcome="open").order_by("id").first()
        member = Member.objects.get(role="admin")
    assert deal is not None
    api, floor, lab = Client(headers={"authorization": f"Bearer {token}"}), Floor(organization), LabDeals(organization)
    gates: Gates = {}
    gates |= lists(api, floor, lab, str(deal.pk))
    gates |= searches(organization, member)
    json.dump(gates, sys.stdout)


def lists(api: Client, floor: Floor, lab: LabDeals, deal: str) -> Gates:
    """Return how the list and the record compare, and that a late page is no dearer than the first."""
    late, number = late_page(api, 200)
    times = interleaved(
        {
            "floor list": floor.list,
            "floor one": partial(floor.one, deal),
            "lab list": lab.list,
            "list": partial(ask, api, LIST),
            "late page": partial(ask, api, late),
            "one": partial(ask, api, f"/api/v1/opportunities/{deal}"),
        },
        rounds=ROUNDS,
        each=5,
    )
    bare = {name: round(statistics.median(taken) * 1000, 2) for name, taken in times.items()}
    print(
        f"medians, ms: {bare}; the lab's list is {ratio(times, 'lab list', 'floor list')} × the floor", file=sys.stderr
    )
    return {
        "api list of 50 deals of 300,000, against the floor": gate(ratio(times, "list", "floor list"), 5, "times"),
        "api list of 50 deals, against plain DRF": gate(ratio(times, "list", "lab list"), 1, "times"),
        f"api page {number} against page 1": gate(ratio(times, "late page", "list"), 1.3, "times"),
        "api list: statements": gate(statements(api, LIST), 8, "queries"),
    }


def late_page(api: Client, wanted: int) -> tuple[str, int]:
    """Return the address and the number of that page, or of the last one before it, reached by following `next`."""
    address = LIST
    for number in range(1, wanted):
        following = json.loads(api.get(address).content)["next"]
        if following is None:
            return address, number
        address = following.replace("http://testserver", "")
    return address, wanted


def searches(organization: Organization, member: Member) -> Gates:
    """Return how long the slowest of the texts takes at the median, all kinds at once."""
    today = timezone.localdate()

    def look(text: str) -> None:
        with organization_scope(organization):
            search(organization=organization, member=member, text=text, today=today)

    times = interleaved({text: partial(look, text) for text in SEARCHES}, rounds=ROUNDS)
    medians = {text: statistics.median(taken) * 1000 for text, taken in times.items()}
    slowest = max(medians, key=lambda text: medians[text])
    print(f"search, ms: { {text: round(ms, 1) for text, ms in medians.items()} }", file=sys.stderr)
    return {f"search, slowest text ({slowest})": gate(round(medians[slowest], 1), SEARCH_MILLISECONDS, "ms")}


def ask(client: Client, url: str) -> None:
    """Ask for an address and insist on an answer."""
    response = client.get(url)
    assert response.status_code == 200, f"{url}: {response.status_code}"


def statements(client: Client, url: str) -> int:
    """Return how many statements one answer costs, those of the transaction and the tenant setting included."""
    connection.force_debug_cursor = True
    connection.queries_log.clear()
    ask(client, url)
    connection.force_debug_cursor = False
    return len(connection.queries_log)


if __name__ == "__main__":
    main()
