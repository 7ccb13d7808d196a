"""Forms that were damaged on their way are refused, before anything of them is kept."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

LOST = "\ufffd"
"""What Django puts in the place of bytes that are no UTF-8."""


def whole_forms(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse a form whose bytes are no UTF-8: Django would keep it with � in place of what was typed."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        # The API takes JSON, and has its own words for anything else.
        is_form = request.method == "POST" and not request.path_info.startswith("/api/")
        if is_form and is_damaged(request):
            raise BadRequest(
                _("The form came in damaged: it holds characters that are not UTF-8. Load the page again and retry.")
            )
        return get_response(request)

    return middleware


def is_damaged(request: HttpRequest) -> bool:
    """Return whether a form holds bytes that are no UTF-8."""
    if request.content_type == "application/x-www-form-urlencoded":
        try:
            unquote_to_bytes(request.body).decode()
        except UnicodeDecodeError:
            return True
        except UnreadablePostError:
            pass  # the connection has ended, and with it the form
        return False
    if request.content_type == "multipart/form-data":
        # Its files are none of ours to read here, and Django has replaced the damage already.
        return any(LOST in text for name, values in request.POST.lists() for text in (name, *values))
    return False
