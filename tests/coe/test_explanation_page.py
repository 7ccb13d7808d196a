"""What a score badge opens: the reasons with their records, what the number means, what would change it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from coe.queries import score_changes
from coe.queries.explanations import learned_levers
from coe.scoring.base_rate import log_odds, logistic, score_of
from pipeline.models import Account, AccountScore, Activity
from tenancy.models import AuditEntry
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records
from tests.coe.test_learning_in_the_night import give_history
from tests.nightly.conftest import give_customers
from tests.pipeline.pages import text_of, url


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def night(organization, at=NOW):
    with organization_scope(organization):
        run = new_night(organization=organization, requested_by=None, as_of=at, now=at)
    return nightly.run_night(organization=organization, run_id=run.pk)


@pytest.fixture
def customers(cast):
    found = give_customers(cast)
    night(cast.acme)
    return found


def page_of(account, organization="acme"):
    return reverse("coe:score", args=[organization, account.pk])


def layer(client, account):
    return client.get(page_of(account), headers={"HX-Request": "true"})


def test_the_stranger_finds_nothing(cast, customers, client_for):
    client = client_for(cast.sam)

    assert client.get(page_of(customers.eager)).status_code == 404
    assert client.get(page_of(customers.eager, "globex")).status_code == 404
    assert client_for(cast.rui).get(page_of(customers.eager)).status_code == 200


def test_each_reason_leads_to_its_records(cast, customers, client_for):
    response = client_for(cast.cora).get(page_of(customers.eager))

    page = text_of(response)
    with organization_scope(cast.acme):
        deal, inquiry = customers.eager.opportunities.get(), customers.eager.activities.get()
    assert url("opportunity", deal.pk) in page
    assert f"{url('account', customers.eager.pk)}#" in page
    assert inquiry.subject in page
    reasons = response.context["reasons"]
    total = response.context["start"] + sum(reason["points"] for reason in reasons)
    assert total == pytest.approx(response.context["total"], abs=1e-9)


def test_the_layer_says_reasons_chance_rank_outlook_and_freshness(cast, customers, client_for):
    response = layer(client_for(cast.rui), customers.eager)

    page = text_of(response)
    assert "<html" not in page
    assert "Inquiry 3 days ago (20 Nov)" in page
    with organization_scope(cast.acme):
        score = AccountScore.objects.get(account=customers.eager)
    assert f"Chance to buy in 90 days, {score.score}%" in page
    assert "The first of 3 by what an hour of work adds, about €" in page.replace("\N{NO-BREAK SPACE}", "")
    assert "if somebody who decides is met" in page
    assert "5 Dec: “Inquiry 3 days ago (20 Nov)” no longer counts" in page
    assert "Scored" in page


def test_what_it_says_of_doing_something_is_what_the_next_night_finds(cast, customers, client_for):
    before = layer(client_for(cast.rui), customers.eager).context
    (gain,) = [lever["gain"] for lever in before["levers"] if "decides" in lever["words"]]
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        boss = records.contact(customers.eager, is_decision_maker=True)
        records.activity(customers.eager, days=1, contact=boss, is_two_way=True)
    night(cast.acme)

    after = layer(client_for(cast.rui), customers.eager).context

    # The mean of all scores stays the base rate, so that the others give a little back.
    assert after["score"].score - before["score"].score == pytest.approx(int(gain), abs=4)
    assert not [lever for lever in after["levers"] if "decides" in lever["words"]]


def looked_at(organization):
    """Return the newest night, which there has to be."""
    look = score_changes.look(organization=organization)
    assert look is not None
    return look


def intercept(look):
    """Return where the rule card starts, which it was the method of that night."""
    assert look.plan.intercept is not None
    return look.plan.intercept


def test_what_moved_a_score_is_said_fact_by_fact_and_adds_up(cast, customers, client_for, monkeypatch):
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        boss = records.contact(customers.eager, is_decision_maker=True)
        records.activity(customers.eager, days=-0.5, contact=boss, is_two_way=True)
    tomorrow = NOW + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    night(cast.acme, tomorrow)

    response = layer(client_for(cast.rui), customers.eager)

    moved = response.context["moved"]
    assert sum(row["points"] for row in moved) == pytest.approx(response.context["score"].change, abs=0.06)
    assert moved[0]["points"] > 1
    assert "decides" in moved[0]["text"]
    assert "Since the night before" in text_of(response)


def test_where_a_score_goes_while_nothing_happens_is_what_a_later_night_finds(cast, customers):
    with organization_scope(cast.acme):
        before = looked_at(cast.acme)
        foretold = score_changes.ahead(now=before, account_id=customers.eager.pk, days=13)
        assert foretold is not None
        score = AccountScore.objects.get(account=customers.eager).score
    with organization_scope(cast.globex):
        assert score_changes.look(organization=cast.globex) is None
    night(cast.acme, NOW + timedelta(days=13))

    with organization_scope(cast.acme):
        # The mean of all scores stays the base rate: of what is usual that night another one starts.
        probability = AccountScore.objects.get(account=customers.eager).probability
        found = log_odds(probability) - intercept(looked_at(cast.acme))
    assert foretold.score == score_of(logistic(intercept(before) + found))
    assert foretold.score < score, "the inquiry no longer counts"


def test_what_is_said_of_a_learnt_score_is_what_scoring_again_finds(cast):
    with organization_scope(cast.acme):
        give_history(cast)
        account = Account.objects.order_by("id").first()
        boss = Records(cast.acme).contact(account, is_decision_maker=True)
    night(cast.acme)
    with organization_scope(cast.acme):
        now = looked_at(cast.acme)
        assert now.method.scorer is not None
        before = AccountScore.objects.get(account=account).score
        levers = {one.code: one.gain for one in learned_levers(organization=cast.acme, account_id=account.pk)}
        foretold = score_changes.ahead(now=now, account_id=account.pk, days=3)
        assert foretold is not None
        Records(cast.acme).activity(account, days=0, kind="meeting", contact=boss, is_two_way=True)
        met = looked_at(cast.acme)
        block = met.block(account.pk)
        assert block is not None
        assert score_of(met.probability(block)) - before == levers.get("decision_maker_contact", 0)
        Activity.objects.filter(account=account).delete()
    night(cast.acme, NOW + timedelta(days=3))

    with organization_scope(cast.acme):
        score = AccountScore.objects.get(account=account)
        assert score.score == pytest.approx(foretold.score, abs=1)
        moved = score_changes.changes(now=looked_at(cast.acme), account_id=account.pk, change=score.change)
        assert moved is not None
    assert sum(shift.points for shift in moved.shifts) + moved.rest == pytest.approx(score.change)
    assert abs(moved.rest) < 2, "what the facts don't say is rounding and what is usual"


def test_a_margin_is_no_reason_for_those_who_may_not_see_costs(cast, customers, client_for):
    margin = {"code": "margin_up", "points": 0.3, "records": []}
    margin["fact"] = {"percent": 40, "basis": "margin", "date": "2026-11-01"}
    with organization_scope(cast.acme):
        AccountScore.objects.filter(account=customers.eager).update(reasons=[margin])

    for member, sentence in ((cast.lena, "Margin up 40%"), (cast.rui, "Something that your role is not shown")):
        page = text_of(layer(client_for(member), customers.eager))
        assert sentence in page
        assert ("Margin" in page) == (member == cast.lena)
        assert sentence in text_of(client_for(member).get(url("priorities")))


def test_reasons_that_weigh_next_to_nothing_are_one_row_and_the_points_still_add_up(cast, customers, client_for):
    weights = [0.9, 0.5, 0.4, 0.3, 0.2, 0.1, -0.6, 0.04, -0.03]
    reasons = [{"code": "learned", "points": one, "fact": {"text": f"Fact {one}"}, "records": []} for one in weights]
    with organization_scope(cast.acme):
        AccountScore.objects.filter(account=customers.eager).update(reasons=reasons)

    shown = layer(client_for(cast.lena), customers.eager).context["strongest"]

    assert [one["text"] for one in shown[:-1]] == [f"Fact {one}" for one in (0.9, 0.5, 0.4, 0.3, 0.2, -0.6)]
    assert shown[-1]["text"] == "3 smaller reasons, together"
    assert sum(one["points"] for one in shown) == pytest.approx(sum(weights))


def test_what_the_points_start_from_is_called_what_it_is(cast, customers, client_for):
    client = client_for(cast.cora)
    assert "The usual of all accounts" in text_of(client.get(page_of(customers.eager)))
    with organization_scope(cast.acme):
        AccountScore.objects.filter(account=customers.eager).update(model_version="model-1-learned")

    page = text_of(client.get(page_of(customers.eager)))

    assert "The usual of its segment, and what weighs little" in page
    assert "The usual of all accounts" not in page


def test_an_account_without_a_score_has_no_why(cast, client_for):
    with organization_scope(cast.acme):
        account = Records(cast.acme).account()

    assert client_for(cast.rui).get(page_of(account)).status_code == 404


def test_its_own_history_is_shown(cast, customers, client_for):
    with organization_scope(cast.acme):
        Records(cast.acme).deal(customers.gone, stage="Proposal", days=1)
    night(cast.acme)

    response = client_for(cast.rui).get(page_of(customers.gone))

    assert len(response.context["history"]) == 2
    assert "Score so far" in text_of(response)


def test_each_page_that_names_an_account_explains_its_score_there(cast, customers, client_for):
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        contact = records.contact(customers.eager)
        order = records.order(customers.eager, days=10)
        deal = customers.eager.opportunities.get()
        deal.close_date = NOW.date() + timedelta(days=3)
        deal.save(update_fields=["close_date"])
        records.answer(customers.eager, 9, days=4)
        entry = AuditEntry.objects.filter(table_name="pipeline_account", row_id=customers.eager.pk).first()
    client, slug = client_for(cast.ada), {"organization": "acme"}

    for address in (
        *(url(name) for name in ("accounts", "contacts", "opportunities", "orders", "answers", "priorities")),
        url("account", customers.eager.pk),
        url("contact", contact.pk),
        url("opportunity", deal.pk),
        url("order", order.pk),
        reverse("home", kwargs=slug),
        reverse("search", kwargs=slug) + "?q=eager",
        url("activity-new", customers.eager.pk),
        *(reverse(f"who-{one._meta.model_name}", args=["acme", one.pk]) for one in (customers.eager, deal, order)),
        reverse("audit", kwargs=slug),
        reverse("audit-entry", args=["acme", entry.pk]),
    ):
        page = text_of(client.get(address))
        assert f'href="{page_of(customers.eager)}" data-peek="why"' in page, address
        assert 'id="why" popover' in page


def test_a_deleted_account_has_no_badge(cast, customers, client_for):
    with organization_scope(cast.acme):
        type(customers.eager).objects.filter(pk=customers.eager.pk).update(deleted_at=NOW)

    assert page_of(customers.eager) not in text_of(client_for(cast.rui).get(url("opportunities")))


def test_the_layer_costs_few_statements(cast, customers, client_for):
    client = client_for(cast.rui)
    layer(client, customers.eager)

    with CaptureQueriesContext(connection) as queries:
        assert layer(client, customers.eager).status_code == 200

    assert len(queries) <= 14, [query["sql"][:90] for query in queries]
