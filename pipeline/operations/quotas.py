"""Setting what a unit or a person is to win in a year, and how that falls on its months."""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction

from django.db.models import F
from django.utils.translation import gettext as _

from pipeline.models import Phasing, Quota, Season
from pipeline.queries.quotas import MILLION, months_from, season_from
from tenancy.conversion import shares_of
from tenancy.events import record_event
from tenancy.locks import hold
from tenancy.models import Member, Organization, Unit
from tenancy.money import known_currency
from tenancy.periods import span_words
from tenancy.scoping import all_or_nothing

MOST = 2**53 - 1
MONTHS = 12


class UnableToSetQuota(ValueError):
    """The quota is refused; the message says why and what to do instead."""


class StaleQuota(Exception):
    """Somebody else changed the quota since it was read. `current` is how it is now."""

    def __init__(self, current: Quota) -> None:
        super().__init__(f"{current} has version {current.version} by now.")
        self.current = current


@all_or_nothing()
def create_quota(
    *,
    organization: Organization,
    subject: Unit | Member,
    year_start: date,
    amount_minor: int,
    currency: str,
    actor: Member | None,
    at: datetime,
    months: Sequence[int] | None = None,
) -> Quota:
    """Set what a unit or a person is to win in the twelve months from a day on.

    Without `months` the year is laid on them as past years fell, evenly while nobody knows.

    :raises UnableToSetQuota: for an amount, a currency, a first day or months that can't be meant, or when they have a
        quota for some of these months already.
    """
    hold(organization=organization, purpose="quotas")
    if year_start.day != 1:
        raise UnableToSetQuota(_("A quota begins on the first day of a month."))
    of_unit, of_member = (subject, None) if isinstance(subject, Unit) else (None, subject)
    others = Quota.objects.for_organization(organization).filter(unit=of_unit, member=of_member)
    year, same = set(months_from(year_start)), others.values_list("year_start", flat=True)
    if taken := [day for day in same if year & set(months_from(day))]:
        words = _("%(name)s has a quota for %(span)s already. Change that one.")
        last = months_from(taken[0])[-1]
        span = span_words(taken[0], _month_after(last))
        raise UnableToSetQuota(words % {"name": subject.name, "span": span})
    laid, phasing = _laid(organization, year_start, amount_minor, currency, months)
    quota: Quota = others.create(
        organization=organization,
        unit=of_unit,
        member=of_member,
        year_start=year_start,
        amount_minor=amount_minor,
        currency=currency,
        months=laid,
        phasing=phasing,
        set_by=actor,
        set_at=at,
    )
    _tell("quota.set", quota, actor, at, before=None)
    return quota


@all_or_nothing()
def change_quota(
    *,
    organization: Organization,
    quota: Quota,
    version: int,
    actor: Member | None,
    at: datetime,
    amount_minor: int | None = None,
    currency: str | None = None,
    months: Sequence[int] | None = None,
) -> Quota:
    """Change a quota; what is not said stays. A new amount is laid on the months anew, unless they are said too.

    :raises UnableToSetQuota: for an amount, a currency or months that can't be meant.
    :raises StaleQuota: when somebody else changed it since `version` was read.
    """
    quotas = Quota.objects.for_organization(organization)
    current: Quota = quotas.select_for_update(no_key=True).get(pk=quota.pk)
    if current.version != version:
        raise StaleQuota(current)
    before, amount = current.amount_minor, current.amount_minor if amount_minor is None else amount_minor
    code = currency or current.currency
    if (amount, code) == (before, current.currency) and months in (None, current.months):
        return current
    laid, phasing = _laid(organization, current.year_start, amount, code, months)
    quotas.filter(pk=current.pk).update(
        amount_minor=amount,
        currency=code,
        months=laid,
        phasing=phasing,
        set_by=actor,
        set_at=at,
        version=F("version") + 1,
    )
    current.refresh_from_db()
    _tell("quota.set", current, actor, at, before=before)
    return current


@all_or_nothing()
def delete_quota(*, organization: Organization, quota: Quota, version: int, actor: Member | None, at: datetime) -> None:
    """Take a quota back. What was submitted while it stood keeps what it was.

    :raises StaleQuota: when somebody else changed it since `version` was read.
    """
    current: Quota = Quota.objects.for_organization(organization).select_for_update(no_key=True).get(pk=quota.pk)
    if current.version != version:
        raise StaleQuota(current)
    _tell("quota.deleted", current, actor, at, before=current.amount_minor)
    current.delete()


def record_season(*, organization: Organization, shares: Sequence[int], years: int, learned_at: datetime) -> bool:
    """Keep how a year falls on January to December, in millionths; return whether that is something new.

    Quotas that are set already stay as they were laid.
    """
    if len(shares) != MONTHS or sum(shares) != MILLION:
        raise ValueError("Twelve shares, in millionths that add up to a million.")
    season = Season.objects.for_organization(organization).first()
    if season is not None and (season.shares, season.years) == (list(shares), years):
        return False
    Season.objects.update_or_create(
        organization=organization, defaults={"shares": list(shares), "years": years, "learned_at": learned_at}
    )
    return True


def _laid(
    organization: Organization, year_start: date, amount_minor: int, currency: str, months: Sequence[int] | None
) -> tuple[list[int], Phasing]:
    """Return what falls on each of the twelve months, and how that was found."""
    if not known_currency(currency):
        raise UnableToSetQuota(_("“%s” is no currency in use. Use its three letters, such as EUR.") % currency[:10])
    if not 0 <= amount_minor <= MOST:
        raise UnableToSetQuota(_("A quota is not less than nothing, and no more than can be counted."))
    if months is not None:
        if len(months) != MONTHS or sum(months) != amount_minor or min(months) < 0:
            raise UnableToSetQuota(_("Twelve months, none below nothing, have to add up to the year."))
        return list(months), Phasing.BY_HAND
    season = season_from(organization=organization, year_start=year_start)
    shares = {month: Fraction(share, MILLION) for month, share in enumerate(season)}
    parts = {month: amount_minor * shares.get(month, Fraction(1, MONTHS)) for month in range(MONTHS)}
    laid = shares_of(amount_minor, parts)
    return [laid[month] for month in range(MONTHS)], Phasing.SEASON if season else Phasing.EVEN


def _tell(type_: str, quota: Quota, actor: Member | None, at: datetime, *, before: int | None) -> None:
    record_event(
        organization=quota.organization,
        type=type_,
        subject=quota,
        payload={
            "unit": str(quota.unit_id or ""),
            "member": str(quota.member_id or ""),
            "year_start": quota.year_start.isoformat(),
            "from_minor": before,
            "to_minor": quota.amount_minor if type_ == "quota.set" else None,
            "currency": quota.currency,
        },
        actor=actor,
        occurred_at=at,
    )


def _month_after(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
