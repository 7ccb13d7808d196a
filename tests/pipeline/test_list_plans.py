"""Each list is read from the index of its order, under the row-level security policy."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from pipeline import queries
from pipeline.queries import AccountFilter, OpportunityFilter, OrderFilter, accounts, contacts, opportunities, orders
from pipeline.queries import products as products_query
from pipeline.queries.accounts import SORTS as ACCOUNT_SORTS
from pipeline.queries.contacts import SORTS as CONTACT_SORTS
from pipeline.queries.opportunities import SORTS as OPPORTUNITY_SORTS
from pipeline.queries.orders import SORTS as ORDER_SORTS
from pipeline.queries.products import SORTS as PRODUCT_SORTS
from tenancy.keyset import Sort, rows_after_position
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("acme_scope")

TODAY = date(2026, 3, 2)
VALUES = {
    "name_key": "m",
    "number_key": "m",
    "score__rank": 7,
    "potential_minor": 5,
    "amount_minor": 5,
    "list_price_minor": 5,
    "updated_at": "2026-03-02T08:00Z",
    "stage_entered_at": "2026-03-02T08:00Z",
    "close_date": TODAY,
    "order_date": TODAY,
    "promised_date": TODAY,
}


def plan_of(queryset: Any) -> str:
    sql, parameters = queryset.query.sql_with_params()
    with connection.cursor() as cursor:
        # A test's tables are so small that reading them whole is cheaper than any index.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {sql}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


def lists(cast: Cast) -> dict[str, tuple[Any, tuple[Sort, ...]]]:
    seen: dict[str, Any] = {"organization": cast.acme, "member": cast.lena, "today": TODAY}
    open_deals = opportunities(**seen, narrowed=OpportunityFilter(outcome="open"))
    return {
        "accounts": (queries.with_score(accounts(**seen)).select_related("owner"), ACCOUNT_SORTS),
        "contacts": (contacts(**seen), CONTACT_SORTS),
        "opportunities": (opportunities(**seen), OPPORTUNITY_SORTS),
        "open opportunities": (open_deals, OPPORTUNITY_SORTS[:3]),
        "orders": (orders(**seen), ORDER_SORTS),
        "products": (products_query(organization=cast.acme), PRODUCT_SORTS),
    }


@pytest.mark.parametrize("turned", [False, True], ids=["as it is", "turned round"])
@pytest.mark.parametrize("name", ["accounts", "contacts", "opportunities", "open opportunities", "orders", "products"])
def test_a_later_page_begins_inside_the_index(name: str, turned: bool, cast: Cast) -> None:
    queryset, sorts = lists(cast)[name]

    for sort in sorts:
        chosen = sort.reversed() if turned else sort
        plan = plan_of(rows_after_position(queryset, sort=chosen, position=(VALUES[sort.column], uuid4()))[:51])
        bound = "rank" if "__" in sort.column else "ROW("
        assert any(bound in line for line in plan.splitlines() if "Index Cond" in line), f"{sort}\n{plan}"
        assert "Seq Scan" not in plan, f"{sort}\n{plan}"
        assert "Sort Key" not in plan, f"{sort}\n{plan}"


def test_a_prefix_is_a_range_of_the_index(cast: Cast) -> None:
    seen: dict[str, Any] = {"organization": cast.acme, "member": cast.lena, "today": TODAY}

    narrowed: list[tuple[Any, str]] = [
        (accounts(**seen, narrowed=AccountFilter(name="Ve")), "name_key"),
        (orders(**seen, narrowed=OrderFilter(number="SO")), "number_key"),
    ]
    for found, key in narrowed:
        plan = plan_of(found.order_by(key, "id")[:51])
        assert any(f"{key} >=" in line and f"{key} <" in line for line in plan.splitlines() if "Index Cond" in line), (
            plan
        )


@pytest.mark.parametrize("typed", ["%", "_", "\\", "'", "ve%", "\u0130"])
def test_what_a_pattern_would_match_is_only_text(typed: str, cast: Cast) -> None:
    seen: dict[str, Any] = {"organization": cast.acme, "member": cast.lena, "today": TODAY}

    assert list(accounts(**seen, narrowed=AccountFilter(name=typed))) == []
