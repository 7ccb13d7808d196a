"""The weekly review: exceptions only, each closed by an action, a decision or "no change"; back when it changed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.models import Decision, Opportunity, ReviewMark, ReviewReason
from pipeline.operations import update_opportunity
from tenancy.models import DomainEvent, Member, Organization
from tenancy.rates import set_rates
from tenancy.scoping import organization_scope
from tenancy.working_time import calendar_of, local_day
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import a_contact, a_deal, an_account

FAR = {"next_step": "Call", "next_step_date": date(2040, 1, 1), "close_date": date(2040, 6, 1)}


def a_quiet_deal(organization: Organization, owner: Member | None, **fields: Any) -> Opportunity:
    """A deal of which nothing is exceptional, unless `fields` say otherwise."""
    account = an_account(organization, owner=owner, name=fields.get("name", "Firm"))
    for name in ("Sanne", "Jo"):
        a_contact(organization, account, name=name, role="uses")
    return a_deal(organization, account, owner, opened_at=timezone.now(), **{**FAR, **fields})


@pytest.fixture
def late(cast: Cast) -> Opportunity:
    """A deal of Rui's whose close date has passed."""
    with organization_scope(cast.acme):
        return a_quiet_deal(cast.acme, cast.rui, name="Late", close_date=date(2026, 1, 5), amount_minor=10_000_00)


def names(client: Any, **query: str) -> list[str]:
    """The deals that wait, as the page shows them."""
    return [row.deal.name for row in client.get(url("review", **query)).context["rows"]]


def closes(client: Any, deal: Opportunity, do: str, **said: str) -> Any:
    return client.post(url("review-deal", deal.pk), {"do": do, "version": deal.version, **said}, headers=HTMX)


HTMX = {"HX-Request": "true"}


def test_it_shows_exceptions_only_and_what_is_worth_most_first(
    cast: Cast, client_for: ClientFor, late: Opportunity
) -> None:
    ago = calendar_of_acme_waiting(cast, 40)
    with organization_scope(cast.acme):
        set_rates(organization=cast.acme, rates={"USD": "0.5"}, on=date(2026, 1, 1))
        for number in range(8):
            a_quiet_deal(cast.acme, cast.rui, name=f"Quiet {number}", amount_minor=100)
        a_quiet_deal(cast.acme, cast.rui, name="Big", amount_minor=900_000_00, next_step="")
        a_quiet_deal(cast.acme, cast.rui, name="Dollars", amount_minor=30_000_00, currency="USD", next_step="")
        still = a_quiet_deal(cast.acme, cast.rui, name="Still", amount_minor=20_000_00)
        Opportunity.objects.filter(pk=still.pk).update(stage_entered_at=ago, opened_at=ago)
        promised = a_quiet_deal(cast.acme, cast.rui, name="Promised", amount_minor=11_000_00)
        Opportunity.objects.filter(pk=promised.pk).update(pinned_category="commit")
    rui = client_for(cast.rui)

    shown = rui.get(url("review"))

    found = {row.deal.name: row.deal.exceptions for row in shown.context["rows"]}
    # Of thirteen deals eleven are worth 15,000 or less, and so much are 30,000 dollars in euros: those are not big.
    assert list(found) == ["Big", "Still", "Promised", "Late"]
    assert found["Big"] == ReviewReason.BIG_AND_IDLE.bit
    assert found["Still"] == ReviewReason.STALLED.bit
    assert found["Promised"] == ReviewReason.CATEGORY.bit
    assert found["Late"] == ReviewReason.OVERDUE.bit
    assert "The forecast says “Commit”, and the chance is 10 %." in text_of(shown)
    assert names(rui, reason="overdue") == ["Late"]
    assert names(rui, owner=str(cast.mia.pk)) == []


def calendar_of_acme_waiting(cast: Cast, days: int) -> Any:
    with organization_scope(cast.acme):
        return calendar_of(cast.acme).waiting_since(local_day(cast.acme, timezone.now()), days)


def test_who_may_change_deals_reviews_theirs_and_a_stranger_nothing(
    cast: Cast, client_for: ClientFor, late: Opportunity
) -> None:
    with organization_scope(cast.acme):
        a_quiet_deal(cast.acme, cast.mia, name="Mia’s", close_date=date(2026, 1, 5))

    assert names(client_for(cast.rui)) == ["Late"]
    for who, offers in ((cast.rui, True), (cast.cora, False)):
        assert (f"{url('review-deal', late.pk)}?do=same" in text_of(client_for(who).get(url("review")))) == offers
    assert names(client_for(cast.mia)) == ["Mia’s"]
    assert sorted(names(client_for(cast.lena))) == ["Late", "Mia’s"]
    assert sorted(names(client_for(cast.cora))) == ["Late", "Mia’s"]  # a coach looks at all, and closes none
    assert closes(client_for(cast.cora), late, "same").status_code == 403
    assert closes(client_for(cast.mia), late, "same").status_code == 404
    sam = client_for(cast.sam)
    assert sam.get(url("review")).status_code == 404
    assert sam.get(url("review", organization="globex")).context["rows"] == []
    assert sam.post(url("review-deal", late.pk, organization="globex"), {"do": "same"}).status_code == 404


