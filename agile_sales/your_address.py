"""Another e-mail address to sign in with: proved by its mailbox, and told to the old one."""

from dataclasses import dataclass
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from agile_sales.sign_up import signs_in_already
from tenancy import doors
from tenancy.models import Member, User
from tenancy.scoping import organization_scope

LIFETIME_SECONDS = 24 * 3600
_SALT = "another address"


class UnableToChangeAddress(ValueError):
    """The link is no longer good."""


@dataclass(frozen=True)
class AddressLink:
    """Whose address changes, from what to what."""

    user_id: UUID
    old: str
    new: str


def send_address_mail(request: HttpRequest, *, user: User, email: str) -> None:
    """Send the link that proves the new address; if somebody else signs in with it, they are told instead."""
    email = email.lower()
    mails = get_adapter(request)
    if signs_in_already(email):
        mails.send_mail("account/email/address_taken", email, {})
        return
    token = signing.dumps([user.pk.hex, user.email, email], salt=_SALT)
    link = request.build_absolute_uri(reverse("you-address-confirm", args=[token]))
    mails.send_mail("account/email/address_new", email, {"link": link, "old": user.email})


def read_link(token: str) -> AddressLink | None:
    """Return what a link holds; None for one that we did not make, or that is older than a day."""
    try:
        user_id, old, new = signing.loads(token, salt=_SALT, max_age=LIFETIME_SECONDS)
        return AddressLink(UUID(hex=user_id), old, new)
    except (signing.BadSignature, ValueError, TypeError):
        return None


def change_address(request: HttpRequest, *, link: AddressLink) -> None:
    """Let the person sign in with the proved address, and tell the old one.

    :raises UnableToChangeAddress: when the address changed since, or somebody signs in with the new one meanwhile.
    """
    try:
        with transaction.atomic():
            user = User.objects.select_for_update().get(pk=link.user_id)
            if user.email != link.old:
                raise UnableToChangeAddress
            user.email = link.new
            user.save(update_fields=["email"])
            # Nothing that the old mailbox can still ask for: the library looks for people here too.
            EmailAddress.objects.filter(user=user).delete()
            EmailAddress.objects.create(user=user, email=link.new, verified=True, primary=True)
            _tell_organizations(user, old=link.old)
            get_adapter(request).send_notification_mail(
                "account/email/address_changed", user, {"new": link.new}, email=link.old
            )
    except (User.DoesNotExist, IntegrityError) as error:
        raise UnableToChangeAddress from error


def _tell_organizations(user: User, *, old: str) -> None:
    for membership in doors.memberships_of(user.pk):
        with organization_scope(membership.organization_id, actor=membership.member_id):
            Member.objects.filter(pk=membership.member_id, email=old).update(
                email=user.email, version=F("version") + 1, updated_at=timezone.now()
            )
