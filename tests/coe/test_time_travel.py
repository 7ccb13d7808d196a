"""A score of a past day looks at what was known on that day: nothing later leaks into it."""

import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coe.queries import account_facts, market
from coe.scoring.card import RuleCard, RuleCardScorer
from tests.coe.records import NOW, Records, at

pytestmark = pytest.mark.usefixtures("acme_scope")

THEN = at(100)


@pytest.fixture
def records(cast):
    return Records(cast.acme)


def known_then(organization):
    """Return everything that a score of that day rests on."""
    background = market(organization=organization, as_of=THEN, horizon_days=90)
    facts = list(account_facts(organization=organization, as_of=THEN, background=background))
    return background, facts, RuleCardScorer(RuleCard(), rate=background.base_rate).score(facts)


def deals_then(organization):
    return [
        (deal.stage, deal.past_discovery, deal.amount_minor)
        for facts in account_facts(organization=organization, as_of=THEN)
        for deal in facts.open_deals
    ]


def test_a_deal_stands_in_the_stage_it_had(cast, records):
    deal = records.deal(records.account(), stage="Proposal", days=150)
    records.moved(deal, "", "Qualify", days=150)
    records.moved(deal, "Qualify", "Discover", days=120)
    records.moved(deal, "Discover", "Proposal", days=20)

    assert deals_then(cast.acme) == [("Discover", False, 1_000_000)]


def test_a_move_that_became_known_later_does_not_count_yet(cast, records):
    deal = records.deal(records.account(), stage="Proposal", days=150)
    records.moved(deal, "Qualify", "Proposal", days=110, recorded=90)

    assert deals_then(cast.acme) == [("Qualify", False, 1_000_000)]


def test_a_deal_won_since_was_open(cast, records):
    account = records.account()
    deal = records.deal(account, stage="Won", days=150, closed=20)
    records.moved(deal, "Solution", "Won", days=20)

    (facts,) = account_facts(organization=cast.acme, as_of=THEN)

    assert deals_then(cast.acme) == [("Solution", True, 1_000_000)]
    assert facts.purchases is None


def test_a_deal_without_history_was_open_until_it_closed(cast, records):
    records.deal(records.account(), stage="Lost", days=150, closed=20)

    assert deals_then(cast.acme) == [("", False, 1_000_000)]


def test_an_amount_is_read_back(cast, records):
    deal = records.deal(records.account(), days=150, amount_minor=700)
    records.deal(records.account(), days=99)
    deal.history.create(
        organization=cast.acme,
        field="amount",
        old_amount_minor=400,
        new_amount_minor=700,
        occurred_at=at(10),
        recorded_at=at(10),
    )

    assert deals_then(cast.acme) == [("Qualify", False, 400)]


def test_a_grade_that_was_edited_since_is_not_known(cast, records):
    records.account(icp_fit="a")
    records.account(icp_fit="a", version=2, updated_at=at(5))
    records.account(icp_fit="c", version=2, updated_at=at(150))

    assert sorted(facts.icp_fit for facts in account_facts(organization=cast.acme, as_of=THEN)) == ["", "a", "c"]


def test_an_order_that_was_cancelled_since_was_a_purchase(cast, records):
    records.order(records.account(), days=120, status="cancelled", version=2, updated_at=at(5))

    (facts,) = account_facts(organization=cast.acme, as_of=THEN)

    assert facts.purchases is not None


def test_an_account_of_a_first_load_without_a_date_of_its_own_was_there(cast, records):
    records.account(days=1)
    loaded = records.account(days=1, reconstructed=True)

    assert [facts.account_id for facts in account_facts(organization=cast.acme, as_of=THEN)] == [loaded.pk]


LATER = st.floats(0, 99)  # days before now, all of them after THEN
EARLIER = st.floats(100.1, 300)
HAPPENED_AND_KNOWN = st.one_of(
    st.tuples(LATER, LATER).map(lambda days: (max(days), min(days))),  # happened since
    st.tuples(EARLIER, LATER),  # happened before, known since
)
KINDS = ("order", "deal", "won", "lost", "inquiry", "meeting", "usage", "answer", "account", "stage")


@given(facts=st.lists(st.tuples(st.sampled_from(KINDS), HAPPENED_AND_KNOWN, st.booleans()), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_became_known_later_changes_no_score_of_that_day(cast, records, facts):
    customer, prospect = _two_accounts(records)
    before = known_then(cast.acme)

    for kind, (happened, known), with_customer in facts:
        _becomes_known(records, customer if with_customer else prospect, kind, happened, at(known))

    assert known_then(cast.acme) == before


def _two_accounts(records):
    customer, prospect = records.account(), records.account()
    for days in (220, 180, 130):
        records.order(customer, days=days)
    records.deal(prospect, stage="Solution", days=140)
    person = records.contact(prospect, is_decision_maker=True)
    records.activity(prospect, days=110, contact=person, is_two_way=True)
    records.answer(customer, 5, days=200)
    return customer, prospect


def _becomes_known(records, account, kind, happened, known):
    moment = at(happened)
    if kind == "order":
        records.order(account, days=int(happened), known=known)
    elif kind == "deal":
        records.deal(account, stage="Proposal", days=happened, known=known)
    elif kind in ("won", "lost"):
        stage = kind.capitalize()
        records.deal(account, stage=stage, days=happened, closed=happened, known=known, lost_reason="competitor")
    elif kind in ("inquiry", "meeting"):
        person = records.contact(account, is_decision_maker=True)
        records.activity(account, days=happened, kind=kind, contact=person, is_two_way=True, known=known)
    elif kind == "usage":
        signal = records.usage(account, days=happened, kind="quote_request")
        type(signal).objects.filter(pk=signal.pk).update(recorded_at=known)
    elif kind == "answer":
        answer = records.answer(account, 10, days=happened)
        type(answer).objects.filter(pk=answer.pk).update(recorded_at=known)
    elif kind == "account":
        records.account(days=(NOW - known) / datetime.timedelta(days=1))
    else:
        deal = account.opportunities.first()
        if deal is not None and deal.opened_at < moment:
            records.moved(
                deal, deal.stage.name, "Won", days=happened, recorded=(NOW - known) / datetime.timedelta(days=1)
            )
            won = records.stage("Won")
            type(deal).objects.filter(pk=deal.pk).update(stage=won, outcome="won", closed_at=moment)
