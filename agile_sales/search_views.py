"""The palette's answers, and the page that searches without script."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from agile_sales import palette as offers
from pipeline.queries.search import Kind, search
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.search import LONGEST
from tenancy.working_time import local_day

FIRST, MORE = 6, 50
HEADINGS = {
    Kind.ACCOUNT: gettext_lazy("Accounts"),
    Kind.OPPORTUNITY: gettext_lazy("Deals"),
    Kind.CONTACT: gettext_lazy("Contacts"),
    Kind.MEMBER: gettext_lazy("Colleagues"),
}


def typed(request: MemberRequest) -> str:
    """Return the text that was asked for."""
    return request.GET.get("q", "").strip()[:LONGEST]


@member_can(Action.VIEW_HOME)
@require_safe
def palette(request: MemberRequest) -> HttpResponse:
    """Return the palette's options as HTML."""
    groups = offers.answer(
        request,
        text=typed(request),
        here=request.GET.get("here", ""),
        visited=request.GET.getlist("visited"),
        today=local_day(request.organization, timezone.now()),
    )
    count = sum(len(group.options) for group in groups)
    words = ngettext("%(count)s result", "%(count)s results", count) % {"count": count}
    return render(request, "parts/palette_options.html", {"groups": groups, "text": typed(request), "words": words})


@member_can(Action.VIEW_HOME)
@require_safe
def search_page(request: MemberRequest) -> HttpResponse:
    """Show what a text finds: a few of each kind, or many of one."""
    text, kind = typed(request), request.GET.get("kind", "")
    if kind not in ("", *Kind):
        raise BadRequest(_("There is nothing of that kind to search for."))
    kinds = (Kind(kind),) if kind else tuple(Kind)
    most = MORE if kind else FIRST
    found = search(
        organization=request.organization,
        member=request.member,
        text=text,
        today=local_day(request.organization, timezone.now()),
        kinds=kinds,
        limit=most + 1,
    )
    slug = request.organization.slug
    groups: list[dict[str, Any]] = [
        {
            "kind": one,
            "heading": HEADINGS[one],
            "options": [offers.option_of(slug, row) for row in rows[:most]],
            "has_more": len(rows) > most,
        }
        for one, rows in found.items()
        if rows
    ]
    context = {
        "text": text,
        "kind": kind,
        "heading": HEADINGS[Kind(kind)] if kind else "",
        "groups": groups,
        "is_guess": any(row.is_guess for rows in found.values() for row in rows),
    }
    return render(request, "agile_sales/search.html", context)
