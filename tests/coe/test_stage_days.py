"""What won deals teach of stages: how long one usually stays, and when that is late."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from coe.forecasting.stays import usual_stays
from coe.operations import learn_stage_days
from pipeline.operations import move_stage
from tenancy.models import Organization
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.records import MORNING, a_deal, a_stage

LATER = MORNING + timedelta(days=400)


def a_won_deal(organization: Organization, days: int, name: str) -> None:
    """A deal that stayed so long in its first stage, and was won."""
    deal = a_deal(organization, name=name)
    for stage, at in (("Proposal", days), ("Won", days + 10)):
        move_stage(
            organization=organization,
            opportunity=deal,
            stage=a_stage(organization, stage),
            version=deal.version,
            actor=None,
            moved_at=MORNING + timedelta(days=at),
        )


def learnt(organization: Organization, as_of: datetime, stage: str = "Qualify") -> tuple[int, int, int]:
    learn_stage_days(organization=organization, as_of=as_of)
    found = a_stage(organization, stage)
    return found.usual_days, found.late_days, found.learned_from


def test_few_stays_move_what_people_set_a_little_and_many_take_over() -> None:
    few = usual_stays(stage=np.zeros(2, dtype=np.int64), days=np.array([50.0, 50.0]), priors={0: 20.0})[0]
    many = usual_stays(stage=np.zeros(2_000, dtype=np.int64), days=np.full(2_000, 50.0), priors={0: 20.0})[0]

    assert few.usual_days == round((2 * 50 + 20 * 20) / 22)
    assert many.usual_days == 50
    assert few.usual_days < few.late_days


@pytest.mark.parametrize(("stays", "says"), [(4, {}), (5, {0: 7})])
def test_where_nobody_set_anything_five_stays_are_needed(stays: int, says: dict[int, int]) -> None:
    found = usual_stays(stage=np.zeros(stays, dtype=np.int64), days=np.full(stays, 7.0), priors={0: 0.0, 1: 0.0})

    assert {code: one.usual_days for code, one in found.items()} == says


def test_the_night_learns_from_won_deals_of_ones_own_as_they_were_known(cast: Cast) -> None:
    with organization_scope(cast.globex):
        for number in range(30):
            a_won_deal(cast.globex, 300, f"Theirs {number}")
    with organization_scope(cast.acme):
        assert learnt(cast.acme, LATER) == (15, 23, 0)
        for number in range(20):
            a_won_deal(cast.acme, 41, f"Ours {number}")

        assert learnt(cast.acme, MORNING + timedelta(days=45)) == (15, 23, 0)  # none of them was won by then
        # 41 days hold 30 working days: halfway between those and the 15 that are set.
        assert learnt(cast.acme, LATER) == (22, 26, 20)
        stage = a_stage(cast.acme)
        assert (stage.expected_days, stage.version) == (15, 1)
