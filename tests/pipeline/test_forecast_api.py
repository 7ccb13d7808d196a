"""/api/v1/forecast-submissions and /api/v1/quotas: what other systems read and say of promises and targets."""

import json
from typing import Any

import pytest
from django.utils import timezone

from pipeline.models import ForecastSubmission, Opportunity, Quota
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.forecast_records import NOW, a_due_deal, submit, unit

SUBMISSIONS, DEALS, QUOTAS = (
    f"/api/v1/{name}" for name in ("forecast-submissions", "forecast-submission-deals", "quotas")
)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


@pytest.fixture
def deal(cast: Cast) -> Opportunity:
    with organization_scope(cast.acme):
        return a_due_deal(cast.acme, cast.rui, "Negotiate", 70)


def euros(amount: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount_minor": amount * 100, "currency": currency}


def a_promise(cast: Cast, **changed: Any) -> dict[str, Any]:
    said = {"period": "quarter", "period_start": "2026-10-01", "commit": euros(70), "best_case": euros(70)}
    return {"member_id": str(cast.rui.pk), **said, **changed}


def told(answer: Any) -> Any:
    assert answer.status_code < 300, answer.content
    return json.loads(answer.content)


def test_a_promise_is_kept_with_the_deals_that_it_was_made_on(cast: Cast, acme: Caller, deal: Opportunity) -> None:
    made = told(acme.post(SUBMISSIONS, a_promise(cast, note="From the ERP")))

    assert made["member"] == {"id": str(cast.rui.pk), "name": "Rui Prado"}
    assert (made["unit"], made["submitted_by"], made["is_override"], made["note"]) == (
        None,
        None,
        False,
        "From the ERP",
    )
    assert (made["commit"], made["adds_up_to"]["commit"]) == (euros(70), euros(70))
    assert (made["period_end"], made["sums"]["commit"], made["sums"]["won"]) == ("2027-01-01", euros(70), euros(0))
    assert acme.read(f"{SUBMISSIONS}/{made['id']}") == made
    assert acme.read(SUBMISSIONS, member=str(cast.rui.pk), period_start="2026-10-01")["results"] == [made]
    (kept,) = acme.read(DEALS, submission=made["id"])["results"]
    assert (kept["opportunity_id"], kept["column"], kept["amount"]) == (str(deal.pk), "commit", euros(70))


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"commit": euros(60)}, "reason", "adds up to €70"),
        ({"best_case": euros(60)}, "commit", "can't be less"),
        ({"best_case": euros(70, "USD")}, "best_case", "one currency"),
        ({"period_start": "2026-07-01"}, "period_start", "ended on 30 Sep."),
        ({"period_start": "2026-11-01"}, "period_start", "begins on 2026-10-01"),
        ({"member_id": None}, "unit_id", "one of them"),
    ],
)
def test_what_it_can_t_be_is_said_at_its_field(
    changed: dict[str, Any], field: str, words: str, cast: Cast, acme: Caller, deal: Opportunity
) -> None:
    problem = the_problem(acme.post(SUBMISSIONS, a_promise(cast, **changed)), 422)

    assert [fault["name"] for fault in problem["errors"]] == [field]
    assert words in problem["errors"][0]["detail"]
    with organization_scope(cast.acme):
        assert not ForecastSubmission.objects.exists()


def test_a_promise_is_never_changed_or_deleted(cast: Cast, acme: Caller, deal: Opportunity) -> None:
    with organization_scope(cast.acme):
        made = submit(unit("mobility"), 70, 70, by=cast.sil)

    for answer in (acme.patch(f"{SUBMISSIONS}/{made.pk}", {"note": "x"}), acme.delete(f"{SUBMISSIONS}/{made.pk}")):
        the_problem(answer, 405)
    assert acme.read(f"{SUBMISSIONS}/{made.pk}")["submitted_by"]["name"] == "Sil Marten"


def test_a_quota_is_set_changed_by_its_version_and_taken_back(cast: Cast, acme: Caller) -> None:
    sent = {"member_id": str(cast.rui.pk), "year_start": "2026-01-01", "amount": euros(1_200)}

    made = told(acme.post(QUOTAS, sent))

    assert (made["months"], made["phasing"], made["set_by"]) == ([10_000] * 12, "even", None)
    one = f"{QUOTAS}/{made['id']}"
    the_problem(acme.post(QUOTAS, sent), 422)
    by_hand = [0] * 11 + [240_000]
    changed = told(acme.patch(one, {"amount": euros(2_400), "months": by_hand}, seen=1))
    assert (changed["months"], changed["phasing"], changed["version"]) == (by_hand, "by_hand", 2)
    the_problem(acme.patch(one, {"amount": euros(1)}, seen=1), 412)
    assert "twelve whole numbers" in the_problem(acme.patch(one, {"months": [1]}), 422)["errors"][0]["detail"]
    assert acme.delete(one, seen=2).status_code == 204
    with organization_scope(cast.acme):
        assert not Quota.objects.exists()


def test_a_stranger_reads_and_names_none_of_it(cast: Cast, acme: Caller, deal: Opportunity) -> None:
    globex = Caller(a_token(cast.globex))
    made = told(acme.post(SUBMISSIONS, a_promise(cast)))
    quota = told(acme.post(QUOTAS, {"member_id": str(cast.rui.pk), "year_start": "2026-01-01", "amount": euros(1)}))

    assert [globex.read(address)["results"] for address in (SUBMISSIONS, DEALS, QUOTAS)] == [[], [], []]
    globex.refused(f"{SUBMISSIONS}/{made['id']}", 404)
    the_problem(globex.patch(f"{QUOTAS}/{quota['id']}", {"amount": euros(2)}), 404)
    the_problem(globex.post(SUBMISSIONS, a_promise(cast)), 422)
