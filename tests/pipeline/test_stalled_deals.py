"""A deal that stands still: how that is told in the organisation's own days, and the three ways on."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from pipeline.models import Contact, Opportunity, OpportunityHistory, WarningCode
from pipeline.operations import change_stage, log_activity, update_opportunity
from pipeline.queries import yardstick
from pipeline.queries.deal_warnings import warnings_of, with_warnings
from tenancy.models import DomainEvent, Holiday
from tenancy.scoping import organization_scope
from tenancy.working_time import calendar_of, local_day
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import a_contact, a_deal, a_stage, an_account


def codes(cast: Cast, deal: Opportunity) -> set[str]:
    """What the deal is warned of today."""
    held = yardstick(organization=cast.acme, today=local_day(cast.acme, timezone.now()))
    read = with_warnings(Opportunity.objects.select_related("stage").filter(pk=deal.pk), held).get()
    return {one.code.value for one in warnings_of(read, held)}


def working_days_ago(cast: Cast, days: int) -> datetime:
    """A moment on the day from which so many working days have passed by today."""
    calendar = calendar_of(cast.acme)
    return calendar.waiting_since(local_day(cast.acme, timezone.now()), days) - timedelta(hours=12)


@pytest.fixture
def deal(cast: Cast) -> Opportunity:
    """A deal of Rui's that has stood in its first stage for 16 working days; 15 are usual."""
    with organization_scope(cast.acme):
        account = an_account(cast.acme, owner=cast.rui)
        for name in ("Sanne", "Jo"):
            a_contact(cast.acme, account, name=name, role="uses")
        opened = working_days_ago(cast, 16)
        return a_deal(cast.acme, account, cast.rui, opened_at=opened, close_date=date(2040, 1, 1))


@pytest.mark.parametrize(("days", "is_stalled"), [(15, False), (16, True)])
def test_a_deal_stands_still_after_more_working_days_than_won_ones_usually_took(
    cast: Cast, days: int, is_stalled: bool
) -> None:
    with organization_scope(cast.acme):
        deal = a_deal(cast.acme, opened_at=working_days_ago(cast, days))
        assert ("stalled" in codes(cast, deal)) == is_stalled

        Opportunity.objects.filter(pk=deal.pk).update(next_step="Call", next_step_date=date(2040, 1, 1))
        log_activity(
            organization=cast.acme,
            member=cast.rui,
            kind="call",
            occurred_at=timezone.now(),
            logged_at=timezone.now(),
            opportunity=deal,
            is_two_way=True,
        )
        assert "stalled" not in codes(cast, deal)  # it is old, and somebody works on it


def test_a_holiday_is_no_day_of_waiting(cast: Cast, deal: Opportunity) -> None:
    with organization_scope(cast.acme):
        assert "stalled" in codes(cast, deal)
        off = working_days_ago(cast, 3).date()
        Holiday.objects.create(organization=cast.acme, day=off, name="Founders’ day")
        assert "stalled" not in codes(cast, deal)


def test_a_stage_of_which_nothing_is_known_counts_from_the_least_days_on(cast: Cast, deal: Opportunity) -> None:
    with organization_scope(cast.acme):
        Opportunity.objects.filter(pk=deal.pk).update(stage_entered_at=working_days_ago(cast, 11))
        assert "stalled" not in codes(cast, deal)
        change_stage(
            organization=cast.acme,
            stage=a_stage(cast.acme),
            version=1,
            actor=None,
            at=timezone.now(),
            expected_days=0,
        )
        assert "stalled" in codes(cast, deal)


def test_each_warning_comes_and_goes_with_what_it_is_about(cast: Cast, deal: Opportunity) -> None:
    today = local_day(cast.acme, timezone.now())
    with organization_scope(cast.acme):
        deals = Opportunity.objects.filter(pk=deal.pk)
        assert codes(cast, deal) == {"stalled", "no_next_step", "silent"}

        deals.update(next_step="Call", next_step_date=today, close_date=today - timedelta(days=1))
        Contact.objects.filter(name="Jo").update(role="")
        assert codes(cast, deal) == {"stalled", "silent", "overdue", "few_people"}

        deals.update(opened_at=timezone.now(), close_date=today)
        assert codes(cast, deal) == {"few_people"}

        for month in (2, 3):
            deal.refresh_from_db()
            update_opportunity(
                organization=cast.acme,
                opportunity=deal,
                version=deal.version,
                actor=cast.rui,
                updated_at=timezone.now(),
                close_date=date(2040, month, 1),
            )
        assert codes(cast, deal) == {"few_people", "pushed", "stalled"}


def test_what_an_organisation_does_not_want_to_hear_is_not_said(
    cast: Cast, client_for: ClientFor, deal: Opportunity
) -> None:
    lena, page = client_for(cast.lena), url("process-warnings")
    shown = lena.get(page).context["form"]
    sent = {name: shown.initial[name] for name in ("version", "silent_days", "stalled_days", "pushes", "people")}
    wanted = [one for one in WarningCode.values if one != "silent"]

    too_many = lena.post(page, sent | {"wanted": wanted, "people": "21"})
    saved = lena.post(page, sent | {"wanted": wanted, "stalled_days": "40", "reason": "Ours take longer"}, follow=True)
    stale = lena.post(page, sent | {"wanted": []})

    assert too_many.status_code == 422
    assert "Ours take longer" in text_of(saved)
    assert "Not wanted: – → No conversation with the customer" in text_of(saved)
    assert stale.status_code == 409
    assert client_for(cast.rui).get(page).status_code == 403
    with organization_scope(cast.acme):
        cast.acme.refresh_from_db()
        assert codes(cast, deal) == {"no_next_step"}
        assert DomainEvent.objects.get(type="deal_warnings.changed").actor == cast.lena
    assert client_for(cast.sam).get(page).status_code == 404
    with organization_scope(cast.globex):
        assert not DomainEvent.objects.filter(type="deal_warnings.changed").exists()


