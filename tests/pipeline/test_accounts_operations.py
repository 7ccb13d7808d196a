"""Creating and changing accounts."""

import pytest
from django.db import IntegrityError, transaction

from pipeline.models import Account
from pipeline.operations import StaleVersion, UnableToNestAccount, update_account
from tenancy.models import DomainEvent
from tests.cast import Cast
from tests.pipeline.records import NOON, an_account

pytestmark = pytest.mark.usefixtures("acme_scope")


def events(subject: Account) -> list[str]:
    return list(DomainEvent.objects.filter(subject_id=subject.pk).order_by("id").values_list("type", flat=True))


def test_it_knows_a_typed_account_by_its_own_id(cast: Cast) -> None:
    account = an_account(cast.acme, cast.rui)

    account.refresh_from_db()
    assert (account.source, account.external_id, account.version) == ("manual", str(account.pk), 1)
    assert account.name_key == "velora e-bikes"
    assert events(account) == ["account.created"]


def test_it_writes_only_what_differs_and_counts_the_version(cast: Cast) -> None:
    account = an_account(cast.acme, cast.rui, region="North")

    update_account(
        organization=cast.acme,
        account=account,
        version=1,
        actor=cast.lena,
        updated_at=NOON,
        region="South",
        name="Velora E-Bikes",
    )

    account.refresh_from_db()
    assert (account.region, account.version, account.updated_at) == ("South", 2, NOON)
    event = DomainEvent.objects.get(type="account.updated")
    assert event.payload == {"changed": {"region": ["North", "South"]}}
    assert event.actor_id == cast.lena.pk


def test_it_says_nothing_when_nothing_changes(cast: Cast) -> None:
    account = an_account(cast.acme)

    update_account(organization=cast.acme, account=account, version=1, actor=None, updated_at=NOON, name=account.name)

    account.refresh_from_db()
    assert account.version == 1
    assert events(account) == ["account.created"]


def test_it_refuses_a_version_that_somebody_has_passed(cast: Cast) -> None:
    account = an_account(cast.acme)
    seen_twice = Account.objects.get(pk=account.pk)
    update_account(organization=cast.acme, account=account, version=1, actor=cast.lena, updated_at=NOON, city="Utrecht")

    with pytest.raises(StaleVersion) as refused:
        update_account(
            organization=cast.acme, account=seen_twice, version=1, actor=cast.rui, updated_at=NOON, city="Delft"
        )

    assert isinstance(refused.value.current, Account)
    assert refused.value.current.city == "Utrecht"
    account.refresh_from_db()
    assert account.city == "Utrecht"


def test_it_tells_when_an_account_changes_hands(cast: Cast) -> None:
    account = an_account(cast.acme, cast.rui)

    update_account(organization=cast.acme, account=account, version=1, actor=None, updated_at=NOON, owner=cast.mia)
    update_account(organization=cast.acme, account=account, version=2, actor=None, updated_at=NOON, owner=None)

    assert events(account)[1:] == ["account.updated", "account.assigned", "account.updated", "account.orphaned"]


def test_it_refuses_a_circle_of_parents(cast: Cast) -> None:
    group = an_account(cast.acme, name="Group")
    plant = an_account(cast.acme, name="Plant", parent=group)

    with pytest.raises(UnableToNestAccount):
        update_account(organization=cast.acme, account=group, version=1, actor=None, updated_at=NOON, parent=plant)


def test_it_refuses_a_parent_of_another_organization(cast: Cast, in_organization) -> None:
    with in_organization(cast.globex):
        stranger = an_account(cast.globex, name="Strange")

    with pytest.raises(IntegrityError), transaction.atomic():
        an_account(cast.acme, parent=stranger)
