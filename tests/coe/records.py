"""Customer records for tests of scoring, made with one line each. Everything is known from the moment it happened."""

import datetime
from decimal import Decimal
from typing import Any

from pipeline import models
from tenancy.models import Organization

NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)
"""The moment at which these tests look."""


def at(days_ago: float) -> datetime.datetime:
    """Return the moment that many days before now."""
    return NOW - datetime.timedelta(days=days_ago)


class Records:
    """Makes the records of one organisation, inside its scope."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.numbers = iter(range(1, 1_000_000))

    def make(self, model: type[Any], *, known: datetime.datetime, **values: Any) -> Any:
        """Create a record that was known from that moment."""
        return model.objects.create(
            organization=self.organization,
            **{"recorded_at": known, "created_at": known, "updated_at": known, **values},
        )

    def account(self, name: str = "", *, days: float = 400, **values: Any) -> models.Account:
        """An account that was known so many days ago."""
        name = name or f"Account {next(self.numbers)}"
        return self.make(models.Account, known=at(days), name=name, **values)

    def contact(self, account: models.Account, name: str = "Sanne de Wit", **values: Any) -> models.Contact:
        """Somebody at an account."""
        return self.make(models.Contact, known=at(400), account=account, name=name, **values)

    def activity(self, account: models.Account, *, days: float, **values: Any) -> models.Activity:
        """Something that happened so many days ago."""
        values = {"kind": "meeting", "subject": "Visit", "known": at(days), **values}
        return self.make(models.Activity, account=account, occurred_at=at(days), **values)

    def usage(self, account: models.Account, *, days: float, kind: str = "portal_visit") -> models.UsageSignal:
        """Something the customer did online."""
        return self.make(models.UsageSignal, known=at(days), account=account, kind=kind, occurred_at=at(days))

    def answer(self, account: models.Account, score: int, *, days: float) -> models.SatisfactionResponse:
        """An answer to the survey."""
        return self.make(
            models.SatisfactionResponse, known=at(days), account=account, score=score, responded_at=at(days)
        )

    def product(self, name: str) -> models.Product:
        """Something we sell."""
        return self.make(models.Product, known=at(900), name=name)

    def order(
        self, account: models.Account, *, days: int, amount_minor: int = 100_000, currency: str = "EUR", **values: Any
    ) -> models.Order:
        """An order that was placed so many days ago."""
        values = {"number": f"SO-{next(self.numbers)}", "known": at(days), **values}
        return self.make(
            models.Order,
            account=account,
            order_date=at(days).date(),
            amount_minor=amount_minor,
            amount_exact=Decimal(amount_minor) / 100,
            currency=currency,
            **values,
        )

    def line(self, order: models.Order, product: models.Product, **values: Any) -> models.OrderLine:
        """A line of an order."""
        values = {"quantity": 1, "unit_price_e4": 100_000, **values}
        return self.make(models.OrderLine, known=order.recorded_at, order=order, product=product, position=1, **values)

    def stage(self, name: str, **values: Any) -> models.Stage:
        """A stage of the default process, made when it is first asked for."""
        pipeline, _ = models.Pipeline.objects.get_or_create(organization=self.organization, name="Sales")
        kinds = {"Won": "won", "Lost": "lost"}
        chances = {"Qualify": 1000, "Discover": 2000, "Solution": 3500, "Proposal": 5000, "Won": 10_000, "Lost": 0}
        defaults = {
            "position": len(name),
            "kind": kinds.get(name, "open"),
            "probability_bp": chances.get(name, 0),
            **values,
        }
        stage, _ = models.Stage.objects.get_or_create(
            organization=self.organization, pipeline=pipeline, name=name, defaults=defaults
        )
        return stage

    def deal(
        self,
        account: models.Account,
        *,
        stage: str = "Qualify",
        days: float,
        closed: float | None = None,
        amount_minor: int | None = 1_000_000,
        **values: Any,
    ) -> models.Opportunity:
        """A deal that was opened so many days ago, and closed so many days ago if at all."""
        place = self.stage(stage)
        values = {"name": f"Deal {next(self.numbers)}", "currency": "EUR", "known": at(days), **values}
        return self.make(
            models.Opportunity,
            account=account,
            pipeline=place.pipeline,
            stage=place,
            outcome=place.kind,
            opened_at=at(days),
            closed_at=None if closed is None else at(closed),
            stage_entered_at=at(closed if closed is not None else days),
            amount_minor=amount_minor,
            **values,
        )

    def moved(
        self, deal: models.Opportunity, old: str, new: str, *, days: float, recorded: float | None = None
    ) -> models.OpportunityHistory:
        """A change of stage in a deal's history."""
        return models.OpportunityHistory.objects.create(
            organization=self.organization,
            opportunity=deal,
            field="stage",
            old=old,
            new=new,
            old_stage=self.stage(old) if old else None,
            new_stage=self.stage(new),
            occurred_at=at(days),
            recorded_at=at(days if recorded is None else recorded),
        )
