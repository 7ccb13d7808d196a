"""Forms about who takes part in a deal: one row for each person of the account, one for each unit."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.models import BuyingRole, Contact
from tenancy.models import Unit


class PeopleForm(forms.Form):
    """The role of each person of the account in this deal."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: Sequence[Contact], roles: Mapping[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {f"role_{one.pk.hex}": one for one in people}
        for name, one in self.people.items():
            choices = [("", _("takes no part")), *BuyingRole.choices]
            self.fields[name] = forms.ChoiceField(label=one.name, choices=choices, required=False)
            self.initial[name] = roles.get(one.pk, "")

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it."""
        said = {one: self.cleaned_data[name] for name, one in self.people.items()}
        return {"roles": {one: role for one, role in said.items() if role}}


class SplitsForm(forms.Form):
    """The share of each unit in per cent."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, units: Sequence[Unit], shares: Mapping[UUID, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {f"share_{one.pk.hex}": one for one in units}
        for name, one in self.units.items():
            self.fields[name] = forms.DecimalField(
                label=one.name, min_value=Decimal(0), max_value=Decimal(100), decimal_places=2, required=False
            )
            if one.pk in shares:
                self.initial[name] = f"{Decimal(shares[one.pk]) / 100:f}"

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it: basis points."""
        said = {one: int((self.cleaned_data[name] or 0) * 100) for name, one in self.units.items()}
        return {"shares": {one: share for one, share in said.items() if share}}
