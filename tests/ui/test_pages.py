"""The pages and answers of the interface itself."""

import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.urls import reverse

from agile_sales import error_views
from tenancy.models import Member, User
from tests.cast import PASSWORD, Cast

ClientFor = Callable[[Member], Client]


class TestPreferences:
    @pytest.mark.parametrize(
        ("sent", "field", "stored"),
        [
            ({"theme": "dark"}, "theme", "dark"),
            ({"theme": ""}, "theme", ""),
            ({"density": "compact"}, "density", "compact"),
            ({"keys": "off"}, "single_keys", False),
            ({"keys": ""}, "single_keys", True),
        ],
    )
    def test_it_stores_what_was_sent_on_the_user(
        self, cast: Cast, client_for: ClientFor, sent: dict[str, str], field: str, stored: object
    ) -> None:
        response = client_for(cast.lena).post(reverse("ui-preferences"), sent, headers={"HX-Request": "true"})

        assert response.status_code == 204
        assert cast.lena.user is not None
        assert getattr(User.objects.get(pk=cast.lena.user.pk), field) == stored

    def test_it_leaves_the_rest_alone(self, cast: Cast, client_for: ClientFor) -> None:
        client = client_for(cast.lena)
        client.post(reverse("ui-preferences"), {"theme": "dark"})

        client.post(reverse("ui-preferences"), {"density": "compact"})

        assert cast.lena.user is not None
        user = User.objects.get(pk=cast.lena.user.pk)
        assert (user.theme, user.density, user.single_keys) == ("dark", "compact", True)

    def test_it_refuses_a_value_that_does_not_exist(self, cast: Cast, client_for: ClientFor) -> None:
        assert client_for(cast.lena).post(reverse("ui-preferences"), {"theme": "pink"}).status_code == 422

    def test_without_script_it_goes_back_to_the_page(self, cast: Cast, client_for: ClientFor) -> None:
        back = "http://testserver/ui/"

        response = client_for(cast.lena).post(reverse("ui-preferences"), {"theme": "dark"}, headers={"Referer": back})

        assert response.headers["Location"] == back

    def test_it_never_goes_to_another_site(self, cast: Cast, client_for: ClientFor) -> None:
        response = client_for(cast.lena).post(
            reverse("ui-preferences"), {"theme": "dark"}, headers={"Referer": "https://elsewhere.example/"}
        )

        assert response.headers["Location"] == "/"

    def test_it_needs_somebody_signed_in(self, db: None) -> None:
        assert Client().post(reverse("ui-preferences"), {"theme": "dark"}).status_code == 302

    def test_the_page_follows(self, cast: Cast, client_for: ClientFor) -> None:
        client = client_for(cast.lena)
        client.post(reverse("ui-preferences"), {"theme": "dark"})
        client.post(reverse("ui-preferences"), {"keys": "off"})

        html = client.get(reverse("ui-components")).content.decode()

        assert 'data-theme="dark"' in html
        assert 'data-keys="off"' in html


class TestShell:
    def test_it_shows_only_what_the_role_opens(self, cast: Cast, client_for: ClientFor) -> None:
        for_leader, for_coach = (
            client_for(member).get("/acme/nowhere/").content.decode() for member in (cast.lena, cast.cora)
        )

        imports = f'href="{reverse("integrations:imports", args=["acme"])}"'
        assert imports in for_leader
        assert imports not in for_coach

    def test_it_lists_no_organization_that_one_is_not_in(self, cast: Cast, client_for: ClientFor) -> None:
        assert "Globex" not in client_for(cast.lena).get("/acme/nowhere/").content.decode()

    def test_a_boosted_answer_brings_the_navigation_along(self, cast: Cast, client_for: ClientFor) -> None:
        headers = {"HX-Request": "true", "HX-Boosted": "true"}

        html = client_for(cast.lena).get(reverse("ui-components"), headers=headers).content.decode()

        assert set(re.findall(r'id="([\w-]+)"[^>]*hx-swap-oob="true"', html)) == {"side-nav", "top", "tabbar", "toasts"}

    @pytest.mark.parametrize(
        ("headers", "key"),
        [
            ({"Sec-CH-UA-Platform": '"macOS"'}, "⌘K"),
            ({"Sec-CH-UA-Platform": '"Windows"'}, "Ctrl K"),
            ({"User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Safari"}, "⌘K"),
            ({}, "Ctrl K"),
        ],
    )
    def test_keys_are_capped_as_on_the_persons_keyboard(
        self, cast: Cast, client_for: ClientFor, headers: dict[str, str], key: str
    ) -> None:
        assert key in client_for(cast.lena).get(reverse("ui-components"), headers=headers).content.decode()

    def test_the_richest_page_stays_light(self, cast: Cast, client_for: ClientFor) -> None:
        html = client_for(cast.lena).get(reverse("ui-components")).content

        assert len(gzip.compress(html)) < 20 * 1024

    def test_it_asks_the_database_for_nothing_more(
        self, cast: Cast, client_for: ClientFor, django_assert_max_num_queries: Any
    ) -> None:
        client = client_for(cast.lena)
        client.get("/acme/nowhere/")

        # Session and user, memberships, the organisation's scope and the member: all of it is the middleware's.
        with django_assert_max_num_queries(8):
            client.get("/acme/nowhere/")


PARTS = (
    "i av avs badge btn card chip delta field input check switch kcard kcol list palette drawer pop menu bar ring "
    "stats stat score why seg tabs steps table bulk timeline toast tree heat notice empty sk live"
)
"""The class of each component of the design that exists."""


