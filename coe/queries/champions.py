"""The model that counts, ready to score; and what stands in for it when its file can't be used."""

import datetime
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coe.models import ModelStatus, TrainedModel, TrainedModelFile
from coe.scoring.card import RuleCard
from tenancy.models import Organization

if TYPE_CHECKING:
    from coe.scoring.reasons import Typical
    from coe.scoring.selection import Scorer

MOST_TRIED = 3
RULES = "rules"  # coe.scoring.selection.State, which brings SciPy with it


@dataclass(frozen=True, slots=True)
class Champion:
    """What scores tonight. Without a scorer the rule card in force does, and where there is none the base rate."""

    model: TrainedModel | None
    scorer: "Scorer | None"
    note: str = ""  # what was used instead of what, and why; empty when all is well

    @property
    def model_version(self) -> str:
        """How a score says which model made it: the version with what it rests on; empty where the card does."""
        return "" if self.model is None or self.scorer is None else self.model.name

    @property
    def card(self) -> RuleCard | None:
        """The rule card whose points the scorer was trained on."""
        if self.model is None or self.model.card_version is None:
            return None
        return RuleCard(points=self.model.card_points, version=self.model.card_version)


def champion(
    *,
    organization: Organization,
    purpose: str,
    as_of: datetime.datetime | None = None,
    instead: str = "The rule card",
) -> Champion:
    """Return the version that counts; if its file is damaged, the one before it that isn't, and say so.

    A version that found the rule card best has no scorer of its own: tonight's card and base rate count. ``as_of``
    keeps out what was learnt from later outcomes: a score of last March must not know of April. ``instead`` is what is
    used when no version can be.
    """
    damaged: list[str] = []
    for model in _by_turns(organization, purpose, as_of):
        if model.state == RULES and model.card_version is not None and not damaged:
            return Champion(model, None)
        scorer, why = scorer_of(organization=organization, model=model)
        if scorer is not None:
            instead = f" Version {model.version} is used instead." if damaged else ""
            return Champion(model, scorer, f"{' '.join(damaged)}{instead}")
        damaged.append(f"Version {model.version} can't be used: {why}")
    return Champion(None, None, f"{' '.join(damaged)} {instead} is used instead." if damaged else "")


def _by_turns(organization: Organization, purpose: str, as_of: datetime.datetime | None) -> Iterator[TrainedModel]:
    versions = TrainedModel.objects.for_organization(organization).answering(purpose)
    if as_of is not None:
        versions = versions.exclude(trained_until__gt=as_of)
    live = versions.live().first()
    earlier = versions.once_live() if live is None else versions.once_live().filter(version__lt=live.version)
    if live is not None:
        yield live
    if live is not None or as_of is not None:
        yield from earlier[: MOST_TRIED - 1]


def scorer_of(*, organization: Organization, model: TrainedModel) -> tuple["Scorer | None", str]:
    """Return the scorer of a version, or none and the reason in a sentence."""
    from coe.scoring import model_files  # SciPy comes with it, and few processes need that

    file = TrainedModelFile.objects.for_organization(organization).filter(model=model).first()
    if file is None:
        return None, "its file is missing."
    data = bytes(file.data)
    if hashlib.sha256(data).hexdigest() != file.checksum:
        return None, "its file is damaged: the checksum doesn't match."
    try:
        return model_files.load(data).scorer, ""
    except model_files.UnusableModelError as error:
        return None, str(error)


def trained_models(*, organization: Organization, purpose: str | None = None) -> list[TrainedModel]:
    """Return the versions, the live one first, then the newest."""
    found = TrainedModel.objects.for_organization(organization)
    found = found.filter(purpose=purpose) if purpose else found
    return sorted(found, key=lambda one: (one.purpose, one.status != ModelStatus.CHAMPION, -one.version))


def typical_of(model: TrainedModel) -> "Typical":
    """Return what a version's reasons compare with."""
    from coe.scoring.reasons import Typical

    return Typical(model.typical, model.columns)
