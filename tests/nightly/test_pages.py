"""The pages of the nights, and home."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from agile_sales.night_words import step_sentence
from tenancy.models import Outbox, Run, RunStep
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records
from tests.pipeline.pages import text_of

BUDGET = 12


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def address(name, *args):
    return reverse(name, args=["acme", *args])


@pytest.fixture
def run(cast, customers):
    with organization_scope(cast.acme):
        asked = new_night(organization=cast.acme, requested_by=cast.lena, as_of=NOW, now=NOW)
    return nightly.run_night(organization=cast.acme, run_id=asked.pk)


def test_each_run_says_what_its_steps_did(cast, run, client_for):
    page = text_of(client_for(cast.abe).get(address("nights")))

    assert "1 open deal kept as the picture of 22 Nov." in page
    assert "3 accounts scored. 0 of 3 bought in the 90 days before, so the usual chance is 5%." in page
    assert "New scores announced. No account changed its band." in page
    assert "Rule card as shipped" in page


def test_one_night_says_who_asked_for_it(cast, run, client_for):
    page = text_of(client_for(cast.rui).get(address("night", run.pk)))

    assert "Asked for by Lena Vogt." in page
    assert f"{len(nightly.STEPS)} of {len(nightly.STEPS)} done" in page
    assert "hx-get" not in page.split('id="night"')[1].split(">")[0]


def test_while_it_runs_the_part_with_the_steps_asks_again(cast, run, client_for):
    with organization_scope(cast.acme):
        Run.objects.filter(pk=run.pk).update(status="running")

    whole = text_of(client_for(cast.rui).get(address("night", run.pk)))
    part = text_of(client_for(cast.rui).get(address("night", run.pk), headers={"HX-Request": "true"}))

    assert 'hx-trigger="every 2s"' in whole
    assert "<html" in whole
    assert "<html" not in part


def test_what_went_wrong_is_said(cast, run, client_for):
    with organization_scope(cast.acme):
        Run.objects.filter(pk=run.pk).update(status="failed", error="BandCutsError: the cuts overlap")

    page = text_of(client_for(cast.rui).get(address("night", run.pk)))

    assert "The night stopped." in page
    assert "the cuts overlap" in page


def test_who_may_can_run_it_now(cast, customers, client_for):
    response = client_for(cast.lena).post(address("night-run"))

    with organization_scope(cast.acme):
        run = Run.objects.get()
        assert Outbox.objects.get().kwargs == {"run_id": str(run.pk)}
        assert run.requested_by == cast.lena
    assert response["Location"] == address("night", run.pk)


def test_who_may_not_cannot(cast, customers, client_for):
    assert client_for(cast.rui).post(address("night-run")).status_code == 403
    assert "Run the night now" not in text_of(client_for(cast.rui).get(address("nights")))
    with organization_scope(cast.acme):
        assert not Run.objects.exists()


def test_the_stranger_finds_no_night(cast, run, client_for):
    client = client_for(cast.sam)

    assert client.get(address("nights")).status_code == 404
    assert client.get(reverse("night", args=["globex", run.pk])).status_code == 404


def test_a_night_is_asked_for_by_post_only(cast, client_for):
    assert client_for(cast.lena).get(address("night-run")).status_code == 405


def test_home_says_where_we_stand(cast, run, client_for):
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        account = records.account("Velora")
        records.deal(account, stage="Won", days=60, closed=3, amount_minor=700_000)
        records.deal(account, days=9, amount_minor=300_000, currency="USD", close_date=NOW.date())
        for score in (10, 9, 9, 7, 2):
            records.answer(account, score, days=30)

    response = client_for(cast.lena).get(address("home"))

    page = text_of(response)
    assert "Week 8 of 13." in page
    assert "€50k (and $3,000) is open in 2 deals." in page
    assert "and $3,000" in page
    assert "€7,000" in page
    assert response.context["satisfaction"].nps == 40
    assert "One account wants attention today." in page
    assert "Eager Engines" in page
    assert "Today" in page


def test_home_of_a_new_organisation_begins_with_an_import(cast, client_for):
    page = text_of(client_for(cast.lena).get(address("home")))

    assert "Nothing is here yet." in page
    assert "Import your CRM" in page
    assert "Shown from 5 answers; you have 0." in page


@pytest.mark.parametrize("page", ["home", "pipeline:priorities"])
def test_an_import_is_offered_to_those_who_may_import(cast, client_for, page):
    with organization_scope(cast.acme):
        asked = new_night(organization=cast.acme, requested_by=cast.lena, as_of=NOW, now=NOW)
    nightly.run_night(organization=cast.acme, run_id=asked.pk)

    pages = {name: text_of(client_for(getattr(cast, name)).get(address(page))) for name in ("lena", "rui", "abe")}

    assert all("No accounts yet" in text for text in pages.values())
    assert [name for name, text in pages.items() if "Import your CRM" in text] == ["lena"]


def test_home_of_the_others_is_not_found(cast, client_for):
    assert client_for(cast.sam).get(address("home")).status_code == 404


@pytest.mark.parametrize("page", ["home", "nights", "night"])
def test_pages_keep_within_their_queries(cast, run, client_for, page):
    client = client_for(cast.lena)
    asked = address(page, run.pk) if page == "night" else address(page)
    client.get(asked)

    with CaptureQueriesContext(connection) as queries:
        assert client.get(asked).status_code == 200

    assert len(queries) <= BUDGET, [query["sql"][:90] for query in queries]


def test_what_was_learnt_is_said_once_and_in_words(cast, run):
    sentence = "Learned from 90 outcomes, 30 of them good (logistic regression)."
    model = {"version": 1, "sentence": sentence, "purpose": "opportunity_win"}
    deals = {
        "error": "",
        "queued": False,
        "models": [model | {"decision": f"{sentence} There was no version before it."}],
    }
    accounts = {"because": "A week has passed.", "promoted": True, "silence": model, **model}
    with organization_scope(cast.acme):
        said = [
            step_sentence(RunStep(name=name, status="done", rows_written=1, detail=detail), today=NOW.date())
            for name, detail in (("train_deal_models", deals), ("learn", accounts))
        ]

    assert said[0] == f"Won or lost: {sentence} There was no version before it."
    assert said[1].count(sentence) == 2, "who buys, and who falls silent"
    assert "Who falls silent: Learned" in said[1]
