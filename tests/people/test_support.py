"""Support sessions: an operator looks in for a reason, for a while, in sight of the organisation, which can end it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from pipeline.models import Account
from tenancy.models import AuditEntry, DomainEvent, Member, OutgoingMail, SupportSession, User
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.people.second_factor import give_second_factor
from tests.pipeline import records
from tests.pipeline.pages import text_of
from tests.signed_in import let_time_pass, signed_in_client

ClientFor = Callable[[Member], Client]
DESK = "/auth/support/"
REASON = "Ticket 4711: the import of May stops"


@pytest.fixture(autouse=True)
def _mail_is_kept(settings: Any) -> None:
    settings.EMAIL_BACKEND = "tenancy.mail.OutboxBackend"


@pytest.fixture
def olga(cast: Cast) -> User:
    """An operator, who belongs to no organisation."""
    user = User.objects.create_user("olga@agile-sales.example", name="Olga Held", is_operator=True)
    give_second_factor(Member(user=user))
    return user


@pytest.fixture
def browser(olga: User) -> Client:
    return signed_in_client(olga)


def open_at(browser: Client, **changed: Any) -> Any:
    return browser.post(DESK, {"organization": "acme", "reason": REASON, "minutes": "30", **changed})


def sessions(cast: Cast) -> list[SupportSession]:
    with organization_scope(cast.acme):
        return list(SupportSession.objects.select_related("member"))


def events(cast: Cast, type_: str) -> list[DomainEvent]:
    with organization_scope(cast.acme):
        return list(DomainEvent.objects.filter(type=type_).order_by("recorded_at"))


class TestOpening:
    def test_the_operator_is_in_and_the_administrators_know(self, cast: Cast, browser: Client) -> None:
        assert browser.get("/acme/").status_code == 404

        assert open_at(browser).headers["Location"] == "/acme/"

        page = text_of(browser.get("/acme/"))
        assert "Support session." in page
        assert "Nothing can be changed." in page
        mail = OutgoingMail.objects.get()
        assert mail.recipients == ["ada@acme.example"]
        assert REASON in mail.text
        assert "http://testserver/acme/support/" in mail.text
        (opened,) = events(cast, "support_session.opened")
        assert opened.payload == {"reason": REASON, "minutes": 30, "may_write": False}

    def test_somebody_who_is_no_operator_finds_no_such_page(self, cast: Cast, client_for: ClientFor) -> None:
        for member in (cast.ada, cast.sam):
            assert client_for(member).get(DESK).status_code == 404
            assert open_at(client_for(member)).status_code == 404
        assert sessions(cast) == []

    def test_an_operator_needs_a_second_factor(self, cast: Cast) -> None:
        bare = User.objects.create_user("bare@agile-sales.example", is_operator=True)
        assert open_at(signed_in_client(bare)).headers["Location"] == "/auth/you/security/"
        assert sessions(cast) == []

    def test_somebody_who_finds_an_open_screen_gets_in_nowhere(self, cast: Cast, browser: Client) -> None:
        let_time_pass(browser)
        assert open_at(browser).headers["Location"].startswith("/auth/reauthenticate/")
        assert sessions(cast) == []

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"minutes": "61"}, "less than or equal to 60"),
            ({"minutes": "0"}, "greater than or equal to 1"),
            ({"reason": "help"}, "Say why"),
            ({"organization": "nowhere"}, "no such organisation"),
        ],
    )
    def test_what_cannot_be_is_said(self, cast: Cast, browser: Client, form: dict[str, str], words: str) -> None:
        answer = open_at(browser, **form)

        assert answer.status_code == 422
        assert words in text_of(answer)
        assert sessions(cast) == []

    def test_one_at_a_time(self, cast: Cast, browser: Client) -> None:
        open_at(browser)
        assert "open session there already" in text_of(open_at(browser))
        assert len(sessions(cast)) == 1


class TestInside:
    def test_it_looks_and_changes_nothing(self, cast: Cast, browser: Client) -> None:
        """ASVS V8.2.1: support has a row of its own in the table of rights, and changes only where it was let."""
        with organization_scope(cast.acme):
            account = records.an_account(cast.acme, owner=cast.rui)
        open_at(browser)

        assert account.name in text_of(browser.get(f"/acme/accounts/{account.pk}/"))
        answer = browser.post(f"/acme/accounts/{account.pk}/edit/", {"name": "X", "version": 1})
        assert answer.status_code == 403
        assert "looks and changes nothing" in text_of(answer)
        with organization_scope(cast.acme):
            assert Account.objects.get(pk=account.pk).name == account.name

    @pytest.mark.parametrize(
        "path",
        ["accounts/new/", "accounts/{account}/edit/", "contacts/new/", "opportunities/new/", "orders/new/",
         "products/new/", "imports/new/"],
    )  # fmt: skip
    @pytest.mark.parametrize("may_write", ["", "on"])
    def test_forms_open_only_where_it_may_write(self, cast: Cast, browser: Client, path: str, may_write: str) -> None:
        with organization_scope(cast.acme):
            account = records.an_account(cast.acme, owner=cast.rui)
        open_at(browser, may_write=may_write)

        answer = browser.get(f"/acme/{path.format(account=account.pk)}")

        assert answer.status_code == (200 if may_write else 403)
        assert ("looks and changes nothing" in text_of(answer)) is not bool(may_write)

    @pytest.mark.parametrize(
        "path", ["tokens/", "settings/", "members/invite/", "members/invitations/", "support/", "accounts/export/"]
    )
    @pytest.mark.parametrize("may_write", ["", "on"])
    def test_it_manages_nothing_and_takes_no_file(self, cast: Cast, browser: Client, path: str, may_write: str) -> None:
        open_at(browser, may_write=may_write)
        answer = browser.get(f"/acme/{path}")
        assert answer.status_code in (403, 404)

    def test_where_it_may_write_the_trail_says_that_it_was_support(self, cast: Cast, browser: Client) -> None:
        open_at(browser, may_write="on")
        (session,) = sessions(cast)

        answer = browser.post("/acme/products/new/", {"name": "Drive 9", "currency": "EUR", "is_active": "on"})

        assert answer.status_code == 302
        with organization_scope(cast.acme):
            entry = AuditEntry.objects.get(table_name="pipeline_product", action="insert")
        assert entry.actor_id == session.member_id
        assert entry.task == f"support session {session.pk}"

    def test_what_is_opened_is_kept_for_the_organisation(
        self, cast: Cast, browser: Client, client_for: ClientFor
    ) -> None:
        open_at(browser)
        for path in ("/acme/", "/acme/accounts/", "/acme/nowhere/"):
            browser.get(path)
        (session,) = sessions(cast)

        assert [event.payload["path"] for event in events(cast, "support_session.looked")] == [
            "/acme/",
            "/acme/accounts/",
            "/acme/nowhere/",
        ]
        page = text_of(client_for(cast.abe).get(f"/acme/support/{session.pk}/"))
        assert "/acme/nowhere/" in page

    def test_nobody_meets_them_as_a_colleague(self, cast: Cast, browser: Client, client_for: ClientFor) -> None:
        open_at(browser)
        (session,) = sessions(cast)

        assert (session.member.is_active, session.member.user_id) == (False, None)
        ada = client_for(cast.ada)
        assert "Olga Held" not in text_of(ada.get("/acme/members/"))
        back = ada.post(f"/acme/members/{session.member_id}/reactivate/", {"version": 1})
        assert "is our support" in text_of(back)
        assert ada.post(f"/acme/members/{cast.rui.pk}/role/", {"role": "support", "version": 1}).status_code == 422


class TestTheOrganisationSeesIt:
    def test_administrators_and_auditors_see_a_notice_on_every_page(
        self, cast: Cast, browser: Client, client_for: ClientFor
    ) -> None:
        notice = "Our support is looking into this organisation."
        assert notice not in text_of(client_for(cast.ada).get("/acme/"))
        open_at(browser)

        for name, seen in [("ada", True), ("abe", True), ("lena", False), ("rui", False)]:
            assert (notice in text_of(client_for(getattr(cast, name)).get("/acme/accounts/"))) is seen, name
        assert notice not in text_of(client_for(cast.sam).get("/globex/"))
        page = text_of(client_for(cast.ada).get("/acme/support/"))
        assert "Olga Held (support)" in page
        assert REASON in page

    def test_an_administrator_ends_it_at_once(self, cast: Cast, browser: Client, client_for: ClientFor) -> None:
        """ASVS V7.4.2: the organisation ends a session of support, and its next request finds nothing."""
        open_at(browser)
        (session,) = sessions(cast)
        assert client_for(cast.abe).post(f"/acme/support/{session.pk}/end/").status_code == 403

        client_for(cast.ada).post(f"/acme/support/{session.pk}/end/")

        assert browser.get("/acme/").status_code == 404
        (ended,) = events(cast, "support_session.ended")
        assert ended.actor_id == cast.ada.pk
        assert "ended by Ada Winter" in text_of(client_for(cast.ada).get("/acme/support/"))

    def test_the_stranger_sees_nothing_of_it(self, cast: Cast, browser: Client, client_for: ClientFor) -> None:
        open_at(browser)
        (session,) = sessions(cast)
        with organization_scope(cast.globex):
            Member.objects.filter(pk=cast.sam.pk).update(role="admin")
        sam = client_for(cast.sam)

        assert "Olga" not in text_of(sam.get("/globex/support/"))
        assert sam.get(f"/globex/support/{session.pk}/").status_code == 404
        assert sam.post(f"/globex/support/{session.pk}/end/").status_code == 404
        assert browser.get("/globex/").status_code == 404


class TestItEnds:
    def test_by_the_operator(self, cast: Cast, browser: Client) -> None:
        open_at(browser)
        assert browser.post("/acme/support/leave/").headers["Location"] == DESK
        assert browser.get("/acme/").status_code == 404
        assert events(cast, "support_session.ended")[0].actor_id == sessions(cast)[0].member_id

    def test_by_itself(self, cast: Cast, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """An operator whose time is over is a stranger."""
        open_at(browser, minutes="5")
        opened = sessions(cast)[0].opened_at
        monkeypatch.setattr(timezone, "now", lambda: opened + timedelta(minutes=4, seconds=59))
        assert browser.get("/acme/accounts/").status_code == 200
        monkeypatch.setattr(timezone, "now", lambda: opened + timedelta(minutes=5))
        assert browser.get("/acme/accounts/").status_code == 404
        assert browser.post("/acme/accounts/new/").status_code == 404

    def test_with_the_flag(self, cast: Cast, browser: Client) -> None:
        open_at(browser)
        call_command("grant_operator", email="olga@agile-sales.example", revoke=True)
        assert browser.get("/acme/").status_code == 404
        assert browser.get(DESK).status_code == 404


def test_operators_are_made_by_the_command_alone(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("grant_operator", email="SAM@globex.example")

    assert User.objects.get(email="sam@globex.example").is_operator
    assert "second factor" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("grant_operator", email="nobody@globex.example")
    # A page that takes fields of people takes not this one.
    ada = signed_in_client(User.objects.get(email="ada@acme.example"))
    ada.post(f"/acme/members/{cast.rui.pk}/name/", {"name": "R", "version": 1, "is_operator": "on"})
    assert not User.objects.get(email="rui@acme.example").is_operator
