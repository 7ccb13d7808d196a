"""What is known of an account, read from the records of customers and deals."""

import datetime

import pytest

from coe.queries import account_facts, account_ranges, market
from coe.scoring.card import RuleCard, RuleCardScorer
from tests.coe.records import NOW, Records, at

pytestmark = pytest.mark.usefixtures("acme_scope")


@pytest.fixture
def records(cast):
    return Records(cast.acme)


def facts_of(organization, account, as_of=NOW):
    return next(
        facts for facts in account_facts(organization=organization, as_of=as_of) if facts.account_id == account.pk
    )


def codes(organization, account, as_of=NOW):
    scorer = RuleCardScorer(RuleCard(), rate=0.1)
    return {reason.code for reason in scorer.reasons(facts_of(organization, account, as_of))}


def test_an_account_of_which_nothing_is_known_has_no_facts(cast, records):
    account = records.account(days=10)

    facts = facts_of(cast.acme, account)

    assert (facts.open_deals, facts.purchases, facts.intent, facts.nps) == ((), None, None, None)
    assert facts.known_since == datetime.date(2026, 11, 13)
    assert facts.currency == "EUR"


def test_orders_give_the_rhythm_and_the_records_behind_it(cast, records):
    account = records.account()
    orders = [records.order(account, days=days) for days in (180, 140, 110, 71)]

    facts = facts_of(cast.acme, account)

    assert facts.purchases is not None
    assert (facts.purchases.source, facts.purchases.count, facts.purchases.median_gap_days) == ("orders", 4, 39)
    assert facts.purchases.last_date == orders[-1].order_date
    assert [ref.id for ref in facts.purchases.latest] == [orders[3].pk, orders[2].pk, orders[1].pk]
    assert codes(cast.acme, account) == {"order_due"}


def test_two_orders_on_one_day_are_one_day_of_purchase(cast, records):
    account = records.account()
    for days in (100, 100, 70, 40):
        records.order(account, days=days)

    assert facts_of(cast.acme, account).purchases.median_gap_days == 30


def test_a_cancelled_order_is_no_purchase(cast, records):
    account = records.account()
    records.order(account, days=20, status="cancelled")

    assert facts_of(cast.acme, account).purchases is None


def test_deals_won_stand_in_where_no_orders_are_kept(cast, records):
    account = records.account()
    deal = records.deal(account, stage="Won", days=90, closed=30, amount_minor=500)

    facts = facts_of(cast.acme, account)

    assert (facts.purchases.source, facts.purchases.count) == ("deals", 1)
    assert [(ref.type, ref.id) for ref in facts.purchases.latest] == [("opportunity", deal.pk)]


def test_a_deal_that_became_an_order_is_not_counted_twice(cast, records):
    account = records.account()
    records.deal(account, stage="Won", days=90, closed=30)
    records.order(account, days=25)

    assert (facts_of(cast.acme, account).purchases.source, facts_of(cast.acme, account).purchases.count) == (
        "orders",
        1,
    )


def test_open_deals_know_their_stage(cast, records):
    account = records.account()
    early = records.deal(account, stage="Discover", days=40)
    late = records.deal(account, stage="Solution", days=20)

    deals = facts_of(cast.acme, account).open_deals

    assert [(deal.record.id, deal.stage, deal.past_discovery) for deal in deals] == [
        (early.pk, "Discover", False),
        (late.pk, "Solution", True),
    ]
    assert codes(cast.acme, account) == {"open_deal_late"}


def test_people_and_signals_are_found_with_their_records(cast, records):
    account = records.account()
    boss = records.contact(account, "Sanne de Wit", is_decision_maker=True)
    others = [records.contact(account, name) for name in ("Joost", "Marit")]
    for person in (boss, *others):
        records.activity(account, contact=person, days=5, is_two_way=True)
    inquiry = records.activity(account, days=2, kind="inquiry", direction="in")
    records.usage(account, days=3)
    answer = records.answer(account, 9, days=50)

    facts = facts_of(cast.acme, account)

    assert {contact.record.id for contact in facts.engaged_contacts} == {boss.pk, *(other.pk for other in others)}
    assert facts.decision_maker.record.label == "Sanne de Wit"
    assert facts.intent.record.id == inquiry.pk
    assert facts.nps.record.id == answer.pk
    assert codes(cast.acme, account) == {
        *("contacts_engaged", "decision_maker_contact", "inquiry_recent", "portal_active", "nps_promoter")
    }


