"""A past of deals in the database to forecast from: a simulated world, moved so that its last quarter is under way."""

import datetime
from uuid import UUID

import numpy as np

from benchmarks.forecast_worlds import QUARTER, a_world
from pipeline.models import Opportunity, OpportunityHistory
from tenancy.models import Member, Run
from tests.coe.records import NOW, Records

STAGES = ("Qualify", "Solution", "Proposal")


def a_past(
    records: Records, owners: list[Member], *, quarters: int = 8, deals: int = 12, now_is: datetime.datetime = NOW
) -> list[Opportunity]:
    """Write the deals of so many quarters up to now, each known from the moment on at which it happened."""
    world = a_world(quarters=quarters, deals=deals, shock=0.3, seed=11)
    book, now = world.book, quarters * QUARTER
    stages = [records.stage(name, position=place) for place, name in enumerate(STAGES)]
    won, lost = records.stage("Won"), records.stage("Lost")
    account = records.account("Nordbus", days=2_000)
    written, history = [], []

    def moment(day: float) -> datetime.datetime:
        return now_is - datetime.timedelta(days=now - day)

    for row in range(len(book)):
        if book.opened[row] > now:
            continue
        is_open = np.isinf(book.closed[row])
        stage = stages[int(book.stage_now[row])] if is_open else won if book.won[row] else lost
        due = moment(book.due_now[row]).date() if is_open else moment(book.closed[row]).date()
        written.append(
            Opportunity(
                id=UUID(int=(row + 1) << 64),
                organization=records.organization,
                account=account,
                owner=owners[row % len(owners)],
                external_id=f"past-{row}",
                name=f"Deal {row}",
                pipeline=stage.pipeline,
                stage=stage,
                outcome=stage.kind,
                amount_minor=round(100 * float(book.amount_now[row])),
                currency="EUR",
                close_date=due,
                opened_at=moment(book.opened[row]),
                closed_at=None if is_open else moment(book.closed[row]),
                stage_entered_at=moment(book.opened[row]),
                recorded_at=moment(book.opened[row]),
            )
        )
    known = {row.pk.int >> 64: row for row in written}

    def changed(row: int, day: float, field: str, **values: object) -> None:
        history.append(
            OpportunityHistory(
                organization=records.organization, opportunity=known[row + 1], field=field, occurred_at=moment(day),
                recorded_at=moment(day), **values,
            )
        )  # fmt: skip

    for row, day, old, new in zip(book.stages.deal, book.stages.at, book.stages.old, book.stages.new, strict=True):
        if row + 1 in known:
            after = stages[int(new)] if new >= 0 else won if book.won[row] else lost
            before = stages[int(old)] if old >= 0 else None
            changed(
                row, day, "stage", old=before.name if before else "", new=after.name, old_stage=before, new_stage=after
            )
    for row, day, old, new in zip(book.amounts.deal, book.amounts.at, book.amounts.old, book.amounts.new, strict=True):
        if row + 1 in known:
            before_minor = None if np.isnan(old) else round(100 * float(old))
            changed(row, day, "amount", old_amount_minor=before_minor, new_amount_minor=round(100 * float(new)))
    for row in range(len(book)):
        if row + 1 in known:
            changed(row, book.opened[row], "close_date", new=moment(book.due_now[row]).date().isoformat())
    Opportunity.objects.bulk_create(written, batch_size=2_000)
    OpportunityHistory.objects.bulk_create(history, batch_size=2_000)
    return written


def a_night(records: Records, key: str = "night", as_of: datetime.datetime = NOW) -> Run:
    """Return a run that forecasts can be kept of."""
    run: Run = Run.objects.create(
        organization=records.organization,
        kind=Run.Kind.NIGHT,
        key=key,
        status=Run.Status.RUNNING,
        scheduled_for=as_of.date(),
        as_of=as_of,
        created_at=as_of,
    )
    return run
