"""Forms about accounts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from integrations.imports.countries import NAMES
from pipeline.forms.record import (
    NOTHING,
    AccountNameField,
    AmountField,
    ChoiceList,
    CurrencyField,
    OwnerField,
    RecordForm,
    account_of_name,
    chosen_owner,
    minor_units,
    whole_units,
)
from pipeline.models import Account, IcpFit, Lifecycle, Segment
from pipeline.querysets import AccountQuerySet
from tenancy.form_fields import DayField, LineField, WebsiteField
from tenancy.likely_days import HAPPENED
from tenancy.models import Member, Organization


class AccountForm(RecordForm):
    """What a person says of an account."""

    name = LineField(label=_("Name"), max_length=300)
    lifecycle = forms.ChoiceField(label=_("State"), choices=Lifecycle.choices)
    segment = forms.ChoiceField(label=_("Segment"), choices=[NOTHING, *Segment.choices], required=False)
    owner = OwnerField()
    parent = AccountNameField(
        label=_("Belongs to"), max_length=300, required=False, help_text=_("The group or parent company, if any")
    )
    industry = LineField(label=_("Industry"), max_length=120, required=False)
    region = LineField(label=_("Region"), max_length=120, required=False)
    city = LineField(label=_("City"), max_length=120, required=False)
    country = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label=_("Country"),
        required=False,
        help_text=_("Two letters, such as NL"),
        error_messages={"invalid": _("Use the two letters of the country, such as NL or DE.")},
    )
    website = WebsiteField(label=_("Website"), max_length=300, required=False)
    employees = forms.IntegerField(label=_("Employees"), min_value=0, max_value=10_000_000, required=False)
    potential = AmountField(label=_("Potential a year"))
    annual_revenue = AmountField(label=_("Their revenue a year"))
    currency = CurrencyField()
    customer_since = DayField(label=_("Customer since"), required=False, years_ahead=HAPPENED)
    icp_fit = forms.ChoiceField(
        label=_("Fit"),
        choices=[NOTHING, *IcpFit.choices],
        required=False,
        help_text=_("How well it matches the customers we serve best"),
    )
    layout = (
        ("name",),
        ("lifecycle", "segment"),
        ("owner", "parent"),
        ("industry", "region"),
        ("city", "country"),
        ("website", "employees"),
        ("potential", "annual_revenue"),
        ("currency", "icp_fit"),
        ("customer_since",),
    )

    def __init__(
        self,
        *args: Any,
        organization: Organization,
        owners: ChoiceList,
        accounts: AccountQuerySet,
        current_parent: Account | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, organization=organization, **kwargs)
        self.accounts, self.current_parent = accounts, current_parent
        owner_field = self.fields["owner"]
        assert isinstance(owner_field, OwnerField)
        owner_field.offer(owners)

    def clean_parent(self) -> Account | None:
        """Return the account that this one belongs to."""
        return account_of_name(
            self.organization, self.cleaned_data["parent"], current=self.current_parent, found=self.accounts
        )

    def clean_owner(self) -> Member | None:
        """Return the member who owns the account."""
        return chosen_owner(self.organization, self.cleaned_data["owner"])

    def clean_country(self) -> str:
        """Return the country's letters in capitals."""
        letters = str(self.cleaned_data["country"]).upper()
        if letters and letters not in NAMES:
            raise forms.ValidationError(self.fields["country"].error_messages["invalid"], "invalid")
        return letters

    def clean(self) -> dict[str, Any]:
        """Return the data with the amounts in minor units."""
        data = self.cleaned_data
        currency = data.get("currency", "")
        data["potential_minor"] = minor_units(self, "potential", currency)
        data["annual_revenue_minor"] = minor_units(self, "annual_revenue", currency)
        return data

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it."""
        said = super().stated()
        del said["potential"], said["annual_revenue"]
        return said | {name: self.cleaned_data[name] for name in ("potential_minor", "annual_revenue_minor")}


def account_values(account: Account) -> dict[str, Any]:
    """Return what the form shows of an account."""
    plain = ("name", "lifecycle", "segment", "industry", "region", "city", "country", "website", "employees")
    return {
        **{name: getattr(account, name) for name in (*plain, "currency", "icp_fit", "customer_since")},
        "owner": str(account.owner_id or ""),
        "parent": account.parent.name if account.parent else "",
        "potential": whole_units(account.potential_minor, account.currency),
        "annual_revenue": whole_units(account.annual_revenue_minor, account.currency),
    }
