"""Proves the audit trail: recomputes every hash, follows the chain, and says where it breaks first."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from tenancy.audit.anchors import anchors, seal_at_end_of
from tenancy.audit.canonical import ENTRIES_HASH, EVENTS_HASH, NOTHING, seal_hash
from tenancy.models import AuditEntry, AuditSeal, Organization

SLACK = timedelta(days=1)
"""No transaction lasts so long: an entry that is older than its batch by more was put there afterwards."""

STEP, MOST_ROWS = 200, 20_000
"""Seals, and entries, that are hashed in one statement: it must end within the time that the application's role has."""

_ENTRIES = f"""
SELECT e.seal_number, count(*), {ENTRIES_HASH} FROM tenancy_auditentry e
WHERE e.organization_id = %s AND e.seal_number > 0 AND e.seal_number > %s AND e.seal_number <= %s
GROUP BY e.seal_number
"""  # noqa: S608 # nosec B608 # our own constants

_EVENTS = f"""
SELECT count(*), {EVENTS_HASH} FROM tenancy_domainevent v
WHERE v.organization_id = %s AND v.position > %s AND v.position <= %s
"""  # noqa: S608 # nosec B608 # our own constants


@dataclass(frozen=True)
class Break:
    """One place where the trail is not what was sealed."""

    seal: int
    what: str

    def __str__(self) -> str:
        return f"seal {self.seal}: {self.what}"


@dataclass(frozen=True)
class Verdict:
    """What a verification found; `first_break` is None for a trail as it was sealed."""

    organization: str
    seals: int
    entries: int
    events: int
    unsealed: int
    oldest_unsealed: datetime | None
    purged_through: int
    hash: str
    first_break: Break | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON says it."""
        oldest = self.oldest_unsealed.isoformat() if self.oldest_unsealed else None
        return {**asdict(self), "oldest_unsealed": oldest, "holds": self.first_break is None}


def verify(*, organization: Organization, expected: tuple[str, date] | None = None) -> Verdict:
    """Verify one organisation's trail inside its scope; `expected` is an anchor that was kept outside."""
    seals = list(AuditSeal.objects.for_organization(organization).order_by("number", "id").values())
    breaks = [
        *chain_breaks(organization, seals),
        *row_breaks(organization, seals),
        *stray_breaks(organization, seals),
        *anchor_breaks(organization, seals),
    ]
    if expected is not None:
        breaks += expected_breaks(organization, *expected)
    open_entries = AuditEntry.objects.for_organization(organization).filter(seal_number=None)
    return Verdict(
        organization=organization.slug,
        seals=len(seals),
        entries=sum(seal["entry_count"] for seal in seals),
        events=sum(seal["event_count"] for seal in seals),
        unsealed=open_entries.count(),
        oldest_unsealed=open_entries.order_by("occurred_at", "id").values_list("occurred_at", flat=True).first(),
        purged_through=seals[-1]["purged_through"] if seals else 0,
        hash=seals[-1]["hash"] if seals else NOTHING,
        first_break=min(breaks, key=lambda found: found.seal, default=None),
    )


def chain_breaks(organization: Organization, seals: list[dict[str, Any]]) -> Iterator[Break]:
    """Yield what is wrong with the seals themselves: gaps, edits, a broken chain."""
    previous: dict[str, Any] = {"hash": NOTHING, "events_through": 0, "purged_through": 0, "last_at": None}
    for number, seal in enumerate(seals, start=1):
        if seal["number"] != number:
            yield Break(number, f"the seal is missing; the next one has the number {seal['number']}")
            return
        if seal["hash"] != seal_hash(organization.pk, seal):
            yield Break(number, "the seal itself was changed")
        elif seal["previous_hash"] != previous["hash"]:
            yield Break(number, f"it is not chained to seal {number - 1}")
        elif seal["events_through"] - previous["events_through"] != seal["event_count"]:
            yield Break(number, "its events do not follow those of the seal before it")
        elif seal["purged_through"] < previous["purged_through"] or seal["purged_through"] >= number:
            yield Break(number, "what it says of purges cannot be")
        elif seal["first_at"] and previous["last_at"] and seal["first_at"] < previous["last_at"] - SLACK:
            yield Break(number, f"an entry of {seal['first_at']:%Y-%m-%d %H:%M} was put in long after its time")
        previous = {**seal, "last_at": seal["last_at"] or previous["last_at"]}


