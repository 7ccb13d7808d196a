"""What customers answered: the list behind the satisfaction figures."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from pipeline.queries import figures
from pipeline.views.listing import from_the_beginning, read_cursor
from tenancy.access import Action, blank_hidden, hidden_fields, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.working_time import local_day


@member_can(Action.VIEW_ACCOUNTS)
@require_GET
def answers(request: MemberRequest) -> HttpResponse:
    """Show the answers of the past year, the newest first."""
    now = timezone.now()
    seen: dict[str, Any] = {
        "organization": request.organization,
        "member": request.member,
        "today": local_day(request.organization, now),
        "as_of": now,
    }
    try:
        page = figures.answers_page(**seen, cursor=read_cursor(request))
    except InvalidCursor:
        return from_the_beginning(request)
    blank_hidden(request.member, page.rows)
    context = {
        "now": now,
        "page": page,
        "satisfaction": figures.satisfaction(**seen),
        "hidden": hidden_fields(request.member, "satisfactionresponse"),
    }
    return render(request, "pipeline/answers.html", context)
