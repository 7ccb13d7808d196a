"""A person sees where they are signed in and ends it; what was ended is ended on the next request, whatever happens."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as RowStore
from django.core.cache import cache, caches
from django.db import connections
from django.test import Client, override_settings
from django.urls import reverse

from agile_sales.session_store import SessionStore
from tenancy.models import Member
from tests.cast import PASSWORD, Cast
from tests.signed_in import let_time_pass

ClientFor = Callable[[Member], Client]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"


def signed_in_at(member: Member, *, address: str, browser: str) -> Client:
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=browser)
    client.post(reverse("account_login"), {"login": member.email, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/acme/").status_code == HTTPStatus.OK


def row_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=client.cookies[settings.SESSION_COOKIE_NAME].value)


class TestTheList:
    def test_shows_browser_address_and_which_one_this_is(self, cast: Cast) -> None:
        """ASVS V7.5.2"""
        here = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        signed_in_at(cast.lena, address="2001:db8::5", browser=SAFARI)
        signed_in_at(cast.sam, address="192.0.2.66", browser=SAFARI)

        page = here.get(reverse("mfa_index")).content.decode()

        assert "Firefox on Windows" in page
        assert "Safari on iPhone" in page
        assert "198.51.100.1" in page
        assert "2001:db8::5" in page
        assert page.count("This one") == 1
        assert "192.0.2.66" not in page, "sessions of others are theirs"

    def test_keeps_up_with_a_session_every_few_minutes(self, cast: Cast) -> None:
        client = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        client.get("/acme/")
        first = row_of(client).last_seen_at
        client.get("/acme/", REMOTE_ADDR="198.51.100.9")
        assert row_of(client).last_seen_at == first
        session = client.session
        session["seen_at"] = int(time.time()) - 301
        session.save()

        client.get("/acme/", REMOTE_ADDR="198.51.100.9")

        assert row_of(client).last_seen_at > first
        assert row_of(client).ip == "198.51.100.9"

    def test_has_a_session_that_began_without_the_sign_in_page(self, cast: Cast) -> None:
        client = Client(HTTP_USER_AGENT=SAFARI)
        client.force_login(cast.lena.user)  # type: ignore[arg-type]

        assert "Safari on iPhone" in client.get(reverse("mfa_index")).content.decode()

    @override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=0)
    def test_believes_no_header_of_the_browser(self, cast: Cast) -> None:
        client = Client(REMOTE_ADDR="198.51.100.1", headers={"X-Forwarded-For": "6.6.6.6", "User-Agent": FIREFOX})
        client.post(reverse("account_login"), {"login": cast.lena.email, "password": PASSWORD})

        assert row_of(client).ip == "198.51.100.1"


class TestEnding:
    def test_one_holds_on_its_next_request(self, cast: Cast) -> None:
        """ASVS V7.5.2"""
        here = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        there = signed_in_at(cast.lena, address="198.51.100.2", browser=SAFARI)
        assert is_signed_in(there)

        here.post(reverse("you-session-end", args=[row_of(there).pk]))

        assert not is_signed_in(there)
        assert is_signed_in(here)
        assert "Safari" not in here.get(reverse("mfa_index")).content.decode().split("Recent sign-ins")[0]

    def test_all_the_others(self, cast: Cast) -> None:
        """ASVS V7.5.2"""
        here = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        others = [signed_in_at(cast.lena, address=f"198.51.100.{n}", browser=SAFARI) for n in range(2, 5)]
        stranger = signed_in_at(cast.sam, address="192.0.2.66", browser=SAFARI)

        here.post(reverse("you-sessions-end-others"))

        assert [is_signed_in(one) for one in others] == [False] * 3
        assert is_signed_in(here)
        assert stranger.get("/globex/").status_code == HTTPStatus.OK

    def test_a_strangers_is_not_there(self, cast: Cast, client_for: ClientFor) -> None:
        theirs = signed_in_at(cast.lena, address="198.51.100.2", browser=SAFARI)
        stranger = client_for(cast.sam)

        response = stranger.post(reverse("you-session-end", args=[row_of(theirs).pk]))

        assert response.status_code == HTTPStatus.NOT_FOUND
        assert is_signed_in(theirs)

    def test_asks_who_is_there_when_it_has_been_a_while(self, cast: Cast, client_for: ClientFor) -> None:
        """ASVS V7.5.2"""
        there = signed_in_at(cast.lena, address="198.51.100.2", browser=SAFARI)
        cast.lena.user.refresh_from_db()  # type: ignore[union-attr]
        here = client_for(cast.lena)
        let_time_pass(here)

        response = here.post(reverse("you-sessions-end-others"))

        assert response.headers["Location"].startswith("/auth/reauthenticate/")
        assert is_signed_in(there)

    def test_signing_out_ends_it_on_the_server(self, cast: Cast) -> None:
        """ASVS V7.4.1"""
        client = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        kept = client.cookies[settings.SESSION_COOKIE_NAME].value
        client.post(reverse("account_logout"))
        thief = Client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = kept

        assert not is_signed_in(thief)
        assert not RowStore().exists(kept)

    def test_a_new_password_ends_the_others(self, cast: Cast) -> None:
        here = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        there = signed_in_at(cast.lena, address="198.51.100.2", browser=SAFARI)
        new = "a new long sentence"

        here.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})

        assert is_signed_in(here)
        assert not is_signed_in(there)
        page = here.get(reverse("mfa_index")).content.decode()
        assert page.count("This one") == 1
        assert "Safari on iPhone" not in page.split("Recent sign-ins")[0]

    def test_somebody_whose_account_is_closed_is_outside_at_once(self, cast: Cast, client_for: ClientFor) -> None:
        client = client_for(cast.lena)
        assert is_signed_in(client)

        cast.lena.user.is_active = False  # type: ignore[union-attr]
        cast.lena.user.save()  # type: ignore[union-attr]

        assert not is_signed_in(client)


DAY = 86_400


class TestTheEndOfASignIn:
    @pytest.fixture
    def pass_days(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
        now = time.time()

        def go_on(days: float) -> None:
            monkeypatch.setattr(time, "time", lambda: now + days * DAY)

        return go_on

    def test_it_ends_thirty_days_after_it_began_however_often_it_is_used(
        self, cast: Cast, pass_days: Callable[[float], None]
    ) -> None:
        """ASVS V7.3.2"""
        client = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        kept = client.cookies[settings.SESSION_COOKIE_NAME].value
        for day in range(30):
            pass_days(day)
            assert is_signed_in(client), day

        pass_days(30.01)
        response = client.get("/acme/")

        assert response.headers["Location"] == "/auth/login/?next=/acme/"
        assert not RowStore().exists(kept)
        pass_days(1)
        thief = Client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = kept
        assert not is_signed_in(thief), "it has ended for good"

    def test_proving_again_who_one_is_does_not_prolong_it(self, cast: Cast, pass_days: Callable[[float], None]) -> None:
        """ASVS V7.3.2"""
        client = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        pass_days(29)
        assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == HTTPStatus.FOUND
        assert is_signed_in(client)

        pass_days(30.01)

        assert not is_signed_in(client)

    def test_signing_in_again_begins_anew(self, cast: Cast, pass_days: Callable[[float], None]) -> None:
        client = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        pass_days(31)
        assert not is_signed_in(client)
        client.post(reverse("account_login"), {"login": cast.lena.email, "password": PASSWORD})

        pass_days(60)
        assert is_signed_in(client)
        pass_days(61.01)
        assert not is_signed_in(client)

    def test_a_session_from_before_this_was_counted_ends_too(
        self, cast: Cast, client_for: ClientFor, pass_days: Callable[[float], None]
    ) -> None:
        client = client_for(cast.lena)
        session = client.session
        del session["signed_in_at"]
        session.save()
        assert is_signed_in(client)

        pass_days(30.01)

        assert not is_signed_in(client)

    def test_an_installation_says_how_long(self, cast: Cast, pass_days: Callable[[float], None]) -> None:
        client = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        pass_days(1.01)

        with override_settings(SESSION_LIFETIME=DAY):
            assert not is_signed_in(client)

    def test_while_the_cache_is_down_nobody_gets_in_with_an_old_one(
        self, cast: Cast, client_for: ClientFor, pass_days: Callable[[float], None]
    ) -> None:
        client = client_for(cast.lena)
        kept = client.cookies[settings.SESSION_COOKIE_NAME].value
        pass_days(30.01)

        with override_settings(CACHES=_no_cache(), REDIS_URL="redis://127.0.0.1:1/0"):
            assert not is_signed_in(client)
        client.cookies[settings.SESSION_COOKIE_NAME] = kept

        assert not is_signed_in(client)

    def test_unused_it_ends_after_fourteen_days(self, cast: Cast) -> None:
        """ASVS V7.3.1"""
        client = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)
        client.get("/acme/")

        row = RowStore().model.objects.get(session_key=client.cookies[settings.SESSION_COOKIE_NAME].value)

        assert 13.9 < (row.expire_date.timestamp() - time.time()) / DAY <= 14
        assert 13.9 * DAY < int(client.cookies[settings.SESSION_COOKIE_NAME]["max-age"]) <= 14 * DAY


def a_session(**data: Any) -> str:
    """Return the key of a new session."""
    store = SessionStore()
    store.update(data)
    store.create()
    assert store.session_key is not None
    return store.session_key


class TestTheStore:
    """What was ended stays ended, also for those who were just reading or writing it."""

    def test_it_lives_through_a_wiped_cache(self, db: None) -> None:
        key = a_session(name="Lena")
        cache.clear()

        assert SessionStore(key).get("name") == "Lena"

    def test_a_reader_that_was_slow_does_not_bring_it_back(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        key = a_session(name="Lena")
        cache.clear()
        reader = SessionStore(key)
        read_row = reader._get_session_from_db

        def ended_meanwhile() -> Any:
            row = read_row()
            SessionStore().delete(key)
            return row

        monkeypatch.setattr(reader, "_get_session_from_db", ended_meanwhile)
        assert reader.get("name") == "Lena", "it was still there when this request began"

        assert SessionStore(key).get("name") is None

    @pytest.mark.django_db(transaction=True)
    def test_a_writer_that_was_slow_does_not_bring_it_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        key = a_session(name="Lena")
        writer = SessionStore(key)
        writer["page"] = 2
        is_writing, ended = threading.Event(), threading.Event()
        caches_set = caches["default"].set

        def slow_set(*args: Any, **kwargs: Any) -> None:
            is_writing.set()
            # Whoever ends it can't be done before the row is let go.
            assert not ended.wait(0.3)
            caches_set(*args, **kwargs)

        monkeypatch.setattr(writer, "_cache", type("Slow", (), {"set": staticmethod(slow_set)})())

        def end() -> None:
            is_writing.wait(5)
            SessionStore().delete(key)
            ended.set()
            connections.close_all()

        other = threading.Thread(target=end)
        other.start()
        writer.save()
        other.join(5)

        assert ended.is_set()
        assert SessionStore(key).get("name") is None
        assert not RowStore().exists(key)

    def test_without_a_cache_it_is_read_from_its_row(self, db: None) -> None:
        key = a_session(name="Lena")

        with override_settings(CACHES=_no_cache()):
            store = SessionStore(key)
            assert store.get("name") == "Lena"
            store["page"] = 2
            store.save()

        cache.clear()
        assert SessionStore(key).get("page") == 2

    def test_without_a_cache_nothing_is_ended_by_halves(self, db: None) -> None:
        key = a_session(name="Lena")

        with override_settings(CACHES=_no_cache()), pytest.raises(Exception, match="refused"):
            SessionStore().delete(key)

        assert RowStore().exists(key)


def _no_cache() -> dict[str, Any]:
    return {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}


def test_pages_are_shown_while_the_cache_is_down_and_signing_out_says_that_it_can_not(
    cast: Cast, client_for: ClientFor
) -> None:
    client = client_for(cast.lena)
    client.raise_request_exception = False

    with override_settings(CACHES=_no_cache(), REDIS_URL="redis://127.0.0.1:1/0"):
        assert is_signed_in(client)
        assert client.post(reverse("account_logout")).status_code == HTTPStatus.SERVICE_UNAVAILABLE


def test_cookies_are_closed_to_scripts_and_other_sites(cast: Cast) -> None:
    """ASVS V3.3.2 V3.3.4"""
    client = signed_in_at(cast.lena, address="198.51.100.1", browser=FIREFOX)

    cookie = client.cookies[settings.SESSION_COOKIE_NAME]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]


def test_outside_of_ones_own_machine_cookies_need_tls() -> None:
    """ASVS V3.3.1 V3.3.3"""
    names = ("SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE")
    script = f"from agile_sales import settings; print([getattr(settings, name) for name in {names}])"
    environment = {**os.environ, "SECURE": "True", "AGILE_SALES_OFFLINE": "True"}

    said = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True
    )

    assert said.stdout.strip() == "['__Host-session', True, '__Host-csrf', True]", said.stderr
