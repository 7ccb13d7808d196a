"""What a person changes of themselves, and what their organisations see of it."""

import re
from collections.abc import Callable
from datetime import date
from http import HTTPStatus

from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from agile_sales.browsers import browser_name
from tenancy.models import AuditEntry, Member, User
from tenancy.rates import set_rates
from tenancy.scoping import organization_scope
from tests.cast import PASSWORD, Cast
from tests.sign_in.test_limits import nobody
from tests.signed_in import let_time_pass

ClientFor = Callable[[Member], Client]
PROFILE = {"name": "Lena Vogt", "time_zone": "", "theme": "", "density": ""}


def member_now(member: Member) -> Member:
    with organization_scope(member.organization_id):
        return Member.objects.get(pk=member.pk)


def user_now(member: Member) -> User:
    assert member.user is not None
    return User.objects.get(pk=member.user.pk)


def link_in(message: object) -> str:
    found = re.search(r"http://testserver(\S+)", str(message))
    assert found is not None
    return found[1]


class TestTheProfile:
    def test_name_zone_and_looks_are_kept(self, cast: Cast, client_for: ClientFor) -> None:
        client = client_for(cast.lena)

        client.post(
            reverse("you"), {"name": "Lena Berg", "time_zone": "Asia/Tokyo", "theme": "dark", "density": "compact"}
        )

        user = user_now(cast.lena)
        assert (user.name, user.time_zone, user.theme, user.density) == ("Lena Berg", "Asia/Tokyo", "dark", "compact")
        page = client.get(reverse("you")).content.decode()
        assert 'data-theme="dark"' in page
        assert '<option value="Asia/Tokyo" selected>' in page

    def test_a_new_name_is_seen_by_colleagues_and_by_the_audit(self, cast: Cast, client_for: ClientFor) -> None:
        client_for(cast.lena).post(reverse("you"), PROFILE | {"name": "Lena Berg"})

        assert member_now(cast.lena).name == "Lena Berg"
        assert member_now(cast.sam).name == "Sam Carter"
        with organization_scope(cast.acme):
            entry = AuditEntry.objects.get(row_id=cast.lena.pk, action="update")
        assert entry.actor_id == cast.lena.pk

    def test_a_name_that_the_organization_chose_stays(self, cast: Cast, client_for: ClientFor) -> None:
        with organization_scope(cast.acme):
            Member.objects.filter(pk=cast.lena.pk).update(name="Dr. L. Vogt")

        client_for(cast.lena).post(reverse("you"), PROFILE | {"name": "Lena Berg"})

        assert member_now(cast.lena).name == "Dr. L. Vogt"

    def test_nonsense_is_refused_and_kept_on_the_page(self, cast: Cast, client_for: ClientFor) -> None:
        response = client_for(cast.lena).post(
            reverse("you"), {"name": "L. Berg", "time_zone": "Mars/Olympus", "theme": "neon", "density": ""}
        )

        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert 'value="L. Berg"' in response.content.decode()
        assert user_now(cast.lena).name == "Lena Vogt"

    def test_organizations_are_ones_own(self, cast: Cast, client_for: ClientFor) -> None:
        page = client_for(cast.sam).get(reverse("you-organizations")).content.decode()

        assert "Globex" in page
        assert "Acme" not in page


