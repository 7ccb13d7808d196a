"""Auditors and administrators find what happened: by record, person, kind, action and day, before and after."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pipeline.models import Account, Contact
from tenancy.audit.actors import ActorKind
from tenancy.events import record_event
from tenancy.models import AuditEntry, DomainEvent, Member
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token
from tenancy.working_time import local_day
from tests.cast import Cast
from tests.pipeline import records

ClientFor = Callable[[Member], Client]


def page(client: Client, **query: Any) -> str:
    response = client.get(reverse("audit", kwargs={"organization": "acme"}), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def rows(client: Client, **query: Any) -> list[Any]:
    return list(client.get(reverse("audit", kwargs={"organization": "acme"}), query).context["rows"])


def exported(client: Client, **query: Any) -> list[dict[str, str]]:
    response: Any = client.get(reverse("audit-export", kwargs={"organization": "acme"}), query)
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


@pytest.fixture
def account(cast: Cast) -> Account:
    with organization_scope(cast.acme, actor=cast.rui, address="192.0.2.7"):
        made = records.an_account(cast.acme, owner=cast.rui, city="Linz")
        Account.objects.filter(pk=made.pk).update(city="Graz", owner=cast.mia, potential_minor=1_250_00)
    return made


@pytest.fixture
def auditor(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.abe)


class TestList:
    def test_it_says_who_changed_what_from_what_to_what(self, auditor: Client, account: Account) -> None:
        changed, created = rows(auditor, record=account.pk)

        assert (changed.what, created.what) == ("Changed", "Created")
        assert (changed.who, changed.kind, changed.address) == ("Rui Prado", "A member", "192.0.2.7")
        assert {one.label: (one.before, one.after) for one in changed.changes} == {
            "City": ("Linz", "Graz"),
            "Owner": ("Rui Prado", "Mia Kranz"),
            "Potential": ("–", "€1,250"),
        }
        assert changed.url == reverse("pipeline:account", kwargs={"organization": "acme", "account_id": account.pk})
        assert (changed.record, changed.name) == ("Account", "Velora E-Bikes")

    def test_the_days_that_it_is_narrowed_to_have_labels_that_one_sees(self, auditor: Client) -> None:
        shown = page(auditor)

        for name, word in (("from_day", "From"), ("to_day", "To")):
            assert f'<label class="check" for="id_{name}">{word}<input' in shown

    def test_it_shows_it_on_the_page(self, auditor: Client, account: Account) -> None:
        text = page(auditor, record=account.pk)

        assert "Linz</del>" in text
        assert "Graz</ins>" in text

    def test_events_stand_beside_rows(self, cast: Cast, auditor: Client) -> None:
        with organization_scope(cast.acme, actor=cast.ada):
            record_event(
                organization=cast.acme, type="export.made", subject=cast.ada, payload={"what": "orders"}, actor=cast.ada
            )
            Member.objects.filter(pk=cast.rui.pk).update(role=Member.Role.SQUAD_LEAD)

        first, second = rows(auditor)[:2]
        assert (first.what, first.changes[0].before, first.changes[0].after) == (
            "Changed",
            "Squad member",
            "Squad lead",
        )
        assert (second.what, second.who, second.changes[0].after) == ("Export made", "Ada Winter", "orders")

    def test_events_that_rows_tell_are_shown_to_whom_asks_for_events(self, auditor: Client, account: Account) -> None:
        assert not [row for row in rows(auditor, record=account.pk) if row.is_event]
        assert [row.what for row in rows(auditor, record=account.pk, action="event")] == ["Account created"]

    def test_the_moments_of_an_event_stand_on_the_clock_of_the_organisation(self, cast: Cast, auditor: Client) -> None:
        with organization_scope(cast.acme, actor=cast.ada):
            payload = {"ends_at": "2026-11-23T11:30:00+00:00", "day": "2026-11-23", "why": "2026-11-23T11:30:00"}
            record_event(organization=cast.acme, type="view_as.started", subject=cast.rui, payload=payload)

        shown = {one.label: one.after for one in rows(auditor)[0].changes}
        assert shown == {"Ends at": "23 Nov 2026 12:30:00", "Day": "2026-11-23", "Why": "2026-11-23T11:30:00"}

    def test_it_turns_pages_both_ways_and_shows_each_row_once(self, cast: Cast, auditor: Client) -> None:
        with organization_scope(cast.acme):
            for number in range(120):
                Member.objects.filter(pk=cast.rui.pk).update(title=f"Title {number}")
                if number % 3 == 0:
                    record_event(organization=cast.acme, type="export.made", subject=cast.rui)
        address = reverse("audit", kwargs={"organization": "acme"})
        seen, cursors, cursor = [], [], ""
        while True:
            answer = auditor.get(address, {"after": cursor} if cursor else {}).context
            seen += [row.id for row in answer["rows"]]
            cursors.append(answer["page"].previous)
            cursor = answer["page"].next
            if not cursor:
                break
        back = auditor.get(address, {"before": cursors[-1]}).context["rows"]

        with organization_scope(cast.acme):
            assert len(seen) == len(set(seen)) == AuditEntry.objects.count() + DomainEvent.objects.count()
        start = seen.index(back[0].id)
        assert [row.id for row in back] == seen[start : start + 30]

    def test_a_damaged_place_begins_anew(self, auditor: Client) -> None:
        response = auditor.get(reverse("audit", kwargs={"organization": "acme"}), {"after": "x", "action": "insert"})

        assert response.status_code == 302
        assert response["Location"].endswith("/audit/?action=insert")

    @pytest.mark.parametrize("query", [{"table": "auth_user"}, {"kind": "ghost"}, {"record": "1"}, {"actor": "1"}])
    def test_a_filter_that_does_not_exist_is_refused(self, auditor: Client, query: dict[str, str]) -> None:
        response = auditor.get(reverse("audit", kwargs={"organization": "acme"}), query)

        assert response.status_code == 400


class TestFilters:
    def test_by_table_action_person_and_day(self, cast: Cast, auditor: Client, account: Account) -> None:
        today = local_day(cast.acme, timezone.now())
        asked: list[tuple[dict[str, Any], int]] = [
            ({"table": "pipeline_account"}, 2),
            ({"table": "pipeline_account", "action": "update"}, 1),
            ({"table": "pipeline_account", "action": "delete"}, 0),
            ({"actor": cast.rui.pk, "table": "pipeline_account"}, 2),
            ({"actor": cast.mia.pk, "table": "pipeline_account"}, 0),
            ({"table": "pipeline_account", "from_day": today - timedelta(days=1), "to_day": today}, 2),
            ({"table": "pipeline_account", "to_day": today - timedelta(days=2)}, 0),
            ({"table": "pipeline_account", "from_day": today + timedelta(days=2)}, 0),
        ]

        assert [len(rows(auditor, **query)) for query, _ in asked] == [count for _, count in asked]

    def test_by_kind_of_actor(self, cast: Cast, auditor: Client) -> None:
        with organization_scope(cast.acme):
            token, _ = issue_token(
                organization=cast.acme, name="ERP", scopes=["accounts:read"], issued_at=timezone.now()
            )
        written: dict[ActorKind, dict[str, Any]] = {
            ActorKind.MEMBER: {"actor": cast.rui},
            ActorKind.TOKEN: {"task": f"api token {token.pk}"},
            ActorKind.IMPORT: {"actor": cast.rui, "task": "commit an import"},
            ActorKind.SUPPORT: {"task": "support session 7"},
            ActorKind.SYSTEM: {"task": "night 2026-11-23"},
        }
        for kind, scope in written.items():
            with organization_scope(cast.acme, **scope):
                records.an_account(cast.acme, name=f"By {kind.value}")

        for kind in ActorKind:
            found = rows(auditor, kind=kind.value, table="pipeline_account")
            assert [row.name for row in found] == [f"By {kind.value}"], kind
        assert rows(auditor, kind="token", table="pipeline_account")[0].who == "ERP"


class TestSecrets:
    def test_a_tokens_hash_is_never_shown(self, cast: Cast, client_for: ClientFor) -> None:
        """ASVS V16.2.5: no secret leaves with a log."""
        with organization_scope(cast.acme):
            token, _ = issue_token(
                organization=cast.acme, name="ERP", scopes=["accounts:read"], issued_at=timezone.now()
            )
        administrator = client_for(cast.ada)

        assert token.sha256 not in page(administrator, table="tenancy_apitoken")
        (line,) = exported(administrator, table="tenancy_apitoken", action="insert")
        assert token.sha256 not in str(line)
        assert "ERP" in line["after"]

    def test_an_auditor_sees_that_contact_data_changed_and_not_to_what(
        self, cast: Cast, auditor: Client, client_for: ClientFor
    ) -> None:
        """ASVS V8.2.3: field-level access holds in the trail."""
        with organization_scope(cast.acme):
            contact = records.a_contact(cast.acme, records.an_account(cast.acme), email="sanne@velora.example")
            Contact.objects.filter(pk=contact.pk).update(email="s.dewit@velora.example")

        text = page(auditor, record=contact.pk)
        assert "velora.example" not in text
        assert "not shown to your role" in text
        assert "velora.example" not in str(exported(auditor, record=contact.pk))
        assert "s.dewit@velora.example" in page(client_for(cast.ada), record=contact.pk)
        assert "s.dewit@velora.example" in str(exported(client_for(cast.ada), record=contact.pk))


@pytest.mark.django_db(transaction=True)
class TestExport:
    def test_it_holds_the_trail_as_it_is_narrowed_and_says_that_it_was_made(
        self, cast: Cast, client_for: ClientFor
    ) -> None:
        with organization_scope(cast.acme, actor=cast.rui):
            account = records.an_account(cast.acme, city="Linz")
        auditor = client_for(cast.abe)

        (line,) = exported(auditor, table="pipeline_account")

        assert (line["what"], line["actor"], line["record id"]) == ("insert", "Rui Prado", str(account.pk))
        assert '"city": "Linz"' in line["after"]
        made = rows(auditor, action="event", actor=cast.abe.pk)
        assert [row.what for row in made] == ["Export made"]
        assert "Any kind of record" not in page(auditor, action="event").split("<tbody")[1]

    def test_it_is_long_without_being_held_in_one_transaction(self, cast: Cast, client_for: ClientFor) -> None:
        with organization_scope(cast.acme):
            Account.objects.bulk_create(
                [Account(organization=cast.acme, name=f"A {one}", external_id=f"{one}") for one in range(2_300)]
            )

        lines = exported(client_for(cast.abe), table="pipeline_account")
        assert len({line["record id"] for line in lines}) == 2_300


class TestLinks:
    @pytest.mark.parametrize("page_name", ["account", "contact", "opportunity", "order"])
    def test_a_record_leads_to_its_history(self, cast: Cast, client_for: ClientFor, page_name: str) -> None:
        with organization_scope(cast.acme):
            account = records.an_account(cast.acme, owner=cast.rui)
            made = {
                "account": lambda: account,
                "contact": lambda: records.a_contact(cast.acme, account),
                "opportunity": lambda: records.a_deal(cast.acme, account),
                "order": lambda: records.an_order(cast.acme, account),
            }[page_name]()
        address = reverse(f"pipeline:{page_name}", kwargs={"organization": "acme", f"{page_name}_id": made.pk})
        link = f"/acme/audit/?table=pipeline_{page_name}&amp;record={made.pk}"

        assert link in client_for(cast.ada).get(address).content.decode()
        assert link not in client_for(cast.rui).get(address).content.decode()
        assert "Created" in page(client_for(cast.ada), table=f"pipeline_{page_name}", record=made.pk)


def test_the_stranger_finds_nothing_of_acme_in_their_own_trail(
    cast: Cast, account: Account, client_for: ClientFor
) -> None:
    """ASVS V8.4.1: the trail of another organisation does not exist."""
    with organization_scope(cast.globex):
        Member.objects.filter(pk=cast.sam.pk).update(role=Member.Role.AUDITOR)
    sam = client_for(cast.sam)

    assert sam.get("/acme/audit/").status_code == 404
    text = sam.get("/globex/audit/", {"record": str(account.pk)}).content.decode()
    assert "Velora" not in text
    assert "Nothing fits" in text
