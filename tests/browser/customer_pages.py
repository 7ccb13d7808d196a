"""Pages of customers and deals in states that no address alone shows."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from agile_sales.night_calendar import new_night
from pipeline.models import Account, CustomColumn, NextAction, Opportunity, SatisfactionResponse
from pipeline.operations import (
    NewOpportunityScore,
    change_stage,
    create_quota,
    log_activity,
    make_room_for_snapshots,
    move_stage,
    record_external_score,
    record_opportunity_scores,
    snapshot_open_opportunities,
    submit_forecast,
    update_opportunity,
)
from tenancy.models import Unit
from tenancy.periods import PeriodKind, period_of
from tenancy.scoping import organization_scope
from tenancy.working_time import local_day
from tests.architecture.world import a_bulk_change, a_decision, a_scored_account
from tests.cast import Cast
from tests.pipeline import records


def _changed_process(cast: Cast) -> str:
    with organization_scope(cast.acme):
        stage = records.a_stage(cast.acme)
        asked = [{"code": "decision_maker"}, {"code": "confirmed", "text": "Need and budget range are confirmed"}]
        change_stage(
            organization=cast.acme,
            stage=stage,
            version=1,
            actor=cast.lena,
            at=timezone.now(),
            reason="Too much came in too early",
            exit_criteria=asked,
            is_strict=True,
        )
    return reverse("pipeline:process", args=[cast.acme.slug])


def _changed_pipeline(cast: Cast) -> str:
    """Write a week in which deals came, moved and went, and return the page that tells it."""
    now = timezone.now()
    week_ago = local_day(cast.acme, now) - timedelta(days=7)
    soon, later = now.date() + timedelta(days=2), now.date() + timedelta(days=200)
    with organization_scope(cast.acme):
        account = records.an_account(cast.acme, owner=cast.rui)
        stages = ("Qualify", "Discover", "Solution", "Proposal", "Negotiate")
        deals = [
            records.a_deal(
                cast.acme, account, cast.rui, stage, name=f"Line {place}{turn}", close_date=soon if turn < 3 else later,
                amount_minor=(place + 2) * (turn + 1) * 4_100_50,
            )
            for place, stage in enumerate(stages)
            for turn in range(4)
        ]  # fmt: skip
        make_room_for_snapshots(first=week_ago, last=now.date())
        snapshot_open_opportunities(
            organization=cast.acme, snapshot_date=week_ago, taken_at=now - timedelta(days=6, hours=20)
        )
        for deal, stage in ((0, "Discover"), (1, "Won"), (5, "Solution"), (10, "Lost"), (16, "Won"), (17, "Proposal")):
            reason = "Price" if stage == "Lost" else ""
            move_stage(
                organization=cast.acme, opportunity=deals[deal], stage=records.a_stage(cast.acme, stage), version=1,
                actor=cast.lena, moved_at=now - timedelta(days=2), lost_reason=reason,
            )  # fmt: skip
        for deal, fields in ((2, {"close_date": later}), (3, {"close_date": soon}), (6, {"amount_minor": 90_000_00})):
            update_opportunity(
                organization=cast.acme, opportunity=deals[deal], version=1, actor=cast.lena, updated_at=now, **fields
            )
        records.a_deal(cast.acme, account, cast.mia, name="A new one", close_date=soon, opened_at=now)
    return reverse("pipeline:changes", args=[cast.acme.slug])


def _board_of_last_week(cast: Cast) -> str:
    day = local_day(cast.acme, timezone.now()) - timedelta(days=7)
    return f"{reverse('pipeline:board', args=[cast.acme.slug])}?on={day.isoformat()}"


def _velora(cast: Cast) -> dict[str, UUID]:
    """Write an account with something of everything, and return the ids of what was written."""
    now = timezone.now()
    account = records.an_account(
        cast.acme, cast.rui, city="Utrecht", country="NL", segment="key", industry="E-bikes", potential_minor=90_000_00
    )
    records.an_account(cast.acme, None, name="Tramont Rail", lifecycle="customer")
    deal = records.a_deal(cast.acme, account, cast.rui, opened_at=now - timedelta(days=40))
    update_opportunity(
        organization=cast.acme,
        opportunity=deal,
        version=1,
        actor=cast.lena,
        updated_at=now,
        amount_minor=90_000_000,
        next_step="Send the draft",
        next_step_date=date(2026, 1, 5),
    )
    records.a_deal(cast.acme, account, cast.rui, name="Torque sensor retrofit", close_date=date(2026, 1, 1))
    _known_and_said(cast, deal, now)
    product = records.a_product(cast.acme, family="Drives")
    order = records.an_order(cast.acme, account, promised_date=local_day(cast.acme, now) - timedelta(days=4))
    inquiry = records.an_inquiry(cast.acme, account)
    records.an_inquiry(cast.acme, subject="Price of a torque sensor", channel="phone", owner=cast.rui)
    contact = records.a_contact(cast.acme, account, role="decides", title="Purchasing lead", email="s@velora.example")
    log_activity(
        organization=cast.acme,
        member=cast.rui,
        kind="call",
        occurred_at=now - timedelta(hours=3),
        logged_at=now,
        contact=contact,
        opportunity=deal,
        subject="Service levels",
        body="Wants them inside the framework.",
    )
    for days, score in [(100, 3), (5, 10), (5, 9), (5, 8)]:
        SatisfactionResponse.objects.create(
            organization=cast.acme, account=account, score=score, responded_at=now - timedelta(days=days)
        )
    return {
        "account_id": account.pk,
        "opportunity_id": deal.pk,
        "order_id": order.pk,
        "contact_id": contact.pk,
        "product_id": product.pk,
        "inquiry_id": inquiry.pk,
    }


def _known_and_said(cast: Cast, deal: Opportunity, now: datetime) -> None:
    """Give a deal columns of its own, the score of another system and one of ours."""
    CustomColumn.objects.create(
        organization=cast.acme, record="opportunity", key="tender", name="Formal tender?", kind="flag"
    )
    Opportunity.objects.filter(pk=deal.pk).update(custom={"tender": True})
    record_external_score(
        organization=cast.acme,
        opportunity=deal,
        model_name="web-intent",
        score=78,
        grade="A",
        trend="improving",
        reasons=["Twelve visits of the price page"],
        actor=None,
        recorded_at=now,
    )
    run = new_night(organization=cast.acme, requested_by=None, as_of=now, now=now)
    reasons = [("Somebody who decides is in contact", 0.7), ("The close date has passed", -1.2)]
    record_opportunity_scores(
        organization=cast.acme,
        run=run,
        scores=[
            NewOpportunityScore(
                opportunity_id=deal.pk,
                score=42,
                probability=0.42,
                low=0.31,
                high=0.55,
                slip_probability=0.38,
                rank=3,
                reasons=[
                    {"code": "learned", "points": points, "fact": {"text": text}, "records": []}
                    for text, points in reasons
                ],
            )
        ],
        state="learned",
        model_version="model-3-learned",
        as_of=now,
        scored_at=now,
    )


def of_velora(page: str, *parameters: str, **query: str) -> Callable[[Cast], str]:
    """Return the builder of a page's address, with the ids it needs."""

    def address(cast: Cast) -> str:
        with organization_scope(cast.acme):
            ids = _velora(cast)
        url = reverse(f"pipeline:{page}", args=[cast.acme.slug, *(ids[name] for name in parameters)])
        return f"{url}?{'&'.join(f'{name}={value}' for name, value in query.items())}" if query else url

    return address


