"""The small parts of every page. With `ui.charts` the only place that may mark text as safe."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from ui import explaining, totals
from ui.charts import spark_path
from ui.formats import (
    format_about,
    format_ago,
    format_day,
    format_ended,
    format_money,
    format_number,
    format_signed,
    format_span,
    initials,
)

register = template.Library()

RING_LENGTH = 100.5  # the length of a circle of radius 16
TONES = frozenset({"", "good", "warn", "bad", "info", "line", "quiet", "t1", "t2", "t3", "t4", "t5"})


@cache
def _sprite() -> str:
    """The address of the icons; asked for hundreds of times a page."""
    return static("icons.svg")


def _css(*names: str) -> str:
    return " ".join(name for name in names if name)


def _tone(name: str) -> str:
    if name not in TONES:
        raise ValueError(f"Unknown tone {name!r}")
    return name


# --- Icon, people, state ----------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon of the sprite; it says nothing to a screen reader, so words or a label stand beside it."""
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#i-{}"/></svg>', _css("i", css), _sprite(), name
    )


def _hue(key: object) -> str:
    """One of five hues, always the same for the same person or organisation."""
    if isinstance(key, UUID):
        number = key.int
    elif isinstance(key, int):
        number = key
    else:
        number = sum(map(ord, str(key)))
    return f"t{number % 5 + 1}"


@register.simple_tag
def avatar(
    name: str, key: object = None, *, size: str = "", square: bool = False, here: bool = False, alone: bool = False
) -> SafeString:
    """Draw initials in the hue of the key (an id; else the name). The name stands beside it, or it stands `alone`."""
    css = _css("av", _hue(key if key is not None else name), size and f"av-{size}", "av-sq" if square else "")
    return format_html(
        '<span class="{}" title="{}" {}>{}</span>',
        css + (" here" if here else ""),
        name,
        format_html('role="img" aria-label="{}"', name) if alone else mark_safe('aria-hidden="true"'),  # nosec B308 # a constant
        initials(name),
    )


@register.simple_tag
def avatars(people: Iterable[Any], most: int = 4) -> SafeString:
    """Draw a group of people as one image with their names as its label."""
    shown = list(people)
    names = ", ".join(str(person.name) for person in shown)
    faces = format_html_join("", "{}", ((avatar(person.name, person.pk),) for person in shown[:most]))
    return format_html('<span class="avs" role="img" aria-label="{}">{}</span>', names, faces)


@register.simple_tag
def badge(text: object, tone: str = "", icon_name: str = "") -> SafeString:
    """Draw a count or one state word."""
    picture = icon(icon_name) if icon_name else ""
    return format_html('<span class="{}">{}{}</span>', _css("badge", _tone(tone)), picture, text)


# --- Amounts ----------------------------------------------------------------------------------------------------------


def _clamped(value: float, low: float = 0, high: float = 100) -> float:
    return max(low, min(high, float(value)))


@register.simple_tag
def bar(value: float | None, *, tone: str = "", mark: float | None = None, label: str = "", large: bool = False) -> str:
    """Draw a share of 100 as a bar; `mark` is the tick where the path says we should be."""
    value = _clamped(value or 0)
    tick = (
        format_html('<rect class="mk" x="{}" width="1.2" height="6"/>', f"{_clamped(mark) - 0.6:.1f}")
        if mark is not None
        else ""
    )
    words = label or gettext("%(value)s percent") % {"value": format_number(value)}
    return format_html(
        '<svg class="{}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="bg" width="100" height="6"/><rect class="fg" width="{}" height="6"/>{}</svg>',
        _css("bar", _tone(tone), "bar-lg" if large else ""),
        words,
        f"{value:.1f}",
        tick,
    )


@register.simple_tag
def ring(value: float | None, *, tone: str = "", label: str = "") -> SafeString:
    """Draw a share of 100 as a ring with its number; without a value it is hollow."""
    if value is None:
        words = label or gettext("not measured")
        inner: SafeString | str = mark_safe('<text x="20" y="20.5">–</text>')  # nosec B308 # a constant
    else:
        value = _clamped(value)
        words = label or gettext("%(value)s percent") % {"value": format_number(value)}
        inner = _arc(value) + format_html('<text x="20" y="20.5">{}</text>', format_number(value))
    return format_html(
        '<svg class="{}" viewBox="0 0 40 40" role="img" aria-label="{}"><circle class="bg" cx="20" cy="20" r="16"/>{}'
        "</svg>",
        _css("ring", _tone(tone)),
        words,
        inner,
    )


def _arc(value: float) -> SafeString:
    length = value / 100 * RING_LENGTH
    return format_html(
        '<circle class="fg" cx="20" cy="20" r="16" stroke-dasharray="{} {}" transform="rotate(-90 20 20)"/>',
        f"{length:.1f}",
        RING_LENGTH,
    )


BAND_TONES = {"act": "good"}


