"""Invitations: asking people in, the list of those who were asked, and the page that a link opens."""

from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agile_sales.people_forms import InvitationForm, JoinForm
from pipeline.views.listing import from_the_beginning, read_cursor
from tenancy import invitations as operations
from tenancy import people
from tenancy.access import Action, member_can, public
from tenancy.http import MemberRequest, undo_changes
from tenancy.identity import recently_authenticated
from tenancy.invitations import InvitationLink, UnableToAccept, UnableToInvite, mails_left, read_link, refusal
from tenancy.keyset import InvalidCursor
from tenancy.models import Invitation, Member, Organization
from tenancy.onlookers import only_changes
from tenancy.scoping import organization_scope
from tenancy.units import open_units
from tenancy.working_time import local_day


@member_can(Action.MANAGE_MEMBERS)
@require_safe
def invitations(request: MemberRequest) -> HttpResponse:
    """Show who was asked, the newest first."""
    now = timezone.now()
    try:
        page = people.invitations_page(organization=request.organization, cursor=read_cursor(request))
    except InvalidCursor:
        return from_the_beginning(request)
    left = mails_left(organization=request.organization, now=now)
    return render(request, "people/invitations.html", {"page": page, "now": now, "left": left})


@member_can(Action.MANAGE_MEMBERS)
@only_changes
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: MemberRequest) -> HttpResponseBase:
    """Ask somebody in; `?member=` names a member who can't sign in yet."""
    return _send_form(request) if request.method == "POST" else _form_page(request, _blank_form(request))


def _form(request: MemberRequest, data: Any = None, **options: Any) -> InvitationForm:
    today = local_day(request.organization, timezone.now())
    return InvitationForm(data, units=open_units(organization=request.organization, on=today), **options)


def _blank_form(request: MemberRequest) -> InvitationForm:
    one = _without_sign_in(request, request.GET.get("member", ""))
    if one is None:
        return _form(request, initial={"role": Member.Role.MEMBER})
    return _form(request, initial={"member": one.pk, "email": one.email, "name": one.name, "role": one.role})


def _without_sign_in(request: MemberRequest, member_id: Any) -> Member | None:
    try:
        wanted = UUID(str(member_id))
    except ValueError:
        return None
    found: Member | None = Member.objects.for_organization(request.organization).filter(pk=wanted, user=None).first()
    return found


def _form_page(request: MemberRequest, form: InvitationForm, *, status: int = 200) -> HttpResponse:
    one = _without_sign_in(request, form["member"].value())
    return render(request, "people/invite.html", {"form": form, "one": one}, status=status)


@recently_authenticated
def _send_form(request: MemberRequest) -> HttpResponse:
    form = _form(request, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            invitation = operations.invite(
                organization=request.organization,
                email=data["email"],
                name=data["name"],
                role=data["role"],
                units=form.chosen_units(),
                member=_without_sign_in(request, data["member"]),
                invited_by=request.member,
                at=timezone.now(),
                link_to=_link_to(request),
            )
        except UnableToInvite as error:
            undo_changes(request)
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%s was invited.") % invitation.email)
            return redirect("people:invitations", organization=request.organization.slug)
    return _form_page(request, form, status=422)


def _link_to(request: HttpRequest) -> Any:
    return lambda token: request.build_absolute_uri(reverse("invite", args=[token]))


def _invitation(request: MemberRequest, invitation_id: UUID) -> Invitation:
    found: Invitation = get_object_or_404(Invitation.objects.for_organization(request.organization), pk=invitation_id)
    return found


@member_can(Action.MANAGE_MEMBERS)
@require_POST
def invitation_resend(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """Send a new link; the earlier one is no longer good."""
    invitation = _invitation(request, invitation_id)
    try:
        operations.send_again(
            organization=request.organization,
            invitation=invitation,
            sent_by=request.member,
            at=timezone.now(),
            link_to=_link_to(request),
        )
    except UnableToInvite as error:
        undo_changes(request)
        messages.error(request, str(error))
    else:
        messages.success(request, _("A new link is on its way to %s.") % invitation.email)
    return redirect("people:invitations", organization=request.organization.slug)


@member_can(Action.MANAGE_MEMBERS)
@require_POST
def invitation_revoke(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """End an invitation: its link is no longer good."""
    invitation = _invitation(request, invitation_id)
    try:
        operations.revoke_invitation(
            organization=request.organization, invitation=invitation, revoked_by=request.member, at=timezone.now()
        )
    except UnableToInvite as error:
        undo_changes(request)
        messages.error(request, str(error))
    else:
        messages.success(request, _("The invitation of %s was ended.") % invitation.email)
    return redirect("people:invitations", organization=request.organization.slug)


@public(reason="the link in an invitation is opened by people who have no sign-in yet; its signature is the key")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show what an invitation is for, and accept it.

    :raises Http404: for a link that we did not make.
    """
    link = read_link(token)
    organization = Organization.objects.filter(pk=link.organization_id, is_active=True).first() if link else None
    if link is None or organization is None:
        raise Http404
    with organization_scope(organization, task="open an invitation"):
        invitation = operations.find_invitation(organization=organization, link=link)
    if invitation is None or (words := refusal(invitation, now=timezone.now())):
        return _closed(request, words if invitation else refusal(None, now=timezone.now()))
    seen = {"invitation": invitation, "place": organization}
    if request.user.is_authenticated:
        if request.user.email.lower() != invitation.email:
            return render(request, "people/join_other.html", seen, status=403)
        if request.method == "POST":
            return _accept(request, organization, link)
        return render(request, "people/join.html", seen)
    if operations.signs_in_already(invitation.email):
        return render(request, "people/join_sign_in.html", seen)
    form = JoinForm(request.POST or None, initial={"name": invitation.name}, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        return _accept(request, organization, link, form)
    return render(request, "people/join_new.html", {**seen, "form": form}, status=422 if form.errors else 200)


def _closed(request: HttpRequest, words: str) -> HttpResponse:
    return render(request, "people/join_closed.html", {"words": words}, status=410)


def _accept(
    request: HttpRequest, organization: Organization, link: InvitationLink, form: JoinForm | None = None
) -> HttpResponseBase:
    now, address = timezone.now(), request.META.get("REMOTE_ADDR", "")
    try:
        with organization_scope(organization, task="accept an invitation", address=address):
            if form is None:
                assert request.user.is_authenticated
                operations.accept_invitation(organization=organization, link=link, user=request.user, at=now)
            else:
                member = operations.accept_as_new_person(
                    organization=organization,
                    link=link,
                    name=form.cleaned_data["name"],
                    password=form.cleaned_data["password"],
                    at=now,
                )
    except UnableToAccept as error:
        return _closed(request, str(error))
    home = reverse("home", args=[organization.slug])
    if form is None:
        return redirect(home)
    assert member.user is not None
    record_authentication(request, member.user, method="password", email=member.user.email)
    answer: HttpResponseBase = perform_login(request, member.user, email_verification="none", redirect_url=home)
    return answer
