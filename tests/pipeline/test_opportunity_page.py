"""The list of deals, a deal's own page, and its way through the stages."""

from datetime import date, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.models import Opportunity
from pipeline.operations import log_activity, move_stage, update_opportunity
from tenancy.scoping import organization_scope
from tenancy.working_time import calendar_of, local_day
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, as_typed, text_of, url
from tests.pipeline.records import MORNING, NOON, a_deal, a_stage, an_account

BUDGET = 12
STEP = {"next_step": "Call", "next_step_date": "2040-11-01"}


def test_the_list_shows_what_is_open_and_what_it_adds_up_to(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.rui)
        a_deal(cast.acme, account, cast.rui, name="Late", close_date=date(2026, 1, 1), next_step="Call")
        a_deal(cast.acme, account, cast.mia, name="Idle", amount_minor=None, close_date=None)
        a_deal(
            cast.acme, None, cast.mia, name="Yen", amount_minor=5_000_000, currency="JPY", close_date=date(2099, 1, 1)
        )
        won = a_deal(cast.acme, account, name="Won")
        move_stage(
            organization=cast.acme,
            opportunity=won,
            stage=a_stage(cast.acme, "Won"),
            version=1,
            actor=None,
            moved_at=NOON,
        )

    response = client_for(cast.cora).get(url("opportunities"))

    assert [deal.name for deal in response.context["page"].rows] == ["Late", "Yen", "Idle"]
    totals = response.context["totals"]
    assert (totals.count, totals.without_next_step, totals.overdue) == (3, 2, 1)
    assert totals.amounts == {"EUR": 120_000_000, "JPY": 5_000_000}
    everything = client_for(cast.cora).get(url("opportunities", outcome=""))
    assert len(everything.context["page"].rows) == 4


def test_the_list_keeps_its_budget_of_queries(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        for number in range(60):
            close_date = None if number % 2 else date(2026, 5, 1)
            a_deal(cast.acme, an_account(cast.acme, name=f"Firm {number}"), cast.rui, close_date=close_date)
    client = client_for(cast.rui)

    for query in ({}, {"sort": "-value"}, {"outcome": "won"}):
        with CaptureQueriesContext(connection) as queries:
            client.get(url("opportunities", **query))
        assert len(queries) <= BUDGET, "\n".join(q["sql"][:260] for q in queries)


def test_a_deal_shows_how_long_it_was_where(cast: Cast, client_for: ClientFor) -> None:
    now = timezone.now()
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, an_account(cast.acme), cast.rui, opened_at=now - timedelta(days=50))
        move_stage(
            organization=cast.acme,
            opportunity=deal,
            stage=a_stage(cast.acme, "Discover"),
            version=1,
            actor=cast.rui,
            moved_at=now - timedelta(days=40),
        )
        update_opportunity(
            organization=cast.acme, opportunity=deal, version=2, actor=cast.lena, updated_at=now, owner=cast.mia
        )
        log_activity(
            organization=cast.acme,
            member=cast.rui,
            kind="call",
            occurred_at=now,
            logged_at=now,
            opportunity=deal,
            subject="Asked for the budget",
        )

    client = client_for(cast.cora)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url("opportunity", deal.pk))

    with organization_scope(cast.acme):
        calendar, today = calendar_of(cast.acme), local_day(cast.acme, now)
    stood = [calendar.days_between(today - timedelta(days=ago), today) for ago in (50, 40)]
    stays = [(stay.stage_name, stay.days, stay.is_long) for stay in response.context["stays"]]
    assert stays == [("Discover", stood[1], True), ("Qualify", stood[0] - stood[1], False)]
    page = text_of(response)
    assert "Owner: Rui Prado → Mia Kranz" in page
    assert "Asked for the budget" in page
    assert len(queries) <= BUDGET, "\n".join(q["sql"][:260] for q in queries)


def test_it_moves_refuses_and_settles(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, an_account(cast.acme, cast.rui), cast.rui)
        discover, lost = a_stage(cast.acme, "Discover"), a_stage(cast.acme, "Lost")
    client = client_for(cast.rui)
    move = url("opportunity-move", deal.pk)

    no_reason = client.post(move, {"stage": str(lost.pk), "version": "1"})
    assert no_reason.status_code == 422
    assert "Say why the deal was lost" in text_of(no_reason)
    assert no_reason.context["move_form"].errors.keys() == {"lost_reason"}
    assert 'Why it was lost <span class="muted reg">required for a lost deal</span>' in text_of(no_reason)
    assert client.post(move, {"stage": str(discover.pk), "version": "1"}).status_code == 302
    stale = client.post(move, {"stage": str(lost.pk), "version": "1", "lost_reason": "Price"})
    assert stale.status_code == 409
    assert "is in “Discover”" in text_of(stale)
    assert client_for(cast.mia).post(move, {"stage": str(lost.pk), "version": "2"}).status_code == 403
    assert client_for(cast.sam).post(move, {"stage": str(lost.pk), "version": "2"}).status_code == 404

    with organization_scope(cast.acme):
        deal.refresh_from_db()
    assert deal.stage_id == discover.pk


def test_a_new_deal_begins_from_its_account(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.rui)
        an_account(cast.acme, name=account.name)
    client = client_for(cast.rui)
    address = url("opportunity-new", account=str(account.pk))
    form = client.get(address).context["form"]

    response = client.post(address, as_typed(form, **STEP, name="Retrofit", amount="2500", close_date="2040-12-01"))

    assert response.status_code == 302
    with organization_scope(cast.acme):
        deal = Opportunity.objects.select_related("stage").get()
    assert (deal.account_id, deal.amount_minor, deal.stage.name) == (account.pk, 250_000, "Qualify")
    # Two accounts of one name: without the way from its page nobody could say which is meant.
    form = client.get(url("opportunity-new")).context["form"]
    refused = client.post(url("opportunity-new"), as_typed(form, name="Retrofit", account=account.name))
    assert "Several accounts have this name" in text_of(refused)


def test_a_deal_is_changed_deleted_and_brought_back(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, an_account(cast.acme, cast.rui), cast.rui)
    client = client_for(cast.rui)
    form = client.get(url("opportunity-edit", deal.pk)).context["form"]

    typed = as_typed(form, **STEP | {"next_step": "Send the draft"}, probability="64")
    client.post(url("opportunity-edit", deal.pk), typed)
    with organization_scope(cast.acme):
        deal.refresh_from_db()
    assert (deal.next_step, deal.probability_bp, deal.version) == ("Send the draft", 6_400, 2)

    gone = client.post(url("opportunity-delete", deal.pk), {"version": "2"}, follow=True)
    assert "was deleted" in text_of(gone)
    client.post(url("opportunity-restore", deal.pk))
    assert client.get(url("opportunity", deal.pk)).status_code == 200


def test_a_stale_delete_does_nothing(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, an_account(cast.acme, cast.rui), cast.rui, opened_at=MORNING)

    client_for(cast.rui).post(url("opportunity-delete", deal.pk), {"version": "7"})

    assert client_for(cast.rui).get(url("opportunity", deal.pk)).status_code == 200
