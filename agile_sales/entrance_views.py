"""What stands before the organisations: the front door, and the mailbox of a local installation."""

from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
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


SHOWN = 100
_mailbox_is_public = public(
    reason="shows the mail of a local installation that has no mail server; elsewhere it does not exist"
)


@_mailbox_is_public
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """List the newest mail of an installation that keeps its mail to itself (LOCAL_MAILBOX), of one address or all.

    :raises Http404: everywhere else.
    """
    newest = _kept_mail()
    address = request.GET.get("to", "")
    people = sorted({person for mail in newest[: 5 * SHOWN].values_list("recipients", flat=True) for person in mail})
    found = newest.filter(recipients__contains=[address]) if address else newest
    context = {"mails": found[:SHOWN], "people": people, "address": address, "most": SHOWN}
    return render(request, "agile_sales/mailbox.html", context)


@_mailbox_is_public
@require_safe
def mailbox_message(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    """Show one message with its links.

    :raises Http404: for one that is not there, and wherever mail is really sent.
    """
    return render(request, "agile_sales/mailbox_message.html", {"mail": get_object_or_404(_kept_mail(), pk=mail_id)})


def _kept_mail() -> QuerySet[OutgoingMail]:
    if not settings.LOCAL_MAILBOX:
        raise Http404
    return OutgoingMail.objects.order_by("-created_at", "-id")
