"""The figures of a model as its pages draw them: plain values in, words and drawings out."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coe.queries.closed_loop import Loop
from coe.queries.model_page import Look
from coe.scoring.closed_loop import Estimate, Rate
from coe.scoring.fairness import Share
from ui.charts import calibration_chart, percent_text
from ui.formats import format_number, format_signed

NAMES = {
    "account_purchase": gettext_lazy("Who buys"),
    "account_silence": gettext_lazy("Who falls silent"),
    "opportunity_win": gettext_lazy("Which deals are won"),
    "opportunity_slip": gettext_lazy("Which deals slip"),
}
STATES = {
    "too_few_outcomes": gettext_lazy("Too few outcomes to learn from: everybody gets the base rate."),
    "rules": gettext_lazy("The rule card itself is the best that the outcomes justify."),
    "rules_corrected": gettext_lazy("The rule card, corrected by outcomes."),
    "learned": gettext_lazy("Learned from outcomes."),
    "no_reliable_signal": gettext_lazy("No reliable signal: nothing beats the base rate, so everybody gets it."),
}
SPLITS = {
    "time": gettext_lazy("Tried by time: learnt from what came first, tried on what came after."),
    "groups": gettext_lazy("Tried by account: no account was both learnt from and tried on."),
    "rows": gettext_lazy("Tried by row: what was tried had not been learnt from."),
}
HELD = {
    "holds": (gettext_lazy("Holds"), "good", "check"),
    "too_sure": (gettext_lazy("Too sure"), "bad", "alert"),
    "too_cautious": (gettext_lazy("Too cautious"), "warn", "alert"),
    "thin_data": (gettext_lazy("Thin data"), "muted", "info"),
}
TREATED = {
    "fair": (gettext_lazy("Fair"), "good", "check"),
    "too_little": (gettext_lazy("Too little"), "bad", "alert"),
    "too_much": (gettext_lazy("Too much"), "warn", "alert"),
    "thin_data": (gettext_lazy("Thin data"), "muted", "info"),
}
GROUPS = {
    "acted": gettext_lazy("Acted on within a week"),
    "ignored": gettext_lazy("Not acted on"),
    "overridden": gettext_lazy("Score set by hand"),
    "explored": gettext_lazy("Picked to learn"),
}
METHODS = {"base_rate": gettext_lazy("Base rate"), "rule_card": gettext_lazy("Rule card")}
MOST_ERROR = 0.04  # of calibration, beyond chance
LOOK, ALARM = 0.1, 0.25  # of drift


def figure(metrics: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a figure with its interval; one that isn't known has no value and says why."""
    found = metrics.get(name) or {}
    return {"value": None, "low": None, "high": None, "why": "", **found}


def interval_words(one: Mapping[str, Any], digits: int = 2, *, sign: str = "") -> str:
    """Return the interval of a figure, or why there is none."""
    if one["low"] is None or one["high"] is None:
        return str(one["why"])
    low, high = (format_number(one[name], digits) + sign for name in ("low", "high"))
    return _("%(low)s to %(high)s, 95%%") % {"low": low, "high": high}


def range_words(one: Mapping[str, Any], digits: int = 2, *, signed: bool = False) -> str:
    """Return an interval alone, for a column that says what it is."""
    if one.get("low") is None or one.get("high") is None:
        return "–"
    printed = format_signed if signed else format_number
    return _("%(low)s to %(high)s") % {name: printed(one[name], digits) for name in ("low", "high")}


def strip(look: Look) -> list[dict[str, Any]]:
    """Return the four tiles on top."""
    metrics, drift = look.figures, look.drift
    error, auc, lift = (figure(metrics, name) for name in ("ece_beyond_chance", "auc", "lift_10"))
    largest = next(iter(drift.items()), None)
    beyond = max(0.0, error["value"]) if error["value"] is not None else None
    return [
        tile(
            _("Calibration error"),
            None if beyond is None else f"{format_number(100 * beyond, 1)}%",
            _("beyond chance, limit %(limit)s%%") % {"limit": format_number(100 * MOST_ERROR)},
            "warn" if beyond is not None and beyond > MOST_ERROR else "",
            look.trend("ece_beyond_chance"),
        ),
        tile(
            _("Rank quality, AUC"),
            None if auc["value"] is None else format_number(auc["value"], 2),
            interval_words(auc),
            trend=look.trend("auc"),
        ),
        tile(
            _("Good outcomes in the top tenth"),
            None if lift["value"] is None else f"{format_number(lift['value'], 1)}×",
            interval_words(lift, 1, sign="×") or _("against a random list"),
            trend=look.trend("lift_10"),
        ),
        tile(
            _("Drift, largest"),
            None if largest is None else format_number(largest[1], 2),
            _("after the first week in use") if largest is None else largest[0],
            "warn" if largest is not None and largest[1] > LOOK else "",
            look.drift_trend,
        ),
    ]


