"""The facts of many accounts at once, as they were known at one moment."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from coe.queries import statements
from coe.queries.background import Market, market, rows
from coe.scoring.facts import AccountFacts, DatedRecord, OpenDeal, Purchases, RecordRef
from tenancy.bulk import whole_tables
from tenancy.models import Organization
from tenancy.working_time import first_zone

CHUNK = 50_000


def account_ranges(*, organization: Organization, size: int = CHUNK) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return ranges of account ids, first and last, with at most ``size`` accounts in each."""
    return [
        (first, last)
        for first, last in rows(
            "SELECT (array_agg(id ORDER BY id))[1], (array_agg(id ORDER BY id DESC))[1]"
            "  FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS chunk FROM pipeline_account"
            "         WHERE organization_id = %(org)s AND deleted_at IS NULL) numbered"
            " GROUP BY chunk ORDER BY chunk",
            {"org": organization.pk, "size": size},
        )
    ]


def account_facts(
    *,
    organization: Organization,
    as_of: datetime.datetime,
    background: Market | None = None,
    horizon_days: int = 90,
    ranges: Iterable[tuple[uuid.UUID, uuid.UUID]] | None = None,
) -> Iterator[AccountFacts]:
    """Yield the facts of each account in order of its id, reading one range of ids after the other.

    Nothing counts that happened, or became known, after ``as_of``.
    """
    if background is None:
        background = market(organization=organization, as_of=as_of, horizon_days=horizon_days)
    given = _given(organization, background)
    for first, last in account_ranges(organization=organization) if ranges is None else ranges:
        with whole_tables():
            found = _read({**given, "first": first, "last": last}, margin=background.costs_known)
        yield from _facts(found, background)


def facts_of(
    *, organization: Organization, account_ids: Sequence[uuid.UUID], background: Market, few: bool = False
) -> list[AccountFacts]:
    """Return the facts of these accounts in the order of their ids; ``few`` of them are looked up by index."""
    with nullcontext() if few else whole_tables():
        given = {**_given(organization, background), "only": list(account_ids)}
        return list(_facts(_read(given, margin=background.costs_known), background))


