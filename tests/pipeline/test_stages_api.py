"""GET /api/v1/stages: where a deal's stage_id comes from."""

from django.utils import timezone

from pipeline.models import Stage
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.pipeline.records import a_stage

ADDRESS = "/api/v1/stages"


def test_the_stages_come_in_their_order_and_say_what_they_mean(cast: Cast) -> None:
    with organization_scope(cast.acme):
        a_stage(cast.acme)
        Stage.objects.filter(name="Discover").update(retired_at=timezone.now())
    acme = Caller(a_token(cast.acme, ["opportunities:read"]))

    shown = acme.read(ADDRESS)["results"]

    assert [stage["name"] for stage in shown][:3] == ["Qualify", "Discover", "Solution"]
    assert [stage["kind"] for stage in shown] == ["open"] * 5 + ["won", "lost"]
    assert [stage["is_retired"] for stage in shown][:3] == [False, True, False]
    assert [stage["name"] for stage in acme.read(ADDRESS, kind="won,lost")["results"]] == ["Won", "Lost"]
    assert acme.read(f"{ADDRESS}/{shown[0]['id']}") == shown[0]


def test_a_stranger_sees_none_of_them(cast: Cast) -> None:
    with organization_scope(cast.acme):
        stage = a_stage(cast.acme)
    stranger = Caller(a_token(cast.globex))

    assert stranger.read(ADDRESS)["results"] == []
    stranger.refused(f"{ADDRESS}/{stage.pk}", 404)
