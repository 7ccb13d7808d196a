"""An import leaves the same trail as a person: what each row was before, and by which import."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.models import Account
from tenancy.audit.actors import ActorKind, kind_of
from tenancy.models import AuditEntry, Member
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.importing import check, commit, upload

pytestmark = pytest.mark.django_db(transaction=True)


def bring_in(cast: Cast, rows: str) -> None:
    text = f"Account Name,City,Account ID\n{rows}\n"
    made = upload(cast.acme, {"accounts.csv": text}, source="erp", by=cast.ana)
    commit(cast.acme, check(cast.acme, made))


def test_a_second_import_leaves_what_each_changed_row_was(cast: Cast, client_for: Callable[[Member], Client]) -> None:
    bring_in(cast, "Gruber,Linz,K-1\nHuber,Wels,K-2")
    bring_in(cast, "Gruber,Graz,K-1\nHuber,Wels,K-2")

    with organization_scope(cast.acme):
        gruber = Account.objects.get(external_id="K-1")
        entries = AuditEntry.objects.filter(table_name="pipeline_account").order_by("occurred_at", "id")
        found = [(one.action, (one.before or {}).get("city"), one.after["city"]) for one in entries]
        kinds = {kind_of(one.actor_id, one.task) for one in entries}
    assert sorted(found[:2], key=str) == [("insert", None, "Linz"), ("insert", None, "Wels")]
    assert found[2:] == [("update", "Linz", "Graz")]
    assert kinds == {ActorKind.IMPORT}

    page = client_for(cast.abe).get(
        reverse("audit", kwargs={"organization": "acme"}), {"kind": "import", "record": str(gruber.pk)}
    )
    changed, created = page.context["rows"]
    assert {one.label: (one.before, one.after) for one in changed.changes} == {"City": ("Linz", "Graz")}
    assert (changed.what, created.what, changed.kind) == ("Changed", "Created", "An import")
