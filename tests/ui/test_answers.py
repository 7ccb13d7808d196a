"""What answers carry."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxMiddleware

from agile_sales.answers import private_by_default, toasts_of_fragments


def answered(view: Any, **headers: str) -> HttpResponse:
    request = RequestFactory().get("/acme/", headers=headers)
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    return HtmxMiddleware(private_by_default(toasts_of_fragments(view)))(request)  # type: ignore[return-value]


def saved(request: HttpRequest) -> HttpResponse:
    messages.success(request, "Call logged")
    return HttpResponse("<li>call</li>")


def test_a_fragment_brings_its_message_as_a_toast() -> None:
    response = answered(saved, **{"HX-Request": "true"})

    assert json.loads(response.headers["HX-Trigger"]) == {"toast": {"value": "Call logged"}}


def test_a_whole_page_shows_its_message_itself() -> None:
    assert "HX-Trigger" not in answered(saved).headers
    assert "HX-Trigger" not in answered(saved, **{"HX-Request": "true", "HX-Boosted": "true"}).headers


def test_a_fragment_without_message_has_no_toast() -> None:
    assert "HX-Trigger" not in answered(lambda _: HttpResponse("x"), **{"HX-Request": "true"}).headers


def test_no_cache_keeps_a_page() -> None:
    response = answered(saved)

    assert set(response.headers["Cache-Control"].split(", ")) == {"private", "no-store"}
    assert "HX-Request" in response.headers["Vary"]


def test_a_view_may_say_how_long_it_keeps() -> None:
    def kept(_: HttpRequest) -> HttpResponse:
        return HttpResponse("x", headers={"Cache-Control": "max-age=60"})

    assert answered(kept).headers["Cache-Control"] == "max-age=60"
