"""What accounts could take on top, what is at stake with them, and what could be done: plain figures."""

import numpy as np
import pytest

from coe.allocation.candidates import EFFECT, HOURS, Kind, Situation, best_single, candidates
from coe.allocation.response import Responses
from coe.allocation.week import Accounts, Block
from coe.lifetime_value.growth import Baskets, growth
from coe.lifetime_value.worth import Known, worth

TODAY = 20_000


def baskets(*pairs: tuple[int, int, int, float]) -> Baskets:
    """Pairs of account, product, days since the first purchase, and money of the last year."""
    columns = np.array(pairs, dtype=np.float64).reshape(-1, 4).T
    return Baskets(
        columns[0].astype(np.int64), columns[1].astype(np.int64), TODAY - columns[2].astype(np.int64), columns[3]
    )


def grown(of: Baskets, accounts: int, segment: list[int] | None = None, products: int = 2):
    return growth(
        of,
        accounts=accounts,
        products=products,
        segment=np.array(segment or [1] * accounts),
        today=TODAY,
        horizon_days=90,
    )


class TestGrowth:
    def test_what_all_others_have_is_offered_and_what_one_has_is_not(self) -> None:
        of = baskets(
            *[(account, product, 100, 1000.0) for account in range(20) for product in (0, 1)], (20, 0, 50, 1.0)
        )
        found = grown(of, 21)

        assert found.product[20].tolist() == [1, -1]
        assert found.product[0].tolist() == [-1, -1]
        assert found.share[20, 0] > 0.6
        assert found.yearly[20, 0] == pytest.approx(1000)
        assert found.growth[20] == pytest.approx(found.pace * found.share[20, 0] * 1000 * 90 / 365)

    def test_who_has_nothing_yet_is_offered_something_but_does_not_grow(self) -> None:
        found = grown(baskets(*[(account, 0, 100, 1000.0) for account in range(9)]), 10, products=1)

        assert found.product[9].tolist() == [0]
        assert found.growth[9] == 0

    def test_a_small_firm_is_not_expected_to_spend_what_a_large_one_does(self) -> None:
        large = [(account, product, 100, 90_000.0) for account in range(30) for product in (0, 1)]
        small = [(account, product, 100, 900.0) for account in range(30, 60) for product in (0, 1)]
        found = grown(baskets(*large, *small, (60, 0, 9, 900.0)), 61, [3] * 30 + [1] * 31)

        assert found.yearly[60, 0] < 10_000

    def test_shares_that_did_not_come_true_within_a_year_are_worth_less(self) -> None:
        old = [(account, 0, 900, 1000.0) for account in range(200)]
        had = [(account, 1, 900, 1000.0) for account in range(100)]
        came = [(account, 1, 100, 1000.0) for account in range(100, 190)]

        assert grown(baskets(*old, *had), 200).pace < 0.2 < grown(baskets(*old, *had, *came), 200).pace

    @pytest.mark.parametrize(("accounts", "products"), [(0, 0), (3, 0), (0, 2), (3, 2)])
    def test_nothing_known_is_nothing_expected(self, accounts: int, products: int) -> None:
        found = grown(baskets(), accounts, products=products)

        assert (found.product == -1).all()
        assert found.growth.sum() == 0


def known(**more: float) -> Known:
    """One account of which only this is known."""
    values = {"chance": 0.2, "typical": 1000.0, "deals": 0.0, "deals_weighed": 0.0, "growth": 0.0, "spend": 0.0,
              "active": np.nan, "silence": np.nan, "is_prospect": False, "is_detractor": False, **more}  # fmt: skip
    return Known(**{name: np.array([value]) for name, value in values.items()})


