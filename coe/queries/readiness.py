"""Whether it is time to learn anew, and from how much."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from coe.models import TrainedModel
from coe.queries.background import rows
from coe.queries.champions import champion
from coe.scoring.card import RuleCard
from tenancy.models import Organization
from tenancy.working_time import local_day

EVERY = datetime.timedelta(days=7)
NOT_BEFORE = datetime.timedelta(days=2)  # whatever has changed: a model is no weather-cock
MORE_PURCHASES, FEWEST_MORE = 1.1, 10

FEWEST = 10  # outcomes, as `coe.scoring.selection` has it, which brings SciPy with it

# Not to the letter what is learnt from (a deal may have been won at another time then), but enough to say "enough".
PURCHASES = """
SELECT count(*) FROM (
    SELECT DISTINCT account_id, order_date FROM pipeline_order
     WHERE organization_id = %(org)s AND deleted_at IS NULL AND status <> 'cancelled' AND amount_minor >= 0
       AND order_date <= %(today)s AND recorded_at <= %(as_of)s
    UNION
    SELECT account_id, closed_at::date FROM pipeline_opportunity
     WHERE organization_id = %(org)s AND deleted_at IS NULL AND outcome = 'won' AND closed_at <= %(as_of)s
       AND recorded_at <= %(as_of)s
) bought
"""


@dataclass(frozen=True, slots=True)
class Readiness:
    """``because`` says why it is time to learn, ``why_not`` why it isn't; one of them is empty."""

    purchases: int
    because: str = ""
    why_not: str = ""


def readiness(
    *,
    organization: Organization,
    purpose: str,
    as_of: datetime.datetime,
    card: RuleCard,
    horizon_days: int,
    drifted: bool = False,
    beside: Collection[str] = (),
) -> Readiness:
    """Return whether it is time to learn anew: weekly, or earlier when there is something new to learn.

    ``beside`` are the questions that the same months teach: their files count, too.
    """
    purchases = purchases_known(organization=organization, as_of=as_of)
    if purchases < FEWEST:
        return Readiness(purchases, why_not=f"Not enough outcomes yet ({purchases} of {FEWEST}).")
    versions = TrainedModel.objects.for_organization(organization).answering(purpose)
    newest = versions.filter(trained_until__lte=as_of).first()
    if newest is None or newest.trained_until is None:
        return Readiness(purchases, "There was no model yet.")
    age = as_of - newest.trained_until
    if any(is_damaged(organization=organization, purpose=one, as_of=as_of) for one in (purpose, *beside)):
        return Readiness(purchases, "The file of the version that counts can't be used.")
    if newest.card_version != card.version or newest.card_points != dict(card.points):
        return Readiness(purchases, "The rule card was revised.")
    if newest.horizon_days != horizon_days:
        return Readiness(purchases, f"The horizon is {horizon_days} days now.")
    if age >= EVERY:
        return Readiness(purchases, "A week has passed.")
    if age >= NOT_BEFORE:
        before = newest.purchases_known or 0
        if purchases >= max(MORE_PURCHASES * before, before + FEWEST_MORE):
            return Readiness(purchases, f"{purchases - before} purchases have come since.")
        if drifted:
            return Readiness(purchases, "The inputs have drifted.")
    return Readiness(purchases, why_not=f"Version {newest.version} is {age.days} days old.")


def is_damaged(*, organization: Organization, purpose: str, as_of: datetime.datetime) -> bool:
    """Tell whether the version that counts can't be used: what stands in for it should not do so for a week."""
    return bool(champion(organization=organization, purpose=purpose, as_of=as_of).note)


def purchases_known(*, organization: Organization, as_of: datetime.datetime) -> int:
    """Return how many purchases are known, one a customer and day."""
    given = {"org": organization.pk, "as_of": as_of, "today": local_day(organization, as_of)}
    ((count,),) = rows(PURCHASES, given)
    return int(count)
