"""The people's forecast: the grid, what is submitted in it, and what is asked of whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from integrations.exports.log import filters_of, record_export
from integrations.exports.spreadsheet import csv_response
from pipeline import operations
from pipeline.forms.forecast import BY_WORDS, QuotaForm, SubmissionForm, submission_values
from pipeline.forms.record import whole_units
from pipeline.models import Quota
from pipeline.operations import StaleQuota, UnableToSetQuota, UnableToSubmit
from pipeline.queries.forecast_grid import Asked, By, Grid, Row, forecast_grid
from pipeline.queries.forecast_sums import COLUMNS, WON
from pipeline.queries.quotas import months_from, quota_years
from pipeline.queries.submissions import submissions_about
from tenancy.access import Action, denial, member_can
from tenancy.conversion import Converter, converter_for
from tenancy.http import MemberRequest, undo_changes
from tenancy.models import Member, Unit
from tenancy.money import from_minor
from tenancy.periods import ONE_DAY, Period, PeriodKind, period_after, period_before, period_of, read_period
from tenancy.working_time import local_day
from ui.formats import format_money
from ui.totals import rate_note

MOST_SHOWN = 20
"""So many submissions of a row are shown; the API has all."""


@dataclass(frozen=True)
class Looking:
    """What the address asks for. `opened` are keys of rows, None while nobody opened or closed one."""

    request: MemberRequest
    period: Period
    by: By
    is_cumulative: bool
    opened: tuple[str, ...] | None
    at: str  # the row whose panel is open

    @cached_property
    def now(self) -> datetime:
        """The moment of the request."""
        return timezone.now()

    @cached_property
    def today(self) -> date:
        """The organisation's day."""
        return local_day(self.request.organization, self.now)

    @cached_property
    def converter(self) -> Converter:
        """What counts in the viewer's currency."""
        return converter_for(self.request.member, organization=self.request.organization, today=self.today)

    def asked(self) -> Asked:
        """Return the question as the query takes it."""
        return Asked(
            organization=self.request.organization,
            member=self.request.member,
            period=self.period,
            today=self.today,
            now=self.now,
            converter=self.converter,
            by=self.by,
            is_cumulative=self.is_cumulative,
            opened=self.opened,
        )

    def url(self, page: str = "forecast", **changed: Any) -> str:
        """Return the address of the page with something else asked for."""
        other = replace(self, **changed)
        said = {"period": other.period.code}
        if other.by != By.HIERARCHY:
            said["by"] = other.by.value
        if other.is_cumulative:
            said["view"] = "cumulative"
        if other.opened is not None:
            said["open"] = ",".join(other.opened)
        if other.at:
            said["at"] = other.at
        return f"{reverse(f'pipeline:{page}', args=[self.request.organization.slug])}?{urlencode(said)}"


def _looking(request: MemberRequest, query: QueryDict) -> Looking:
    """Return what an address asks for.

    :raises BadRequest: when it asks for what does not exist.
    """
    today = local_day(request.organization, timezone.now())
    said = {name: str(query.get(name, "")) for name in ("period", "by", "view", "open", "at")}
    try:
        period = (
            read_period(request.organization, said["period"])
            if said["period"]
            else period_of(request.organization, PeriodKind.QUARTER, today)
        )
        if period.kind == PeriodKind.YEAR:
            raise ValueError("People promise months and quarters.")
        by = By(said["by"] or By.HIERARCHY)
    except ValueError as error:
        raise BadRequest(_("There is no such period or grouping. Begin again from Forecast.")) from error
    opened = tuple(filter(None, said["open"].split(","))) if "open" in query else None
    return Looking(request, period, by, said["view"] == "cumulative", opened, said["at"])


@member_can(Action.VIEW_FORECAST)
@require_safe
def forecast(request: MemberRequest) -> HttpResponse:
    """Show the grid of a period, with the panel of one row where the address names it."""
    return _page(request, _looking(request, request.GET))


