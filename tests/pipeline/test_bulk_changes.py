"""Changing many records of a list at once: rights row by row, in words, and one way back."""

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from pipeline.models import Account, BulkChange, Opportunity, UndoChange, UndoStep
from pipeline.operations import bulk as operations
from pipeline.tasks import change_many_records
from pipeline.views import bulk as views
from pipeline.views import undo as undo_views
from tenancy.models import DomainEvent, Organization, Outbox
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import a_deal, a_stage, an_account
from tests.pipeline.test_undo import undo_address


@pytest.fixture
def five(cast: Cast) -> list[Account]:
    """Three accounts of Rui, one of Mia, one of nobody."""
    with organization_scope(cast.acme):
        return [
            *(an_account(cast.acme, cast.rui, name=f"Firm {number}", segment="key") for number in range(3)),
            an_account(cast.acme, cast.mia, name="Brightway", segment="key"),
            an_account(cast.acme, None, name="Tramont", segment="small"),
        ]


def change(client: Any, records: list[Any], page: str = "accounts-bulk", **data: Any) -> Any:
    return client.post(url(page), {"id": [str(one.pk) for one in records], "filter": "", **data}, follow=True)


def segments(cast: Cast) -> dict[str, str]:
    with organization_scope(cast.acme):
        return dict(Account.objects.order_by("name").values_list("name", "segment"))


def test_what_is_ticked_is_changed_and_the_rest_is_named(
    cast: Cast, five: list[Account], client_for: ClientFor
) -> None:
    page = change(client_for(cast.rui), five, do="segment", segment="large", filter="sort=name")

    text = text_of(page)
    assert "3 changed." in text
    assert "Left as they were: 2 not yours (Brightway, Tramont)." in text
    assert 'role="alert"' in text
    assert page.redirect_chain[-1][0] == f"{url('accounts')}?sort=name"
    assert segments(cast) == dict.fromkeys(["Firm 0", "Firm 1", "Firm 2"], "large") | {
        "Brightway": "key",
        "Tramont": "small",
    }
    with organization_scope(cast.acme):
        assert DomainEvent.objects.filter(type="account.updated", actor=cast.rui).count() == 3


def test_one_step_takes_all_of_it_back(cast: Cast, five: list[Account], client_for: ClientFor) -> None:
    client, before = client_for(cast.lena), segments(cast)
    changed = change(client, five, do="segment", segment="large")
    assert set(segments(cast).values()) == {"large"}

    undone = client.post(undo_address(changed), follow=True)

    assert "Undone. 5 records are as they were." in text_of(undone)
    assert segments(cast) == before
    with organization_scope(cast.acme):
        assert UndoStep.objects.count() == 1


def test_a_step_keeps_what_one_of_them_became_since(cast: Cast, five: list[Account], client_for: ClientFor) -> None:
    lena = client_for(cast.lena)
    changed = change(lena, five, do="segment", segment="large")
    change(client_for(cast.mia), [five[3]], do="segment", segment="medium")

    undone = text_of(lena.post(undo_address(changed), follow=True))

    assert "Undone. 4 records are as they were." in undone
    assert "Not undone: Brightway was changed by Mia Kranz" in undone
    assert segments(cast)["Brightway"] == "medium"


def test_what_is_so_already_is_said(cast: Cast, five: list[Account], client_for: ClientFor) -> None:
    page = text_of(change(client_for(cast.lena), five, do="segment", segment="key"))

    assert "1 changed. 4 were so already." in page


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        ({"do": "lifecycle", "lifecycle": "former"}, "lifecycle", "former"),
        ({"do": "owner", "owner": "nobody"}, "owner_id", None),
    ],
)
def test_other_changes_of_accounts(
    data: dict[str, str], field: str, value: object, cast: Cast, five: list[Account], client_for: ClientFor
) -> None:
    change(client_for(cast.lena), five[:2], **data)

    with organization_scope(cast.acme):
        for account in Account.objects.filter(pk__in=[one.pk for one in five[:2]]):
            assert getattr(account, field) == value


