"""An administrator looks at the product as a member: the member's rights, nothing can be changed, all is recorded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, connection
from django.test import Client
from django.utils import timezone

from tenancy.access import reach_of
from tenancy.models import AuditEntry, DomainEvent, Member
from tenancy.onlookers import Onlooker, hold_back
from tenancy.scoping import organization_scope
from tests.architecture.addresses import Address, every_address
from tests.architecture.test_tenant_matrix import url_of
from tests.cast import Cast
from tests.pipeline import records
from tests.pipeline.pages import text_of
from tests.signed_in import let_time_pass

ClientFor = Callable[[Member], Client]
BANNER = "You see this as"


@pytest.fixture
def ada(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.ada)


def look_as(browser: Client, member: Member) -> Any:
    return browser.post(f"/acme/members/{member.pk}/view-as/")


def events(cast: Cast, type_: str) -> list[DomainEvent]:
    with organization_scope(cast.acme):
        return list(DomainEvent.objects.filter(type=type_))


def changes(cast: Cast) -> int:
    with organization_scope(cast.acme):
        return int(AuditEntry.objects.count())


def test_the_member_s_rights_hold_until_it_is_ended(cast: Cast, ada: Client) -> None:
    assert look_as(ada, cast.rui).headers["Location"] == "/acme/"

    page = text_of(ada.get("/acme/"))
    assert "You see this as Rui Prado." in page
    assert "/acme/tokens/" not in page
    assert ada.get("/acme/tokens/").status_code == 403

    assert ada.post("/acme/view-as/end/").headers["Location"] == f"/acme/members/{cast.rui.pk}/"
    assert BANNER not in text_of(ada.get("/acme/"))
    assert ada.get("/acme/tokens/").status_code == 200


def test_both_ends_are_events_of_the_administrator(cast: Cast, ada: Client) -> None:
    look_as(ada, cast.rui)
    ada.post("/acme/view-as/end/")

    (started,), (ended,) = events(cast, "view_as.started"), events(cast, "view_as.ended")
    assert {started.actor_id, ended.actor_id} == {cast.ada.pk}
    assert {started.subject_id, ended.subject_id} == {cast.rui.pk}
    assert "ends_at" in started.payload
    assert ended.payload == {"why": "asked"}


def test_no_page_changes_anything(cast: Cast, ada: Client) -> None:
    """Each address of the product, as the member who may do most, refuses every unsafe method in words."""
    with organization_scope(cast.acme):
        Member.objects.filter(pk=cast.lena.pk).update(role="admin")
    look_as(ada, cast.lena)
    pages = [page for page in every_address() if page.in_organization and page.name != "people:view-as-end"]
    urls = [url_of(page, cast) for page in pages if page.name != "people:support-leave"]
    before = changes(cast)

    for url in urls:
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(ada, method)(url)
            assert answer.status_code == 403, (method, url)
            assert "looking changes nothing" in text_of(answer) or "No files leave" in text_of(answer), url
    assert changes(cast) == before


def gives_files(page: Address) -> bool:
    assert page.policy is not None
    action = page.policy.action
    return getattr(page.view, "gives_files", False) or (action is not None and action.value.startswith("export_"))


def is_form(page: Address) -> bool:
    assert page.policy is not None
    action = page.policy.action
    return page.name in {"people:invite", "people:unit-new", "integrations:import-new"} or (
        action is not None and action.value.startswith(("edit_", "log_"))
    )


@pytest.mark.parametrize("name", ["ana", "abe", "lena"])
def test_every_page_of_theirs_can_be_looked_at_and_no_file_leaves(cast: Cast, ada: Client, name: str) -> None:
    """A page that writes when it is only looked at is refused here, and would be of no use to the administrator."""
    member: Member = getattr(cast, name)
    with organization_scope(cast.acme):
        records.a_deal(cast.acme, records.an_account(cast.acme))  # the first one ever brings the stages
    look_as(ada, member)

    for page in every_address():
        if page.in_organization:
            answer = ada.get(url_of(page, cast))
            allowed = page.policy and page.policy.action and reach_of(member, page.policy.action)
            refused = gives_files(page) or is_form(page)
            expected = (200, 204, 302, 400, 404, 405) if allowed and not refused else (403,)
            assert answer.status_code in expected, page.name
            if allowed and is_form(page):
                assert "looking changes nothing" in text_of(answer), page.name
            assert "Content-Disposition" not in answer, page.name
            assert not answer.streaming, page.name


def test_a_change_that_only_the_database_notices_is_refused_in_words(
    cast: Cast, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(**_: Any) -> list[Any]:
        Member.objects.filter(pk=cast.rui.pk).update(name="X")
        return []

    look_as(ada, cast.ana)
    monkeypatch.setattr("tenancy.people.units_with_sizes", write)

    answer = ada.get("/acme/units/")

    assert answer.status_code == 403
    assert "looking changes nothing" in text_of(answer)


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_refuses_what_slips_through(cast: Cast) -> None:
    onlooker = Onlooker(cast.rui, timezone.now(), admin=cast.ada)

    def slip_through() -> None:
        with organization_scope(cast.acme):
            hold_back(onlooker, method="GET", view=None)
            Member.objects.filter(pk=cast.rui.pk).update(name="X")

    with pytest.raises(InternalError, match="read-only transaction"):
        slip_through()
    with organization_scope(cast.acme), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("off",)


@pytest.mark.parametrize(("minutes", "seen"), [(29, True), (30, False), (31, False)])
def test_it_ends_by_itself_after_half_an_hour(
    cast: Cast, ada: Client, monkeypatch: pytest.MonkeyPatch, minutes: int, seen: bool
) -> None:
    look_as(ada, cast.rui)
    began = events(cast, "view_as.started")[0].occurred_at
    monkeypatch.setattr(timezone, "now", lambda: began + timedelta(minutes=minutes))

    assert (BANNER in text_of(ada.get("/acme/members/"))) is seen
    assert [event.payload for event in events(cast, "view_as.ended")] == ([] if seen else [{"why": "time"}])


def test_it_ends_with_the_right_and_with_the_member(cast: Cast, ada: Client, client_for: ClientFor) -> None:
    """ASVS V8.3.2: an administrator who is none any more sees as themselves, with the next request."""
    other = client_for(cast.lena)
    with organization_scope(cast.acme):
        Member.objects.filter(pk=cast.lena.pk).update(role="admin")
    look_as(ada, cast.rui)
    look_as(other, cast.rui)
    with organization_scope(cast.acme):
        Member.objects.filter(pk=cast.ada.pk).update(role="coach")
    assert BANNER not in text_of(ada.get("/acme/"))
    with organization_scope(cast.acme):
        Member.objects.filter(pk=cast.rui.pk).update(is_active=False)
    assert BANNER not in text_of(other.get("/acme/"))

    assert {event.payload["why"] for event in events(cast, "view_as.ended")} == {"right", "member"}


@pytest.mark.parametrize("name", ["lena", "sil", "rui", "cora", "eva", "ana", "abe"])
def test_only_an_administrator_looks_as_others(cast: Cast, client_for: ClientFor, name: str) -> None:
    assert look_as(client_for(getattr(cast, name)), cast.mia).status_code == 403


def test_it_asks_for_who_is_there_and_refuses_what_makes_no_sense(cast: Cast, ada: Client) -> None:
    with organization_scope(cast.acme):
        Member.objects.filter(pk=cast.mia.pk).update(is_active=False)
    for member in (cast.ada, cast.mia):
        look_as(ada, member)
        assert BANNER not in text_of(ada.get("/acme/"))
    let_time_pass(ada)
    assert look_as(ada, cast.rui).headers["Location"].startswith("/auth/reauthenticate/")
    assert events(cast, "view_as.started") == []


def test_the_stranger_is_out_of_it(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.globex):
        Member.objects.filter(pk=cast.sam.pk).update(role="admin")
    sam = client_for(cast.sam)

    assert look_as(sam, cast.rui).status_code == 404
    assert sam.post(f"/globex/members/{cast.rui.pk}/view-as/").status_code == 404


def test_it_holds_in_its_own_organisation_only(cast: Cast, ada: Client) -> None:
    with organization_scope(cast.globex):
        Member.objects.create(organization=cast.globex, user=cast.ada.user, name="Ada", role="admin", external_id="ada")
    look_as(ada, cast.rui)

    assert BANNER not in text_of(ada.get("/globex/"))
    assert ada.get("/globex/tokens/").status_code == 200
