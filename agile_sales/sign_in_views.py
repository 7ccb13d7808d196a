"""Pages of signing in that django-allauth does not have."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenancy.access import signed_in
from tenancy.identity import SUSPENDED, is_recently_authenticated


@signed_in
@never_cache
@require_safe
def go_on(request: HttpRequest) -> HttpResponse:
    """Offer to send the form that waited while its sender proved who they are: once, with one click."""
    waiting: dict[str, Any] | None = request.session.pop(SUSPENDED, None)
    if waiting is None or not is_recently_authenticated(request):
        return redirect("front-door")
    return render(request, "account/go_on.html", {"path": waiting["path"], "fields": waiting["fields"]})