def row_breaks(organization: Organization, seals: list[dict[str, Any]]) -> Iterator[Break]:
    """Yield the batches whose entries or events are not those that were sealed."""
    purged = seals[-1]["purged_through"] if seals else 0
    events_from = 0
    with connection.cursor() as cursor:
        for part in parts_of(seals):
            bounds = [str(organization.pk), part[0]["number"] - 1, part[-1]["number"]]
            cursor.execute(_ENTRIES, bounds)
            found = {number: (count, digest) for number, count, digest in cursor.fetchall()}
            for seal in part:
                yield from entry_breaks(seal, *found.get(seal["number"], (0, "")), purged=purged)
                if seal["kind"] == AuditSeal.Kind.BATCH and seal["event_count"]:
                    cursor.execute(_EVENTS, [str(organization.pk), events_from, seal["events_through"]])
                    count, digest = cursor.fetchone()
                    if (count, digest) != (seal["event_count"], seal["events_hash"]):
                        yield Break(seal["number"], f"{_difference(seal['event_count'], count, 'event')}")
                events_from = seal["events_through"]


def parts_of(seals: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the seals in parts of few enough rows."""
    part: list[dict[str, Any]] = []
    rows = 0
    for seal in seals:
        if part and (len(part) == STEP or rows + seal["entry_count"] > MOST_ROWS):
            yield part
            part, rows = [], 0
        part.append(seal)
        rows += seal["entry_count"]
    if part:
        yield part


def entry_breaks(seal: dict[str, Any], count: int, digest: str, *, purged: int) -> Iterator[Break]:
    """Yield what is wrong with the entries of one seal, given how many there are and their hash."""
    if seal["number"] <= purged:
        if count:
            yield Break(seal["number"], f"it was purged, but has {count} entries")
    elif count != seal["entry_count"]:
        yield Break(seal["number"], _difference(seal["entry_count"], count, "entry"))
    elif count and digest != seal["entries_hash"]:
        yield Break(seal["number"], "an entry was changed")


def _difference(sealed: int, found: int, word: str) -> str:
    if sealed == found:
        return f"an {word} was changed"
    return f"{sealed} sealed, {found} found: an {word} was {'deleted' if found < sealed else 'put in'}"


def stray_breaks(organization: Organization, seals: list[dict[str, Any]]) -> Iterator[Break]:
    """Yield entries that name a seal which is not there, and open ones from long before the last seal."""
    last = seals[-1]["number"] if seals else 0
    entries = AuditEntry.objects.for_organization(organization)
    stray = entries.filter(seal_number__gt=last).order_by("seal_number").values_list("seal_number", flat=True).first()
    if stray is not None:
        yield Break(int(stray), "entries are under it, but the seal is missing")
    if entries.filter(seal_number__lte=0).exists():
        yield Break(0, "entries name a seal that never was")
    last_at = next((seal["last_at"] for seal in reversed(seals) if seal["last_at"]), None)
    if last_at and entries.filter(seal_number=None, occurred_at__lt=last_at - SLACK).exists():
        yield Break(last + 1, "an entry without a seal is older than what was sealed long ago")


def anchor_breaks(organization: Organization, seals: list[dict[str, Any]]) -> Iterator[Break]:
    """Yield the anchors of our own log of events that the chain no longer holds."""
    hashes = {seal["number"]: seal["hash"] for seal in seals}
    for event in anchors(organization=organization).iterator():
        number = int(event.payload["number"])
        if hashes.get(number) != event.payload["hash"]:
            yield Break(number, f"it is not what was anchored for {event.payload['day']}")


def expected_breaks(organization: Organization, expected_hash: str, day: date) -> Iterator[Break]:
    """Yield a break when the chain at the end of `day` is another than the anchor that somebody kept."""
    seal = seal_at_end_of(day, organization=organization)
    if seal is None:
        yield Break(1, f"there is no seal by the end of {day}, but an anchor was kept")
    elif seal.hash != expected_hash:
        yield Break(seal.number, f"its hash is {seal.hash}, the anchor kept for {day} is {expected_hash}")
