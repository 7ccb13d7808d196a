"""Support sessions: what an organisation sees of them, and how an operator opens one."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agile_sales.organization_forms import SupportForm
from tenancy import support as operations
from tenancy.access import Action, member_can, signed_in
from tenancy.http import MemberRequest
from tenancy.identity import has_second_factor, recently_authenticated
from tenancy.models import Organization, SupportSession
from tenancy.onlookers import works_for_onlookers
from tenancy.scoping import organization_scope
from tenancy.support import UnableToOpenSupport


@member_can(Action.VIEW_SUPPORT)
@require_safe
def sessions(request: MemberRequest) -> HttpResponse:
    """Show who of us was here, why, and for how long."""
    now = timezone.now()
    found = operations.support_sessions(organization=request.organization)
    for one in found:
        one.is_live = one.ended_at is None and one.ends_at > now  # type: ignore[attr-defined]
    return render(request, "people/support.html", {"sessions": found, "now": now})


def _session(request: MemberRequest, session_id: UUID) -> SupportSession:
    found = SupportSession.objects.for_organization(request.organization).select_related("member", "ended_by")
    one: SupportSession = get_object_or_404(found, pk=session_id)
    return one


@member_can(Action.VIEW_SUPPORT)
@require_safe
def session(request: MemberRequest, session_id: UUID) -> HttpResponse:
    """Show what was opened in one session."""
    one = _session(request, session_id)
    looks = operations.looks_of(organization=request.organization, session=one)
    return render(request, "people/support_session.html", {"one": one, "looks": looks, "now": timezone.now()})


@member_can(Action.MANAGE_ORGANIZATION)
@require_POST
def end(request: MemberRequest, session_id: UUID) -> HttpResponse:
    """End a session at once."""
    one = _session(request, session_id)
    ended = operations.end_support_session(
        organization=request.organization, session=one, ended_by=request.member, at=timezone.now()
    )
    messages.success(request, _("The session was ended.") if ended else _("The session was over already."))
    return redirect("people:support", organization=request.organization.slug)


@member_can(Action.VIEW_HOME)
@works_for_onlookers
@require_POST
def leave(request: MemberRequest) -> HttpResponse:
    """End one's own support session; whoever is in none goes home."""
    onlooker = request.onlooker
    if onlooker is None or onlooker.support is None:
        return redirect("home", organization=request.organization.slug)
    operations.end_support_session(
        organization=request.organization, session=onlooker.support, ended_by=onlooker.member, at=timezone.now()
    )
    return redirect("support-desk")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest) -> HttpResponseBase:
    """Let an operator open a session. For everybody else there is no such page.

    :raises Http404: for those who are no operators.
    """
    assert request.user.is_authenticated
    if not request.user.is_operator:
        raise Http404
    if not has_second_factor(request.user):
        messages.warning(request, _("Operators need a second factor. Set one up here, then go on."))
        return redirect(resolve_url(settings.SECOND_FACTOR_URL))
    return _desk(request)


@recently_authenticated
def _desk(request: HttpRequest) -> HttpResponse:
    assert request.user.is_authenticated
    form = SupportForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "people/support_desk.html", {"form": form}, status=422 if form.errors else 200)
    data, now = form.cleaned_data, timezone.now()
    organization = Organization.objects.filter(slug=data["organization"], is_active=True).first()
    if organization is None:
        form.add_error("organization", _("There is no such organisation."))
        return render(request, "people/support_desk.html", {"form": form}, status=422)
    here = request.build_absolute_uri(reverse("people:support", args=[organization.slug]))
    try:
        with organization_scope(organization, task="support", address=request.META.get("REMOTE_ADDR", "")):
            operations.open_support_session(
                organization=organization,
                operator=request.user,
                reason=data["reason"],
                minutes=data["minutes"],
                may_write=data["may_write"],
                at=now,
                page=lambda: here,
            )
    except UnableToOpenSupport as error:
        form.add_error(None, str(error))
        return render(request, "people/support_desk.html", {"form": form}, status=422)
    return redirect("home", organization=organization.slug)
