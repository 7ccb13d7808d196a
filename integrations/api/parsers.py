"""How bodies are read: JSON, whole, and no larger than settings allow."""

import json
from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from integrations.api.errors import UnreadableBody


class OrjsonParser(BaseParser):
    """Reads a JSON body."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return what the body says.

        :raises UnreadableBody: when it is no JSON.
        """
        assert parser_context is not None
        # The middleware has read it before the transaction began: a slow sender must not hold one open.
        return parsed(parser_context["request"]._request.body)


class MergePatchParser(OrjsonParser):
    """Reads a JSON merge patch (RFC 7396), which is what PATCH takes under either name."""

    media_type = "application/merge-patch+json"


def body_of(request: Request) -> Any:
    """Return what the body of a change says.

    :raises UnreadableBody: when it is no JSON. An empty one is none either; DRF would take it for an empty object.
    """
    if not request._request.body:
        raise UnreadableBody("The body is empty; send a JSON object.")
    return request.data


def parsed(body: bytes) -> Any:
    """Return what a JSON text says.

    :raises UnreadableBody: when it is none.
    """
    try:
        said = orjson.loads(body)
        # The reader above takes the last of two; which one was meant nobody knows.
        json.loads(body, object_pairs_hook=_each_once)
    except _SaidTwiceError as error:
        raise UnreadableBody(f"The body says {error} twice.") from None
    except orjson.JSONDecodeError as error:
        raise UnreadableBody(f"The body is no JSON: {error}.") from None
    except RecursionError:
        raise UnreadableBody("The body is nested too deeply.") from None
    return said


class _SaidTwiceError(ValueError):
    """A name stands twice in one object."""


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    names = {name for name, _ in pairs}
    if len(names) < len(pairs):
        given = [name for name, _ in pairs]
        raise _SaidTwiceError(next(name for name in given if given.count(name) > 1)[:200])