def _page(
    request: MemberRequest,
    looking: Looking,
    *,
    submission_form: SubmissionForm | None = None,
    quota_form: QuotaForm | None = None,
    status: int = 200,
) -> HttpResponse:
    grid = forecast_grid(looking.asked())
    row = grid.find(looking.at) if looking.at else None
    context = {
        "grid": grid,
        "looking": looking,
        "period": looking.period,
        "rows": list(_shown(grid, looking)),
        "top": _top(grid),
        "rate_note": rate_note(grid.whole, today=looking.today),
        "before": (looking.period.start - ONE_DAY).isoformat(),
        "periods": _periods(looking),
        "groupings": BY_WORDS,
        "views": [
            (_("Single"), looking.url(is_cumulative=False), not looking.is_cumulative),
            (_("Cumulative"), looking.url(is_cumulative=True), looking.is_cumulative),
        ],
        "export_url": looking.url("forecast-export"),
        "people": _people_who_said(grid),
        "now": looking.now,
        "today": looking.today,
        "panel": None if row is None else _panel(request, looking, grid, row, submission_form, quota_form),
    }
    return render(request, "pipeline/forecast.html", context, status=status)


def _shown(grid: Grid, looking: Looking) -> Iterator[dict[str, Any]]:
    """Yield the rows with the addresses that open and close them."""
    rows = grid.rows()
    opened = tuple(row.key for row in rows if row.below and row.is_open)
    for row in rows:
        others = tuple(key for key in opened if key != row.key)
        yield {
            "row": row,
            "figures": grid.figures(row),
            "twig_url": looking.url(opened=others if row.is_open else (*opened, row.key)) if row.below else "",
            "url": looking.url(at="" if row.key == looking.at else row.key) if row.subject is not None else "",
            "is_at": row.key == looking.at,
        }


def _top(grid: Grid) -> dict[str, Any] | None:
    """Return what the first sentence says of the whole: what is won, and what is promised."""
    row = grid.total or (grid.tops[0] if len(grid.tops) == 1 else None)
    if row is None:
        return None
    won = row.sums.worth((WON,), currency=grid.currency).amount_minor
    return {
        "won_words": format_money(won, grid.currency, short=True),
        "said_words": format_money(row.counts_as.commit_minor, grid.currency, short=True),
        "is_promised": row.said is not None,
    }


def _periods(looking: Looking) -> Sequence[Period]:
    """Return the periods that can be chosen: quarters around today, then months, and the one that is shown."""
    organization, found = looking.request.organization, []
    for kind, ahead in ((PeriodKind.QUARTER, 2), (PeriodKind.MONTH, 4)):
        one = period_before(organization, period_of(organization, kind, looking.today))
        for _number in range(ahead + 2):
            found.append(one)
            one = period_after(organization, one)
    return found if looking.period in found else [looking.period, *found]


def _people_who_said(grid: Grid) -> tuple[int, int]:
    """Return how many people have submitted, of those who have deals or a quota."""
    people = [row for row in grid.every_row() if row.is_person and (row.sums.deals or row.quota or row.submission)]
    return sum(1 for row in people if row.submission is not None), len(people)


def _panel(
    request: MemberRequest,
    looking: Looking,
    grid: Grid,
    row: Row,
    submission_form: SubmissionForm | None,
    quota_form: QuotaForm | None,
) -> dict[str, Any]:
    of_one = _of_one(row)
    about = submissions_about(organization=request.organization, period=looking.period).filter(**of_one)
    if submission_form is None and row.may_submit and not grid.is_over:
        submission_form = SubmissionForm(initial=submission_values(row, grid.currency))
    quotas = Quota.objects.for_organization(request.organization).filter(**of_one).order_by("-year_start")[:3]
    return {
        "row": row,
        "said": list(about[:MOST_SHOWN]),
        "form": submission_form,
        "quotas": [(quota, list(zip(months_from(quota.year_start), quota.months, strict=True))) for quota in quotas],
        "quota_forms": _quota_forms(looking, grid, row, quotas, quota_form) if row.may_set_quota else [],
        "submit_url": looking.url("forecast-submit"),
        "quota_url": looking.url("forecast-quota"),
        "close_url": looking.url(at=""),
        "deals_url": _deals_url(looking, row),
    }


