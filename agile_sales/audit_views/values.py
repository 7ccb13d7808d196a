"""Columns of the database in words: what a field is called, and what its value means to a person."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ui.formats import format_money

SECRET = ("sha256", "password", "secret", "private", "fingerprint")
"""Columns whose name contains one of these never leave the trail, whoever asks."""

NOISE = frozenset({"id", "organization_id", "version", "created_at", "updated_at", "recorded_at", "reconstructed"})
"""Columns that say nothing of their own: they change with every change."""

FIELD_WORDS = {
    "close_date": gettext_lazy("Close date"),
    "icp_fit": gettext_lazy("Fit"),
    "annual_revenue_minor": gettext_lazy("Their revenue"),
    "deleted_at": gettext_lazy("Deleted"),
    "external_id": gettext_lazy("Id in the source"),
    "sha256": gettext_lazy("Hash"),
}
LONGEST = 300


def is_secret(column: str) -> bool:
    """Return whether a column is never shown."""
    return any(word in column for word in SECRET)


def is_noise(model: type[models.Model], column: str) -> bool:
    """Return whether a column says nothing of its own, like those that the database derives."""
    return column in NOISE or isinstance(_field(model, column), models.GeneratedField)


def _field(model: type[models.Model], column: str) -> Any:
    return next((field for field in model._meta.concrete_fields if field.column == column), None)


def reference_of(model: type[models.Model], column: str) -> type[models.Model] | None:
    """Return the model that a column refers to."""
    field = _field(model, column)
    target = field.remote_field.model if isinstance(field, models.ForeignKey) else None
    return target if isinstance(target, type) else None


def field_word(model: type[models.Model], column: str) -> str:
    """Return what people call a column."""
    if column in FIELD_WORDS:
        return str(FIELD_WORDS[column])
    field = _field(model, column)
    words = str(field.verbose_name) if field is not None else column.replace("_", " ")
    for unit in (" minor", " bp", " e4"):
        words = words.removesuffix(unit)
    return words[:1].upper() + words[1:]


def moment_words(moment: datetime) -> str:
    """Return a moment on the clock of the page."""
    return date_format(timezone.localtime(moment), "j M Y H:i:s")


def payload_words(value: Any) -> str:
    """Return a value of an event as a person reads it: events keep their moments as text in UTC."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return moment_words(moment) if moment.tzinfo is not None else value
    return json.dumps(value, ensure_ascii=False, default=str)


def value_words(
    model: type[models.Model], column: str, value: Any, *, currency: str, names: Mapping[tuple[Any, UUID], str]
) -> str:
    """Return a value as a person reads it; `names` has those of the records that columns refer to."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    target, field = reference_of(model, column), _field(model, column)
    if target is not None:
        if not any(one.name == "organization" for one in target._meta.fields):
            return _("set")  # a sign-in; it belongs to a person and not to an organisation
        return names.get((target, UUID(str(value))), _("a record that is gone"))
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if column.endswith("_minor") and isinstance(value, int):
        return format_money(value, currency) if currency else _("%s of the smallest unit") % f"{value:,}"
    if column.endswith("_bp") and isinstance(value, int):
        return f"{Decimal(value) / 100:f}%"
    if isinstance(field, models.DateTimeField):
        return moment_words(datetime.fromisoformat(str(value)))
    if isinstance(field, models.DateField):
        return date_format(date.fromisoformat(str(value)), "j M Y")
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
