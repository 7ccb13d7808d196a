"""Acme with a few customers, ready for a night."""

from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.models import Account
from tenancy.models import Member
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.coe.records import Records


@dataclass(frozen=True)
class Customers:
    """Who is there: one that will buy, one that is gone, one of whom nothing is known."""

    eager: Account
    gone: Account
    unknown: Account


def give_customers(cast: Cast) -> Customers:
    """Give Acme three customers, and less time for them than they take."""
    with organization_scope(cast.acme):
        Member.objects.filter(pk__in=(cast.rui.pk, cast.mia.pk)).update(hours_per_week=1)
        records = Records(cast.acme)
        eager = records.account("Eager Engines", owner=cast.rui, segment="key", region="North")
        records.deal(eager, stage="Proposal", days=40, amount_minor=5_000_000)
        records.activity(eager, days=3, kind="inquiry", direction="in")
        gone = records.account("Gone Gears", owner=cast.mia, segment="small", region="South")
        for days in (400, 370, 340, 310):
            records.order(gone, days=days)
        return Customers(eager, gone, records.account("Unknown Units"))


@pytest.fixture
def customers(cast: Any) -> Customers:
    """Three customers of Acme."""
    return give_customers(cast)
