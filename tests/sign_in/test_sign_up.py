"""People begin by themselves: a proved address, a sign-in, an organisation of which they are the administrator."""

import re
from collections.abc import Callable
from http import HTTPStatus

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.urls import reverse

from agile_sales.sign_in_limits import MAILS
from tenancy.models import Member, Organization, Unit, User
from tenancy.scoping import organization_scope
from tests.cast import PASSWORD, Cast
from tests.sign_in.test_limits import nobody, shown

ClientFor = Callable[[Member], Client]
NEW_PASSWORD = "a new long sentence"
COMMON_PASSWORDS = [
    "password123",
    "qwertyuiop",
    "1234567890",
    "letmein123",
    "administrator",
    "basketball",
    "Football2027!",
]


def link_for(email: str) -> str:
    """Ask for a sign-up and return the link of the mail."""
    Client().post(reverse("account_signup"), {"email": email})
    assert mail.outbox[-1].to == [email.lower()]
    found = re.search(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def founding(client: Client, **data: str) -> tuple[int, str]:
    fields = {"name": "Nordwind GmbH", "slug": "", "currency": "EUR", "time_zone": "Europe/Vienna", **data}
    response = client.post(reverse("you-organization-new"), fields)
    return response.status_code, response.headers.get("Location", "") or response.content.decode()


class TestASignIn:
    def test_is_made_for_a_proved_address_and_leads_on_to_an_organization(self, cast: Cast) -> None:
        email = nobody()
        client = Client()
        link = link_for(email.upper())
        assert not User.objects.filter(email=email).exists(), "nothing is kept of an address that is not proved"

        assert mail.outbox[-1].subject == "Begin with Agile Sales"
        page = client.get(link).content.decode()
        assert f'value="{email}"' in page
        response = client.post(link, {"name": "Nora Wind", "password": NEW_PASSWORD})

        assert response.headers["Location"] == reverse("you-organization-new")
        assert client.get(reverse("you-organization-new")).status_code == HTTPStatus.OK
        assert Client().post(reverse("account_login"), {"login": email, "password": NEW_PASSWORD}).status_code == 302

    def test_a_link_makes_one_and_is_good_for_nothing_then(self, cast: Cast) -> None:
        link = link_for(nobody())
        Client().post(link, {"name": "Nora Wind", "password": NEW_PASSWORD})

        again = Client().post(link, {"name": "Thief", "password": "another long sentence"})

        assert again.status_code == HTTPStatus.GONE
        assert "You have a sign-in already" in again.content.decode()
        assert not User.objects.filter(name="Thief").exists()

    def test_a_link_that_we_did_not_make_is_refused(self, cast: Cast) -> None:
        link = link_for(nobody())

        for other in (link[:-3] + "x/", reverse("sign-up-finish", args=["ImxlbmFAYWNtZS5leGFtcGxlIg:1:x"])):
            assert Client().get(other).status_code == HTTPStatus.GONE

    def test_a_link_is_good_for_a_day(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        link = link_for(nobody())
        monkeypatch.setattr("agile_sales.sign_up.LIFETIME_SECONDS", -1)

        assert Client().get(link).status_code == HTTPStatus.GONE

    def test_whether_an_address_has_one_is_told_to_its_mailbox_only(self, cast: Cast) -> None:
        """ASVS V6.3.8"""
        answers = {}
        for email in (cast.lena.email, nobody()):
            client = Client()
            posts = [client.post(reverse("account_signup"), {"email": email}) for _ in range(MAILS + 1)]
            sent = client.get(reverse("sign-up-sent")).content.decode()
            answers[email] = [
                (one.status_code, one.headers.get("Location"), shown(one.content.decode())) for one in posts
            ]
            answers[email].append((0, None, shown(sent)))

        known, unknown = answers.values()
        assert known == unknown
        assert known[MAILS][0] == HTTPStatus.TOO_MANY_REQUESTS
        to_lena = [str(message.body) for message in mail.outbox if message.to == [cast.lena.email]]
        assert "/signup/" not in to_lena[0]
        assert "You have a sign-in already" in to_lena[0]
        subjects = {message.subject for message in mail.outbox if message.to == [cast.lena.email]}
        assert subjects == {"You have a sign-in to Agile Sales"}
        assert len(mail.outbox) == 2 * MAILS

    @pytest.mark.parametrize("password", [*COMMON_PASSWORDS, "short", "nora.wind", "0123456789"])
    def test_a_password_that_others_use_is_refused_and_the_name_is_kept(self, cast: Cast, password: str) -> None:
        """ASVS V6.2.4 V6.2.12"""
        link = link_for(nobody())

        response = Client().post(link, {"name": "Nora Wind", "password": password})

        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert 'value="Nora Wind"' in response.content.decode()
        assert not User.objects.filter(name="Nora Wind").exists()

    @pytest.mark.parametrize("password", COMMON_PASSWORDS)
    def test_such_a_password_is_refused_later_too(self, cast: Cast, client_for: ClientFor, password: str) -> None:
        """ASVS V6.2.4 V6.2.12"""
        client = client_for(cast.lena)

        response = client.post(
            reverse("account_change_password"),
            {"oldpassword": PASSWORD, "password1": password, "password2": password},
        )

        assert response.status_code == HTTPStatus.OK
        assert "too common" in response.content.decode()

    def test_it_can_be_closed(self, cast: Cast, client_for: ClientFor) -> None:
        link = link_for(nobody())
        mail.outbox.clear()

        with override_settings(SIGN_UP=False):
            page = Client().post(reverse("account_signup"), {"email": nobody()})
            late = Client().post(link, {"name": "Nora Wind", "password": NEW_PASSWORD})
            status, _ = founding(client_for(cast.lena))

        assert "by invitation" in page.content.decode()
        assert not mail.outbox
        assert late.status_code == HTTPStatus.GONE
        assert status == HTTPStatus.FORBIDDEN


class TestAnOrganization:
    def test_begins_with_whoever_began_it_as_its_administrator(self, cast: Cast, client_for: ClientFor) -> None:
        client = client_for(cast.lena)

        _, where = founding(client, slug="nordwind", currency="CHF")

        assert where == "/nordwind/"
        assert client.get("/nordwind/").status_code == HTTPStatus.OK
        assert client_for(cast.sam).get("/nordwind/").status_code == HTTPStatus.NOT_FOUND
        begun = Organization.objects.get(slug="nordwind")
        assert (begun.name, begun.currency, begun.time_zone) == ("Nordwind GmbH", "CHF", "Europe/Vienna")
        with organization_scope(begun):
            assert [(one.user, one.role, one.name) for one in Member.objects.all()] == [
                (cast.lena.user, "admin", "Lena Vogt")
            ]
            assert Unit.objects.count() == 1

    def test_gets_an_address_from_its_name_and_another_where_that_is_taken(
        self, cast: Cast, client_for: ClientFor
    ) -> None:
        client = client_for(cast.lena)

        places = [founding(client, name="Grün & Söhne")[1] for _ in range(3)]

        assert places == ["/grun-sohne/", "/grun-sohne-2/", "/grun-sohne-3/"]

    @pytest.mark.parametrize("name", ["API", "auth", "株式会社", "---", "Static"])
    def test_gets_an_address_even_from_an_unusable_name(self, cast: Cast, client_for: ClientFor, name: str) -> None:
        client = client_for(cast.lena)

        _, where = founding(client, name=name)

        assert client.get(where).status_code == HTTPStatus.OK

    @pytest.mark.parametrize("slug", ["acme", "api", "Nordwind", "nord_wind", "-nord", "nörd", "../auth", "x" * 61])
    def test_keeps_what_was_typed_where_the_address_can_not_be_had(
        self, cast: Cast, client_for: ClientFor, slug: str
    ) -> None:
        status, page = founding(client_for(cast.lena), slug=slug, currency="SEK")

        assert status == HTTPStatus.UNPROCESSABLE_ENTITY
        assert 'value="Nordwind GmbH"' in page
        assert '<option value="SEK" selected>' in page
        assert Organization.objects.count() == 2

    def test_says_which_address_is_free(self, cast: Cast, client_for: ClientFor) -> None:
        _, page = founding(client_for(cast.lena), slug="acme")

        assert "acme-2 can." in page

    def test_is_begun_five_times_a_day_and_no_more(self, cast: Cast, client_for: ClientFor) -> None:
        client = client_for(cast.lena)

        statuses = [founding(client)[0] for _ in range(6)]

        assert statuses == [HTTPStatus.FOUND] * 5 + [HTTPStatus.TOO_MANY_REQUESTS]

    def test_needs_somebody_who_is_signed_in(self, cast: Cast) -> None:
        _, where = founding(Client())

        assert where.startswith("/auth/login/")

    def test_is_offered_to_somebody_who_has_none(self, cast: Cast) -> None:
        user = User.objects.create_user(nobody(), NEW_PASSWORD)
        client = Client()
        client.force_login(user)

        assert reverse("you-organization-new") in client.get("/").content.decode()
