"""Forms about deals."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

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
from pipeline.models import PINNABLE, Account, Opportunity, Product, Stage
from pipeline.querysets import AccountQuerySet
from tenancy.form_fields import DayField, LineField
from tenancy.models import Member, Organization

FROM_LIST = {"list": "lost-reasons", "autocomplete": "off"}
"""Attributes of a field that offers the organisation's reasons; the page includes `pipeline/lost_reasons.html`."""


class OpportunityForm(RecordForm):
    """What a person says of a deal; the stage moves on the deal's own page. An open one has a dated next step."""

    name = LineField(label=_("Name"), max_length=300)
    account = AccountNameField(label=_("Account"), max_length=300, required=False)
    owner = OwnerField()
    amount = AmountField(label=_("Value"))
    currency = CurrencyField()
    close_date = DayField(label=_("Closes"), required=False)
    product = forms.ChoiceField(label=_("Main product"), required=False)
    next_step = LineField(label=_("Next step"), max_length=500, required=False)
    next_step_date = DayField(label=_("Next step on"), required=False)
    probability = forms.DecimalField(
        label=_("Chance in percent"),
        min_value=Decimal(0),
        max_value=Decimal(100),
        decimal_places=2,
        required=False,
        help_text=_("Leave it empty to use the chance of its stage"),
    )
    pinned_category = forms.ChoiceField(
        label=_("Forecast"),
        choices=[("", _("As its stage says")), *((one.value, one.label) for one in PINNABLE)],
        required=False,
        help_text=_("What you choose stays when the deal moves, until you clear it"),
    )
    layout: Sequence[Sequence[str]] = (
        ("name",),
        ("account", "owner"),
        ("amount", "currency"),
        ("close_date", "product"),
        ("next_step", "next_step_date"),
        ("probability", "pinned_category"),
    )

    def __init__(
        self,
        *args: Any,
        organization: Organization,
        owners: ChoiceList,
        accounts: AccountQuerySet,
        products: Sequence[Product],
        today: date,
        current_account: Account | None = None,
        is_open: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, organization=organization, **kwargs)
        self.today, self.is_open = today, is_open
        for name in ("next_step", "next_step_date"):
            self.fields[name].required = is_open
        self.accounts, self.current_account = accounts, current_account
        self.products = {str(product.pk): product for product in products}
        owner_field, product_field = self.fields["owner"], self.fields["product"]
        assert isinstance(owner_field, OwnerField)
        assert isinstance(product_field, forms.ChoiceField)
        owner_field.offer(owners)
        product_field.choices = [NOTHING, *((key, product.name) for key, product in self.products.items())]

    def clean_account(self) -> Account | None:
        """Return the account that may buy."""
        return account_of_name(
            self.organization, self.cleaned_data["account"], current=self.current_account, found=self.accounts
        )

    def clean_owner(self) -> Member | None:
        """Return the member who owns the deal."""
        return chosen_owner(self.organization, self.cleaned_data["owner"])

    def clean_product(self) -> Product | None:
        """Return the main product."""
        return self.products.get(self.cleaned_data["product"])

    def clean(self) -> dict[str, Any]:
        """Return the data with the value in minor units and the chance in basis points.

        What is planned lies ahead. A day that passed since it was set is not held against who changes something else.
        """
        data = self.cleaned_data
        past = {
            "close_date": _("This day has passed. When can it close?"),
            "next_step_date": _("This day has passed. When will it be?"),
        }
        for name, words in past.items():
            if self.is_open and data.get(name) and data[name] < self.today and name in self.typed():
                self.add_error(name, words)
        data["amount_minor"] = minor_units(self, "amount", data.get("currency", ""))
        chance = data.get("probability")
        data["probability_bp"] = None if chance is None else int(chance * 100)
        return data

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it."""
        said = super().stated()
        del said["amount"], said["probability"]
        return said | {name: self.cleaned_data[name] for name in ("amount_minor", "probability_bp")}


class NewOpportunityForm(OpportunityForm):
    """A deal that begins: it also needs the stage that it begins in."""

    stage = forms.ChoiceField(label=_("Stage"))
    layout = (
        ("name",),
        ("account", "owner"),
        ("stage", "product"),
        *OpportunityForm.layout[2:3],
        ("close_date",),
        *OpportunityForm.layout[4:],
    )

    def __init__(self, *args: Any, stages: Sequence[Stage], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stages = {str(stage.pk): stage for stage in stages if stage.is_open}
        stage_field = self.fields["stage"]
        assert isinstance(stage_field, forms.ChoiceField)
        stage_field.choices = [(key, stage.name) for key, stage in self.stages.items()]

    def clean_stage(self) -> Stage:
        """Return the stage that the deal begins in."""
        return self.stages[self.cleaned_data["stage"]]


class MoveForm(forms.Form):
    """Where a deal goes."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    stage = forms.ChoiceField(label=_("Stage"))
    lost_reason = LineField(
        label=_("Why it was lost"),
        max_length=300,
        required=False,
        help_text=_("Choose a reason, or say it in one line"),
        widget=forms.TextInput(attrs=FROM_LIST),
    )

    def __init__(self, *args: Any, stages: Sequence[Stage], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stages = {str(stage.pk): stage for stage in stages}
        stage_field = self.fields["stage"]
        assert isinstance(stage_field, forms.ChoiceField)
        stage_field.choices = [(key, stage.name) for key, stage in self.stages.items()]
        self.fields["lost_reason"].optional_words = _("required for a lost deal")  # type: ignore[attr-defined]

    def clean_stage(self) -> Stage:
        """Return the chosen stage."""
        return self.stages[self.cleaned_data["stage"]]

    def clean(self) -> dict[str, Any]:
        """Return the data; a loss without a reason is refused at its field."""
        data = self.cleaned_data
        stage = data.get("stage")
        if stage is not None and stage.kind == "lost" and not data.get("lost_reason", "").strip():
            self.add_error("lost_reason", _("Say why the deal was lost. One line is enough."))
        return data


def opportunity_values(opportunity: Opportunity) -> dict[str, Any]:
    """Return what the form shows of a deal."""
    chance = opportunity.probability_bp
    return {
        **{name: getattr(opportunity, name) for name in ("name", "currency", "next_step", "pinned_category")},
        **{name: getattr(opportunity, name) for name in ("close_date", "next_step_date")},
        "account": opportunity.account.name if opportunity.account else "",
        "owner": str(opportunity.owner_id or ""),
        "product": str(opportunity.product_id or ""),
        "amount": whole_units(opportunity.amount_minor, opportunity.currency),
        "probability": "" if chance is None else f"{Decimal(chance) / 100:f}",
    }
