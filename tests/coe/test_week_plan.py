"""The night's plan of the week: what accounts are worth, whose hours go where, and what people say to it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from agile_sales.night_calendar import new_night
from coe import operations
from pipeline.models import AccountValue, NextAction, OpportunityScore, PlannedAction, WeekPlan
from pipeline.operations.next_actions import UnableToChoose, choose_action
from tenancy.models import DomainEvent, Member, Organization
from tenancy.rates import set_rates
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.coe.records import NOW, Records, at

pytestmark = pytest.mark.django_db
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def plan(organization: Organization, when: Any = NOW, teams: Any = None) -> operations.PlanOutcome:
    """Score, value and plan as a night does."""
    with organization_scope(organization):
        run = new_night(organization=organization, requested_by=None, as_of=when, now=NOW)
        operations.score_accounts(organization=organization, run=run, as_of=when, scored_at=when)
        operations.score_opportunities(organization=organization, run=run, as_of=when, scored_at=when)
        operations.value_accounts(organization=organization, run=run, as_of=when)
        return operations.plan_week(organization=organization, run=run, as_of=when, planned_at=when, teams=teams)


def action_of(account: Any) -> NextAction:
    with organization_scope(account.organization):
        return NextAction.objects.get(account=account)


def value_of(account: Any) -> AccountValue:
    with organization_scope(account.organization):
        return AccountValue.objects.get(account=account)


def plan_of(member: Member) -> WeekPlan:
    with organization_scope(member.organization):
        return WeekPlan.objects.filter(member=member).latest("as_of", "id")


@pytest.fixture
def records(cast: Cast) -> Records:
    return Records(cast.acme)


def a_deal_account(records: Records, owner: Member | None, name: str, amount_minor: int, **fields: Any) -> Any:
    account = records.account(name, owner=owner, segment="small", **fields)
    records.deal(account, stage="Proposal", days=40, amount_minor=amount_minor)
    records.contact(account, f"Kim of {name}", is_decision_maker=True)
    return account


@pytest.fixture
def three(cast: Cast, records: Records) -> list[Any]:
    """Three accounts of Rui's, alike but for what their deals are worth."""
    with organization_scope(cast.acme):
        return [a_deal_account(records, cast.rui, name, amount) for name, amount in
                [("Large", 9_000_000), ("Middle", 3_000_000), ("Little", 100_000)]]  # fmt: skip


class TestRanking:
    def test_what_brings_most_an_hour_comes_first_and_the_cut_is_where_hours_end(
        self, cast: Cast, three: list[Any], records: Records
    ) -> None:
        with organization_scope(cast.acme):
            Member.objects.filter(pk=cast.rui.pk).update(hours_per_week=4)
            for number in range(8):
                a_deal_account(records, cast.rui, f"Less {number}", 200_000)
        outcome = plan(cast.acme)

        large, middle, little = (action_of(account) for account in three)
        assert [one.rank for one in (large, middle, little)] == [1, 2, 11]
        assert large.per_hour_minor > middle.per_hour_minor > little.per_hour_minor
        assert (large.place, little.place) == ("ranked", "below_cut")
        week = plan_of(cast.rui)
        assert (week.hours, week.accounts) == (4, 11)
        assert week.planned <= week.hours
        assert little.per_hour_minor <= week.cut_minor <= large.per_hour_minor
        assert outcome.planned_hours == week.planned

    def test_who_has_a_high_score_but_nothing_to_gain_comes_after_who_has(self, cast: Cast, records: Records) -> None:
        with organization_scope(cast.acme):
            sure = records.account("Sure Buyer", owner=cast.rui, segment="small")
            records.contact(sure)
            for days in (5, 35, 65, 95):
                records.order(sure, days=days, amount_minor=5_000)
            unsure = a_deal_account(records, cast.rui, "Unsure", 9_000_000)
        plan(cast.acme)

        assert action_of(unsure).rank < action_of(sure).rank
        assert action_of(unsure).per_hour_minor > action_of(sure).per_hour_minor

    def test_the_same_night_again_gives_the_same_plan(self, cast: Cast, three: list[Any]) -> None:
        def seen() -> list[Any]:
            with organization_scope(cast.acme):
                return list(NextAction.objects.order_by("rank").values_list("account", "place", "hours", "actions"))

        plan(cast.acme)
        first = seen()
        plan(cast.acme)

        assert seen() == first

    def test_hours_can_be_given_for_owners_together(self, cast: Cast, three: list[Any], records: Records) -> None:
        with organization_scope(cast.acme):
            mias = a_deal_account(records, cast.mia, "Mia's", 5_000_000)
        squad = operations.Team(cast.sil.pk, frozenset([cast.rui.pk, cast.mia.pk]), 6.0)
        outcome = plan(cast.acme, teams=[squad])

        assert (outcome.teams, outcome.hours, outcome.accounts) == (1, 6.0, 4)
        assert action_of(mias).plan_id == action_of(three[0]).plan_id == plan_of(cast.sil).pk


