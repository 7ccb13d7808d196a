"""The organisation of a simulated company: how it begins, and how it says that accounts of it are missing."""

from django.core.exceptions import ValidationError
from django.db import transaction

from simulation.profile import CompanyProfile
from tenancy.models import Organization
from tenancy.scoping import organization_scope

TASK = "simulate_company"
UNFINISHED = "simulation_unfinished"
"""A key of an organisation's settings while accounts of its simulation are missing: how many of how many there are."""


class UnableToLoad(ValueError):
    """The company can't be put into the database; the message says why."""


def new_organization(profile: CompanyProfile, *, slug: str, name: str) -> Organization:
    """Return the organisation of a company, not yet stored.

    :raises UnableToLoad: when the slug is taken or can't be one.
    """
    organization = Organization(slug=slug, name=name, currency=profile.currency, time_zone=profile.time_zone)
    try:
        organization.full_clean(validate_unique=False)
    except ValidationError as error:
        words = " ".join(error.messages)
        raise UnableToLoad(f"No organisation can have the slug {slug!r} and this name. {words}") from None
    taken = Organization.objects.filter(slug=slug).first()
    if taken is not None and UNFINISHED in taken.settings:
        raise UnableToLoad(
            f"There is an unfinished simulation under {slug!r} already. Add --again to set it aside and begin anew, or "
            "choose another slug."
        )
    if taken is not None:
        raise UnableToLoad(
            f"There is an organisation {slug!r} already, and a simulation never writes into one that exists. "
            "Choose another slug."
        )
    return organization


def mark_progress(organization: Organization, name: str, stored: int, accounts: int) -> None:
    """Say in the organisation itself how much of it is there; when all is, say nothing any more."""
    kept = Organization.objects.select_for_update().get(pk=organization.pk)
    settings = {key: value for key, value in kept.settings.items() if key != UNFINISHED}
    if stored < accounts:
        settings[UNFINISHED] = {"stored": stored, "of": accounts}
        name = f"{name[:170]} (unfinished simulation)"
    if (kept.name, kept.settings) == (name, settings):
        return
    organization.name = kept.name = name
    organization.settings = kept.settings = settings
    kept.save(update_fields=["name", "settings"])


def set_aside_unfinished(slug: str) -> str:
    """Free the address of an unfinished simulation: move it to another one, which is returned.

    :raises UnableToLoad: when there is no unfinished simulation under the slug.
    """
    with transaction.atomic():
        found = Organization.objects.select_for_update().filter(slug=slug).first()
        if found is None or UNFINISHED not in found.settings:
            raise UnableToLoad(f"There is no unfinished simulation under {slug!r} that could be set aside.")
        number = 1
        while Organization.objects.filter(slug=(aside := f"{slug[:40]}-unfinished-{number}")).exists():
            number += 1
        with organization_scope(found, task=TASK):
            found.slug, found.is_active = aside, False
            found.save(update_fields=["slug", "is_active"])
    return aside
