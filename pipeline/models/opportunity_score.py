"""Scores of deals: won, lost or later. The result is kept here, the method belongs to the centre of excellence."""

from django.db import models
from django.db.models import Q

from tenancy.tenant_model import TenantForeignKey, TenantModel


class OpportunityScore(TenantModel):
    """What the last run that saw the deal open said of it: the chance to win, and to close later than its quarter.

    It stays when the deal closes, so that one that is opened again goes on from where it was.
    """

    opportunity = TenantForeignKey("pipeline.Opportunity", models.CASCADE, related_name="scores")
    run = TenantForeignKey("tenancy.Run", models.PROTECT)
    score = models.SmallIntegerField()
    previous_score = models.SmallIntegerField(null=True)
    probability = models.FloatField(help_text="To be won in the end.")
    low = models.FloatField(null=True, help_text="The 95 % interval of that probability.")
    high = models.FloatField(null=True)
    slip_probability = models.FloatField(null=True, help_text="To close later than the quarter it is planned for.")
    rank = models.IntegerField(help_text="By chance × amount among the open deals.")
    reasons = models.JSONField(default=list)
    state = models.TextField(help_text="What the score rests on: a code of coe.scoring.selection.State.")
    model_version = models.TextField()
    as_of = models.DateTimeField()
    scored_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "opportunity"], name="opportunity_score_one_each"),
            models.CheckConstraint(condition=Q(score__gte=1, score__lte=99), name="opportunity_score_range"),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1), name="opportunity_score_chance"
            ),
            models.CheckConstraint(
                condition=Q(slip_probability__isnull=True) | Q(slip_probability__gte=0, slip_probability__lte=1),
                name="opportunity_score_slip",
            ),
            models.CheckConstraint(condition=Q(rank__gte=1), name="opportunity_score_rank"),
        ]
        indexes = [
            models.Index(fields=["organization", "rank", "opportunity"], name="opportunity_score_by_rank"),
            models.Index(fields=["organization", "score", "opportunity"], name="opportunity_score_by_score"),
        ]

    def __str__(self) -> str:
        return f"{self.score} (rank {self.rank})"

    @property
    def change(self) -> int | None:
        """Points won or lost since the run before, None at first."""
        return None if self.previous_score is None else self.score - self.previous_score

    @property
    def interval(self) -> tuple[int, int] | None:
        """Between which per cents the chance lies, where outcomes say so."""
        return None if self.low is None or self.high is None else (round(100 * self.low), round(100 * self.high))

    @property
    def in_time(self) -> tuple[int, int, int] | None:
        """Won and lost within the quarter it is planned for, and later, in per cent that add up to 100."""
        if self.slip_probability is None:
            return None
        won = round(100 * self.probability * (1 - self.slip_probability))
        later = round(100 * self.slip_probability)
        return won, 100 - won - later, later
