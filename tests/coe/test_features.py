"""The features of many accounts at once say what the facts of each account say, and nothing of later days."""

import datetime
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coe.queries import account_facts, account_features, market, purchases_in_window, training_rows
from coe.scoring.card import RuleCard, RuleCardScorer
from coe.scoring.features import FEATURES, card_probabilities, signal_flags, signal_points, stakes
from coe.scoring.value import stake_of
from pipeline.models import CustomColumn, CustomValues
from simulation.company import draw_company
from simulation.loader import load_company
from simulation.profile import DRIVES
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records, at
from tests.coe.test_time_travel import HAPPENED_AND_KNOWN, KINDS, THEN, _becomes_known, _two_accounts

CARD = RuleCard()


@pytest.fixture
def records(cast):
    return Records(cast.acme)


def agree(organization, as_of):
    """Hold every account's points and stake by the features against those by its facts; return how many there are."""
    background = market(organization=organization, as_of=as_of, horizon_days=90)
    facts = list(account_facts(organization=organization, as_of=as_of, background=background))
    blocks = list(account_features(organization=organization, as_of=as_of, background=background))
    scorer = RuleCardScorer(CARD, rate=background.base_rate)
    scored = scorer.score(facts)

    assert [one for block in blocks for one in block.uuids()] == [account.account_id for account in facts]
    points = np.concatenate([signal_points(block, CARD) for block in blocks])
    assert points.tolist() == [math.fsum(reason.points for reason in account.reasons) for account in scored]
    probabilities, intercept = card_probabilities(points, rate=background.base_rate)
    assert (intercept, probabilities.tolist()) == (scorer.intercept, [account.probability for account in scored])

    (stake,) = [stakes(block) for block in blocks]
    for row, account in enumerate(facts):
        one = stake_of(account, most_minor=background.most_deal_minor)
        assert (stake.typical_minor[row], stake.deals_minor[row]) == (one.typical_minor, one.deals_minor)
        assert (stake.deal_count[row], stake.purchase_count[row]) == (one.deal_count, one.purchase_count)
        assert stake.left_out_of(row) == one.left_out
        assert stake.at_stake_minor(probabilities)[row] == one.at_stake_minor(probabilities[row])
    found = {code for account in scored for code in (reason.code for reason in account.reasons)}
    return len(facts), found


@pytest.mark.django_db
def test_a_whole_company_agrees_with_its_facts_today_and_in_the_past():
    company = draw_company(DRIVES, accounts=250, seed=3, end_date=datetime.date(2026, 11, 22))
    organization = load_company(company, slug="acme", name="Acme Drives").organization
    with organization_scope(organization):
        accounts, found = agree(organization, company.cut)
        earlier, found_earlier = agree(organization, company.cut - datetime.timedelta(days=200))

    assert accounts == 250
    assert earlier > 100
    assert len(found | found_earlier) >= 15  # of the 19 that there are records for


@pytest.mark.usefixtures("acme_scope")
def test_every_feature_has_its_column(cast, records):
    records.account(industry="Mobility", segment="key")

    (block,) = account_features(organization=cast.acme, as_of=NOW)

    assert list(block.table.columns) == [feature.name for feature in FEATURES]
    assert block.table.kinds == {feature.name: feature.kind for feature in FEATURES}
    assert block.words("industry") == ["Mobility"]
    assert block.table.known_at is not None
    assert block.table.known_at.tolist() == [(NOW.date() - datetime.date(1970, 1, 1)).days]


@pytest.mark.usefixtures("acme_scope")
def test_features_count_what_happened(cast, records):
    account = records.account(employees=40)
    boss = records.contact(account, role="decides")
    for days in (200, 140, 80):
        order = records.order(account, days=days, amount_minor=5000)
        records.line(order, records.product(f"Pump {days}"), discount_bp=500)
    records.activity(account, days=30, contact=boss, is_two_way=True)
    records.deal(account, stage="Solution", days=12, amount_minor=700)
    records.usage(account, days=4)

    (block,) = account_features(organization=cast.acme, as_of=NOW)
    of = {feature.name: block.table.columns[feature.name].value(0) for feature in FEATURES}

    assert (of["days_since_purchase"], of["usual_gap_days"], of["overdue_ratio"]) == (80, 60, 80 / 60)
    assert (of["purchases"], of["purchases_90d"], of["purchases_year"], of["spent_year"]) == (3, 1, 3, 15_000)
    assert (of["products_owned"], of["discount_percent"]) == (3, 5)
    assert (of["meetings_90d"], of["people_90d"], of["days_since_decision_maker"]) == (1, 1, 30)
    assert of["engagement"] == pytest.approx(0.5, abs=0.001)
    assert (of["open_deals"], of["open_deals_late"], of["open_deals_worth"]) == (1, 1, 700)
    assert (of["days_since_portal"], of["portal_visits_90d"]) == (4, 1)
    assert (of["nps"], of["days_since_lost_to_competitor"], of["trend_half_year"]) == (None, None, 2)
    assert of["employees"] == 40


def learnt_from(organization, **limits):
    rows = training_rows(organization=organization, until=NOW, card=CARD, **limits)
    assert rows is not None
    return rows


def known_then(organization):
    """Return all features of that day, as bytes: NaN is equal to itself there."""
    (block,) = account_features(organization=organization, as_of=THEN)
    found = {name: column.as_numbers.tobytes() for name, column in block.table.columns.items()}
    found |= {code: flags.tobytes() for code, flags in signal_flags(block).items()}
    # Whom the helper introduces was known for long.
    return {name: value for name, value in found.items() if name not in ("people_known", "buying_roles_known")}


