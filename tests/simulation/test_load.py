"""A drawn company goes into the database whole, fenced off, and without its truth."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F, Sum

from pipeline.models import (
    Account,
    Activity,
    Contact,
    Opportunity,
    OpportunityHistory,
    OpportunitySnapshot,
    Order,
    OrderLine,
)
from simulation.beginnings import UnableToLoad
from simulation.company import Company, draw_company
from simulation.loader import LoadedCompany, load_company
from simulation.profile import DRIVES, HYDRAULICS
from tenancy import money
from tenancy.models import Member, Organization, Unit
from tenancy.scoping import organization_scope
from tests.simulation.conftest import END_DATE

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def small() -> Company:
    return draw_company(DRIVES, accounts=60, seed=11, end_date=END_DATE, months=6, domain="north.example")


@pytest.fixture
def loaded(small: Company) -> LoadedCompany:
    return load_company(small, slug="north", name="North Drives")


def test_it_stores_every_row(small: Company, loaded: LoadedCompany) -> None:
    with organization_scope(loaded.organization):
        assert Account.objects.count() == 60
        assert Contact.objects.count() == len(small.contacts)
        assert Opportunity.objects.count() == len(small.opportunities)
        assert OpportunityHistory.objects.count() == len(small.histories)
        assert OpportunitySnapshot.objects.count() == len(small.snapshots)
        assert Activity.objects.count() == len(small.activities)
        assert Order.objects.count() == len(small.orders)
        assert Member.objects.count() == len(small.staff.members)
        assert Unit.objects.filter(kind="squad").count() == 6 + 4 + 2


def test_the_exact_amounts_are_the_sums_of_the_lines_in_the_database(loaded: LoadedCompany) -> None:
    with organization_scope(loaded.organization):
        sums = OrderLine.objects.values("order").annotate(
            exact=Sum(F("quantity") * F("unit_price_e4") * (10_000 - F("discount_bp")))
        )
        exact = {row["order"]: Decimal(row["exact"]).scaleb(-8) for row in sums}

        for order in Order.objects.all():
            assert order.amount_exact == exact[order.pk]
            assert order.amount_minor == money.to_minor(exact[order.pk], order.currency)


def test_histories_name_the_stage_that_the_deal_is_in(loaded: LoadedCompany) -> None:
    with organization_scope(loaded.organization):
        for deal in Opportunity.objects.select_related("stage"):
            last = deal.history.filter(field="stage").order_by("occurred_at").last()
            assert last is not None
            assert (last.new_stage_id, last.new, last.occurred_at) == (
                deal.stage_id,
                deal.stage.name,
                deal.stage_entered_at,
            )
            assert deal.outcome == deal.stage.kind


def test_the_past_is_marked_and_dated(loaded: LoadedCompany) -> None:
    with organization_scope(loaded.organization):
        assert not Activity.objects.exclude(reconstructed=True).exists()
        assert not Activity.objects.exclude(recorded_at=F("occurred_at")).exists()
        assert not Opportunity.objects.exclude(recorded_at=F("opened_at"), source="simulation").exists()


def test_it_needs_no_truth_to_be_stored(small: Company) -> None:
    loaded = load_company(replace(small, truth=[]), slug="north", name="North Drives")

    with organization_scope(loaded.organization):
        assert Account.objects.count() == 60


def test_no_table_knows_the_truth(loaded: LoadedCompany) -> None:
    with organization_scope(loaded.organization), connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.columns WHERE column_name = 'organization_id'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM \"{table}\" t WHERE t::text ILIKE '%propensity%'")
            assert cursor.fetchone() == (0,), table


def test_a_stranger_sees_nothing_of_it(loaded: LoadedCompany) -> None:
    other = draw_company(HYDRAULICS, accounts=40, seed=12, end_date=END_DATE, months=6, domain="lake.example")
    stranger = load_company(other, slug="lake", name="Lake Hydraulics").organization

    with organization_scope(stranger):
        assert Account.objects.count() == 40
        assert not Account.objects.filter(pk__in=loaded.accounts).exists()
        with connection.cursor() as cursor:
            for table in ("account", "order", "orderline", "activity", "opportunityhistory", "opportunitysnapshot"):
                cursor.execute(
                    f"SELECT count(*) FILTER (WHERE organization_id = %s), count(*) FROM pipeline_{table}",
                    [stranger.pk],
                )
                own, seen = cursor.fetchone()
                assert own == seen > 0


def test_it_refuses_a_slug_that_is_taken(small: Company, loaded: LoadedCompany) -> None:
    with pytest.raises(UnableToLoad, match="already"):
        load_company(small, slug="north", name="Another")

    with organization_scope(loaded.organization):
        assert Account.objects.count() == 60


@pytest.mark.parametrize("slug", ["api", "static", "No Spaces", "", "-x"])
def test_it_refuses_slugs_that_are_no_address(small: Company, slug: str) -> None:
    with pytest.raises(UnableToLoad, match="slug"):
        load_company(small, slug=slug, name="Nobody")

    assert not Organization.objects.filter(name="Nobody").exists()
