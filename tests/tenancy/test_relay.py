"""What operations recorded reaches the broker and gets its place, through the command as it runs in production."""

import json
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from tenancy.events import record_event
from tenancy.jobs import enqueue
from tenancy.models import DomainEvent, Organization, Outbox
from tenancy.scoping import organization_scope
from tests.cast import create_cast
from tests.manage import run_manage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker() -> redis.Redis:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    return client


def messages(broker: redis.Redis) -> list[dict[str, Any]]:
    return [json.loads(message) for message in broker.lrange("celery", 0, -1)]


def queue_one(organization: Organization) -> Outbox:
    with organization_scope(organization):
        return enqueue("tests.greet", organization=organization, name="Rui")


def test_it_publishes_waiting_work_once_with_its_organization_in_the_header(broker: redis.Redis) -> None:
    cast = create_cast()
    row = queue_one(cast.acme)

    run_manage("relay", "--once")
    run_manage("relay", "--once")

    (message,) = messages(broker)
    assert message["headers"]["task"] == "tests.greet"
    assert message["headers"]["organization"] == str(cast.acme.pk)
    assert message["headers"]["outbox"] == str(row.pk)


def test_it_publishes_again_what_was_not_done_in_time(broker: redis.Redis) -> None:
    cast = create_cast()
    row = queue_one(cast.acme)
    run_manage("relay", "--once")
    with organization_scope(cast.acme):
        Outbox.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(seconds=1))

    run_manage("relay", "--once")

    assert len(messages(broker)) == 2


def test_it_leaves_done_work_alone(broker: redis.Redis) -> None:
    cast = create_cast()
    row = queue_one(cast.acme)
    with organization_scope(cast.acme):
        Outbox.objects.filter(pk=row.pk).update(done_at=timezone.now())

    run_manage("relay", "--once")

    assert messages(broker) == []


def test_it_gives_each_organization_its_own_dense_positions(broker: redis.Redis) -> None:
    cast = create_cast()
    for organization, member, count in [(cast.acme, cast.lena, 3), (cast.globex, cast.sam, 2)]:
        with organization_scope(organization):
            for _ in range(count):
                record_event(organization=organization, type="member.greeted", subject=member, actor=member)

    run_manage("relay", "--once")

    with organization_scope(cast.acme):
        assert list(DomainEvent.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3]
    with organization_scope(cast.globex):
        assert list(DomainEvent.objects.order_by("position").values_list("position", flat=True)) == [1, 2]
