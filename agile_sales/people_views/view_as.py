"""Looking at the product as another member, and back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.identity import recently_authenticated
from tenancy.models import Member
from tenancy.onlookers import works_for_onlookers
from tenancy.view_as import UnableToViewAs, end_view_as, start_view_as


@member_can(Action.VIEW_AS)
@recently_authenticated
@require_POST
def start(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """Look at the product as a member: their rights, half an hour, nothing can be changed."""
    member = get_object_or_404(Member.objects.for_organization(request.organization), pk=member_id)
    try:
        start_view_as(
            session=request.session,
            organization=request.organization,
            admin=request.member,
            member=member,
            at=timezone.now(),
        )
    except UnableToViewAs as error:
        messages.error(request, str(error))
        return redirect("people:member", organization=request.organization.slug, member_id=member.pk)
    return redirect("home", organization=request.organization.slug)


@member_can(Action.VIEW_HOME)
@works_for_onlookers
@require_POST
def end(request: MemberRequest) -> HttpResponse:
    """Look at the product as oneself again. Ending what has ended already changes nothing."""
    onlooker = request.onlooker
    if onlooker is not None and onlooker.admin is not None:
        end_view_as(session=request.session, organization=request.organization, admin=onlooker.admin, at=timezone.now())
        return redirect("people:member", organization=request.organization.slug, member_id=onlooker.member.pk)
    return redirect("home", organization=request.organization.slug)
