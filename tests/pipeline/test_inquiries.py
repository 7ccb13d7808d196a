"""Inquiries: from the question to the answer, on their pages and on the timeline of their account."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from pipeline.models import Activity, Inquiry, UndoStep
from pipeline.operations import (
    StaleVersion,
    UnableToChangeInquiry,
    delete_record,
    receive_inquiry,
    restore_record,
    update_inquiry,
)
from tenancy.models import AuditEntry, DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, as_typed, text_of, url
from tests.pipeline.records import MORNING, NOON, a_contact, an_account, an_inquiry

LATER = NOON + timedelta(minutes=40)
BUDGET = 12


def events(inquiry: Inquiry) -> list[str]:
    found = DomainEvent.objects.filter(subject_id=inquiry.pk).order_by("recorded_at", "id")
    return list(found.values_list("type", flat=True))


def changed(cast: Cast, inquiry: Inquiry, **fields: Any) -> Inquiry:
    return update_inquiry(
        organization=cast.acme,
        inquiry=inquiry,
        version=inquiry.version,
        actor=cast.rui,
        updated_at=fields.pop("at", LATER),
        **fields,
    )


@pytest.mark.usefixtures("acme_scope")
class TestOperations:
    def test_it_goes_from_new_to_closed_and_each_step_is_told_once(self, cast: Cast) -> None:
        inquiry = an_inquiry(cast.acme)

        changed(cast, inquiry, owner=cast.rui)
        assert inquiry.state == "open"
        changed(cast, inquiry, state="answered")
        changed(cast, inquiry, state="answered")
        changed(cast, inquiry, state="closed")
        changed(cast, inquiry, state="open", at=LATER + timedelta(days=1))
        changed(cast, inquiry, state="answered", at=LATER + timedelta(days=2))

        assert inquiry.answered_at == LATER
        assert inquiry.version == 6
        assert events(inquiry) == [
            "inquiry.received",
            "inquiry.updated",
            "inquiry.opened",
            "inquiry.answered",
            "inquiry.closed",
            "inquiry.reopened",
            "inquiry.answered",
        ]

    def test_one_with_an_owner_begins_as_open(self, cast: Cast) -> None:
        assert an_inquiry(cast.acme, owner=cast.mia).state == "open"
        assert an_inquiry(cast.acme).state == "new"

    @pytest.mark.parametrize("state", ["answered", "closed"])
    def test_it_cannot_begin_as_answered(self, cast: Cast, state: str) -> None:
        with pytest.raises(UnableToChangeInquiry, match="begins as new or open"):
            an_inquiry(cast.acme, state=state)

    def test_it_is_never_new_again(self, cast: Cast) -> None:
        inquiry = changed(cast, an_inquiry(cast.acme), state="open")

        with pytest.raises(UnableToChangeInquiry, match="can't be new again"):
            changed(cast, inquiry, state="new")

    def test_who_has_seen_an_older_version_changes_nothing(self, cast: Cast) -> None:
        inquiry = an_inquiry(cast.acme)
        changed(cast, Inquiry.objects.get(pk=inquiry.pk), state="closed")

        with pytest.raises(StaleVersion):
            changed(cast, inquiry, state="answered")
        assert Inquiry.objects.get().state == "closed"

    def test_events_keep_no_word_of_what_was_asked(self, cast: Cast) -> None:
        inquiry = an_inquiry(cast.acme, an_account(cast.acme))
        changed(cast, inquiry, text="We have 90,000 euros", subject="Budget")

        told = str(list(DomainEvent.objects.values_list("payload", flat=True)))
        assert "90,000" not in told
        assert "Budget" not in told

    def test_it_stands_on_the_timeline_of_its_account(self, cast: Cast) -> None:
        account, other = an_account(cast.acme), an_account(cast.acme, name="Kelp Marine")
        contact = a_contact(cast.acme, account)
        inquiry = an_inquiry(cast.acme, received_at=MORNING)
        assert not Activity.objects.exists()

        changed(cast, inquiry, contact=contact)
        (mark,) = Activity.objects.all()
        assert inquiry.account_id == mark.account_id == account.pk
        assert (mark.kind, mark.direction, mark.contact_id, mark.occurred_at) == ("inquiry", "in", contact.pk, MORNING)

        changed(cast, inquiry, account=other, contact=None, subject="Sensors", owner=cast.mia)
        (mark,) = Activity.objects.all()
        assert (mark.account_id, mark.contact_id, mark.subject, mark.member_id) == (
            other.pk,
            None,
            "Sensors",
            cast.mia.pk,
        )

        delete_record(organization=cast.acme, record=inquiry, version=inquiry.version, actor=cast.rui, deleted_at=LATER)
        assert not Activity.objects.all().alive()
        restore_record(
            organization=cast.acme, record=inquiry, version=inquiry.version, actor=cast.rui, restored_at=LATER
        )
        assert Activity.objects.all().alive().count() == 1

    def test_a_contact_of_another_account_is_refused(self, cast: Cast) -> None:
        account, other = an_account(cast.acme), an_account(cast.acme, name="Kelp Marine")
        contact = a_contact(cast.acme, account)

        with pytest.raises(UnableToChangeInquiry, match="another account"):
            an_inquiry(cast.acme, other, contact=contact)
        with pytest.raises(UnableToChangeInquiry, match="another account"):
            changed(cast, an_inquiry(cast.acme, account, contact=contact), account=other)

    def test_another_system_knows_it_by_its_own_id(self, cast: Cast) -> None:
        inquiry = receive_inquiry(
            organization=cast.acme,
            actor=None,
            created_at=NOON,
            source="website",
            external_id="form-1",
            subject="Prices",
        )

        assert (inquiry.source, inquiry.external_id, inquiry.received_at) == ("website", "form-1", NOON)


def test_the_list_shows_who_waits(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        waits = an_inquiry(cast.acme, an_account(cast.acme))
        done = changed(cast, an_inquiry(cast.acme, subject="Old one", channel="phone", owner=cast.mia), state="closed")
    client = client_for(cast.abe)

    with CaptureQueriesContext(connection) as queries:
        page = client.get(url("inquiries"))
    assert len(queries) <= BUDGET
    assert [one.pk for one in page.context["page"].rows] == [done.pk, waits.pk]
    for query, expected in [
        ({"state": "waiting"}, [waits.pk]),
        ({"state": "closed"}, [done.pk]),
        ({"channel": "web"}, [waits.pk]),
        ({"owner": str(cast.mia.pk)}, [done.pk]),
    ]:
        rows = client.get(url("inquiries", **query)).context["page"].rows
        assert [one.pk for one in rows] == expected, query
    assert "No inquiry fits" in text_of(client.get(url("inquiries", channel="fair")))
    assert client.get(url("inquiries", state="lost")).status_code == 400
    stranger = client_for(cast.sam)
    assert "No inquiries yet" in text_of(stranger.get(reverse("pipeline:inquiries", args=["globex"])))
    assert stranger.get(url("inquiries")).status_code == 404


def test_it_is_added_taken_answered_and_opened_again(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.mia)
    client = client_for(cast.rui)
    form = client.get(url("inquiry-new", account=str(account.pk))).context["form"]

    assert client.post(url("inquiry-new"), as_typed(form, subject="")).status_code == 422
    assert (
        client.post(url("inquiry-new"), as_typed(form, subject="X", received_at="2999-01-01T00:00")).status_code == 422
    )
    client.post(url("inquiry-new"), as_typed(form, subject="Prices?", text="For 400 a year"))
    with organization_scope(cast.acme):
        inquiry = Inquiry.objects.get()
    assert (inquiry.account_id, inquiry.state, inquiry.channel) == (account.pk, "new", "phone")

    def move(to: str, version: int) -> Inquiry:
        client.post(url("inquiry-move", inquiry.pk), {"to": to, "version": str(version)})
        with organization_scope(cast.acme):
            return Inquiry.objects.get()

    assert (taken := move("take", 1)).owner_id == cast.rui.pk
    assert taken.state == "open"
    assert move("closed", 1).state == "open"  # an older version
    assert move("answered", 2).answered_at is not None
    assert "Open again" in text_of(client.get(url("inquiry", inquiry.pk)))
    assert move("open", 3).state == "open"
    assert client.post(url("inquiry-move", inquiry.pk), {"to": "new", "version": "4"}).status_code == 400

    form = client.get(url("inquiry-edit", inquiry.pk)).context["form"]
    with timezone.override(cast.acme.time_zone):  # as the page was drawn
        typed = as_typed(form, channel="email", owner=str(cast.mia.pk))
    client.post(url("inquiry-edit", inquiry.pk), typed)
    with organization_scope(cast.acme):
        now = Inquiry.objects.get()
    assert (now.channel, now.owner_id, now.version, now.received_at) == ("email", cast.mia.pk, 5, inquiry.received_at)
    assert "was deleted" in text_of(client.post(url("inquiry-delete", inquiry.pk), {"version": "5"}, follow=True))
    client.post(url("inquiry-restore", inquiry.pk))
    assert client.get(url("inquiry", inquiry.pk)).status_code == 200


def test_whoever_answers_has_it(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        inquiry = an_inquiry(cast.acme)

    client_for(cast.mia).post(url("inquiry-move", inquiry.pk), {"to": "answered", "version": "1"})

    with organization_scope(cast.acme):
        inquiry.refresh_from_db()
    assert (inquiry.owner_id, inquiry.state) == (cast.mia.pk, "answered")


def test_taking_one_can_be_taken_back(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    with organization_scope(cast.acme):
        inquiry = an_inquiry(cast.acme, an_account(cast.acme))
    client.post(url("inquiry-move", inquiry.pk), {"to": "take", "version": "1"})
    with organization_scope(cast.acme):
        step = UndoStep.objects.get(member=cast.rui)

    client.post(url("undo", step.pk))

    with organization_scope(cast.acme):
        inquiry.refresh_from_db()
        mark = Activity.objects.get(source="inquiry")
    assert (inquiry.owner_id, inquiry.state, inquiry.version) == (None, "new", 3)
    assert mark.member_id is None


def test_what_customers_write_is_for_those_who_talk_with_them(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        inquiry = an_inquiry(cast.acme)

    assert "400 a year" in text_of(client_for(cast.rui).get(url("inquiry", inquiry.pk)))
    hidden = text_of(client_for(cast.abe).get(url("inquiry", inquiry.pk)))
    assert "400 a year" not in hidden
    assert "Your role does not show" in hidden
    assert inquiry.subject in hidden


def test_a_stranger_changes_nothing(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        inquiry = an_inquiry(cast.acme)
        before = AuditEntry.objects.count()
    stranger = client_for(cast.sam)

    for page in ("inquiry-move", "inquiry-delete", "inquiry-restore", "inquiry-edit"):
        for organization in ("acme", "globex"):
            answer = stranger.post(url(page, inquiry.pk, organization=organization), {"to": "closed", "version": "1"})
            assert answer.status_code == 404, (page, organization)
    assert client_for(cast.abe).post(url("inquiry-move", inquiry.pk), {"to": "closed"}).status_code == 403
    with organization_scope(cast.acme):
        assert AuditEntry.objects.count() == before