class TestPlaces:
    def test_whoever_was_approached_this_week_waits(self, cast: Cast, three: list[Any], records: Records) -> None:
        with organization_scope(cast.acme):
            records.activity(three[0], days=2, kind="call", direction="out")
        plan(cast.acme)

        assert (action_of(three[0]).place, action_of(three[0]).days_left) == ("cooldown", 5)

    def test_a_question_is_answered_all_the_same(self, cast: Cast, three: list[Any], records: Records) -> None:
        with organization_scope(cast.acme):
            records.activity(three[0], days=2, kind="call", direction="out")
            from tests.pipeline.records import an_inquiry

            asked = an_inquiry(cast.acme, three[0], subject="Price of D4", received_at=at(1))
        plan(cast.acme)

        first, *_ = action_of(three[0]).actions
        assert (first["kind"], first["record"]["id"], first["days"]) == ("answer", str(asked.pk), 1)

    def test_nobodys_account_and_one_whose_owner_left_are_told_apart(self, cast: Cast, records: Records) -> None:
        with organization_scope(cast.acme):
            nobodys = a_deal_account(records, None, "Nobody's", 1_000_000)
            left = a_deal_account(records, cast.mia, "Left alone", 1_000_000)
            Member.objects.filter(pk=cast.mia.pk).update(is_active=False)
        plan(cast.acme)

        assert action_of(nobodys).place == "no_team"
        assert action_of(left).place in ("no_hours", "too_long", "no_gain")
        assert action_of(nobodys).per_hour_minor > 0  # what an hour would bring is known all the same

    def test_a_contact_who_opted_out_is_nobody_to_call(self, cast: Cast, records: Records) -> None:
        with organization_scope(cast.acme):
            account = records.account("Shy", owner=cast.rui, segment="small")
            records.contact(account, "Out", opted_out=True, is_decision_maker=True)
        plan(cast.acme)

        assert action_of(account).place in ("opted_out", "no_gain")
        assert action_of(account).actions == []

    def test_a_key_account_that_nobody_was_in_touch_with_gets_its_service(self, cast: Cast, records: Records) -> None:
        with organization_scope(cast.acme):
            key = records.account("Key", owner=cast.rui, segment="key")
            records.contact(key)
            records.order(key, days=50)
        plan(cast.acme)

        assert action_of(key).place == "floor"
        assert plan_of(cast.rui).floors >= 0.5


