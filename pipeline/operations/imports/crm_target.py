"""What all targets of customer records share: columns from values, and when the source first knew a record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from integrations.imports.dates import day_start
from integrations.imports.fields import ColumnRule
from integrations.imports.record_changes import Columns, RowChange
from integrations.imports.record_target import RecordTarget
from integrations.imports.row_parser import Values
from integrations.imports.targets import Comparison, ImportContext, ImportRecord
from integrations.imports.undoing import Undone
from integrations.imports.values import ValueProblem, tidy
from pipeline.operations.imports.custom_values import (
    CustomHistory,
    custom_differences,
    custom_kinds,
    custom_values,
    define_custom,
)
from tenancy.bulk import CopiedRows, insert_copied
from tenancy.models import Organization
from tenancy.money import from_minor, to_minor


@dataclass(frozen=True)
class Money:
    """A column of minor units that a field fills."""

    field: str
    column: str


class CrmTarget(RecordTarget):
    """A target that is a customer record.

    `texts` and `plain` map fields to columns of the same kind (text, or a day, a number, a yes), `owners` maps
    reference fields to columns, `amounts` are the columns of money. `date_fields` say when the source knew the record;
    one without any is placed at the beginning of what the files tell (`undated_at_end`: at the end). With a
    `custom_history`, columns that no field stands for can be kept.
    """

    insert_only = ("recorded_at", "reconstructed")
    always = frozenset({"deleted_at"})
    texts: ClassVar[Mapping[str, str]] = {}
    plain: ClassVar[Mapping[str, str]] = {}
    moments: ClassVar[Mapping[str, str]] = {}
    pointers: ClassVar[Mapping[str, str]] = {}
    amounts: ClassVar[tuple[Money, ...]] = ()
    date_fields: ClassVar[tuple[str, ...]] = ()
    undated_at_end: ClassVar[bool] = False
    custom_history: ClassVar[CustomHistory | None] = None

    def mapped_columns(self, context: ImportContext, record: ImportRecord, old: Columns | None) -> Columns:
        """Columns of the fields that the file has; a deleted record comes back, unless it is deleted there too."""
        values = record.values
        gone_at = (old and old["deleted_at"]) or context.now
        found: Columns = {"deleted_at": gone_at if values.get("is_deleted") else None}
        for name, value in values.items():
            if (column := self.texts.get(name)) is not None:
                found[column] = value or ""
            elif (column := self.plain.get(name)) is not None:
                found[column] = self.plain_value(name, value)
            elif (column := self.moments.get(name)) is not None:
                found[column] = moment_of(value)
            elif (column := self.pointers.get(name)) is not None and (
                record.references.get(name) is not None or not value
            ):
                found[column] = record.references.get(name)
        if self.amounts:
            found |= self._amounts(context, values, old)
        if self.takes_custom:
            found |= custom_values(context, record, old)
        return found

    @property
    def takes_custom(self) -> bool:  # type: ignore[override]  # follows from the history
        """Whether columns that no field stands for can be kept."""
        return self.custom_history is not None

    def custom_kinds(self, *, organization: Organization) -> Mapping[str, str]:
        """The kinds of the custom columns that earlier files brought, by key."""
        return custom_kinds(organization, self.custom_history.record) if self.custom_history else {}

    def define_custom(self, *, organization: Organization, rules: Sequence[ColumnRule], now: datetime) -> None:
        """Keep the definitions of a file's custom columns."""
        if self.custom_history:
            define_custom(organization, self.custom_history.record, rules, now)

    def following(self, context: ImportContext, changes: Sequence[RowChange]) -> list[CopiedRows]:
        """The dated values of custom columns."""
        return [self.custom_history.rows(context, changes)] if self.custom_history else []

    def undone(self, context: ImportContext, done: Undone) -> None:
        """Keep what the custom columns of restored records are again."""
        if self.custom_history:
            insert_copied(organization=context.organization, copied=self.custom_history.rows(context, done.restored))

    def _compare(self, context: ImportContext, record: ImportRecord, old: Columns | None) -> Comparison:
        compared = super()._compare(context, record, old)
        if old is None or "custom" not in compared.changes:
            return compared
        changes = {name: texts for name, texts in compared.changes.items() if name != "custom"}
        return Comparison(
            is_new=False, changes=changes | custom_differences(old, self._columns_of(context, record, old))
        )

    def plain_value(self, name: str, value: Any) -> Any:
        """A value that its column takes as it is, but for days, which travel as text."""
        return date.fromisoformat(value) if isinstance(value, str) else value

    def _amounts(self, context: ImportContext, values: Values, old: Columns | None) -> Columns:
        given = [money for money in self.amounts if values.get(money.field) is not None]
        if not given:
            return {}
        currency = currency_of(context, values, old)
        return {"currency": currency} | {money.column: _minor_of(values[money.field], currency) for money in given}

    def recorded(self, context: ImportContext, record: ImportRecord) -> datetime:
        """When the source first knew the record."""
        for name in self.date_fields:
            if text := record.values.get(name):
                moment = moment_of(text) if "T" in text else day_start(date.fromisoformat(text), context.zone)
                assert moment is not None
                return min(moment, context.now)
        fallback = context.latest_at if self.undated_at_end else context.earliest_at
        return min(fallback, context.now) if fallback is not None else context.now

    def new_columns(self, context: ImportContext, record: ImportRecord) -> Columns:
        """The empty form of each column, and when the record was known."""
        recorded_at = self.recorded(context, record)
        return self._empty | {"recorded_at": recorded_at, "reconstructed": recorded_at < context.now}

    @cached_property
    def _empty(self) -> Columns:
        empty: Columns = dict.fromkeys(self.columns)
        empty |= dict.fromkeys(self.texts.values(), "")
        if "currency" in self.columns:
            empty["currency"] = ""
        empty |= {name: {} for name in self.json_columns}
        return empty

    def dates_of(self, values: Values) -> Iterable[str]:
        """The moments by which undated records of the same files are placed."""
        return [str(values[name]) for name in self.date_fields if values.get(name)]

    def value_text(self, column: str, value: Any, columns: Columns) -> str:
        """A value as the review shows it, money with its currency."""
        if column.endswith("_minor") and value is not None:
            return f"{from_minor(value, columns['currency']):,} {columns['currency']}"
        return super().value_text(column, value, columns)


@lru_cache(maxsize=65_536)
def _minor_of(amount: str, currency: str) -> int:
    return to_minor(Decimal(amount), currency)


def currency_of(context: ImportContext, values: Values, old: Columns | None) -> str:
    """The row's own currency, else that of the record, else that of the import."""
    return str(values.get("currency") or (old and old.get("currency")) or context.currency)


def moment_of(text: str | None) -> datetime | None:
    """A moment from the form it travels in."""
    return datetime.fromisoformat(text) if text else None


def full_name(values: Values) -> None:
    """Make one name of first and last name where the row has no whole one.

    :raises ValueProblem: when there is none at all.
    """
    if not values.get("name"):
        values["name"] = tidy(f"{values.get('first_name') or ''} {values.get('last_name') or ''}")
    if not values["name"]:
        raise ValueProblem("required", "Name is missing")
