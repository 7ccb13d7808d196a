"""Forms about contacts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.record import NOTHING, AccountNameField, RecordForm, account_of_name
from pipeline.models import Account, BuyingRole, Contact
from pipeline.querysets import AccountQuerySet
from tenancy.form_fields import LineField
from tenancy.models import Organization


class ContactForm(RecordForm):
    """What a person says of somebody at a customer."""

    name = LineField(label=_("Name"), max_length=200)
    title = LineField(label=_("Position"), max_length=200, required=False)
    account = AccountNameField(label=_("Account"), max_length=300, required=False)
    role = forms.ChoiceField(label=_("In decisions"), choices=[NOTHING, *BuyingRole.choices], required=False)
    email = forms.EmailField(label=_("Email"), max_length=254, required=False)
    phone = LineField(label=_("Phone"), max_length=60, required=False)
    is_decision_maker = forms.BooleanField(label=_("Has the last word"), required=False)
    opted_out = forms.BooleanField(label=_("Wants no mail from us"), required=False)
    layout = (("name", "title"), ("account", "role"), ("email", "phone"), ("is_decision_maker",), ("opted_out",))

    def __init__(
        self,
        *args: Any,
        organization: Organization,
        accounts: AccountQuerySet,
        current_account: Account | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, organization=organization, **kwargs)
        self.accounts, self.current_account = accounts, current_account

    def clean_account(self) -> Account | None:
        """Return the account where the person works."""
        return account_of_name(
            self.organization, self.cleaned_data["account"], current=self.current_account, found=self.accounts
        )


def contact_values(contact: Contact) -> dict[str, Any]:
    """Return what the form shows of a contact."""
    plain = ("name", "title", "role", "email", "phone", "is_decision_maker", "opted_out")
    return {
        **{name: getattr(contact, name) for name in plain},
        "account": contact.account.name if contact.account else "",
    }
