"""The form that logs what somebody did with a customer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.record import NOTHING
from pipeline.models import ActivityKind, Contact, Direction, Opportunity
from tenancy.form_fields import LineField, LinesField, MomentField


class ActivityForm(forms.Form):
    """What happened, with whom, when."""

    kind = forms.ChoiceField(label=_("What"), choices=ActivityKind.choices)
    occurred_at = MomentField(label=_("When"))
    contact = forms.ChoiceField(label=_("With"), required=False)
    opportunity = forms.ChoiceField(label=_("Deal"), required=False)
    direction = forms.ChoiceField(label=_("Who began"), choices=[NOTHING, *Direction.choices], required=False)
    subject = LineField(label=_("In one line"), max_length=300, required=False)
    body = LinesField(
        label=_("Notes"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 4, "class": "area"})
    )
    is_two_way = forms.BooleanField(label=_("They answered or took part"), required=False)
    layout = (
        ("kind", "occurred_at"),
        ("contact", "opportunity"),
        ("subject",),
        ("body",),
        ("direction",),
        ("is_two_way",),
    )

    def __init__(
        self, *args: Any, now: datetime, contacts: Sequence[Contact], deals: Sequence[Opportunity], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.contacts = {str(one.pk): one for one in contacts}
        self.deals = {str(one.pk): one for one in deals}
        for name, options in (("contact", self.contacts), ("opportunity", self.deals)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [NOTHING, *((key, one.name) for key, one in options.items())]

    def rows(self) -> list[list[forms.BoundField]]:
        """Return the fields as the page draws them."""
        return [[self[name] for name in row] for row in self.layout]

    def clean_contact(self) -> Contact | None:
        """Return the person it was with."""
        return self.contacts.get(self.cleaned_data["contact"])

    def clean_opportunity(self) -> Opportunity | None:
        """Return the deal it was about."""
        return self.deals.get(self.cleaned_data["opportunity"])

    def clean_occurred_at(self) -> datetime:
        """Return the moment; only a task may lie ahead."""
        at: datetime = self.cleaned_data["occurred_at"]
        if at > self.now and self.cleaned_data.get("kind") != ActivityKind.TASK:
            raise forms.ValidationError(_("That is still to come. Log it as a task, or set when it was."))
        return at

    def clean(self) -> dict[str, Any]:
        """Refuse an entry that says nothing."""
        data = self.cleaned_data
        if data.get("kind") in (ActivityKind.NOTE, ActivityKind.TASK) and not (data.get("subject") or data.get("body")):
            self.add_error("subject", _("Write what it is about."))
        return data