def _asked(cast: Cast) -> str:
    """Return the address of a decision that waits for who looks at it."""
    with organization_scope(cast.acme):
        waits = a_decision(cast.acme, cast.lena)
    return reverse("pipeline:decision", args=[cast.acme.slug, waits.pk])


def _after_deletion(cast: Cast) -> str:
    """Return the address of the list after a deletion, with its offer to undo."""
    with organization_scope(cast.acme):
        ids = _velora(cast)
        Account.objects.filter(pk=ids["account_id"]).update(deleted_at=timezone.now())
    return f"{reverse('pipeline:accounts', args=[cast.acme.slug])}?deleted={ids['account_id']}"


def _search(text: str) -> Callable[[Cast], str]:
    def address(cast: Cast) -> str:
        with organization_scope(cast.acme):
            _velora(cast)
        return f"{reverse('search', args=[cast.acme.slug])}?q={text}"

    return address


def _many_changed(cast: Cast) -> str:
    """Return the address of a change of many records that is done, with some that stay as they were."""
    with organization_scope(cast.acme):
        bulk = a_bulk_change(cast.acme, cast.lena)
        bulk.state, bulk.done, bulk.changed = "done", 800, 797
        bulk.refused = {"not yours": {"count": 3, "names": ["Velora E-Bikes", "Tramont Rail"]}}
        bulk.save()
    return reverse("pipeline:bulk", args=[cast.acme.slug, bulk.pk])


