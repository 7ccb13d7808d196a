"""Invitations: asked in by mail, accepted once, by the person they are for."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as product
from django.db import connection
from django.test import Client
from django.utils import timezone

from tenancy.invitations import UnableToAccept, accept_as_new_person, link_token, read_link
from tenancy.models import AuditEntry, DomainEvent, Invitation, Member, OutgoingMail, Unit, UnitMembership, User
from tenancy.scoping import organization_scope
from tests.cast import PASSWORD, Cast
from tests.pipeline.pages import text_of
from tests.signed_in import let_time_pass, signed_in_client

ClientFor = Callable[[Member], Client]
INVITE = "/acme/members/invite/"
LIST = "/acme/members/invitations/"
NEW_PASSWORD = "a-bridge-over-calm-water"


@pytest.fixture(autouse=True)
def _mail_is_kept(settings: Any) -> None:
    """Django's test runner takes mail away; ours is a row in the transaction of whoever sends it."""
    settings.EMAIL_BACKEND = "tenancy.mail.OutboxBackend"


@pytest.fixture
def ada(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.ada)


def asked(ada: Client, **changed: Any) -> Any:
    return ada.post(INVITE, {"email": "nora@acme.example", "name": "Nora Kist", "role": "member", **changed})


def newest_link() -> str:
    mail = OutgoingMail.objects.latest("created_at")
    found = re.search(r"http://testserver(/invite/\S+)", mail.text)
    assert found
    return found[1]


def invitations(cast: Cast) -> list[Invitation]:
    with organization_scope(cast.acme):
        return list(Invitation.objects.order_by("created_at"))


def members_called(cast: Cast, email: str) -> list[Member]:
    with organization_scope(cast.acme):
        return list(Member.objects.select_related("user").filter(email=email))


def join(browser: Client, link: str, **changed: Any) -> Any:
    return browser.post(link, {"name": "Nora Kist", "password": NEW_PASSWORD, **changed})


class TestAsking:
    def test_a_mail_goes_out_with_a_link_and_the_event_holds_no_address(self, cast: Cast, ada: Client) -> None:
        answer = asked(ada)

        assert answer.status_code == 302
        mail = OutgoingMail.objects.get()
        assert mail.recipients == ["nora@acme.example"]
        assert mail.subject == "Ada Winter invites you to Acme Drives"
        assert "Squad member" in mail.text
        assert "nora@acme.example" in text_of(ada.get(LIST))
        with organization_scope(cast.acme):
            event = DomainEvent.objects.get(type="invitation.sent")
        assert (event.payload, event.actor_id) == ({"role": "member"}, cast.ada.pk)

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"email": "RUI@acme.example"}, "Rui Prado is a member already"),
            ({"email": "nora"}, "valid email"),
            ({"role": "owner"}, "valid choice"),
        ],
    )
    def test_what_cannot_be_is_said_beside_the_form(self, ada: Client, form: dict[str, str], words: str) -> None:
        answer = asked(ada, **form)

        assert answer.status_code == 422
        assert words in text_of(answer)
        assert not OutgoingMail.objects.exists()

    def test_an_address_has_one_open_invitation(self, cast: Cast, ada: Client) -> None:
        asked(ada)
        assert "was invited already" in text_of(asked(ada))
        assert len(invitations(cast)) == 1

    def test_somebody_deactivated_is_brought_back_instead(self, cast: Cast, ada: Client) -> None:
        with organization_scope(cast.acme):
            Member.objects.filter(pk=cast.rui.pk).update(is_active=False)
        assert "Bring them back" in text_of(asked(ada, email="rui@acme.example"))

    def test_there_is_a_most_in_a_day(self, cast: Cast, ada: Client) -> None:
        """ASVS V2.4.1: nobody sends mail to strangers through us without end."""
        cast.acme.settings = {"invitations_per_day": 3}
        cast.acme.save(update_fields=["settings"])
        for number in range(2):
            assert asked(ada, email=f"n{number}@acme.example").status_code == 302
        first = invitations(cast)[0]
        ada.post(f"{LIST}{first.pk}/resend/")  # a mail as well

        answer = asked(ada, email="one-too-many@acme.example")

        assert answer.status_code == 422
        assert "3 invitations were sent in the last 24 hours" in text_of(answer)
        assert "24 hours" in text_of(ada.post(f"{LIST}{first.pk}/resend/", follow=True))
        assert OutgoingMail.objects.count() == 3

    @pytest.mark.parametrize("name", ["lena", "sil", "rui", "cora", "eva", "ana", "abe"])
    def test_only_an_administrator_asks(self, cast: Cast, client_for: ClientFor, name: str) -> None:
        browser = client_for(getattr(cast, name))
        assert [asked(browser).status_code, browser.get(LIST).status_code] == [403, 403]

    def test_the_stranger_neither_asks_nor_sees(self, cast: Cast, ada: Client, client_for: ClientFor) -> None:
        asked(ada)
        (invitation,) = invitations(cast)
        sam = client_for(cast.sam)
        with organization_scope(cast.globex):
            Member.objects.filter(pk=cast.sam.pk).update(role="admin")

        assert asked(sam).status_code == 404
        assert "nora@acme.example" not in text_of(sam.get("/globex/members/invitations/"))
        for part in ("resend", "revoke"):
            assert sam.post(f"/globex/members/invitations/{invitation.pk}/{part}/").status_code == 404
        assert invitations(cast)[0].revoked_at is None

    def test_somebody_who_finds_an_open_screen_asks_nobody(self, cast: Cast, ada: Client) -> None:
        let_time_pass(ada)
        assert asked(ada).headers["Location"].startswith("/auth/reauthenticate/")
        assert invitations(cast) == []


