"""GET /api/v1/events: the changes feed, in one order without gaps, of one organisation."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid_utils.compat import uuid7

from pipeline.operations import delete_record, update_contact
from tenancy.models import DomainEvent
from tenancy.relay import place_events
from tenancy.scoping import organization_scope
from tests.audit.roles import as_role
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import MORNING, NOON, a_contact, an_account, an_order

ADDRESS = "/api/v1/events"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def place() -> None:
    """Give the events their positions, as the relay does."""
    with as_role("SYSTEM"):
        place_events()


@pytest.fixture
def told(cast: Cast) -> dict[str, str]:
    """Five events in their places: an account, a contact, its change and its end, an order."""
    ids = {name: uuid7() for name in ("account", "contact", "order")}
    happened = ("account.created", "contact.created", "contact.updated", "contact.deleted", "order.placed")
    with organization_scope(cast.acme):
        for position, type_ in enumerate(happened, start=1):
            subject = type_.split(".")[0]
            DomainEvent.objects.create(
                organization=cast.acme,
                type=type_,
                subject_type=subject,
                subject_id=ids[subject],
                actor={1: cast.rui, 3: cast.mia}.get(position),
                occurred_at=MORNING,
                recorded_at=NOON,
                position=position,
            )
    return {**{name: str(key) for name, key in ids.items()}, "rui": str(cast.rui.pk)}


def test_it_names_what_happened_in_the_order_of_positions(cast: Cast, acme: Caller, told: dict[str, str]) -> None:
    rows = acme.read(ADDRESS)["results"]

    assert [row["position"] for row in rows] == [1, 2, 3, 4, 5]
    assert [(row["type"], row["subject"]["type"], row["subject"]["id"]) for row in rows] == [
        ("account.created", "account", told["account"]),
        ("contact.created", "contact", told["contact"]),
        ("contact.updated", "contact", told["contact"]),
        ("contact.deleted", "contact", told["contact"]),
        ("order.placed", "order", told["order"]),
    ]
    assert rows[0]["actor"] == {"id": told["rui"], "name": "Rui Prado"}
    assert rows[4]["actor"] is None
    assert rows[0]["occurred_at"] == MORNING.isoformat().replace("+00:00", "Z")


@pytest.mark.django_db(transaction=True)
def test_every_change_of_a_record_is_told(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, owner=cast.rui)
        contact = a_contact(cast.acme, account)
        update_contact(
            organization=cast.acme, contact=contact, version=1, actor=cast.mia, updated_at=NOON, phone="+31 30 555"
        )
        delete_record(organization=cast.acme, record=contact, version=2, actor=None, deleted_at=NOON)
        an_order(cast.acme, account)
    assert acme.read(ADDRESS)["results"] == []  # no event is shown before it has its place
    place()

    rows = acme.read(ADDRESS)["results"]
    assert [(row["position"], row["type"]) for row in rows] == [
        (1, "api_token.issued"),
        (2, "account.created"),
        (3, "contact.created"),
        (4, "contact.updated"),
        (5, "contact.deleted"),
        (6, "order.placed"),
    ]
    assert {row["subject"]["id"] for row in rows[2:5]} == {str(contact.pk)}


@pytest.mark.django_db(transaction=True)
def test_who_follows_by_position_misses_nothing_and_sees_nothing_twice(cast: Cast, acme: Caller) -> None:
    seen: list[int] = []
    for number in range(6):
        with organization_scope(cast.acme):
            for _ in range(number):
                an_account(cast.acme)
        place()
        for page in acme.pages(ADDRESS, after=seen[-1] if seen else 0, limit=2):
            seen += [row["position"] for row in page]

    assert seen == list(range(1, 17))  # the first one tells of the caller's token
    assert acme.read(ADDRESS, after=16) == {"results": [], "next": None, "previous": None}


@pytest.mark.django_db(transaction=True)
def test_a_stranger_has_positions_of_their_own(cast: Cast, acme: Caller, told: dict[str, str]) -> None:
    stranger = Caller(a_token(cast.globex))

    assert stranger.read(ADDRESS)["results"] == []
    assert stranger.read(ADDRESS, subject=told["account"])["results"] == []
    with organization_scope(cast.globex):
        an_account(cast.globex)
    place()
    rows = stranger.read(ADDRESS)["results"]
    assert [(row["position"], row["type"]) for row in rows] == [(1, "api_token.issued"), (2, "account.created")]
    assert len(acme.read(ADDRESS)["results"]) == 6


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ({"type": "account.created"}, [1]),
        ({"type": "contact.created,contact.deleted"}, [2, 4]),
        ({"type": "nothing.happened"}, []),
        ({"subject_type": "contact"}, [2, 3, 4]),
        ({"subject_type": "contact,order"}, [2, 3, 4, 5]),
        ({"subject": "contact", "type": "contact.updated"}, [3]),
        ({"actor": "rui"}, [1]),
        ({"after": "3"}, [4, 5]),
        ({"after": "9007199254740991"}, []),
        ({"sort": "-position", "limit": "2"}, [5, 4]),
    ],
)
def test_a_filter_narrows_the_feed(
    acme: Caller, told: dict[str, str], query: dict[str, str], positions: list[int]
) -> None:
    asked = {name: told[value] if name in ("subject", "actor") else value for name, value in query.items()}

    assert [row["position"] for row in acme.read(ADDRESS, **asked)["results"]] == positions


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"after": "-1"}, "after"),
        ({"after": "9007199254740992"}, "after"),
        ({"after": "1" * 40}, "after"),
        ({"after": "1.5"}, "after"),
        ({"type": "Account.Created"}, "type"),
        ({"type": "account.created,"}, "type"),
        ({"type": "account.created' OR 1=1"}, "type"),
        ({"type": "a" * 81}, "type"),
        ({"subject": "velora"}, "subject"),
        ({"subject_type": "\x00"}, "subject_type"),
        ({"payload": "x"}, "payload"),
        ({"sort": "occurred_at"}, "sort"),
        ({"cursor": "x"}, "cursor"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(cast: Cast, acme: Caller, query: dict[str, str], name: str) -> None:
    problem = acme.refused(ADDRESS, 400, query)

    assert [error["name"] for error in problem["errors"]] == [name]


def test_it_names_records_and_never_their_values(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        DomainEvent.objects.create(
            organization=cast.acme,
            type="deal.told",
            subject_type="opportunity",
            subject_id=uuid7(),
            payload={"name": "Secret drive", "account": "Kelp Marine"},
            source="import:x",
            occurred_at=MORNING,
            recorded_at=NOON,
            position=1,
        )

    answer = acme.get(ADDRESS)

    assert b"Secret drive" not in answer.content
    assert b"Kelp" not in answer.content
    assert acme.read(ADDRESS, type="deal.told")["results"][0]["source"] == "import:x"


def test_it_takes_one_query(cast: Cast, acme: Caller, told: dict[str, str]) -> None:
    acme.read(ADDRESS)
    with CaptureQueriesContext(connection) as queries:
        acme.read(ADDRESS, after=1)

    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 4