def test_accounts_get_another_owner_and_come_back(cast: Cast, five: list[Account], client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    changed = change(client, five[:3], do="owner", owner=str(cast.mia.pk))
    with organization_scope(cast.acme):
        assert Account.objects.filter(owner=cast.mia).count() == 4

    client.post(undo_address(changed))

    with organization_scope(cast.acme):
        assert Account.objects.filter(owner=cast.rui).count() == 3


def test_many_are_deleted_and_brought_back(cast: Cast, five: list[Account], client_for: ClientFor) -> None:
    client = client_for(cast.lena)
    gone = change(client, five[:2], do="delete")
    with organization_scope(cast.acme):
        assert Account.objects.filter(deleted_at=None).count() == 3

    client.post(undo_address(gone))

    with organization_scope(cast.acme):
        assert Account.objects.filter(deleted_at=None).count() == 5


def test_deals_move_and_each_that_cannot_says_why(cast: Cast, five: list[Account], client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        deals = [a_deal(cast.acme, five[0], cast.rui, name=f"Deal {number}") for number in range(2)]
        deals.append(a_deal(cast.acme, five[3], cast.mia, name="Marine"))
        lost = a_stage(cast.acme, "Lost")
        stages = [deal.stage_id for deal in deals]
    client = client_for(cast.rui)

    without = text_of(change(client, deals, "opportunities-bulk", do="stage", stage=str(lost.pk)))
    assert "2 Say why the deal was lost. One line is enough (Deal 0, Deal 1); 1 not yours (Marine)." in without
    moved = change(client, deals, "opportunities-bulk", do="stage", stage=str(lost.pk), lost_reason="Price")
    assert "2 changed." in text_of(moved)
    with organization_scope(cast.acme):
        assert list(Opportunity.objects.order_by("id").values_list("outcome", "lost_reason")) == [
            ("lost", "Price"),
            ("lost", "Price"),
            ("open", ""),
        ]

    client.post(undo_address(moved))

    with organization_scope(cast.acme):
        assert list(Opportunity.objects.order_by("id").values_list("stage_id", flat=True)) == stages


def test_deals_get_another_close_date_and_owner(cast: Cast, five: list[Account], client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        deals = [a_deal(cast.acme, five[0], cast.rui, name=f"Deal {number}") for number in range(2)]
    client = client_for(cast.lena)

    change(client, deals, "opportunities-bulk", do="close_date", close_date="2027-01-31")
    change(client, deals, "opportunities-bulk", do="owner", owner=str(cast.mia.pk))

    with organization_scope(cast.acme):
        assert set(Opportunity.objects.values_list("close_date", "owner")) == {(date(2027, 1, 31), cast.mia.pk)}


def test_all_that_match_are_meant_by_filter(cast: Cast, five: list[Account], client_for: ClientFor) -> None:
    page = change(
        client_for(cast.lena), five[:1], do="segment", segment="medium", filter="segment=key", everything="on"
    )

    assert "4 changed." in text_of(page)
    assert segments(cast)["Tramont"] == "small"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"do": "segment", "segment": "large", "id": []}, "Tick the rows to change first."),
        ({"do": "segment"}, "Choose the new value first."),
        ({"do": ""}, "This field is required."),
        ({"do": "stage"}, "Choose what to change."),
        ({"do": "segment", "segment": "huge"}, "Select a valid choice."),
    ],
)
def test_nonsense_changes_nothing(
    data: dict[str, Any], words: str, cast: Cast, five: list[Account], client_for: ClientFor
) -> None:
    before = segments(cast)

    assert words in text_of(change(client_for(cast.lena), five, **data))
    assert segments(cast) == before


def test_the_stranger_and_who_may_not_change_nothing(cast: Cast, five: list[Account], client_for: ClientFor) -> None:
    """ASVS V8.2.2: ids of another organisation name nothing, with the right in one's own."""
    before = segments(cast)
    data = {"id": [str(one.pk) for one in five], "do": "segment", "segment": "large"}

    assert client_for(cast.sam).post(url("accounts-bulk"), data).status_code == 404
    assert client_for(cast.abe).post(url("accounts-bulk"), data).status_code == 403
    page = client_for(cast.sam).post(url("accounts-bulk", organization="globex"), data, follow=True)

    assert "Left as they were: 5 no longer there" in text_of(page)
    assert segments(cast) == before


