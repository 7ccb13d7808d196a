"""What people say who begin: an address, and an organisation."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agile_sales.your_account_forms import places
from tenancy.form_fields import LineField
from tenancy.founding import free_slug, is_free_slug
from tenancy.money import CURRENCIES

COMMON = ("EUR", "USD", "GBP", "CHF")


class AddressForm(forms.Form):
    """The address that a link goes to."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def clean_email(self) -> str:
        """Return it in lower case, as it is kept."""
        return str(self.cleaned_data["email"]).lower()


def currency_choices() -> list[Any]:
    """Return the currencies, the usual ones first."""
    others = sorted(CURRENCIES - set(COMMON))
    return [*((code, code) for code in COMMON), (_("Others"), [(code, code) for code in others])]


class OrganizationForm(forms.Form):
    """How an organisation begins."""

    name = LineField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "organization"}))
    slug = LineField(
        label=_("Its place in the address"),
        max_length=60,
        required=False,
        help_text=_("Lower-case letters, digits and hyphens, such as acme-drives. Left empty, it is made of the name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    currency = forms.ChoiceField(
        label=_("Currency"), choices=currency_choices, initial="EUR", help_text=_("Totals are shown in it.")
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [("UTC", "UTC"), *places()],
        initial="Europe/Berlin",
        help_text=_("Its days and its nights follow it."),
    )

    def clean(self) -> dict[str, Any]:
        """Find a free address, or say which one is."""
        data: dict[str, Any] = super().clean() or {}
        typed = data.get("slug", "")
        if not typed and data.get("name"):
            data["slug"] = free_slug(data["name"])
        elif typed and not is_free_slug(typed):
            words = _("%(typed)s can't be had. %(free)s can.") % {"typed": typed, "free": free_slug(typed)}
            self.add_error("slug", words)
        return data
