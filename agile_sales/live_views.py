"""What a page that stays open fetches before it listens: a ticket for the streams of its organisation."""

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.live import TICKET_SECONDS, cookie_name, cookie_path, ticket_for


@member_can(Action.VIEW_HOME)
@never_cache
@require_safe
def ticket(request: MemberRequest) -> HttpResponse:
    """Give the cookie that opens the streams for some minutes; its rights are those of this moment."""
    response = HttpResponse(status=204)
    response.set_cookie(
        cookie_name(),
        ticket_for(organization=request.organization, member_id=request.member.pk, rights=request.rights),
        max_age=TICKET_SECONDS,
        path=cookie_path(request.organization.slug),
        httponly=True,
        secure=settings.SECURE,
        samesite="Strict",
    )
    return response
