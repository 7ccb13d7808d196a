"""One rule for what is typed, sent and imported: forms, the API, its bulk calls and files refuse the same, in words."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from integrations.models import ImportRow
from integrations.operations.committing import UnableToCommit
from pipeline.models import Account
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token
from tests.integrations.importing import check, commit, upload
from tests.pipeline.pages import ClientFor, as_typed, text_of, url
from tests.pipeline.records import an_account

Door = Callable[..., str]
HEADERS = {"name": "Account Name", "city": "City", "website": "Website", "customer_since": "Customer since"}


@pytest.fixture(params=["form", "api", "bulk", "import"])
def door(request: pytest.FixtureRequest, cast: Cast, client_for: ClientFor) -> Door:
    """A way in for one account; it returns what was said of it."""

    def by_form(**said: str) -> str:
        client = client_for(cast.rui)
        form = client.get(url("account-new")).context["form"]
        return text_of(client.post(url("account-new"), as_typed(form, **said)))

    def by_api(**said: str) -> str:
        return str(Caller(a_token(cast.acme)).post("/api/v1/accounts", said).content.decode())

    def by_bulk(**said: str) -> str:
        row = {"external_id": "K1", **said}
        answer = Caller(a_token(cast.acme)).post("/api/v1/accounts/bulk", {"source": "erp", "records": [row]})
        return json.dumps(json.loads(answer.content), ensure_ascii=False)

    def by_import(**said: str) -> str:
        lines = [["Account ID", *(HEADERS[name] for name in said)], ["K1", *said.values()]]
        content = "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines) + "\n"
        made = check(cast.acme, upload(cast.acme, {"accounts.csv": content.encode()}))
        told = [cause["message"] for file in made.files.all() for cause in file.causes]
        with suppress(UnableToCommit):  # all of it is held back
            commit(cast.acme, made)
        with organization_scope(cast.acme):
            told += [problem["message"] for row in ImportRow.objects.all() for problem in row.problems]
        return " ".join(map(str, told))

    doors = {"form": by_form, "api": by_api, "bulk": by_bulk, "import": by_import}
    return doors[request.param]


def kept(cast: Cast) -> list[Account]:
    with organization_scope(cast.acme):
        return list(Account.objects.all())


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": "Velora\x07"}, "holds the control character U+0007: remove it"),
        ({"name": "Velora", "city": "Ut\x1brecht"}, "holds the control character U+001B: remove it"),
        ({"name": "Velora", "customer_since": "2099-01-01"}, "from 1900-01-01 to "),
    ],
)
def test_what_cannot_be_meant_is_refused(cast: Cast, door: Door, said: dict[str, str], words: str) -> None:
    assert words in door(**said)
    # A file keeps its row, with a gap: a damaged letter in a street is no reason to do without the customer.
    assert [account.city for account in kept(cast)] in ([], [""] if "city" in said else [])


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("name", ["\u200b\u2060", "\u3164", "\u202e\u2066"])
def test_a_name_that_nobody_can_see_is_no_name(cast: Cast, door: Door, name: str) -> None:
    assert door(name=name)
    assert kept(cast) == []


@pytest.mark.usefixtures("patience")
def test_a_name_is_composed_trimmed_and_runs_in_its_own_direction(cast: Cast, door: Door) -> None:
    door(name=" Mu\u0308ller \u202eAG\u202c\u200b ", city="Ko\u0308ln")

    (account,) = kept(cast)
    assert (account.name, account.city) == ("Müller AG", "Köln")


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("website", ["javascript:alert(1)", "data:text/html,x", "ftp://velora.example", "next door"])
def test_a_website_is_a_web_address(cast: Cast, door: Door, website: str) -> None:
    assert "is not a web address such as velora.example or https://velora.example" in door(
        name="Velora", website=website
    )
    # A file keeps its row, with a gap: nothing is computed from a website.
    assert [account.website for account in kept(cast)] in ([], [""])

    door(name="Velora", website="https://velora.example/de")
    assert kept(cast)[-1].website == "https://velora.example/de"


def test_a_website_from_before_the_rule_is_shown_as_text(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.rui, website="javascript:alert(1)")

    page = text_of(client_for(cast.rui).get(url("account", account.pk)))
    assert "javascript:alert(1)" in page
    assert 'href="javascript:' not in page
    record = Caller(a_token(cast.acme)).read(f"/api/v1/accounts/{account.pk}")
    assert record["website"] == "javascript:alert(1)"
    assert client_for(cast.sam).get(url("account", account.pk)).status_code == 404


NAMED: list[tuple[str, dict[str, Any]]] = [
    ("contacts", {"name": "\u200b"}),
    ("contacts", {"name": "Sanne\x1b"}),
    ("products", {"name": "\u3164"}),
    ("units", {"name": "\u2060", "kind": "squad"}),
    ("members", {"name": "\x07"}),
    ("activities", {"kind": "note", "occurred_at": "0001-01-01T00:00:00Z"}),
    ("opportunities", {"name": "Deal", "close_date": "9999-01-01"}),
    ("orders", {"number": "1", "order_date": "2099-01-01"}),
]


@pytest.mark.parametrize(("plural", "body"), NAMED)
def test_the_api_holds_every_record_to_it(cast: Cast, plural: str, body: dict[str, Any]) -> None:
    answer = Caller(a_token(cast.acme)).post(f"/api/v1/{plural}", body)

    problem = json.loads(answer.content)
    assert answer.status_code == 422
    (faulty,) = [name for name in body if name in ("name", "occurred_at", "close_date", "order_date")][-1:]
    assert faulty in {one["name"] for one in problem["errors"]}


FORMS: list[tuple[str, str, dict[str, str], str]] = [
    ("rui", "/acme/contacts/new/", {"name": "\u200b"}, "This field is required"),
    ("rui", "/acme/opportunities/new/", {"name": "Deal", "close_date": "9999-01-01"}, "Look at the year"),
    ("lena", "/acme/products/new/", {"name": "\x07x"}, "control character"),
    ("lena", "/acme/units/new/", {"name": "\u2060", "active_from": "0001-01-01"}, "This field is required"),
    ("lena", "/acme/units/new/", {"name": "X", "active_from": "0001-01-01"}, "Look at the year"),
    ("ada", "/acme/settings/", {"name": "\u3164", "version": "1"}, "This field is required"),
    ("rui", "/acme/inquiries/new/", {"subject": "\x1b", "received_at": "2026-11-01T10:00"}, "control character"),
    ("rui", "/auth/you/", {"name": "\u200b"}, "This field is required"),
    ("ada", "/acme/tokens/", {"name": "\u200b"}, "This field is required"),
]


@pytest.mark.parametrize(("name", "path", "data", "words"), FORMS)
def test_every_form_holds_to_it(
    cast: Cast, client_for: ClientFor, name: str, path: str, data: dict[str, str], words: str
) -> None:
    answer = client_for(getattr(cast, name)).post(path, data)

    assert answer.status_code in (200, 422)
    assert words in text_of(answer)
