"""The home page: where we stand in a sentence, the figures it is made of, and what to do first."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agile_sales.night_words import duration_words, run_tone
from pipeline import rules
from pipeline.models import AccountScore
from pipeline.queries import figures
from pipeline.queries.action_words import is_planned, shown_action, with_cut
from pipeline.queries.next_actions import Week
from pipeline.queries.priorities import night_state
from pipeline.queries.score_words import shown_reasons
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.models import Member, Organization
from tenancy.working_time import first_zone, fiscal_quarter, local_day
from ui.formats import format_money, format_number

FEW_ANSWERS = 5  # below this many answers an NPS says more about luck than about customers


@member_can(Action.VIEW_HOME)
def home(request: MemberRequest) -> HttpResponse:
    """Show where we stand."""
    now = timezone.now()
    organization, member = request.organization, request.member
    today = local_day(organization, now)
    quarter = fiscal_quarter(organization, today)
    begin, end = (start_of(organization, day) for day in quarter)
    seen: dict[str, Any] = {"organization": organization, "member": member, "today": today}
    deals = figures.deal_figures(**seen, won_from=begin, won_before=end)
    accounts, satisfaction, week = figures.customer_figures(**seen, as_of=now)
    first = figures.first_accounts(**seen, week=week)
    context = {
        "now": now,
        "today": today,
        "sentence": opening_sentence(organization, deals, accounts, week_of(quarter, today)),
        "deals": deals,
        "open": in_currencies(organization, deals.open_amounts),
        "won": in_currencies(organization, deals.won_amounts),
        "accounts": accounts,
        "satisfaction": satisfaction,
        "few_answers": FEW_ANSWERS,
        "week": week,
        "first": first_rows(organization, member, first, week),
        "due": [due_row(deal, today) for deal in figures.deals_to_close(**seen)],
        "night": night_of(organization),
        "quarter": quarter,
    }
    return render(request, "agile_sales/home.html", context)


def first_rows(
    organization: Organization, member: Member, scores: list[AccountScore], week: Week | None
) -> list[dict[str, Any]]:
    """Return the first accounts as rows, with a line where the hours of the one who looks end."""
    rows = [first_row(organization, member, score) for score in scores]
    return with_cut(rows, is_beginning=True, is_within=is_planned) if week is not None and week.is_own else rows


def start_of(organization: Organization, day: date) -> datetime:
    """Return the moment at which a day begins on the organisation's clock."""
    return datetime.combine(day, time.min, first_zone(organization.time_zone)).astimezone(UTC)


def week_of(quarter: tuple[date, date], today: date) -> tuple[int, int]:
    """Return the week of the quarter, and how many it has: thirteen, the odd day or two belong to the last."""
    first, after = quarter
    weeks = (after - first).days // 7
    return min((today - first).days // 7 + 1, weeks), weeks


def in_currencies(organization: Organization, amounts: Mapping[str, int]) -> dict[str, str]:
    """Return amounts as the figure and what stands beside it: the organisation's currency first, never added up."""
    order = sorted(amounts, key=lambda code: (code != organization.currency, code))
    words = [format_money(amounts[code], code, short=True) for code in order]
    if not words:
        return {"figure": format_money(0, organization.currency, short=True), "beside": ""}
    return {"figure": words[0], "beside": ", ".join(words[1:])}


def opening_sentence(
    organization: Organization, deals: figures.DealFigures, accounts: figures.AccountFigures, week: tuple[int, int]
) -> str:
    """Return where we stand, in one or two sentences."""
    if not accounts.total and not deals.open_count:
        return _("Nothing is here yet. Import your customers and deals, and the first night ranks them.")
    parts = [_("Week %(week)s of %(weeks)s.") % {"week": week[0], "weeks": week[1]}]
    if deals.open_count:
        amounts = in_currencies(organization, deals.open_amounts)
        amount = amounts["figure"]
        if amounts["beside"]:
            amount = _("%(amount)s (and %(others)s)") % {"amount": amount, "others": amounts["beside"]}
        parts.append(
            ngettext("%(amount)s is open in one deal.", "%(amount)s is open in %(count)s deals.", deals.open_count)
            % {"amount": amount, "count": format_number(deals.open_count)}
        )
        if deals.overdue_count:
            parts.append(
                ngettext(
                    "One should have closed already.", "%(count)s should have closed already.", deals.overdue_count
                )
                % {"count": format_number(deals.overdue_count)}
            )
    else:
        parts.append(_("No deal is open."))
    if accounts.act:
        parts.append(
            ngettext("One account wants attention today.", "%(count)s accounts want attention today.", accounts.act)
            % {"count": format_number(accounts.act)}
        )
    elif accounts.total and not accounts.scored:
        parts.append(_("No night has ranked the accounts yet."))
    if 0 < accounts.scored < accounts.total:
        waiting = accounts.total - accounts.scored
        parts.append(
            ngettext(
                "One account waits for its first night.", "%(count)s accounts wait for their first night.", waiting
            )
            % {"count": format_number(waiting)}
        )
    return " ".join(parts)


def first_row(organization: Organization, member: Member, score: Any) -> dict[str, Any]:
    """Return one of the first accounts with its strongest reason in words."""
    day = local_day(organization, score.as_of)
    return {
        "score": score,
        "account": score.account,
        "reason": rules.first_sentence(shown_reasons(member=member, reasons=score.reasons), day),
        "next": shown_action(score.planned),
    }


def due_row(deal: Any, today: date) -> dict[str, Any]:
    """Return a deal that is due, with how late or how near it is in words."""
    days = (deal.close_date - today).days
    if days < 0:
        words = _("Late %(days)s d") % {"days": -days}
    elif days == 0:
        words = _("Today")
    else:
        words = _("In %(days)s d") % {"days": days}
    return {"deal": deal, "words": words, "tone": "bad" if days < 0 else "warn" if days == 0 else ""}


def night_of(organization: Organization) -> dict[str, Any]:
    """Return the state of the nights for the card."""
    state = night_state(organization=organization)
    shown = state.newer or state.done
    return {
        "state": state,
        "run": shown,
        "tone": run_tone(shown) if shown else "",
        "took": duration_words(shown.duration) if shown else "",
    }