def test_who_may_change_nothing_sees_no_boxes(cast: Cast, five: list[Account], client_for: ClientFor) -> None:
    assert 'form="bulk"' not in text_of(client_for(cast.abe).get(url("accounts")))
    assert 'form="bulk"' in text_of(client_for(cast.rui).get(url("accounts")))


class TestManyRecords:
    @pytest.fixture(autouse=True)
    def small_numbers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(views, "AT_ONCE", 3)
        monkeypatch.setattr(undo_views, "AT_ONCE", 3)
        monkeypatch.setattr("pipeline.tasks.CHUNK", 2)

    def run(self, organization: Organization) -> None:
        with organization_scope(organization):
            bulk = BulkChange.objects.latest("created_at")
            assert Outbox.objects.filter(task="pipeline.tasks.change_many").exists()
        change_many_records.run(organization=organization, bulk_id=str(bulk.pk))

    def test_they_are_changed_in_the_background_with_progress_and_one_way_back(
        self, cast: Cast, five: list[Account], client_for: ClientFor
    ) -> None:
        client, before = client_for(cast.sil), segments(cast)
        waiting = change(client, [], do="segment", segment="large", everything="on", filter="sort=name")
        assert "0 of 5" in text_of(waiting)
        assert segments(cast) == before

        self.run(cast.acme)

        address = waiting.redirect_chain[-1][0]
        done = client.get(address)
        assert "3 changed." in text_of(done)
        assert "Left as they were: 2 not yours (Brightway, Tramont)." in text_of(done)
        assert client_for(cast.lena).get(address).status_code == 404
        assert set(segments(cast).values()) == {"large", "key", "small"}
        client.post(undo_address(done))
        assert segments(cast) == before

    def test_a_large_step_is_taken_back_in_the_background(
        self, cast: Cast, five: list[Account], client_for: ClientFor
    ) -> None:
        client, before = client_for(cast.lena), segments(cast)
        waiting = change(client, [], do="segment", segment="large", everything="on")
        self.run(cast.acme)
        done = client.get(waiting.redirect_chain[-1][0])
        change(client_for(cast.mia), [five[3]], do="segment", segment="medium")

        undoing = client.post(undo_address(done), follow=True)
        assert "Taking back a change of 5 records" in text_of(undoing)
        self.run(cast.acme)

        page = text_of(client.get(undoing.redirect_chain[-1][0]))
        assert "4 changed." in page
        assert "1 It was changed since (Brightway)" in page
        assert segments(cast) == before | {"Brightway": "medium"}

    def test_a_second_delivery_goes_on_where_it_stopped(
        self, cast: Cast, five: list[Account], client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        change(client_for(cast.lena), [], do="owner", owner=str(cast.mia.pk), everything="on")
        chunks: list[int] = []
        change_one_chunk = operations.change_many

        def stops(**kwargs: Any) -> Any:
            chunks.append(len(kwargs["records"]))
            if len(chunks) == 2:
                raise RuntimeError("killed")
            return change_one_chunk(**kwargs)

        monkeypatch.setattr("pipeline.tasks.change_many", stops)
        with pytest.raises(RuntimeError, match="killed"):
            self.run(cast.acme)
        self.run(cast.acme)
        self.run(cast.acme)

        assert chunks == [2, 2, 2, 1]
        with organization_scope(cast.acme):
            bulk = BulkChange.objects.get()
            assert (bulk.done, bulk.changed, bulk.same) == (5, 4, 1)
            assert UndoChange.objects.count() == 4
            assert Account.objects.filter(owner=cast.mia).count() == 5

    def test_the_minutes_of_undo_begin_when_it_is_done(
        self, cast: Cast, five: list[Account], client_for: ClientFor
    ) -> None:
        change(client_for(cast.lena), [], do="segment", segment="large", everything="on")
        with organization_scope(cast.acme):
            assert UndoStep.objects.get().expires_at > timezone.now() + operations_time()

        self.run(cast.acme)

        with organization_scope(cast.acme):
            assert UndoStep.objects.get().expires_at <= timezone.now() + operations_time()


def operations_time() -> Any:
    from pipeline.models import UNDO_TIME

    return UNDO_TIME
