"""What can be done with many records at once, and which records are meant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from pipeline import queries
from pipeline.forms.filters import (
    AccountFilterForm,
    ContactFilterForm,
    OpportunityFilterForm,
    OrderFilterForm,
    ProductFilterForm,
)
from pipeline.forms.opportunities import FROM_LIST
from pipeline.forms.record import ChoiceList
from pipeline.models import BY_STAGE, PINNABLE, Lifecycle, Segment
from pipeline.operations.bulk import AT_ONCE
from tenancy.access import Action
from tenancy.form_fields import DayField, LineField
from tenancy.models import Member, Organization

NOBODY = "nobody"
CATEGORIES: ChoiceList = [*((one.value, one.label) for one in PINNABLE), (BY_STAGE, _("As its stage says"))]
PRODUCT_STATES = [("active", _("Can be sold")), ("retired", _("Retired"))]


@dataclass(frozen=True)
class BulkKind:
    """A kind of record of which many can be changed at once."""

    record_type: str
    list_page: str
    view: Action
    edit: Action
    actions: tuple[str, ...]


BULK = {
    "account": BulkKind(
        "account", "accounts", Action.VIEW_ACCOUNTS, Action.EDIT_ACCOUNTS, ("owner", "segment", "lifecycle", "delete")
    ),
    "opportunity": BulkKind(
        "opportunity",
        "opportunities",
        Action.VIEW_OPPORTUNITIES,
        Action.EDIT_OPPORTUNITIES,
        ("stage", "close_date", "pinned_category", "owner", "delete"),
    ),
    "contact": BulkKind("contact", "contacts", Action.VIEW_ACCOUNTS, Action.EDIT_ACCOUNTS, ("owner", "delete")),
    # The state of an order is more than a word: it goes with dates, so it is changed where those are.
    "order": BulkKind("order", "orders", Action.VIEW_ORDERS, Action.EDIT_ORDERS, ("owner", "delete")),
    "product": BulkKind("product", "products", Action.VIEW_PRODUCTS, Action.EDIT_PRODUCTS, ("is_active", "delete")),
}


class BulkForm(forms.Form):
    """One change: the button says which, the field of that name says what."""

    do = forms.CharField()
    owner = forms.ChoiceField(label=_("New owner"), required=False)
    segment = forms.ChoiceField(label=_("New segment"), choices=Segment.choices, required=False)
    lifecycle = forms.ChoiceField(label=_("New state"), choices=Lifecycle.choices, required=False)
    is_active = forms.ChoiceField(label=_("New state"), choices=PRODUCT_STATES, required=False)
    stage = forms.ChoiceField(label=_("New stage"), required=False)
    close_date = DayField(label=_("Closes"), required=False)
    pinned_category = forms.ChoiceField(label=_("Forecast"), choices=CATEGORIES, required=False)
    lost_reason = LineField(
        label=_("Why they were lost"), max_length=300, required=False, widget=forms.TextInput(attrs=FROM_LIST)
    )

    def __init__(
        self, *args: Any, kind: BulkKind, owners: ChoiceList, stages: Sequence[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "bulk-%s"
        self.kind = kind
        self._offer("owner", [(NOBODY, _("Nobody")), *owners])
        self._offer("stage", stages)
        self._offer("segment", Segment.choices)
        self._offer("lifecycle", Lifecycle.choices)
        self._offer("is_active", PRODUCT_STATES)
        self._offer("pinned_category", CATEGORIES)

    def shown(self) -> "BulkForm":
        """Return the form as the bar draws it: what a button changes must be chosen, though only for that button."""
        self.use_required_attribute = False
        for name, field in self.fields.items():
            field.required = name != "lost_reason"
        self.fields["lost_reason"].optional_words = _("required for Lost")  # type: ignore[attr-defined]
        return self

    def _offer(self, name: str, choices: ChoiceList) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose")), *choices]

    def clean(self) -> dict[str, Any]:
        """Return the data, refused when the list does not offer this change or its field is empty."""
        data = self.cleaned_data
        do = data.get("do", "")
        if do not in self.kind.actions:
            raise forms.ValidationError(_("Choose what to change."))
        if do != "delete" and not data.get(do):
            raise forms.ValidationError(_("Choose the new value first."))
        return data

    def change(self) -> dict[str, str]:
        """Return the change as JSON."""
        do = self.cleaned_data["do"]
        value = self.cleaned_data.get(do, "")
        text = value.isoformat() if isinstance(value, date) else str(value or "")
        return {
            "do": do,
            "value": "" if do == "delete" or text in (NOBODY, BY_STAGE) else text,
            "lost_reason": self.cleaned_data.get("lost_reason", "") if do == "stage" else "",
        }


def records_meant(
    *,
    organization: Organization,
    member: Member,
    today: date,
    kind: BulkKind,
    query: str = "",
    ids: Collection[UUID] | None = None,
) -> Any:
    """Return the records that the member ticked, or all that the filter of an address matches, with `is_editable`.

    :raises ValueError: when the filter names what does not exist.
    """
    scope: dict[str, Any] = {"organization": organization, "member": member, "today": today}
    found: Any
    if kind.record_type == "account":
        found = queries.accounts(**scope, narrowed=None if ids is not None else _accounts(organization, query))
        found = found.select_related("owner", "parent")
    elif kind.record_type == "contact":
        found = queries.contacts(**scope, narrowed=None if ids is not None else _contacts(query))
        found = found.select_related("owner")
    elif kind.record_type == "order":
        found = queries.orders(**scope, narrowed=None if ids is not None else _orders(query)).select_related("owner")
    elif kind.record_type == "product":
        narrowed = None if ids is not None else _products(organization, query)
        found = queries.products(organization=organization, narrowed=narrowed)
    else:
        found = queries.opportunities(**scope, narrowed=None if ids is not None else _deals(organization, query))
        found = found.select_related("stage", "owner")
    if ids is not None:
        found = found.filter(pk__in=list(ids)[:AT_ONCE])
    return found.with_editable(member, kind.edit, as_of=today).order_by("pk")


def _accounts(organization: Organization, query: str) -> Any:
    choices = queries.account_choices(organization=organization)
    form = AccountFilterForm(QueryDict(query))
    form.offer(owner=choices.owners, region=choices.values)
    return _narrowed(form)


def _deals(organization: Organization, query: str) -> Any:
    data = QueryDict(query).copy()
    if "outcome" not in data:
        data["outcome"] = "open"
    form = OpportunityFilterForm(data)
    choices = queries.deal_choices(organization=organization)
    form.offer(stage=choices.values, owner=choices.owners)
    return _narrowed(form)


def _contacts(query: str) -> Any:
    return _narrowed(ContactFilterForm(QueryDict(query)))


def _orders(query: str) -> Any:
    return _narrowed(OrderFilterForm(QueryDict(query)))


def _products(organization: Organization, query: str) -> Any:
    form = ProductFilterForm(QueryDict(query))
    form.offer(family=queries.product_families(organization=organization).values)
    return _narrowed(form)


def _narrowed(form: Any) -> Any:
    if not form.is_valid():
        raise ValueError("The filter names what does not exist: " + ", ".join(form.errors))
    return form.narrowed()


def locked(found: Any) -> Any:
    """Return the same records locked, so that nobody changes one between reading and writing it."""
    # Optional relations are joined from outside, and what may be missing can't be locked.
    return found.select_for_update(of=("self",))
