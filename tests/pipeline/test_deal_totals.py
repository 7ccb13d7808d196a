"""What deals come to: open ones by today's rate, closed ones by that of the organisation's day on which they closed."""

from datetime import UTC, date, datetime

from pipeline.models import Opportunity
from pipeline.operations import move_stage
from pipeline.queries.money import deal_total, deal_totals, total_as_data
from tenancy.conversion import converter_into
from tenancy.rates import set_rates
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.records import a_deal, a_stage

TODAY = date(2026, 7, 1)


def test_each_deal_counts_by_the_rate_of_its_own_day(cast: Cast) -> None:
    acme = cast.acme
    with organization_scope(acme):
        set_rates(organization=acme, rates={"USD": "0.5"}, on=date(2026, 3, 2))
        set_rates(organization=acme, rates={"USD": "0.8"}, on=date(2026, 6, 1))
        a_deal(acme, owner=cast.rui, amount_minor=100, currency="USD")
        won = a_deal(acme, owner=cast.mia, amount_minor=100, currency="USD")
        # Half past ten at night in London is the next day in Berlin, whose rate it is.
        midnight = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)
        into = a_stage(acme, "Won")
        move_stage(organization=acme, opportunity=won, stage=into, version=won.version, actor=None, moved_at=midnight)
        a_deal(acme, owner=cast.mia, amount_minor=100, currency="CHF")
        converter = converter_into("EUR", organization=acme, today=TODAY)

        by_owner = deal_totals(organization=acme, found=Opportunity.objects.all(), converter=converter, by=("owner",))
        whole = deal_total(organization=acme, found=Opportunity.objects.all(), converter=converter)

    assert {key[0]: total.amount_minor for key, total in by_owner.items()} == {cast.rui.pk: 80, cast.mia.pk: 80}
    assert by_owner[cast.mia.pk,].left_out == {"CHF": 100}
    assert total_as_data(whole) == {
        "amount_minor": 160,
        "currency": "EUR",
        "parts": [{"amount_minor": 200, "currency": "USD"}],
        "rates_from": date(2026, 6, 1),
        "rates_to": date(2026, 6, 1),
        "left_out": [{"amount_minor": 100, "currency": "CHF"}],
    }


def test_a_stranger_sees_none_of_it(cast: Cast) -> None:
    with organization_scope(cast.acme):
        a_deal(cast.acme, owner=cast.rui)
    with organization_scope(cast.globex):
        converter = converter_into("USD", organization=cast.globex, today=TODAY)
        assert deal_totals(organization=cast.globex, found=Opportunity.objects.all(), converter=converter, by=()) == {}
