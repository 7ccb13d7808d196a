"""What an organisation knows of its records beyond our fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.models import CustomColumn, CustomKind
from tenancy.models import Organization


@dataclass(frozen=True)
class CustomFact:
    """One value of a custom column, under the name its file gives it."""

    name: str
    kind: str
    value: Any


def custom_columns(*, organization: Organization, record: str) -> list[CustomColumn]:
    """Return the custom columns of a kind of record, in the order in which they came."""
    columns = CustomColumn.objects.for_organization(organization).filter(record=record)
    return list(columns.order_by("created_at", "id"))


def custom_facts(*, organization: Organization, record: str, values: Mapping[str, Any]) -> list[CustomFact]:
    """Return what a record's custom columns say; without values nothing is asked."""
    if not values:
        return []
    return [
        CustomFact(column.name, column.kind, values[column.key])
        for column in custom_columns(organization=organization, record=record)
        if column.key in values
    ]


def custom_kinds(*, organization: Organization, record: str) -> dict[str, CustomKind]:
    """Return the kinds of the columns that scores may learn from, by key."""
    return {
        column.key: CustomKind(column.kind)
        for column in custom_columns(organization=organization, record=record)
        if not column.at_closing
    }
