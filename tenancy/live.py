"""What an open page is told: that records of a topic changed, never what. It then asks again, with its own rights.

Events get one dense position per organisation from the relay, which tells a topic's changes at once: to whoever
listens (a channel of Valkey), and into a short history (a stream of Valkey a organisation) for those who were away for
a moment. Each message says from which position to which it reaches, so that a listener knows when one is missing; the
database is asked by nobody.

Who may listen carries a ticket: a signed cookie of a few minutes. What is heard without the right is the id of a
record at most.
"""

import json
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.core import signing
from django.db import connection
from django.db.models import Max

from tenancy.access import Action
from tenancy.figures import valkey
from tenancy.models import DomainEvent, Organization

logger = logging.getLogger(__name__)

CHANNEL = "agile-sales:live"
HISTORY = 1_000  # messages kept an organisation; whoever was away for longer begins anew
RECENT = 500  # how far back a relay looks that knows nothing yet
MOST_LOOKED_AT = 1_000
MOST_NAMED = 100  # records named in a message; of more it says only that much changed
TICKET_SECONDS = 300
_SALT = "tenancy.live"


@dataclass(frozen=True)
class Topic:
    """What can be listened to: by whom, changes of which records, and of which ones everything looks different."""

    action: Action
    records: frozenset[str]
    upheavals: frozenset[str] = frozenset()


TOPICS: Mapping[str, Topic] = {
    "deals": Topic(
        Action.VIEW_OPPORTUNITIES, frozenset({"opportunity"}), frozenset({"stage", "pipeline", "exchangerate"})
    ),
}
"""Topic → what belongs to it. Another board is another line here."""


# --- Tickets ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ticket:
    """Who may listen to what."""

    organization_id: UUID
    slug: str
    member_id: UUID
    topics: frozenset[str]
    ends_at: float  # seconds of the epoch


def ticket_for(*, organization: Organization, member_id: UUID, rights: Iterable[str]) -> str:
    """Return a ticket for the topics that the rights open, as the cookie keeps it."""
    held = frozenset(rights)
    topics = [name for name, topic in TOPICS.items() if topic.action.value in held]
    ends_at = round(time.time() + TICKET_SECONDS, 3)
    return signing.dumps([organization.pk.hex, organization.slug, member_id.hex, topics, ends_at], salt=_SALT)


def read_ticket(text: str) -> Ticket | None:
    """Return what a ticket opens, or None for one that has run out or that we did not write."""
    try:
        organization, slug, member, topics, ends_at = signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        return None
    ticket = Ticket(UUID(organization), slug, UUID(member), frozenset(topics), ends_at)
    return ticket if time.time() < ticket.ends_at else None


def cookie_name() -> str:
    """Return what the cookie is called; a browser keeps one with this name over TLS only where we serve over TLS."""
    return "__Secure-live" if settings.SECURE else "live"


def cookie_path(slug: str) -> str:
    """Return the only addresses that the cookie of an organisation is sent to."""
    return f"/live/{slug}/"


# --- Telling ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """Changes of an organisation's positions in (`since`, `until`]: by topic the records, None where it is too much."""

    organization_id: UUID
    since: int
    until: int
    changed: Mapping[str, list[str] | None]

    def written(self) -> bytes:
        """Return the message as it travels; the organisation stands first, so that others need not read on."""
        text = json.dumps([self.since, self.until, self.changed], separators=(",", ":"))
        return self.organization_id.bytes + text.encode()

    @classmethod
    def read(cls, data: bytes) -> "Message":
        """Return the message that was written."""
        since, until, changed = json.loads(data[16:])
        return cls(UUID(bytes=data[:16]), since, until, changed)


def history_key(organization_id: UUID) -> str:
    """Return where the newest messages of an organisation are kept."""
    return f"agile-sales:live:{organization_id.hex}"


def newest_position(*, organization: Organization) -> int:
    """Return up to which position a page knows everything. Ask before the page reads: what comes between is told."""
    rows = DomainEvent.objects.for_organization(organization).exclude(position=None)
    return int(rows.aggregate(newest=Max("position"))["newest"] or 0)


class Teller:
    """The relay's part: tells what got a position. A Valkey that is down is asked again; nothing told is lost then."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}  # up to which position each organisation's events were looked at
        self._waiting: set[str] = set()

    def tell(self, organizations: Iterable[str]) -> None:
        """Tell the changes of organisations whose events got positions, and of those that could not be told before."""
        self._waiting.update(organizations)
        for organization in sorted(self._waiting):
            try:
                self._tell_of(organization)
            except redis.RedisError as error:
                logger.warning("Open pages are not told what changed; trying again: %s", error)
                return
            self._waiting.discard(organization)

    def _tell_of(self, organization: str) -> None:
        organization_id = UUID(organization)
        last = _last_told(organization_id)
        seen = [one for one in (last, self._told.get(organization)) if one is not None]
        placed = _placed_after(organization, max(seen, default=None))
        if placed.changed:
            # Each message begins where the one before it ended, whatever came between that nobody listens to.
            begin = placed.since if last is None else last
            message = Message(organization_id, begin, placed.until, placed.changed)
            key, data = history_key(organization_id), message.written()
            try:
                client: Any = valkey()
                client.xadd(key, {"m": data}, id=f"{placed.until}-0", maxlen=HISTORY, approximate=True)
            except redis.ResponseError as error:
                if "equal or smaller" not in str(error):
                    raise
                # Another relay was faster.
            else:
                client.publish(CHANNEL, data)
        self._told[organization] = placed.until


@dataclass(frozen=True)
class _Placed:
    since: int
    until: int
    changed: dict[str, list[str] | None]


def _last_told(organization_id: UUID) -> int | None:
    client: Any = valkey()
    newest = client.xrevrange(history_key(organization_id), count=1)
    return int(newest[0][0].split(b"-")[0]) if newest else None


_OF_A_TOPIC = sorted({name for topic in TOPICS.values() for name in (*topic.records, *topic.upheavals)})


def _placed_after(organization: str, looked: int | None) -> _Placed:
    """Return the changes behind a position; where nobody looked yet, those of the newest moments."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(position), 0) FROM tenancy_domainevent WHERE organization_id = %s", [organization]
        )
        (until,) = cursor.fetchone()
        since = max(0, until - RECENT) if looked is None else looked
        cursor.execute(
            "SELECT DISTINCT subject_type, subject_id::text FROM tenancy_domainevent WHERE organization_id = %s"
            " AND position > %s AND position <= %s AND subject_type = ANY(%s) LIMIT %s",
            [organization, since, until, _OF_A_TOPIC, MOST_LOOKED_AT],
        )
        subjects = cursor.fetchall()
    if len(subjects) == MOST_LOOKED_AT:
        return _Placed(since, until, dict.fromkeys(TOPICS))
    changed: dict[str, list[str] | None] = {}
    for name, topic in TOPICS.items():
        named = [key for kind, key in subjects if kind in topic.records]
        if len(named) > MOST_NAMED or any(kind in topic.upheavals for kind, _key in subjects):
            changed[name] = None
        elif named:
            changed[name] = named
    return _Placed(since, until, changed)
