"""`/live/<organisation>/<topic>`: streams of what changed, for open pages. A bare ASGI application beside Django.

A stream costs a coroutine and no thread, no database connection and no query: the ticket in its cookie says what it may
hear, one reader a process hears everything, and each message is written once for all who listen to its topic. A stream
ends when its ticket runs out; the page then fetches another one, with the rights of that moment, and goes on from the
position that it heard last. When the reader loses Valkey all streams end: a page that hears nothing must not look as
if nothing happened.
"""

import asyncio
import contextlib
import json
import logging
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import redis.asyncio
from django.conf import settings
from prometheus_client import Gauge

from tenancy.live import (
    CHANNEL,
    TOPICS,
    Message,
    Ticket,
    cookie_name,
    history_key,
    read_ticket,
)

logger = logging.getLogger(__name__)

BEAT_SECONDS = 20.0  # a comment line that keeps proxies awake
MOST_STREAMS, MOST_OF_A_MEMBER = 5_000, 20
MOST_UNSENT = 50  # of a browser that reads slowly; then it begins anew
RETRY_MILLISECONDS = 2_000
STREAMS = Gauge("agile_sales_live_streams", "Pages that listen to this process.")

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Stream:
    """One page that listens. `position` is up to where it was told everything; `None` in the queue ends it."""

    def __init__(self, ticket: Ticket, topic: str, position: int | None) -> None:
        self.ticket, self.topic, self.position = ticket, topic, position
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    def put(self, message: Message, text: bytes | None) -> None:
        """Pass a message on, in the words that all listeners of the topic get, if it has any for them."""
        if self.position is not None and message.until <= self.position:
            return  # told before: a replay and the channel overlap
        if self.position is not None and message.since > self.position:
            text = changed(message.until, None)  # something between was missed
        self.position = message.until
        if text is None:
            return
        if self.queue.qsize() >= MOST_UNSENT:
            while not self.queue.empty():
                self.queue.get_nowait()
            text = changed(message.until, None)
        self.queue.put_nowait(text)

    def end(self) -> None:
        """End the stream after what waits to be sent."""
        self.queue.put_nowait(None)


def changed(position: int, records: list[str] | None) -> bytes:
    """Return the event that some records changed, or that it is too much to name them."""
    data = json.dumps({"records": records}, separators=(",", ":"))
    return f"id: {position}\nevent: changed\ndata: {data}\n\n".encode()


class Reader:
    """Hears everything that is told, once a process, and passes it on to the streams of its organisation."""

    def __init__(self) -> None:
        self.streams: dict[Any, set[Stream]] = {}
        self.members: Counter[Any] = Counter()
        self.is_reading = asyncio.Event()
        self.client: Any = None
        self.task: asyncio.Task[None] | None = None

    def count(self) -> int:
        """Return how many streams there are."""
        return sum(map(len, self.streams.values()))

    async def ready(self) -> bool:
        """Begin to read, at the first stream; return whether Valkey is heard."""
        if self.task is None:
            self.client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=5)
            self.task = asyncio.create_task(self.read_on())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.is_reading.wait(), 2)
        return self.is_reading.is_set()

    async def read_on(self) -> None:
        """Read until the process ends, and come back to a Valkey that was away."""
        while True:
            try:
                await self.read()
            except (redis.RedisError, OSError) as error:
                logger.warning("Live streams hear nothing; trying again: %s", error)
            except Exception:
                logger.exception("A fault of ours ended the reader of live streams; it begins again.")
            self.is_reading.clear()
            self.end_all()
            await asyncio.sleep(1)

    async def read(self) -> None:
        """Pass on what is told.

        :raises redis.RedisError: when Valkey is gone.
        """
        async with self.client.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            is_asked = False
            while True:
                heard = await channel.get_message(timeout=BEAT_SECONDS)
                if heard is None:
                    if is_asked:
                        raise redis.TimeoutError("Valkey hangs.")
                    await channel.ping()
                is_asked = heard is None
                if heard is None:
                    continue
                if heard["type"] == "subscribe":
                    self.is_reading.set()
                elif heard["type"] == "message":
                    self.pass_on(heard["data"])

    def pass_on(self, data: bytes) -> None:
        """Pass a message on to whom it is for; its words are made once a topic."""
        message: Message | None = None
        texts: dict[str, bytes | None] = {}
        for stream in list(self.streams.get(data[:16], ())):
            message = message or Message.read(data)
            if stream.topic not in texts:
                told = stream.topic in message.changed
                texts[stream.topic] = changed(message.until, message.changed[stream.topic]) if told else None
            stream.put(message, texts[stream.topic])

    async def history(self, stream: Stream) -> None:
        """Tell a stream what was told since the position that its page knows.

        :raises redis.RedisError: when Valkey is gone.
        """
        if stream.position is None:
            return
        kept = await self.client.xrange(history_key(stream.ticket.organization_id), min=f"({stream.position}-0")
        for _key, fields in kept:
            message = Message.read(fields[b"m"])
            told = stream.topic in message.changed
            stream.put(message, changed(message.until, message.changed[stream.topic]) if told else None)

    def join(self, stream: Stream) -> None:
        """Let a stream hear what is told from now on."""
        self.streams.setdefault(stream.ticket.organization_id.bytes, set()).add(stream)
        self.members[stream.ticket.member_id] += 1
        STREAMS.set(self.count())

    def leave(self, stream: Stream) -> None:
        """Forget a stream."""
        key = stream.ticket.organization_id.bytes
        self.streams[key].discard(stream)
        if not self.streams[key]:
            del self.streams[key]
        self.members[stream.ticket.member_id] -= 1
        if not self.members[stream.ticket.member_id]:
            del self.members[stream.ticket.member_id]
        STREAMS.set(self.count())

    def end_all(self) -> None:
        """End every stream; the pages come back."""
        for streams in self.streams.values():
            for stream in streams:
                stream.end()