@pytest.mark.usefixtures("acme_scope")
@given(facts=st.lists(st.tuples(st.sampled_from(KINDS), HAPPENED_AND_KNOWN, st.booleans()), min_size=1, max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_became_known_later_changes_no_feature_of_that_day(cast, records, facts):
    customer, prospect = _two_accounts(records)
    before = known_then(cast.acme)

    for kind, (happened, known), with_customer in facts:
        _becomes_known(records, customer if with_customer else prospect, kind, happened, at(known))

    assert known_then(cast.acme) == before


@pytest.mark.usefixtures("acme_scope")
def test_what_was_edited_since_is_read_back_from_the_trail(cast, records):
    account = records.account(segment="small", icp_fit="a", industry="Marine")
    accounts = type(account).objects.filter(pk=account.pk)
    accounts.update(segment="large", employees=40, version=2, updated_at=at(20))
    accounts.update(segment="key", icp_fit="c", version=3, updated_at=at(5))

    (then,) = account_features(organization=cast.acme, as_of=THEN)
    (facts,) = account_facts(organization=cast.acme, as_of=THEN)
    (now,) = account_features(organization=cast.acme, as_of=NOW)

    def said(block):
        return [block.table.columns[name].value(0) for name in ("segment", "icp_fit", "industry", "employees")]

    assert said(then) == ["small", "a", "Marine", None]
    assert (facts.segment, facts.icp_fit) == ("small", "a")
    assert said(now) == ["key", "c", "Marine", 40]


@pytest.mark.usefixtures("acme_scope")
def test_columns_that_files_brought_stand_beside_ours_as_they_were(cast, records):
    account, other = records.account(), records.account()
    CustomColumn.objects.create(
        organization=cast.acme, record="account", key="machines", name="Machines", kind="number", created_at=NOW
    )
    for days, machines in ((200, 3), (20, 9)):
        CustomValues.objects.create(
            organization=cast.acme, account=account, values={"machines": machines}, known_at=at(days)
        )

    (then,) = account_features(organization=cast.acme, as_of=THEN)
    (now,) = account_features(organization=cast.acme, as_of=NOW)

    assert sorted([account.pk, other.pk]) == then.uuids()
    place = then.uuids().index(account.pk)
    assert then.table.columns["custom.Machines"].value(place) == 3
    assert now.table.columns["custom.Machines"].value(place) == 9
    assert now.table.columns["custom.Machines"].value(1 - place) is None


@pytest.mark.usefixtures("acme_scope")
def test_who_bought_in_a_window(cast, records):
    bought, credited, cancelled, won, early, late = (records.account() for _ in range(6))
    records.order(bought, days=50)
    records.order(credited, days=50, amount_minor=-300)
    records.order(cancelled, days=50, status="cancelled")
    records.deal(won, stage="Won", days=150, closed=40)
    records.order(early, days=101)
    records.order(late, days=9)

    found = purchases_in_window(organization=cast.acme, start=at(100), end=at(10), known_by=NOW)

    assert [one.decode("latin-1") for one in found] == sorted(one.pk.bytes.decode("latin-1") for one in (bought, won))


@pytest.mark.usefixtures("acme_scope")
def test_training_rows_know_their_day_and_what_came_of_it(cast, records):
    regular, quiet = records.account(days=900), records.account(days=900)
    for days in range(30, 700, 60):
        records.order(regular, days=days)

    rows = learnt_from(cast.acme)

    assert len(rows) == 2 * len(rows.cutoffs) == len(rows.points) == len(rows.outcome)
    assert len(rows.cutoffs) >= 12
    last = datetime.date(1970, 1, 1) + datetime.timedelta(days=rows.cutoffs[-1])
    assert last == datetime.date(2026, 7, 31)  # 90 days and a week later is the 5th of November
    by_account = {
        one: rows.outcome[rows.table.groups == group].tolist()
        for group, one in enumerate(sorted([regular.pk, quiet.pk]))
    }
    assert set(by_account[regular.pk]) == {1.0}
    assert set(by_account[quiet.pk]) == {0.0}


@pytest.mark.usefixtures("acme_scope")
def test_many_rows_are_drawn_and_the_odds_put_right(cast, records):
    for place in range(20):
        account = records.account(days=900)
        if place < 4:
            for days in range(30, 300, 60):
                records.order(account, days=days)

    everything = learnt_from(cast.acme)
    rows = learnt_from(cast.acme, most_rows=everything.known_rows // 2)
    again = learnt_from(cast.acme, most_rows=everything.known_rows // 2)

    assert everything.shift == 0
    assert rows.positives == everything.positives > 0
    kept = (len(rows) - rows.positives) / (len(everything) - everything.positives)
    assert math.exp(rows.shift) == pytest.approx(kept, abs=0.2)
    assert (rows.account_ids == again.account_ids).all()


@pytest.mark.usefixtures("acme_scope")
def test_there_is_nothing_to_learn_from_before_there_is_a_past(cast, records):
    records.order(records.account(), days=20)

    assert training_rows(organization=cast.acme, until=NOW, card=CARD) is None


def test_a_stranger_reads_nothing(cast):
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        records.order(records.account(), days=50)
    with organization_scope(cast.globex):
        assert list(account_features(organization=cast.acme, as_of=NOW)) == []
        assert len(purchases_in_window(organization=cast.acme, start=at(100), end=NOW)) == 0
