"""Signing in with a second factor: codes that work once, recovery codes, and no way around."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from agile_sales.second_factors import accept_code
from tenancy.identity import has_second_factor
from tenancy.models import Member, SignInRecord, User
from tests.cast import PASSWORD, Cast
from tests.sign_in.codes import SECRET, code_now, set_up_app, set_up_recovery_codes
from tests.sign_in.soft_passkey import SoftPasskey
from tests.signed_in import let_time_pass, signed_in_client

ClientFor = Callable[[Member], Client]


@pytest.fixture(autouse=True)
def _a_steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """No code runs out in the middle of a test."""
    moment = 1_800_000_000.0
    monkeypatch.setattr(totp.time, "time", lambda: moment)


def give_password(member: Member, **more: str) -> tuple[Client, Any]:
    client = Client()
    response = client.post(
        reverse("account_login"), {"login": member.email, "password": PASSWORD, **more}, REMOTE_ADDR="198.51.100.7"
    )
    return client, response


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("mfa_index")).status_code == HTTPStatus.OK


class TestCodesOfAnApp:
    def test_without_one_the_password_is_enough(self, cast: Cast) -> None:
        _, response = give_password(cast.lena)

        assert response.headers["Location"] == "/acme/"

    def test_with_one_the_password_opens_nothing_but_the_second_step(self, cast: Cast) -> None:
        """ASVS V6.3.3"""
        set_up_app(cast.lena)

        client, response = give_password(cast.lena)

        assert response.headers["Location"] == reverse("mfa_authenticate")
        assert client.get("/acme/").headers["Location"].startswith("/auth/login/")
        assert not is_signed_in(client)
        page = client.get(reverse("mfa_authenticate")).content.decode()
        assert 'autocomplete="one-time-code"' in page
        assert 'data-passkey="use"' not in page, "nobody is offered a passkey that they don't have"

    def test_the_code_goes_on_to_the_page_that_was_asked_for(self, cast: Cast) -> None:
        set_up_app(cast.lena)
        client, _ = give_password(cast.lena, next="/ui/")

        response = client.post(reverse("mfa_authenticate"), {"code": code_now()})

        assert response.headers["Location"] == "/ui/"
        assert is_signed_in(client)

    def test_a_code_pasted_with_blanks_is_the_same(self, cast: Cast) -> None:
        set_up_app(cast.lena)
        client, _ = give_password(cast.lena)
        code = code_now()

        client.post(reverse("mfa_authenticate"), {"code": f" {code[:3]} {code[3:]} "})

        assert is_signed_in(client)

    @pytest.mark.parametrize(("steps", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_a_clock_may_be_half_a_minute_off(self, cast: Cast, steps: int, accepted: bool) -> None:
        set_up_app(cast.lena)
        client, _ = give_password(cast.lena)

        client.post(reverse("mfa_authenticate"), {"code": code_now(steps=steps)})

        assert is_signed_in(client) is accepted

    def test_a_code_works_once_even_when_the_cache_is_wiped(self, cast: Cast) -> None:
        """ASVS V6.5.1"""
        set_up_app(cast.lena)
        code = code_now()
        first, _ = give_password(cast.lena)
        first.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(first)

        for _ in range(3):
            cache.clear()
            again, _ = give_password(cast.lena)
            response = again.post(reverse("mfa_authenticate"), {"code": code})
            assert "used before" in response.content.decode()
            assert not is_signed_in(again)

    def test_an_older_code_is_refused_after_a_newer_one(self, cast: Cast) -> None:
        """ASVS V6.5.1"""
        user = cast.lena.user
        set_up_app(cast.lena)

        assert accept_code(user, code_now()) is not None  # type: ignore[arg-type]
        assert accept_code(user, code_now(steps=-1)) is None  # type: ignore[arg-type]
        assert accept_code(user, code_now(steps=1)) is not None  # type: ignore[arg-type]

    def test_a_replay_never_works(self, cast: Cast) -> None:
        """ASVS V6.5.1: 100 times, 0 accepted."""
        user = cast.lena.user
        set_up_app(cast.lena)
        code = code_now()
        assert accept_code(user, code) is not None  # type: ignore[arg-type]

        assert [accept_code(user, code) for _ in range(100)] == [None] * 100  # type: ignore[arg-type]

    def test_somebody_elses_code_is_wrong(self, cast: Cast) -> None:
        set_up_app(cast.lena)
        set_up_recovery_codes(cast.lena)
        assert cast.sam.user is not None
        codes = set_up_recovery_codes(cast.sam)

        client, _ = give_password(cast.lena)
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})

        assert not is_signed_in(client)
        assert accept_code(cast.sam.user, code_now()) is None

    def test_a_new_password_does_not_step_around_it(self, cast: Cast) -> None:
        """ASVS V6.4.3"""
        set_up_app(cast.lena)
        client = Client()
        client.post(reverse("account_reset_password"), {"email": cast.lena.email})
        link = re.search(r"http://testserver(\S+)", str(mail.outbox[-1].body))
        assert link is not None
        page = client.get(link[1], follow=True)
        new = "a new long sentence"
        client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})

        assert not is_signed_in(client)
        response = client.post(reverse("account_login"), {"login": cast.lena.email, "password": new})
        assert response.headers["Location"] == reverse("mfa_authenticate")
        assert not is_signed_in(client)

    def test_a_copy_of_the_database_does_not_hold_the_secret(self, cast: Cast) -> None:
        set_up_app(cast.lena)
        set_up_recovery_codes(cast.lena)

        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
            kept = cursor.fetchone()[0]

        assert SECRET not in kept
        assert "secret" in json.loads(f"[{kept.split('} ')[0]}}}]")[0]

    def test_a_wrong_code_is_on_the_owners_list(self, cast: Cast) -> None:
        set_up_app(cast.lena)
        client, _ = give_password(cast.lena)
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
        client.post(reverse("mfa_authenticate"), {"code": code_now()})

        records = SignInRecord.objects.filter(user=cast.lena.user).order_by("at")

        assert [(one.outcome, one.method) for one in records] == [("code_refused", "totp"), ("succeeded", "totp")]
        assert not SignInRecord.objects.filter(user=cast.sam.user).exists()


class TestRecoveryCodes:
    def test_each_works_once(self, cast: Cast) -> None:
        """ASVS V6.5.1"""
        set_up_app(cast.lena)
        codes = set_up_recovery_codes(cast.lena)
        first, _ = give_password(cast.lena)
        first.post(reverse("mfa_authenticate"), {"code": codes[3]})
        again, _ = give_password(cast.lena)
        again.post(reverse("mfa_authenticate"), {"code": codes[3]})
        other, _ = give_password(cast.lena)
        other.post(reverse("mfa_authenticate"), {"code": codes[4]})

        assert [is_signed_in(one) for one in (first, again, other)] == [True, False, True]
        assert "8 codes are left" in first.get(reverse("mfa_index")).content.decode()

    def test_they_are_no_second_factor_by_themselves(self, cast: Cast) -> None:
        set_up_recovery_codes(cast.lena)

        assert not has_second_factor(cast.lena.user)  # type: ignore[arg-type]

    def test_they_are_shown_once(self, cast: Cast, client_for: ClientFor) -> None:
        set_up_app(cast.lena)
        codes = set_up_recovery_codes(cast.lena)
        client = client_for(cast.lena)

        first, second = (client.get(reverse("mfa_view_recovery_codes")).content.decode() for _ in range(2))

        assert all(code in first for code in codes)
        assert not any(code in second for code in codes)
        assert "10 codes are left" in second

    @pytest.mark.django_db(transaction=True)  # the mail goes out when the change is kept
    def test_new_ones_end_the_old_ones_and_tell_the_owner(self, cast: Cast, client_for: ClientFor) -> None:
        set_up_app(cast.lena)
        old = set_up_recovery_codes(cast.lena)
        client = client_for(cast.lena)

        client.post(reverse("mfa_generate_recovery_codes"))

        assert "New recovery codes were made" in str(mail.outbox[-1].body)
        shown = client.get(reverse("mfa_view_recovery_codes")).content.decode()
        assert not any(code in shown for code in old)
        assert accept_code(cast.lena.user, old[0]) is None  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_twenty_at_the_same_moment_one_is_accepted(cast: Cast, kind: str) -> None:
    """ASVS V6.5.1"""
    user = cast.lena.user
    set_up_app(cast.lena)
    code = code_now() if kind == "app" else set_up_recovery_codes(cast.lena)[0]

    def attempt(_: int) -> bool:
        try:
            return accept_code(User.objects.get(pk=user.pk), code) is not None  # type: ignore[union-attr]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        accepted = list(pool.map(attempt, range(20)))

    assert sum(accepted) == 1


class TestSettingUp:
    @pytest.mark.django_db(transaction=True)  # the mail goes out when the change is kept
    def test_an_app_is_scanned_and_proved_and_its_owner_is_told(self, cast: Cast, client_for: ClientFor) -> None:
        client = client_for(cast.lena)
        page = client.get(reverse("mfa_activate_totp")).content.decode()
        secret = client.session[totp.SECRET_SESSION_KEY]
        assert 'src="data:image/svg+xml;base64,' in page
        assert " ".join(secret[start : start + 4] for start in range(0, 32, 4)) in page

        wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
        assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert not has_second_factor(cast.lena.user)  # type: ignore[arg-type]
        code = code_now(secret)
        response = client.post(reverse("mfa_activate_totp"), {"code": code})

        assert mail.outbox[-1].to == [cast.lena.email]
        assert "asks for the code of an app" in str(mail.outbox[-1].body)
        assert response.headers["Location"] == reverse("mfa_view_recovery_codes")
        assert has_second_factor(cast.lena.user)  # type: ignore[arg-type]
        assert accept_code(cast.lena.user, code) is None, "the code that proved it is used"  # type: ignore[arg-type]

    def test_it_is_switched_off_with_its_recovery_codes(self, cast: Cast, client_for: ClientFor) -> None:
        set_up_app(cast.lena)
        set_up_recovery_codes(cast.lena)
        client = client_for(cast.lena)
        assert "Switch off" in client.get(reverse("mfa_deactivate_totp")).content.decode()

        client.post(reverse("mfa_deactivate_totp"))

        assert not Authenticator.objects.filter(user=cast.lena.user).exists()
        assert mail.outbox[-1].to == [cast.lena.email]
        assert "no longer asks" in mail.outbox[-1].body

    @pytest.mark.parametrize(
        "name",
        ["mfa_activate_totp", "mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_add_webauthn"],
    )
    def test_an_open_screen_is_not_enough(self, cast: Cast, client_for: ClientFor, name: str) -> None:
        """ASVS V7.5.1"""
        if name != "mfa_activate_totp":
            set_up_app(cast.lena)
        client = client_for(cast.lena)
        let_time_pass(client)

        for ask in (client.get, client.post):
            assert ask(reverse(name)).headers["Location"].startswith("/auth/reauthenticate/"), name

    def test_a_code_confirms_as_well_as_the_password(self, cast: Cast, client_for: ClientFor) -> None:
        set_up_app(cast.lena)
        client = client_for(cast.lena)
        let_time_pass(client)

        page = client.get(reverse("account_reauthenticate"))
        assert reverse("mfa_reauthenticate") in page.content.decode()
        client.post(reverse("mfa_reauthenticate"), {"code": code_now(), "next": reverse("mfa_deactivate_totp")})

        assert client.get(reverse("mfa_deactivate_totp")).status_code == HTTPStatus.OK

    def test_somebody_elses_passkey_is_not_there(self, cast: Cast, client_for: ClientFor) -> None:
        theirs = SoftPasskey().add_to(cast.lena)
        stranger = client_for(cast.sam)

        for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
            for ask in (stranger.get, stranger.post):
                assert ask(reverse(name, args=[theirs.pk])).status_code == HTTPStatus.NOT_FOUND
        assert Authenticator.objects.filter(pk=theirs.pk).exists()


def test_whoever_lost_everything_is_let_in_by_whoever_runs_the_installation(cast: Cast) -> None:
    set_up_app(cast.lena)
    set_up_app(cast.sam)
    set_up_recovery_codes(cast.lena)

    call_command("reset_second_factors", "LENA@acme.example")

    assert not Authenticator.objects.filter(user=cast.lena.user).exists()
    assert has_second_factor(cast.sam.user)  # type: ignore[arg-type]
    assert mail.outbox[-1].to == [cast.lena.email]
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("reset_second_factors", "nobody@acme.example")


NONSENSE = ["", "{", "[]", "null", "1", '"x"', "{}", '{"id": 1}', '{"id": "x", "rawId": "x", "response": {}}']
NONSENSE += ['{"id": "eA", "rawId": "eA", "type": "public-key", "response": {"userHandle": "eA"}}']
NONSENSE += [
    '{"id":"eA","rawId":"eA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA",'
    '"authenticatorData":"eA","signature":"eA","userHandle":"eA"}}'
]


@pytest.mark.parametrize("credential", NONSENSE)
class TestNonsenseInsteadOfAPasskey:
    def test_it_signs_nobody_in(self, cast: Cast, credential: str) -> None:
        client = Client()
        options = client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"}).json()
        assert options["request_options"]["publicKey"]["userVerification"] == "required"

        response = client.post(reverse("mfa_login_webauthn"), {"credential": credential})

        assert response.headers["Location"] == reverse("account_login")
        assert "was not accepted" in client.get(reverse("account_login")).content.decode()

    def test_it_is_no_second_step(self, cast: Cast, credential: str) -> None:
        set_up_app(cast.lena)
        client, _ = give_password(cast.lena)
        client.get(reverse("mfa_authenticate"))

        response = client.post(reverse("mfa_authenticate"), {"credential": credential})

        assert response.status_code == HTTPStatus.OK
        assert not is_signed_in(client)

    def test_it_is_not_added(self, cast: Cast, credential: str) -> None:
        client = signed_in_client(cast.lena.user)  # type: ignore[arg-type]
        client.get(reverse("mfa_add_webauthn"))

        response = client.post(reverse("mfa_add_webauthn"), {"credential": credential, "name": "x"})

        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert not has_second_factor(cast.lena.user)  # type: ignore[arg-type]

    def test_it_confirms_nothing(self, cast: Cast, credential: str) -> None:
        SoftPasskey().add_to(cast.lena)
        client = signed_in_client(cast.lena.user)  # type: ignore[arg-type]
        let_time_pass(client)
        client.get(reverse("mfa_reauthenticate_webauthn"))

        response = client.post(reverse("mfa_reauthenticate_webauthn"), {"credential": credential})

        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert client.get(reverse("mfa_add_webauthn")).status_code == HTTPStatus.FOUND
