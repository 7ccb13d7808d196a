"""What a deal's page asks for before the deal goes on, and what it says wants a look."""

from datetime import date, timedelta

from django.utils import timezone

from pipeline.models import CriterionCheck, Opportunity
from pipeline.operations import change_stage, update_opportunity
from tenancy.scoping import organization_scope
from tenancy.working_time import calendar_of, local_day
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import a_deal, a_stage, an_account

BUDGET = "The budget is approved"


def a_held_deal(cast: Cast) -> Opportunity:
    """A deal of Rui's in a stage that lets nothing go on without a confirmed budget."""
    with organization_scope(cast.acme):
        asked = [{"code": "amount"}, {"code": "confirmed", "text": BUDGET}]
        stage = a_stage(cast.acme)
        change_stage(
            organization=cast.acme,
            stage=stage,
            version=1,
            actor=None,
            at=timezone.now(),
            exit_criteria=asked,
            is_strict=True,
        )
        opened = timezone.now() - timedelta(days=40)
        return a_deal(cast.acme, an_account(cast.acme, owner=cast.rui), owner=cast.rui, opened_at=opened)


def test_what_the_stage_asks_for_is_confirmed_on_the_page_and_lets_the_deal_go_on(
    cast: Cast, client_for: ClientFor
) -> None:
    deal, rui = a_held_deal(cast), client_for(cast.rui)
    with organization_scope(cast.acme):
        discover = str(a_stage(cast.acme, "Discover").pk)
    move = {"stage": discover, "version": 1}

    refused = rui.post(url("opportunity-move", deal.pk), move)
    shown = rui.post(url("opportunity-check", deal.pk), {"criterion": BUDGET, "is_met": "1"}, follow=True)

    assert refused.status_code == 422
    assert f"must be true: {BUDGET}." in text_of(refused)
    assert [one.is_met for one in shown.context["checklist"]] == [True, True]
    assert rui.post(url("opportunity-move", deal.pk), move).status_code == 302


def test_a_confirmation_is_taken_back_and_what_nobody_asks_for_is_refused(cast: Cast, client_for: ClientFor) -> None:
    deal, rui = a_held_deal(cast), client_for(cast.rui)
    for is_met in ("1", "0"):
        rui.post(url("opportunity-check", deal.pk), {"criterion": BUDGET, "is_met": is_met})
    answer = rui.post(url("opportunity-check", deal.pk), {"criterion": "Anything", "is_met": "1"}, follow=True)

    assert "doesn’t ask for this any more" in text_of(answer)
    with organization_scope(cast.acme):
        assert not CriterionCheck.objects.exists()


def test_who_may_not_change_the_deal_confirms_nothing(cast: Cast, client_for: ClientFor) -> None:
    deal, sent = a_held_deal(cast), {"criterion": BUDGET, "is_met": "1"}

    assert client_for(cast.mia).post(url("opportunity-check", deal.pk), sent).status_code == 403
    stranger = client_for(cast.sam)
    assert stranger.post(url("opportunity-check", deal.pk, organization="globex"), sent).status_code == 404
    with organization_scope(cast.acme):
        assert not CriterionCheck.objects.exists()


def test_the_page_says_what_wants_a_look(cast: Cast, client_for: ClientFor) -> None:
    deal = a_held_deal(cast)
    with organization_scope(cast.acme):
        for month in (7, 9):
            update_opportunity(
                organization=cast.acme,
                opportunity=deal,
                version=deal.version,
                actor=cast.rui,
                updated_at=timezone.now(),
                close_date=date(2026, month, 1),
            )

    warnings = client_for(cast.rui).get(url("opportunity", deal.pk)).context["warnings"]

    with organization_scope(cast.acme):
        calendar, today = calendar_of(cast.acme), local_day(cast.acme, timezone.now())
    days = calendar.days_between(today - timedelta(days=40), today)
    assert [one.words for one in warnings] == [
        f"It stands still: in Qualify for {days} working days; won deals usually stay 15 at most.",
        "The close date has passed.",
        "The close date was pushed out 2 times.",
        "There is no next step.",
        f"No conversation with the customer for {days} working days.",
        "Nobody with a role in the decision is known.",
    ]
