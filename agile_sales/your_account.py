"""What people change of themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tenancy import doors
from tenancy.conversion import countable_currencies
from tenancy.http import Membership
from tenancy.models import Member, User
from tenancy.rates import choose_currency
from tenancy.scoping import organization_scope
from tenancy.working_time import local_day


class NoSuchPlace(LookupError):
    """The person does not belong to this organisation, or there is none."""


@dataclass(frozen=True)
class Place:
    """An organisation of a person, and the currency in which they see its totals."""

    slug: str
    name: str
    role: str
    currency: str
    currencies: Sequence[str]  # those that could be chosen, the organisation's own first


def places_of(*, user: User, now: datetime) -> list[Place]:
    """Return where a person belongs."""
    return [_place(membership, now) for membership in doors.memberships_of(user.pk)]


def _place(membership: Membership, now: datetime) -> Place:
    with organization_scope(membership.organization_id, actor=membership.member_id):
        member = Member.objects.select_related("organization").get(pk=membership.member_id)
        organization = member.organization
        currencies = countable_currencies(organization=organization, today=local_day(organization, now))
    chosen = member.currency if member.currency in currencies else organization.currency
    return Place(membership.slug, membership.name, membership.role_words, chosen, currencies)


def show_totals_in(*, user: User, slug: str, currency: str, now: datetime) -> None:
    """Have the totals of one organisation shown to a person in a currency.

    :raises NoSuchPlace: when they do not belong there.
    :raises tenancy.rates.UnableToChooseCurrency: for a currency without a rate.
    """
    membership = next((one for one in doors.memberships_of(user.pk) if one.slug == slug), None)
    if membership is None:
        raise NoSuchPlace(slug)
    with organization_scope(membership.organization_id, actor=membership.member_id):
        member = Member.objects.select_related("organization").get(pk=membership.member_id)
        choose_currency(member=member, currency=currency, today=local_day(member.organization, now))


@transaction.atomic
def rename_person(*, user: User, name: str) -> None:
    """Give a person another name, in their organisations too, unless one of them calls them something else."""
    before = user.get_full_name()
    user.name = name
    user.save(update_fields=["name"])
    for membership in doors.memberships_of(user.pk):
        with organization_scope(membership.organization_id, actor=membership.member_id):
            Member.objects.filter(pk=membership.member_id, name=before).update(
                name=name, version=F("version") + 1, updated_at=timezone.now()
            )
