"""Ways of looking at a list that have a name."""

import re
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from pipeline.models import Account, SavedView
from tenancy.models import Member
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import a_deal, a_stage, an_account


@pytest.fixture
def three(cast: Cast) -> list[Account]:
    with organization_scope(cast.acme):
        return [
            an_account(cast.acme, cast.rui, name="Velora E-Bikes", segment="key", region="North"),
            an_account(cast.acme, cast.mia, name="Brightway Charging", segment="small", region="South"),
            an_account(cast.acme, None, name="Tramont Rail", lifecycle="customer"),
        ]


def save(client: Client, query: str = "segment=key", name: str = "Key ones", **more: str) -> Any:
    data = {"list": "accounts", "name": name, "query": query, **more}
    return client.post(url("view-new"), data, follow=True)


def do(client: Client, view: SavedView, what: str, **more: str) -> Any:
    return client.post(url("view-change", view.pk), {"do": what, **more}, follow=True)


def the_view(cast: Cast) -> SavedView:
    with organization_scope(cast.acme):
        return SavedView.objects.select_related("member").get()


def names(response: Any) -> list[str]:
    return [account.name for account, _ in response.context["rows"]]


def pinned(response: Any) -> list[str]:
    return [view.name for view in response.context["views"].shown]


def test_a_view_keeps_filters_and_order_and_stands_at_the_top(
    cast: Cast, three: list[Account], client_for: ClientFor
) -> None:
    client = client_for(cast.rui)

    page = save(client, query="segment=key&name=&sort=-potential&after=xyz&view=none")

    assert "View “Key ones” saved." in text_of(page)
    assert the_view(cast).query == "segment=key&sort=-potential"
    assert names(page) == ["Velora E-Bikes"]
    assert page.context["sort"] == "-potential"
    assert pinned(client.get(url("accounts"))) == ["Key ones"]
    assert pinned(client.get(url("contacts"))) == []


