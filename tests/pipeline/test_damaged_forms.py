"""A form that came in damaged, or too late, is refused in words and changes nothing."""

from typing import Any

import pytest
from django.test import Client

from pipeline.models import Account, Opportunity
from pipeline.operations import update_account, update_opportunity
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import NOON, a_deal, an_account

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"


def in_parts(name: bytes) -> bytes:
    fields = {b"name": name, b"lifecycle": b"prospect"}
    return b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % field for field in fields.items()
    ) + (b"--b--\r\n")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"name=M%FCller&lifecycle=prospect", FORM, 400),
        (b"name=M\xfcller&lifecycle=prospect", FORM, 400),
        (b"name=Velora&lifecycle=prospect&%ff=1", FORM, 400),
        (b"name=M%C3%BCller&lifecycle=prospect", FORM, 302),
        (in_parts(b"M\xfcller"), PARTS, 400),
        (in_parts("Müller".encode()), PARTS, 302),
    ],
)
def test_a_form_that_is_no_utf_8_is_refused(
    cast: Cast, client_for: ClientFor, body: bytes, kind: str, status: int
) -> None:
    answer: Any = client_for(cast.rui).generic("POST", url("account-new"), body, content_type=kind)

    assert answer.status_code == status
    with organization_scope(cast.acme):
        assert list(Account.objects.values_list("name", flat=True)) == (["Müller"] if status == 302 else [])
    if status == 400:
        assert "not UTF-8. Load the page again and retry. Nothing was changed." in text_of(answer)


def test_it_holds_outside_of_organisations_as_well(db: None) -> None:
    answer: Any = Client().generic("POST", "/auth/login/", b"login=%ff&password=x", content_type=FORM)

    assert answer.status_code == 400


def test_deleting_what_somebody_changed_meanwhile_answers_as_saving_it_does(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.rui)
        deal = a_deal(cast.acme, account, cast.rui)
        changed: dict[str, Any] = {"organization": cast.acme, "version": 1, "actor": cast.lena, "updated_at": NOON}
        update_account(account=account, city="Delft", **changed)
        update_opportunity(opportunity=deal, next_step="Call", **changed)
    client = client_for(cast.rui)

    for page, record in (("account", account), ("opportunity", deal)):
        stale = client.post(url(f"{page}-delete", record.pk), {"version": "1"})
        assert stale.status_code == 409
        assert "Somebody changed this meanwhile, so it was not deleted." in text_of(stale)
        assert f'href="{url(page, record.pk)}"' in text_of(stale)
        assert client_for(cast.sam).post(url(f"{page}-delete", record.pk), {"version": "1"}).status_code == 404
    with organization_scope(cast.acme):
        assert (Account.objects.alive().count(), Opportunity.objects.alive().count()) == (1, 1)