class TestAnotherAddress:
    def test_is_proved_by_its_mailbox_and_told_to_the_old_one(self, cast: Cast, client_for: ClientFor) -> None:
        new, old = nobody(), cast.lena.email
        client = client_for(cast.lena)
        client.post(reverse("you-address"), {"email": new})
        assert [message.to for message in mail.outbox] == [[new]]
        link = link_in(mail.outbox[0].body)
        assert new in client.get(link).content.decode()
        assert user_now(cast.lena).email == old, "looking changes nothing"

        client.post(link)

        assert user_now(cast.lena).email == new
        assert member_now(cast.lena).email == new
        assert mail.outbox[-1].to == [old]
        assert f"to {new}" in str(mail.outbox[-1].body)
        for email, status in ((old, HTTPStatus.OK), (new, HTTPStatus.FOUND)):
            response = Client().post(reverse("account_login"), {"login": email, "password": PASSWORD})
            assert response.status_code == status

    def test_leaves_the_old_mailbox_without_a_way_in(self, cast: Cast, client_for: ClientFor) -> None:
        new, old = nobody(), cast.lena.email
        EmailAddress.objects.create(user=cast.lena.user, email=old, verified=True, primary=True)
        Client().post(reverse("account_reset_password"), {"email": old})
        reset = link_in(mail.outbox[-1].body)
        client = client_for(cast.lena)
        client.post(reverse("you-address"), {"email": new})
        client.post(link_in(mail.outbox[-1].body))
        mail.outbox.clear()

        Client().post(reverse("account_reset_password"), {"email": old})

        assert not mail.outbox
        assert "no longer works" in Client().get(reset, follow=True).content.decode()

    def test_of_somebody_else_is_told_to_them_and_not_to_whoever_asks(self, cast: Cast, client_for: ClientFor) -> None:
        client = client_for(cast.lena)

        taken = client.post(reverse("you-address"), {"email": cast.sam.email})
        free = client.post(reverse("you-address"), {"email": nobody()})

        assert (taken.status_code, taken.headers["Location"]) == (free.status_code, free.headers["Location"])
        assert mail.outbox[0].to == [cast.sam.email]
        assert "http" not in str(mail.outbox[0].body)

    def test_that_somebody_took_meanwhile_is_refused(self, cast: Cast, client_for: ClientFor) -> None:
        new = nobody()
        client = client_for(cast.lena)
        client.post(reverse("you-address"), {"email": new})
        User.objects.create_user(new)

        response = client.post(link_in(mail.outbox[-1].body))

        assert response.status_code == HTTPStatus.GONE
        assert user_now(cast.lena).email == cast.lena.email

    def test_a_link_is_good_once_and_for_whoever_asked(self, cast: Cast, client_for: ClientFor) -> None:
        client, stranger = client_for(cast.lena), client_for(cast.sam)
        client.post(reverse("you-address"), {"email": nobody()})
        link = link_in(mail.outbox[-1].body)

        assert stranger.post(link).status_code == HTTPStatus.GONE
        assert Client().post(link).headers["Location"].startswith("/auth/login/")
        assert client.post(link).status_code == HTTPStatus.FOUND
        assert client.post(link).status_code == HTTPStatus.GONE
        assert user_now(cast.sam).email == cast.sam.email

    def test_an_open_screen_is_not_enough(self, cast: Cast, client_for: ClientFor) -> None:
        """ASVS V7.5.1"""
        client = client_for(cast.lena)
        let_time_pass(client)

        response = client.post(reverse("you-address"), {"email": nobody()})

        assert response.headers["Location"].startswith("/auth/reauthenticate/")
        assert not mail.outbox


def test_browsers_are_called_by_names_that_people_know() -> None:
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
    names = {
        chrome: "Chrome on Linux",
        f"{chrome} Edg/140.0": "Edge on Linux",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/18.0 Safari/605.1.15": "Safari on Mac",
        "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36": "Chrome on Android",
        "curl/8.0": "curl/8.0",
        "": "",
    }

    assert {agent: browser_name(agent) for agent in names} == names


class TestTheCurrencyOfTotals:
    def choose(self, client: Client, currency: str, organization: str = "acme") -> int:
        sent = {"organization": organization, "currency": currency}
        return client.post(reverse("you-organizations"), sent).status_code

    def test_it_is_chosen_for_each_organisation_of_those_with_a_rate(self, cast: Cast, client_for: ClientFor) -> None:
        with organization_scope(cast.acme):
            set_rates(organization=cast.acme, rates={"USD": "0.5"}, on=date(2026, 3, 2))
        client = client_for(cast.rui)

        assert self.choose(client, "USD") == HTTPStatus.FOUND
        assert member_now(cast.rui).currency == "USD"
        assert '<option value="USD" selected>' in client.get(reverse("you-organizations")).content.decode()

        assert self.choose(client, "CHF") == HTTPStatus.UNPROCESSABLE_ENTITY
        assert member_now(cast.rui).currency == "USD"
        assert self.choose(client, "EUR") == HTTPStatus.FOUND
        assert member_now(cast.rui).currency == "", "the organisation's own is no choice of theirs"

    def test_a_stranger_chooses_nothing_there(self, cast: Cast, client_for: ClientFor) -> None:
        assert self.choose(client_for(cast.sam), "USD") == HTTPStatus.NOT_FOUND
