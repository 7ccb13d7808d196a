"""What is learnt of a simulated company against its planted truth: never worse than the card, better with outcomes.

The truth gives each account's propensity, so that the expected log-loss of a probability is known without the luck of
who bought. `make test-long` adds larger companies.
"""

import os
from datetime import timedelta

import numpy as np
import pytest

from coe.operations import learn_accounts
from coe.queries import account_features, market, method_in_force
from coe.scoring.card import RuleCard
from coe.scoring.features import card_probabilities, signal_points
from simulation.company import draw_company
from simulation.loader import load_company
from simulation.profile import DRIVES
from tenancy.scoping import organization_scope
from tests.simulation.conftest import END_DATE

pytestmark = pytest.mark.django_db
SMALL = [(20, 31), (20, 32)]
LARGE = [(120, 33), *([(500, 34), (2_000, 35)] if "AGILE_SALES_LONG" in os.environ else [])]


def expected_loss(propensity, probability):
    """The log-loss that these probabilities cost on average."""
    p = np.clip(probability, 0.005, 0.995)
    return float(np.mean(-propensity * np.log(p) - (1 - propensity) * np.log(1 - p)))


def losses(accounts, seed):
    """Return the learnt version, and the expected log-loss of its probabilities and of the card's."""
    company = draw_company(DRIVES, accounts=accounts, seed=seed, end_date=END_DATE)
    loaded = load_company(company, slug=f"s{seed}", name="Acme Drives")
    organization, later = loaded.organization, company.cut + timedelta(hours=2)
    with organization_scope(organization):
        model = learn_accounts(organization=organization, as_of=company.cut, trained_at=later).model
        method = method_in_force(organization=organization, as_of=later)
        background = market(organization=organization, as_of=company.cut, horizon_days=90)
        (block,) = account_features(organization=organization, as_of=company.cut, background=background)
        points = signal_points(block, RuleCard())
        by_card, _ = card_probabilities(points, rate=background.base_rate)
        learnt = by_card if method.scorer is None else method.scorer.probabilities(block.table, points)
    truth = dict(zip(loaded.accounts, (one.propensity for one in company.truth), strict=True))
    propensity = np.array([truth[account] for account in block.uuids()])
    return model, expected_loss(propensity, learnt), expected_loss(propensity, by_card)


@pytest.mark.parametrize(("accounts", "seed"), SMALL)
def test_with_few_outcomes_it_is_not_worse_than_the_card(accounts, seed, monkeypatch):
    monkeypatch.setattr("coe.queries.training.MOST_MONTHS", 6)
    model, learnt, card = losses(accounts, seed)

    assert model.positives < 80, "a case for this test"
    assert learnt < card + 0.01


@pytest.mark.parametrize(("accounts", "seed"), LARGE)
def test_with_many_outcomes_it_is_better_than_the_card(accounts, seed):
    model, learnt, card = losses(accounts, seed)

    assert model.positives > 80
    assert learnt < card - 0.02
    slope = model.metrics["calibration_slope"]["value"]
    assert 0.7 < slope < 1.4
    assert model.metrics["ece_beyond_chance"]["value"] < 0.05
