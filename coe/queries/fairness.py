"""Whose accounts the week has hours for, by territory and segment, against what they could spend."""

from dataclasses import asdict
from typing import Any

from coe.queries.background import rows
from coe.scoring.fairness import Share, Treated, shares
from pipeline.models.next_action import IN_PLAN
from tenancy.models import Organization, RunStep

TITLES = ("segment", "territory")
MOST = 50

COUNTED = """
SELECT grouping(a.segment), coalesce(a.segment, ''), coalesce(a.region, ''), count(*)::int,
       (count(*) FILTER (WHERE n.place = ANY(%(in_plan)s)))::int, sum(v.wallet_minor)::float8
  FROM pipeline_account a
  JOIN pipeline_accountvalue v ON v.organization_id = %(org)s AND v.account_id = a.id
  JOIN pipeline_nextaction n ON n.organization_id = %(org)s AND n.account_id = a.id
 WHERE a.organization_id = %(org)s AND a.deleted_at IS NULL
 GROUP BY GROUPING SETS ((a.segment), (a.region))
"""


def slots_and_potential(*, organization: Organization) -> dict[str, list[dict[str, Any]]]:
    """Return for segments and territories their share of the planned week and of the potential, ready for JSON."""
    counted: dict[str, list[tuple[str, int, int, float]]] = {title: [] for title in TITLES}
    given = {"org": organization.pk, "in_plan": [place.value for place in IN_PLAN]}
    for is_region, segment, region, accounts, slots, potential in rows(COUNTED, given):
        title, name = ("territory", region) if is_region else ("segment", segment)
        counted[title].append((name or "–", accounts, slots, potential))
    return {title: [asdict(one) for one in shares(found)[:MOST]] for title, found in counted.items()}


def latest_shares(*, organization: Organization, title: str) -> list[Share]:
    """Return what the last planned night found of segments or territories."""
    steps = RunStep.objects.for_organization(organization).filter(name="plan_week", status=RunStep.Status.DONE)
    step = steps.order_by("-finished_at", "-id").first()
    found = [] if step is None else step.detail.get("fairness", {}).get(title, [])
    return [Share(**{**one, "treated": Treated(one["treated"])}) for one in found]