class TestComponents:
    @pytest.mark.parametrize("part", PARTS.split())
    def test_the_page_shows_it(self, part: str, cast: Cast, client_for: ClientFor) -> None:
        html = client_for(cast.lena).get(reverse("ui-components")).content.decode()

        assert re.search(rf'class="(?:[^"]* )?{part}(?: [^"]*)?"', html), part


class TestErrors:
    def test_a_stranger_and_a_missing_page_look_the_same(self, cast: Cast, client_for: ClientFor) -> None:
        client = client_for(cast.sam)

        theirs, nobodys = (client.get(f"/{slug}/") for slug in ("acme", "no-such-organization"))

        assert theirs.status_code == nobodys.status_code == 404
        assert "Acme" not in theirs.content.decode()

    def test_a_broken_page_needs_no_database_and_has_a_reference(self, caplog: pytest.LogCaptureFixture) -> None:
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            response = error_views.server_error(RequestFactory().get("/acme/"))

        html = response.content.decode()
        found = re.search(r"Reference <b class=\"mono\">([0-9A-F]{6})</b>", html)
        assert response.status_code == 500
        assert found is not None
        assert f"Reference {found[1]}" in caplog.text
        assert "broken" not in html

    def test_a_server_that_does_not_answer_is_503(self) -> None:
        try:
            raise OperationalError("connection refused")
        except OperationalError:
            response = error_views.server_error(RequestFactory().get("/acme/"))

        assert response.status_code == 503
        assert response.headers["Retry-After"] == "20"

    def test_an_api_answer_is_a_problem_document(self) -> None:
        response = error_views.page_not_found(RequestFactory().get("/api/v1/x"), Exception())

        assert response.headers["Content-Type"] == "application/problem+json"

    def test_an_old_form_says_what_to_do(self, cast: Cast) -> None:
        client = Client(enforce_csrf_checks=True)

        response = client.post(reverse("account_login"), {"login": "lena@acme.example", "password": PASSWORD})

        assert response.status_code == 403
        assert "open for too long" in response.content.decode()


class TestSignIn:
    def test_address_and_password_open_the_organization(self, cast: Cast) -> None:
        response = Client().post(reverse("account_login"), {"login": "LENA@acme.example", "password": PASSWORD})

        assert response.headers["Location"] == "/acme/"

    def test_a_wrong_password_and_an_unknown_address_get_the_same_words(self, cast: Cast) -> None:
        answers = []
        for login in ("lena@acme.example", "nobody@acme.example"):
            html = Client().post(reverse("account_login"), {"login": login, "password": "wrong"}).content.decode()
            answers.append(re.sub(r"\s+", " ", re.search(r'role="alert".*?</div>\s*</div>', html, re.DOTALL)[0]))  # type: ignore[index]

        assert answers[0] == answers[1]

    def test_it_goes_on_to_the_page_that_was_asked_for(self, cast: Cast) -> None:
        client = Client()
        asked = client.get("/ui/")

        response = client.post(
            asked.headers["Location"], {"login": "lena@acme.example", "password": PASSWORD, "next": "/ui/"}
        )

        assert response.headers["Location"] == "/ui/"

    def test_a_forgotten_password_is_reset_by_a_link_that_works_once(self, cast: Cast) -> None:
        client = Client()
        client.post(reverse("account_reset_password"), {"email": "lena@acme.example"})
        link = re.search(r"http://testserver(\S+)", last_mail())
        assert link is not None

        form_page = client.get(link[1], follow=True)
        saved = client.post(
            form_page.redirect_chain[-1][0], {"password1": "a new long sentence", "password2": "a new long sentence"}
        )

        assert saved.headers["Location"] == reverse("account_reset_password_from_key_done")
        signed_in = Client().post(
            reverse("account_login"), {"login": "lena@acme.example", "password": "a new long sentence"}
        )
        assert signed_in.status_code == 302
        assert "no longer works" in Client().get(link[1], follow=True).content.decode()

    def test_an_unknown_address_gets_the_same_answer_and_no_mail(self, cast: Cast) -> None:
        response = Client().post(reverse("account_reset_password"), {"email": "nobody@acme.example"})

        assert response.headers["Location"] == reverse("account_reset_password_done")
        assert not mail.outbox

    def test_a_changed_password_signs_other_devices_out_and_tells_the_owner(
        self, cast: Cast, client_for: ClientFor
    ) -> None:
        here, there = client_for(cast.lena), client_for(cast.lena)

        response = here.post(
            reverse("account_change_password"),
            {"oldpassword": PASSWORD, "password1": "a new long sentence", "password2": "a new long sentence"},
        )

        assert response.status_code == 302
        assert here.get("/ui/").status_code == 200
        assert there.get("/ui/").status_code == 302
        assert "was changed" in last_mail()

    def test_signing_out_ends_it(self, cast: Cast, client_for: ClientFor) -> None:
        client = client_for(cast.lena)

        client.post(reverse("account_logout"))

        assert client.get("/ui/").status_code == 302


def last_mail() -> str:
    """Return the subject and the text of the last mail."""
    message = mail.outbox[-1]
    return f"{message.subject}\n{message.body}"


class TestHeaders:
    @pytest.mark.parametrize("path", ["/auth/login/", "/no/such/page/"])
    def test_the_policy_allows_nothing_but_our_own_files(self, db: None, path: str) -> None:
        policy = Client().get(path).headers["Content-Security-Policy"]

        assert dict(part.strip().split(" ", 1) for part in policy.split(";")) == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "font-src": "'self'",
            "connect-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }

    def test_no_answer_is_kept_by_a_cache(self, db: None) -> None:
        assert "no-store" in Client().get("/auth/login/").headers["Cache-Control"]