class Live:
    """The ASGI application: streams are answered here, everything else by `otherwise`."""

    def __init__(self, otherwise: Any) -> None:
        self.otherwise = otherwise
        self.reader: Reader | None = None

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a stream, pass anything else on."""
        if scope["type"] == "lifespan":
            self.end_streams_at_the_end()
        if scope["type"] == "http" and scope["path"].startswith("/live/"):
            await self.answer(scope, receive, send)
        else:
            await self.otherwise(scope, receive, send)

    def end_streams_at_the_end(self) -> None:
        """Have the streams end when the process is asked to: the server waits for what it is answering.

        The pages come back in two seconds, to another process or to the next one.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)

            def handle(signum: int, frame: Any, before: Any = before) -> None:
                loop.call_soon_threadsafe(self.end_all)
                if callable(before):
                    before(signum, frame)

            # Not the main thread: a test's server, which nobody signals.
            with contextlib.suppress(ValueError):
                signal.signal(number, handle)

    def end_all(self) -> None:
        """End every stream."""
        if self.reader is not None:
            self.reader.end_all()

    async def answer(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a request for a stream: 401 without a ticket that fits, 503 while nothing can be heard."""
        parts: list[str] = [*scope["path"].split("/"), "", ""]
        slug, topic, rest = parts[2], parts[3], parts[4:]
        headers = {name: value for name, value in scope["headers"] if name in (b"cookie", b"last-event-id")}
        ticket = _ticket_of(headers.get(b"cookie", b""))
        if any(rest) or topic not in TOPICS or scope["method"] != "GET":
            await refuse(send, 404)
        elif ticket is None or ticket.slug != slug or topic not in ticket.topics:
            await refuse(send, 401)
        elif not await self.may_join(ticket):
            await refuse(send, 503, retry_after=5)
        else:
            await self.stream(Stream(ticket, topic, _position_of(scope, headers)), receive, send)

    async def may_join(self, ticket: Ticket) -> bool:
        """Return whether there is room for one more stream, and Valkey is heard."""
        self.reader = self.reader or Reader()
        has_room = self.reader.count() < MOST_STREAMS and self.reader.members[ticket.member_id] < MOST_OF_A_MEMBER
        return has_room and await self.reader.ready()

    async def stream(self, stream: Stream, receive: Receive, send: Send) -> None:
        """Send what the page missed, then what is told, until the ticket runs out or the page goes."""
        reader = self.reader
        assert reader is not None
        gone = asyncio.ensure_future(_disconnected(receive))
        gone.add_done_callback(lambda _done: stream.end())
        reader.join(stream)  # before the history is read: what comes meanwhile is heard twice and told once
        try:
            try:
                await reader.history(stream)
            except (redis.RedisError, OSError) as error:
                logger.warning("A live stream could not begin: %s", error)
                await refuse(send, 503, retry_after=5)
                return
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await put(send, f"retry: {RETRY_MILLISECONDS}\nevent: listening\ndata: {{}}\n\n".encode())
            while (left := stream.ticket.ends_at - time.time()) > 0:
                try:
                    text = await asyncio.wait_for(stream.queue.get(), min(BEAT_SECONDS, left))
                except TimeoutError:
                    text = b":\n\n"
                if text is None:
                    break
                await put(send, text)
            await send({"type": "http.response.body", "body": b""})
        finally:
            reader.leave(stream)
            gone.cancel()


HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def put(send: Send, text: bytes) -> None:
    """Send a part of a stream."""
    await send({"type": "http.response.body", "body": text, "more_body": True})


async def refuse(send: Send, status: int, *, retry_after: int = 0) -> None:
    """Answer without a body."""
    headers = [(b"cache-control", b"no-store"), (b"content-length", b"0")]
    if retry_after:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _ticket_of(header: bytes) -> Ticket | None:
    """Return the ticket among the cookies that were sent."""
    try:
        cookie = SimpleCookie(header.decode("latin1")).get(cookie_name())
    except CookieError:
        return None
    return read_ticket(cookie.value) if cookie is not None else None


def _position_of(scope: Any, headers: dict[bytes, bytes]) -> int | None:
    """Return up to which position the page knows everything: as its browser says, else as its address does."""
    given = headers.get(b"last-event-id", b"").decode("latin1") or "".join(
        parse_qs(scope.get("query_string", b"").decode("latin1")).get("since", [])[-1:]
    )
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else None