@register.simple_tag
def score(
    value: int | None,
    *,
    change: int | None = None,
    band: str = "week",
    word: str = "",
    popover: str = "",
    url: str = "",
    about: str = "",
) -> SafeString:
    """Draw a score: ring, number and one word (its change, or the word given).

    With the `url` of what explains it, it is a link that opens the page's one layer for reasons on hover, focus, click
    and tap; without script it leads to that page. With the id of a `popover` of its own it is a button for that one.
    `about` is what the score is of, for people who hear the page. The number stands bare: lists draw fifty of these,
    and each element more counts against what a page may hold.
    """
    if value is None:
        return format_html('<span class="score"><small>{}</small></span>', gettext("not scored"))
    word = word or _change_word(change)
    small = format_html("<small>{}</small>", word) if word else ""
    face = format_html(
        # Few nodes, for there are fifty in a list: the style sheet draws the ring's ground.
        '<svg class="{}" viewBox="0 0 40 40" aria-hidden="true">{}</svg>{}{}',
        _css("ring", BAND_TONES.get(band, ""), "ring-sm"),
        _arc(_clamped(value)),
        value,
        small,
    )
    if not popover and not url:
        return format_html('<span class="score">{}</span>', face)
    seen = f"{value} {word}".strip()
    says = (
        gettext("Explain score of %(name)s: %(score)s") % {"name": about, "score": seen}
        if about
        else gettext("Explain score: %(score)s") % {"score": seen}
    )
    if url:
        return format_html('<a class="score" href="{}" data-peek="why" aria-label="{}">{}</a>', url, says, face)
    return format_html(
        '<button type="button" class="score" popovertarget="{}" data-peek aria-label="{}">{}</button>',
        popover,
        says,
        face,
    )


def _change_word(change: int | None) -> str:
    if not change:
        return ""
    words = gettext("up %(points)s") if change > 0 else gettext("down %(points)s")
    return words % {"points": abs(change)}


@register.simple_tag
def delta(text: object, direction: str = "flat", tone: str = "") -> SafeString:
    """Draw a change: arrow (`up`, `down`, `flat`), amount, and whether it is `good` or `bad` for us."""
    pictures = {"up": "up", "down": "dn", "flat": "flat"}
    return format_html('<span class="{}">{}{}</span>', _css("delta", _tone(tone)), icon(pictures[direction]), text)


@register.simple_tag
def spark(values: Sequence[float], *, label: str = "", quiet: bool = False, small: bool = False) -> SafeString:
    """Draw a trend without axes; below two values there is no trend and nothing is drawn."""
    if len(values) < 2:
        return mark_safe("")  # nosec B308 # a constant
    places = spark_path(values)
    line = " ".join(f"{'L' if i else 'M'}{x} {y}" for i, (x, y) in enumerate(places))
    end_x, end_y = places[-1]
    return format_html(
        '<svg class="{}" viewBox="0 0 88 28" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="area" d="{} L{} 28 L{} 28Z"/><path d="{}" vector-effect="non-scaling-stroke"/>'
        '<circle cx="{}" cy="{}" r="2"/></svg>',
        _css("spark", "quiet" if quiet else "", "spark-sm" if small else ""),
        label or gettext("Trend"),
        line,
        end_x,
        places[0][0],
        line,
        end_x,
        end_y,
    )


@register.simple_tag
def money(amount_minor: int | None, currency: str, form: str = "full") -> str:
    """Print an amount of minor units: full €1,204.50, short €6.3m, or about €12 for what is an estimate."""
    if form == "about":
        return format_about(amount_minor, currency)
    return format_money(amount_minor, currency, short=form == "short")


@register.filter
def number(value: float | None, digits: int = 0) -> str:
    """Print a number with the separators of the language; nothing known is a dash."""
    return "–" if value is None else format_number(value, digits)


@register.filter
def ended(words: str) -> str:
    """Print words as a sentence: with a full stop, where they don't end with one, as "Nordwind Sp. z o.o." does."""
    return format_ended(words)


@register.filter
def signed(value: float, digits: int = 1) -> str:
    """Print a number with its sign, as points are: +0.9, −0.4."""
    return format_signed(value, digits)


# --- Time -------------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def ago(context: Context, moment: datetime | date | None, now: datetime | None = None) -> SafeString:
    """Print when something was, with the exact time as its title; the clock is `now`, else the page's `now`."""
    if moment is None:
        return mark_safe("–")  # nosec B308 # a constant
    clock = now or context.get("now") or timezone.now()
    words = format_ago(moment, now=clock)
    if not isinstance(moment, datetime):
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), words)
    local = timezone.localtime(moment)
    exact = date_format(local, "j M Y, H:i T")
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), exact, words)


@register.simple_tag(takes_context=True)
def day(context: Context, value: date | None, now: datetime | None = None) -> str:
    """Print a date as 12 Nov, with the year when it isn't this one."""
    if value is None:
        return "–"
    clock = now or context.get("now") or timezone.now()
    return format_day(value, today=timezone.localtime(clock).date())