class TestJoining:
    def test_a_new_person_sets_a_password_and_is_in(self, cast: Cast, ada: Client) -> None:
        with organization_scope(cast.acme):
            marine = Unit.objects.get(code="marine")
        asked(ada, role="coach", units=[str(marine.pk)])
        browser, link = Client(), newest_link()
        assert "Ada Winter invites you, as: Coach." in text_of(browser.get(link))

        answer = join(browser, link)

        assert answer.headers["Location"] == "/acme/"
        assert "Coach" in text_of(browser.get("/acme/"))
        (nora,) = members_called(cast, "nora@acme.example")
        assert nora.user is not None
        assert (nora.name, nora.role, nora.user.check_password(NEW_PASSWORD)) == ("Nora Kist", "coach", True)
        assert EmailAddress.objects.get(user=nora.user).verified
        with organization_scope(cast.acme):
            assert UnitMembership.objects.get(member=nora).unit == marine
            event = DomainEvent.objects.get(type="invitation.accepted")
            made = AuditEntry.objects.get(table_name="tenancy_member", row_id=nora.pk, action="insert")
        assert event.actor_id == nora.pk
        assert made.task == "accept an invitation"

    def test_a_weak_password_is_refused_in_words(self, cast: Cast, ada: Client) -> None:
        asked(ada)
        answer = join(Client(), newest_link(), password="password12")

        assert answer.status_code == 422
        assert "too common" in text_of(answer)
        assert not User.objects.filter(email="nora@acme.example").exists()

    def test_it_is_accepted_once(self, ada: Client, cast: Cast) -> None:
        asked(ada)
        link = newest_link()
        join(Client(), link)

        again = join(Client(), link, password="another-long-password")

        assert again.status_code == 410
        assert "accepted already" in text_of(again)
        assert len(members_called(cast, "nora@acme.example")) == 1

    def test_somebody_with_a_sign_in_signs_in_first(self, cast: Cast, ada: Client) -> None:
        """The link alone takes no account over: who has a password must use it."""
        asked(ada, email="sam@globex.example")
        link = newest_link()
        anonymous = Client()

        assert f"/auth/login/?next={quote(link)}" in text_of(anonymous.get(link))
        join(anonymous, link)
        assert members_called(cast, "sam@globex.example") == []
        assert cast.sam.user is not None
        sam = signed_in_client(cast.sam.user)
        assert "You are signed in as sam@globex.example" in text_of(sam.get(link))
        assert sam.post(link).headers["Location"] == "/acme/"
        assert sam.get("/acme/").status_code == 200
        assert sam.get("/globex/").status_code == 200
        assert User.objects.get(email="sam@globex.example").check_password(PASSWORD)

    def test_somebody_else_who_is_signed_in_gets_clear_words(
        self, cast: Cast, ada: Client, client_for: ClientFor
    ) -> None:
        asked(ada)
        link = newest_link()
        sam = client_for(cast.sam)

        for answer in (sam.get(link), sam.post(link), join(sam, link)):
            assert answer.status_code == 403
            assert "is for nora@acme.example, and you are signed in as sam@globex.example" in text_of(answer)
        assert sam.get("/acme/").status_code == 404
        assert invitations(cast)[0].accepted_at is None

    def test_a_member_from_an_import_keeps_what_carries_their_name(self, cast: Cast, ada: Client) -> None:
        with organization_scope(cast.acme):
            old = Member.objects.create(
                organization=cast.acme, name="N. Kist", email="n.kist@old.example", source="crm", external_id="7"
            )
        page = text_of(ada.get(f"{INVITE}?member={old.pk}"))
        assert "Let N. Kist sign in" in page
        asked(ada, member=str(old.pk), role="expert")

        join(Client(), newest_link())

        (nora,) = members_called(cast, "nora@acme.example")
        assert (nora.pk, nora.name, nora.role, nora.version) == (old.pk, "N. Kist", "expert", 2)

    def test_it_ends_after_seven_days(self, cast: Cast, ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        asked(ada)
        link, sent = newest_link(), timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: sent + timedelta(days=6, hours=23))
        assert Client().get(link).status_code == 200
        monkeypatch.setattr(timezone, "now", lambda: sent + timedelta(days=7, minutes=1))

        answer = join(Client(), link)

        assert answer.status_code == 410
        assert "seven days" in text_of(answer)

    def test_sending_it_again_makes_the_earlier_link_useless(self, cast: Cast, ada: Client) -> None:
        asked(ada)
        earlier = newest_link()
        ada.post(f"{LIST}{invitations(cast)[0].pk}/resend/")

        assert join(Client(), earlier).status_code == 410
        assert join(Client(), newest_link()).status_code == 302

    def test_an_ended_one_is_ended(self, cast: Cast, ada: Client) -> None:
        asked(ada)
        ada.post(f"{LIST}{invitations(cast)[0].pk}/revoke/")

        assert join(Client(), newest_link()).status_code == 410
        with organization_scope(cast.acme):
            assert DomainEvent.objects.filter(type="invitation.revoked").exists()
        # The address can be asked again.
        assert asked(ada).status_code == 302

    @pytest.mark.parametrize("token", ["x", "WyJhIl0:1:x", "a" * 300])
    def test_a_link_that_we_did_not_make_leads_nowhere(self, cast: Cast, token: str) -> None:
        assert Client().get(f"/invite/{token}/").status_code == 404

    def test_another_organisation_cannot_be_put_into_a_link(self, cast: Cast, ada: Client) -> None:
        asked(ada)
        (invitation,) = invitations(cast)
        invitation.organization_id = cast.globex.pk

        assert join(Client(), f"/invite/{link_token(invitation)}/").status_code == 410
        assert product.SECRET_KEY not in link_token(invitation)

    def test_a_closed_organisation_takes_nobody_in(self, cast: Cast, ada: Client) -> None:
        asked(ada)
        cast.acme.is_active = False
        cast.acme.save(update_fields=["is_active"])

        assert Client().get(newest_link()).status_code == 404

    def test_a_member_who_was_deactivated_meanwhile_stays_out(self, cast: Cast, ada: Client) -> None:
        asked(ada, email="sam@globex.example")
        with organization_scope(cast.acme):
            Member.objects.create(
                organization=cast.acme, user=cast.sam.user, name="Sam", external_id="s", is_active=False
            )
        assert cast.sam.user is not None

        answer = signed_in_client(cast.sam.user).post(newest_link())

        assert "access was ended" in text_of(answer)
        assert signed_in_client(cast.sam.user).get("/acme/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_four_who_accept_at_once_one_is_let_in(cast: Cast, client_for: ClientFor) -> None:
    asked(client_for(cast.ada))
    link = read_link(newest_link().split("/")[2])
    assert link is not None
    outcomes: list[str] = []
    together = threading.Barrier(4)

    def attempt() -> None:
        try:
            together.wait(10)
            with organization_scope(cast.acme):
                accept_as_new_person(
                    organization=cast.acme, link=link, name="Nora", password=NEW_PASSWORD, at=timezone.now()
                )
            outcomes.append("in")
        except UnableToAccept:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(outcomes) == ["in", "refused", "refused", "refused"]
    assert len(members_called(cast, "nora@acme.example")) == 1
