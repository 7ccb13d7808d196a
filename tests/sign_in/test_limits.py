"""Nobody gets far by guessing, from however many addresses, and nobody learns who has an account."""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core import mail
from django.db import connections
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

from agile_sales import error_views
from agile_sales.sign_in_limits import GUESSES, MAILS
from tenancy.models import Member, SignInRecord, User
from tests.cast import PASSWORD, Cast
from tests.sign_in.codes import set_up_app, set_up_recovery_codes
from tests.signed_in import let_time_pass

ClientFor = Callable[[Member], Client]
WRONG = "a wrong password"
NOBODY = "nobody.{}@acme.example"
TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS


def nobody() -> str:
    """Return an address of nobody that no other test has used (Valkey outlives a test)."""
    return NOBODY.format(time.monotonic_ns())


def guess(email: str, number: int = 0, *, password: str = WRONG) -> int:
    """Guess a password from an address of its own, and return the status."""
    client = Client(REMOTE_ADDR=f"203.0.113.{number % 250 + 1}")
    return client.post(reverse("account_login"), {"login": email, "password": password}).status_code


def shown(html: str) -> str:
    """Return a page without what differs from one request to the next."""
    html = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html)
    return re.sub(r'value="[^"]*@[^"]*"', "", html)


class TestGuessingAPassword:
    def test_ten_guesses_and_then_not_even_the_right_one(self, cast: Cast) -> None:
        """ASVS V6.3.1"""
        statuses = [guess(cast.lena.email, number) for number in range(GUESSES + 5)]

        assert statuses == [HTTPStatus.OK] * GUESSES + [TOO_MANY] * 5
        assert guess(cast.lena.email, 99, password=PASSWORD) == TOO_MANY
        assert guess(cast.sam.email, 99, password=PASSWORD) == HTTPStatus.FOUND, "others are not concerned"

    @pytest.mark.django_db(transaction=True)
    def test_of_sixty_at_once_from_sixty_addresses_ten_are_looked_at(self, cast: Cast) -> None:
        """ASVS V6.3.1"""

        def attempt(number: int) -> int:
            try:
                return guess(cast.lena.email, number)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(20) as pool:
            statuses = list(pool.map(attempt, range(60)))

        assert (statuses.count(HTTPStatus.OK), statuses.count(TOO_MANY)) == (GUESSES, 60 - GUESSES)
        assert SignInRecord.objects.filter(user=cast.lena.user, outcome="refused").count() == GUESSES

    def test_signing_in_often_uses_nothing_up(self, cast: Cast) -> None:
        statuses = [guess(cast.lena.email, number, password=PASSWORD) for number in range(2 * GUESSES)]

        assert statuses == [HTTPStatus.FOUND] * 2 * GUESSES
        assert [guess(cast.lena.email, number) for number in range(GUESSES + 1)] == [HTTPStatus.OK] * GUESSES + [
            TOO_MANY
        ]

    def test_a_right_one_between_wrong_ones_begins_no_new_count(self, cast: Cast) -> None:
        """ASVS V6.3.1: whoever has the password of one account, or of this one, guesses no more often."""
        statuses = []
        for number in range(GUESSES + 2):
            statuses.append(guess(cast.lena.email, 7))
            assert guess(cast.sam.email, 7, password=PASSWORD) == HTTPStatus.FOUND
            if number < GUESSES - 1:
                assert guess(cast.lena.email, 7, password=PASSWORD) == HTTPStatus.FOUND

        assert statuses == [HTTPStatus.OK] * GUESSES + [TOO_MANY] * 2

    @pytest.mark.django_db(transaction=True)
    def test_of_sixty_at_once_ten_wrong_ones_are_looked_at_however_many_are_right(self, cast: Cast) -> None:
        """ASVS V6.3.1"""

        def attempt(number: int) -> int:
            try:
                return guess(cast.lena.email, number, password=PASSWORD if number % 3 == 0 else WRONG)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(20) as pool:
            statuses = list(pool.map(attempt, range(60)))

        assert statuses.count(HTTPStatus.OK) == GUESSES
        assert SignInRecord.objects.filter(user=cast.lena.user, outcome="refused").count() == GUESSES

    def test_a_team_behind_one_address_is_not_locked_out_by_signing_in(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("agile_sales.sign_in_limits.FROM_ONE_PLACE", 3)
        team = [cast.lena, cast.rui, cast.ada, cast.abe, cast.eva]
        office = 200

        assert [guess(one.email, office, password=PASSWORD) for one in team] == [HTTPStatus.FOUND] * 5
        assert [guess(nobody(), office) for _ in range(4)] == [HTTPStatus.OK] * 3 + [TOO_MANY]

    def test_changing_and_confirming_with_the_right_one_uses_nothing_up(
        self, cast: Cast, client_for: ClientFor
    ) -> None:
        client = client_for(cast.lena)
        for _ in range(GUESSES):
            client.post(
                reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": "a", "password2": "b"}
            )
            client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

        assert guess(cast.lena.email) == HTTPStatus.OK

    def test_other_spellings_of_the_address_count_as_the_same(self, cast: Cast) -> None:
        spellings = ["lena@acme.example", "LENA@acme.example", " Lena@ACME.example ", "lena@Acme.Example"]

        statuses = [guess(spellings[number % 4], number) for number in range(GUESSES + 4)]

        assert statuses.count(TOO_MANY) == 4

    def test_all_the_places_where_a_password_is_asked_for_count_together(
        self, cast: Cast, client_for: ClientFor
    ) -> None:
        client = client_for(cast.lena)
        for number in range(4):
            guess(cast.lena.email, number)
        for _ in range(3):
            client.post(reverse("account_change_password"), {"oldpassword": "wrong"})
        let_time_pass(client)
        for _ in range(3):
            assert client.post(reverse("account_reauthenticate"), {"password": "wrong"}).status_code == HTTPStatus.OK

        assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == TOO_MANY
        assert client.post(reverse("account_change_password"), {"oldpassword": PASSWORD}).status_code == TOO_MANY
        assert guess(cast.lena.email, password=PASSWORD) == TOO_MANY

    def test_the_answer_says_when_to_come_back(self, cast: Cast) -> None:
        for number in range(GUESSES):
            guess(cast.lena.email, number)

        response = Client().post(reverse("account_login"), {"login": cast.lena.email, "password": "wrong"})

        assert 1 <= int(response.headers["Retry-After"]) <= 300
        assert "Wait a few minutes" in response.content.decode()


class TestGuessingACode:
    @pytest.mark.parametrize("kind", ["app", "recovery"])
    def test_ten_guesses_from_ten_sign_ins(self, cast: Cast, kind: str) -> None:
        """ASVS V6.3.1"""
        set_up_app(cast.lena)
        codes = set_up_recovery_codes(cast.lena)
        client = Client()
        client.post(reverse("account_login"), {"login": cast.lena.email, "password": PASSWORD})

        statuses = []
        for number in range(GUESSES + 3):
            if number == 5:  # a new sign-in begins no new count
                client = Client()
                client.post(reverse("account_login"), {"login": cast.lena.email, "password": PASSWORD})
            wrong = "000000" if kind == "app" else "00000000"
            statuses.append(client.post(reverse("mfa_authenticate"), {"code": wrong}).status_code)

        assert statuses == [HTTPStatus.OK] * GUESSES + [TOO_MANY] * 3
        assert client.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == TOO_MANY

    def test_a_right_one_uses_nothing_up(self, cast: Cast) -> None:
        set_up_app(cast.lena)
        codes = set_up_recovery_codes(cast.lena)
        statuses = []
        for number in range(GUESSES + 2):
            client = Client()
            client.post(reverse("account_login"), {"login": cast.lena.email, "password": PASSWORD})
            if number < 5:
                assert client.post(reverse("mfa_authenticate"), {"code": codes[number]}).status_code == HTTPStatus.FOUND
            else:
                statuses.append(client.post(reverse("mfa_authenticate"), {"code": "00000000"}).status_code)
        statuses += [client.post(reverse("mfa_authenticate"), {"code": "0" * 8}).status_code for _ in range(4)]

        assert statuses == [HTTPStatus.OK] * GUESSES + [TOO_MANY]

    def test_the_owner_is_told_once_that_their_password_is_known(self, cast: Cast) -> None:
        set_up_app(cast.lena)
        client = Client()
        client.post(reverse("account_login"), {"login": cast.lena.email, "password": PASSWORD})

        told = []
        for _ in range(GUESSES):
            client.post(reverse("mfa_authenticate"), {"code": "000000"})
            told.append(len(mail.outbox))

        assert told == [0] * 4 + [1] * 6
        assert mail.outbox[0].to == [cast.lena.email]
        assert "Somebody typed your password" in str(mail.outbox[0].body)

    def test_confirming_counts_with_signing_in(self, cast: Cast, client_for: ClientFor) -> None:
        set_up_app(cast.lena)
        client = client_for(cast.lena)
        let_time_pass(client)

        statuses = [
            client.post(reverse("mfa_reauthenticate"), {"code": "000000"}).status_code for _ in range(GUESSES + 1)
        ]

        assert statuses == [HTTPStatus.OK] * GUESSES + [TOO_MANY]


class TestWhoHasAnAccount:
    def test_is_not_told_by_the_sign_in_page(self, cast: Cast) -> None:
        """ASVS V6.3.8"""
        pages = {}
        for email in (cast.lena.email, nobody()):
            answers = [
                Client(REMOTE_ADDR=f"203.0.113.{number + 1}").post(
                    reverse("account_login"), {"login": email, "password": "wrong"}
                )
                for number in range(GUESSES + 1)
            ]
            pages[email] = [(one.status_code, shown(one.content.decode())) for one in answers]

        known, unknown = pages.values()
        assert known == unknown

    def test_is_not_told_by_the_time_it_takes(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        """ASVS V6.3.8: an unknown address costs a hash too."""
        monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 120_000)
        users = [User.objects.create_user(f"p{number}@acme.example", PASSWORD) for number in range(3)]
        without_password = User.objects.create_user("p9@acme.example")

        times: dict[str, list[float]] = {"known": [], "unknown": [], "without a password": []}
        for number in range(9):  # in turns: whatever else the machine does slows all three
            emails = [users[number % 3].email, nobody(), without_password.email]
            for kind, email in zip(times, emails, strict=True):
                began = time.perf_counter()
                assert guess(email, number) == HTTPStatus.OK
                times[kind].append(time.perf_counter() - began)

        typical = {kind: statistics.median(taken) for kind, taken in times.items()}
        assert 0.6 < typical["unknown"] / typical["known"] < 1.67, typical
        assert 0.6 < typical["without a password"] / typical["known"] < 1.67, typical

    def test_is_not_told_by_the_reset_page(self, cast: Cast) -> None:
        """ASVS V6.3.8"""
        answers = {}
        for email in (cast.lena.email, nobody()):
            posts = [Client().post(reverse("account_reset_password"), {"email": email}) for _ in range(MAILS + 2)]
            answers[email] = [
                (one.status_code, one.headers.get("Location"), shown(one.content.decode())) for one in posts
            ]

        known, unknown = answers.values()
        assert known == unknown
        assert [status for status, *_ in known] == [HTTPStatus.FOUND] * MAILS + [TOO_MANY] * 2
        assert [message.to for message in mail.outbox] == [[cast.lena.email]] * MAILS


class TestWithoutValkey:
    @pytest.fixture(autouse=True)
    def _nobody_counts(self) -> Iterator[None]:
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
            yield

    @pytest.mark.parametrize("email", ["lena@acme.example", "nobody@acme.example"])
    @pytest.mark.parametrize("page", ["account_login", "account_reset_password"])
    def test_nothing_is_looked_at(self, cast: Cast, page: str, email: str) -> None:
        """ASVS V6.3.1: it fails closed."""
        response = Client().post(reverse(page), {"login": email, "email": email, "password": PASSWORD})

        assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert response.headers["Retry-After"] == "20"
        assert "Not available at the moment" in response.content.decode()
        assert not mail.outbox
        assert not SignInRecord.objects.exists()

    def test_no_code_is_looked_at(self, cast: Cast, client_for: ClientFor) -> None:
        set_up_app(cast.lena)
        codes = set_up_recovery_codes(cast.lena)
        client = client_for(cast.lena)
        let_time_pass(client)

        response = client.post(reverse("mfa_reauthenticate"), {"code": codes[0]})

        assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert client.get(reverse("mfa_activate_totp")).status_code == HTTPStatus.FOUND


def test_a_link_of_ours_is_not_in_the_log_when_nobody_can_count(caplog: pytest.LogCaptureFixture, db: None) -> None:
    """ASVS V16.2.5: a signed link opens something, so the log has the name of its route."""
    path = reverse("sign-up-finish", args=["signed-canary"])

    error_views.unavailable(RequestFactory().post(path))

    assert "can't be answered now" in caplog.text
    assert "canary" not in caplog.text
