"""Scoring all the accounts of an organisation."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from coe.models import RuleCard, ScoringRun
from coe.queries import Market, account_facts, market
from coe.scoring import card as cards
from coe.scoring.facts import AccountFacts
from coe.scoring.ranking import BandCuts, RankedAccount, ranked
from coe.scoring.value import stake_of
from pipeline.operations import NewScore, record_scores
from tenancy.models import Organization, Run


@dataclass(frozen=True)
class ScoringOutcome:
    """What a scoring run did."""

    scored: int
    model_version: str
    base_rate: float
    intercept: float
    background: Market
    amounts_left_out: int  # accounts with amounts in a currency that could not be counted


@transaction.atomic
def score_accounts(
    *, organization: Organization, run: Run, as_of: datetime.datetime, scored_at: datetime.datetime
) -> ScoringOutcome:
    """Score and rank every account as it was known at ``as_of`` and make these the scores that count.

    The number answers one question: will the account buy within the horizon? Its place in the list answers another
    one: how much is at stake. Running it again for the same run replaces that run's scores.

    :raises coe.scoring.ranking.BandCutsError: if the organisation's band cuts can't be used.
    """
    cuts = BandCuts.from_settings(organization.setting("score_bands"))
    background = market(organization=organization, as_of=as_of, horizon_days=organization.setting("score_horizon_days"))
    scorer = cards.RuleCardScorer(card_in_force(organization=organization, as_of=scored_at), rate=background.base_rate)
    stakes = {}

    def facts() -> Iterator[AccountFacts]:
        # Facts pass through once: of a hundred thousand accounts only the scores and the stakes stay in memory.
        for account in account_facts(organization=organization, as_of=as_of, background=background):
            stakes[account.account_id] = stake_of(account, most_minor=background.most_deal_minor)
            yield account

    order = ranked(scorer.score(facts()), stakes, cuts=cuts, seed=str(organization.pk))
    record_scores(
        organization=organization,
        run=run,
        scores=(_new_score(account) for account in order),
        model_version=scorer.model_version,
        as_of=as_of,
        scored_at=scored_at,
        data_up_to=background.data_up_to,
    )
    ScoringRun.objects.update_or_create(
        organization=organization,
        run=run,
        defaults={
            "model_version": scorer.model_version,
            "horizon_days": background.horizon_days,
            "accounts": background.accounts,
            "positives": background.positives,
            "base_rate": background.base_rate,
            "intercept": scorer.intercept,
            "scored": len(order),
            "currency": background.currency,
            "as_of": as_of,
            "scored_at": scored_at,
        },
    )
    return ScoringOutcome(
        scored=len(order),
        model_version=scorer.model_version,
        base_rate=background.base_rate,
        intercept=scorer.intercept,
        background=background,
        amounts_left_out=sum(1 for stake in stakes.values() if stake.left_out),
    )


def card_in_force(*, organization: Organization, as_of: datetime.datetime) -> cards.RuleCard:
    """Return the organisation's card of that moment, else the one we ship."""
    own = RuleCard.objects.for_organization(organization).active_on(as_of).first()
    return cards.RuleCard(points=own.points, version=own.version) if own else cards.RuleCard()


def _new_score(account: RankedAccount) -> NewScore:
    return NewScore(
        account_id=account.scored.account_id,
        score=account.scored.score,
        probability=account.scored.probability,
        rank=account.rank,
        band=account.band,
        value_minor=account.value_minor,
        currency=account.stake.currency,
        value_basis=account.stake.as_json(),
        reasons=[reason.as_json() for reason in account.scored.reasons],
    )