def _of_one(row: Row) -> dict[str, Any]:
    return {"member": row.subject, "unit": None} if row.is_person else {"unit": row.subject, "member": None}


def _quota_forms(
    looking: Looking, grid: Grid, row: Row, quotas: Sequence[Quota], typed: QuotaForm | None
) -> list[tuple[Period, QuotaForm]]:
    """Return a form for this fiscal year and the next, each with what is set."""
    forms = []
    for year in quota_years(organization=looking.request.organization, today=looking.today):
        quota = next((one for one in quotas if one.year_start == year.start), None)
        currency = quota.currency if quota else grid.currency
        initial: dict[str, Any] = {"row": row.key, "currency": currency, "year_start": year.start}
        if quota is not None:
            initial |= {"amount": whole_units(quota.amount_minor, currency), "version": quota.version}
        form = QuotaForm(initial=initial, auto_id=f"quota-{year.start.year}-%s")
        if typed is not None and typed.data.get("year_start") == year.start.isoformat():
            form = typed
        forms.append((year, form))
    return forms


def _deals_url(looking: Looking, row: Row) -> str:
    """Return where the deals of a person are listed; there is no list of those of a unit."""
    if not row.is_person or row.subject is None:
        return ""
    said = {
        "outcome": "",
        "owner": str(row.subject.pk),
        "closes_from": looking.period.start.isoformat(),
        "closes_to": looking.period.last_day.isoformat(),
    }
    return f"{reverse('pipeline:opportunities', args=[looking.request.organization.slug])}?{urlencode(said)}"


@member_can(Action.SUBMIT_FORECAST)
@require_POST
def forecast_submit(request: MemberRequest) -> HttpResponse:
    """Submit the forecast of a row."""
    looking = _looking(request, request.GET)
    form = SubmissionForm(request.POST)
    subject = _subject(looking, form.data.get("row", ""), may="may_submit", action=Action.SUBMIT_FORECAST)
    looking = replace(looking, at=form.data.get("row", ""))
    if not form.is_valid():
        return _page(request, looking, submission_form=form, status=422)
    try:
        operations.submit_forecast(
            organization=request.organization,
            period=looking.period,
            subject=subject,
            submitted_by=request.member,
            submitted_at=looking.now,
            **form.stated(),
        )
    except UnableToSubmit as error:
        undo_changes(request)
        form.add_error("reason" if isinstance(error, operations.ReasonMissing) else None, str(error))
        return _page(request, looking, submission_form=form, status=422)
    messages.success(request, _("The forecast of %s is submitted.") % subject.name)
    return redirect(looking.url(at=""))


@member_can(Action.SET_QUOTAS)
@require_POST
def forecast_quota(request: MemberRequest) -> HttpResponse:
    """Set, change or take back what a unit or a person is to win in a year."""
    looking = _looking(request, request.GET)
    form = QuotaForm(request.POST, auto_id="quota-typed-%s")
    subject = _subject(looking, form.data.get("row", ""), may="may_set_quota", action=Action.SET_QUOTAS)
    looking = replace(looking, at=form.data.get("row", ""))
    takes_back = request.POST.get("do") == "delete"
    if not form.is_valid() and not (takes_back and {"year_start", "version"} <= form.cleaned_data.keys()):
        return _page(request, looking, quota_form=form, status=422)
    try:
        _keep_quota(request, subject, form, looking.now, takes_back=takes_back)
    except StaleQuota:
        undo_changes(request)
        words = _("Somebody else changed this quota meanwhile; nothing of yours is kept. Look, then set it again.")
        messages.warning(request, words)
        return redirect(looking.url())
    except UnableToSetQuota as error:
        undo_changes(request)
        form.add_error("amount", str(error))
        return _page(request, looking, quota_form=form, status=422)
    done = _("The quota of %s is taken back.") if takes_back else _("The quota of %s is set.")
    messages.success(request, done % subject.name)
    return redirect(looking.url())


