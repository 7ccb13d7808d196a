"""What all forms of customer records do: keep the version that was seen, and compare when somebody was faster."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from pipeline.models import Account
from pipeline.querysets import AccountQuerySet
from tenancy.form_fields import LineField
from tenancy.models import Member, Organization
from tenancy.money import exponent, from_minor, known_currency, to_minor

ChoiceList = Iterable[tuple[str, str | Promise]]

NOTHING = ("", "–")


@dataclass(frozen=True)
class Conflict:
    """A field that two people changed at the same time."""

    label: str
    theirs: str
    mine: str


class RecordForm(forms.Form):
    """A form over one record.

    Every field also carries the value that the person saw when the form was opened. So a stale save can tell what they
    changed themselves from what they merely had on screen.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, initial=0)
    layout: Sequence[Sequence[str]] = ()
    """Rows of field names, as the page draws them."""

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        for name, field in self.fields.items():
            field.show_hidden_initial = name != "version"

    def rows(self) -> list[list[forms.BoundField]]:
        """Return the fields as the page draws them."""
        return [[self[name] for name in row] for row in self.layout]

    def seen_values(self) -> list[SafeString]:
        """Return the hidden inputs that carry what the person saw."""
        return [self[name].as_hidden(only_initial=True) for row in self.layout for name in row]

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it."""
        return {name: self.cleaned_data[name] for row in self.layout for name in row}

    def typed(self) -> list[str]:
        """Return the fields that this person changed since they opened the form."""
        shown = {name for row in self.layout for name in row}
        return [name for name in self.changed_data if name in shown]

    def conflicts_with(self, current: Mapping[str, Any]) -> list[Conflict]:
        """Return the fields that this person changed and that meanwhile have another value than both knew."""
        conflicts = []
        for name in self.typed():
            bound = self[name]
            theirs, mine = _text(bound.field, current.get(name)), _text(bound.field, bound.data)
            seen = _text(bound.field, self.data.get(self.add_initial_prefix(name)))
            if theirs not in (seen, mine):
                conflicts.append(Conflict(str(bound.label), _shown(bound.field, theirs), _shown(bound.field, mine)))
        return conflicts

    def merged_with(self, current: Mapping[str, Any], *, version: int) -> QueryDict:
        """Return the form's data on top of `current`: what this person changed is kept, the rest is theirs."""
        assert isinstance(self.data, QueryDict)
        data = self.data.copy()
        changed = self.typed()
        for row in self.layout:
            for name in row:
                text = _text(self.fields[name], current.get(name))
                data[self.add_initial_prefix(name)] = text
                if name not in changed:
                    data[name] = text
                if isinstance(self.fields[name], forms.BooleanField) and data.get(name) in ("", "False"):
                    data.pop(name)
        data["version"] = str(version)
        return data


def _text(field: forms.Field, value: Any) -> str:
    """Return a value as its input would hold it."""
    if isinstance(field, forms.BooleanField):
        return "on" if value in (True, "on", "True", "true") else ""
    prepared = field.prepare_value(value)
    if prepared is None:
        return ""
    formatted = field.widget.format_value(prepared) if not isinstance(field, forms.ChoiceField) else prepared
    return "" if formatted is None else str(formatted).strip()


def _shown(field: forms.Field, text: str) -> str:
    """Return a value as a person reads it."""
    if isinstance(field, forms.BooleanField):
        return str(_("yes")) if text else str(_("no"))
    if isinstance(field, forms.ChoiceField):
        return label_of(field, text)
    return text or "–"


def label_of(field: forms.ChoiceField, value: str) -> str:
    """Return what a person reads for a choice."""
    choices: Any = field.choices
    return next((str(label) for key, label in choices if str(key) == value), value)


class OwnerField(forms.ChoiceField):
    """A colleague of the organisation."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, label=_("Owner"), **kwargs)

    def offer(self, owners: ChoiceList) -> None:
        """Set who can be chosen."""
        self.choices = [("", _("Nobody")), *owners]


def chosen_owner(organization: Organization, owner_id: str) -> Member | None:
    """Return the member of that id, None for nobody."""
    if not owner_id:
        return None
    member: Member = Member.objects.for_organization(organization).get(pk=owner_id)
    return member


class AccountNameField(LineField):
    """An account by its name. Lists of accounts are too long to choose from; the page suggests while one types."""

    widget = forms.TextInput(attrs={"list": "account-names", "autocomplete": "off", "class": "account-name"})


def account_of_name(
    organization: Organization, name: str, *, current: Account | None, found: AccountQuerySet
) -> Account | None:
    """Return the account that a person means by `name`, None for an empty one.

    :raises forms.ValidationError: when no account has that name, or several have.
    """
    name = name.strip()
    if not name:
        return None
    if current is not None and current.name.casefold() == name.casefold():
        return current
    matches = list(found.called(name)[:2])
    if not matches:
        raise forms.ValidationError(
            _("There is no account called “%(name)s”. Choose one from the list, or add it first."),
            params={"name": name},
        )
    if len(matches) > 1:
        raise forms.ValidationError(_("Several accounts have this name. Open the right one and begin from its page."))
    return matches[0]


class AmountField(forms.DecimalField):
    """An amount in whole units of a currency that stands in a field beside it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_digits=18, decimal_places=3, min_value=Decimal(0), **kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "class": "num"}


class CurrencyField(forms.CharField):
    """A currency code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=3, label=_("Currency"), **kwargs)
        self.widget.attrs |= {"autocapitalize": "characters", "size": "4"}

    def clean(self, value: Any) -> Any:
        """Return the code in capitals.

        :raises forms.ValidationError: when it is no currency in use.
        """
        code = str(super().clean(value)).upper()
        if code and not known_currency(code):
            raise forms.ValidationError(
                _("“%(code)s” is no currency. Use its three letters, such as EUR."), params={"code": code}
            )
        return code


def minor_units(form: forms.Form, field: str, currency: str) -> int | None:
    """Return the amount of a field in minor units; where it can't be, the field gets the error."""
    amount = form.cleaned_data.get(field)
    if amount is None:
        return None
    if not currency:
        form.add_error(field, _("Say in which currency."))
        return None
    if amount != round(amount, exponent(currency)):
        form.add_error(
            field,
            _("%(currency)s has %(count)s decimals.") % {"currency": currency, "count": exponent(currency)},
        )
        return None
    return to_minor(amount, currency)


def whole_units(amount_minor: int | None, currency: str) -> str:
    """Return an amount of minor units as a person types it."""
    if amount_minor is None:
        return ""
    amount = from_minor(amount_minor, currency)
    return f"{amount:f}" if amount != amount.to_integral() else f"{amount:.0f}"
