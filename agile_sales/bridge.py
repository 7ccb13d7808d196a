"""Between the server, which is asynchronous, and Django's WSGI side, which runs in a fixed pool of threads.

Each step from a thread to the server's loop and back costs the processor a tenth of a millisecond. a2wsgi takes one
for each part of a body in either direction; here an ordinary request takes none: its body has come before the thread
begins, and its answer is sent when the thread is done. Streams and large uploads go part by part, as the other side
can follow.
"""

import asyncio
import contextvars
from collections.abc import Iterable
from typing import Any

from a2wsgi.wsgi import Body, WSGIMiddleware, build_environ
from django.conf import settings


class Bridge(WSGIMiddleware):
    """The ASGI application that answers by a WSGI one."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request; what else a server may say is a2wsgi's."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        body = Body(asyncio.get_running_loop(), receive)
        names = {name for name, _ in scope["headers"]}
        is_unmeasured = b"transfer-encoding" in names and b"content-length" not in names
        if is_unmeasured:
            if not await measured(body, at_most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
                return
        # Who asks first whether to send a body at all is told when the application wants to read it.
        elif b"expect" not in names:
            first = await receive()
            body.buffer.extend(first.get("body", b""))
            body._has_more = first.get("more_body", False)
        answer = Answer(self.app, send)
        context = contextvars.copy_context()
        environ: Any = build_environ(scope, body)
        if is_unmeasured:
            environ["CONTENT_LENGTH"] = str(len(body.buffer))
        await body.loop.run_in_executor(self.executor, context.run, answer.run, environ)
        for message in answer.unsent:
            await send(message)


async def measured(body: Body, *, at_most: int) -> bool:
    """Take in a body that comes in chunks without saying how long it is, and return whether all of it came.

    WSGI knows a body by its length: Django reads one without as empty. Of a body beyond `at_most` only so much is
    taken that it is refused for its size. One whose sender went away is nobody's request any more.
    """
    while body._has_more and len(body.buffer) <= at_most:
        part: Any = await body.receive()
        if part["type"] == "http.disconnect":
            return False
        body.buffer.extend(part.get("body", b""))
        body._has_more = part.get("more_body", False)
    return True


class Answer:
    """What the application answers to one request. `unsent` is what is left to send when its thread is done."""

    def __init__(self, app: Any, send: Any) -> None:
        self.app, self.send, self.loop = app, send, asyncio.get_running_loop()
        self.unsent: list[dict[str, Any]] = []

    def run(self, environ: dict[str, Any]) -> None:
        """Run the application, in a thread."""
        parts: Iterable[bytes] = self.app(environ, self.start)
        try:
            if getattr(parts, "streaming", True):
                for part in parts:
                    self.put({"type": "http.response.body", "body": part, "more_body": True})
                self.put({"type": "http.response.body", "body": b""})
            else:
                self.unsent.append({"type": "http.response.body", "body": b"".join(parts)})
        finally:
            if hasattr(parts, "close"):
                parts.close()

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        """Keep the status and the headers; nothing of ours asks for the function that WSGI lets this return."""
        lower = [(name.strip().lower().encode("latin1"), value.strip().encode("latin1")) for name, value in headers]
        self.unsent.append({"type": "http.response.start", "status": int(status[:3]), "headers": lower})

    def put(self, message: dict[str, Any]) -> None:
        """Send a part of a stream, and wait until the server has taken it."""
        messages, self.unsent = [*self.unsent, message], []
        for one in messages:
            asyncio.run_coroutine_threadsafe(self.send(one), self.loop).result()