class TestValue:
    def test_spend_wallet_and_whitespace_are_kept(self, cast: Cast, records: Records) -> None:
        with organization_scope(cast.acme):
            drive, filter_ = records.product("D4 drive"), records.product("Filter")
            both = []
            for number in range(12):
                account = records.account(f"Both {number}", owner=cast.rui, segment="small")
                for product in (drive, filter_):
                    order = records.order(account, days=100, amount_minor=200_000)
                    records.line(order, product, unit_price_e4=20_000_000)
                both.append(account)
            one = records.account("One only", owner=cast.rui, segment="small")
            records.line(records.order(one, days=30, amount_minor=200_000), drive, unit_price_e4=20_000_000)
            records.contact(one)
        plan(cast.acme)

        value = value_of(one)
        assert (value.spend_minor, value.currency, value.is_margin) == (200_000, "EUR", False)
        assert value.wallet_minor > value.spend_minor
        assert value.share == pytest.approx(value.spend_minor / value.wallet_minor)
        assert [offer["name"] for offer in value.whitespace] == ["Filter"]
        assert value.whitespace[0]["share"] > 0.5
        assert value.whitespace[0]["yearly_minor"] == 200_000
        assert value_of(both[0]).whitespace == []
        assert value.grow_minor > 0

    def test_deals_count_by_their_own_chance_and_in_one_currency(
        self, cast: Cast, records: Records, client_for: Any
    ) -> None:
        with organization_scope(cast.acme):
            account = records.account("Abroad", owner=cast.rui)
            passed = at(10).date()
            at_home = records.deal(account, stage="Proposal", days=200, amount_minor=1_000_000, close_date=passed)
            abroad = records.deal(account, stage="Proposal", days=5, amount_minor=8_000_000, currency="USD")
            records.order(account, days=30, amount_minor=300_000, currency="JPY")
        plan(cast.acme)

        def chance(deal: Any) -> float:
            with organization_scope(cast.acme):
                return float(OpportunityScore.objects.get(opportunity=deal).probability)

        without = value_of(account)
        assert chance(at_home) != pytest.approx(0.5, abs=0.05), "the deal is not what its stage says"
        assert without.deals_minor == round(1_000_000 * chance(at_home))
        assert (without.not_counted, without.spend_minor) == (["JPY", "USD"], 0)
        page = client_for(cast.rui).get(f"/acme/accounts/{account.pk}/").text
        assert "Amounts in JPY, USD are not counted" in page
        assert client_for(cast.sam).get(f"/acme/accounts/{account.pk}/").status_code == 404

        with organization_scope(cast.acme):
            set_rates(organization=cast.acme, rates={"USD": "0.5", "JPY": "0.006"}, on=at(0).date())
        plan(cast.acme)
        converted = value_of(account)
        assert converted.deals_minor == round(1_000_000 * chance(at_home) + 4_000_000 * chance(abroad))
        assert (converted.not_counted, converted.spend_minor) == ([], 180_000), "300,000 yen have no cents"
        assert action_of(account).actions[0]["record"]["id"] == str(abroad.pk), "the larger one, once it counts"

    def test_margin_counts_where_costs_are_known(self, cast: Cast, records: Records) -> None:
        with organization_scope(cast.acme):
            account = records.account(owner=cast.rui)
            order = records.order(account, days=30, amount_minor=100_000)
            records.line(order, records.product("D4"), unit_price_e4=10_000_000, cost_minor=60_000)
        plan(cast.acme)

        assert value_of(account).is_margin

    def test_a_wallet_that_the_team_set_counts(self, cast: Cast, records: Records) -> None:
        with organization_scope(cast.acme):
            account = records.account(owner=cast.rui, potential_minor=7_000_000, currency="EUR")
            records.order(account, days=30)
        plan(cast.acme)

        assert (value_of(account).wallet_minor, value_of(account).wallet_basis) == (7_000_000, "team")

    @pytest.mark.parametrize("amount", [0, -50_000])
    def test_returns_and_nothing_at_all_break_nothing(self, cast: Cast, records: Records, amount: int) -> None:
        with organization_scope(cast.acme):
            account = records.account(owner=cast.rui)
            records.order(account, days=30, amount_minor=amount)
        plan(cast.acme)

        assert value_of(account).spend_minor == 0

    def test_without_any_account_the_night_goes_on(self, cast: Cast) -> None:
        assert plan(cast.acme).planned == 0


