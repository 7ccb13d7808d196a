"""Forms about inquiries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.record import AccountNameField, OwnerField, RecordForm, account_of_name, chosen_owner
from pipeline.models import Account, Inquiry, InquiryChannel
from pipeline.queries.choices import owner_choices
from pipeline.querysets import AccountQuerySet
from tenancy.form_fields import LineField, LinesField, MomentField
from tenancy.models import Member, Organization


class InquiryForm(RecordForm):
    """What somebody asked, and who takes it."""

    subject = LineField(label=_("In one line"), max_length=300)
    text = LinesField(
        label=_("What they ask"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "area"}),
    )
    account = AccountNameField(label=_("Account"), max_length=300, required=False)
    channel = forms.ChoiceField(label=_("It came by"), choices=InquiryChannel.choices)
    received_at = MomentField(label=_("When"))
    owner = OwnerField()
    layout: Sequence[Sequence[str]] = (("subject",), ("text",), ("account", "channel"), ("received_at", "owner"))

    def __init__(
        self,
        *args: Any,
        organization: Organization,
        accounts: AccountQuerySet,
        now: datetime,
        current_account: Account | None = None,
        shows_text: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, organization=organization, **kwargs)
        self.accounts, self.current_account, self.now = accounts, current_account, now
        owner = self.fields["owner"]
        assert isinstance(owner, OwnerField)
        owner.offer(owner_choices(organization=organization))
        if not shows_text:
            # Who may not read it must not empty it either.
            del self.fields["text"]
            self.layout = tuple(row for row in self.layout if "text" not in row)

    def clean_account(self) -> Account | None:
        """Return the account that asks."""
        return account_of_name(
            self.organization, self.cleaned_data["account"], current=self.current_account, found=self.accounts
        )

    def clean_owner(self) -> Member | None:
        """Return who takes it."""
        return chosen_owner(self.organization, self.cleaned_data["owner"])

    def clean_received_at(self) -> datetime:
        """Return the moment, which has passed."""
        at: datetime = self.cleaned_data["received_at"]
        if at > self.now:
            raise forms.ValidationError(_("That is still to come. Set when it came."))
        return at


def inquiry_values(inquiry: Inquiry) -> dict[str, Any]:
    """Return what the form shows of an inquiry."""
    return {
        **{name: getattr(inquiry, name) for name in ("subject", "text", "channel")},
        "received_at": to_the_minute(inquiry.received_at),
        "account": inquiry.account.name if inquiry.account else "",
        "owner": str(inquiry.owner_id or ""),
    }


def to_the_minute(moment: datetime) -> datetime:
    """Return a moment as a form shows it."""
    return moment.replace(second=0, microsecond=0)
