"""Doubts about scores: saying that one looks wrong, the list of those whose method it is, and the answer."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coe.forms.score_feedback import AnswerForm, ReportForm
from coe.operations import UnableToAnswer, answer_report, report_score
from coe.queries import score_reports as queries
from pipeline import rules
from pipeline.models import AccountScore
from pipeline.queries.priorities import account_score
from pipeline.queries.score_words import shown_reasons
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.working_time import local_day


@member_can(Action.REPORT_SCORES)
def score_report_new(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Say that a score looks wrong."""
    now = timezone.now()
    try:
        now_said = account_score(
            organization=request.organization,
            member=request.member,
            today=local_day(request.organization, now),
            account_id=account_id,
        )
    except AccountScore.DoesNotExist as error:
        raise Http404 from error
    found = now_said.score
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        report_score(
            organization=request.organization, score=found, reported_by=request.member, at=now, **form.cleaned_data
        )
        messages.success(request, _("Thank you. The answer will stand with the score."))
        return redirect("coe:score", organization=request.organization.slug, account_id=account_id)
    context = {"form": form, "account": found.account, "score": found}
    return render(request, "coe/report_new.html", context, status=422 if form.is_bound else 200)


@member_can(Action.VIEW_MODELS)
@require_safe
def score_reports(request: MemberRequest) -> HttpResponse:
    """Show what people doubt, those that wait for an answer unless all are asked for."""
    shows_all = request.GET.get("show") == "all"
    cursor = request.GET.get("after") or request.GET.get("before") or ""
    try:
        page = queries.score_reports_page(organization=request.organization, only_open=not shows_all, cursor=cursor)
    except InvalidCursor:
        return redirect("coe:score-reports", organization=request.organization.slug)
    context = {"page": page, "shows_all": shows_all, "now": timezone.now()}
    return render(request, "coe/reports.html", context)


@member_can(Action.MANAGE_MODELS)
def score_report(request: MemberRequest, report_id: UUID) -> HttpResponse:
    """Show a doubt with the score as it was, and answer it."""
    report = get_object_or_404(queries.score_reports(organization=request.organization), pk=report_id)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            answer_report(
                organization=request.organization,
                report=report,
                answered_by=request.member,
                at=timezone.now(),
                **form.cleaned_data,
            )
        except UnableToAnswer as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Answered. It stands with the score."))
            return redirect("coe:score-reports", organization=request.organization.slug)
    day = local_day(request.organization, report.as_of)
    context = {
        "report": report,
        "form": form,
        "now": timezone.now(),
        "method": rules.method_words(report.model_version),
        "reasons": [
            {"text": rules.reason_sentence(reason, day), "points": reason["points"]}
            for reason in shown_reasons(member=request.member, reasons=report.reasons)
        ],
    }
    return render(request, "coe/report.html", context, status=422 if form.is_bound else 200)
