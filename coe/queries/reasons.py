"""Why accounts have their scores: for the first of each list every night, for others when somebody asks."""

import uuid
from collections.abc import Mapping, Sequence

from coe.models import ScoringPlan
from coe.queries.background import Market
from coe.queries.champions import typical_of
from coe.queries.facts import facts_of
from coe.queries.features import features_of
from coe.queries.method import Method, method_of
from coe.scoring.card import Reason, RuleCardScorer
from coe.scoring.facts import AccountFacts
from coe.scoring.features import signal_points, words_of
from coe.scoring.value import stake_of
from pipeline.operations import Explained
from tenancy.models import Organization

FEW = 200  # so many are looked up one by one
AT_ONCE = 5_000


def explained(
    *,
    organization: Organization,
    account_ids: Sequence[uuid.UUID],
    background: Market,
    method: Method,
    names: Mapping[str, str] | None = None,
) -> dict[uuid.UUID, Explained]:
    """Return reasons and the parts of the value at stake of these accounts, as they were known then.

    ``names`` are what people call columns that the organisation brought itself.
    """
    found: dict[uuid.UUID, Explained] = {}
    for start in range(0, len(account_ids), AT_ONCE):
        some = account_ids[start : start + AT_ONCE]
        found |= _explained(organization, some, background, method, names or {})
    return found


def explained_now(*, organization: Organization, account_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Explained]:
    """Return why accounts have the scores that are published; nothing where their method can't be used any more."""
    plans = ScoringPlan.objects.for_organization(organization).filter(published_at__isnull=False)
    plan = plans.select_related("model").order_by("-published_at").first()
    if plan is None or not account_ids:
        return {}
    try:
        method = method_of(organization=organization, plan=plan)
    except LookupError:
        return {}
    background = Market.from_json(plan.background)
    return explained(organization=organization, account_ids=account_ids, background=background, method=method)


def _explained(
    organization: Organization,
    account_ids: Sequence[uuid.UUID],
    background: Market,
    method: Method,
    names: Mapping[str, str],
) -> dict[uuid.UUID, Explained]:
    return {
        account.account_id: Explained(
            stake_of(account, most_minor=background.most_deal_minor).as_json(), [one.as_json() for one in why]
        )
        for account, why in reasons_of(
            organization=organization, account_ids=account_ids, background=background, method=method, names=names
        )
    }


def reasons_of(
    *,
    organization: Organization,
    account_ids: Sequence[uuid.UUID],
    background: Market,
    method: Method,
    names: Mapping[str, str] | None = None,
    most: int | None = None,
) -> list[tuple[AccountFacts, tuple[Reason, ...]]]:
    """Return the facts of these accounts, each with the reasons, of a learnt model the strongest ten, or ``most``."""
    words = names or {}
    few = len(account_ids) <= FEW
    facts = facts_of(organization=organization, account_ids=account_ids, background=background, few=few)
    scorer = RuleCardScorer(method.card, rate=background.base_rate)
    reasons: list[tuple[Reason, ...]] = [scorer.reasons(account) for account in facts]
    if method.scorer is not None and method.model is not None and facts:
        from coe.scoring.reasons import MOST, learned_reasons  # SciPy comes with it

        block = features_of(organization=organization, account_ids=account_ids, background=background, few=few)
        reasons = learned_reasons(
            method.scorer,
            block.table,
            typical=typical_of(method.model),
            segments=block.words("segment"),
            points=signal_points(block, method.card),
            card_reasons=reasons,
            facts=facts,
            words_of=lambda name: words.get(name) or words_of(name),
            most=most or MOST,
            currency=background.currency,
            margin_is_known=background.costs_known,
        )
    return list(zip(facts, reasons, strict=True))
