"""Who proved who they are, and who was refused, is in the log: with ids, and without anything personal."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client, override_settings
from django.urls import reverse

from agile_sales.sign_in_limits import GUESSES
from tenancy.models import Member, SignInRecord
from tenancy.scoping import organization_scope
from tests.cast import PASSWORD, Cast
from tests.integrations.api_caller import Caller, a_token
from tests.operating.log_lines import Lines
from tests.pipeline.records import an_account
from tests.sign_in.codes import code_now, set_up_app, set_up_recovery_codes
from tests.sign_in.soft_passkey import HOST, SoftPasskey
from tests.sign_in.test_passkeys import asked_to_sign_in, sign_in
from tests.signed_in import let_time_pass

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Member], Client]


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1)


@pytest.fixture(autouse=True)
def _nothing_personal(cast: Cast, lines: Lines) -> Any:
    """Whatever a test here does: no line of any logger has an address, a name, a secret, or where somebody is."""
    yield
    written = "\n".join(lines.written)
    personal = [cast.lena.email, cast.lena.name, cast.sam.email, cast.sam.name, PASSWORD, "wrong-canary", "203.0.113"]
    assert [canary for canary in personal if canary.lower() in written.lower()] == []


def post(name: str, client: Client | None = None, **fields: str) -> Client:
    client = client or Client(REMOTE_ADDR="203.0.113.7")
    client.post(reverse(name), fields)
    return client


def told(lines: Lines) -> list[tuple[str, str, str]]:
    return [(line["event"], line["outcome"], line["means"]) for line in lines.of("agile_sales.security")]


class TestProvingWhoOneIs:
    """ASVS V16.3.1: all authentication operations are logged, good ones and bad ones, with what was used."""

    def test_a_password(self, cast: Cast, lines: Lines) -> None:
        """ASVS V16.3.1"""
        post("account_login", login=cast.lena.email, password=PASSWORD)

        assert told(lines) == [("proof", "accepted", "password"), ("sign_in", "succeeded", "password")]
        last = lines.of("agile_sales.security")[-1]
        assert (last["level"], last["user_id"]) == ("INFO", str(cast.lena.user_id))
        assert SignInRecord.objects.get(pk=last["record_id"]).address == "203.0.113.7", "the record knows where"

    @pytest.mark.parametrize("known", [True, False])
    def test_a_wrong_one(self, cast: Cast, lines: Lines, known: bool) -> None:
        """ASVS V16.3.1"""
        post("account_login", login=cast.lena.email if known else "lena@nowhere.example", password="wrong-canary")

        (line,) = lines.of("agile_sales.security")
        assert told(lines) == [("sign_in", "refused", "password")]
        assert line["level"] == "WARNING"
        assert line.get("user_id") == (str(cast.lena.user_id) if known else None)

    def test_codes(self, cast: Cast, lines: Lines) -> None:
        """ASVS V16.3.1"""
        set_up_app(cast.lena)
        (recovery, *_) = set_up_recovery_codes(cast.lena)
        for code in ("000000", code_now(), recovery):
            client = post("account_login", login=cast.lena.email, password=PASSWORD)
            post("mfa_authenticate", client, code=code)

        first = ("proof", "accepted", "password")
        assert told(lines) == [
            *(first, ("sign_in", "code_refused", "totp")),
            *(first, ("proof", "accepted", "totp"), ("sign_in", "succeeded", "totp")),
            *(first, ("proof", "accepted", "recovery_codes"), ("sign_in", "succeeded", "recovery_codes")),
        ]

    def test_a_passkey(self, cast: Cast, lines: Lines) -> None:
        """ASVS V16.3.1"""
        passkey, client = SoftPasskey(), Client(SERVER_NAME=HOST)
        passkey.add_to(cast.lena)

        sign_in(client, passkey.sign(asked_to_sign_in(client), origin="http://evil.example"))
        sign_in(client, passkey.sign(asked_to_sign_in(client)))

        refused, *accepted = told(lines)
        assert refused == ("proof", "refused", "webauthn")
        assert accepted == [("proof", "accepted", "webauthn"), ("sign_in", "succeeded", "passkey")]

    def test_once_more_before_something_important(self, cast: Cast, client_for: ClientFor, lines: Lines) -> None:
        """ASVS V16.3.1"""
        client = client_for(cast.lena)
        let_time_pass(client)

        post("account_reauthenticate", client, password="wrong-canary")
        post("account_reauthenticate", client, password=PASSWORD)
        post("account_change_password", client, oldpassword="wrong-canary", password1="x", password2="y")

        assert told(lines) == [
            ("sign_in", "refused", "password"),
            ("proof", "accepted again", "password"),
            ("proof", "refused", "password"),
        ]

    def test_what_is_not_even_looked_at(self, cast: Cast, lines: Lines) -> None:
        """ASVS V16.3.1"""
        for _ in range(GUESSES + 1):
            post("account_login", login=cast.lena.email, password="wrong-canary")
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
            post("account_login", login=cast.lena.email, password="wrong-canary")

        assert told(lines)[GUESSES:] == [("proof", "too many", "password"), ("proof", "not counted", "password")]

    def test_whose_account_is_closed(self, cast: Cast, lines: Lines) -> None:
        """ASVS V16.3.1"""
        passkey, client = SoftPasskey(), Client(SERVER_NAME=HOST)
        passkey.add_to(cast.lena)
        cast.lena.user.is_active = False  # type: ignore[union-attr]
        cast.lena.user.save()  # type: ignore[union-attr]

        sign_in(client, passkey.sign(asked_to_sign_in(client)))

        assert told(lines)[-1] == ("proof", "closed", "account")

    def test_signing_out(self, cast: Cast, client_for: ClientFor, lines: Lines) -> None:
        """ASVS V16.3.1"""
        post("account_logout", client_for(cast.lena))

        assert told(lines) == [("sign_out", "succeeded", "session")]

    @pytest.mark.parametrize("token", ["", "agsales_mistyped", "agsales_" + "x" * 46])
    def test_a_token_that_is_not_known(self, cast: Cast, lines: Lines, token: str) -> None:
        """ASVS V16.3.1"""
        Caller(token).get("/api/v1/accounts")

        (line,) = lines.of("agile_sales.security")
        assert (line["event"], line["status"], line["route"]) == ("access_denied", 401, "api:accounts")
        assert not token or token not in "".join(lines.written)


class TestBeingRefused:
    """ASVS V16.3.2: failed attempts to get at something are logged, with who tried."""

    @pytest.fixture
    def denied(self, lines: Lines) -> Callable[[], list[dict[str, Any]]]:
        return lambda: [line for line in lines.of("agile_sales.security") if line["event"] == "access_denied"]

    def test_without_the_right(self, cast: Cast, client_for: ClientFor, lines: Lines, denied: Any) -> None:
        """ASVS V16.3.2"""
        client_for(cast.rui).get("/acme/audit/?q=wrong-canary")
        client_for(cast.ada).get("/acme/audit/")

        (line,) = denied()
        assert (line["level"], line["status"], line["route"]) == ("WARNING", 403, "audit")
        assert (line["user_id"], line["organization_id"]) == (str(cast.rui.user_id), str(cast.acme.pk))
        assert line["request_id"] == lines.requests()[0]["request_id"]

    def test_a_stranger(self, cast: Cast, client_for: ClientFor, denied: Any) -> None:
        """ASVS V16.3.2: they see a 404, and the log says that it was asked for."""
        with organization_scope(cast.acme):
            account = an_account(cast.acme, cast.rui)

        client_for(cast.sam).get(f"/acme/accounts/{account.pk}/")
        client_for(cast.sam).get(f"/globex/accounts/{account.pk}/")

        assert [(line["status"], line["user_id"]) for line in denied()] == [(404, str(cast.sam.user_id))] * 2
        assert [line["organization_id"] for line in denied()] == ["", str(cast.globex.pk)]

    def test_a_program_without_the_scope(self, cast: Cast, denied: Any) -> None:
        """ASVS V16.3.2"""
        caller = Caller(a_token(cast.acme, ["accounts:read"]))
        caller.get("/api/v1/accounts")
        caller.get("/api/v1/orders")
        caller.get(f"/api/v1/accounts/{uuid4()}")

        assert [line["status"] for line in denied()] == [403, 404]
        assert {line["organization_id"] for line in denied()} == {str(cast.acme.pk)}
        assert all(line["token_id"] for line in denied())

    def test_a_form_without_its_token(self, cast: Cast, denied: Any) -> None:
        """ASVS V16.3.2"""
        Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": cast.lena.email})

        assert [(line["status"], line["route"]) for line in denied()] == [(403, "account_login")]

    def test_nobody_who_lost_their_way(self, cast: Cast, client_for: ClientFor, denied: Any) -> None:
        Client().get("/favicon-of-old.ico")
        client_for(cast.rui).get("/acme/accounts/")

        assert denied() == []


class TestTracebacks:
    @pytest.mark.parametrize(
        ("path", "status"),
        [("/acme/audit/", 403), ("/acme/accounts/nothing/", 404), ("/acme/accounts/?q=%00", 400), ("/acme/x/", 404)],
    )
    def test_are_not_written_for_what_is_refused(
        self, cast: Cast, client_for: ClientFor, lines: Lines, path: str, status: int
    ) -> None:
        """ASVS V16.5.1"""
        assert client_for(cast.rui).get(path).status_code == status

        assert lines.written
        assert "Traceback" not in "".join(lines.written)

    @pytest.mark.parametrize(("host", "method"), [("evil.example", "get"), ("testserver", "post")])
    def test_are_not_written_for_what_is_malformed(self, db: None, lines: Lines, host: str, method: str) -> None:
        broken = {"data": b"--x", "content_type": "multipart/form-data; boundary=\x00"} if method == "post" else {}
        answer = getattr(Client(SERVER_NAME=host), method)(reverse("account_login"), **broken)

        assert answer.status_code == 400
        assert "Traceback" not in "".join(lines.written)

    def test_are_written_for_what_nobody_foresaw(
        self, cast: Cast, client_for: ClientFor, lines: Lines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise LookupError("nobody foresaw it")

        monkeypatch.setattr("pipeline.views.accounts.render_list", broken)
        client = client_for(cast.lena)
        client.raise_request_exception = False

        assert client.get("/acme/accounts/").status_code == 500

        assert any("Traceback" in line and "LookupError" in line for line in lines.written)
