"""The flow between two moments, as a picture and as the table beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pipeline.models import Stage
from pipeline.queries.movements import KIND_WORDS, KINDS, Flow, Kind, Movements
from tenancy.conversion import Converter, Total
from ui.flows import Node, Ribbon, Tone, flow_chart
from ui.formats import format_money

TONES: Mapping[str, Tone] = {Kind.WON: "fg", Kind.LOST: "fb", Kind.PUSHED_OUT: "fw", Kind.REMOVED: "fw"}
ENTERED: Tone = "f2"


@dataclass(frozen=True)
class Way:
    """Deals that went one way together."""

    source: str
    target: str
    source_name: str
    target_name: str
    count: int
    worth: Total
    stays: bool


@dataclass(frozen=True)
class Picture:
    """The flow, and the same in rows."""

    svg: SafeString
    ways: list[Way]


def picture_of(found: Movements, stages: Mapping[str, Stage], converter: Converter) -> Picture:
    """Return where deals went: stages and what came in at the left, stages and what left at the right."""
    places = [*stages, *(kind.value for kind in Kind)]
    flows = sorted(
        (flow for flow in found.flows if flow.source in places and flow.target in places),
        key=lambda flow: (places.index(flow.source), places.index(flow.target)),
    )
    several = len({stages[one.source].pipeline_id for one in flows if one.source in stages}) > 1
    names = {key: f"{one.pipeline.name}: {one.name}" if several else one.name for key, one in stages.items()}
    names |= {kind.value: str(words) for kind, words in KIND_WORDS.items()}
    ways, ribbons = [], []
    for flow in flows:
        worth, began = converter.total(flow.after), converter.total(flow.before)
        ways.append(
            Way(flow.source, flow.target, names[flow.source], names[flow.target], flow.count, worth, _stays(flow))
        )
        words = _("%(source)s to %(target)s: %(count)s deals, %(worth)s") % {
            "source": names[flow.source],
            "target": names[flow.target],
            "count": flow.count,
            "worth": format_money(worth.amount_minor, worth.currency, short=True),
        }
        ribbons.append(
            Ribbon(flow.source, flow.target, float(began.exact), float(worth.exact), words, _tone(flow, places))
        )
    # What came in stands below what was there.
    left = sorted({one.source for one in ribbons}, key=lambda key: (key in KINDS, places.index(key)))
    right = sorted({one.target for one in ribbons}, key=places.index)
    currency = converter.currency
    nodes_left = [
        Node(key, names[key], _worth((r.before for r in ribbons if r.source == key), currency)) for key in left
    ]
    nodes_right = [
        Node(key, names[key], _worth((r.after for r in ribbons if r.target == key), currency)) for key in right
    ]
    return Picture(flow_chart(nodes_left, nodes_right, ribbons, label=_label(found, converter)), ways)


def _worth(parts: Iterable[float], currency: str) -> str:
    return format_money(round(sum(parts)), currency, short=True)


def _stays(flow: Flow) -> bool:
    return flow.source == flow.target


def _tone(flow: Flow, places: list[str]) -> Tone:
    if flow.target in KINDS:
        return TONES.get(flow.target, "f0")
    if flow.source in KINDS:
        return ENTERED
    if _stays(flow):
        return "f0"
    return "f1" if places.index(flow.target) > places.index(flow.source) else "fw"


def _label(found: Movements, converter: Converter) -> str:
    """Return the finding in one sentence."""
    opening, closing = converter.total(found.opening.value), converter.total(found.closing.effect)
    told = {kind: found.steps[kind].count for kind in (Kind.WON, Kind.LOST, Kind.NEW)}
    return _("From %(opening)s to %(closing)s: %(new)s deals are new, %(won)s were won, %(lost)s lost.") % {
        "opening": format_money(opening.amount_minor, opening.currency, short=True),
        "closing": format_money(closing.amount_minor, closing.currency, short=True),
        "new": told[Kind.NEW],
        "won": told[Kind.WON],
        "lost": told[Kind.LOST],
    }
