"""Each list of the API is read from the index of its order, under the row-level security policy, however far in."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import models
from django.utils import timezone

from agile_sales.api_urls import urlpatterns
from integrations.api.views import ListView
from tenancy.keyset import Sort, rows_after_position
from tests.cast import Cast
from tests.pipeline.test_list_plans import plan_of

LISTS = [
    pattern.callback.cls  # type: ignore[attr-defined]
    for pattern in urlpatterns
    if issubclass(getattr(pattern.callback, "cls", object), ListView)
]
SORTED_IN_MEMORY = {"stages", "scoring_models"}  # a handful of rows, however large the organisation
WAYS = [
    (view, way)
    for view in LISTS
    if view.plural not in SORTED_IN_MEMORY
    for sort in view.sorts
    for way in (sort, sort.reversed())
]
VALUES: list[tuple[type[Any], Any]] = [
    (models.UUIDField, uuid4()),
    (models.ForeignKey, uuid4()),
    (models.DateTimeField, timezone.now()),
    (models.DateField, date(2026, 3, 2)),
    (models.IntegerField, 5),
    (models.TextField, "m"),
    (models.CharField, "m"),
    (models.GeneratedField, "m"),
]


@dataclass
class Owner:
    """As much of a token's owner as a list asks for."""

    organization_id: UUID


@dataclass
class Asking:
    """As much of a request as a list asks for."""

    auth: Owner


@pytest.mark.usefixtures("acme_scope")
@pytest.mark.parametrize(("view", "sort"), WAYS, ids=lambda one: getattr(one, "plural", "") or one.parameter)
def test_a_later_page_begins_inside_the_index(cast: Cast, view: type[ListView], sort: Sort) -> None:
    made: Any = view()
    made.request = Asking(Owner(cast.acme.pk))
    rows = made.rows()
    column = rows.model._meta.get_field(sort.column)
    value = next(value for kind, value in VALUES if isinstance(column, kind))

    plan = plan_of(rows_after_position(rows.values(*view.columns), sort=sort, position=(value, uuid4()))[:51])

    # A row comparison in the index, or at least its first half where the index ends in another column than the id.
    plan = plan.replace('"', "")
    bounds = ("ROW(", f"({sort.column} {'<' if sort.descending else '>'}= ")
    assert any(bound in line for line in plan.splitlines() if "Index Cond" in line for bound in bounds), plan
    assert "Seq Scan" not in plan, plan
    assert "Sort Key" not in plan or f"Presorted Key: {rows.model._meta.db_table}.{sort.column}" in plan, plan
