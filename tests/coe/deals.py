"""Deals to learn from, and deals to score."""

from uuid import UUID

import numpy as np

from pipeline.models import CustomColumn, CustomValues, Opportunity, OpportunityHistory
from tests.coe.records import Records, at


def learnable(records: Records, count: int = 160) -> list[Opportunity]:
    """Closed deals of which those with a budget are mostly won, with the columns that a file would bring."""
    chance = np.random.default_rng(7)
    stages = {name: records.stage(name) for name in ("Qualify", "Won", "Lost")}
    account = [records.account(f"Firm {number}") for number in range(count // 4)]
    CustomColumn.objects.bulk_create(
        CustomColumn(organization=records.organization, record="opportunity", key=key, name=name, kind=kind)
        for key, name, kind in (("budget", "Budget ok?", "flag"), ("shipped", "Delivered on", "date"))
    )
    deals, values, history = [], [], []
    for number in range(count):
        budget = bool(chance.random() < 0.5)
        won = chance.random() < (0.8 if budget else 0.2)
        days = 30 + 600 * (number + 0.5) / count
        deal = Opportunity(
            id=UUID(int=int(chance.integers(2**62))),  # moments are drawn by it
            organization=records.organization,
            account=account[number % len(account)],
            external_id=f"c{number}",
            pipeline=stages["Won"].pipeline,
            stage=stages["Won" if won else "Lost"],
            outcome="won" if won else "lost",
            name=f"Closed {number}",
            opened_at=at(days + 20),
            closed_at=at(days),
            stage_entered_at=at(days),
            close_date=at(days).date(),
            recorded_at=at(days + 20),
        )
        deals.append(deal)
        kept = {"budget": budget} | ({"shipped": "2026-05-01"} if won else {})
        values.append(
            CustomValues(
                organization=records.organization,
                opportunity=deal,
                values=kept,
                known_at=at(days + 20),
                reconstructed=True,
            )
        )
        history += [
            OpportunityHistory(
                organization=records.organization,
                opportunity=deal,
                field="stage",
                new=new,
                new_stage=stages[new],
                old_stage=stages[old] if old else None,
                old=old,
                occurred_at=at(when),
                recorded_at=at(when),
            )
            for old, new, when in (("", "Qualify", days + 20), ("Qualify", deal.stage.name, days))
        ]
    Opportunity.objects.bulk_create(deals)
    CustomValues.objects.bulk_create(values)
    OpportunityHistory.objects.bulk_create(history)
    return deals


def an_open_deal(records: Records, name: str, *, budget: bool | None = None, days: float = 10) -> Opportunity:
    deal = records.deal(records.account(f"Firm of {name}"), name=name, days=days, close_date=at(-20).date())
    records.moved(deal, "", "Qualify", days=days)
    if budget is not None:
        CustomValues.objects.create(
            organization=records.organization, opportunity=deal, values={"budget": budget}, known_at=at(days)
        )
    return deal
