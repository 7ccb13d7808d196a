"""The grid's figures are those of the list of deals: for each role, in each grouping, with three currencies."""

from datetime import date, timedelta

import pytest

from pipeline.queries.forecast_grid import By
from pipeline.queries.forecast_sums import COLUMNS
from pipeline.queries.money import deal_total
from pipeline.queries.opportunities import OpportunityFilter, opportunities
from tenancy.access import Action, owner_filter, reach_of
from tenancy.conversion import converter_for
from tenancy.models import Member
from tenancy.rates import set_rates
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.forecast_records import NOW, TODAY, a_due_deal, close, grid_of, quarter
from tests.pipeline.records import an_account

pytestmark = pytest.mark.usefixtures("acme_scope")


@pytest.fixture
def world(cast: Cast) -> Cast:
    """Deals of everybody who sells and of nobody, open and closed, in four currencies of which one has no rate."""
    acme = cast.acme
    set_rates(organization=acme, rates={"USD": "0.91", "JPY": "0.0061"}, on=date(2026, 1, 1))
    set_rates(organization=acme, rates={"USD": "0.87", "JPY": "0.0063"}, on=TODAY - timedelta(days=3))
    accounts = [an_account(acme, name=f"Firm {one}", region=one, segment="key") for one in ("Benelux", "Nordics")]
    number = 0
    for owner in (cast.rui, cast.sil, cast.mia, cast.lena, None):
        for currency in ("EUR", "USD", "JPY", "CHF"):
            number += 1
            amounts = {"currency": currency, "account": accounts[number % 2]}
            a_due_deal(acme, owner, "Negotiate", 1_000 + 7 * number, **amounts)
            a_due_deal(acme, owner, "Proposal", 333 + number, pinned_category="omitted", **amounts)
            won = a_due_deal(acme, owner, "Proposal", 501 + number, **amounts)
            close(won, "Won" if number % 3 else "Lost", at=NOW - timedelta(days=number))
    return cast


def list_of(viewer: Member, cast: Cast) -> tuple[int, object, int]:
    """Return what the list of deals says of those that the viewer's forecast is about."""
    acme, period = cast.acme, quarter(cast.acme)
    narrowed = OpportunityFilter(closes_from=period.start, closes_to=period.last_day)
    found = opportunities(organization=acme, member=viewer, today=TODAY, narrowed=narrowed)
    found = found.filter(owner_filter(viewer, Action.VIEW_FORECAST, as_of=TODAY))
    total = deal_total(organization=acme, found=found, converter=converter_for(viewer, organization=acme, today=TODAY))
    return found.count(), total.left_out, total.amount_minor


def test_every_grouping_comes_to_what_the_list_says_for_each_role(world: Cast) -> None:
    seen = set()
    for viewer in world.acme_people():
        if reach_of(viewer, Action.VIEW_FORECAST) is None:
            continue
        count, left_out, minor = list_of(viewer, world)
        seen.add(count)
        for by in By:
            grid = grid_of(world.acme, viewer, by=by)
            whole = grid.whole
            assert (sum(top.sums.deals for top in grid.tops), whole.left_out, whole.amount_minor) == (
                *(count, left_out, minor),
            ), (viewer.name, by)
            parts = sum(grid.figure(top, column).exact for top in grid.tops for column in COLUMNS)
            assert parts == whole.exact
    assert len(seen) == 3  # everybody's, Mobility's, Marine's


def test_cumulative_columns_hold_the_single_ones(world: Cast) -> None:
    single, cumulative = (grid_of(world.acme, world.lena, is_cumulative=one) for one in (False, True))
    for one, other in zip(single.every_row(), cumulative.every_row(), strict=True):
        alone = {column: single.figure(one, column).exact for column in COLUMNS}
        together = {column: cumulative.figure(other, column).exact for column in COLUMNS}
        assert together["commit"] == alone["won"] + alone["commit"]
        assert together["best_case"] == together["commit"] + alone["best_case"]
        assert together["pipeline"] == together["best_case"] + alone["pipeline"]
        assert [together[name] for name in ("omitted", "won", "lost")] == [
            alone[name] for name in ("omitted", "won", "lost")
        ]


def test_a_stranger_has_none_of_it(world: Cast) -> None:
    with organization_scope(world.globex):
        assert grid_of(world.globex, world.sam).tops == []
        assert all(grid_of(world.globex, world.sam, by=by).whole.amount_minor == 0 for by in By)