def test_a_mail_that_nobody_answered_engages_nobody(cast, records):
    account = records.account()
    for name in ("Ann", "Ben", "Cem"):
        records.activity(account, contact=records.contact(account, name), days=3, kind="email", direction="out")

    assert facts_of(cast.acme, account).engaged_contacts == ()


def test_a_quote_request_is_a_sign_of_intent(cast, records):
    account = records.account()
    signal = records.usage(account, days=1, kind="quote_request")

    assert facts_of(cast.acme, account).intent.record.id == signal.pk
    assert facts_of(cast.acme, account).portal is None


def test_silence_since_half_a_year_counts_only_without_any_reaction(cast, records):
    silent, answered = records.account(days=300), records.account(days=300)
    records.activity(answered, days=100, kind="email", direction="in")

    assert codes(cast.acme, silent) == {"never_bought_silent"}
    assert codes(cast.acme, answered) == set()


def test_a_deal_lost_to_a_competitor_is_remembered(cast, records):
    account = records.account()
    records.deal(account, stage="Lost", days=90, closed=40, lost_reason="competitor")
    records.activity(account, days=100, is_two_way=True)

    assert codes(cast.acme, account) == {"lost_to_competitor"}


def test_products_that_similar_customers_buy_are_missed(cast, records):
    products = [records.product(name) for name in ("Drive", "Controller", "Filter")]
    buyers = [records.account(segment="key") for _ in range(12)]
    for buyer in buyers[1:]:
        order = records.order(buyer, days=300)
        for product in products:
            records.line(order, product)
    records.line(records.order(buyers[0], days=300), products[0])

    facts = facts_of(cast.acme, buyers[0])

    assert {ref.id for ref in facts.unowned_relevant_products} == {products[1].pk, products[2].pk}
    assert facts_of(cast.acme, buyers[1]).unowned_relevant_products == ()


def test_margin_is_spoken_of_where_the_lines_say_what_they_cost(cast, records):
    account, product = records.account(), records.product("Drive")
    for days, cost in ((300, 0), (250, 0), (60, 90_000), (30, 90_000)):
        records.line(records.order(account, days=days), product, cost_minor=cost)

    purchases = facts_of(cast.acme, account).purchases

    assert (purchases.recent_half_minor, purchases.earlier_half_minor) == (20_000, 200_000)
    assert purchases.trend_basis == "margin"


def test_amounts_of_another_currency_are_left_out_and_named(cast, records):
    account = records.account()
    records.order(account, days=20, amount_minor=500)
    records.order(account, days=10, amount_minor=999_999, currency="USD")

    purchases = facts_of(cast.acme, account).purchases

    assert (purchases.amount_minor, purchases.amount_count, purchases.left_out) == (500, 1, ("USD",))


def test_where_nothing_is_in_the_organisations_currency_the_commonest_is_taken(cast, records):
    account = records.account()
    records.order(account, days=20, currency="USD")

    assert facts_of(cast.acme, account).currency == "USD"


def test_the_base_rate_counts_those_known_when_the_horizon_began(cast, records):
    known, late = records.account(days=100), records.account(days=80)
    records.account(days=200)
    records.order(known, days=89)
    records.order(late, days=10)

    background = market(organization=cast.acme, as_of=NOW, horizon_days=90)

    assert (background.positives, background.accounts) == (1, 2)
    assert background.base_rate == pytest.approx((1 + 2) / (2 + 40))


def test_a_purchase_before_the_horizon_is_no_positive(cast, records):
    account = records.account(days=400)
    records.order(account, days=90)

    assert market(organization=cast.acme, as_of=NOW, horizon_days=90).positives == 0


def test_the_data_reach_up_to_the_newest_record_that_counts(cast, records):
    account = records.account(days=30)
    records.order(account, days=12)
    records.activity(account, days=-2)

    assert market(organization=cast.acme, as_of=NOW, horizon_days=90).data_up_to == at(12)


def test_chunks_give_the_same_facts_as_one(cast, records):
    for days in range(10, 45, 5):
        records.order(records.account(), days=days)
    ranges = account_ranges(organization=cast.acme, size=3)

    chunked = list(account_facts(organization=cast.acme, as_of=NOW, ranges=ranges))

    assert len(ranges) == 3
    assert chunked == list(account_facts(organization=cast.acme, as_of=NOW))


def test_an_organisation_without_accounts_has_none(cast):
    assert list(account_facts(organization=cast.acme, as_of=NOW)) == []
    assert account_ranges(organization=cast.acme) == []


def test_the_other_organisation_is_not_read(cast, records, in_organization):
    records.account()

    with in_organization(cast.globex):
        assert list(account_facts(organization=cast.globex, as_of=NOW)) == []
