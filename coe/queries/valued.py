"""The accounts with what they are worth, as columns, and what people have said to their next actions."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef
from numpy.typing import NDArray

from coe.queries.copying import copied
from coe.queries.customers import Floats, Ids, Integers
from pipeline.models import Activity, NextAction
from tenancy.models import Organization


@dataclass(frozen=True, slots=True)
class Valued:
    """The accounts that have a value, ordered by id."""

    ids: Ids
    owner: Ids
    segment: Integers  # a place in SEGMENTS
    known_days: Integers
    is_prospect: NDArray[np.bool_]
    gain: Floats
    movable: Floats
    idle_days: Integers  # -1 without a purchase
    gap_days: Integers  # -1 below three purchases
    product: Ids  # the best one that it has not
    product_share: Floats
    is_margin: bool

    def __len__(self) -> int:
        return len(self.ids)


VALUED = """
SELECT a.id, coalesce(a.owner_id, '00000000-0000-0000-0000-000000000000'::uuid),
       coalesce(array_position(ARRAY['small','medium','large','key'], a.segment), 0),
       greatest(0, %(today)s - (a.recorded_at AT TIME ZONE %(zone)s)::date),
       (a.lifecycle = 'prospect')::int, v.gain_minor, v.movable_minor,
       coalesce(v.idle_days, -1), coalesce(v.usual_gap_days, -1),
       coalesce((v.whitespace->0->>'product_id')::uuid, '00000000-0000-0000-0000-000000000000'::uuid),
       coalesce((v.whitespace->0->>'share')::float8, 0), v.is_margin::int
  FROM pipeline_account a
  JOIN pipeline_accountvalue v ON v.organization_id = %(org)s AND v.account_id = a.id
 WHERE a.organization_id = %(org)s AND a.deleted_at IS NULL
 ORDER BY a.id
"""


def valued(given: Mapping[str, Any]) -> Valued:
    """Return the accounts that the night has valued."""
    kinds = {"id": "S16", "owner": "S16", "segment": ">i4", "known": ">i4"}
    kinds |= {"prospect": ">i4", "gain": ">i8", "movable": ">i8", "idle": ">i4"}
    found = copied(VALUED, given, kinds | {"gap": ">i4", "product": "S16", "share": ">f8", "margin": ">i4"})
    return Valued(
        ids=found["id"].copy(),
        owner=found["owner"].copy(),
        segment=found["segment"].astype(np.int64),
        known_days=found["known"].astype(np.int64),
        is_prospect=found["prospect"] == 1,
        gain=found["gain"].astype(np.float64),
        movable=found["movable"].astype(np.float64),
        idle_days=found["idle"].astype(np.int64),
        gap_days=found["gap"].astype(np.int64),
        product=found["product"].copy(),
        product_share=found["share"].astype(np.float64),
        is_margin=bool(len(found)) and bool(found["margin"][0]),
    )


@dataclass(frozen=True, slots=True)
class ChoiceMade:
    """What somebody said to a next action, with what was offered."""

    account_id: uuid.UUID
    choice: str
    chosen_at: datetime.datetime
    chosen_by_id: uuid.UUID | None
    chosen_until: datetime.date | None
    is_done: bool  # somebody was in touch with the account since
    place: str
    hours: float
    value_minor: int
    per_hour_minor: int
    own_rank: int
    actions: list[dict[str, Any]]


def choices_made(*, organization: Organization) -> list[ChoiceMade]:
    """Return what people have said to next actions of this organisation."""
    since = Activity.objects.for_organization(organization).filter(
        account=OuterRef("account"), deleted_at=None, occurred_at__gt=OuterRef("chosen_at")
    )
    chosen = NextAction.objects.for_organization(organization).exclude(choice="").annotate(is_done=Exists(since))
    return [ChoiceMade(**row) for row in chosen.order_by("account").values(*ChoiceMade.__slots__)]
