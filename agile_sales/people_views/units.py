"""Units: the tree, one of them, and every change of one."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agile_sales.people_forms import NewUnitForm, UnitCloseForm, UnitNameForm, UnitParentForm
from tenancy import people
from tenancy import units as operations
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.models import Unit
from tenancy.onlookers import only_changes
from tenancy.units import StaleUnit, UnableToChangeUnits, in_tree_order, open_units
from tenancy.working_time import local_day


@member_can(Action.VIEW_MEMBERS)
@require_safe
def units(request: MemberRequest) -> HttpResponse:
    """Show the tree, with how many people belong to each unit; `?closed=1` shows those that are no more."""
    today = local_day(request.organization, timezone.now())
    closed = request.GET.get("closed") == "1"
    found = people.units_with_sizes(organization=request.organization, today=today, closed=closed)
    return render(
        request, "people/units.html", {"tree": in_tree_order(found), "with_closed": closed, "now": timezone.now()}
    )


@member_can(Action.MANAGE_UNITS)
@only_changes
@require_http_methods(["GET", "HEAD", "POST"])
def unit_new(request: MemberRequest) -> HttpResponse:
    """Add a unit; `?below=` names the one that it stands under."""
    now = timezone.now()
    today = local_day(request.organization, now)
    offered = open_units(organization=request.organization, on=today)
    if request.method != "POST":
        below = request.GET.get("below", "")
        initial = {"parent": below, "active_from": today, "kind": Unit.Kind.SQUAD}
        return render(request, "people/unit_new.html", {"form": NewUnitForm(units=offered, initial=initial)})
    form = NewUnitForm(request.POST, units=offered)
    if form.is_valid():
        data = dict(form.cleaned_data)
        below = data.pop("parent")
        parent = next(unit for unit in offered if str(unit.pk) == below)
        try:
            unit = operations.create_unit(
                organization=request.organization, parent=parent, actor=request.member, at=now, **data
            )
        except UnableToChangeUnits as error:
            undo_changes(request)
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%s was added.") % unit.name)
            return redirect("people:units", organization=request.organization.slug)
    return render(request, "people/unit_new.html", {"form": form}, status=422)


@member_can(Action.VIEW_MEMBERS)
@require_safe
def unit(request: MemberRequest, unit_id: UUID) -> HttpResponse:
    """Show one unit: who belongs to it, where it stands."""
    return _page(request, _unit(request, unit_id))


def _unit(request: MemberRequest, unit_id: UUID) -> Unit:
    found = Unit.objects.for_organization(request.organization).select_related("parent")
    one: Unit = get_object_or_404(found, pk=unit_id)
    return one


def _page(request: MemberRequest, one: Unit, *, status: int = 200, **context: Any) -> HttpResponse:
    now = timezone.now()
    today = local_day(request.organization, now)
    read_at = {"version": one.version}
    manages = Action.MANAGE_UNITS.value in request.rights
    context = {
        "one": one,
        "now": now,
        "today": today,
        "is_closed": one.active_to is not None and one.active_to <= today,
        "manages": manages,
        "people_here": people.people_of(organization=request.organization, unit=one, today=today),
        "name_form": UnitNameForm(initial={"name": one.name, **read_at}),
        "close_form": UnitCloseForm(initial={"active_to": today, **read_at}),
        **context,
    }
    if manages and one.parent_id and "parent_form" not in context:
        context["parent_form"] = _parent_form(request, one, initial={"parent": str(one.parent_id), **read_at})
    return render(request, "people/unit.html", context, status=status)


def _parent_form(request: MemberRequest, one: Unit, data: Any = None, **options: Any) -> UnitParentForm:
    today = local_day(request.organization, timezone.now())
    offered = [unit for unit in open_units(organization=request.organization, on=today) if unit.pk != one.pk]
    return UnitParentForm(data, units=offered, **options)


def _answer(
    request: MemberRequest, one: Unit, form: forms.Form, form_name: str, change: Callable[[], str]
) -> HttpResponse:
    if not form.is_valid():
        return _page(request, one, status=422, **{form_name: form})
    try:
        words = change()
    except StaleUnit:
        undo_changes(request)
        return _page(request, _unit(request, one.pk), status=409, is_stale=True)
    except UnableToChangeUnits as error:
        undo_changes(request)
        form.add_error(None, str(error))
        return _page(request, one, status=422, **{form_name: form})
    messages.success(request, words)
    return redirect("people:unit", organization=request.organization.slug, unit_id=one.pk)


def _stated(request: MemberRequest, one: Unit) -> dict[str, Any]:
    return {"organization": request.organization, "unit": one, "actor": request.member, "at": timezone.now()}


@member_can(Action.MANAGE_UNITS)
@require_POST
def unit_rename(request: MemberRequest, unit_id: UUID) -> HttpResponse:
    """Give a unit another name."""
    one, form = _unit(request, unit_id), UnitNameForm(request.POST)

    def change() -> str:
        operations.rename_unit(**_stated(request, one), **form.cleaned_data)
        return _("Saved.")

    return _answer(request, one, form, "name_form", change)


@member_can(Action.MANAGE_UNITS)
@require_POST
def unit_move(request: MemberRequest, unit_id: UUID) -> HttpResponse:
    """Put a unit under another one."""
    one = _unit(request, unit_id)
    form = _parent_form(request, one, request.POST)

    def change() -> str:
        parent = Unit.objects.for_organization(request.organization).get(pk=form.cleaned_data["parent"])
        today = local_day(request.organization, timezone.now())
        operations.move_unit(**_stated(request, one), version=form.cleaned_data["version"], parent=parent, on=today)
        return _("%(unit)s stands below %(parent)s now.") % {"unit": one.name, "parent": parent.name}

    return _answer(request, one, form, "parent_form", change)


@member_can(Action.MANAGE_UNITS)
@require_POST
def unit_close(request: MemberRequest, unit_id: UUID) -> HttpResponse:
    """Close a unit."""
    one, form = _unit(request, unit_id), UnitCloseForm(request.POST)

    def change() -> str:
        operations.close_unit(**_stated(request, one), **form.cleaned_data)
        return _("%s is closed.") % one.name

    return _answer(request, one, form, "close_form", change)