class TestChoices:
    def choose(self, cast: Cast, account: Any, choice: str, until: date | None = None) -> NextAction:
        with organization_scope(cast.acme):
            return choose_action(
                organization=cast.acme, account_id=account.pk, choice=choice, member=cast.rui, at=NOW, until=until
            )

    def test_what_was_accepted_keeps_its_hours_until_it_is_done(
        self, cast: Cast, three: list[Any], records: Records
    ) -> None:
        plan(cast.acme)
        hours = action_of(three[0]).hours
        self.choose(cast, three[0], "accepted")
        plan(cast.acme, TOMORROW)

        assert (action_of(three[0]).place, action_of(three[0]).choice) == ("accepted", "accepted")
        assert plan_of(cast.rui).committed == hours

        with organization_scope(cast.acme):
            records.activity(three[0], days=-0.5, kind="meeting")
        plan(cast.acme, TOMORROW)

        assert (action_of(three[0]).place, action_of(three[0]).choice) == ("cooldown", "")

    def test_what_was_put_off_comes_back_on_its_day(self, cast: Cast, three: list[Any]) -> None:
        plan(cast.acme)
        self.choose(cast, three[0], "deferred", NOW.date() + timedelta(days=3))
        plan(cast.acme, TOMORROW)
        assert (action_of(three[0]).place, action_of(three[0]).days_left) == ("deferred", 2)

        plan(cast.acme, NOW + timedelta(days=3))
        assert (action_of(three[0]).place, action_of(three[0]).choice) == ("ranked", "")

    def test_each_choice_is_an_event_with_what_was_offered(self, cast: Cast, three: list[Any]) -> None:
        plan(cast.acme)
        offered = action_of(three[0])
        self.choose(cast, three[0], "ignored")
        self.choose(cast, three[0], "ignored")  # saying it again says nothing new

        with organization_scope(cast.acme):
            event = DomainEvent.objects.get(type="next_action.ignored")
        assert (event.subject_type, event.subject_id, event.actor_id) == ("account", three[0].pk, cast.rui.pk)
        assert event.payload["per_hour_minor"] == offered.per_hour_minor
        assert event.payload["place"] == offered.place
        assert event.payload["kinds"] == [one["kind"] for one in offered.actions]

    @pytest.mark.parametrize(
        ("choice", "days", "words"),
        [("deferred", None, "a day"), ("deferred", 0, "a day"), ("deferred", 999, "a day"),
         ("accepted", 3, "put off"), ("praised", None, "accepted, deferred")],
    )  # fmt: skip
    def test_what_cannot_be_meant_is_refused(
        self, cast: Cast, three: list[Any], choice: str, days: int | None, words: str
    ) -> None:
        plan(cast.acme)
        until = None if days is None else NOW.date() + timedelta(days=days)
        with pytest.raises(UnableToChoose, match=words):
            self.choose(cast, three[0], choice, until)
        assert action_of(three[0]).choice == ""

    def test_sam_can_say_nothing_to_it(self, cast: Cast, three: list[Any]) -> None:
        plan(cast.acme)
        with organization_scope(cast.globex), pytest.raises(UnableToChoose):
            choose_action(organization=cast.globex, account_id=three[0].pk, choice="accepted", member=cast.sam, at=NOW)
        assert action_of(three[0]).choice == ""


def test_what_was_planned_stays_in_the_history(cast: Cast, three: list[Any]) -> None:
    plan(cast.acme)
    plan(cast.acme, TOMORROW)

    with organization_scope(cast.acme):
        kept = PlannedAction.objects.filter(account=three[0]).order_by("as_of")
        assert [(one.place, one.as_of) for one in kept] == [("ranked", NOW), ("ranked", TOMORROW)]
    with organization_scope(cast.globex):
        assert not PlannedAction.objects.exists()
        assert not NextAction.objects.exists()
