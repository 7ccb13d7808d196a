"""What the audit trail can be narrowed to."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agile_sales.audit_views.rows import KIND_WORDS, record_word
from pipeline.forms.filters import FilterForm
from tenancy.audit.actors import ActorKind
from tenancy.audit.reading import EVENTS, AuditFilter, tenant_tables
from tenancy.models import AuditEntry

ACTIONS = [
    (AuditEntry.Action.INSERT.value, _("Created")),
    (AuditEntry.Action.UPDATE.value, _("Changed")),
    (AuditEntry.Action.DELETE.value, _("Deleted")),
    (EVENTS, _("Events, not rows")),
]


def _select(label: Any, choices: Sequence[tuple[str, Any]] = ()) -> forms.ChoiceField:
    widget = forms.Select(attrs={"data-send": "", "class": "input"})
    return forms.ChoiceField(label=label, choices=[("", label), *choices], required=False, widget=widget)


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "input filter", "data-filter": ""})
    return forms.DateField(label=label, required=False, widget=widget)


def table_choices() -> list[tuple[str, str]]:
    """Return the kinds of records in the trail, by what people call them."""
    return sorted(((table, record_word(model)) for table, model in tenant_tables().items()), key=lambda one: one[1])


class AuditFilterForm(FilterForm):
    """The filters of the trail; a record comes with a link from its page, and a chip takes it off."""

    table = _select(_("Any kind of record"))
    action = _select(_("Anything"), ACTIONS)
    kind = _select(_("By anybody"), [(kind.value, words) for kind, words in KIND_WORDS.items()])
    actor = _select(_("Any person"))
    from_day = _day(_("From"))
    to_day = _day(_("To"))
    record = forms.UUIDField(label=_("One record"), required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(table=table_choices(), actor=people)

    def narrowed(self) -> AuditFilter:
        """Return the filter as the query takes it."""
        data = self.cleaned_data
        return AuditFilter(
            table=data["table"],
            record_id=data["record"],
            actor_id=self._id("actor"),
            kind=ActorKind(data["kind"]) if data["kind"] else None,
            action=data["action"],
            from_day=data["from_day"],
            to_day=data["to_day"],
        )
