"""What people type on the pages about people, checked."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from agile_sales.sign_in_forms import PASSWORD_HINT
from pipeline.forms.filters import FilterForm
from tenancy.form_fields import DayField, LineField
from tenancy.models import Unit, User
from tenancy.models.member import ASSIGNABLE_ROLES, MOST_HOURS
from tenancy.people import MemberFilter

STATES = [("active", _("Active")), ("inactive", _("Deactivated")), ("no_login", _("Without sign-in"))]


def assignable_roles() -> list[tuple[str, str]]:
    """Return the roles that an administrator can give."""
    return [(role.value, str(role.label)) for role in ASSIGNABLE_ROLES]


def unit_choices(units: Sequence[Unit]) -> list[tuple[str, str]]:
    """Return units as the options of a select."""
    return [(str(unit.pk), f"{unit.name} ({unit.get_kind_display()})") for unit in units]


class MemberFilterForm(FilterForm):
    """What the list of members can be narrowed to."""

    name = forms.CharField(
        label=_("Name or e-mail"),
        max_length=100,
        required=False,
        widget=forms.TextInput(
            attrs={"type": "search", "class": "input filter", "placeholder": _("Name or e-mail"), "data-filter": ""}
        ),
    )
    role = forms.ChoiceField(
        label=_("Any role"), required=False, widget=forms.Select(attrs={"data-send": "", "class": "input"})
    )
    unit = forms.ChoiceField(
        label=_("Any unit"), required=False, widget=forms.Select(attrs={"data-send": "", "class": "input"})
    )
    state = forms.ChoiceField(
        label=_("Any state"),
        required=False,
        choices=[("", _("Any state")), *STATES],
        widget=forms.Select(attrs={"data-send": "", "class": "input"}),
    )

    def __init__(self, *args: Any, units: Sequence[Unit], by_address: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_address = by_address
        if not by_address:
            name = self.fields["name"]
            name.label = name.widget.attrs["placeholder"] = _("Name")
        self.offer(role=assignable_roles(), unit=unit_choices(units))

    def narrowed(self) -> MemberFilter:
        """Return the filter as the query takes it."""
        data = self.cleaned_data
        return MemberFilter(
            text=data["name"],
            by_address=self.by_address,
            role=data["role"],
            unit_id=UUID(data["unit"]) if data["unit"] else None,
            state=data["state"],
        )


class VersionForm(forms.Form):
    """A change of something that was read at a version."""

    # No id: a page has several of these forms.
    version = forms.IntegerField(widget=forms.HiddenInput(attrs={"id": False}))


class MemberNameForm(VersionForm):
    """What a member is called."""

    name = LineField(label=_("Name"), max_length=200)
    title = LineField(label=_("Position"), max_length=120, required=False)


class HoursForm(VersionForm):
    """How many hours a week a member has for customers."""

    hours_per_week = forms.IntegerField(
        label=_("Hours a week for customers"),
        required=False,
        min_value=0,
        max_value=MOST_HOURS,
        widget=forms.NumberInput(attrs={"class": "input num", "inputmode": "numeric"}),
    )


class RoleForm(VersionForm):
    """Which role a member has."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = assignable_roles()  # type: ignore[attr-defined]


class DeactivateForm(VersionForm):
    """Whether the tokens of a member end with their access."""

    end_tokens = forms.BooleanField(label=_("End the API tokens that they made"), required=False)


def _day(label: Any, *, required: bool = True, initial: date | None = None, hint: Any = "") -> DayField:
    return DayField(label=label, required=required, initial=initial, help_text=hint)


class JoinUnitForm(VersionForm):
    """Which unit a member belongs to, and from when."""

    unit = forms.ChoiceField(label=_("Unit"))
    active_from = _day(_("From"))
    active_to = _day(_("Until"), required=False, hint=_("The first day on which they are no longer there."))

    def __init__(self, *args: Any, units: Sequence[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = unit_choices(units)  # type: ignore[attr-defined]


class LeaveUnitForm(VersionForm):
    """When a member leaves a unit."""

    active_to = _day(_("Leaves on"), hint=_("The first day on which they are no longer there."))


class UnitNameForm(VersionForm):
    """What a unit is called."""

    name = LineField(label=_("Name"), max_length=200)


class UnitParentForm(VersionForm):
    """Where a unit stands in the tree."""

    parent = forms.ChoiceField(label=_("Below"))

    def __init__(self, *args: Any, units: Sequence[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = unit_choices(units)  # type: ignore[attr-defined]


class UnitCloseForm(VersionForm):
    """When a unit ends."""

    active_to = _day(_("Closed from"), hint=_("The first day on which it is no more."))


class NewUnitForm(forms.Form):
    """A unit that begins."""

    name = LineField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[one for one in Unit.Kind.choices if one[0] != Unit.Kind.COMPANY], initial="squad"
    )
    parent = forms.ChoiceField(label=_("Below"))
    code = LineField(
        label=_("Code"), max_length=40, required=False, help_text=_("For imports and the API. Empty: made of the name.")
    )
    active_from = _day(_("Begins on"))

    def __init__(self, *args: Any, units: Sequence[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = unit_choices(units)  # type: ignore[attr-defined]


class InvitationForm(forms.Form):
    """Who is asked in, and with which rights."""

    member = forms.UUIDField(required=False, widget=forms.HiddenInput)
    email = forms.EmailField(label=_("E-mail address"))
    name = LineField(label=_("Name"), max_length=200, required=False)
    role = forms.ChoiceField(label=_("Role"))
    units = forms.MultipleChoiceField(label=_("Units"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, units: Sequence[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = units
        self.fields["role"].choices = assignable_roles()  # type: ignore[attr-defined]
        self.fields["units"].choices = unit_choices(units)  # type: ignore[attr-defined]

    def chosen_units(self) -> list[Unit]:
        """Return the units that were ticked."""
        return [unit for unit in self.offered if str(unit.pk) in self.cleaned_data["units"]]


class JoinForm(forms.Form):
    """What somebody who joins chooses for themselves."""

    name = LineField(label=_("Your name"), max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=PASSWORD_HINT,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        """Hold the password to the rules of all passwords."""
        data: dict[str, Any] = super().clean() or {}
        if "password" in data:
            try:
                validate_password(data["password"], User(email=self.email, name=data.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return data
