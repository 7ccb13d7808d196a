"""What an organisation sets for itself: its name, its clock, how its members sign in, how long its trail is kept."""

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils.translation import gettext as _

from tenancy.audit.retention import MINIMUM_DAYS
from tenancy.events import record_event
from tenancy.identity import has_second_factor
from tenancy.models import Member, Organization
from tenancy.rates import rates_in_force, set_rates
from tenancy.working_time import local_day

RETENTION_DAYS = (MINIMUM_DAYS, 36_500)


class UnableToChangeSettings(ValueError):
    """The change is refused; the message says why and what to do instead."""


class StaleOrganization(Exception):
    """Somebody else changed the settings since the caller read them. `current` is how they are now."""

    def __init__(self, current: Organization) -> None:
        super().__init__(f"{current} has version {current.version} by now.")
        self.current = current


@dataclass(frozen=True)
class OrganizationSettings:
    """What the settings page holds."""

    name: str
    time_zone: str
    working_days: str  # ISO week days, Monday is 1
    night_starts_at: time
    mfa_required: bool
    audit_retention_days: int
    exchange_rates: dict[str, str] = field(default_factory=dict)


def settings_of(organization: Organization) -> OrganizationSettings:
    """Return the settings as they are."""
    return OrganizationSettings(
        name=organization.name,
        time_zone=organization.time_zone,
        working_days=organization.working_days,
        night_starts_at=organization.night_starts_at,
        mfa_required=bool(organization.setting("mfa_required")),
        audit_retention_days=int(organization.setting("audit_retention_days")),
        exchange_rates=rates_in_force(organization=organization),
    )


@transaction.atomic
def change_settings(
    *, organization: Organization, version: int, wanted: OrganizationSettings, actor: Member, at: datetime
) -> Organization:
    """Change the settings; saying what is so already changes nothing.

    :raises UnableToChangeSettings: for a name, zone, week or time that can't be, or a second factor that is asked of
        all by somebody who has none.
    :raises StaleOrganization: when the settings have another version by now.
    """
    current = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if current.version != version:
        raise StaleOrganization(current)
    before = settings_of(current)
    changed = {
        name: [_plain(getattr(before, name)), _plain(getattr(wanted, name))]
        for name in before.__dataclass_fields__
        if getattr(before, name) != getattr(wanted, name)
    }
    if not changed:
        return current
    _check(before, wanted, actor)
    current.name, current.time_zone = wanted.name.strip(), wanted.time_zone
    current.working_days, current.night_starts_at = wanted.working_days, wanted.night_starts_at
    current.settings = {
        **current.settings,
        "mfa_required": wanted.mfa_required,
        "audit_retention_days": wanted.audit_retention_days,
    }
    if "exchange_rates" in changed:
        set_rates(organization=current, rates=wanted.exchange_rates, on=local_day(current, at))
    current.version += 1
    current.save(update_fields=["name", "time_zone", "working_days", "night_starts_at", "settings", "version"])
    record_event(
        organization=current,
        type="organization.settings_changed",
        subject=current,
        payload={"changed": changed},
        actor=actor,
        occurred_at=at,
    )
    return current


@transaction.atomic
def keep_setting(*, organization: Organization, version: int, name: str, value: Any) -> bool:
    """Keep one setting that a part of the product has a page of its own for; return whether it is another one now.

    What it means, and the event that tells of it, are that part's.

    :raises StaleOrganization: when the settings have another version by now.
    """
    current = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if current.version != version:
        raise StaleOrganization(current)
    if current.setting(name) == value:
        return False
    current.settings = {**current.settings, name: value}
    current.version += 1
    current.save(update_fields=["settings", "version"])
    organization.settings, organization.version = current.settings, current.version
    return True


def _check(before: OrganizationSettings, wanted: OrganizationSettings, actor: Member) -> None:
    if not wanted.name.strip():
        raise UnableToChangeSettings(_("Give the organisation a name."))
    try:
        ZoneInfo(wanted.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnableToChangeSettings(
            _("“%s” is no time zone. Write it like Europe/Berlin.") % wanted.time_zone
        ) from None
    days = wanted.working_days
    if not days or days != "".join(sorted(set(days) & set("1234567"))):
        raise UnableToChangeSettings(_("Choose at least one working day."))
    least, most = RETENTION_DAYS
    if not least <= wanted.audit_retention_days <= most:
        raise UnableToChangeSettings(
            _("Keep the audit trail between %(least)s and %(most)s days.") % {"least": least, "most": most}
        )
    switched_on = wanted.mfa_required and not before.mfa_required
    if switched_on and (actor.user is None or not has_second_factor(actor.user)):
        raise UnableToChangeSettings(
            _("Set up your own second factor first; else you would be the first one whom this sends away.")
        )


def _plain(value: Any) -> Any:
    return value.isoformat("minutes") if isinstance(value, time) else value