def tile(label: str, value: str | None, below: str, tone: str = "", trend: Sequence[float] = ()) -> dict[str, Any]:
    """Return one of the tiles; what isn't known is hollow."""
    return {"label": label, "value": value or "–", "below": below, "tone": tone, "trend": trend}


def calibration(
    bins: Sequence[Mapping[str, float]], segment: Mapping[str, Any] | None = None
) -> tuple[SafeString, list[Mapping[str, float]]]:
    """Return the drawing of said against came, and the rows of its table."""
    groups = [(one["said"], one["came"], one["low"], one["high"]) for one in bins]
    inside = sum(1 for said, _came, low, high in groups if low <= said <= high)
    words = _("In %(inside)s of %(all)s groups the share that came is what was said, within chance.")
    line = [(one["said"], one["came"]) for one in segment["bins"]] if segment else []
    drawing = calibration_chart(
        groups,
        highlighted=line,
        label=words % {"inside": inside, "all": len(groups)},
        end_label=str(segment["name"]) if segment else "",
    )
    return drawing, list(bins)


def panel(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of said against came by segment or territory, each with its state in words."""
    found = []
    for one in rows:
        words, tone, icon = HELD.get(one.get("held", ""), HELD["thin_data"])
        ratio = one.get("observed_over_expected") or {}
        gap = round(100 * (one["came"] - one["said"]))
        found.append(
            {
                **one,
                "gap": _("%(points)s pt") % {"points": format_signed(gap, 0) if gap else "0"},
                "ratio": range_words(ratio),
                "words": words,
                "tone": tone,
                "icon": icon,
                "is_bad": one.get("held") == "too_sure",
            }
        )
    return found


def fairness(shares: Sequence[Share]) -> list[dict[str, Any]]:
    """Return the rows of hours against potential, each with its state in words."""
    rows = []
    for one in shares:
        words, tone, icon = TREATED[one.treated]
        ratio = "–"
        if one.ratio is not None and one.treated != "thin_data":
            ratio = f"{format_number(one.ratio, 2)} ({range_words({'low': one.low, 'high': one.high})})"
        rows.append(
            {
                **{name: getattr(one, name) for name in ("name", "accounts", "slots")},
                "slot_percent": 100 * one.slot_share,
                "potential_percent": 100 * one.potential_share,
                "ratio_words": ratio,
                "words": words,
                "tone": tone,
                "icon": icon,
            }
        )
    return rows


def corrected(corrections: Mapping[str, float]) -> str:
    """Return whose scores are put right, and by how much, "" where nobody's are."""
    if not corrections:
        return ""
    named = ", ".join(f"{name} × {format_number(math.exp(value), 2)}" for name, value in sorted(corrections.items()))
    return _("Put right by what came in the trials, drawn to 1 with the weight of ten outcomes, odds of %(named)s.") % {
        "named": named
    }


def drift_rows(drift: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return the inputs that look otherwise than in training, the most first."""
    rows = []
    for name, psi in list(drift.items())[:8]:
        tone = "bad" if psi > ALARM else "warn" if psi > LOOK else "quiet"
        rows.append({"name": name, "psi": psi, "tone": tone, "width": min(100.0, 100 * max(psi, 0.0) / (1.4 * ALARM))})
    return rows


def comparison(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a version against the one that it was held against, measure by measure."""
    if "gain" not in figures:
        return []
    gain, error = figures["gain"], figures["gain_error"]
    low, high = gain - 1.96 * error, gain + 1.96 * error
    rows = [
        {
            "name": _("Log-loss, lower is better"),
            "other": format_number(figures["other_log_loss"], 4),
            "own": format_number(figures["log_loss"], 4),
            "difference": _("%(difference)s (%(low)s to %(high)s)")
            % {
                "difference": format_signed(-gain, 4),
                "low": format_signed(-high, 4),
                "high": format_signed(-low, 4),
            },
            "tone": "good" if low > 0 else "bad" if high < 0 else "soft",
        }
    ]
    measures = (("brier", _("Brier score, lower is better"), 4), ("auc", _("Rank quality, AUC"), 3))
    for code, name, digits in (*measures, ("lift_10", _("Good outcomes in the top tenth"), 2)):
        own, other = figures.get(code), figures.get(f"other_{code}")
        if own is None or other is None:
            continue
        rows.append(
            {
                "name": name,
                "other": format_number(other, digits),
                "own": format_number(own, digits),
                "difference": format_signed(own - other, digits),
                "tone": "soft",
            }
        )
    return rows


def tried(candidates: Sequence[Mapping[str, Any]], chosen: str) -> list[dict[str, Any]]:
    """Return what was tried, each against the base rate, with the interval of its gain."""
    rows = []
    for one in candidates:
        gain, error = one["gain"], one["gain_error"]
        rows.append(
            {
                **one,
                "name": METHODS.get(one["code"], str(one["code"]).replace("_", " ").capitalize()),
                "is_chosen": one["code"] == chosen,
                "gain_words": format_signed(gain, 4),
                "gain_interval": _("%(low)s to %(high)s")
                % {"low": format_signed(gain - 1.96 * error, 4), "high": format_signed(gain + 1.96 * error, 4)},
                "beats": gain - 1.645 * error > 0,
            }
        )
    return rows


def fold_rows(folds: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the folds of the trials, one after the other, each against the base rate."""
    return [
        {
            **one,
            "start": one["start"] and date.fromisoformat(one["start"]),
            "end": one["end"] and date.fromisoformat(one["end"]),
            "gain_words": format_signed(one["gain"]["value"], 4),
            "gain_interval": range_words(one["gain"], 4, signed=True),
            "tone": "good" if (one["gain"]["low"] or 0) > 0 else "bad" if (one["gain"]["high"] or 0) < 0 else "",
            "lift_interval": range_words(one["lift_10"]),
        }
        for one in folds
    ]


def folds_sentence(folds: Sequence[Mapping[str, Any]]) -> str:
    """Return how many of the folds were better than the base rate, and how many of them beyond chance."""
    better = sum(1 for one in folds if one["gain"]["value"] > 0)
    surely = sum(1 for one in folds if (one["gain"]["low"] or 0) > 0)
    words = ngettext(
        "Better than the base rate in %(better)s of %(count)s fold, beyond chance in %(surely)s.",
        "Better than the base rate in %(better)s of %(count)s folds, beyond chance in %(surely)s.",
        len(folds),
    )
    return words % {"better": better, "count": len(folds), "surely": surely}


def percent(share: float) -> str:
    """Return a share in per cent with a decimal where it has one."""
    return percent_text(share)


def rate_words(one: Rate) -> dict[str, str]:
    """Return a share with its interval and its cases."""
    if one.value is None:
        return {"value": "–", "below": _("no accounts yet")}
    words = _("%(came)s of %(cases)s; %(low)s%% to %(high)s%%, 95%%")
    return {
        "value": f"{format_number(100 * one.value, 1)}%",
        "below": words
        % {
            "came": format_number(one.came),
            "cases": format_number(one.cases),
            "low": format_number(100 * one.low),
            "high": format_number(100 * one.high),
        },
    }


def loop_row(loop: Loop) -> dict[str, Any]:
    """Return what acting, and looking where nobody had looked, was worth after so many days."""
    return {
        "days": loop.days,
        "acted": estimate_words(loop.acted_against_ignored),
        "explored": estimate_words(loop.explored_against_ignored),
    }


def estimate_words(one: Estimate) -> dict[str, str]:
    """Return a difference in points with its interval, or why there is none."""
    if one.value is None:
        return {"value": "–", "below": one.why, "tone": "muted"}
    return {
        "value": _("%(points)s points") % {"points": format_signed(100 * one.value, 1)},
        "below": _("%(low)s to %(high)s, 95%%")
        % {"low": format_signed(100 * one.low, 1), "high": format_signed(100 * one.high, 1)},
        "tone": "" if not one.is_clear else "good" if one.value > 0 else "bad",
    }