@register.filter
def span(value: Any) -> str:
    """Print how long something took: 40 s, 20 min, 4 h, 3 d."""
    return "–" if value is None else format_span(value)


# --- Reasons of a score -----------------------------------------------------------------------------------------------


why = register.inclusion_tag("parts/why.html")(explaining.why)
why_body = register.inclusion_tag("parts/why_body.html")(explaining.why_body)
why_rows = register.inclusion_tag("parts/why_rows.html")(explaining.why_rows)
said_and_came = register.simple_tag(explaining.said_and_came)
why_later = register.inclusion_tag("parts/why_later.html")(explaining.why_later)
rate_note = register.simple_tag(totals.rate_note_on_page, takes_context=True, name="rate_note")


# --- Forms ------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("parts/field.html")
def field(bound: Any, *, hint: str = "", css: str = "", autofocus: bool = False) -> dict[str, Any]:
    """Draw a form field: label above, control, then its error, or its hint when there is none."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    group = kind in {"radio", "checkbox"} and hasattr(widget, "choices")
    check = kind == "checkbox" and not group
    hint = hint or str(bound.help_text)
    errors = [str(error) for error in bound.errors]
    name = bound.id_for_label if not group else bound.auto_id
    note = f"{name}-error" if errors else (f"{name}-hint" if hint else "")
    attrs: dict[str, str | bool] = {}
    if not group and not check and kind != "file":
        attrs["class"] = _css("input", str(widget.attrs.get("class", "")))
    if note:
        attrs["aria-describedby"] = note
    if errors:
        attrs["aria-invalid"] = "true"
    if autofocus:
        attrs["autofocus"] = True
    return {
        "bound": bound,
        "control": bound.as_widget(attrs=attrs),
        "group": group,
        "check": check,
        "hidden": bound.is_hidden,
        "name": name,
        "note": note,
        "hint": hint,
        "errors": errors,
        "css": css,
    }


@register.simple_tag
def control(bound: Any, css: str = "") -> SafeString:
    """Draw only the control of a field, for a bar of filters where its label is heard and not seen."""
    attrs = {"aria-label": str(bound.label)}
    if getattr(bound.field.widget, "input_type", "") not in {"checkbox", "radio", "file"}:
        attrs["class"] = _css("input", str(bound.field.widget.attrs.get("class", "")), css)
    return SafeString(bound.as_widget(attrs=attrs))  # nosec B703 # Django's widget escapes what it draws


@register.inclusion_tag("parts/form_errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    """Draw what is wrong with a form as a whole."""
    return {"errors": [str(error) for error in form.non_field_errors()]}


# --- Lists ------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("parts/sort_header.html", takes_context=True)
def sort_header(context: Context, code: str, label: str, *, css: str = "", first: str = "asc") -> dict[str, Any]:
    """Draw a table head that sorts: `?sort=code` upwards, `?sort=-code` downwards; paging starts again.

    `first` says which way the first click sorts; figures are looked at from the largest (`desc`).
    """
    query = context["request"].GET.copy()
    current = context.get("sort") or query.get("sort", "")
    direction = {code: "ascending", f"-{code}": "descending"}.get(current, "")
    upwards = direction == "descending" if direction else first == "asc"
    for page in ("after", "before", "page"):
        query.pop(page, None)
    query["sort"] = code if upwards else f"-{code}"
    return {"url": "?" + query.urlencode(), "label": label, "direction": direction, "css": css}


@register.inclusion_tag("parts/filter_chip.html", takes_context=True)
def filter_chip(context: Context, parameter: str, label: str, value: object) -> dict[str, Any]:
    """Draw a filter that is on, with the link that takes it off."""
    query = context["request"].GET.copy()
    for name in (parameter, "after", "before", "page"):
        query.pop(name, None)
    return {"url": "?" + query.urlencode(), "label": label, "value": value}


@register.inclusion_tag("parts/pager.html", takes_context=True)
def pager(context: Context, *, after: str = "", before: str = "", words: str = "") -> dict[str, Any]:
    """Draw the way to the next and the previous page of a list; `after` and `before` are the cursors, or empty."""

    def turned(name: str, cursor: str) -> str:
        query = context["request"].GET.copy()
        for other in ("after", "before", "page"):
            query.pop(other, None)
        query[name] = cursor
        return f"?{query.urlencode()}"

    return {
        "next_url": turned("after", after) if after else "",
        "previous_url": turned("before", before) if before else "",
        "words": words,
    }


@register.inclusion_tag("parts/empty.html")
def nothing(title: str, text: str = "", *, action: str = "", url: str = "", art: str = "cards") -> dict[str, Any]:
    """Draw an empty state: what this is, why it is empty, the one thing to do. (`empty` belongs to `{% for %}`.)"""
    return {"title": title, "text": text, "action": action, "url": url, "art": art}
