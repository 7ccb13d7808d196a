"""How the model in use has held, and whom it is too sure about."""

from typing import Any

from coe.models import ModelQuality, Purpose, TrainedModel
from coe.queries.method import territory_corrections
from tenancy.models import Organization


def latest_quality(*, organization: Organization, model: TrainedModel) -> ModelQuality | None:
    """Return the last look at a version, if there was one."""
    found: ModelQuality | None = (
        ModelQuality.objects.for_organization(organization).filter(model=model).order_by("-as_of").first()
    )
    return found


def quality_panels(*, organization: Organization, model: TrainedModel) -> dict[str, list[dict[str, Any]]]:
    """Return said against come by segment and territory: of the scores in use, else of the training's trials."""
    look = latest_quality(organization=organization, model=model)
    found: dict[str, list[dict[str, Any]]] = look.by if look is not None and look.by else model.metrics.get("by", {})
    return found


def to_check(*, organization: Organization, purpose: str = Purpose.ACCOUNT_PURCHASE) -> set[tuple[str, str]]:
    """Return the segments and territories, as ("segment", "Marine"), whose scores a person should check.

    The live model is too sure of itself about them: less came than was said, beyond chance and by a fifth or more.
    """
    live = TrainedModel.objects.for_organization(organization).answering(purpose).live().first()
    if live is None:
        return set()
    look = latest_quality(organization=organization, model=live)
    panels = look.by if look is not None and look.by else live.metrics.get("by", {})
    # A territory that was found wanting in the trials is put right by its own intercept; use shows whether that holds.
    corrected = set() if look is not None and look.by else set(territory_corrections(live))
    return {
        (title, one["name"])
        for title, rows in panels.items()
        for one in rows
        if one["held"] == "too_sure" and not (title == "territory" and one["name"] in corrected)
    }
