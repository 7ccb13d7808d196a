"""The night: what the product does for an organisation while its people sleep.

    photograph the open pipeline → learn who buys, when it is time → score the accounts → learn how long deals stay, how
    a year falls on its months, and how deals end → score the open ones → value the accounts → plan the week, rank the
    accounts by it and publish both at once → keep what people set by hand → tell what changed → remove old uploads

Each step is one function below, safe to run twice, and does its work in one transaction together with its mark; how
that is kept, and what a person sees of it, is in `tenancy.runs`. `as_of` is the moment the night looks at: nothing that
happened or became known later counts.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

import coe.operations
import pipeline.operations
from coe.models import Purpose
from coe.queries.fairness import slots_and_potential
from coe.queries.model_quality import to_check
from integrations.operations import purging as integrations_purging
from pipeline.queries.priorities import band_changes
from tenancy.bulk import insert_rows
from tenancy.events import record_event
from tenancy.models import DomainEvent, Organization, Run
from tenancy.runs import StepResult, begins_with, carry_out
from tenancy.working_time import local_day, local_time

NIGHT_BELONGS_TO_THE_DAY_BEFORE = timedelta(hours=12)
STILL_TODAY = timedelta(hours=24)
MONTHS_AHEAD = timedelta(days=3 * 31)
"""For so long snapshots have their tables ready: a night that can't make one has many more to try."""


def run_night(*, organization: Organization, run_id: UUID) -> Run:
    """Carry a night through, from wherever it stands, and return its run."""
    return carry_out(organization=organization, run_id=run_id, steps=STEPS, clock=timezone.now)


def make_room_for_snapshots(*, organization: Organization, run: Run, now: datetime) -> None:
    """Have the tables of this month and of those that follow ready, in a transaction of their own: it takes locks."""
    if now - as_of(run) <= STILL_TODAY:
        day = closing_day(organization, as_of(run))
        pipeline.operations.make_room_for_snapshots(first=day, last=day + MONTHS_AHEAD)


