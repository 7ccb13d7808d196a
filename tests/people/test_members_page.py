"""Members: the list, one of them, and that a change holds from the person's next request on."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from tenancy.access import ALLOWED, Action, Reach
from tenancy.models import ApiToken, Member, UnitMembership
from tenancy.role_words import ACTION_WORDS, action_words, matrix, rights_in_words
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token
from tests.cast import Cast
from tests.integrations.api_caller import Caller
from tests.pipeline.pages import text_of
from tests.signed_in import let_time_pass

ClientFor = Callable[[Member], Client]
LIST = "/acme/members/"


def page_of(member: Member, part: str = "") -> str:
    return f"{LIST}{member.pk}/{part}"


@pytest.fixture
def ada(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.ada)


def fresh(cast: Cast, member: Member) -> Member:
    with organization_scope(cast.acme):
        return Member.objects.get(pk=member.pk)


def names_in(answer: object) -> set[str]:
    page = text_of(answer)
    return {name for name in ("Lena Vogt", "Sil Marten", "Rui Prado", "Mia Kranz", "Abe Stern") if f">{name}<" in page}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Lena Vogt", "Sil Marten", "Rui Prado", "Mia Kranz", "Abe Stern"}),
        ("?name=PRADO", {"Rui Prado"}),
        ("?name=mia@acme", {"Mia Kranz"}),
        ("?role=auditor", {"Abe Stern"}),
        ("?state=inactive", set()),
        ("?state=no_login", set()),
    ],
)
def test_the_list_narrows(ada: Client, query: str, found: set[str]) -> None:
    assert names_in(ada.get(LIST + query)) == found


def test_the_list_narrows_to_a_unit_and_says_where_people_belong(cast: Cast, ada: Client) -> None:
    with organization_scope(cast.acme):
        mobility = UnitMembership.objects.get(member=cast.rui).unit

    answer = ada.get(f"{LIST}?unit={mobility.pk}")

    assert names_in(answer) == {"Sil Marten", "Rui Prado"}
    assert "<td>Mobility</td>" in text_of(answer)


def test_a_filter_that_does_not_exist_is_refused(ada: Client) -> None:
    assert ada.get(f"{LIST}?role=owner").status_code == 400


def test_it_pages_by_name(cast: Cast, ada: Client) -> None:
    with organization_scope(cast.acme):
        Member.objects.bulk_create(
            Member(organization=cast.acme, name=f"Zed {number:03}", external_id=f"z{number}") for number in range(60)
        )
    first = ada.get(LIST)
    second = ada.get(LIST + first.context["page"].next.join(["?after=", ""]))

    assert len(first.context["page"].rows) == 50
    assert [one.name for one in second.context["page"].rows][-1] == "Zed 059"
    assert not second.context["page"].next


def test_the_stranger_sees_their_own_people_only(cast: Cast, client_for: ClientFor) -> None:
    sam = client_for(cast.sam)

    assert sam.get(LIST).status_code == 404
    assert "Rui Prado" not in text_of(sam.get("/globex/members/"))
    assert sam.get(f"/globex/members/{cast.rui.pk}/").status_code == 404


def test_who_may_do_what_is_the_table_that_decides(cast: Cast, client_for: ClientFor) -> None:
    """ASVS V8.1.1: the matrix of roles and functions is written down, and it is the one that the code reads."""
    answer = client_for(cast.rui).get("/acme/members/roles/")

    page = text_of(answer)
    assert all(str(action_words(action)) in page for action in Action)
    assert set(ACTION_WORDS) == set(Action)
    for (_, reaches), allowed in zip(matrix(), ALLOWED.values(), strict=True):
        assert [reach is not None for reach in reaches] == [role in allowed for role in Member.Role]
    squad_member = {str(right.words): right.reach for right in rights_in_words("member")}
    assert ALLOWED[Action.EDIT_ACCOUNTS][Member.Role.MEMBER] == Reach.SQUAD
    assert squad_member["Change accounts and contacts"] == "their squads’"
    assert squad_member["Make and end API tokens"] is None


def test_a_members_page_says_what_the_role_reaches(cast: Cast, client_for: ClientFor) -> None:
    page = text_of(client_for(cast.mia).get(page_of(cast.rui)))

    assert "What Squad member reaches" in page
    assert "their squads’" in page
    assert "Change role" not in page  # a squad member looks, an administrator changes
    assert "Last sign-in" not in page


@pytest.mark.parametrize("name", ["lena", "sil", "rui", "cora", "eva", "ana", "abe"])
def test_only_an_administrator_changes_members(cast: Cast, client_for: ClientFor, name: str) -> None:
    """ASVS V8.2.1: the functions of an administrator are refused to every other role."""
    browser = client_for(getattr(cast, name))

    for part, data in [
        ("role/", {"role": "admin", "version": 1}),
        ("name/", {"name": "X", "version": 1}),
        ("deactivate/", {"version": 1}),
        ("reactivate/", {"version": 1}),
        ("tokens/end/", {}),
    ]:
        answer = browser.post(page_of(cast.mia, part), data)
        assert answer.status_code == 403
        assert "needs the role Administrator" in text_of(answer)
    assert fresh(cast, cast.mia).version == 1


def test_who_leads_says_how_many_hours_somebody_has_for_customers(cast: Cast, client_for: ClientFor) -> None:
    lena = client_for(cast.lena)
    assert "16 a week, as usual here" in text_of(lena.get(page_of(cast.rui)))

    assert lena.post(page_of(cast.rui, "hours/"), {"hours_per_week": "20", "version": 1}).status_code == 302
    assert "20 a week" in text_of(lena.get(page_of(cast.rui)))
    assert lena.post(page_of(cast.rui, "hours/"), {"hours_per_week": "90", "version": 2}).status_code == 422
    assert client_for(cast.rui).post(page_of(cast.rui, "hours/"), {"hours_per_week": "1"}).status_code == 403
    assert client_for(cast.sam).post(page_of(cast.rui, "hours/"), {"hours_per_week": "1"}).status_code == 404
    assert fresh(cast, cast.rui).hours_per_week == 20


def test_a_role_holds_from_the_next_request_on(cast: Cast, ada: Client, client_for: ClientFor) -> None:
    """ASVS V8.3.2: a change of what somebody may do applies at once, to a session that is open already."""
    rui = client_for(cast.rui)
    assert rui.get("/acme/tokens/").status_code == 403

    assert ada.post(page_of(cast.rui, "role/"), {"role": "admin", "version": 1}).status_code == 302
    assert rui.get("/acme/tokens/").status_code == 200

    assert ada.post(page_of(cast.rui, "role/"), {"role": "auditor", "version": 2}).status_code == 302
    assert rui.get("/acme/tokens/").status_code == 403


def test_a_deactivated_member_is_out_with_the_next_request(cast: Cast, ada: Client, client_for: ClientFor) -> None:
    """ASVS V7.4.2: the sessions of a member who was deactivated open nothing of the organisation any more."""
    browsers = [client_for(cast.rui), client_for(cast.rui)]
    assert all(browser.get("/acme/").status_code == 200 for browser in browsers)

    ada.post(page_of(cast.rui, "deactivate/"), {"version": 1})

    for browser in browsers:
        assert browser.get("/acme/").status_code == 404
        assert browser.post("/acme/accounts/new/").status_code == 404
        assert "belong to no organisation" in text_of(browser.get("/", follow=True))
    assert names_in(ada.get(f"{LIST}?state=inactive")) == {"Rui Prado"}

    ada.post(page_of(cast.rui, "reactivate/"), {"version": 2})
    assert browsers[0].get("/acme/").status_code == 200


@pytest.mark.parametrize(("form", "status"), [({}, 200), ({"end_tokens": "on"}, 401)])
def test_tokens_of_somebody_who_left_go_on_unless_they_are_ended(
    cast: Cast, ada: Client, form: dict[str, str], status: int
) -> None:
    """ASVS V7.4.2: an administrator decides about the tokens; they belong to the organisation, not to the person."""
    with organization_scope(cast.acme):
        _, text = issue_token(
            organization=cast.acme,
            name="ERP",
            scopes=["accounts:read"],
            issued_at=timezone.now(),
            issued_by=cast.rui,
        )

    ada.post(page_of(cast.rui, "deactivate/"), {"version": 1, **form})

    assert Caller(text).get("/api/v1/accounts").status_code == status
    assert "made by Rui Prado, who has left" in text_of(ada.get("/acme/tokens/"))


def test_an_administrator_ends_the_tokens_of_one_who_left(cast: Cast, ada: Client) -> None:
    with organization_scope(cast.acme):
        issue_token(
            organization=cast.acme, name="ERP", scopes=["accounts:read"], issued_at=timezone.now(), issued_by=cast.rui
        )
    ada.post(page_of(cast.rui, "deactivate/"), {"version": 1})
    assert "ERP" in text_of(ada.get(page_of(cast.rui)))

    answer = ada.post(page_of(cast.rui, "tokens/end/"), follow=True)

    assert "1 token was ended." in text_of(answer)
    with organization_scope(cast.acme):
        assert not ApiToken.objects.filter(revoked_at=None).exists()


def test_what_is_refused_is_said_beside_the_form(cast: Cast, ada: Client) -> None:
    with organization_scope(cast.acme):
        Member.objects.filter(pk=cast.mia.pk).update(role="admin", user=None)

    own = ada.post(page_of(cast.ada, "deactivate/"), {"version": 1})
    stale = ada.post(page_of(cast.rui, "role/"), {"role": "coach", "version": 7})
    empty = ada.post(page_of(cast.rui, "name/"), {"name": "", "version": 1})

    assert (own.status_code, stale.status_code, empty.status_code) == (422, 409, 422)
    assert "Somebody changed this while you looked at it." in text_of(stale)
    assert fresh(cast, cast.rui).version == 1


def test_units_are_given_and_taken_with_dates(cast: Cast, ada: Client) -> None:
    with organization_scope(cast.acme):
        there = UnitMembership.objects.get(member=cast.rui)
        marine = UnitMembership.objects.get(member=cast.mia).unit

    joined = ada.post(
        page_of(cast.rui, "units/"), {"unit": str(marine.pk), "active_from": "2026-03-02", "version": 1}, follow=True
    )
    left = ada.post(page_of(cast.rui, f"units/{there.pk}/end/"), {"active_to": "2026-04-01", "version": 2}, follow=True)

    assert "Rui Prado belongs to Marine." in text_of(joined)
    assert "Rui Prado leaves Mobility." in text_of(left)
    with organization_scope(cast.acme):
        ended = UnitMembership.objects.get(pk=there.pk)
    assert ended.active_to.isoformat() == "2026-04-01"
    # One's membership is not another's: the address has to fit.
    assert ada.post(page_of(cast.mia, f"units/{there.pk}/end/"), {"active_to": "2026-05-01"}).status_code == 404


@pytest.mark.parametrize(("part", "form"), [("role/", {"role": "coach"}), ("deactivate/", {}), ("reactivate/", {})])
def test_somebody_who_finds_an_open_screen_changes_nobodys_access(
    cast: Cast, ada: Client, part: str, form: dict[str, str]
) -> None:
    """ASVS V7.5.1: who may do what is changed only by somebody who proved lately who they are."""
    let_time_pass(ada)

    answer = ada.post(page_of(cast.rui, part), {"version": 1, **form})

    assert answer.headers["Location"].startswith("/auth/reauthenticate/")
    assert fresh(cast, cast.rui).version == 1