def _planned(page: str, choice: str = "") -> Callable[[Cast], str]:
    """Return the builder of a page about an account that the night has planned."""

    def address(cast: Cast) -> str:
        with organization_scope(cast.acme):
            account = a_scored_account(cast.acme, cast.rui)
            below = a_scored_account(cast.acme, cast.rui)
            NextAction.objects.filter(account=below).update(rank=2, place="below_cut", per_hour_minor=30_00)
            if choice:
                chosen = {"choice": choice, "chosen_at": timezone.now(), "chosen_until": timezone.localdate()}
                NextAction.objects.filter(account=account).update(**chosen)
        parts = [] if page == "priorities" else [account.pk]
        return reverse(f"pipeline:{page}", args=[cast.acme.slug, *parts])

    return address


def a_forecast(cast: Cast, **query: str) -> str:
    """Write deals of this quarter, a quota and two submissions, one of which has another number."""
    acme, now = cast.acme, timezone.now()
    today = local_day(acme, now)
    period = period_of(acme, PeriodKind.QUARTER, today)
    said: dict[str, Any] = {"organization": acme, "currency": "EUR", "period": period, "submitted_at": now}
    with organization_scope(acme):
        for owner, stage, amount in [
            (cast.rui, "Negotiate", 380_000),
            (cast.rui, "Proposal", 120_000),
            (cast.sil, "Qualify", 90_000),
            (cast.mia, "Negotiate", 210_000),
            (None, "Discover", 60_000),
        ]:
            records.a_deal(acme, None, owner, stage, now, amount_minor=amount * 100, close_date=today)
        create_quota(
            organization=acme,
            subject=cast.rui,
            year_start=date(today.year, 1, 1),
            amount_minor=240_000_000,
            currency="EUR",
            actor=cast.lena,
            at=now,
        )
        rui: dict[str, Any] = {"subject": cast.rui, "submitted_by": cast.rui, "reason": "The lawyer is ill"}
        submit_forecast(**said, **rui, commit_minor=30_000_000, best_case_minor=50_000_000, note="As we spoke")
        marine = Unit.objects.get(code="marine")
        submit_forecast(
            **said, subject=marine, submitted_by=cast.lena, commit_minor=21_000_000, best_case_minor=21_000_000
        )
    panel = {"at": f"member:{cast.rui.pk}"} if query.pop("panel", "") else {}
    return f"{reverse('pipeline:forecast', args=[acme.slug])}?{urlencode({**query, **panel})}"


CUSTOMER_PAGES: list[tuple[str, Callable[[Cast], str]]] = [
    ("search", lambda cast: reverse("search", args=[cast.acme.slug])),
    ("search-found", _search("velora")),
    ("search-guessed", _search("velroa")),
    ("search-nothing", _search("zzzz")),
    ("process-changed", _changed_process),
    ("many-changed", _many_changed),
    ("changes", _changed_pipeline),
    ("changes-deals", lambda cast: f"{_changed_pipeline(cast)}?kind=won&due=all"),
    ("board-past", lambda cast: f"{_changed_pipeline(cast) and _board_of_last_week(cast)}"),
    ("changes-empty", lambda cast: reverse("pipeline:changes", args=[cast.acme.slug])),
    ("forecast-panel", lambda cast: a_forecast(cast, panel="1")),
    ("forecast-months", lambda cast: a_forecast(cast, by="month", view="cumulative")),
    ("accounts-none-fits", of_velora("accounts", name="zzz")),
    ("accounts-empty", lambda cast: reverse("pipeline:accounts", args=[cast.acme.slug])),
    ("accounts-deleted", _after_deletion),
    ("process-warnings", of_velora("process-warnings")),
    ("deal-people", of_velora("opportunity-people", "opportunity_id")),
    ("deal-splits", of_velora("opportunity-splits", "opportunity_id")),
    ("process-reasons", of_velora("process-reasons")),
    ("review", of_velora("review")),
    ("review-plan", of_velora("review-deal", "opportunity_id", do="revive")),
    ("review-ask", of_velora("review-deal", "opportunity_id", do="ask")),
    ("decision", _asked),
    ("deal-outlook", of_velora("opportunity", "opportunity_id")),
    ("priorities-planned", _planned("priorities")),
    ("next-action", _planned("next-action")),
    ("next-action-accepted", _planned("next-action", "accepted")),
    ("account-planned", _planned("account")),
    ("account-deals", of_velora("account", "account_id", tab="deals")),
    ("account-orders", of_velora("account", "account_id", tab="orders")),
    ("account-contacts", of_velora("account", "account_id", tab="contacts")),
    ("inquiries-waiting", of_velora("inquiries", state="waiting")),
    ("inquiry", of_velora("inquiry", "inquiry_id")),
    ("inquiries-none-fits", of_velora("inquiries", state="closed")),
    ("inquiries-empty", lambda cast: reverse("pipeline:inquiries", args=[cast.acme.slug])),
    ("account-timeline", of_velora("account", "account_id", tab="timeline")),
]
