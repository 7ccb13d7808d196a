"""What to do next with one account: why it stands where it stands, and saying yes, later or no to it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline.forms.next_actions import ChoiceForm
from pipeline.models import Choice, NextAction
from pipeline.operations.next_actions import UnableToChoose, choose_action
from pipeline.queries.action_words import shown_action
from pipeline.queries.next_actions import SHOWN, action_for, may_choose
from pipeline.views.removing import address
from tenancy.access import Action, denial, member_can
from tenancy.http import MemberRequest
from tenancy.working_time import local_day

PAGES = {"opportunity": "opportunity", "contact": "contact", "product": "product-edit", "inquiry": "inquiry"}


@member_can(Action.VIEW_PRIORITIES)
@require_safe
def next_action(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Show what to do next with an account, and why it is in the plan of the week or is not."""
    return _page(request, _found(request, account_id))


def _found(request: MemberRequest, account_id: UUID) -> NextAction:
    today = local_day(request.organization, timezone.now())
    seen: dict[str, Any] = {"organization": request.organization, "member": request.member, "today": today}
    try:
        return action_for(account_id=account_id, **seen)
    except NextAction.DoesNotExist as error:
        raise Http404 from error


def _page(request: MemberRequest, action: NextAction, *, status: int = 200, **context: Any) -> HttpResponse:
    now = timezone.now()
    today = local_day(request.organization, now)
    plan = action.plan
    values = {name: getattr(action, name) for name in SHOWN}
    values |= {"cut_minor": plan.cut_minor if plan else None, "week_hours": plan.hours if plan else None}
    shown = shown_action(values) or {}
    context = {
        "action": action,
        "account": action.account,
        "plan": plan,
        "next": shown,
        "steps": [
            {"words": words, "step": step, "links": _links(request, step)}
            for words, step in zip(shown["words"], action.actions, strict=True)
        ],
        "may_choose": bool(may_choose(member=request.member, today=today, actions=[action])),
        "form": ChoiceForm(initial={"until": today + timedelta(days=7)}),
        "now": now,
        **context,
    }
    return render(request, "pipeline/next_action.html", context, status=status)


def _links(request: MemberRequest, step: dict[str, Any]) -> list[dict[str, str]]:
    """Return the records that a step is about, with their pages."""
    records = [step[name] for name in ("record", "contact") if name in step]
    return [{"label": one["label"], "url": address(request, PAGES[one["type"]], UUID(one["id"]))} for one in records]


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def next_action_choose(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Accept what to do next, put it off, set it aside, or take that back."""
    action = _found(request, account_id)
    now = timezone.now()
    today = local_day(request.organization, now)
    if not may_choose(member=request.member, today=today, actions=[action]):
        raise PermissionDenied(denial(Action.EDIT_ACCOUNTS))
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return _page(request, action, status=422, form=form)
    choice = form.cleaned_data["choice"]
    try:
        choose_action(
            organization=request.organization,
            account_id=account_id,
            choice=choice,
            member=request.member,
            at=now,
            until=form.cleaned_data["until"] if choice == Choice.DEFERRED else None,
        )
    except UnableToChoose as error:
        form.add_error(None, str(error))
        return _page(request, action, status=422, form=form)
    messages.success(request, _said(choice))
    return redirect(_back(request, account_id))


def _said(choice: str) -> str:
    return {
        Choice.ACCEPTED.value: _("Accepted. Its hours are kept free for a week."),
        Choice.DEFERRED.value: _("Put off. It comes back by itself."),
        Choice.IGNORED.value: _("Set aside for four weeks."),
    }.get(choice, _("Taken back. The next night plans it anew."))


def _back(request: MemberRequest, account_id: UUID) -> str:
    """Return the page that the choice was made on."""
    page = request.POST.get("back", "")
    here = reverse("home", args=[request.organization.slug])
    if page.startswith(here) and url_has_allowed_host_and_scheme(page, allowed_hosts=None):
        return page
    return address(request, "next-action", account_id)
