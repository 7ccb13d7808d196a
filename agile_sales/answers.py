"""What every answer of a page carries: how it may be kept, and its messages when only a part of the page is sent."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from django_htmx.http import trigger_client_event

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def private_by_default(get_response: GetResponse) -> GetResponse:
    """Keep answers out of every cache, unless a view said otherwise: they belong to one person in one organisation."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        patch_vary_headers(response, ("HX-Request", "HX-Boosted"))
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response

    return answer


def toasts_of_fragments(get_response: GetResponse) -> GetResponse:
    """Send the messages of this request along with a fragment, which has no shell to show them in."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        htmx = getattr(request, "htmx", None)
        if not htmx or htmx.boosted or response.status_code >= 300 or response.has_header("HX-Redirect"):
            return response
        storage = messages.get_messages(request)
        if not getattr(storage, "_queued_messages", None):
            return response
        said = list(storage)
        detail = {"value": " ".join(str(message) for message in said)}
        undo = next((tags for one in said if (tags := one.extra_tags or "").startswith("undo:")), "")
        if undo:
            detail["undo"] = undo.removeprefix("undo:")
        return trigger_client_event(response, "toast", detail)

    return answer
