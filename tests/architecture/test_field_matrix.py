"""Role × field, generated from the table: each field with a right of its own, on every page, export and file of it."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pipeline.models import Activity, OrderLine
from tenancy.access import FIELD_RIGHTS, Action, hidden_fields, reach_of
from tenancy.invitations import invite
from tenancy.models import DomainEvent, Member
from tenancy.models.member import ASSIGNABLE_ROLES
from tenancy.scoping import organization_scope
from tests.architecture.addresses import every_address
from tests.cast import Cast
from tests.integrations.importing import check, upload
from tests.pipeline import records

CELLS = [
    (record, field, role) for record, fields in FIELD_RIGHTS.items() for field in fields for role in ASSIGNABLE_ROLES
]
NAMES = {
    Member.Role.ADMIN: "ada",
    Member.Role.LEADER: "lena",
    Member.Role.SQUAD_LEAD: "sil",
    Member.Role.MEMBER: "rui",
    Member.Role.COACH: "cora",
    Member.Role.EXPERT: "eva",
    Member.Role.ANALYST: "ana",
    Member.Role.AUDITOR: "abe",
}
CANARIES = {
    ("contact", "email"): "canary-email@velora.example",
    ("contact", "phone"): "+31 30 5550199",
    ("activity", "body"): "canary-body-of-a-call",
    ("inquiry", "text"): "canary-text-of-a-question",
    ("orderline", "cost_minor"): "98765",
    ("satisfactionresponse", "comment"): "canary-comment-of-an-answer",
    ("member", "email"): "canary-colleague@acme.example",
    ("invitation", "email"): "canary-invited@acme.example",
    ("importrow", "raw"): "canary-cell-of-a-file",
}
"""A value that is nowhere else; whoever sees it has seen the field."""

SEARCHES = ("?q=canary-email", "?q=5550199", "?q=velora", "?q=canary-colleague")
WRITTEN_OUT = {("orderline", "cost_minor"): ["98765", "98,765", "987.65"]}


@pytest.fixture
def ids(cast: Cast) -> dict[str, str]:
    """Records with a canary in each field that has a right of its own."""
    acme, rui = cast.acme, cast.rui
    with organization_scope(acme, actor=rui):
        account = records.an_account(acme, owner=rui)
        contact = records.a_contact(
            acme,
            account,
            owner=rui,
            email=CANARIES["contact", "email"],
            phone=CANARIES["contact", "phone"],
        )
        deal = records.a_deal(acme, account, owner=rui)
        Activity.objects.create(
            organization=acme,
            account=account,
            contact=contact,
            opportunity=deal,
            member=rui,
            kind="call",
            body=CANARIES["activity", "body"],
            occurred_at=timezone.now(),
        )
        order = records.an_order(acme, account, owner=rui, lines=[records.a_line(quantity=Decimal(1))])
        OrderLine.objects.filter(order=order).update(cost_minor=int(CANARIES["orderline", "cost_minor"]))
        inquiry = records.an_inquiry(acme, account, contact=contact, text=CANARIES["inquiry", "text"])
        records.an_answer(acme, account, comment=CANARIES["satisfactionresponse", "comment"])
        colleague = Member.objects.create(
            organization=acme,
            name="Cleo Hart",
            email=CANARIES["member", "email"],
            role=Member.Role.MEMBER,
            external_id="cleo",
        )
        invite(
            organization=acme,
            email=CANARIES["invitation", "email"],
            role=Member.Role.MEMBER,
            units=[],
            link_to=lambda token: token,
            invited_by=cast.ada,
            at=timezone.now(),
        )
    content = f"Account Name,Customer since\n{CANARIES['importrow', 'raw']},31.02.2026\n"
    made = check(acme, upload(acme, {"accounts.csv": content}))
    return {
        "member_id": str(colleague.pk),
        "import_id": str(made.pk),
        "account_id": str(account.pk),
        "contact_id": str(contact.pk),
        "opportunity_id": str(deal.pk),
        "order_id": str(order.pk),
        "inquiry_id": str(inquiry.pk),
    }


def everything_read(browser: Client, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the address and the text of each page that needs nothing or one of these records."""
    from django.urls import reverse

    for address in every_address():
        parameters = set(address.parameters) - {"organization"}
        if not address.in_organization or not parameters <= set(ids):
            continue
        kwargs = {"organization": "acme", **{name: ids[name] for name in parameters}}
        url = reverse(address.name, kwargs=kwargs)
        for query in (
            "",
            "?q=canary-email",
            "?q=5550199",
            "?q=velora",
            "?q=canary-colleague",
            "?name=canary-colleague",
        ):
            is_search = "search" in address.name or "palette" in address.name
            if query and not (is_search if query.startswith("?q") else address.name == "people:members"):
                continue
            response: Any = browser.get(url + query)
            if response.status_code == 200:
                body = b"".join(response.streaming_content) if response.streaming else response.content
                yield url + query, body.decode(errors="replace")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", ASSIGNABLE_ROLES, ids=str)
def test_a_role_reads_a_field_only_where_the_table_says_so(
    role: Member.Role, cast: Cast, ids: dict[str, str], client_for: Callable[[Member], Client]
) -> None:
    """ASVS V8.1.1, V8.2.3, V8.3.1: the written matrix of fields holds on every page, whatever templates do."""
    member = getattr(cast, NAMES[role])
    hidden = {(record, field) for record, fields in FIELD_RIGHTS.items() for field in hidden_fields(member, record)}

    seen, read = set(), 0
    for url, text in everything_read(client_for(member), ids):
        read += 1
        for cell, canary in CANARIES.items():
            if any(form in text for form in WRITTEN_OUT.get(cell, [canary])):
                assert cell not in hidden, (url, cell)
                seen.add(cell)

    assert read >= 15
    shown = {cell for cell in CANARIES if cell not in hidden} - {("orderline", "cost_minor")}
    assert shown <= seen, "a field that the role may see is nowhere"


@pytest.mark.parametrize(("record", "field", "role"), CELLS)
def test_each_cell_of_the_matrix_is_as_the_table_of_rights_says(
    record: str, field: str, role: Member.Role, cast: Cast
) -> None:
    """ASVS V8.2.3: default deny; a field is shown to a role only by an action that the role has."""
    member = getattr(cast, NAMES[role])

    may = reach_of(member, Action(FIELD_RIGHTS[record][field])) is not None

    assert (field not in hidden_fields(member, record)) == may
    with organization_scope(cast.acme):
        member.is_active = False
        assert field in hidden_fields(member, record)


def test_every_field_of_the_table_is_tried_and_exists() -> None:
    from django.apps import apps

    cells = {(record, field) for record, fields in FIELD_RIGHTS.items() for field in fields}
    assert cells == set(CANARIES)
    models = {model._meta.model_name: model for model in apps.get_models()}
    for record, field in cells:
        assert models[record]._meta.get_field(field).name == field


def test_no_event_carries_a_field_with_a_right_of_its_own(cast: Cast, ids: dict[str, str]) -> None:
    with organization_scope(cast.acme):
        payloads: list[Any] = list(DomainEvent.objects.values_list("payload", flat=True))

    assert payloads
    assert not [payload for payload in payloads for canary in CANARIES.values() if canary in str(payload)]
