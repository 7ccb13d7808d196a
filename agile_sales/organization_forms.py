"""What administrators and operators type about an organisation, checked."""

from typing import Any, Self
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from agile_sales.people_forms import VersionForm
from tenancy.form_fields import LineField, LinesField
from tenancy.organization_settings import RETENTION_DAYS, OrganizationSettings
from tenancy.rates import NoRates, read_rates, written_rates

WEEK_DAYS = [
    ("1", _("Monday")),
    ("2", _("Tuesday")),
    ("3", _("Wednesday")),
    ("4", _("Thursday")),
    ("5", _("Friday")),
    ("6", _("Saturday")),
    ("7", _("Sunday")),
]


def _zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]


class OrganizationForm(VersionForm):
    """What an organisation sets for itself."""

    name = LineField(label=_("Name"), max_length=200)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=_zones, help_text=_("Days, quarters and nights follow this clock.")
    )
    working_days = forms.MultipleChoiceField(
        label=_("Working days"), choices=WEEK_DAYS, widget=forms.CheckboxSelectMultiple
    )
    night_starts_at = forms.TimeField(
        label=_("The night begins at"),
        help_text=_("Scores are made then. Choose a time at which nobody works."),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    mfa_required = forms.BooleanField(
        label=_("Ask every member for a second factor"),
        required=False,
        help_text=_("Who has none is sent to set one up, from their next click on. Integrations go on."),
    )
    audit_retention_days = forms.IntegerField(
        label=_("Days for which the audit trail is kept"), min_value=RETENTION_DAYS[0], max_value=RETENTION_DAYS[1]
    )

    exchange_rates = LinesField(
        label=_("Exchange rates"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "A line a currency, and what one of it is worth in yours: USD 0.92. A changed line holds from today on;"
            " what was closed before keeps the rate of its day. What has none is not counted."
        ),
    )

    def __init__(self, *args: Any, currency: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_exchange_rates(self) -> dict[str, str]:
        """Return the rates by currency."""
        try:
            return read_rates(self.cleaned_data["exchange_rates"], currency=self.currency)
        except NoRates as error:
            raise forms.ValidationError(str(error), code="invalid") from None

    @classmethod
    def of(cls, settings: OrganizationSettings, *, version: int) -> Self:
        """Return the form as the settings are."""
        initial = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
        initial |= {
            "working_days": list(settings.working_days),
            "exchange_rates": written_rates(settings.exchange_rates),
            "version": version,
        }
        return cls(initial=initial)

    def wanted(self) -> OrganizationSettings:
        """Return what was typed, as the operation takes it."""
        data = {name: self.cleaned_data[name] for name in OrganizationSettings.__dataclass_fields__}
        return OrganizationSettings(**{**data, "working_days": "".join(sorted(data["working_days"]))})


class SupportForm(forms.Form):
    """Why and for how long an operator looks into an organisation."""

    organization = forms.SlugField(label=_("Organisation"), help_text=_("As it stands in its address."))
    reason = LinesField(
        label=_("Reason"),
        max_length=500,
        help_text=_("The organisation reads it. Name its request, not its people."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=60, initial=30)
    may_write = forms.BooleanField(
        label=_("Change records as well"), required=False, help_text=_("Only where the organisation asked for it.")
    )
