"""What an account is worth, and which products it has, could have or did not want: as its page shows it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from pipeline.models import Account, AccountValue, Opportunity, Outcome
from pipeline.rules import method_words
from ui.formats import format_about, format_day, format_number


@dataclass(frozen=True)
class ProductRow:
    """One product in the eyes of one account."""

    product_id: str
    name: str
    state: str
    tone: str
    detail: str
    share: float | None = None  # of the accounts like it that have it
    yearly_minor: int | None = None


def value_of(account: Account) -> AccountValue | None:
    """Return what was fetched with the account by `account_value`."""
    found: Mapping[str, Any] | None = getattr(account, "worth", None)
    return AccountValue(organization_id=account.organization_id, account=account, **found) if found else None


def product_rows(
    *,
    owned: Iterable[Mapping[str, Any]],
    deals: Sequence[Opportunity],
    whitespace: Iterable[Mapping[str, Any]],
    today: date,
) -> list[ProductRow]:
    """Return the products that the account has, is offered, could have or did not want; each once, in this order."""
    rows: dict[str, ProductRow] = {}
    could = {str(one["product_id"]): one for one in whitespace}
    for one in owned:
        last = format_day(date.fromisoformat(one["last"]), today=today)
        count = int(one["orders"])
        detail = _("%(count)s orders, the last %(day)s") if count > 1 else _("Ordered %(day)s")
        said = {"count": format_number(count), "day": last}
        rows[str(one["product_id"])] = ProductRow(
            str(one["product_id"]), one["name"], _("Has it"), "good", detail % said
        )
    for deal in deals:
        if deal.product is not None and str(deal.product_id) not in rows and deal.outcome == Outcome.OPEN:
            rows[str(deal.product_id)] = ProductRow(
                str(deal.product_id), deal.product.name, _("In a deal"), "info", deal.name
            )
    lost = {str(deal.product_id): deal for deal in deals if deal.product is not None and deal.outcome == Outcome.LOST}
    for product_id, one in could.items():
        if product_id in rows:
            continue
        before = lost.pop(product_id) if product_id in lost else None
        rows[product_id] = ProductRow(
            product_id,
            one["name"],
            _("Could have it") if before is None else _("Lost before"),
            "" if before is None else "warn",
            "" if before is None else before.name,
            share=100 * one["share"],
            yearly_minor=one["yearly_minor"],
        )
    for product_id, deal in lost.items():
        if product_id not in rows and deal.product is not None:
            rows[product_id] = ProductRow(product_id, deal.product.name, _("Lost before"), "warn", deal.name)
    return list(rows.values())


def chance_words(chance: float) -> str:
    """Return a chance in per cent; nothing that is still open is certain."""
    return format_number(min(99, max(1, 100 * chance)))


def activity_words(value: AccountValue) -> str:
    """Return whether the account is likely to buy still, in a sentence; "" where nothing can be said."""
    if value.active_chance is not None:
        return _("It still buys with a chance of %s%%.") % chance_words(value.active_chance)
    if value.repeat_rate is not None:
        return _("It bought once. Of the customers won in the same quarter %s%% bought again.") % format_number(
            100 * value.repeat_rate
        )
    return ""


def silence_words(value: AccountValue, *, days: int) -> str:
    """Return how likely it is that the account falls silent, by what, and what that means; "" where nobody knows."""
    if value.silence_chance is None:
        return ""
    words = _("With a chance of %(percent)s%% it will have fallen silent in %(days)s days: no purchase for longer than")
    words += " " + _("nine in ten of its own gaps.")
    if value.usual_gap_days and value.idle_days is not None:
        words += " " + _("The last purchase was %(idle)s days ago, usually they are %(gap)s days apart.")
    said = {
        "percent": chance_words(value.silence_chance),
        "days": format_number(days),
        "idle": format_number(value.idle_days or 0),
        "gap": format_number(value.usual_gap_days or 0),
    }
    return words % said


def silence_method(value: AccountValue) -> str:
    """Return what the chance to fall silent rests on, with its interval."""
    if value.silence_chance is None:
        return ""
    words = f"{method_words(value.silence_model)}."
    if value.silence_low is None or value.silence_high is None:
        return words
    interval = _("Of such customers %(low)s to %(high)s%% fell silent (95%%).")
    ends = {"low": format_number(100 * value.silence_low), "high": format_number(100 * value.silence_high)}
    return f"{words} {interval % ends}"


def not_counted_words(value: AccountValue) -> str:
    """Return which money is missing for want of a rate, "" where nothing is."""
    if not value.not_counted:
        return ""
    words = _("Amounts in %(codes)s are not counted: the organisation's settings have no rate.")
    return words % {"codes": ", ".join(value.not_counted)}


def stake_parts(value: AccountValue) -> list[tuple[str, int]]:
    """Return what the value at stake is made of, without parts that are nothing."""
    parts = [
        (_("A purchase beside its deals × chance to buy"), value.gain_minor),
        (_("Open deals × chance to win them"), value.deals_minor),
        (_("Products that it has not"), value.grow_minor),
        (_("What could be lost in silence"), value.protect_minor),
    ]
    return [(words, amount) for words, amount in parts if amount]


def potential_words(value: AccountValue) -> str:
    """Return the share of the wallet that we have, in words."""
    spend, wallet = (format_about(one, value.currency) for one in (value.spend_minor, value.wallet_minor))
    return _("%(spend)s of %(wallet)s that it could realistically spend in a year") % {"spend": spend, "wallet": wallet}
