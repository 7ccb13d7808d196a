"""The board of a day that has passed, to be looked at and not changed."""

from datetime import date
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline.queries.past_board import MOST_CARDS, past_board
from tenancy.http import MemberRequest
from tenancy.working_time import local_day

EVERY_CARD = 300


def board_on(request: MemberRequest, asked: str) -> HttpResponse:
    """Show the board as it was recorded at the end of a day; from today on there is only the live one."""
    now = timezone.now()
    today = local_day(request.organization, now)
    live = reverse("pipeline:board", args=[request.organization.slug])
    try:
        day = date.fromisoformat(asked)
        pipeline_id = UUID(request.GET["pipeline"]) if request.GET.get("pipeline") else None
    except ValueError:
        raise BadRequest(_("The address of a past board names a day such as 2026-11-17.")) from None
    if day >= today:
        return redirect(live)
    every = "all" in request.GET
    found = past_board(
        organization=request.organization,
        member=request.member,
        day=day,
        today=today,
        pipeline_id=pipeline_id,
        most=EVERY_CARD if every else MOST_CARDS,
    )
    context = {"board": found, "asked": day, "every": every, "live": live, "now": now, "today": today}
    return render(request, "pipeline/board_past.html", context)