def test_no_change_keeps_who_and_when_and_it_comes_back_only_when_something_changed(
    cast: Cast, client_for: ClientFor, late: Opportunity
) -> None:
    rui = client_for(cast.rui)

    done = closes(rui, late, "same", note="They sign on Friday")

    assert "Stays as it is" in text_of(done)
    assert "1 closed this week" in text_of(done)
    assert names(rui) == []
    with organization_scope(cast.acme):
        mark = ReviewMark.objects.get()
        assert (mark.closed_by, mark.how, mark.note) == (cast.rui, "no_change", "They sign on Friday")
        assert DomainEvent.objects.get(type="opportunity.reviewed").payload["reasons"] == ["overdue"]
        update_opportunity(
            organization=cast.acme,
            opportunity=late,
            version=1,
            actor=cast.rui,
            updated_at=timezone.now(),
            amount_minor=9_000_00,
        )
    assert names(rui) == ["Late"]


def test_something_else_that_is_exceptional_brings_it_back_although_nobody_touched_the_deal(
    cast: Cast, client_for: ClientFor, late: Opportunity
) -> None:
    rui = client_for(cast.rui)
    closes(rui, late, "same")
    ago = calendar_of_acme_waiting(cast, 40)
    with organization_scope(cast.acme):
        Opportunity.objects.filter(pk=late.pk).update(stage_entered_at=ago, opened_at=ago)

    assert names(rui) == ["Late"]


def test_an_action_closes_it_with_all_that_is_still_open_to_question(
    cast: Cast, client_for: ClientFor, late: Opportunity
) -> None:
    rui = client_for(cast.rui)

    wrong = closes(rui, late, "revive", next_step="Visit", next_step_date="2026-01-01")
    done = closes(rui, late, "revive", next_step="Visit", next_step_date="2040-01-02")

    assert wrong.status_code == 422
    assert "This day has passed" in text_of(wrong)
    assert "It has a plan again" in text_of(done)
    assert names(rui) == []
    with organization_scope(cast.acme):
        assert Opportunity.objects.get(pk=late.pk).next_step == "Visit"
        assert ReviewMark.objects.get().how == "action"


def test_a_decision_closes_it_and_is_made_once_by_whom_it_was_asked_of(
    cast: Cast, client_for: ClientFor, late: Opportunity
) -> None:
    rui, lena = client_for(cast.rui), client_for(cast.lena)
    said = {"type": "stop", "question": "Go on with it?", "decider": str(cast.sil.pk), "due_on": "2040-01-01"}

    closes(rui, late, "ask", **said, options="Go on\nStop")
    with organization_scope(cast.acme):
        asked = Decision.objects.get()
    page = url("decision", asked.pk)

    assert names(rui) == []
    assert rui.get(page).context["form"] is None  # it is Sil's
    refused = client_for(cast.sil).post(page, {"version": "1", "outcome": "Perhaps", "reason": "Who knows"})
    assert refused.status_code == 422
    client_for(cast.sil).post(page, {"version": "1", "outcome": "Stop", "reason": "No budget this year"})
    again = lena.post(page, {"version": "2", "outcome": "Go on", "reason": "I think so"}, follow=True)
    assert "This is not yours to decide, or it is decided." in text_of(again)
    with organization_scope(cast.acme):
        asked.refresh_from_db()
        assert (asked.outcome, asked.reason, asked.decided_by) == ("Stop", "No budget this year", cast.sil)
        assert [one.type for one in DomainEvent.objects.filter(subject_id=asked.pk).order_by("id")] == [
            "decision.asked",
            "decision.made",
        ]
    assert "No budget this year" in text_of(rui.get(url("opportunity", late.pk)))
    sam = client_for(cast.sam)
    theirs = [sam.get(page), sam.get(url("decision", asked.pk, organization="globex"))]
    assert [answer.status_code for answer in theirs] == [404, 404]


def test_a_deal_that_changed_meanwhile_is_not_closed(cast: Cast, client_for: ClientFor, late: Opportunity) -> None:
    with organization_scope(cast.acme):
        Opportunity.objects.filter(pk=late.pk).update(version=2)

    for do, said in (("same", {}), ("stop", {"lost_reason": "Enough"})):
        answer = closes(client_for(cast.rui), late, do, **said)
        assert answer.status_code == 409
        assert "the deal changed meanwhile" in text_of(answer)
    with organization_scope(cast.acme):
        assert not ReviewMark.objects.exists()


def test_without_script_it_is_closed_as_well(cast: Cast, client_for: ClientFor, late: Opportunity) -> None:
    rui = client_for(cast.rui)

    shown = rui.get(url("review-deal", late.pk, do="same"))
    done = rui.post(url("review-deal", late.pk), {"do": "same", "version": 1}, follow=True)

    assert "Leave it so" in text_of(shown)
    assert "Nothing waits" in text_of(done)


def test_the_review_keeps_its_budget_of_queries(cast: Cast, client_for: ClientFor, late: Opportunity) -> None:
    client = client_for(cast.lena)
    client.get(url("review"))

    with CaptureQueriesContext(connection) as queries:
        client.get(url("review"))

    assert len(queries) <= 12, "\n".join(query["sql"][:200] for query in queries)


def test_the_time_of_the_review_is_the_week_of_the_organisation(
    cast: Cast, client_for: ClientFor, late: Opportunity
) -> None:
    rui = client_for(cast.rui)
    closes(rui, late, "same")
    with organization_scope(cast.acme):
        ReviewMark.objects.update(closed_at=timezone.now() - timedelta(days=8))

    assert rui.get(url("review")).context["review"].closed == 0
