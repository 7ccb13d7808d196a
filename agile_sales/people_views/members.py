"""Members: the list, one of them, and every change of one."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from agile_sales.people_forms import (
    DeactivateForm,
    HoursForm,
    JoinUnitForm,
    LeaveUnitForm,
    MemberFilterForm,
    MemberNameForm,
    RoleForm,
    VersionForm,
)
from pipeline.views.listing import from_the_beginning, read_cursor, read_filters, read_sort, render_list
from tenancy import members as operations
from tenancy import people
from tenancy.access import Action, blank_hidden, hidden_fields, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.identity import recently_authenticated
from tenancy.keyset import InvalidCursor
from tenancy.members import StaleMember, UnableToChangeMember
from tenancy.models import Member, Unit, UnitMembership
from tenancy.role_words import matrix, rights_in_words
from tenancy.units import UnableToChangeUnits, join_unit, leave_unit, open_units
from tenancy.working_time import local_day


@member_can(Action.VIEW_MEMBERS)
@require_safe
def members(request: MemberRequest) -> HttpResponse:
    """Show who is here."""
    today = local_day(request.organization, timezone.now())
    shows_addresses = "email" not in hidden_fields(request.member, "member")
    units = open_units(organization=request.organization, on=today)
    filters = MemberFilterForm(request.GET, units=units, by_address=shows_addresses)
    read_filters(filters)
    sort = read_sort(request, people.SORTS)
    try:
        page, total = people.members_page(
            organization=request.organization,
            today=today,
            narrowed=filters.narrowed(),
            sort=sort,
            cursor=read_cursor(request),
        )
    except InvalidCursor:
        return from_the_beginning(request)
    blank_hidden(request.member, page.rows)
    context = {
        "shows_addresses": shows_addresses,
        "filters": filters,
        "in_force": filters.in_force(),
        "page": page,
        "total": total,
        "sort": sort.parameter,
        "now": timezone.now(),
    }
    return render_list(request, "people/members.html", context)


@member_can(Action.VIEW_MEMBERS)
@require_safe
def roles(request: MemberRequest) -> HttpResponse:
    """Show who may do what: the whole table of rights."""
    return render(request, "people/roles.html", {"roles": [role.label for role in Member.Role], "matrix": matrix()})


@member_can(Action.VIEW_MEMBERS)
@require_safe
def member(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """Show one member: role, units, what the role reaches."""
    return _page(request, _member(request, member_id))


def _member(request: MemberRequest, member_id: UUID) -> Member:
    today = local_day(request.organization, timezone.now())
    found: Member = get_object_or_404(people.members(organization=request.organization, today=today), pk=member_id)
    return found


def _page(request: MemberRequest, one: Member, *, status: int = 200, **context: Any) -> HttpResponse:
    """Draw a member's page; `context` brings the form that was refused, and why."""
    now = timezone.now()
    today = local_day(request.organization, now)
    read_at = {"version": one.version}
    is_me = one.pk == request.member.pk
    if not is_me:
        blank_hidden(request.member, [one])
    manages, assigns = (action.value in request.rights for action in (Action.MANAGE_MEMBERS, Action.MANAGE_UNITS))
    context = {
        "one": one,
        "now": now,
        "today": today,
        "is_me": is_me,
        "hidden": () if is_me else hidden_fields(request.member, "member"),
        "places": people.memberships_of(organization=request.organization, member=one),
        "rights_in_words": rights_in_words(one.role),
        "manages": manages,
        "assigns": assigns,
        "tokens": operations.tokens_made_by(organization=request.organization, member=one, now=now) if manages else [],
        "name_form": MemberNameForm(initial={"name": one.name, "title": one.title, **read_at}),
        "usual_hours": request.organization.setting("customer_hours_per_week"),
        "hours_form": HoursForm(initial={"hours_per_week": one.hours_per_week, **read_at}),
        "role_form": RoleForm(initial={"role": one.role, **read_at}),
        "deactivate_form": DeactivateForm(initial=read_at),
        "reactivate_form": VersionForm(initial=read_at),
        "leave_form": LeaveUnitForm(initial={"active_to": today, **read_at}),
        **context,
    }
    if assigns and "join_form" not in context:
        context["join_form"] = _join_form(request, initial={"active_from": today, **read_at})
    return render(request, "people/member.html", context, status=status)


def _join_form(request: MemberRequest, data: Any = None, **options: Any) -> JoinUnitForm:
    today = local_day(request.organization, timezone.now())
    return JoinUnitForm(data, units=open_units(organization=request.organization, on=today), **options)