@begins_with(make_room_for_snapshots)
def snapshot_pipeline(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Keep what the open deals look like tonight: what moved, and what stood still, is read from these pictures."""
    if now - as_of(run) > STILL_TODAY:
        return StepResult(detail={"why_skipped": "past"})  # the past can be reckoned, not photographed
    day = closing_day(organization, as_of(run))
    written = pipeline.operations.snapshot_open_opportunities(
        organization=organization, snapshot_date=day, taken_at=now
    )
    return StepResult(rows_read=written, rows_written=written, detail={"day": day.isoformat()})


def learn(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Learn from outcomes who buys, weekly or when there is something new to learn from; scores follow it at once."""
    outcome = coe.operations.learn_in_the_night(organization=organization, as_of=as_of(run), now=now, run=run)
    return StepResult(
        rows_read=outcome.rows,
        rows_written=int(outcome.model is not None),
        skipped=int(not outcome.because),
        model_version="" if outcome.model is None else outcome.model.name,
        detail=dict(outcome.as_json()),
    )


def score_in_pieces(*, organization: Organization, run: Run, now: datetime) -> None:
    """Score what can be done in pieces; workers that are free take some of them."""
    coe.operations.score_ahead(organization=organization, run=run, as_of=as_of(run), scored_at=now)


@begins_with(score_in_pieces)
def score_accounts(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Score every account; the scores wait until the week is planned, which gives everybody a place."""
    outcome = coe.operations.score_all(organization=organization, run=run, as_of=as_of(run), scored_at=now)
    run.data_up_to = outcome.background.data_up_to
    run.save(update_fields=["data_up_to"])
    return StepResult(
        rows_read=outcome.scored,
        rows_written=outcome.scored,
        skipped=outcome.amounts_left_out,
        model_version=outcome.model_version,
        detail={
            "base_rate": outcome.base_rate,
            "intercept": outcome.intercept,
            "accounts": outcome.background.accounts,
            "positives": outcome.background.positives,
            "horizon_days": outcome.background.horizon_days,
            "currency": outcome.background.currency,
            "state": outcome.state,
            "note": outcome.note,
        },
    )


def value_accounts(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Say what each account is worth: lifetime value, wallet, what else it could buy, what acting may change."""
    outcome = coe.operations.value_accounts(organization=organization, run=run, as_of=as_of(run))
    return StepResult(
        rows_read=outcome.valued,
        rows_written=outcome.written,
        detail={"currency": outcome.currency, "margin": outcome.margin, "notes": list(outcome.notes)},
    )


def plan_week(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Fill the week of everybody who owns accounts with what brings most an hour, rank and publish by the same."""
    outcome = coe.operations.plan_week(organization=organization, run=run, as_of=as_of(run), planned_at=now)
    return StepResult(
        rows_read=outcome.accounts,
        rows_written=outcome.written,
        detail={
            "people": outcome.teams,
            "hours": outcome.hours,
            "planned_hours": outcome.planned_hours,
            "planned": outcome.planned,
            "value_minor": outcome.value_minor,
            "lost_minor": outcome.lost_minor,
            "currency": outcome.currency,
            "ranked": 0 if outcome.published is None else len(outcome.published.rank),
            "checksum": "" if outcome.published is None else outcome.published.checksum,
            "fairness": slots_and_potential(organization=organization),
        },
    )


def keep_overrides(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Put the scores that people set by hand back into their places, and mark those that want a second look."""
    kept, ended = pipeline.operations.keep_overrides(
        organization=organization, today=local_day(organization, now), now=now
    )
    pairs = to_check(organization=organization)
    deals = to_check(organization=organization, purpose=Purpose.OPPORTUNITY_WIN)
    pairs |= {(f"deal_{title}", name) for title, name in deals}
    pipeline.operations.mark_to_check(organization=organization, pairs=pairs)
    return StepResult(rows_read=kept + ended, rows_written=kept + ended, detail={"kept": kept, "ended": ended})


def learn_stage_days(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Learn from won deals how long one usually stays in each stage: who stands longer is shown."""
    done = coe.operations.learn_stage_days(organization=organization, as_of=as_of(run))
    return StepResult(rows_read=done.stays, rows_written=done.written, detail={"stages": done.stages})


def learn_season(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Learn from whole past years how won business falls on the months: quotas are laid by it."""
    done = coe.operations.learn_season(organization=organization, as_of=as_of(run))
    return StepResult(rows_read=done.years, rows_written=int(done.is_new), detail={"years": done.years})


def train_deal_models(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Learn from closed deals how open ones will end, when a week has passed or there is more to learn from."""
    done = coe.operations.learn_from_deals_in_the_night(organization=organization, as_of=as_of(run), now=now)
    return StepResult(
        rows_read=done.deals,
        rows_written=len(done.trained),
        detail={
            "why_not": done.why_not,
            "queued": done.queued,
            "error": done.error,
            "models": [
                {"purpose": one.purpose, "version": one.version, "sentence": one.sentence, "decision": one.decision}
                for one in done.trained
            ],
        },
    )


def score_opportunities(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Score every open deal: won, lost or later."""
    done = coe.operations.score_opportunities(organization=organization, run=run, as_of=as_of(run), scored_at=now)
    return StepResult(
        rows_read=done.scored,
        rows_written=done.scored,
        model_version=done.model_version,
        detail={"told": done.told, "state": done.state, "note": done.note},
    )


def forecast_periods(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Say what this and the next quarter and month will bring, of the whole and of each unit, and how sure that is."""
    done = coe.operations.forecast_periods(organization=organization, run=run, as_of=as_of(run))
    return StepResult(
        rows_read=done.deals,
        rows_written=done.written,
        skipped=sum(one["deals"] for one in done.left_out),
        detail={"told": done.told, "scored": done.scored, "left_out": done.left_out},
    )


def publish_changes(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Tell whoever listens that there are new scores, and which accounts changed their band."""
    changes = band_changes(organization=organization, run=run)
    at = as_of(run)
    insert_rows(
        organization=organization,
        model=DomainEvent,
        columns=("type", "subject_type", "subject_id", "payload", "source", "occurred_at", "recorded_at"),
        rows=(
            ("account.score_changed", "account", change.account_id, change.as_payload(run), "", at, now)
            for change in changes
        ),
    )
    record_event(
        organization=organization,
        type="score.published",
        subject=run,
        payload={"as_of": at.isoformat(), "band_changes": len(changes)},
        actor=run.requested_by,
        occurred_at=now,
    )
    return StepResult(rows_read=len(changes), rows_written=len(changes) + 1)


def purge_imports(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Remove the files of old imports, and what lay between them and the records."""
    imports, size = integrations_purging.purge_imports(organization=organization, now=now)
    return StepResult(rows_read=imports, rows_written=imports, detail={"megabytes": round(size / 1024 / 1024, 1)})


STEPS = (
    ("snapshot_pipeline", snapshot_pipeline),
    ("learn", learn),
    ("score_accounts", score_accounts),
    ("learn_stage_days", learn_stage_days),
    ("learn_season", learn_season),
    ("train_deal_models", train_deal_models),
    ("score_opportunities", score_opportunities),
    ("forecast_periods", forecast_periods),
    ("value_accounts", value_accounts),
    ("plan_week", plan_week),
    ("keep_overrides", keep_overrides),
    ("publish_changes", publish_changes),
    ("purge_imports", purge_imports),
)


def as_of(run: Run) -> datetime:
    """Return the moment that the night looks at."""
    return run.as_of or run.created_at


def closing_day(organization: Organization, at: datetime) -> date:
    """Return the working day that a night closes: one that begins at two in the morning closes the day before."""
    return (local_time(organization, at) - NIGHT_BELONGS_TO_THE_DAY_BEFORE).date()
