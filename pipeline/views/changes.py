"""What changed in the pipeline: the page, and the file of the deals behind it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from integrations.exports.log import filters_of, record_export
from integrations.exports.spreadsheet import csv_response
from pipeline.forms.changes import DUE, SINCE, ChangesForm
from pipeline.models import Stage
from pipeline.queries.comparison import Comparison, UnableToCompare, compared, window_of
from pipeline.queries.movements import KIND_WORDS, KINDS, Kind, Movements, State, Walk
from pipeline.queries.pipeline_changes import Viewer, pipeline_changes
from pipeline.queries.waterfall import MOST_DEALS, Behind, deals_behind, waterfall_of
from pipeline.views.changes_picture import picture_of
from pipeline.views.listing import read_filters
from tenancy.access import Action, member_can
from tenancy.conversion import Converter, converter_for
from tenancy.http import MemberRequest
from tenancy.money import from_minor
from tenancy.working_time import local_day

HEADER = (
    *("id", "name", "account", "owner", "what", "from stage", "to stage", "currency", "amount before", "amount after"),
    *("close date before", "close date after", "effect", "effect currency"),
)


@dataclass(frozen=True)
class _Asked:
    """What the address asks for, with what answers it; without a comparison nothing was recorded yet, or `problem`."""

    form: ChangesForm
    viewer: Viewer
    converter: Converter
    comparison: Comparison | None
    found: Movements | None
    problem: str

    def walks(self) -> list[Walk]:
        """Return the ways of the deals that the address asks for: of a kind, of a ribbon, or all that changed."""
        if self.found is None:
            return []
        kind, source, target = (self.form.cleaned_data[name] for name in ("kind", "source", "target"))
        walks = [walk for walk in self.found.walks if walk.steps or walk.source != walk.target]
        if kind:
            walks = [walk for walk in walks if kind in [step.kind for step in walk.steps]]
        if source and target:
            walks = [walk for walk in walks if (walk.source, walk.target) == (source, target)]
        return walks


def _read(request: MemberRequest, now: datetime, action: Action) -> _Asked:
    form = ChangesForm(request.GET)
    read_filters(form)
    today = local_day(request.organization, now)
    viewer = Viewer(request.organization, request.member, today, action)
    converter = converter_for(request.member, organization=request.organization, today=today)
    asked = {name: form.cleaned_data[name] for name in ("since", "first", "last")}
    try:
        comparison = compared(organization=request.organization, now=now, **asked)
    except UnableToCompare as error:
        return _Asked(form, viewer, converter, None, None, str(error))
    found = None
    if comparison is not None:
        window = window_of(organization=request.organization, due=form.cleaned_data["due"], today=today)
        ends = {"since": comparison.since, "until": comparison.until}
        found = pipeline_changes(viewer=viewer, **ends, window=window, converter=converter)
    return _Asked(form, viewer, converter, comparison, found, "")


@member_can(Action.VIEW_OPPORTUNITIES)
@require_safe
def changes(request: MemberRequest) -> HttpResponse:
    """Show what changed in the pipeline between two moments: a sum that adds up, where deals went, and which."""
    now = timezone.now()
    asked = _read(request, now, Action.VIEW_OPPORTUNITIES)
    context: dict[str, Any] = {
        "asked": asked.form.cleaned_data,
        "since": SINCE,
        "due": DUE,
        "problem": asked.problem,
        "comparison": asked.comparison,
        "now": now,
        "today": asked.viewer.today,
        "plain_url": reverse("pipeline:changes", args=[request.organization.slug]),
    }
    if asked.found is not None:
        walks = asked.walks()
        stages = _stages(request)
        behind = deals_behind(asked.viewer, walks, asked.converter, most=MOST_DEALS)
        context |= {
            "waterfall": waterfall_of(asked.found, asked.converter),
            "picture": picture_of(asked.found, stages, asked.converter),
            "behind": [(one, *_words(one.walk, stages)) for one in behind],
            "count": len(walks),
            "chosen": _chosen(asked, stages),
        }
    return render(request, "pipeline/changes.html", context)


@member_can(Action.EXPORT_OPPORTUNITIES)
@require_GET
@require_safe
def changes_export(request: MemberRequest) -> HttpResponseBase:
    """Send the deals that changed as CSV: those that the member may export."""
    now = timezone.now()
    asked = _read(request, now, Action.EXPORT_OPPORTUNITIES)
    stages = _stages(request)
    behind = deals_behind(asked.viewer, asked.walks(), asked.converter)
    record_export(
        organization=request.organization,
        member=request.member,
        what="pipeline changes",
        exported_at=now,
        rows=len(behind),
        filters=filters_of(request.GET),
    )
    rows = [_cells(one, stages, asked.converter.currency) for one in behind]
    return csv_response("pipeline-changes.csv", HEADER, [rows])


def _stages(request: MemberRequest) -> dict[str, Stage]:
    stages = Stage.objects.for_organization(request.organization).select_related("pipeline")
    ordered = stages.order_by("-pipeline__is_default", "pipeline__name", "position", "id")
    return {str(stage.pk): stage for stage in ordered}


def _words(walk: Walk, stages: dict[str, Stage]) -> tuple[list[str], str, str]:
    """Return what happened to a deal, where it came from and where it went, in words."""
    kinds = [str(KIND_WORDS[step.kind]) for step in walk.steps]
    moved = not kinds or (walk.source not in KINDS and walk.target not in KINDS and walk.source != walk.target)
    source, target = (_place(key, stages) for key in (walk.source, walk.target))
    return ([*kinds, _("Other stage")] if moved and walk.source != walk.target else kinds), source, target


def _place(key: str, stages: dict[str, Stage]) -> str:
    if key in KINDS:
        return str(KIND_WORDS[Kind(key)])
    return stages[key].name if key in stages else ""


def _chosen(asked: _Asked, stages: dict[str, Stage]) -> str:
    """Return which deals the list below has, in words; empty for all that changed."""
    data = asked.form.cleaned_data
    if data["kind"]:
        return str(KIND_WORDS[Kind(data["kind"])])
    if data["source"] and data["target"]:
        return f"{_place(data['source'], stages)} → {_place(data['target'], stages)}"
    return ""


def _cells(one: Behind, stages: dict[str, Stage], currency: str) -> Sequence[object]:
    walk = one.walk
    kinds, source, target = _words(walk, stages)
    before, after, deal = walk.passage.before, walk.passage.after, one.deal
    known = after or before
    return (
        *(walk.passage.deal, deal.name if deal else "", deal.account.name if deal and deal.account else ""),
        *(deal.owner.name if deal and deal.owner else "", ", ".join(kinds), source, target),
        *(known.currency if known else "", *_amounts(before, after), *_days(before, after)),
        *(from_minor(one.effect_minor, currency), currency),
    )


def _amounts(*states: State | None) -> Iterator[object]:
    for state in states:
        known = None if state is None else state.amount_minor
        yield None if state is None or known is None else from_minor(known, state.currency)


def _days(*states: State | None) -> Iterator[date | None]:
    for state in states:
        yield state.close_date if state else None
