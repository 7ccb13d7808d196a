"""Streams of what changed: who may listen, that nothing is missed and nothing told twice, and when a stream ends."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.test import Client

from agile_sales.live import MOST_OF_A_MEMBER, Live
from tenancy import live
from tenancy.live import TICKET_SECONDS, Message, Teller, newest_position, read_ticket, ticket_for
from tenancy.models import DomainEvent, Member, Organization
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.records import MORNING

Work = Callable[[Live], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _empty_valkey() -> None:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()


def deal() -> str:
    """An id of a deal; streams never ask whether there is one."""
    return str(uuid4())


def tell(organization: Organization, since: int, until: int, **changed: list[str] | None) -> None:
    """Tell a change as the relay does."""
    message = Message(organization.pk, since, until, changed).written()
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.xadd(live.history_key(organization.pk), {"m": message}, id=f"{until}-0")
    client.publish(live.CHANNEL, message)


class Page:
    """A page that listens: what it is sent, and its going away."""

    def __init__(self, application: Live, path: str, ticket: str, *, last: str = "") -> None:
        path, _, query = path.partition("?")
        headers = [(b"cookie", f"live={ticket}".encode())] + ([(b"last-event-id", last.encode())] if last else [])
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": headers,
        }
        self.status = 0
        self.text = ""
        self.has_ended = False
        self.gone = asyncio.Event()
        self.task = asyncio.ensure_future(application(self.scope, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message["body"].decode()
            self.has_ended = not message.get("more_body", False)

    async def hears(self, *, of: int) -> list[tuple[int, list[str] | None]]:
        """Wait until so many changes have come, and return them: position and records."""
        await until(lambda: len(self.changes()) >= of)
        return self.changes()

    def changes(self) -> list[tuple[int, list[str] | None]]:
        events = [part.split("\n") for part in self.text.split("\n\n")]
        parts = [dict(line.split(": ", 1) for line in lines if ": " in line) for lines in events]
        told = [one for one in parts if one.get("event") == "changed"]
        return [(int(one["id"]), json.loads(one["data"])["records"]) for one in told]


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("It did not come to that in five seconds.")


def run(work: Work) -> Any:
    """Run with a fresh application in a loop of its own: a browser of an earlier test may have left one here."""

    async def inside() -> Any:
        application = Live(None)
        try:
            return await work(application)
        finally:
            if application.reader is not None and application.reader.task is not None:
                application.reader.task.cancel()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(inside())).result()


def a_ticket(member: Member, *rights: str) -> str:
    return ticket_for(organization=member.organization, member_id=member.pk, rights=rights or ("view_opportunities",))


def test_a_page_hears_what_changed_from_where_it_was_and_each_thing_once(cast: Cast) -> None:
    first, second, third = deal(), deal(), deal()
    tell(cast.acme, 3, 5, deals=[first])
    tell(cast.acme, 5, 8, deals=[second])

    async def work(application: Live) -> Any:
        page = Page(application, "/live/acme/deals?since=5", a_ticket(cast.rui))
        back = Page(application, "/live/acme/deals?since=1", a_ticket(cast.lena), last="4")
        await until(lambda: "listening" in page.text and "listening" in back.text)
        tell(cast.acme, 8, 9, deals=[third])
        return await page.hears(of=2), await back.hears(of=3)

    page, back = run(work)

    assert page == [(8, [second]), (9, [third])]
    assert back == [(5, [first]), (8, [second]), (9, [third])], "the browser knows better than its first address"


def test_whoever_missed_something_is_told_to_begin_anew(cast: Cast) -> None:
    tell(cast.acme, 20, 21, deals=[deal()])

    async def work(application: Live) -> Any:
        page = Page(application, "/live/acme/deals?since=7", a_ticket(cast.rui))
        await page.hears(of=1)
        tell(cast.acme, 30, 31, deals=[deal()])
        return await page.hears(of=2)

    assert run(work) == [(21, None), (31, None)]


def test_other_topics_and_other_organisations_are_not_heard(cast: Cast) -> None:
    mine = deal()

    async def work(application: Live) -> Any:
        page = Page(application, "/live/acme/deals?since=0", a_ticket(cast.rui))
        sam = Page(application, "/live/globex/deals?since=0", a_ticket(cast.sam))
        await until(lambda: "listening" in page.text and "listening" in sam.text)
        tell(cast.acme, 0, 1, boards=[deal()])
        tell(cast.acme, 1, 2, deals=[mine])
        await page.hears(of=1)
        return page.changes(), sam.changes()

    assert run(work) == ([(2, [mine])], [])


@pytest.mark.parametrize(
    ("path", "ticket", "status"),
    [
        ("/live/acme/deals", "", 401),
        ("/live/acme/deals", "forged", 401),
        ("/live/globex/deals", "own", 401),
        ("/live/acme/deals", "blind", 401),
        ("/live/acme/nothing", "own", 404),
        ("/live/acme/deals/more", "own", 404),
        ("/live/", "own", 404),
    ],
)
def test_a_stream_is_for_who_has_a_ticket_that_fits(cast: Cast, path: str, ticket: str, status: int) -> None:
    tickets = {"own": a_ticket(cast.rui), "blind": a_ticket(cast.rui, "view_home")}

    async def work(application: Live) -> int:
        page = Page(application, path, tickets.get(ticket, ticket))
        await page.task
        return page.status

    assert run(work) == status


def test_a_ticket_runs_out_and_so_does_the_stream_that_it_opened(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = a_ticket(cast.rui)
    assert read_ticket(ticket) is not None
    monkeypatch.setattr(live, "TICKET_SECONDS", 0.5)
    short = ticket_for(organization=cast.acme, member_id=cast.rui.pk, rights=["view_opportunities"])

    async def work(application: Live) -> Any:
        page = Page(application, "/live/acme/deals?since=0", short)
        await page.task
        return page.status, page.has_ended

    now = time.time()
    assert run(work) == (200, True)
    monkeypatch.setattr(time, "time", lambda: now + TICKET_SECONDS + 1)
    assert read_ticket(ticket) is None


def test_streams_end_when_valkey_goes_and_when_the_process_does(cast: Cast) -> None:
    async def work(application: Live) -> Any:
        page = Page(application, "/live/acme/deals?since=0", a_ticket(cast.rui))
        await until(lambda: "listening" in page.text)
        redis.Redis.from_url(settings.REDIS_URL).client_kill_filter(_type="pubsub")
        await until(lambda: page.has_ended)
        again = Page(application, "/live/acme/deals?since=0", a_ticket(cast.rui))
        await until(lambda: "listening" in again.text)
        application.end_all()
        await until(lambda: again.has_ended)
        assert application.reader is not None
        return application.reader.count(), dict(application.reader.members)

    assert run(work) == (0, {})


def test_one_person_cannot_take_all_the_streams(cast: Cast) -> None:
    async def work(application: Live) -> list[int]:
        pages = [Page(application, "/live/acme/deals?since=0", a_ticket(cast.rui)) for _ in range(MOST_OF_A_MEMBER)]
        await until(lambda: all("listening" in page.text for page in pages))
        late = Page(application, "/live/acme/deals?since=0", a_ticket(cast.rui))
        other = Page(application, "/live/acme/deals?since=0", a_ticket(cast.lena))
        await late.task
        await until(lambda: "listening" in other.text)
        pages[0].gone.set()
        await pages[0].task
        again = Page(application, "/live/acme/deals?since=0", a_ticket(cast.rui))
        await until(lambda: "listening" in again.text)
        return [late.status, other.status, again.status]

    assert run(work) == [503, 200, 200]


def test_a_slow_browser_begins_anew_and_never_holds_the_others_up(cast: Cast) -> None:
    async def work(application: Live) -> Any:
        page = Page(application, "/live/acme/deals?since=0", a_ticket(cast.rui))
        await until(lambda: "listening" in page.text)
        assert application.reader is not None
        (stream,) = application.reader.streams[cast.acme.pk.bytes]
        for position in range(200):
            message = Message(cast.acme.pk, position, position + 1, {"deals": [deal()]}).written()
            application.reader.pass_on(message)
        assert stream.queue.qsize() <= 50
        await until(stream.queue.empty)
        return page.changes()

    heard = run(work)
    assert None in [records for _position, records in heard]
    assert [position for position, _records in heard] == sorted({position for position, _records in heard})
    assert heard[-1][0] == 200


class TestTheTicket:
    def test_it_comes_with_the_rights_of_the_moment_for_the_streams_alone(
        self, cast: Cast, client_for: Callable[[Member], Client]
    ) -> None:
        answer = client_for(cast.rui).get("/acme/live/")

        cookie = answer.cookies["live"]
        ticket = read_ticket(cookie.value)
        assert answer.status_code == 204
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/live/acme/", True, "Strict")
        assert ticket is not None
        assert (ticket.organization_id, ticket.member_id) == (cast.acme.pk, cast.rui.pk)
        assert ticket.topics == {"deals"}
        assert client_for(cast.sam).get("/acme/live/").status_code == 404


@pytest.mark.django_db
class TestTelling:
    """The teller reads across organisations as agile_system; here one organisation's scope stands for that."""

    def events(self, cast: Cast, count: int, *, type_: str = "opportunity.updated") -> None:
        """Record events that have their positions already."""
        newest = newest_position(organization=cast.acme)
        for number in range(count):
            DomainEvent.objects.create(
                organization=cast.acme,
                type=type_,
                subject_type=type_.split(".")[0],
                subject_id=cast.rui.pk,
                occurred_at=MORNING,
                recorded_at=MORNING,
                position=newest + number + 1,
            )

    def told(self, cast: Cast) -> list[Message]:
        client: Any = redis.Redis.from_url(settings.REDIS_URL)
        kept = client.xrange(live.history_key(cast.acme.pk))
        return [Message.read(fields[b"m"]) for _key, fields in kept]

    def test_messages_join_without_a_gap_and_a_second_relay_changes_nothing(self, cast: Cast) -> None:
        one, other, acme = Teller(), Teller(), str(cast.acme.pk)
        with organization_scope(cast.acme):
            self.events(cast, 3)
            one.tell([acme])
            other.tell([acme])
            self.events(cast, 1, type_="member.hours_changed")
            one.tell([acme])
            self.events(cast, 1)
            other.tell([acme])
            one.tell([acme])
            newest = newest_position(organization=cast.acme)

        rui = str(cast.rui.pk)
        assert [(one.since, one.until, dict(one.changed)) for one in self.told(cast)] == [
            (0, 3, {"deals": [rui]}),
            (3, 5, {"deals": [rui]}),
        ]
        assert newest == 5

    def test_a_changed_process_changes_everything(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            self.events(cast, 1, type_="stage.changed")
            Teller().tell([str(cast.acme.pk)])

        assert [dict(one.changed) for one in self.told(cast)] == [{"deals": None}]

    def test_what_could_not_be_told_is_told_when_valkey_is_back(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        teller = Teller()

        def away() -> Any:
            raise redis.ConnectionError("away")

        with organization_scope(cast.acme):
            self.events(cast, 1)
            with monkeypatch.context() as meanwhile:
                meanwhile.setattr(live, "valkey", away)
                teller.tell([str(cast.acme.pk)])
            assert self.told(cast) == []
            teller.tell([])

        assert [(one.since, one.until) for one in self.told(cast)] == [(0, 1)]
