"""An organisation's own card: versions are added, and the next night scores by the one in force."""

from datetime import timedelta

import pytest

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from coe.models import RuleCard
from coe.operations import revise_rule_card
from coe.scoring.card import RuleCardError
from pipeline.models import AccountScore
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.coe.records import NOW
from tests.nightly.conftest import give_customers


def revise(cast, points, *, active_from=NOW - timedelta(days=1)):
    return revise_rule_card(organization=cast.acme, points=points, revised_by=cast.ana, active_from=active_from)


def scored_by(cast):
    with organization_scope(cast.acme):
        run = new_night(organization=cast.acme, requested_by=None, as_of=NOW, now=NOW)
    nightly.run_night(organization=cast.acme, run_id=run.pk)
    with organization_scope(cast.acme):
        (version,) = set(AccountScore.objects.values_list("model_version", flat=True))
        codes = {reason["code"] for score in AccountScore.objects.all() for reason in score.reasons}
    return version, codes


@pytest.mark.usefixtures("acme_scope")
def test_each_revision_is_a_version_of_its_own(cast):
    first, second = revise(cast, {"fit_a": 1}), revise(cast, {"fit_a": 2})

    assert (first.version, second.version) == (1, 2)
    assert [card.points for card in RuleCard.objects.order_by("version")] == [{"fit_a": 1.0}, {"fit_a": 2.0}]
    assert [event.actor for event in DomainEvent.objects.filter(type="rule_card.revised")] == [cast.ana, cast.ana]


@pytest.mark.usefixtures("acme_scope")
def test_a_card_that_nobody_can_mean_changes_nothing(cast):
    with pytest.raises(RuleCardError, match="charm"):
        revise(cast, {"charm": 1})

    assert not RuleCard.objects.exists()


def test_the_next_night_scores_by_the_card_in_force(cast):
    give_customers(cast)
    assert scored_by(cast)[0] == "rule-card-shipped"
    with organization_scope(cast.acme):
        revise(cast, {"inquiry_recent": 2.5})

    assert scored_by(cast) == ("rule-card-1", {"inquiry_recent"})


def test_a_card_of_tomorrow_waits(cast, monkeypatch):
    give_customers(cast)
    with organization_scope(cast.acme):
        revise(cast, {"inquiry_recent": 2.5}, active_from=NOW + timedelta(days=3000))

    assert scored_by(cast)[0] == "rule-card-shipped"


def test_the_other_organisation_keeps_its_own(cast):
    with organization_scope(cast.acme):
        revise(cast, {"fit_a": 1})

    with organization_scope(cast.globex):
        assert not RuleCard.objects.exists()