class TestWorth:
    def test_open_deals_are_not_counted_twice(self) -> None:
        without, beside, covered = (worth(known(deals=amount, deals_weighed=amount / 2)) for amount in (0, 400, 5000))

        assert (without.gain[0], beside.gain[0], covered.gain[0]) == pytest.approx((200, 120, 0))
        assert covered.deals[0] == 2500

    def test_what_may_be_lost_counts_where_it_can_be_kept(self) -> None:
        assert worth(known(active=0.4, spend=10_000)).protect[0] == pytest.approx(0.3 * 0.6 * 10_000)
        assert worth(known(spend=10_000)).protect[0] == 0
        assert worth(known(spend=10_000, is_detractor=True)).protect[0] > 0

    def test_acting_moves_more_at_a_prospect_than_at_a_customer(self) -> None:
        assert worth(known(is_prospect=True)).movable[0] > worth(known()).movable[0]

    def test_margin_counts_in_place_of_revenue(self) -> None:
        assert worth(known(), margin=0.25).movable[0] == pytest.approx(worth(known()).movable[0] / 4)

    @pytest.mark.parametrize("broken", [np.nan, np.inf, -5.0])
    def test_what_is_no_number_is_nothing(self, broken: float) -> None:
        odd = worth(known(typical=broken, deals=broken, deals_weighed=broken, growth=broken, spend=broken))

        assert np.isfinite(odd.movable).all()
        assert (odd.at_stake >= 0).all()


def situation(**more: int) -> Situation:
    """One account of which only this is known."""
    values = {"contact": -1, "contact_days": -1, "contact_opted_out": False, "decider": -1, "decider_days": -1,
              "decider_opted_out": False, "account_days": -1, "deal": -1, "inquiry": -1, "product": -1,
              "is_detractor": False, "is_overdue": False, "is_set_aside": False, **more}  # fmt: skip
    return Situation(**{name: np.array([value]) for name, value in values.items()})


def kinds(of: Situation) -> set[Kind]:
    return {Kind(kind) for kind in candidates(of).actions.kind.tolist()}


class TestCandidates:
    def test_each_thing_known_brings_what_can_be_done_about_it(self) -> None:
        assert kinds(situation()) == {Kind.FIND}
        assert kinds(situation(contact=3)) == {Kind.FIND, Kind.CALL}
        assert kinds(situation(contact=3, decider=3)) == {Kind.CALL, Kind.MEET}
        assert Kind.DEAL in kinds(situation(deal=0))
        assert Kind.OFFER in kinds(situation(contact=3, product=0))
        assert {Kind.RECOVER, Kind.REORDER} <= kinds(situation(contact=3, is_detractor=True, is_overdue=True))
        assert kinds(situation(contact=3, deal=0, is_set_aside=True)) == set()

    def test_only_an_answer_waits_for_nothing(self) -> None:
        found = candidates(situation(contact=3, decider=4, deal=0, inquiry=0, account_days=2, contact_days=2)).actions
        waits = dict(zip(found.kind.tolist(), found.block.tolist(), strict=True))

        assert waits.pop(Kind.ANSWER) == Block.NONE
        assert set(waits.values()) == {Block.ACCOUNT_COOLDOWN, Block.CONTACT_COOLDOWN}

    def test_hours_and_effects_are_said_of_every_kind(self) -> None:
        assert set(HOURS) == set(EFFECT) == set(Kind)

    def test_the_best_single_thing_is_known_even_while_it_waits(self) -> None:
        one = np.array([1])
        accounts = Accounts(
            key=one.astype(np.uint64), team=one * 0, responses=Responses(one * 9000.0, one * 4.0, one * 0.0),
            floor=one * 0.0, committed=one * 0.0, spread=one * 0.0, untouched=one,
        )  # fmt: skip
        offered = candidates(situation(contact=3, account_days=1)).actions
        best = best_single(accounts, offered)

        assert offered.kind[best.action[0]] == Kind.CALL
        assert best.per_hour[0] == pytest.approx(best.value[0] / 0.5)
        refused = candidates(situation(contact=3, contact_opted_out=True, decider=3, decider_opted_out=True)).actions
        assert best_single(accounts, refused).action.tolist() == [-1]
