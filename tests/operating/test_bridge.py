"""What the server hears of Django's side: whole answers at once, streams part by part, uploads as they are read."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from agile_sales.bridge import Bridge

View = Callable[[Any], HttpResponseBase]

CHUNKED = ((b"transfer-encoding", b"chunked"),)
GONE = b"the caller went away"


class Server:
    """The server's end of one request: what it has of the body, and what it was told to send."""

    def __init__(self, *parts: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.parts, self.headers = list(parts), [(b"host", b"localhost"), *headers]
        self.sent: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        part = self.parts.pop(0) if self.parts else b""
        if part is GONE:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(self.parts)}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def ask(self, view: View) -> None:
        """Have the request answered by a view, in a thread of the bridge."""

        def application(environ: Any, start: Any) -> Any:
            response = view(WSGIRequest(environ))
            start(f"{response.status_code} {response.reason_phrase}", list(response.items()))
            return response

        said = [(b"content-length", str(sum(map(len, self.parts))).encode())]
        if any(name == b"transfer-encoding" for name, _ in self.headers):
            said = []
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/é",
            "query_string": b"",
            "http_version": "1.1",
            "headers": [*self.headers, *said],
        }
        # In a thread of its own: a browser of an earlier test may have left a loop running in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(Bridge(application, workers=1)(scope, self.receive, self.send))).result()

    @property
    def body(self) -> bytes:
        return b"".join(one.get("body", b"") for one in self.sent)


class Closing(HttpResponse):
    """A response that tells in which thread it was closed."""

    closed_in: threading.Thread | None = None

    def close(self) -> None:
        self.closed_in = threading.current_thread()


def test_it_sends_a_whole_answer_at_once_when_the_thread_is_done() -> None:
    server = Server(b'{"name": ', b'"Velora"}')
    answers = []

    def view(request: Any) -> HttpResponse:
        answers.append(Closing(request.body, status=201, headers={"ETag": '"1"'}))
        assert request.path_info == "/é"
        return answers[0]

    server.ask(view)

    start, body = server.sent
    assert start["status"] == 201
    assert (b"etag", b'"1"') in start["headers"]
    assert body == {"type": "http.response.body", "body": b'{"name": "Velora"}'}
    assert answers[0].closed_in not in (None, threading.main_thread())


def test_it_sends_each_part_of_a_stream_before_the_next_is_made() -> None:
    server = Server()
    seen = []

    def parts() -> Iterator[bytes]:
        for number in range(3):
            yield b"row %d\n" % number
            seen.append(server.body)

    server.ask(lambda request: StreamingHttpResponse(parts()))

    assert seen == [b"row 0\n", b"row 0\nrow 1\n", b"row 0\nrow 1\nrow 2\n"]
    assert [one.get("more_body", False) for one in server.sent[1:]] == [True, True, True, False]


def test_it_leaves_what_has_not_come_of_an_upload_until_it_is_read() -> None:
    server = Server(b"one,", b"two,", b"three")
    left = []

    def view(request: Any) -> HttpResponse:
        left.append(list(server.parts))
        return HttpResponse(request.read())

    server.ask(view)

    assert left == [[b"two,", b"three"]]
    assert server.body == b"one,two,three"


def test_it_takes_nothing_from_a_caller_who_waits_to_be_asked_for_the_body() -> None:
    server = Server(b"a large file", headers=((b"expect", b"100-continue"),))

    server.ask(lambda request: HttpResponse(status=413))

    assert server.parts == [b"a large file"]
    assert server.sent[0]["status"] == 413


@pytest.mark.parametrize("headers", [CHUNKED, (*CHUNKED, (b"expect", b"100-continue"))])
def test_it_reads_a_body_that_comes_in_chunks_of_unknown_number(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    server = Server(b'{"name": ', b'"Velora', b'"}', headers=headers)

    server.ask(lambda request: HttpResponse(request.body))

    assert server.body == b'{"name": "Velora"}'


def test_it_takes_no_more_of_such_a_body_than_is_refused_for_its_size(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    server = Server(b"0123456", b"789abc", b"defghi", headers=CHUNKED)
    refused = []

    def view(request: Any) -> HttpResponse:
        with pytest.raises(RequestDataTooBig) as caught:
            _ = request.body
        refused.append(caught.value)
        return HttpResponse(status=413)

    server.ask(view)

    assert refused
    assert server.parts == [b"defghi"]


def test_it_asks_nothing_of_the_application_when_the_caller_left_in_the_middle_of_a_body() -> None:
    server = Server(b"name=Velora&", GONE, headers=CHUNKED)
    asked = []

    def view(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return HttpResponse()

    server.ask(view)

    assert asked == []
    assert server.sent == []


def test_it_passes_on_that_an_answer_broke_off() -> None:
    def view(request: Any) -> HttpResponse:
        raise RuntimeError("no answer")

    with pytest.raises(RuntimeError, match="no answer"):
        Server().ask(view)
