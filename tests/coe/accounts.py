"""Accounts as the rules see them, for tests."""

import datetime
import uuid

from coe.scoring.facts import AccountFacts, DatedRecord, OpenDeal, Purchases, RecordRef

TODAY = datetime.date(2026, 11, 23)


def ref(type_: str, label: str = "") -> RecordRef:
    """Return a reference to some record of this type."""
    return RecordRef(type_, uuid.uuid4(), label or type_)


def ago(days: int) -> datetime.date:
    """Return the day that many days before today."""
    return TODAY - datetime.timedelta(days=days)


def happened(days: int, kind: str = "meeting", type_: str = "activity") -> DatedRecord:
    """Return something that happened that many days ago."""
    return DatedRecord(ago(days), kind, ref(type_))


def deal(*, late: bool, days: int = 20, amount_minor: int | None = 1_000_000, currency: str = "EUR") -> OpenDeal:
    """Return an open deal."""
    return OpenDeal(ref("opportunity"), "Proposal" if late else "Qualify", late, ago(days), amount_minor, currency)


def bought(days: int, *, gap: float | None = 34, **more) -> Purchases:
    """Return the purchases of an account whose last one is that many days ago."""
    return Purchases(
        source="orders", count=12, last_date=ago(days), median_gap_days=gap, latest=(ref("order", "SO-1"),), **more
    )


def account(**known) -> AccountFacts:
    """Return the facts of an account of which only these are known."""
    return AccountFacts(account_id=uuid.uuid4(), today=TODAY, currency="EUR", **known)
