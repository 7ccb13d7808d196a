"""Custom columns that files bring: their definitions, the values of a row, and the history of each record's values."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.imports.custom_columns import key_of
from integrations.imports.fields import ColumnRule
from integrations.imports.record_changes import Columns, RowChange
from integrations.imports.targets import ImportContext, ImportRecord
from integrations.imports.undoing import Restored
from pipeline.models import CustomColumn, CustomValues
from tenancy.bulk import CopiedRows, copy_rows
from tenancy.models import Organization

Placed = Callable[[Columns], tuple[datetime, datetime | None]]


@dataclass(frozen=True)
class CustomHistory:
    """Writes the dated values of one kind of record.

    `placed` says when a record that an import made was first known, and when it was closed, if it was: what is known
    only at closing is dated by the second moment.
    """

    record: str
    placed: Placed

    def rows(self, context: ImportContext, changes: Sequence[RowChange | Restored]) -> CopiedRows:
        """The history of new and changed records, ready to be inserted."""
        return copy_rows(
            organization=context.organization,
            model=CustomValues,
            columns=(f"{self.record}_id", "values", "known_at", "reconstructed"),
            rows=[
                (change.id, values, known_at, known_at < context.now)
                for change in changes
                if change.differs("custom")
                for known_at, values in self._dated(context, change)
            ],
        )

    def _dated(self, context: ImportContext, change: RowChange | Restored) -> Iterable[tuple[datetime, dict[str, Any]]]:
        values = change.new["custom"]
        # The first values of a record with a history belong to that history; what changes afterwards is news.
        first = change.old is None or (isinstance(change, RowChange) and not change.old["custom"])
        if not first or not change.new.get("reconstructed"):
            if values or change.old is not None:
                yield context.now, values
            return
        known_at, closed_at = self.placed(change.new)
        late = {key_of(rule.field) for rule in context.custom if rule.at_closing} & set(values)
        if late and closed_at is not None:
            if early := {key: value for key, value in values.items() if key not in late}:
                yield min(known_at, context.now), early
            yield min(max(closed_at, known_at), context.now), values
        elif values:
            yield min(known_at, context.now), values


def custom_values(context: ImportContext, record: ImportRecord, old: Columns | None) -> Columns:
    """The column `custom` as the row leaves it: a cell that says nothing leaves the value there is alone."""
    if not context.custom:
        return {}
    values = dict(old["custom"]) if old is not None else {}
    for rule in context.custom:
        value = record.values.get(rule.field)
        if value is not None:
            values[key_of(rule.field)] = float(Decimal(value)) if rule.kind == "number" else value
        elif context.empty_clears:
            values.pop(key_of(rule.field), None)
    return {"custom": values}


def custom_kinds(organization: Organization, record: str) -> dict[str, str]:
    """The kinds of the custom columns there are, by key."""
    known = CustomColumn.objects.for_organization(organization).filter(record=record)
    return dict(known.values_list("key", "kind"))


def define_custom(organization: Organization, record: str, rules: Sequence[ColumnRule], now: datetime) -> None:
    """Keep the definitions of a file's custom columns; the last word on a column's kind is that of the last file."""
    CustomColumn.objects.bulk_create(
        [
            CustomColumn(
                organization=organization,
                record=record,
                key=key_of(rule.field),
                name=rule.header,
                kind=rule.kind or "category",
                at_closing=rule.at_closing,
                created_at=now,
            )
            for rule in rules
        ],
        update_conflicts=True,
        unique_fields=["organization", "record", "key"],
        update_fields=["kind", "at_closing"],
    )


def custom_differences(old: Columns, new: Columns) -> dict[str, tuple[str, str]]:
    """The custom values that differ, as texts by the name of their field."""
    before, after = old["custom"], new["custom"]
    return {
        f"custom.{key}": (_text(before.get(key)), _text(after.get(key)))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
