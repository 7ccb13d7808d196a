"""The three ways on for a deal that stands still."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.opportunities import FROM_LIST
from pipeline.models import Opportunity, Stage
from tenancy.form_fields import DayField, LineField


class _WayOn(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, deal: Opportunity, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deal, self.today = deal, today
        self.auto_id = f"{type(self).__name__.lower()}-%s"
        self.initial.setdefault("version", deal.version)


class ReviveForm(_WayOn):
    """A plan: what comes next, and when."""

    next_step = LineField(label=_("What comes next"), max_length=500)
    next_step_date = DayField(label=_("When"))

    def clean_next_step_date(self) -> date:
        """Return the day, which is still to come."""
        day: date = self.cleaned_data["next_step_date"]
        if day < self.today:
            raise forms.ValidationError(_("This day has passed. When will it be?"))
        return day

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it."""
        return {name: self.cleaned_data[name] for name in ("next_step", "next_step_date")}


class PushForm(_WayOn):
    """A later day, an earlier stage, or both; and why."""

    close_date = DayField(label=_("Closes"), required=False)
    stage = forms.ChoiceField(label=_("Back to"), required=False)
    reason = LineField(label=_("Why"), max_length=300)

    def __init__(self, *args: Any, stages: Sequence[Stage], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = self.deal.stage.position
        self.stages = {str(one.pk): one for one in stages if one.is_open and one.position < here}
        field = self.fields["stage"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("stays in %s") % self.deal.stage.name),
            *((key, one.name) for key, one in self.stages.items()),
        ]

    def clean(self) -> dict[str, Any]:
        """Return the data; one of the two has to change."""
        data = self.cleaned_data
        if not self.errors and not data["close_date"] and not data["stage"]:
            self.add_error("close_date", _("Choose a later day, an earlier stage, or both."))
        return data

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it."""
        data = self.cleaned_data
        return {"close_date": data["close_date"], "stage": self.stages.get(data["stage"]), "reason": data["reason"]}


class StopForm(_WayOn):
    """An end: it was worth a try, and now the time is better spent elsewhere."""

    lost_reason = LineField(
        label=_("Why"), max_length=300, initial=_("No decision"), widget=forms.TextInput(attrs=FROM_LIST)
    )

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it."""
        return {"lost_reason": self.cleaned_data["lost_reason"]}
