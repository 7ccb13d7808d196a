"""GET /api/v1/account-scores: the ranking with its reasons in words, for other systems."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from pipeline.models import Account, AccountScore, ScorePublication
from tenancy.models import Organization, Run
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import an_account

ADDRESS = "/api/v1/account-scores"
# In Berlin it is already the 23rd: the sentences speak of the organisation's day.
AS_OF = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
REASON = {
    "code": "open_deal_late",
    "points": 0.9,
    "fact": {"count": 1, "stage": "Propose", "date": "2026-11-11"},
    "records": [{"type": "opportunity", "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01", "label": "2027 drive framework"}],
}
PORTAL = {"code": "portal_active", "points": 0.2, "fact": {"date": "2026-11-22"}, "records": []}


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


def score(organization: Organization, account: Account, rank: int, value: int, **fields: Any) -> AccountScore:
    run, _ = Run.objects.get_or_create(
        organization=organization,
        kind="night",
        key="2026-11-23",
        defaults={"scheduled_for": "2026-11-23", "created_at": AS_OF},
    )
    made: AccountScore = AccountScore.objects.create(
        **{
            "organization": organization,
            "account": account,
            "run": run,
            "score": value,
            "probability": value / 100,
            "rank": rank,
            "band": "act" if value >= 60 else "steady",
            "reasons": [],
            "model_version": "rules-1",
            "as_of": AS_OF,
            "scored_at": AS_OF,
            **fields,
        }
    )
    return made


def ranks(body: Any) -> list[int]:
    return [row["rank"] for row in body["results"]]


def test_it_shows_the_score_with_its_reasons_in_words(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
        made = score(
            cast.acme,
            account,
            1,
            71,
            previous_score=62,
            previous_rank=4,
            value_minor=38_000_000,
            per_hour_minor=41_200,
            currency="EUR",
            reasons=[REASON, PORTAL],
            data_up_to=AS_OF,
        )

    shown = acme.read(f"{ADDRESS}/{account.pk}")

    assert shown == {
        "account": {"id": str(account.pk), "name": "Velora E-Bikes"},
        "score": 71,
        "previous_score": 62,
        "rank": 1,
        "previous_rank": 4,
        "band": "act",
        "probability": 0.71,
        "value_per_hour": {"amount_minor": 41_200, "currency": "EUR"},
        "value": {"amount_minor": 38_000_000, "currency": "EUR"},
        "reasons": [
            {
                "code": "open_deal_late",
                "points": 0.9,
                "sentence": "Open deal in Propose, opened 11 Nov",
                "records": REASON["records"],
            },
            {
                "code": "portal_active",
                "points": 0.2,
                "sentence": "In the portal 1 day ago (22 Nov)",
                "records": [],
            },
        ],
        "check": False,
        "by_hand": None,
        "run_id": str(made.run_id),
        "model_version": "rules-1",
        "as_of": "2026-11-22T23:30:00Z",
        "scored_at": "2026-11-22T23:30:00Z",
        "data_up_to": "2026-11-22T23:30:00Z",
    }
    assert acme.read(ADDRESS)["results"] == [shown]


def test_a_stranger_sees_nothing_of_it(cast: Cast) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme)
        score(cast.acme, account, 1, 71)
    stranger = Caller(a_token(cast.globex))

    assert stranger.read(ADDRESS)["results"] == []
    stranger.refused(f"{ADDRESS}/{account.pk}", 404)


def test_an_account_without_a_score_and_a_deleted_one_are_not_there(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        unscored = an_account(cast.acme, name="Arc Tools")
        deleted = an_account(cast.acme)
        score(cast.acme, deleted, 1, 71)
        Account.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())

    assert acme.read(ADDRESS)["results"] == []
    for account in (unscored, deleted):
        acme.refused(f"{ADDRESS}/{account.pk}", 404)


def test_it_is_ranked_narrowed_and_sorted(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        key = an_account(cast.acme, owner=cast.rui, segment="key", region="North")
        score(cast.acme, key, 2, 60, value_minor=900, currency="EUR")
        score(cast.acme, an_account(cast.acme, name="Arc"), 1, 80, value_minor=500, currency="EUR")
        score(cast.acme, an_account(cast.acme, name="Kelp"), 3, 20)

    assert ranks(acme.read(ADDRESS)) == [1, 2, 3]
    assert ranks(acme.read(ADDRESS, sort="-value")) == [2, 1, 3]
    filters: list[tuple[dict[str, Any], list[int]]] = [
        ({"band": "act"}, [1, 2]),
        ({"band": "week,steady"}, [3]),
        ({"min_score": 60}, [1, 2]),
        ({"max_score": 60, "min_score": 21}, [2]),
        ({"segment": "key"}, [2]),
        ({"region": "North"}, [2]),
        ({"owner": cast.rui.pk}, [2]),
    ]
    for query, expected in filters:
        assert ranks(acme.read(ADDRESS, **query)) == expected, query


def test_those_of_whom_the_model_is_too_sure_want_a_second_look(cast: Cast, acme: Caller) -> None:
    with organization_scope(cast.acme):
        for rank, segment in ((1, "key"), (2, "small")):
            made = score(cast.acme, an_account(cast.acme, segment=segment, name=segment), rank, 70)
        ScorePublication.objects.create(
            organization=cast.acme,
            run=made.run,
            model_version="model-2-learned",
            accounts=2,
            checksum="",
            as_of=AS_OF,
            scored_at=AS_OF,
            to_check={"segment": ["key"]},
        )

    assert [row["check"] for row in acme.read(ADDRESS)["results"]] == [True, False]
