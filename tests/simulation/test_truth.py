"""The planted truth: it says who buys, and it can be guessed from the past, though not too well."""

import json
import stat
from pathlib import Path

import numpy as np

from simulation.company import Company
from simulation.truth import write_truth


def test_about_every_fifth_account_buys(drives: Company) -> None:
    bought = np.array([truth.bought for truth in drives.truth])

    assert 0.15 < bought.mean() < 0.30


def test_the_propensity_is_calibrated(drives: Company) -> None:
    propensity = np.array([truth.propensity for truth in drives.truth])
    bought = np.array([truth.bought for truth in drives.truth])

    for low, high in [(0, 0.1), (0.1, 0.3), (0.3, 0.7), (0.7, 1.01)]:
        inside = (propensity >= low) & (propensity < high)
        assert abs(bought[inside].mean() - propensity[inside].mean()) < 0.08


def test_knowing_it_all_finds_buyers_and_not_all_of_them(drives: Company) -> None:
    order = np.argsort([-truth.propensity for truth in drives.truth])
    bought = np.array([truth.bought for truth in drives.truth])[order]
    lift = bought[:200].mean() / bought.mean()

    assert 3 < lift < 5
    assert bought[:200].mean() < 0.97


def test_inquiries_announce_purchases(drives: Company) -> None:
    recently = {
        activity.account
        for activity in drives.activities
        if activity.kind == "inquiry" and (drives.cut - activity.occurred_at).days < 14
    }
    bought = np.array([truth.bought for truth in drives.truth])
    asked = np.array([place in recently for place in range(len(drives.accounts))])

    assert asked.sum() > 25
    assert bought[asked].mean() > 1.5 * bought[~asked].mean()


def test_those_who_buy_say_when_and_how_much(drives: Company) -> None:
    for truth in drives.truth:
        assert truth.bought == (truth.value_minor > 0) == (truth.first_bought_on is not None)
        assert truth.first_bought_on is None or truth.first_bought_on > drives.end_date


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "truth.json"

    write_truth(path, {"seed": 1, "accounts": [{"external_id": "A-00001", "bought": True}]})

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["accounts"][0]["bought"] is True
