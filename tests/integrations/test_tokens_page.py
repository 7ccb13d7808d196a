"""The page of API tokens: administrators make and end them; the text is in one answer and nowhere else."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenancy.models import ApiToken, AuditEntry, DomainEvent, Member
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token
from tests.cast import Cast
from tests.integrations.api_caller import Caller
from tests.signed_in import let_time_pass

PAGE = "/acme/tokens/"
ClientFor = Callable[[Member], Client]


@pytest.fixture
def ada(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.ada)


def sent(**fields: Any) -> dict[str, Any]:
    return {"name": "ERP", "scopes": ["accounts:read"], "expires": "90", "key": str(uuid7()), **fields}


def text_in(answer: Any) -> str:
    found = re.findall(r"agsales_[A-Za-z0-9]{46}", answer.content.decode())
    assert len(found) == 1
    return str(found[0])


def kept(cast: Cast) -> list[ApiToken]:
    with organization_scope(cast.acme):
        return list(ApiToken.objects.order_by("created_at"))


def test_a_new_token_works_and_its_text_is_shown_this_once(cast: Cast, ada: Client) -> None:
    answer = ada.post(PAGE, sent())

    text = text_in(answer)
    assert Caller(text).read("/api/v1/accounts")["results"] == []
    assert "no-store" in answer["Cache-Control"]
    again = ada.get(PAGE).content.decode()
    assert text not in again
    assert text[:12] in again
    assert not any(
        text in session.session_data or text in str(session.get_decoded()) for session in Session.objects.all()
    )
    with organization_scope(cast.acme):
        assert not any(text in str(entry.after) for entry in AuditEntry.objects.all())
        (made,) = AuditEntry.objects.filter(table_name="tenancy_apitoken", action="insert")
    assert made.actor_id == cast.ada.pk


@pytest.mark.parametrize(("choice", "days"), [("30", 30), ("90", 90), ("365", 365), ("never", None)])
def test_it_ends_when_the_form_says(cast: Cast, ada: Client, choice: str, days: int | None) -> None:
    ada.post(PAGE, sent(expires=choice))

    (token,) = kept(cast)
    assert token.created_by_id == cast.ada.pk
    expected = None if days is None else token.created_at + timedelta(days=days)
    assert token.expires_at == expected


def test_the_same_form_sent_twice_makes_one_token(cast: Cast, ada: Client) -> None:
    form = sent()
    ada.post(PAGE, form)
    answer = ada.post(PAGE, form)

    assert answer.status_code == 409
    assert "was made already" in answer.content.decode()
    assert len(kept(cast)) == 1


WRONG = [
    ({"name": ""}, "This field is required"),
    ({"name": "   "}, "This field is required"),
    ({"scopes": []}, "This field is required"),
    ({"scopes": ["accounts:rule"]}, "accounts:rule is not one of the available choices"),
    ({"expires": ""}, "This field is required"),
    ({"expires": "9999"}, "9999 is not one of the available choices"),
    ({"key": "x"}, "Load it again"),
]


@pytest.mark.parametrize(("fields", "words"), WRONG)
def test_a_faulty_form_comes_back_with_words(cast: Cast, ada: Client, fields: dict[str, Any], words: str) -> None:
    answer = ada.post(PAGE, sent(**fields))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert kept(cast) == []


def test_a_revoked_token_is_refused_at_once_and_stays_on_the_page(cast: Cast, ada: Client) -> None:
    caller = Caller(text_in(ada.post(PAGE, sent())))
    (token,) = kept(cast)

    answer = ada.post(f"{PAGE}{token.pk}/revoke/")

    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    caller.refused("/api/v1/accounts", 401)
    page = ada.get(PAGE).content.decode()
    assert "Revoked" in page
    assert "ERP was revoked." in page
    assert f"{token.pk}/revoke/" not in page


def test_a_reader_can_tell_a_live_token_from_an_ended_one(cast: Cast, ada: Client) -> None:
    now = timezone.now()
    with organization_scope(cast.acme):
        for name, days in [("Live", 1), ("Over", -1)]:
            issue_token(
                organization=cast.acme,
                name=name,
                scopes=["scores:read"],
                issued_at=now,
                expires_at=now + timedelta(days=days),
            )

    page = ada.get(PAGE).content.decode()

    assert page.index("Live") < page.index("Over")
    assert "Expired" in page
    assert "Read scores and their reasons" in page


def test_only_administrators_see_it(cast: Cast, client_for: ClientFor) -> None:
    for member in cast.acme_people():
        assert client_for(member).get(PAGE).status_code == (200 if member == cast.ada else 403)


def test_a_stranger_neither_sees_nor_ends_a_token(cast: Cast, ada: Client, client_for: ClientFor) -> None:
    caller = Caller(text_in(ada.post(PAGE, sent())))
    (token,) = kept(cast)
    with organization_scope(cast.globex):
        Member.objects.filter(pk=cast.sam.pk).update(role="admin")
    sam = client_for(cast.sam)

    assert sam.get(PAGE).status_code == 404
    assert sam.post(f"{PAGE}{token.pk}/revoke/").status_code == 404
    assert sam.post(f"/globex/tokens/{token.pk}/revoke/").status_code == 404
    assert token.start not in sam.get("/globex/tokens/").content.decode()
    caller.read("/api/v1/accounts")


def test_a_name_is_written_as_text(cast: Cast, ada: Client) -> None:
    answer = ada.post(PAGE, sent(name="<script>alert(1)</script>"))

    assert "<script>alert" not in answer.content.decode()


def test_an_address_alone_ends_nothing(cast: Cast, ada: Client) -> None:
    ada.post(PAGE, sent())
    (token,) = kept(cast)

    assert ada.get(f"{PAGE}{token.pk}/revoke/").status_code == 405
    assert kept(cast)[0].revoked_at is None


def test_somebody_who_finds_an_open_screen_makes_no_token(cast: Cast, ada: Client) -> None:
    """ASVS V7.5.1: a token is made only by somebody who proved lately who they are; the list asks nothing."""
    let_time_pass(ada)

    assert ada.get(PAGE).status_code == 200
    answer = ada.post(PAGE, sent())

    assert answer.headers["Location"].startswith("/auth/reauthenticate/")
    assert kept(cast) == []


def test_issuing_and_revoking_are_events_that_the_audit_page_shows(cast: Cast, ada: Client) -> None:
    ada.post(PAGE, sent(expires="30"))
    (token,) = kept(cast)
    ada.post(f"{PAGE}{token.pk}/revoke/")
    ada.post(f"{PAGE}{token.pk}/revoke/")  # ending an ended one tells nothing

    with organization_scope(cast.acme):
        told = list(DomainEvent.objects.filter(subject_id=token.pk).order_by("recorded_at"))
    assert [(one.type, one.actor_id, one.payload["name"]) for one in told] == [
        ("api_token.issued", cast.ada.pk, "ERP"),
        ("api_token.revoked", cast.ada.pk, "ERP"),
    ]
    assert told[0].payload["scopes"] == token.scopes
    page = ada.get("/acme/audit/").content.decode()
    assert "Api token issued" in page
    assert "Api token revoked" in page


def test_the_tokens_that_end_with_their_maker_are_told_as_well(cast: Cast, ada: Client) -> None:
    with organization_scope(cast.acme):
        token, _ = issue_token(
            organization=cast.acme, name="ERP", scopes=["units:read"], issued_at=timezone.now(), issued_by=cast.rui
        )
    ada.post(f"/acme/members/{cast.rui.pk}/deactivate/", {"version": 1, "end_tokens": "on"})

    with organization_scope(cast.acme):
        assert DomainEvent.objects.get(type="api_token.revoked").actor_id == cast.ada.pk
        token.refresh_from_db()
    assert token.revoked_at is not None


def test_scopes_stand_in_the_order_in_which_they_are_chosen(cast: Cast, ada: Client) -> None:
    scopes = ["personal:read", "orders:read", "accounts:write", "accounts:read"]
    page = ada.post(PAGE, sent(scopes=scopes)).content.decode()

    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert "Read accounts · Read orders with their lines · Also e-mail addresses" in table
    assert table.index("Also e-mail addresses") < table.index("Create, change and delete accounts")
