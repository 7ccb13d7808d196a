"""The pages of the nights: every run with its steps, and the button that asks for one."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from agile_sales import night_calendar, nightly
from agile_sales.night_words import asked_words, duration_words, run_tone, step_name, step_sentence
from pipeline.rules import method_words
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.models import Run, RunStep
from tenancy.working_time import local_day


@member_can(Action.VIEW_RUNS)
def nights(request: MemberRequest) -> HttpResponse:
    """Show every night, the newest first."""
    now = timezone.now()
    cursor = request.GET.get("after") or request.GET.get("before") or ""
    try:
        page = night_calendar.nights_page(organization=request.organization, cursor=cursor)
    except InvalidCursor:
        return redirect("nights", organization=request.organization.slug)
    steps = night_calendar.steps_of(organization=request.organization, runs=page.rows)
    today = local_day(request.organization, now)
    context = {
        "now": now,
        "page": page,
        "nights": [night_row(run, steps.get(run.pk, []), today) for run in page.rows],
        "under_way": next((run for run in page.rows if is_under_way(run)), None),
        "starts_at": request.organization.night_starts_at,
    }
    return render(request, "agile_sales/nights.html", context)


@member_can(Action.VIEW_RUNS)
def night(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Show one night; while it runs, the part with the steps asks for itself again."""
    now = timezone.now()
    try:
        run = night_calendar.night(organization=request.organization, run_id=run_id)
    except Run.DoesNotExist as error:
        raise Http404 from error
    steps = night_calendar.steps_of(organization=request.organization, runs=[run]).get(run.pk, [])
    context = {
        "now": now,
        "night": night_row(run, steps, local_day(request.organization, now)),
        "run": run,
        "under_way": is_under_way(run),
    }
    template = "agile_sales/night.html"
    is_part = request.htmx and not request.htmx.boosted
    return render(request, f"{template}#progress" if is_part else template, context)


@member_can(Action.RUN_NIGHT)
@require_POST
def night_run(request: MemberRequest) -> HttpResponse:
    """Ask for a night now, and show it."""
    run = night_calendar.request_night(
        organization=request.organization, requested_by=request.member, now=timezone.now()
    )
    return redirect("night", organization=request.organization.slug, run_id=run.pk)


def is_under_way(run: Run) -> bool:
    """Whether it waits or runs."""
    return run.status in (Run.Status.QUEUED, Run.Status.RUNNING)


def night_row(run: Run, steps: list[RunStep], today: date) -> dict[str, Any]:
    """Return a night with its steps in words."""
    done = sum(1 for step in steps if step.status == RunStep.Status.DONE)
    as_of = nightly.as_of(run)
    return {
        "run": run,
        "tone": run_tone(run),
        "took": duration_words(run.duration),
        "asked": asked_words(run),
        "as_of": as_of,
        "is_past": run.created_at - as_of > timedelta(days=1),
        "done_percent": 100 * done / len(nightly.STEPS),
        "done": done,
        "all": len(nightly.STEPS),
        "steps": [
            {
                "name": step_name(step.name),
                "step": step,
                "words": step_sentence(step, today=today),
                "took": duration_words(step.duration),
                # What was learnt says its version itself.
                "method": method_words(step.model_version) if step.model_version and step.name != "learn" else "",
            }
            for step in steps
        ],
    }
