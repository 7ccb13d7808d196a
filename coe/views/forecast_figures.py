"""The figures of the forecast as drawings, rows and sentences."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from coe.forecasting.coverage import coverage
from coe.queries.forecast_page import Record, Won
from pipeline.models import PeriodForecast
from pipeline.queries.period_forecasts import Told
from ui.charts import HALF, Band, Mark, Series, Tone, line_chart
from ui.formats import format_day, format_money, format_number

READINGS = {
    "excellent": gettext_lazy("excellent"),
    "good": gettext_lazy("good"),
    "usable": gettext_lazy("usable"),
    "weak": gettext_lazy("weak"),
    "poor": gettext_lazy("poor"),
}
KINDS = {
    "weighted": gettext_lazy("Weighted"),
    "model": gettext_lazy("Model"),
    "human": gettext_lazy("Promised by people"),
}


def sentence(told: Told, name: str) -> str:
    """Return in one or two sentences what is said of a period, how wide it is, and what it leaves out."""
    row, figures = told.row, told.figures
    if not row.is_told:
        return _("Too few deals were won so far to say what %(period)s will bring. Closed and weighted are below.") % {
            "period": name
        }
    return _("%(period)s brings most likely %(likely)s. 4 of 5 periods like it end between %(low)s and %(high)s.") % {
        "period": name,
        "likely": format_money(figures["p50"], told.currency, short=True),
        "low": format_money(figures["p10"], told.currency, short=True),
        "high": format_money(figures["p90"], told.currency, short=True),
    }


def width_words(row: PeriodForecast) -> str:
    """Return how wide the interval is, in words that say what it is good for."""
    if not row.p50_minor or row.p10_minor is None or row.p90_minor is None:
        return ""
    percent = round(100 * (row.p90_minor - row.p10_minor) / row.p50_minor)
    given = {"percent": format_number(percent)}
    if percent <= 30:
        return _("Narrow: from end to end the interval is %(percent)s%% of the likely figure.") % given
    if percent <= 80:
        return _("From end to end the interval is %(percent)s%% of the likely figure.") % given
    return (
        _("Wide: from end to end the interval is %(percent)s%% of the likely figure. Do not plan on its middle.")
        % given
    )


def fan_chart(told: Told, won: Won, target: int | None, *, today: date) -> SafeString:
    """Return what is closed so far, and how what will be closed opens from today to the end of the period."""
    row = told.row
    started = max(row.period_start, min(row.as_of_date, row.period_end))
    rising = [(float(day.toordinal()), float(amount)) for day, amount in won.rising(row.period_start, row.as_of_date)]
    closed = float(told.figures["closed"] or 0)
    now = (float(started.toordinal()), closed)
    fan = [
        (float(date.fromisoformat(day).toordinal()), *(float(told.money(one) or 0) for one in ends))
        for day, *ends in row.fan
    ]
    end = float(row.period_end.toordinal())
    last = [float(told.figures[name] or 0) for name in ("p10", "p50", "p90")]
    ways = [[now, *((one[0], one[place]) for one in fan), (end, last[place - 1])] for place in (1, 2, 3)]
    likely = format_money(told.figures["p50"], told.currency, short=True)
    series = [
        Series([*rising, now] if row.period_start <= row.as_of_date else [now], tone="c1", filled=True),
        Series(ways[1], tone="c1", dashed=True, end_label=likely),
    ]
    if target is not None:
        level = float(target)
        series.append(
            Series([(float(row.period_start.toordinal()), level), (end, level)], tone="ck", dashed=True, thin=True)
        )
    label = _("Closed %(closed)s on %(day)s, likely %(likely)s at the end, between %(low)s and %(high)s.") % {
        "closed": format_money(told.figures["closed"], told.currency, short=True),
        "day": format_day(row.as_of_date, today=today),
        "likely": likely,
        "low": format_money(told.figures["p10"], told.currency, short=True),
        "high": format_money(told.figures["p90"], told.currency, short=True),
    }
    return line_chart(
        series,
        label=label,
        x_labels=_days(row.period_start, row.period_end),
        bands=[Band(ways[0], ways[2])] if row.is_told else [],
        now=(now[0], _("Now")) if row.period_start <= row.as_of_date < row.period_end else None,
        y_text=lambda value: format_money(round(value), told.currency, short=True),
    )


def fan_rows(told: Told) -> list[dict[str, Any]]:
    """Return the data behind the drawing."""
    rows = [{"day": date.fromisoformat(day), "ends": [told.money(one) for one in ends]} for day, *ends in told.row.fan]
    last = {"day": told.row.period_end, "ends": [told.figures[name] for name in ("p10", "p50", "p90")]}
    return [*rows, last] if told.row.is_told else []


def nights_chart(rows: Sequence[PeriodForecast], told: Told, *, today: date) -> SafeString:
    """Return what was said of the period day by day: the interval, the likely figure, weighted and closed."""
    of = [row for row in rows if row.is_told]
    if len(of) < 2:
        return line_chart([], label="", x_labels=[])

    def line(name: str) -> list[tuple[float, float]]:
        return [
            (float(row.as_of_date.toordinal()), float(told.money(getattr(row, f"{name}_minor")) or 0)) for row in of
        ]

    first, last = of[0], of[-1]
    label = _("On %(first)s %(before)s was likely, on %(last)s %(after)s.") % {
        "first": format_day(first.as_of_date, today=today),
        "before": format_money(told.money(first.p50_minor), told.currency, short=True),
        "last": format_day(last.as_of_date, today=today),
        "after": format_money(told.money(last.p50_minor), told.currency, short=True),
    }
    return line_chart(
        [
            Series(line("weighted"), tone="c3", thin=True),
            Series(line("closed"), tone="c0"),
            Series(line("p50"), tone="c1"),
        ],
        label=label,
        x_labels=_days(first.as_of_date, last.as_of_date),
        bands=[Band(line("p10"), line("p90"))],
        y_text=lambda value: format_money(round(value), told.currency, short=True),
        size=HALF,
    )


def _days(start: date, end: date) -> list[tuple[float, str]]:
    step = max(1, (end - start).days // 6)
    days = [date.fromordinal(one) for one in range(start.toordinal(), end.toordinal() + 1, step)]
    return [(float(day.toordinal()), date_format(day, pgettext("day and month", "j M"))) for day in days]


def goal_row(told: Told, target: int | None) -> dict[str, Any] | None:
    """Return what a target asks for: its chance, what is missing, and how much pipeline it needs."""
    if target is None:
        return None
    figures = told.figures
    known = told.row.new_is_known and figures["new"] is not None
    need = coverage(
        target=float(target),
        closed=float(figures["closed"] or 0),
        new=float(figures["new"] or 0) if known else 0.0,
        open_=float(figures["due"] or 0),
        conversion=max(told.row.conversion, 0.001),
    )
    chance = told.chance_of(target)
    return {
        "target": target,
        "chance": chance,
        "percent": None if chance is None else round(100 * chance),
        "gap": None if figures["p50"] is None else target - figures["p50"],
        "need": need,
        "needed": round(need.needed),
        "missing": round(need.gap),
        "has": round(need.has),
        "is_reached": (figures["closed"] or 0) >= target,
    }


def velocity_row(told: Told) -> dict[str, Any] | None:
    """Return how fast open deals turn into won ones."""
    row = told.row
    if row.win_rate is None or not row.cycle_days or row.average_minor is None:
        return None
    a_day = row.deals * row.win_rate * row.average_minor / row.cycle_days
    return {
        "a_month": told.money(round(a_day * 365 / 12)),
        "deals": row.deals,
        "win_percent": 100 * row.win_rate,
        "average": told.figures["average"],
        "days": row.cycle_days,
    }


def assumptions(told: Told, *, today: date) -> list[str]:
    """Return what the forecast rests on and what it does not know, a sentence each; the doubts first."""
    row, found = told.row, []
    if not row.is_told:
        found.append(_("The model says something as soon as ten deals are won."))
    elif not row.new_is_known:
        found.append(
            _("Business that is not created yet is not in it, so it is too low: fewer than three periods were seen.")
        )
    found += [_left_out(one) for one in row.left_out]
    if row.assumed_deals:
        found.append(
            ngettext(
                "%(count)s deal has no amount and counts with what a win of its product usually brings.",
                "%(count)s deals have no amount and count with what a win of their product usually brings.",
                row.assumed_deals,
            )
            % {"count": format_number(row.assumed_deals)}
        )
    found.append(_chances(row))
    if row.is_told:
        found.append(_shock(row))
    if told.rate_date is not None:
        found.append(
            _("Other currencies count by rates, the oldest of %(day)s; what was won by the rate of its closing day.")
            % {"day": format_day(told.rate_date, today=today)}
        )
    found.append(
        _("A shock beyond what those periods had, the season and the planned close dates are not in the interval.")
    )
    return found


def _left_out(one: Mapping[str, Any]) -> str:
    given = {"count": format_number(one["deals"]), "currency": one["currency"]}
    if one["reason"] == "no_rate":
        given["amount"] = format_money(one["amount_minor"], one["currency"], short=True)
        return (
            ngettext(
                "%(count)s deal in %(currency)s (%(amount)s) is left out: there is no rate for it.",
                "%(count)s deals in %(currency)s (%(amount)s) are left out: there is no rate for it.",
                one["deals"],
            )
            % given
        )
    return (
        ngettext(
            "%(count)s deal is left out: it has no amount, and no win tells what it may be.",
            "%(count)s deals are left out: they have no amount, and no win tells what it may be.",
            one["deals"],
        )
        % given
    )


def _chances(row: PeriodForecast) -> str:
    deals = {"deals": format_number(row.deals), "scored": format_number(row.scored_deals)}
    if row.scored_deals:
        return (
            _("%(scored)s of %(deals)s open deals have a chance of the deal model, the rest that of stage and age.")
            % deals
        )
    return (
        _("%(deals)s open deals, each with the chance of its stage at its age; no model tells them apart better.")
        % deals
    )


def _shock(row: PeriodForecast) -> str:
    if not row.periods:
        return _("How much deals of a period move together is assumed: no earlier period was seen.")
    return ngettext(
        "How much deals of a period move together is learnt from %(count)s earlier period.",
        "How much deals of a period move together is learnt from %(count)s earlier periods.",
        row.periods,
    ) % {"count": row.periods}


def unit_rows(found: Mapping[UUID | None, Told], *, chosen: UUID | None) -> list[dict[str, Any]]:
    """Return the whole and each unit, by name."""
    ordered = sorted(found.items(), key=lambda pair: (pair[0] is not None, pair[1].row.unit.name if pair[0] else ""))
    return [
        {
            "id": unit_id,
            "name": told.row.unit.name if told.row.unit is not None else _("All"),
            "told": told,
            "is_chosen": unit_id == chosen,
        }
        for unit_id, told in ordered
    ]


def stage_chart(stages: Sequence[Mapping[str, Any]]) -> SafeString:
    """Return the chance to win by days in the stage, a line for each stage (four at most are drawn)."""
    tones: tuple[Tone, ...] = ("c1", "c2", "c3", "c0")
    series = [
        Series([(days, 100 * chance) for days, chance in one["curve"]], tone=tone)
        for one, tone in zip(stages, tones, strict=False)
    ]
    if not series:
        return line_chart([], label="", x_labels=[])
    longest = max(one.points[-1][0] for one in series)
    label = _("The chance of a deal by the days that it has been in its stage: %(stages)s.") % {
        "stages": ", ".join(one["name"] for one in stages[: len(tones)])
    }
    return line_chart(
        series,
        label=label,
        x_labels=[(longest * part / 4, _("%(days)s d") % {"days": round(longest * part / 4)}) for part in range(5)],
        y_text=lambda value: f"{format_number(value)}%",
        size=HALF,
    )


def record_chart(record: Record, currency: str) -> SafeString:
    """Return quarter by quarter what was said with its interval, and what came."""
    told = [
        (place, one) for place, one in enumerate(record.quarters) if one.said is not None and one.is_inside is not None
    ]
    if not told:
        return line_chart([], label="", x_labels=[])
    bands = [(float(place), one.said) for place, one in told if one.said is not None]
    label = _("%(inside)s of %(all)s quarters ended inside of the interval.") % {
        "inside": record.inside.inside,
        "all": record.inside.periods,
    }
    return line_chart(
        [
            Series([(place, float(said.weighted_minor)) for place, said in bands], tone="c3", thin=True),
            Series([(place, float(said.p50_minor or 0)) for place, said in bands], tone="c1", dashed=True),
        ],
        label=label,
        x_labels=[(float(place), one.period.name) for place, one in enumerate(record.quarters)],
        bands=[
            Band(
                [(place, float(said.p10_minor or 0)) for place, said in bands],
                [(place, float(said.p90_minor or 0)) for place, said in bands],
            )
        ],
        marks=[
            Mark(
                float(place),
                float(one.came),
                format_money(one.came, currency, short=True),
                "ck" if one.is_inside else "c2",
            )
            for place, one in told
        ],
        y_text=lambda value: format_money(round(value), currency, short=True),
    )


def record_rows(record: Record) -> list[dict[str, Any]]:
    """Return the quarters with what each kind of forecast was off by, in per cent of what came."""

    def off(said: int | None, came: int) -> float | None:
        return None if said is None or not came else 100 * (said - came) / came

    return [
        {
            "name": one.period.name,
            "judged": one,
            "weighted_off": off(one.said.weighted_minor if one.said else None, one.came),
            "model_off": off(one.said.p50_minor if one.said else None, one.came),
            "human_off": off(one.human, one.came),
        }
        for one in reversed(record.quarters)
    ]


def record_words(record: Record) -> str:
    """Return who was right, and whether the interval held, as far as can be told."""
    if not record.inside.periods:
        return _("Nothing can be said yet: no quarter that is over has a forecast.")
    held = record.inside.holds(0.8)
    words = _("The 80%% interval held %(inside)s of %(all)s quarters.") % {
        "inside": record.inside.inside,
        "all": record.inside.periods,
    }
    if held is None:
        words += " " + _("Too few to judge it.")
    elif held:
        words += " " + _("That is in keeping with 4 of 5.")
    else:
        words += " " + _("That is not in keeping with 4 of 5: trust its width less.")
    if record.best is not None:
        words += " " + _("Nearest to what came was: %(kind)s.") % {"kind": str(KINDS[record.best]).lower()}
    return words


def kind_rows(record: Record) -> list[dict[str, Any]]:
    """Return for each kind of forecast how far it was off, always in the same direction or not."""
    return [
        {
            "name": KINDS[kind],
            "periods": found.periods,
            "bias": None if found.bias is None else 100 * found.bias,
            "error": None if found.error is None else 100 * found.error,
            "reading": READINGS[found.reading] if found.reading else "",
            "is_best": kind == record.best,
        }
        for kind, found in record.kinds.items()
    ]
