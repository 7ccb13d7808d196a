"""Keeping what accounts are worth."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import transaction

from pipeline.models import AccountValue
from tenancy.bulk import replace_rows
from tenancy.models import Organization, Run


@dataclass(frozen=True, slots=True)
class NewValue:
    """What a method says of the money around one account; `whitespace` has product id, name, share and yearly money."""

    account_id: uuid.UUID
    spend_minor: int
    wallet_minor: int
    wallet_basis: str
    lifetime_value_minor: int | None
    expected_purchases: float | None
    active_chance: float | None
    silence_chance: float | None
    silence_low: float | None
    silence_high: float | None
    silence_model: str
    repeat_rate: float | None
    idle_days: int | None
    usual_gap_days: int | None
    gain_minor: int
    deals_minor: int
    grow_minor: int
    protect_minor: int
    movable_minor: int
    whitespace: Sequence[Mapping[str, Any]]
    not_counted: Sequence[str]


KEPT = tuple(name for name in NewValue.__slots__ if name not in ("account_id", "whitespace", "not_counted"))


@transaction.atomic
def record_values(
    *,
    organization: Organization,
    run: Run,
    values: Iterable[NewValue],
    currency: str,
    is_margin: bool,
    as_of: datetime,
) -> int:
    """Make these the values that count and return how many rows were written; an account not named has none any more.

    :raises django.db.IntegrityError: if a value names an account of another organisation.
    """
    kept = attrgetter(*KEPT)
    return replace_rows(
        organization=organization,
        model=AccountValue,
        columns=("account", *KEPT, "whitespace", "not_counted", "run", "currency", "is_margin", "as_of"),
        rows=(
            (
                *(one.account_id, *kept(one), list(one.whitespace), list(one.not_counted)),
                *(run.pk, currency, is_margin, as_of),
            )
            for one in values
        ),
        key=("account",),
    )