def _given(organization: Organization, background: Market) -> dict[str, Any]:
    return {
        "org": organization.pk,
        "as_of": background.as_of,
        "today": background.today,
        "zone": str(first_zone(organization.time_zone)),
        "currency": background.currency,
        "most": background.most_purchase_minor if background.most_purchase_minor is not None else 2**62,
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """What the statements say, by account."""

    accounts: list[tuple[Any, ...]]
    deals: Mapping[uuid.UUID, list[OpenDeal]]
    purchases: Mapping[uuid.UUID, Purchases]
    lost: Mapping[uuid.UUID, DatedRecord]
    intents: Mapping[uuid.UUID, DatedRecord]
    portal: Mapping[uuid.UUID, DatedRecord]
    decision_makers: Mapping[uuid.UUID, DatedRecord]
    engaged: Mapping[uuid.UUID, list[DatedRecord]]
    reactions: Mapping[uuid.UUID, datetime.date]
    satisfaction: Mapping[uuid.UUID, tuple[Any, ...]]
    owned: Mapping[uuid.UUID, frozenset[uuid.UUID]]


def _read(given: dict[str, Any], *, margin: bool) -> _Found:
    return _Found(
        deals=_open_deals(given),
        purchases=_purchases(given, margin=margin),
        lost=_newest(statements.LOST_TO_COMPETITOR, "opportunity", given),
        intents=_later(
            _newest(statements.INQUIRIES, "activity", given),
            _newest(statements.usage(statements.INTENT_KINDS), "usage_signal", given),
        ),
        portal=_newest(statements.usage(statements.PORTAL_KINDS), "usage_signal", given),
        decision_makers=_newest(statements.DECISION_MAKERS, "activity", given),
        engaged=_engaged(given),
        reactions=dict(rows(statements.LAST_REACTIONS, given)),
        satisfaction={row[0]: row for row in rows(statements.SATISFACTION, given)},
        owned={account_id: frozenset(products) for account_id, products in rows(statements.OWNED_PRODUCTS, given)},
        accounts=rows(statements.ACCOUNTS, given),
    )


def _facts(found: _Found, background: Market) -> Iterator[AccountFacts]:
    for account_id, segment, icp_fit, known_since in found.accounts:
        answer = found.satisfaction.get(account_id)
        own = found.owned.get(account_id)
        relevant = background.relevant_products.get(segment, ()) if own else ()
        yield AccountFacts(
            account_id=account_id,
            today=background.today,
            segment=segment,
            known_since=known_since,
            icp_fit=icp_fit,
            intent=found.intents.get(account_id),
            last_reaction_date=found.reactions.get(account_id),
            engaged_contacts=tuple(found.engaged.get(account_id, ())),
            decision_maker=found.decision_makers.get(account_id),
            portal=found.portal.get(account_id),
            open_deals=tuple(found.deals.get(account_id, ())),
            lost_to_competitor=found.lost.get(account_id),
            purchases=found.purchases.get(account_id),
            nps_score=answer[5] if answer else None,
            nps=_dated(answer, "satisfaction_response") if answer else None,
            unowned_relevant_products=tuple(product for product in relevant if own and product.id not in own),
            segment_typical_minor=background.typical(segment),
            currency=background.currency,
        )


def _dated(row: tuple[Any, ...], type_: str) -> DatedRecord:
    _, date, kind, record_id, label = row[:5]
    return DatedRecord(date, kind, RecordRef(type_, record_id, label))


def _newest(sql: str, type_: str, given: dict[str, Any]) -> dict[uuid.UUID, DatedRecord]:
    return {row[0]: _dated(row, type_) for row in rows(sql, given)}


def _later(*found: dict[uuid.UUID, DatedRecord]) -> dict[uuid.UUID, DatedRecord]:
    """Return the newer of two kinds of event for each account; on the same day, the one named first."""
    latest: dict[uuid.UUID, DatedRecord] = {}
    for events in found:
        for account_id, event in events.items():
            if account_id not in latest or event.date > latest[account_id].date:
                latest[account_id] = event
    return latest


def _open_deals(given: dict[str, Any]) -> dict[uuid.UUID, list[OpenDeal]]:
    found: dict[uuid.UUID, list[OpenDeal]] = defaultdict(list)
    for account_id, deal_id, name, stage, past_discovery, opened, amount, currency in rows(
        statements.OPEN_DEALS, given
    ):
        reference = RecordRef("opportunity", deal_id, name)
        found[account_id].append(OpenDeal(reference, stage, past_discovery, opened, amount, currency))
    return found


def _engaged(given: dict[str, Any]) -> dict[uuid.UUID, list[DatedRecord]]:
    found: dict[uuid.UUID, list[DatedRecord]] = defaultdict(list)
    for row in rows(statements.ENGAGED_CONTACTS, given):
        found[row[0]].append(_dated(row, "contact"))
    return found


def _purchases(given: dict[str, Any], *, margin: bool) -> dict[uuid.UUID, Purchases]:
    costs = statements.COSTS if margin else statements.NO_COSTS
    sql = f"WITH {statements.PURCHASES}{costs}{statements.RHYTHM_AND_MONEY}"
    found = {}
    for account_id, source, count, last, gap, ids, labels, amount, counted, recent, earlier, year, left_out in rows(
        sql, given
    ):
        type_ = "order" if source == "orders" else "opportunity"
        found[account_id] = Purchases(
            source=source,
            count=count,
            last_date=last,
            median_gap_days=gap,
            latest=tuple(RecordRef(type_, one, label) for one, label in zip(ids, labels, strict=True)),
            amount_minor=amount,
            amount_count=counted,
            recent_half_minor=recent,
            earlier_half_minor=earlier,
            year_count=year,
            trend_basis="margin" if margin and source == "orders" else "revenue",
            left_out=tuple(left_out or ()),
        )
    return found
