"""What a person says of themselves."""

from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from tenancy.form_fields import LineField
from tenancy.models import User


def zone_choices() -> list[tuple[str, str]]:
    """Return the time zones that people live in, and the organisation's own."""
    return [("", str(_("That of the organisation"))), ("UTC", "UTC"), *places()]


def places() -> list[tuple[str, str]]:
    """Return the time zones that are named after a place."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [(name, name.replace("_", " ")) for name in names]


class ProfileForm(forms.Form):
    """Name, time zone and looks."""

    name = LineField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_choices,
        required=False,
        help_text=_("Times on your pages are told in it."),
    )
    theme = forms.ChoiceField(label=_("Colours"), choices=User.Theme.choices, required=False, widget=forms.RadioSelect)
    density = forms.ChoiceField(
        label=_("Height of rows"), choices=User.Density.choices, required=False, widget=forms.RadioSelect
    )
