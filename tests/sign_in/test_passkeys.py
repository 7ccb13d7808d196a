"""Passkeys, against a key in software that tells the truth or lies. (Chromium's own is in tests/browser.)"""

import html
import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail
from django.test import Client
from django.urls import reverse

from tenancy.identity import has_second_factor
from tenancy.models import Member, SignInRecord
from tests.cast import PASSWORD, Cast
from tests.sign_in.soft_passkey import HOST, SoftPasskey
from tests.signed_in import let_time_pass

ClientFor = Callable[[Member], Client]


def at_localhost(client: Client) -> Client:
    """Passkeys belong to a name, and the test client calls itself testserver."""
    client.defaults["SERVER_NAME"] = HOST
    return client


def options_in(page: str) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]+)"', page)
    assert found is not None
    return json.loads(html.unescape(found[1]))["publicKey"]


def asked_to_sign_in(client: Client) -> str:
    answer = client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"}).json()
    return answer["request_options"]["publicKey"]["challenge"]


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("mfa_index")).status_code == HTTPStatus.OK


def sign_in(client: Client, credential: str, **more: str) -> str:
    return client.post(reverse("mfa_login_webauthn"), {"credential": credential, **more}).headers["Location"]


class TestAdding:
    def test_it_is_made_named_and_its_owner_is_told(self, cast: Cast, client_for: ClientFor) -> None:
        client = at_localhost(client_for(cast.lena))
        options = options_in(client.get(reverse("mfa_add_webauthn")).content.decode())
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert options["rp"]["id"] == HOST

        response = client.post(
            reverse("mfa_add_webauthn"), {"credential": SoftPasskey().make(options["challenge"]), "name": "My laptop"}
        )

        assert response.headers["Location"] == reverse("mfa_view_recovery_codes")
        assert has_second_factor(cast.lena.user)  # type: ignore[arg-type]
        assert "My laptop" in client.get(reverse("mfa_index")).content.decode()
        assert mail.outbox[-1].to == [cast.lena.email]
        assert "A passkey was added" in mail.outbox[-1].body

    @pytest.mark.parametrize(
        "lie",
        [
            {"origin": "http://evil.example"},
            {"origin": "https://localhost.evil.example"},
            {"host": "evil.example"},
            {"verified": False},
        ],
        ids=str,
    )
    def test_a_liar_adds_nothing(self, cast: Cast, client_for: ClientFor, lie: dict[str, Any]) -> None:
        client = at_localhost(client_for(cast.lena))
        options = options_in(client.get(reverse("mfa_add_webauthn")).content.decode())

        response = client.post(
            reverse("mfa_add_webauthn"), {"credential": SoftPasskey().make(options["challenge"], **lie)}
        )

        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert not has_second_factor(cast.lena.user)  # type: ignore[arg-type]

    def test_an_old_challenge_adds_nothing(self, cast: Cast, client_for: ClientFor) -> None:
        client = at_localhost(client_for(cast.lena))
        options = options_in(client.get(reverse("mfa_add_webauthn")).content.decode())
        client.get(reverse("mfa_add_webauthn"))

        client.post(reverse("mfa_add_webauthn"), {"credential": SoftPasskey().make(options["challenge"])})

        assert not has_second_factor(cast.lena.user)  # type: ignore[arg-type]

    def test_it_is_renamed_and_removed(self, cast: Cast, client_for: ClientFor) -> None:
        row = SoftPasskey().add_to(cast.lena)
        client = at_localhost(client_for(cast.lena))

        client.post(reverse("mfa_edit_webauthn", args=[row.pk]), {"name": "Key ring"})
        assert "Key ring" in client.get(reverse("mfa_index")).content.decode()
        client.post(reverse("mfa_remove_webauthn", args=[row.pk]))

        assert not has_second_factor(cast.lena.user)  # type: ignore[arg-type]
        assert "A passkey was removed" in mail.outbox[-1].body


