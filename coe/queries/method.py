"""By what accounts are scored: the rule card in force, corrected or replaced by the model that counts."""

import datetime
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coe.models import Purpose, RuleCard, ScoringPlan, SilencePlan, TrainedModel
from coe.queries.champions import champion, scorer_of
from coe.scoring import card as cards
from coe.scoring.fairness import corrections
from tenancy.models import Organization

if TYPE_CHECKING:
    from coe.scoring.selection import Scorer


@dataclass(frozen=True, slots=True)
class Method:
    """A rule card, and the model that looks at its points beside the features, if one counts."""

    card: cards.RuleCard
    model: TrainedModel | None = None
    scorer: "Scorer | None" = None
    note: str = ""  # what is used instead of what, and why

    @property
    def model_version(self) -> str:
        """How a score says which method made it."""
        return self.card.model_version if self.model is None else self.model.name

    @property
    def state(self) -> str:
        """What its scores rest on: a code of ``coe.scoring.selection.State``."""
        return "rules" if self.model is None else self.model.state


def territory_corrections(model: TrainedModel | None) -> dict[str, float]:
    """Return what a version adds to the log-odds of territories; one that found no signal treats everybody alike."""
    return {} if model is None or model.state not in ("rules_corrected", "learned") else corrections(model.metrics)


def _put_right(scorer: "Scorer", model: TrainedModel | None) -> "Scorer":
    """Return the scorer with the levels of its territories: whoever scores an account again finds the same."""
    return replace(scorer, territories=territory_corrections(model))


@dataclass(frozen=True, slots=True)
class Silence:
    """What says who falls silent; without a scorer the rhythm of purchases does."""

    model: TrainedModel | None = None
    scorer: "Scorer | None" = None
    note: str = ""


def card_in_force(*, organization: Organization, as_of: datetime.datetime) -> cards.RuleCard:
    """Return the organisation's card of that moment, else the one we ship."""
    own = RuleCard.objects.for_organization(organization).active_on(as_of).first()
    return cards.RuleCard(points=own.points, version=own.version) if own else cards.RuleCard()


def method_in_force(
    *, organization: Organization, as_of: datetime.datetime, known_at: datetime.datetime | None = None
) -> Method:
    """Return what scores accounts at that moment, learnt from nothing that came after ``known_at``."""
    card = card_in_force(organization=organization, as_of=as_of)
    live = champion(organization=organization, purpose=Purpose.ACCOUNT_PURCHASE, as_of=known_at)
    if live.scorer is None:
        return Method(card, note=live.note)
    return Method(live.card or card, live.model, _put_right(live.scorer, live.model), live.note)


def silence_in_force(*, organization: Organization, known_at: datetime.datetime) -> Silence:
    """Return what says who falls silent, learnt from nothing that came after ``known_at``.

    Where the points of its signs are the best that was found, the version that found it says so with them.
    """
    live = champion(
        organization=organization,
        purpose=Purpose.ACCOUNT_SILENCE,
        as_of=known_at,
        instead="The rhythm of purchases",
    )
    scorer = live.scorer
    if live.model is not None and scorer is None:
        scorer, _ = scorer_of(organization=organization, model=live.model)
    return Silence(None if scorer is None else live.model, scorer, live.note)


def method_of(*, organization: Organization, plan: ScoringPlan) -> Method:
    """Return what a plan's scores were made by, also after another model or card has come into force.

    :raises LookupError: if its model can't be used any more.
    """
    card = cards.RuleCard(points=plan.card_points, version=plan.card_version)
    if plan.model is None:
        return Method(card, note=plan.note)
    scorer, why = scorer_of(organization=organization, model=plan.model)
    if scorer is None:
        raise LookupError(why)
    return Method(card, plan.model, _put_right(scorer, plan.model), plan.note)


def silence_of(*, organization: Organization, plan: ScoringPlan) -> Silence:
    """Return what a plan's chances to fall silent were made by; without a scorer there are none."""
    kept = SilencePlan.objects.for_organization(organization).filter(plan=plan).select_related("model")
    found = kept.defer("data").first()
    if found is None or found.model is None:
        return Silence(note="" if found is None else found.note)
    scorer, why = scorer_of(organization=organization, model=found.model)
    return Silence(found.model, scorer, found.note or why)
