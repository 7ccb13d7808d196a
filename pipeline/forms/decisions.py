"""Forms that ask for a decision, and that make it."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.record import ChoiceList
from pipeline.models import Decision, DecisionType
from tenancy.form_fields import DayField, LineField, LinesField
from tenancy.models import Member, Organization


class AskForm(forms.Form):
    """What is to be decided, by whom, until when."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    type = forms.ChoiceField(label=_("What is to be decided"), choices=DecisionType.choices)
    question = LineField(label=_("The question"), max_length=300)
    decider = forms.ChoiceField(label=_("Who decides"))
    due_on = DayField(label=_("Until"))
    options = LinesField(
        label=_("Options"),
        max_length=1_800,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One on each line; without any it is decided in own words"),
    )
    is_final = forms.BooleanField(label=_("It can’t be taken back"), required=False)

    def __init__(
        self, *args: Any, organization: Organization, deciders: ChoiceList, today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.organization, self.today = organization, today
        self.auto_id = "ask-%s"
        field = self.fields["decider"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose")), *deciders]

    def clean_decider(self) -> Member:
        """Return who decides."""
        members = Member.objects.for_organization(self.organization)
        member: Member = members.get(pk=self.cleaned_data["decider"])
        return member

    def clean_due_on(self) -> date:
        """Return the day, which is still to come."""
        day: date = self.cleaned_data["due_on"]
        if day < self.today:
            raise forms.ValidationError(_("This day has passed. Until when is it needed?"))
        return day

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it."""
        data = self.cleaned_data
        return {
            **{name: data[name] for name in ("type", "question", "decider", "due_on")},
            "options": data["options"].splitlines(),
            "is_reversible": not data["is_final"],
        }


class DecideForm(forms.Form):
    """What is decided, and why."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    outcome = LineField(label=_("Decided"), max_length=300)
    reason = LineField(label=_("Why"), max_length=500)

    def __init__(self, *args: Any, decision: Decision, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = f"decide-{decision.pk}-%s"
        self.initial.setdefault("version", decision.version)
        if decision.options:
            choices = [(one, one) for one in decision.options]
            self.fields["outcome"] = forms.ChoiceField(label=_("Decided"), choices=choices)
