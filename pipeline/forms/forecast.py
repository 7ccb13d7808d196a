"""Forms of the people's forecast: what is shown, what is promised, what is asked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.record import AmountField, CurrencyField, minor_units, whole_units
from pipeline.queries.forecast_grid import By, Row
from tenancy.form_fields import DayField, LineField, LinesField

BY_WORDS = (
    (By.HIERARCHY.value, _("Units and people")),
    (By.SQUAD.value, _("Squads")),
    (By.TERRITORY.value, _("Territories")),
    (By.SEGMENT.value, _("Segments")),
    (By.MONTH.value, _("Months")),
)


class AmountsForm(forms.Form):
    """Amounts of one currency for one row of the grid, which the page names in hidden fields."""

    row = LineField(widget=forms.HiddenInput, max_length=80)
    currency = CurrencyField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].widget = forms.HiddenInput()

    def need(self, *names: str) -> None:
        """Ask for these amounts: an empty one could mean nothing, or that nobody thought of it."""
        for name in names:
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = _("Say a number; nothing is 0.")

    def minor(self, name: str) -> int | None:
        """Return an amount in minor units."""
        return minor_units(self, name, self.cleaned_data.get("currency", ""))


class SubmissionForm(AmountsForm):
    """What somebody promises for a period."""

    commit = AmountField(label=_("Committed, with what is won"))
    best_case = AmountField(label=_("Best case, with both"))
    reason = LinesField(
        label=_("Why another number"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    note = LinesField(label=_("Note"), max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].optional_words = _("where it differs from what it adds up to")  # type: ignore[attr-defined]
        self.need("commit", "best_case")

    def clean(self) -> dict[str, Any]:
        """Return the data with both amounts in minor units."""
        for name in ("commit", "best_case"):
            self.cleaned_data[f"{name}_minor"] = self.minor(name)
        return self.cleaned_data

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it."""
        return {
            name: self.cleaned_data[name] for name in ("commit_minor", "best_case_minor", "currency", "reason", "note")
        }


class QuotaForm(AmountsForm):
    """What a unit or a person is to win in a year."""

    year_start = DayField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    amount = AmountField(label=_("Quota of the year"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.need("amount")

    def clean(self) -> dict[str, Any]:
        """Return the data with the amount in minor units."""
        self.cleaned_data["amount_minor"] = self.minor("amount")
        return self.cleaned_data


def submission_values(row: Row, currency: str) -> dict[str, Any]:
    """Return what the form of a row begins with: what it adds up to."""
    return {
        "row": row.key,
        "currency": currency,
        "commit": whole_units(row.adds_up.commit_minor, currency),
        "best_case": whole_units(row.adds_up.best_case_minor, currency),
    }
