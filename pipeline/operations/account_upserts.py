"""Many accounts of another system at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from pipeline.models import Account, Lifecycle
from pipeline.operations.upserts import (
    Columns,
    Event,
    RowChange,
    Upserted,
    changed_payload,
    existing_rows,
    tell,
    write_rows,
)
from tenancy.models import Organization

TEXTS = ("name", "lifecycle", "segment", "industry", "region", "country", "city", "website", "icp_fit", "currency")
AMOUNTS = ("annual_revenue_minor", "potential_minor")
COLUMNS = (*TEXTS, *AMOUNTS, "parent_id", "owner_id", "employees", "customer_since", "deleted_at")
_NEW: Columns = {**dict.fromkeys(COLUMNS), **dict.fromkeys(TEXTS, ""), "lifecycle": Lifecycle.PROSPECT.value}


@transaction.atomic
def upsert_accounts(*, organization: Organization, source: str, rows: Mapping[str, Columns], at: datetime) -> Upserted:
    """Add or change the accounts that `source` knows by the keys of `rows`; what a row leaves out stays as it is.

    A deleted account that is stated again comes back.
    """
    result = Upserted()
    existing = existing_rows(Account, organization, source, rows.keys(), COLUMNS)
    moments = {"created_at": at, "updated_at": at, "recorded_at": at}
    wanted: dict[str, tuple[Columns | None, Columns]] = {}
    for key, said in rows.items():
        old = existing.get(key)
        refusal = _refusal(old, said)
        if refusal:
            result.refused[key] = refusal
        else:
            wanted[key] = (old, {**(old or _NEW), **said, "deleted_at": None, **moments})
    for key in _in_circles(organization, wanted):
        result.refused[key] = ("parent_id", "An account can't belong to itself or to one of its own subsidiaries.")
        del wanted[key]
    write_rows(
        organization=organization,
        model=Account,
        source=source,
        wanted=wanted,
        columns=COLUMNS,
        insert_only=tuple(moments),
        result=result,
    )
    events = (event for change in result.changes for event in _events(change))
    tell(organization=organization, subject_type="account", events=events, at=at)
    return result


def _refusal(old: Columns | None, said: Columns) -> tuple[str, str] | None:
    if old is None:
        return None if "name" in said else ("name", "name is missing, and there is no such account yet.")
    if said.get("currency", old["currency"]) != old["currency"]:
        for name in AMOUNTS:
            if name not in said and old[name] is not None:
                shown = name.removesuffix("_minor")
                return shown, f"{shown} is kept in {old['currency']}; state both amounts in one currency."
    return None


def _events(change: RowChange) -> list[Event]:
    if change.old is None:
        payload = {"name": change.new["name"], "lifecycle": change.new["lifecycle"]}
        return [Event("account.created", change, payload)]
    differences = change.differences(COLUMNS)
    events = []
    if differences.pop("deleted_at", None):
        events.append(Event("account.restored", change, {}))
    if differences:
        events.append(Event("account.updated", change, changed_payload(differences)))
    if "owner_id" in differences:
        old, new = differences["owner_id"]
        payload = {"from": str(old or ""), "to": str(new or "")}
        events.append(Event("account.assigned" if new else "account.orphaned", change, payload))
    return events


_ABOVE = """
WITH RECURSIVE above(id, parent_id) AS (
    SELECT id, parent_id FROM pipeline_account WHERE organization_id = %(organization)s AND id = ANY(%(ids)s::uuid[])
    UNION
    SELECT a.id, a.parent_id FROM pipeline_account a JOIN above ON a.id = above.parent_id
     WHERE a.organization_id = %(organization)s
)
SELECT id, parent_id FROM above
"""


def _in_circles(organization: Organization, wanted: Mapping[str, tuple[Columns | None, Columns]]) -> list[str]:
    """Return the rows whose new parent lies below themselves, the other rows of the same call taken into account."""
    moved: dict[UUID, tuple[str, UUID]] = {}
    for key, (old, new) in wanted.items():
        # A new account has no children yet, so it closes no circle.
        if old is not None and new["parent_id"] is not None and new["parent_id"] != old["parent_id"]:
            moved[old["id"]] = (key, new["parent_id"])
    if not moved:
        return []
    ids = [str(account) for account in moved] + [str(parent) for _, parent in moved.values()]
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, {"organization": organization.pk, "ids": ids})
        parents: dict[Any, Any] = dict(cursor.fetchall())
    parents |= {account: parent for account, (_, parent) in moved.items()}
    return [key for account, (key, parent) in moved.items() if _comes_back(account, parent, parents)]


def _comes_back(account: UUID, parent: UUID, parents: Mapping[Any, Any]) -> bool:
    step: UUID | None = parent
    seen = {account}
    while step is not None and step not in seen:
        seen.add(step)
        step = parents.get(step)
    return step is not None