def test_a_view_of_ones_own_is_nobody_elses(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    """ASVS V8.2.2."""
    save(client_for(cast.rui))
    view = the_view(cast)

    for member in (cast.lena, cast.ada, cast.sam):
        client = client_for(member)
        assert client.post(url("view-change", view.pk), {"do": "delete"}).status_code == 404
        address = url("view-change", view.pk, organization="globex")
        assert client.post(address, {"do": "delete"}).status_code == 404
    assert "Key ones" not in text_of(client_for(cast.lena).get(url("accounts")))
    assert the_view(cast) == view


def test_a_shared_view_narrows_what_each_person_may_see(
    cast: Cast, three: list[Account], client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenancy import access

    save(client_for(cast.rui), query="", name="All of them", is_shared="on")
    view = the_view(cast)
    monkeypatch.setitem(access.ALLOWED[access.Action.VIEW_ACCOUNTS], Member.Role.MEMBER, access.Reach.OWN)

    page = client_for(cast.mia).get(f"{url('accounts')}?view={view.pk}")

    assert page.context["views"].current == view
    assert names(page) == ["Brightway Charging"]


def test_a_shared_view_is_for_all_and_its_author_or_a_leader_changes_it(
    cast: Cast, three: list[Account], client_for: ClientFor
) -> None:
    save(client_for(cast.rui), is_shared="on")
    view = the_view(cast)
    mia = client_for(cast.mia)
    assert "Key ones" in text_of(mia.get(url("accounts")))

    refused = do(mia, view, "rename", name="Mine")
    allowed = do(client_for(cast.lena), view, "rename", name="Key accounts")

    assert refused.status_code == 403
    assert "Rui Prado" in text_of(refused)
    assert "View “Key accounts” saved." in text_of(allowed)
    assert "Key accounts" not in text_of(client_for(cast.sam).get(url("accounts", organization="globex")))


def test_who_may_not_share_keeps_a_view_for_themselves(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    abe = client_for(cast.abe)

    assert save(abe, is_shared="on").status_code == 403
    assert save(abe).status_code == 200
    assert do(abe, the_view(cast), "share").status_code == 403
    assert not the_view(cast).is_shared


def test_one_begins_with_a_default_and_can_leave_it(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    save(client)
    view = the_view(cast)
    do(client, view, "begin")

    begun = client.get(url("accounts"))
    standard = client.get(f"{url('accounts')}?view=none")

    assert begun.status_code == 302
    assert begun["Location"] == f"{url('accounts')}?segment=key&view={view.pk}"
    assert len(names(standard)) == 3
    assert client_for(cast.mia).get(url("accounts")).status_code == 200
    do(client, view, "end")
    assert client.get(url("accounts")).status_code == 200


def test_a_list_has_one_default(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    save(client, name="First")
    first = the_view(cast)
    save(client, name="Second", query="segment=small")
    with organization_scope(cast.acme):
        second = SavedView.objects.get(name="Second")
    do(client, first, "begin")
    do(client, second, "begin")

    assert str(second.pk) in client.get(url("accounts"))["Location"]


def test_changed_filters_say_so_and_can_be_kept(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    save(client)
    view = the_view(cast)

    changed = client.get(f"{url('accounts')}?segment=small&view={view.pk}")
    assert "changed" in text_of(changed)
    assert "Keep the changed filters" in text_of(changed)
    do(client, view, "save", query="segment=small")

    assert the_view(cast).query == "segment=small"


def test_it_is_renamed_unpinned_and_deleted(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    save(client)
    view = the_view(cast)

    do(client, view, "rename", name="  The   key ones ")
    do(client, view, "unpin")
    page = client.get(url("accounts"))
    assert (pinned(page), [one.name for one in page.context["views"].views]) == ([], ["The key ones"])
    deleted = do(client, view, "delete")

    assert "View “The key ones” deleted." in text_of(deleted)
    assert client.get(f"{url('accounts')}?segment=key&view={view.pk}").status_code == 200
    with organization_scope(cast.acme):
        assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("name", "words"), [("", "Give the view a name."), ("x" * 81, "at most 80"), ("KEY ones", "“KEY ones” already")]
)
def test_a_name_is_checked(name: str, words: str, cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    save(client)

    assert words in text_of(save(client, name=name))
    the_view(cast)


def test_a_view_that_names_what_is_gone_says_so(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        stage = a_stage(cast.acme, "Discover")
        a_deal(cast.acme, three[0], cast.rui, stage="Discover")
    client = client_for(cast.rui)
    data = {"list": "opportunities", "name": "In discovery", "query": f"stage={stage.pk}&outcome=open"}
    client.post(url("view-new"), data)
    view = the_view(cast)
    with organization_scope(cast.acme):
        stage.retired_at = timezone.now()
        stage.save(update_fields=["retired_at"])

    page = client.get(f"{url('opportunities')}?{view.query}&view={view.pk}")

    assert page.status_code == 200
    assert "narrows by something that no longer exists: stage" in text_of(page)
    assert len(page.context["page"].rows) == 1
    assert client.get(f"{url('opportunities')}?{view.query}").status_code == 400


@pytest.mark.parametrize("list_page", ["accounts", "contacts", "opportunities", "orders"])
def test_each_list_has_views(list_page: str, cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    page = client.post(url("view-new"), {"list": list_page, "name": "Mine", "query": ""}, follow=True)

    assert 'id="views"' in page.content.decode()
    assert pinned(page) == ["Mine"]


def test_a_part_of_the_list_brings_the_views_along(cast: Cast, three: list[Account], client_for: ClientFor) -> None:
    html = client_for(cast.rui).get(url("accounts", segment="key"), headers={"HX-Request": "true"}).content.decode()

    assert re.search(r'id="views"[^>]*hx-swap-oob="true"', html)
    assert 'name="query" value="segment=key"' in html


def test_nonsense_is_refused(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    save(client)

    assert client.post(url("view-new"), {"list": "members", "name": "x"}).status_code == 400
    assert do(client, the_view(cast), "burn").status_code == 400
    assert client.post(url("view-change", UUID(int=1)), {"do": "pin"}).status_code == 404


def test_the_ranked_list_has_one_order(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.rui)

    assert client.get(url("priorities", sort="name")).status_code == 400
    assert client.get(url("priorities", sort="rank")).status_code == 200
    page = client.post(url("view-new"), {"list": "priorities", "name": "Act", "query": "band=act"}, follow=True)
    assert page.status_code == 200
