"""One transaction a request, inside one organisation, undone when the request failed."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, ImproperlyConfigured, PermissionDenied
from django.core.handlers.exception import response_for_exception
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _

from tenancy import doors, support, view_as
from tenancy.access import rights_of
from tenancy.http import Membership, undo_changes
from tenancy.identity import has_second_factor, keep_in_mind
from tenancy.models import Member, Organization
from tenancy.models.organization import RESERVED_SLUGS
from tenancy.onlookers import Onlooker, hold_back, no_files, slipped_through
from tenancy.scoping import organization_scope
from tenancy.token_limits import meter
from tenancy.tokens import bearer_token, note_use, sha256_of
from tenancy.working_time import days_off, first_zone


class _Undo(Exception):
    def __init__(self, response: HttpResponseBase) -> None:
        self.response = response


class _Instead(Exception):
    """What is answered instead of the page."""

    def __init__(self, response: HttpResponseBase) -> None:
        self.response = response


def enter(request: Any, member: Member, organization: Organization, onlooker: Onlooker | None) -> None:
    """Give the request its organisation, and the member whose rights hold in it."""
    request.member, request.organization, request.onlooker = member, organization, onlooker
    request.rights = rights_of(member)
    if onlooker is not None and onlooker.support is not None and not onlooker.may_write:
        # Nothing is offered that would be refused. (With "view as" the point is to see what the member is offered.)
        request.rights = frozenset(right for right in request.rights if right.startswith("view_"))


def refuse_without_second_factor(request: HttpRequest, organization: Organization) -> None:
    """Send a member to where a second factor is set up, when the organisation asks for one and they have none.

    Integrators' tokens are not asked: nobody is there to answer.
    """
    user: Any = request.user
    if not organization.setting("mfa_required") or has_second_factor(user):
        return
    keep_in_mind(request)
    target = resolve_url(settings.SECOND_FACTOR_URL)
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        # A fragment has no place for a page: the browser goes there as a whole.
        raise _Instead(HttpResponse(status=204, headers={"HX-Redirect": target}))
    words = _("%s asks its members for a second factor. Set one up here, then go on.") % organization.name
    messages.warning(request, words)
    raise _Instead(HttpResponseRedirect(target))


def nothing_leaves(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Refuse a file to somebody who only looks on, whatever view made it."""
    if getattr(request, "onlooker", None) is None or not response.has_header("Content-Disposition"):
        return response
    undo_changes(request)
    return response_for_exception(request, PermissionDenied(no_files()))


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
            return self.answer_operator(request, slug=slug)
        now = timezone.now()
        onlooker = self.view_as(request, membership, now)

        def prepare() -> tzinfo:
            people = Member.objects.select_related("organization")
            people = people.annotate(support_is_here=support.is_open(now), days_off=days_off())
            member = people.get(pk=membership.member_id)
            member.organization.days_off = member.days_off  # no page has to ask for the calendar again
            refuse_without_second_factor(request, member.organization)
            enter(request, onlooker.member if onlooker else member, member.organization, onlooker)
            request.support_is_here = member.support_is_here and onlooker is None  # type: ignore[attr-defined]
            return first_zone(request.user.time_zone, member.organization.time_zone)  # type: ignore[union-attr]

        return self.inside(request, membership.organization_id, membership.member_id, prepare)

    def view_as(self, request: HttpRequest, membership: Membership, now: datetime) -> Onlooker | None:
        """Return as whom an administrator looks at it; in a transaction of its own, so that its end is kept."""
        view = view_as.remembered(request.session, membership.organization_id)
        if view is None:
            return None
        with organization_scope(membership.organization_id, actor=membership.member_id, task="view as"):
            admin = Member.objects.select_related("organization").get(pk=membership.member_id)
            member = view_as.viewed_member(
                session=request.session, organization=admin.organization, admin=admin, now=now
            )
        return Onlooker(member, view.until, admin=admin) if member is not None else None

    def answer_operator(self, request: HttpRequest, *, slug: str) -> HttpResponseBase:
        """Answer a page to an operator of ours with an open support session; to everybody else it does not exist."""
        user: Any = request.user
        organization = Organization.objects.filter(slug=slug, is_active=True).first() if user.is_operator else None
        if organization is None or not has_second_factor(user):
            raise Http404
        now, address = timezone.now(), request.META.get("REMOTE_ADDR", "")
        with organization_scope(organization, task="support", address=address):
            session = support.live_session(organization=organization, user=user, now=now)
            if session is None:
                raise Http404
            # What is opened is kept even where the page fails or finds nothing.
            support.note_look(session=session, path=request.path, method=request.method or "", at=now)
        # They are nobody's colleague: only here, and only now, does their face have rights.
        session.member.is_active = True
        onlooker = Onlooker(session.member, session.ends_at, support=session)

        def prepare() -> tzinfo:
            enter(request, onlooker.member, organization, onlooker)
            return first_zone(user.time_zone, organization.time_zone)

        task = f"support session {session.pk}"
        return self.inside(request, organization.pk, session.member_id, prepare, task=task)

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
        task = f"api token {owner.token_id}"
        return self.inside(request, owner.organization_id, None, lambda: UTC, task=task, is_api=True)

    def inside(
        self,
        request: HttpRequest,
        organization_id: Any,
        member_id: Any,
        prepare: Callable[[], tzinfo],
        *,
        task: str = "",
        is_api: bool = False,
    ) -> HttpResponseBase:
        """Answer inside one transaction of the organisation, with times in the zone that `prepare` returns.

        The API plans its joins by itself, and answers every failure by undoing all that the request changed.
        """
        address = request.META.get("REMOTE_ADDR", "")
        scope = organization_scope(
            organization_id,
            actor=member_id,
            task=task,
            address=address,
            joins_as_written=is_api,
            undone_whole=is_api,
        )
        try:
            with scope:
                with timezone.override(prepare()):
                    response = nothing_leaves(request, self.get_response(request))
                if getattr(request, "undo_changes", False) or response.status_code >= 500:
                    raise _Undo(response)
                return response
        except (_Undo, _Instead) as other:
            return other.response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse a page of an organisation that forgot to say who may open it, and changes by those who look on."""
        if "organization" in kwargs and not hasattr(view, "access_policy"):
            raise ImproperlyConfigured(f"{view} has no access policy; put @member_can(Action.…) above it.")
        onlooker = getattr(request, "onlooker", None)
        if onlooker is not None:
            hold_back(onlooker, method=request.method, view=view)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Remember that the view failed; Django makes a response of it further in."""
        undo_changes(request)
        onlooker: Onlooker | None = getattr(request, "onlooker", None)
        if slipped_through(onlooker, exception):
            assert onlooker is not None
            return response_for_exception(request, PermissionDenied(onlooker.refusal))
        return None