class TestSigningIn:
    def test_it_takes_the_place_of_address_password_and_code(self, cast: Cast) -> None:
        """ASVS V6.3.3"""
        passkey = SoftPasskey()
        passkey.add_to(cast.lena)
        client = at_localhost(Client())

        where = sign_in(client, passkey.sign(asked_to_sign_in(client)), next="/ui/")

        assert where == "/ui/"
        assert is_signed_in(client)
        record = SignInRecord.objects.get(user=cast.lena.user)
        assert (record.outcome, record.method) == ("succeeded", "passkey")

    @pytest.mark.parametrize(
        "lie",
        [
            {"origin": "http://evil.example"},
            {"origin": "http://127.0.0.1"},
            {"host": "evil.example"},
            {"verified": False},
            {"key": ec.generate_private_key(ec.SECP256R1())},
        ],
        ids=lambda lie: next(iter(lie)),
    )
    def test_a_liar_is_not_signed_in(self, cast: Cast, lie: dict[str, Any]) -> None:
        passkey = SoftPasskey()
        passkey.add_to(cast.lena)
        client = at_localhost(Client())

        where = sign_in(client, passkey.sign(asked_to_sign_in(client), **lie))

        assert where == reverse("account_login")
        assert not is_signed_in(client)

    def test_what_was_sent_once_works_once(self, cast: Cast) -> None:
        passkey = SoftPasskey()
        passkey.add_to(cast.lena)
        thief, owner = at_localhost(Client()), at_localhost(Client())
        heard = passkey.sign(asked_to_sign_in(owner))
        sign_in(owner, heard)
        asked_to_sign_in(thief)

        sign_in(thief, heard)

        assert is_signed_in(owner)
        assert not is_signed_in(thief)

    def test_a_key_of_one_person_never_opens_anothers_account(self, cast: Cast) -> None:
        mine, theirs = SoftPasskey(), SoftPasskey()
        mine.add_to(cast.sam)
        theirs.add_to(cast.lena)
        mine.user_handle = theirs.user_handle
        client = at_localhost(Client())

        sign_in(client, mine.sign(asked_to_sign_in(client)))

        assert not is_signed_in(client)

    def test_somebody_whose_account_is_closed_stays_outside(self, cast: Cast) -> None:
        passkey = SoftPasskey()
        passkey.add_to(cast.lena)
        cast.lena.user.is_active = False  # type: ignore[union-attr]
        cast.lena.user.save()  # type: ignore[union-attr]
        client = at_localhost(Client())

        where = sign_in(client, passkey.sign(asked_to_sign_in(client)))

        assert where == reverse("account_inactive")
        assert not is_signed_in(client)

    def test_it_is_the_second_step_after_a_password(self, cast: Cast) -> None:
        passkey = SoftPasskey()
        passkey.add_to(cast.lena)
        client = at_localhost(Client())
        client.post(reverse("account_login"), {"login": cast.lena.email, "password": PASSWORD})
        page = client.get(reverse("mfa_authenticate")).content.decode()
        assert not is_signed_in(client)

        client.post(reverse("mfa_authenticate"), {"credential": passkey.sign(options_in(page)["challenge"])})

        assert is_signed_in(client)
        assert SignInRecord.objects.get(user=cast.lena.user).method == "webauthn"

    def test_it_confirms_who_is_there(self, cast: Cast, client_for: ClientFor) -> None:
        passkey = SoftPasskey()
        passkey.add_to(cast.lena)
        client = at_localhost(client_for(cast.lena))
        let_time_pass(client)
        page = client.get(reverse("mfa_reauthenticate_webauthn")).content.decode()

        client.post(reverse("mfa_reauthenticate_webauthn"), {"credential": passkey.sign(options_in(page)["challenge"])})

        assert client.get(reverse("mfa_add_webauthn")).status_code == HTTPStatus.OK
