"""Rows of the trail as the page shows them: who, what, which record, and each field before and after.

Secrets never come this far, and a field that the reader's role is not shown is named without its values.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Coalesce, NullIf
from django.urls import reverse
from django.utils.translation import gettext_lazy

from agile_sales.audit_views.values import (
    field_word,
    is_noise,
    is_secret,
    payload_words,
    reference_of,
    value_words,
)
from pipeline.models import Account
from tenancy.access import hidden_fields
from tenancy.audit.actors import API_TOKEN, ActorKind, kind_of
from tenancy.audit.reading import TrailRow, tenant_tables
from tenancy.models import ApiToken, AuditEntry, DomainEvent, Member, Organization

RECORD_WORDS = {
    "opportunity": gettext_lazy("Deal"),
    "orderline": gettext_lazy("Order line"),
    "apitoken": gettext_lazy("API token"),
    "satisfactionresponse": gettext_lazy("Customer's answer"),
    "externalscore": gettext_lazy("Score of another system"),
    "forecastsubmission": gettext_lazy("Submitted forecast"),
    "scoreoverride": gettext_lazy("Score set by hand"),
    "scorereport": gettext_lazy("Doubt about a score"),
    "customcolumn": gettext_lazy("Custom column"),
    "usagesignal": gettext_lazy("Usage"),
    "savedmapping": gettext_lazy("Saved mapping"),
    "savedalias": gettext_lazy("Saved alias"),
    "auditseal": gettext_lazy("Audit trail"),
}
PAGES = {
    "pipeline_account": ("pipeline:account", "account_id"),
    "pipeline_contact": ("pipeline:contact", "contact_id"),
    "pipeline_opportunity": ("pipeline:opportunity", "opportunity_id"),
    "pipeline_order": ("pipeline:order", "order_id"),
    "tenancy_member": ("people:member", "member_id"),
    "tenancy_unit": ("people:unit", "unit_id"),
    "integrations_import": ("integrations:import", "import_id"),
}
"""Table → its page's address and parameter."""

ACTION_WORDS = {
    AuditEntry.Action.INSERT: (gettext_lazy("Created"), "good"),
    AuditEntry.Action.UPDATE: (gettext_lazy("Changed"), "info"),
    AuditEntry.Action.DELETE: (gettext_lazy("Deleted"), "bad"),
}
KIND_WORDS = {
    ActorKind.MEMBER: gettext_lazy("A member"),
    ActorKind.TOKEN: gettext_lazy("An API token"),
    ActorKind.IMPORT: gettext_lazy("An import"),
    ActorKind.SUPPORT: gettext_lazy("Support"),
    ActorKind.SYSTEM: gettext_lazy("The system"),
}
SHOWN_AT_ONCE = 3
NAMES = ("name", "number", "subject", "product_name", "source_name", "title", "kind")
"""Columns that name a record, the best first."""


@dataclass(frozen=True)
class Change:
    """One field. A `hidden` one has no values here."""

    label: str
    before: str = ""
    after: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Found:
    """What the page needs of a record that a row is about or refers to."""

    name: str
    currency: str
    is_deleted: bool


@dataclass(frozen=True)
class ShownRow:
    """One row of the list."""

    id: UUID
    at: datetime
    who: str
    kind: str
    address: str
    what: str
    tone: str
    record: str
    name: str
    url: str
    changes: list[Change] = field(default_factory=list)
    is_event: bool = False
    account_id: UUID | None = None  # of a row about an account
    account: Account | None = None  # with its score, where the page shows it

    @property
    def first(self) -> list[Change]:
        """The changes that are shown at once."""
        return self.changes[:SHOWN_AT_ONCE]

    @property
    def more(self) -> list[Change]:
        """Those that one opens."""
        return self.changes[SHOWN_AT_ONCE:]


def record_word(model: type[models.Model]) -> str:
    """Return what people call a kind of record."""
    name = str(model._meta.model_name)
    return str(RECORD_WORDS.get(name) or str(model._meta.verbose_name).capitalize())