def _keep_quota(
    request: MemberRequest, subject: Unit | Member, form: QuotaForm, now: datetime, *, takes_back: bool
) -> None:
    year_start, version = form.cleaned_data["year_start"], form.cleaned_data["version"]
    acting: dict[str, Any] = {"organization": request.organization, "actor": request.member, "at": now}
    quotas = Quota.objects.for_organization(request.organization).filter(year_start=year_start)
    of_one = {"member": subject} if isinstance(subject, Member) else {"unit": subject}
    current: Quota | None = quotas.filter(**of_one).first()
    if takes_back:
        if current is not None:
            operations.delete_quota(quota=current, version=version or 0, **acting)
        return
    amount = {"amount_minor": form.cleaned_data["amount_minor"], "currency": form.cleaned_data["currency"]}
    if current is None:
        operations.create_quota(subject=subject, year_start=year_start, **amount, **acting)
    else:
        operations.change_quota(quota=current, version=version or 0, **amount, **acting)


def _subject(looking: Looking, key: str, *, may: str, action: Action) -> Unit | Member:
    """Return the unit or person of a row.

    :raises BadRequest: when the form names no row.
    :raises Http404: when the member sees no such row.
    :raises PermissionDenied: when it is not theirs to act for.
    """
    if key.partition(":")[0] not in ("unit", "member"):
        raise BadRequest(_("This form names no unit and no person. Load the page again."))
    row = forecast_grid(replace(looking, by=By.HIERARCHY).asked()).find(key)
    if row is None or row.subject is None:
        raise Http404
    if not getattr(row, may):
        raise PermissionDenied(_("You can’t do this for %(name)s. %(who)s") % {"name": row.name, "who": denial(action)})
    return row.subject


@member_can(Action.EXPORT_FORECAST)
@require_safe
def forecast_export(request: MemberRequest) -> HttpResponseBase:
    """Send the grid as it is shown, all of it opened, as CSV."""
    looking = _looking(request, request.GET)
    grid = forecast_grid(looking.asked())
    rows = [*grid.every_row(), *([grid.total] if grid.total else [])]
    record_export(
        organization=request.organization,
        member=request.member,
        what="forecast",
        exported_at=looking.now,
        rows=len(rows),
        filters=filters_of(request.GET),
    )
    header = (
        *("period", "level", "name", "kind", "id", "currency", "shown", "quota", *COLUMNS, "deals", "model p50"),
        *("adds up to commit", "adds up to best case", "submitted commit", "submitted best case", "submitted by"),
        *("submitted at", "stale", "reason", "note"),
    )
    return csv_response("forecast.csv", header, [[_cells(grid, row) for row in rows]])


def _cells(grid: Grid, row: Row) -> tuple[object, ...]:
    def amount(minor: int | None) -> object:
        return None if minor is None else from_minor(minor, grid.currency)

    said = row.submission
    key: UUID | str = row.subject.pk if row.subject is not None else ""
    promised = (None, None) if row.said is None else (row.said.commit_minor, row.said.best_case_minor)
    return (
        *(grid.period.name, row.level, row.name, row.key.partition(":")[0], key, grid.currency),
        *("cumulative" if grid.is_cumulative else "single", amount(row.quota)),
        *(amount(total.amount_minor) for _column, total, _count in grid.figures(row)),
        *(row.sums.deals, amount(row.likely)),
        *(amount(row.adds_up.commit_minor), amount(row.adds_up.best_case_minor)),
        *(amount(one) for one in promised),
        *(said.submitted_by.name if said and said.submitted_by else "", said.submitted_at if said else None),
        *(row.stale.value, said.reason if said else "", said.note if said else ""),
    )
