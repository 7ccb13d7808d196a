"""What stands before the organisations: the front door, and the mailbox of a local installation."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tenancy import doors
from tenancy.access import public, signed_in
from tenancy.models import OutgoingMail


@signed_in
@require_safe
def front_door(request: HttpRequest) -> HttpResponse:
    """Lead into the person's first organisation; somebody without one is told what to do."""
    assert request.user.is_authenticated
    memberships = doors.memberships_of(request.user.pk)
    if memberships:
        return redirect("home", memberships[0].slug)
    return render(request, "agile_sales/no_organization.html", {"sign_up": settings.SIGN_UP})


@public(reason="shows the mail of a local installation that has no mail server; elsewhere it does not exist")
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show the newest mail of an installation that keeps its mail to itself (LOCAL_MAILBOX).

    :raises Http404: everywhere else.
    """
    if not settings.LOCAL_MAILBOX:
        raise Http404
    return render(
        request, "agile_sales/mailbox.html", {"messages_kept": OutgoingMail.objects.order_by("-created_at")[:50]}
    )
