"""The filters above lists: allow-listed, and nothing else counts."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.record import ChoiceList, label_of
from pipeline.models import (
    PINNABLE,
    Band,
    BuyingRole,
    InquiryChannel,
    InquiryState,
    Lifecycle,
    OrderStatus,
    Outcome,
    Segment,
)
from pipeline.queries.accounts import AccountFilter
from pipeline.queries.contacts import ContactFilter
from pipeline.queries.inquiries import WAITING, InquiryFilter
from pipeline.queries.opportunities import OpportunityFilter
from pipeline.queries.orders import OrderFilter
from pipeline.queries.products import ProductFilter


def search_filter(label: Any) -> forms.CharField:
    """Return a field that is searched as it is typed."""
    widget = forms.TextInput(attrs={"type": "search", "class": "input filter", "placeholder": label, "data-filter": ""})
    return forms.CharField(label=label, max_length=100, required=False, widget=widget)


def choice_filter(label: Any, choices: ChoiceList = ()) -> forms.ChoiceField:
    """Return a select that sends its form at once."""
    widget = forms.Select(attrs={"data-send": "", "class": "input"})
    return forms.ChoiceField(label=label, choices=[("", label), *choices], required=False, widget=widget)


class FilterForm(forms.Form):
    """A form whose every field narrows a list."""

    broken: Sequence[str] = ()
    """The filters of a saved view that were left out, because what they name is gone."""

    def offer(self, **choices: ChoiceList) -> None:
        """Set what the selects offer beside "all"."""
        for name, values in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", field.label or ""), *values]

    def leave_out(self, names: Iterable[str]) -> None:
        """Forget filters whose value is no longer offered, and keep their names for the page to say so."""
        self.broken = list(names)
        self.data = {name: value for name, value in self.data.items() if name not in self.broken}
        self.full_clean()

    def in_force(self) -> list[tuple[str, str, str]]:
        """Return the filters that are on: name, label and the value as a person reads it."""
        on = []
        for name, field in self.fields.items():
            value = self.cleaned_data.get(name)
            if not value:
                continue
            shown = str(value)
            if isinstance(field, forms.ChoiceField):
                shown = label_of(field, str(value))
            elif isinstance(field, forms.BooleanField):
                shown = str(_("yes"))
            on.append((name, str(field.label), shown))
        return on

    def _id(self, name: str) -> UUID | None:
        value = self.cleaned_data[name]
        return UUID(value) if value else None


class AccountFilterForm(FilterForm):
    """What the list of accounts can be narrowed to."""

    name = search_filter(_("Name begins with"))
    lifecycle = choice_filter(_("Any state"), Lifecycle.choices)
    segment = choice_filter(_("Any segment"), Segment.choices)
    region = choice_filter(_("Any region"))
    band = choice_filter(_("Any priority"), Band.choices)
    owner = choice_filter(_("Any owner"))

    def narrowed(self) -> AccountFilter:
        """Return the filter as the query takes it."""
        data = self.cleaned_data
        return AccountFilter(
            name=data["name"],
            lifecycle=data["lifecycle"],
            segment=data["segment"],
            region=data["region"],
            band=data["band"],
            owner_id=self._id("owner"),
        )


class OpportunityFilterForm(FilterForm):
    """What the list of deals can be narrowed to."""

    name = search_filter(_("Name begins with"))
    outcome = choice_filter(_("Open, won and lost"), Outcome.choices)
    stage = choice_filter(_("Any stage"))
    owner = choice_filter(_("Any owner"))
    category = choice_filter(_("Any forecast"), [(one.value, one.label) for one in PINNABLE])
    # Come with a link, such as that of "won this quarter"; a chip shows them and takes them off.
    closed_from = forms.DateField(label=_("Closed from"), required=False, widget=forms.HiddenInput())
    closes_from = forms.DateField(label=_("Closes from"), required=False, widget=forms.HiddenInput())
    closes_to = forms.DateField(label=_("Closes until"), required=False, widget=forms.HiddenInput())

    def narrowed(self) -> OpportunityFilter:
        """Return the filter as the query takes it."""
        data = self.cleaned_data
        return OpportunityFilter(
            name=data["name"],
            outcome=data["outcome"],
            stage_id=self._id("stage"),
            owner_id=self._id("owner"),
            closed_from=data["closed_from"],
            category=data["category"],
            closes_from=data["closes_from"],
            closes_to=data["closes_to"],
        )


class ContactFilterForm(FilterForm):
    """What the list of contacts can be narrowed to."""

    name = search_filter(_("Name begins with"))
    role = choice_filter(_("Any role"), BuyingRole.choices)

    def narrowed(self) -> ContactFilter:
        """Return the filter as the query takes it."""
        return ContactFilter(name=self.cleaned_data["name"], role=self.cleaned_data["role"])


class InquiryFilterForm(FilterForm):
    """What the list of inquiries can be narrowed to."""

    state = choice_filter(_("Any state"), [(WAITING, _("Waiting")), *InquiryState.choices])
    channel = choice_filter(_("Any way"), InquiryChannel.choices)
    owner = choice_filter(_("Any owner"))

    def narrowed(self) -> InquiryFilter:
        """Return the filter as the query takes it."""
        data = self.cleaned_data
        return InquiryFilter(state=data["state"], channel=data["channel"], owner_id=self._id("owner"))


class OrderFilterForm(FilterForm):
    """What the list of orders can be narrowed to."""

    number = search_filter(_("Number begins with"))
    status = choice_filter(_("Any state"), OrderStatus.choices)
    late = forms.BooleanField(label=_("Late only"), required=False, widget=forms.CheckboxInput())

    def narrowed(self) -> OrderFilter:
        """Return the filter as the query takes it."""
        data = self.cleaned_data
        return OrderFilter(number=data["number"], status=data["status"], late=data["late"])


class ProductFilterForm(FilterForm):
    """What the list of products can be narrowed to."""

    name = search_filter(_("Name begins with"))
    family = choice_filter(_("Any family"))
    state = choice_filter(_("Sold and retired"), [("active", _("Can be sold")), ("retired", _("Retired"))])

    def narrowed(self) -> ProductFilter:
        """Return the filter as the query takes it."""
        data = self.cleaned_data
        return ProductFilter(name=data["name"], family=data["family"], state=data["state"])