def settled(client: Any, deal: Opportunity, **said: str) -> Any:
    return client.post(url("opportunity-settle", deal.pk), {"version": deal.version, **said}, follow=True)


def test_the_page_offers_three_ways_on_and_no_fourth(cast: Cast, client_for: ClientFor, deal: Opportunity) -> None:
    shown = client_for(cast.rui).get(url("opportunity", deal.pk))

    assert list(shown.context["ways"]) == ["revive", "push", "stop"]
    assert "It stands still: in Qualify for 16 working days; won deals usually stay 15 at most." in text_of(shown)
    assert client_for(cast.mia).get(url("opportunity", deal.pk)).context["ways"] is None  # she may only look
    assert settled(client_for(cast.rui), deal, do="forget").status_code == 400


def test_it_is_revived_with_a_plan_that_has_a_day(cast: Cast, client_for: ClientFor, deal: Opportunity) -> None:
    rui = client_for(cast.rui)

    past = settled(rui, deal, do="revive", next_step="Call", next_step_date="2026-01-01")
    assert past.status_code == 422
    assert "This day has passed" in text_of(past)
    done = settled(rui, deal, do="revive", next_step="Visit the plant", next_step_date="2040-01-01")

    assert "It has a plan again" in text_of(done)
    with organization_scope(cast.acme):
        deal.refresh_from_db()
        assert (deal.next_step, deal.next_step_date) == ("Visit the plant", date(2040, 1, 1))
        assert DomainEvent.objects.get(type="opportunity.settled").payload == {"how": "revived"}


def test_it_is_pushed_out_with_the_reason_beside_the_change(
    cast: Cast, client_for: ClientFor, deal: Opportunity
) -> None:
    rui = client_for(cast.rui)

    assert settled(rui, deal, do="push", close_date="2040-06-01").status_code == 422  # without a reason
    assert settled(rui, deal, do="push", reason="Budget frozen").status_code == 422  # nothing changes
    earlier = settled(rui, deal, do="push", close_date="2039-06-01", reason="Budget frozen")
    assert "The new close date lies behind the one so far" in text_of(earlier)
    done = settled(rui, deal, do="push", close_date="2040-06-01", reason="Budget frozen")

    assert "Budget frozen" in text_of(done)
    assert "pushed out 1 time" in text_of(done)
    with organization_scope(cast.acme):
        row = OpportunityHistory.objects.filter(field="close_date").latest("id")
        assert (row.old, row.new, row.reason, row.actor) == ("2040-01-01", "2040-06-01", "Budget frozen", cast.rui)


def test_to_stop_it_is_one_click_and_can_be_taken_back(cast: Cast, client_for: ClientFor, deal: Opportunity) -> None:
    rui = client_for(cast.rui)
    form = rui.get(url("opportunity", deal.pk)).context["ways"]["stop"]

    done = settled(rui, deal, do="stop", lost_reason=str(form["lost_reason"].value()))

    assert "That is time for other deals" in text_of(done)
    with organization_scope(cast.acme):
        deal.refresh_from_db()
        assert (deal.outcome, deal.lost_reason) == ("lost", "No decision")
    undo = done.context["messages"] and next(iter(done.context["messages"])).extra_tags.removeprefix("undo:")
    rui.post(undo)
    with organization_scope(cast.acme):
        deal.refresh_from_db()
        assert deal.outcome == "open"


def test_a_stale_form_settles_nothing_and_a_stranger_finds_no_deal(
    cast: Cast, client_for: ClientFor, deal: Opportunity
) -> None:
    with organization_scope(cast.acme):
        Opportunity.objects.filter(pk=deal.pk).update(version=2)
    said = {"do": "stop", "lost_reason": "Enough"}

    stale = settled(client_for(cast.rui), deal, **said)
    again = settled(client_for(cast.mia), deal, **said)
    sam = client_for(cast.sam)

    assert (stale.status_code, again.status_code) == (409, 403)
    assert "the deal changed meanwhile" in text_of(stale)
    assert sam.post(url("opportunity-settle", deal.pk), said).status_code == 404
    assert sam.post(url("opportunity-settle", deal.pk, organization="globex"), said).status_code == 404
    with organization_scope(cast.acme):
        deal.refresh_from_db()
        assert deal.outcome == "open"


def test_the_form_of_an_open_deal_asks_for_its_next_step_and_a_closed_one_does_not(
    cast: Cast, client_for: ClientFor, deal: Opportunity
) -> None:
    rui = client_for(cast.rui)
    with organization_scope(cast.acme):
        won = a_deal(cast.acme, owner=cast.rui)
        Opportunity.objects.filter(pk=won.pk).update(outcome="won", closed_at=timezone.now())

    refused = rui.post(url("opportunity-edit", deal.pk), {"name": "Retrofit", "version": "1"})
    passed = rui.post(
        url("opportunity-edit", deal.pk),
        {"name": "Retrofit", "version": "1", "next_step": "Call", "next_step_date": "2026-01-02"},
    )
    closed = rui.post(url("opportunity-edit", won.pk), {"name": "Retrofit", "version": "1"})

    assert refused.context["form"].errors.keys() == {"next_step", "next_step_date"}
    assert "This day has passed. When will it be?" in text_of(passed)
    assert closed.status_code == 302
