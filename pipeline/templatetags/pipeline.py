"""What the pages of customers and deals say in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from pipeline.models import (
    BY_STAGE,
    Account,
    BuyingRole,
    ForecastCategory,
    LostReasons,
    Opportunity,
    OpportunityHistory,
    Order,
    OrderStatus,
    TrackedField,
    criterion_words,
)
from pipeline.queries import action_words
from pipeline.queries.account_overview import Satisfaction
from pipeline.queries.badges import Badge, wants_check
from pipeline.queries.standing import Standing, standing_of
from tenancy.access import Action
from tenancy.money import exponent, to_minor
from tenancy.working_time import calendar_of
from ui.formats import format_day, format_money, format_number
from ui.templatetags.ui import icon, score

register = template.Library()

LONG_SILENCE = timedelta(days=90)


@dataclass(frozen=True)
class Said:
    """A few words and their tone."""

    words: str
    tone: str = ""


@register.simple_tag(takes_context=True)
def account_score(context: Context, account: Account | None, badge: Badge | None, *, change: bool = False) -> str:
    """Draw the score of an account where it is named: it opens its explanation; nothing where there is no score.

    `badge` was fetched with the row (`pipeline.queries.badges`); `change` says what the last night changed.
    """
    if account is None or account.deleted_at or not badge or Action.VIEW_PRIORITIES not in context["rights"]:
        return ""
    now, before, by_hand = badge["score"], badge["before"], badge["by_hand"]
    return score(
        by_hand["score"] if by_hand else now,
        change=now - before if change and before is not None else None,
        word=gettext("by hand") if by_hand else gettext("check") if wants_check(badge) else "",
        band=badge["band"],
        url=reverse("coe:score", args=[context["organization"].slug, account.pk]),
        about=account.name,
    )


@register.simple_tag(takes_context=True)
def deal_score(context: Context, deal: Opportunity, *, change: bool = False) -> str:
    """Draw the chance of an open deal as its model sees it: it opens its reasons; nothing where there is none.

    It was fetched with the row (`pipeline.queries.badges`); `change` says what the last night changed.
    """
    badge: Badge | None = getattr(deal, "deal_score", None)
    if not badge or not deal.is_open:
        return ""
    before = badge["before"]
    return score(
        badge["score"],
        change=badge["score"] - before if change and before is not None else None,
        word=gettext("check") if wants_check(badge) else "",
        url=reverse("pipeline:opportunity", args=[context["organization"].slug, deal.pk]),
        about=deal.name,
    )


@register.simple_tag(takes_context=True)
def account_link(context: Context, account: Account | None, badge: Badge | None) -> SafeString:
    """Draw an account as a part of another record: its score and the way to its page, or a dash."""
    if account is None or account.deleted_at:
        return format_html('<span class="muted">{}</span>', "–")
    url = reverse("pipeline:account", args=[context["organization"].slug, account.pk])
    return format_html(
        '<span class="row">{}<a class="link clip" href="{}">{}</a></span>',
        account_score(context, account, badge),
        url,
        account.name,
    )


register.simple_tag(action_words.action_fact, name="action_fact")


@register.filter
def percent(basis_points: int | None) -> str:
    """Print basis points as a percentage with as many decimals as it has."""
    if basis_points is None:
        return "–"
    share = Decimal(basis_points) / 100
    digits = 0 if share == share.to_integral() else 1 if share * 10 == (share * 10).to_integral() else 2
    return f"{format_number(share, digits)}%"


@register.filter
def plain_number(value: Decimal) -> str:
    """Print a quantity without the zeros at its end."""
    return str(number_format(value.normalize() if value != value.to_integral() else value.to_integral(), use_l10n=True))


@register.simple_tag
def unit_price(price_e4: int, currency: str) -> str:
    """Print a price in 1/10,000 of the currency's unit; four decimals only where it has them."""
    price = Decimal(price_e4) / 10_000
    minor = price.scaleb(exponent(currency))
    if minor == minor.to_integral():
        return format_money(int(minor), currency)
    return f"{format_number(price, 4)} {currency}"


@register.simple_tag
def exact_money(amount: Decimal, currency: str) -> str:
    """Print an exact amount, rounded to what the currency has."""
    return format_money(to_minor(amount, currency), currency)


@register.simple_tag(takes_context=True)
def standing(context: Context, deal: Opportunity, today: date) -> Standing:
    """Say how an open deal stands in its stage and against its close date, in working days."""
    return standing_of(deal, calendar=calendar_of(context["organization"]), today=today)


@register.simple_tag(takes_context=True)
def lost_reasons(context: Context) -> tuple[str, ...]:
    """Return what people choose from when a deal is lost."""
    return LostReasons.of(context["organization"]).reasons


@register.filter
def buying_role(code: str) -> str:
    """Print what a person does in the customer's decision."""
    return str(BuyingRole(code).label)


@register.simple_tag
def criterion(one: Mapping[str, str]) -> str:
    """Print what a stage asks for."""
    return criterion_words(one)


@register.simple_tag
def change_value(row: OpportunityHistory, value: str, side: str, currency: str) -> str:
    """Print the old or the new value of a kept change."""
    if row.field == TrackedField.AMOUNT:
        amount = row.old_amount_minor if side == "old" else row.new_amount_minor
        return format_money(amount, currency)
    if row.field == TrackedField.CLOSE_DATE and value:
        try:
            return format_day(date.fromisoformat(value), today=timezone.localdate())
        except ValueError:
            return value
    if row.field == TrackedField.FORECAST_CATEGORY:
        return gettext("As its stage says") if value == BY_STAGE else ForecastCategory(value).label
    return value or "–"


