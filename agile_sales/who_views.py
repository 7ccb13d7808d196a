"""“Who may see this, and why”: a page and a pop-over of accounts, deals and orders."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from pipeline import queries
from pipeline.queries.badges import score_badge
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.who import Allowed, Why, support_inside, tokens_that_may, who_may
from tenancy.working_time import local_day


@member_can(Action.VIEW_ACCOUNTS)
@require_safe
def account(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Say who may see and change an account."""
    found = queries.accounts(organization=request.organization, member=request.member, today=_today(request))
    one = get_object_or_404(found.annotate(score_badge=score_badge("pk")), pk=account_id)
    return _page(request, one, Action.VIEW_ACCOUNTS, Action.EDIT_ACCOUNTS, [one.owner_id], "account")


@member_can(Action.VIEW_OPPORTUNITIES)
@require_safe
def opportunity(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Say who may see and change a deal."""
    found = queries.opportunities(organization=request.organization, member=request.member, today=_today(request))
    one = get_object_or_404(_with_score(found), pk=opportunity_id)
    actions = (Action.VIEW_OPPORTUNITIES, Action.EDIT_OPPORTUNITIES)
    return _page(request, one, *actions, _owners(one), "opportunity")


@member_can(Action.VIEW_ORDERS)
@require_safe
def order(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """Say who may see and change an order."""
    found = queries.orders(organization=request.organization, member=request.member, today=_today(request))
    one = get_object_or_404(_with_score(found), pk=order_id)
    return _page(request, one, Action.VIEW_ORDERS, Action.EDIT_ORDERS, _owners(one), "order")


def _with_score(found: Any) -> Any:
    """Return the records with their accounts, and with the score of each."""
    return found.annotate(score_badge=score_badge()).select_related("account")


def _today(request: MemberRequest) -> Any:
    return local_day(request.organization, timezone.now())


def _owners(record: Any) -> list[UUID | None]:
    return [record.owner_id, record.account.owner_id if record.account else None]


def _page(
    request: MemberRequest, record: Any, view: Action, edit: Action, owner_ids: list[UUID | None], kind: str
) -> HttpResponse:
    now, today, organization = timezone.now(), _today(request), request.organization
    people = who_may(view, edit, organization=organization, owner_ids=owner_ids, as_of=today)
    tokens = tokens_that_may(view, edit, record=PLURALS[kind], organization=organization, now=now)
    context = {
        "record": record,
        "account": record if kind == "account" else record.account,
        "url": reverse(f"pipeline:{kind}", kwargs={"organization": organization.slug, f"{kind}_id": record.pk}),
        "parts": [
            {"title": _("See it"), "groups": grouped(people[view]), "tokens": tokens[view]},
            {"title": _("Change it"), "groups": grouped(people[edit]), "tokens": tokens[edit]},
        ],
        "support": support_inside(organization=organization, now=now),
    }
    in_part = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    response = render(request, "agile_sales/who.html#body" if in_part else "agile_sales/who.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


MOST_NAMES = 12
PLURALS = {"account": "accounts", "opportunity": "opportunities", "order": "orders"}


def grouped(allowed: list[Allowed]) -> list[dict[str, Any]]:
    """Return people by reason, in words, those closest to the record first."""
    groups: dict[tuple[Why, str], list[Allowed]] = defaultdict(list)
    for one in allowed:
        detail = str(one.member.get_role_display()) if one.why == Why.ROLE else ", ".join(one.units)
        groups[one.why, detail].append(one)
    order = {why: number for number, why in enumerate((Why.OWNER, Why.SQUAD, Why.TRIBE, Why.ROLE))}
    return [
        {
            "words": words(why, detail),
            "people": [one.member for one in people[:MOST_NAMES]],
            "more": max(0, len(people) - MOST_NAMES),
        }
        for (why, detail), people in sorted(groups.items(), key=lambda item: (order[item[0][0]], item[0][1]))
    ]


def words(why: Why, detail: str) -> str:
    """Return a reason as a sentence's beginning."""
    if why == Why.OWNER:
        return _("Because they own it, or its account")
    if why == Why.SQUAD:
        return _("Because they share a squad with an owner: %s") % detail
    if why == Why.TRIBE:
        return _("Because they share a tribe with an owner’s squad: %s") % detail
    return _("Because of the role: %s") % detail