class Reader:
    """Turns rows into what one member sees of them; the records of all kinds are looked up with one statement."""

    def __init__(self, *, organization: Organization, member: Member, rows: Sequence[TrailRow]) -> None:
        self.organization, self.member = organization, member
        self.tables = tenant_tables()
        self.by_name = {str(model._meta.model_name): model for model in self.tables.values()}
        self.found = self._look_up(rows)
        self.names = {key: one.name for key, one in self.found.items()}

    def shown(self, rows: Iterable[TrailRow]) -> list[ShownRow]:
        """Return the rows as the page shows them."""
        return [self._event(row) if isinstance(row, DomainEvent) else self._entry(row) for row in rows]

    # --- Reading ---

    def _look_up(self, rows: Sequence[TrailRow]) -> dict[tuple[Any, UUID], Found]:
        wanted: dict[Any, set[UUID]] = defaultdict(set)
        for row in rows:
            if row.actor_id:
                wanted[Member].add(row.actor_id)
            if row.task.startswith(API_TOKEN) and (token := as_uuid(row.task.removeprefix(API_TOKEN))):
                wanted[ApiToken].add(token)
            model, record_id = self.subject_of(row)
            if model is None:
                continue
            wanted[model].add(record_id)
            for values in self._values(row):
                for column, value in values.items():
                    target = reference_of(model, column)
                    if target is not None and value and target._meta.db_table in self.tables:
                        wanted[target].add(UUID(str(value)))
        kinds = list(wanted)
        parts = [_found(number, model, wanted[model]) for number, model in enumerate(kinds)]
        found = parts[0].union(*parts[1:], all=True) if parts else ()
        return {
            (kinds[number], pk): Found(name, currency, is_deleted) for number, pk, name, currency, is_deleted in found
        }

    def subject_of(self, row: TrailRow) -> tuple[type[models.Model] | None, UUID]:
        """Return the model and the id of what a row is about."""
        if isinstance(row, DomainEvent):
            return self.by_name.get(row.subject_type), row.subject_id
        return self.tables.get(row.table_name), row.row_id

    def _values(self, row: TrailRow) -> list[Mapping[str, Any]]:
        if isinstance(row, DomainEvent):
            return []
        return [row.before or {}, row.after or {}]

    # --- Showing ---

    def _entry(self, row: AuditEntry) -> ShownRow:
        what, tone = ACTION_WORDS[AuditEntry.Action(row.action)]
        model = self.tables.get(row.table_name)
        changes = self.changes_of(row) if model else []
        return self._row(row, what=str(what), tone=tone, changes=changes, table=row.table_name)

    def _event(self, row: DomainEvent) -> ShownRow:
        changes = [Change(key.replace("_", " ").capitalize(), after=text) for key, text in self.payload_of(row)]
        words = row.type.replace(".", " ").replace("_", " ").capitalize()
        model = self.by_name.get(row.subject_type)
        table = model._meta.db_table if model else ""
        return self._row(row, what=words, tone="line", changes=changes, table=table, is_event=True)

    def _row(self, row: Any, *, what: str, tone: str, changes: list[Change], table: str, **more: Any) -> ShownRow:
        model, record_id = self.subject_of(row)
        kind = kind_of(row.actor_id, row.task)
        name = self.names.get((model, record_id), "")
        if not name and isinstance(row, AuditEntry):
            kept = row.before or row.after or {}
            name = str(next(filter(None, (kept.get(one) for one in NAMES)), ""))
        return ShownRow(
            id=row.pk,
            at=row.occurred_at,
            who=self.actor_words(row.actor_id, row.task, kind),
            kind=str(KIND_WORDS[kind]),
            address=getattr(row, "address", ""),
            what=what,
            tone=tone,
            record=record_word(model) if model else table or "",
            name=name,
            url=self._url(table, model, record_id),
            changes=changes,
            account_id=record_id if model is Account else None,
            **more,
        )

    def actor_words(self, actor_id: UUID | None, task: str, kind: ActorKind) -> str:
        """Return who did it."""
        name = self.names.get((Member, actor_id), "") if actor_id else ""
        if kind == ActorKind.TOKEN:
            token = as_uuid(task.removeprefix(API_TOKEN))
            return self.names.get((ApiToken, token), "") if token else ""
        return name or task

    def _url(self, table: str, model: Any, record_id: UUID) -> str:
        record = self.found.get((model, record_id))
        if record is None or record.is_deleted or table not in PAGES:
            return ""
        address, parameter = PAGES[table]
        return reverse(address, kwargs={"organization": self.organization.slug, parameter: record_id})

    def changes_of(self, row: AuditEntry) -> list[Change]:
        """Return what changed, field by field, in words; of a new or deleted row what it held."""
        model = self.tables[row.table_name]
        hidden = hidden_fields(self.member, str(model._meta.model_name))
        record = self.found.get((model, row.row_id))
        before, after = row.before or {}, row.after or {}
        currency = after.get("currency") or before.get("currency") or (record.currency if record else "")
        changes = []
        for column in sorted({*before, *after}, key=lambda one: field_word(model, one)):
            if is_secret(column) or is_noise(model, column):
                continue
            if column == "external_id" and after.get(column) == str(row.row_id):
                continue  # typed in here: no other system knows it
            if row.action != AuditEntry.Action.UPDATE and (before or after).get(column) in (None, "", False):
                continue
            if column in hidden:
                changes.append(Change(field_word(model, column), hidden=True))
                continue
            old, new = (
                value_words(model, column, values.get(column), currency=currency, names=self.names)
                for values in (before, after)
            )
            changes.append(Change(field_word(model, column), before=old, after=new))
        return changes

    def payload_of(self, row: DomainEvent) -> list[tuple[str, str]]:
        """Return the payload of an event as pairs of words, without secrets and hidden fields."""
        model = self.by_name.get(row.subject_type)
        hidden = hidden_fields(self.member, row.subject_type) if model else frozenset()
        pairs = []
        for key, value in row.payload.items():
            if is_secret(key) or key in hidden:
                continue
            shown = without_deep(value, hidden) if isinstance(value, dict) else value
            text = payload_words(shown)
            pairs.append((key, text if len(text) <= 300 else f"{text[:300]}…"))
        return pairs


