"""The forms that say what open deals are warned of, and why deals are lost."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.process import WhyForm
from pipeline.forms.record import AmountField, whole_units
from pipeline.models import LostReasons, WarningCode, WarningRules
from tenancy.form_fields import LinesField
from tenancy.models import Organization
from tenancy.money import exponent, to_minor


class WarningsForm(WhyForm):
    """Which warnings are wanted, and from when on. Days are working days."""

    wanted = forms.MultipleChoiceField(
        label=_("Warn of"), choices=WarningCode.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    stalled_days = forms.IntegerField(
        label=_("A deal can stand still after"),
        min_value=1,
        max_value=365,
        help_text=_("Working days in its stage, and longer than won deals usually stayed there"),
    )
    silent_days = forms.IntegerField(
        label=_("No conversation for"), min_value=1, max_value=365, help_text=_("Working days")
    )
    pushes = forms.IntegerField(label=_("Close date pushed out"), min_value=1, max_value=20, help_text=_("Times"))
    people = forms.IntegerField(
        label=_("People with a role in the decision"), min_value=1, max_value=20, help_text=_("Fewer are too few")
    )
    small_amount = AmountField(
        label=_("One person is enough below"), help_text=_("Leave it empty where no deal is small")
    )
    field_order = ("version", "wanted", "stalled_days", "silent_days", "pushes", "people", "small_amount", "reason")

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = organization.currency

    def clean_small_amount(self) -> int:
        """Return the amount in minor units, 0 for none."""
        amount: Decimal | None = self.cleaned_data["small_amount"]
        if amount is None:
            return 0
        return to_minor(round(amount, exponent(self.currency)), self.currency)

    def rules(self) -> WarningRules:
        """Return what the form says."""
        data = self.cleaned_data
        return WarningRules(
            off=frozenset(WarningCode.values) - set(data["wanted"]),
            **{name: data[name] for name in ("stalled_days", "silent_days", "pushes", "people")},
            small_amount_minor=data["small_amount"],
        )


def warnings_values(organization: Organization) -> dict[str, Any]:
    """Return what the form shows of an organisation."""
    rules = WarningRules.of(organization)
    return {
        **{name: getattr(rules, name) for name in ("stalled_days", "silent_days", "pushes", "people")},
        "wanted": [code for code in WarningCode.values if code not in rules.off],
        "small_amount": whole_units(rules.small_amount_minor or None, organization.currency),
        "version": organization.version,
    }


class LostReasonsForm(WhyForm):
    """What people choose from when a deal is lost."""

    reasons = LinesField(
        label=_("Reasons"),
        max_length=2_500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("One on each line, the most frequent first. What lost deals say already stays as it is"),
    )
    only = forms.BooleanField(
        label=_("Take no other words"),
        required=False,
        help_text=_("On pages and in the API; imports keep what they bring"),
    )
    field_order = ("version", "reasons", "only", "reason")

    def stated(self) -> LostReasons:
        """Return what the form says."""
        lines = (" ".join(line.split()) for line in self.cleaned_data["reasons"].splitlines())
        return LostReasons(tuple(line for line in lines if line), self.cleaned_data["only"])


def reasons_values(organization: Organization) -> dict[str, Any]:
    """Return what the form shows of an organisation."""
    kept = LostReasons.of(organization)
    return {"reasons": "\n".join(kept.reasons), "only": kept.only, "version": organization.version}
