"""The shipped rule card against the planted truth: scored as of the cut, held against what happened afterwards."""

from datetime import timedelta

import numpy as np
import pytest

from coe import operations
from pipeline.models import AccountScore
from simulation.company import Company, draw_company
from simulation.loader import load_company
from simulation.profile import DRIVES
from tenancy.models import Run
from tenancy.scoping import organization_scope
from tests.simulation.conftest import END_DATE

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def drives() -> Company:
    """A company large enough for a tenth of its accounts to prove something."""
    return draw_company(DRIVES, accounts=700, seed=21, end_date=END_DATE)


def test_the_best_tenth_buys_much_more_often_than_the_rest(drives: Company) -> None:
    loaded = load_company(drives, slug="acme", name="Acme Drives")
    organization = loaded.organization
    later = drives.cut + timedelta(hours=2)
    with organization_scope(organization):
        run = Run.objects.create(
            organization=organization,
            kind=Run.Kind.NIGHT,
            key="test",
            scheduled_for=drives.end_date,
            as_of=drives.cut,
            created_at=later,
        )
        operations.score_accounts(organization=organization, run=run, as_of=drives.cut, scored_at=later)
        probability = dict(AccountScore.objects.values_list("account_id", "probability"))
    guessed = np.array([probability[account] for account in loaded.accounts])
    bought = np.array([truth.bought for truth in drives.truth])
    best = np.argsort(-guessed, kind="stable")[: len(bought) // 10]
    buys, idles = guessed[bought], guessed[~bought]
    auc = np.mean(buys[:, None] > idles[None, :]) + np.mean(buys[:, None] == idles[None, :]) / 2

    assert bought[best].mean() / bought.mean() > 1.5
    assert 0.60 < auc < 0.92  # better than chance, and not so good that the simulation gives itself away
    assert guessed.mean() == pytest.approx(bought.mean(), abs=0.08)