def _answer(
    request: MemberRequest, one: Member, form: forms.Form, form_name: str, change: Callable[[], str]
) -> HttpResponse:
    """Make the change and go back to the member; what is refused is said on their page, beside what was typed."""
    if not form.is_valid():
        return _page(request, one, status=422, **{form_name: form})
    try:
        words = change()
    except StaleMember:
        undo_changes(request)
        return _page(request, _member(request, one.pk), status=409, is_stale=True)
    except (UnableToChangeMember, UnableToChangeUnits) as error:
        undo_changes(request)
        form.add_error(None, str(error))
        return _page(request, one, status=422, **{form_name: form})
    messages.success(request, words)
    return redirect("people:member", organization=request.organization.slug, member_id=one.pk)


def _stated(request: MemberRequest, one: Member) -> dict[str, Any]:
    return {"organization": request.organization, "member": one, "actor": request.member, "at": timezone.now()}


@member_can(Action.MANAGE_MEMBERS)
@require_POST
def rename(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """Change a member's name and position."""
    one, form = _member(request, member_id), MemberNameForm(request.POST)

    def change() -> str:
        operations.rename_member(**_stated(request, one), **form.cleaned_data)
        return _("Saved.")

    return _answer(request, one, form, "name_form", change)


@member_can(Action.MANAGE_UNITS)
@require_POST
def hours(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """Say how many hours a week a member has for customers: the night plans with them."""
    one, form = _member(request, member_id), HoursForm(request.POST)

    def change() -> str:
        operations.set_hours(**_stated(request, one), **form.cleaned_data)
        return _("Saved. The next night plans with it.")

    return _answer(request, one, form, "hours_form", change)


@member_can(Action.MANAGE_MEMBERS)
@recently_authenticated
@require_POST
def role(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """Give a member another role."""
    one, form = _member(request, member_id), RoleForm(request.POST)

    def change() -> str:
        now = operations.change_role(**_stated(request, one), **form.cleaned_data)
        return _("%(name)s has the role %(role)s now.") % {"name": now.name, "role": now.get_role_display()}

    return _answer(request, one, form, "role_form", change)


@member_can(Action.MANAGE_MEMBERS)
@recently_authenticated
@require_POST
def deactivate(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """Close the organisation to a member."""
    one, form = _member(request, member_id), DeactivateForm(request.POST)

    def change() -> str:
        operations.deactivate_member(**_stated(request, one), **form.cleaned_data)
        return _("%s can’t open this organisation any more.") % one.name

    return _answer(request, one, form, "deactivate_form", change)


@member_can(Action.MANAGE_MEMBERS)
@recently_authenticated
@require_POST
def reactivate(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """Open the organisation to a member again."""
    one, form = _member(request, member_id), VersionForm(request.POST)

    def change() -> str:
        operations.reactivate_member(**_stated(request, one), **form.cleaned_data)
        return _("%s is back.") % one.name

    return _answer(request, one, form, "reactivate_form", change)


@member_can(Action.MANAGE_TOKENS)
@require_POST
def end_tokens(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """End the API tokens that a member made."""
    one = _member(request, member_id)
    ended = operations.end_tokens_of(**_stated(request, one))
    messages.success(request, ngettext("%s token was ended.", "%s tokens were ended.", ended) % ended)
    return redirect("people:member", organization=request.organization.slug, member_id=one.pk)


@member_can(Action.MANAGE_UNITS)
@require_POST
def join(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """Let a member belong to a unit."""
    one, form = _member(request, member_id), _join_form(request, request.POST)

    def change() -> str:
        data = dict(form.cleaned_data)
        unit = Unit.objects.for_organization(request.organization).get(pk=data.pop("unit"))
        join_unit(**_stated(request, one), unit=unit, **data)
        return _("%(name)s belongs to %(unit)s.") % {"name": one.name, "unit": unit.name}

    return _answer(request, one, form, "join_form", change)


@member_can(Action.MANAGE_UNITS)
@require_POST
def leave(request: MemberRequest, member_id: UUID, membership_id: UUID) -> HttpResponse:
    """End a membership of a unit."""
    one = _member(request, member_id)
    memberships = UnitMembership.objects.for_organization(request.organization).select_related("unit", "member")
    membership = get_object_or_404(memberships, pk=membership_id, member=one)
    form = LeaveUnitForm(request.POST)

    def change() -> str:
        leave_unit(
            organization=request.organization,
            membership=membership,
            actor=request.member,
            at=timezone.now(),
            **form.cleaned_data,
        )
        return _("%(name)s leaves %(unit)s.") % {"name": one.name, "unit": membership.unit.name}

    return _answer(request, one, form, "leave_form", change)