@register.simple_tag
def forecast_column(column: str) -> str:
    """Print what a column of the forecast is called."""
    names = {"commit": gettext("Committed"), "won": gettext("Won"), "lost": gettext("Lost")}
    return names.get(column) or str(ForecastCategory(column).label)


@register.simple_tag
def forecast_category(deal: Opportunity) -> SafeString:
    """Draw how firmly a deal counts in the forecast; a pin says that a person, and not its stage, says so."""
    words = deal.forecast_category.label
    if not deal.is_category_pinned:
        return format_html("{}", words)
    said = gettext("pinned by hand")
    return format_html('<span class="nowrap">{} {}<span class="sr"> ({})</span></span>', icon("pin"), words, said)


@register.filter
def is_long_ago(moment: datetime | None, now: datetime) -> bool:
    """Whether nobody has spoken with a contact for a quarter."""
    return moment is None or now - moment > LONG_SILENCE


@register.inclusion_tag("pipeline/nps_change.html")
def nps_change(said: Satisfaction) -> dict[str, Any]:
    """Draw how the last quarter compares with the one before."""
    change = said.change
    if not change:
        return {"words": "", "direction": "flat", "tone": ""}
    return {
        "words": gettext("%(points)s in a quarter") % {"points": abs(change)},
        "direction": "up" if change > 0 else "down",
        "tone": "good" if change > 0 else "bad",
    }


@register.simple_tag
def nps_bar(said: Satisfaction) -> SafeString:
    """Draw promoters, passives and detractors as shares of one bar."""
    label = gettext("%(likes)s promoters, %(rest)s passive, %(dislikes)s detractors") % {
        "likes": said.promoters,
        "rest": said.passives,
        "dislikes": said.detractors,
    }
    whole = said.answers or 1
    return _shares(label, 100 * said.promoters / whole, 100 * said.passives / whole)


@register.simple_tag
def outcome_bar(won: int, lost: int, later: int) -> SafeString:
    """Draw the chances of a deal within its quarter as shares of one bar: won, later, lost."""
    label = gettext("Won %(won)s%%, later %(later)s%%, lost %(lost)s%%") % {"won": won, "later": later, "lost": lost}
    return _shares(label, won, later)


def _shares(label: str, likes: float, rest: float) -> SafeString:
    return format_html(
        '<svg class="npsbar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="p" width="{}" height="6"/><rect class="n" x="{}" width="{}" height="6"/>'
        '<rect class="d" x="{}" width="{}" height="6"/></svg>',
        label,
        f"{likes:.1f}",
        f"{likes:.1f}",
        f"{rest:.1f}",
        f"{likes + rest:.1f}",
        f"{100 - likes - rest:.1f}",
    )


@register.simple_tag
def order_promise(order: Order, today: date) -> Said:
    """Say in words what a customer was promised."""
    if order.promised_date is None:
        return Said(str(order.get_status_display()), "muted")
    promised = format_day(order.promised_date, today=today)
    late = (today - order.promised_date).days
    if late > 0:
        return Said(gettext("Late %(days)s d, promised %(day)s") % {"days": late, "day": promised}, "bad")
    if order.status == OrderStatus.SHIPPED:
        return Said(gettext("On the way, %(day)s") % {"day": promised}, "good")
    return Said(gettext("Promised for %(day)s") % {"day": promised}, "soft")


@register.simple_tag
def undone_words(data: dict[str, Any]) -> SafeString:
    """Say who took back a change of what."""
    payload = data.get("payload") or {}
    who = format_html('<b class="med">{}</b>', data.get("who") or gettext("Somebody"))
    names = sorted(payload.get("changed") or payload.get("fields") or {})
    if payload.get("was") == "created":
        return format_html(gettext("{who} took back that it was added"), who=who)
    if "deleted_at" in names:
        return format_html(gettext("{who} took back a deletion"), who=who)
    fields = ", ".join(_field_word(name) for name in names if name not in CONSEQUENCES) or gettext("lines")
    if data.get("kind") == "opportunity":
        return format_html(gettext("{who} took back a change of a deal: {fields}"), who=who, fields=fields)
    return format_html(gettext("{who} took back a change: {fields}"), who=who, fields=fields)


CONSEQUENCES = {"stage_entered_at", "outcome", "closed_at", "amount_exact"}
"""Columns that follow from another one, so that people need not read of them."""


def _field_word(name: str) -> str:
    return name.removesuffix("_minor").removesuffix("_bp").replace("_", " ")


@register.simple_tag
def activity_words(data: dict[str, Any]) -> SafeString:
    """Say who did what with whom."""
    who, whom = data.get("who") or gettext("Somebody"), data.get("contact")
    kind, incoming = data.get("kind"), data.get("direction") == "in"
    person = format_html('<b class="med">{}</b>', whom if incoming and whom else who)
    other = data.get("who") if incoming and whom else whom
    if other:
        sentences = {
            "call": gettext("{who} called {whom}"),
            "meeting": gettext("{who} met {whom}"),
            "email": gettext("{who} wrote to {whom}"),
            "note": gettext("{who} noted about {whom}"),
            "inquiry": gettext("{who} asked {whom}"),
            "task": gettext("{who} planned for {whom}"),
        }
        return format_html(sentences.get(str(kind), gettext("{who} and {whom}")), who=person, whom=other)
    if incoming and whom and kind == "inquiry":
        return format_html(gettext("{who} asked"), who=person)
    alone = {
        "call": gettext("{who} called"),
        "meeting": gettext("{who} had a meeting"),
        "email": gettext("{who} wrote"),
        "note": gettext("{who} noted"),
        "inquiry": gettext("Inquiry, taken by {who}"),
        "task": gettext("{who} planned"),
    }
    return format_html(alone.get(str(kind), "{who}"), who=person)
