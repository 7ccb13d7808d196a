"""What scores rest on, through the API."""

import pytest

from coe.models import ModelStatus, TrainedModel
from tenancy.scoping import organization_scope
from tests.coe.test_trained_models import examples, promoted
from tests.integrations.api_caller import Caller, a_token

ADDRESS = "/api/v1/scoring-models"


@pytest.fixture
def models(cast):
    """One version that counts, and one that has learnt nothing."""
    with organization_scope(cast.acme):
        promoted(cast)
        promoted(cast, examples(300, seed=5), days=7)
        return list(TrainedModel.objects.order_by("version"))


def test_each_version_says_what_it_rests_on_and_how_good_it_was(cast, models):
    acme = Caller(a_token(cast.acme))
    first, second = models

    (live,) = acme.read(ADDRESS, status="champion")["results"]
    both = acme.read(ADDRESS, purpose="opportunity_win", sort="-trained_at")["results"]

    assert live["id"] == str(second.pk if second.status == ModelStatus.CHAMPION else first.pk)
    assert [one["version"] for one in both] == [2, 1]
    one = acme.read(f"{ADDRESS}/{first.pk}")
    assert (one["state"], one["name"]) == ("learned", "model-1-learned")
    assert one["figures"]["auc"]["low"] < one["figures"]["auc"]["value"]
    assert "Region" in one["columns"]
    assert one["decision"]
    assert acme.read(ADDRESS, purpose="account_purchase")["results"] == []


def test_the_stranger_sees_none_of_it(cast, models):
    globex = Caller(a_token(cast.globex))

    assert globex.read(ADDRESS)["results"] == []
    assert globex.get(f"{ADDRESS}/{models[0].pk}").status_code == 404
