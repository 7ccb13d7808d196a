"""Somebody says that a score looks wrong, and gets an answer where the score is explained."""

import pytest
from django.urls import reverse
from django.utils import timezone

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from coe.models import ExplanationOpening, ScoreReport
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.coe.records import NOW
from tests.nightly.conftest import give_customers
from tests.pipeline.pages import text_of


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def customers(cast):
    found = give_customers(cast)
    with organization_scope(cast.acme):
        run = new_night(organization=cast.acme, requested_by=None, as_of=NOW, now=NOW)
    nightly.run_night(organization=cast.acme, run_id=run.pk)
    return found


def address(page, *args, organization="acme"):
    return reverse(f"coe:{page}", args=[organization, *args])


def doubt(client, account):
    said = {"doubt": "fact_missing", "words": "They build a new plant."}
    return client.post(address("score-report-new", account.pk), said)


def the_report(cast):
    with organization_scope(cast.acme):
        return ScoreReport.objects.get()


def test_a_doubt_keeps_the_score_as_it_was_and_waits_in_the_list(cast, customers, client_for):
    assert doubt(client_for(cast.rui), customers.eager).status_code == 302

    report = the_report(cast)
    assert report.reasons
    assert report.model_version == "rule-card-shipped"
    page = text_of(client_for(cast.ana).get(address("score-reports")))
    assert "They build a new plant." in page
    assert address("score-report", report.pk) in page
    shown = text_of(client_for(cast.ana).get(address("score-report", report.pk)))
    assert "Inquiry 3 days ago (20 Nov)" in shown
    with organization_scope(cast.acme):
        assert DomainEvent.objects.get(type="score.reported").actor_id == cast.rui.pk


def test_the_answer_stands_with_the_score_and_is_given_once(cast, customers, client_for):
    doubt(client_for(cast.rui), customers.eager)
    page = address("score-report", the_report(cast).pk)
    answer = {"verdict": "model_noted", "answer": "Plants are no column yet."}

    assert client_for(cast.ana).post(page, answer).status_code == 302
    second = client_for(cast.ada).post(page, {**answer, "answer": "Other words"})

    assert second.status_code == 422
    assert "Somebody else has answered it meanwhile." in text_of(second)
    seen = text_of(client_for(cast.rui).get(address("score", customers.eager.pk)))
    assert "Plants are no column yet." in seen
    assert "Other words" not in seen
    assert "Nothing waits" in text_of(client_for(cast.ana).get(address("score-reports")))
    assert "Plants" not in text_of(client_for(cast.ana).get(address("score-reports") + "?show=all"))
    assert "Velora" not in seen


def test_who_may_doubt_see_and_answer(cast, customers, client_for):
    doubt(client_for(cast.cora), customers.eager)
    report = the_report(cast)

    assert doubt(client_for(cast.abe), customers.eager).status_code == 403
    assert client_for(cast.rui).get(address("score-reports")).status_code == 403
    assert client_for(cast.abe).get(address("score-reports")).status_code == 200
    assert client_for(cast.abe).get(address("score-report", report.pk)).status_code == 403


def test_the_stranger_neither_doubts_nor_answers(cast, customers, client_for):
    doubt(client_for(cast.rui), customers.eager)
    report, client = the_report(cast), client_for(cast.sam)

    assert doubt(client, customers.eager).status_code == 404
    for organization in ("acme", "globex"):
        assert client.get(address("score-report", report.pk, organization=organization)).status_code == 404
    assert "new plant" not in text_of(client.get(address("score-reports", organization="globex")))


def test_openings_are_counted_by_account_and_day_and_name_nobody(cast, customers, client_for):
    for member in (cast.rui, cast.lena):
        client_for(member).get(address("score", customers.eager.pk), headers={"HX-Request": "true"})
    client_for(cast.lena).head(address("score", customers.gone.pk))

    with organization_scope(cast.acme):
        (counted,) = ExplanationOpening.objects.all()
    assert (counted.account_id, counted.day, counted.times) == (customers.eager.pk, NOW.date(), 2)
    assert {field.name for field in ExplanationOpening._meta.fields} == {
        *("id", "organization", "account", "day", "times"),
    }