def _found(number: int, model: Any, ids: Iterable[UUID]) -> models.QuerySet[Any, Any]:
    """Return number, id, name, currency and deletion of records of one kind, so that kinds fit under each other."""
    columns = {field.name for field in model._meta.concrete_fields}
    # Others call themselves by their ids, which say nothing to a person.
    names = [
        NullIf(Cast(one, models.TextField()), Value(""), output_field=models.TextField())
        for one in NAMES
        if one in columns
    ]
    rows: models.QuerySet[Any, Any] = model._default_manager.filter(pk__in=ids).order_by()
    is_deleted: Any = Q(deleted_at__isnull=False) if "deleted_at" in columns else Value(False)
    return rows.values_list(
        Value(number),
        "pk",
        Coalesce(*names, Value(""), Value(""), output_field=models.TextField()),
        Cast("currency" if "currency" in columns else Value(""), models.TextField()),
        is_deleted,
    )


def as_uuid(text: str) -> UUID | None:
    """Return the id that the text is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def export_cells(reader: Reader, row: TrailRow) -> tuple[object, ...]:
    """Return one line of the export: the trail as it is, less secrets and what the member may not see."""
    model, record_id = reader.subject_of(row)
    hidden = hidden_fields(reader.member, str(model._meta.model_name)) if model else frozenset()
    kind = kind_of(row.actor_id, row.task)
    if isinstance(row, DomainEvent):
        action, table, address, seal = row.type, row.subject_type, "", ""
        before, after = "", as_json(without_deep(row.payload, hidden))
    else:
        action, table, address, seal = row.action, row.table_name, row.address, str(row.seal_number or "")
        before, after = (as_json(without_deep(values or {}, hidden)) for values in (row.before, row.after))
    who = reader.actor_words(row.actor_id, row.task, kind)
    name = reader.names.get((model, record_id), "")
    return (row.occurred_at, action, table, record_id, name, kind.value, who, row.task, address, before, after, seal)


def without_deep(values: Mapping[str, Any], hidden: Iterable[str]) -> dict[str, Any]:
    """Return a payload without secrets and hidden fields, those inside of its objects too."""
    left_out = set(hidden)
    return {
        key: without_deep(value, left_out) if isinstance(value, dict) else value
        for key, value in values.items()
        if key not in left_out and not is_secret(key)
    }


def as_json(value: Any) -> str:
    """Return a value as JSON in one line."""
    return json.dumps(value, ensure_ascii=False, default=str) if value else ""


EXPORT_HEADER = (
    *("at", "what", "table", "record id", "record", "actor kind", "actor", "task", "address", "before", "after"),
    "seal",
)
