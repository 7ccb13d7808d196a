"""An account's own page, and logging what was done with it."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from pipeline import operations, queries
from pipeline.forms.activities import ActivityForm
from pipeline.models import Account
from pipeline.operations import UnableToLogActivity, noted_changes
from pipeline.queries.account_overview import AccountOverview
from pipeline.queries.account_worth import (
    activity_words,
    not_counted_words,
    potential_words,
    product_rows,
    silence_method,
    silence_words,
    stake_parts,
    value_of,
)
from pipeline.queries.action_words import shown_action
from pipeline.queries.badges import score_badge
from pipeline.queries.timeline import TimelineKind
from pipeline.views.removing import address
from pipeline.views.undo import say_done
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.models import Organization
from tenancy.working_time import local_day

SHORT_TIMELINE, LONG_TIMELINE = 12, 60
PREFILLED = ("kind", "contact", "opportunity")
TABS = ("overview", "deals", "orders", "contacts", "timeline")


@member_can(Action.VIEW_ACCOUNTS)
@require_GET
@require_safe
def account(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Show an account: score, deals, what happened, satisfaction, orders, people."""
    now = timezone.now()
    today = local_day(request.organization, now)
    tab = request.GET.get("tab", "overview")
    kind = request.GET.get("show", "")
    if tab not in TABS or kind not in ("", *TimelineKind):
        raise Http404
    try:
        overview = queries.account_overview(
            organization=request.organization,
            member=request.member,
            account_id=account_id,
            as_of=now,
            today=today,
            shown=frozenset([TimelineKind(kind)]) if kind else frozenset(TimelineKind),
            entries=SHORT_TIMELINE if tab == "overview" else LONG_TIMELINE,
        )
    except Account.DoesNotExist as error:
        raise Http404 from error
    score = overview.score
    context = {
        "overview": overview,
        "account": overview.account,
        "score": score,
        "past_scores": [value for _at, value in overview.score_history],
        "custom_facts": queries.custom_facts(
            organization=request.organization, record="account", values=overview.account.custom
        )
        if tab == "overview"
        else [],
        "external_scores": queries.external_scores_of(overview.account) if tab == "overview" else [],
        **(_worth(request.organization, overview, today) if tab == "overview" else {}),
        "tab": tab,
        "kind": kind,
        "kinds": [("", _("All")), ("people", _("People")), ("orders", _("Orders")), ("system", _("System"))],
        "now": now,
        "typed_now": timezone.localtime(now).strftime("%Y-%m-%dT%H:%M"),
        "today": today,
        "may_edit": overview.may_edit,
    }
    in_part = request.htmx and not request.htmx.boosted
    return render(request, "pipeline/account_timeline.html" if in_part else "pipeline/account.html", context)


def _worth(organization: Organization, overview: AccountOverview, today: date) -> dict[str, Any]:
    """Return what to do next with the account, what it is worth, and which products it has and could have."""
    facts: Any = overview.account
    value = value_of(overview.account)
    products = product_rows(
        owned=facts.owned, deals=overview.deals, whitespace=value.whitespace if value else [], today=today
    )
    said: dict[str, Any] = {"next": shown_action(facts.planned), "products": products, "worth": value}
    if value is not None:
        said |= {
            "share": 100 * (value.share or 0),
            "potential_words": potential_words(value),
            "stake_parts": stake_parts(value),
            "activity_words": activity_words(value),
            "silence_words": silence_words(value, days=int(organization.setting("score_horizon_days"))),
            "not_counted_words": not_counted_words(value),
            "silence_method": silence_method(value),
        }
    return said


def _asked(request: MemberRequest) -> dict[str, str]:
    """Return what the page that led here already knows: the kind, the person, the deal."""
    return {"kind": "call", **{name: request.GET[name] for name in PREFILLED if name in request.GET}}


@member_can(Action.LOG_ACTIVITY)
def activity_new(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Log a call, a meeting, a note or whatever was done with the account."""
    now = timezone.now()
    today = local_day(request.organization, now)
    found = queries.accounts(organization=request.organization, member=request.member, today=today)
    account = get_object_or_404(found.annotate(score_badge=score_badge("pk")), pk=account_id)
    options: dict[str, Any] = {
        "now": now,
        "contacts": queries.account_contacts(organization=request.organization, account=account),
        "deals": queries.account_deals(organization=request.organization, account=account),
    }
    here = address(request, "account", account.pk)
    if request.method != "POST":
        local = timezone.localtime(now).replace(tzinfo=None)
        form = ActivityForm(initial={**_asked(request), "occurred_at": local}, **options)
        return render(request, "pipeline/activity_form.html", {"form": form, "account": account, "back_url": here})
    form = ActivityForm(data=request.POST, **options)
    if form.is_valid():
        try:
            with noted_changes() as noted:
                operations.log_activity(
                    organization=request.organization,
                    member=request.member,
                    logged_at=now,
                    account=account,
                    **form.cleaned_data,
                )
        except UnableToLogActivity as error:
            form.add_error(None, str(error))
        else:
            say_done(request, _("Logged."), noted, page=here)
            return redirect(here)
    context = {"form": form, "account": account, "back_url": here}
    return render(request, "pipeline/activity_form.html", context, status=422)
