"""One transaction a request, inside one organisation, undone when the request failed."""

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Any

from django.core.exceptions import BadRequest, ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from tenancy import doors
from tenancy.access import rights_of
from tenancy.http import undo_changes
from tenancy.models import Member
from tenancy.models.organization import RESERVED_SLUGS
from tenancy.scoping import organization_scope
from tenancy.token_limits import meter
from tenancy.tokens import bearer_token, note_use, sha256_of
from tenancy.working_time import first_zone


class _Undo(Exception):
    def __init__(self, response: HttpResponseBase) -> None:
        self.response = response


class OrganizationMiddleware:
    """Opens the organisation that the address (pages) or the bearer token (API) names.

    Django and DRF turn errors into responses inside this middleware, so it looks at the outcome: an exception in the
    view, a response made from one, or a status of 500 and above leaves nothing behind.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        first = request.path_info.lstrip("/").split("/", 1)[0]
        if first == "api":
            return self.answer_token(request)
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            # PostgreSQL has no such character; nothing that we store or look for can contain it. (The API has its own
            # words for that.)
            raise BadRequest("An address cannot contain a zero byte.")
        if not first or first in RESERVED_SLUGS:
            return self.get_response(request)
        return self.answer_member(request, slug=first)

    def answer_member(self, request: HttpRequest, *, slug: str) -> HttpResponseBase:
        """Answer a page. A stranger and somebody who asks for what does not exist get the same 404."""
        if not request.user.is_authenticated:
            return self.get_response(request)
        memberships = doors.memberships_of(request.user.pk)
        request.memberships = memberships  # type: ignore[attr-defined]
        membership = next((one for one in memberships if one.slug == slug), None)
        if membership is None:
            raise Http404
        with_member: Any = request

        def prepare() -> tzinfo:
            member = Member.objects.select_related("organization").get(pk=membership.member_id)
            with_member.member = member
            with_member.organization = member.organization
            with_member.rights = rights_of(member)
            return first_zone(with_member.user.time_zone, member.organization.time_zone)

        return self.inside(request, membership.organization_id, membership.member_id, prepare)

    def answer_token(self, request: HttpRequest) -> HttpResponseBase:
        """Answer an API request. Without a valid token the view itself answers 401, beyond its limits 429."""
        token, now = bearer_token(request.headers.get("Authorization", "")), timezone.now()
        owner = doors.token_owner(sha256_of(token), now=now) if token else None
        request.token_owner = owner  # type: ignore[attr-defined]
        if owner is None:
            return self.get_response(request)
        metered = meter(owner)
        request.metered = metered  # type: ignore[attr-defined]
        if not all(one.verdict.allowed for one in metered):
            # The view says so, and no transaction is opened for it.
            return self.get_response(request)
        note_use(owner, used_at=now)
        return self.inside(request, owner.organization_id, None, lambda: UTC, task=f"api token {owner.token_id}")

    def inside(
        self,
        request: HttpRequest,
        organization_id: Any,
        member_id: Any,
        prepare: Callable[[], tzinfo],
        *,
        task: str = "",
    ) -> HttpResponseBase:
        """Answer inside one transaction of the organisation, with times in the zone that `prepare` returns."""
        address = request.META.get("REMOTE_ADDR", "")
        try:
            with organization_scope(organization_id, actor=member_id, task=task, address=address):
                with timezone.override(prepare()):
                    response = self.get_response(request)
                if getattr(request, "undo_changes", False) or response.status_code >= 500:
                    raise _Undo(response)
                return response
        except _Undo as undo:
            return undo.response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse a page of an organisation that forgot to say who may open it."""
        if "organization" in kwargs and not hasattr(view, "access_policy"):
            raise ImproperlyConfigured(f"{view} has no access policy; put @member_can(Action.…) above it.")
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Remember that the view failed; Django makes a response of it further in."""
        undo_changes(request)
