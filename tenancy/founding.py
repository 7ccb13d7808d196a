"""How an organisation begins: with a name, a currency and one administrator."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from tenancy.models import Member, Organization, Unit, User
from tenancy.models.organization import RESERVED_SLUGS
from tenancy.money import known_currency
from tenancy.scoping import organization_scope


class UnableToFound(ValueError):
    """The organisation cannot begin like this; the message says what to change."""


@transaction.atomic
def found_organization(
    *, slug: str, name: str, currency: str, time_zone: str, admin_email: str, founded_at: datetime
) -> tuple[Organization, Member]:
    """Create an organisation with its top unit and its first administrator, and return both.

    A person who has no sign-in yet gets one without a password; the reset page lets them choose it.

    :raises UnableToFound: for a slug that is taken or reserved, an unknown currency or time zone, or no e-mail address.
    """
    if slug in RESERVED_SLUGS or not slug.replace("-", "").isalnum() or slug != slug.lower() or slug.startswith("-"):
        raise UnableToFound(
            f"{slug!r} cannot be an address. Use lower-case letters, digits and hyphens; a few are taken."
        )
    if Organization.objects.filter(slug=slug).exists():
        raise UnableToFound(f"There is an organisation {slug!r} already.")
    if not known_currency(currency):
        raise UnableToFound(f"{currency!r} is no currency code. Write it like EUR or USD.")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise UnableToFound(f"{time_zone!r} is no time zone. Write it like Europe/Berlin.") from None
    try:
        validate_email(admin_email)
    except ValidationError:
        raise UnableToFound(f"{admin_email!r} is no e-mail address.") from None
    user = User.objects.filter(email=admin_email.lower()).first() or User.objects.create_user(admin_email)
    organization = Organization.objects.create(slug=slug, name=name, currency=currency, time_zone=time_zone)
    with organization_scope(organization, task="found an organisation"):
        Unit.objects.create(
            organization=organization,
            kind=Unit.Kind.COMPANY,
            name=name,
            code=slug,
            active_from=founded_at.astimezone(ZoneInfo(time_zone)).date(),
        )
        admin: Member = Member.objects.create(
            organization=organization,
            user=user,
            name=user.get_full_name(),
            email=user.email,
            role=Member.Role.ADMIN,
            external_id=str(user.pk),
        )
    return organization, admin
