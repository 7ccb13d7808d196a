"""How an organisation begins: with a name, a currency and one administrator."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.text import slugify

from tenancy.models import Member, Organization, Unit, User
from tenancy.models.organization import RESERVED_SLUGS
from tenancy.money import known_currency
from tenancy.scoping import organization_scope


class UnableToFound(ValueError):
    """The organisation cannot begin like this; the message says what to change."""


_LONGEST_SLUG = 60


def is_free_slug(slug: str) -> bool:
    """Return whether an organisation could have this address."""
    return _is_slug(slug) and not Organization.objects.filter(slug=slug).exists()


def free_slug(text: str) -> str:
    """Return an address made of a name, with a number where that is taken; it is free at this moment."""
    base = slugify(text).replace("_", "-").strip("-")[: _LONGEST_SLUG - 6].strip("-") or "team"
    number = 1
    while not is_free_slug(slug := base if number == 1 else f"{base}-{number}"):
        number += 1
    return slug


def _is_slug(slug: str) -> bool:
    if slug in RESERVED_SLUGS or slug.startswith("-") or len(slug) > _LONGEST_SLUG:
        return False
    return slug.isascii() and slug.replace("-", "").isalnum() and slug == slug.lower()


@transaction.atomic
def found_organization(
    *, slug: str, name: str, currency: str, time_zone: str, admin_email: str, founded_at: datetime
) -> tuple[Organization, Member]:
    """Create an organisation with its top unit and its first administrator, and return both.

    A person who has no sign-in yet gets one without a password; the reset page lets them choose it.

    :raises UnableToFound: for a slug that is taken or reserved, an unknown currency or time zone, or no e-mail address.
    """
    if not _is_slug(slug):
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
