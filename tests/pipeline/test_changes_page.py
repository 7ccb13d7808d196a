"""What changed between two moments, on real deals: the page, its figures, the deals behind them, the file."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from pipeline.models import Opportunity
from pipeline.operations import (
    delete_record,
    make_room_for_snapshots,
    move_stage,
    snapshot_open_opportunities,
    update_opportunity,
)
from pipeline.queries.comparison import Due, Since, UnableToCompare, compared, window_of
from pipeline.queries.movements import Kind, Movements, Window
from pipeline.queries.pipeline_changes import Viewer, last_stand_up, pipeline_changes
from pipeline.queries.waterfall import Waterfall, waterfall_of, what_moved_it
from tenancy.conversion import converter_for
from tenancy.models import Holiday, Member
from tenancy.rates import set_rates
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.records import a_deal, a_stage, an_account

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)  # a Tuesday
TODAY = NOW.date()
MONDAY = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
QUARTER = date(2026, 12, 18)
LATER = date(2027, 2, 1)


@pytest.fixture(autouse=True)
def room(cast: Cast) -> None:
    make_room_for_snapshots(first=date(2026, 11, 1), last=date(2026, 11, 30))


def record(cast: Cast, day: date) -> None:
    at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC) + timedelta(days=1)
    snapshot_open_opportunities(organization=cast.acme, snapshot_date=day, taken_at=at)


def change(cast: Cast, deal: Opportunity, at: datetime = MONDAY, **fields: Any) -> None:
    deal.refresh_from_db()
    update_opportunity(
        organization=cast.acme, opportunity=deal, version=deal.version, actor=None, updated_at=at, **fields
    )


def move(cast: Cast, deal: Opportunity, stage: str, at: datetime = MONDAY) -> None:
    deal.refresh_from_db()
    move_stage(
        organization=cast.acme,
        opportunity=deal,
        stage=a_stage(cast.acme, stage),
        version=deal.version,
        actor=None,
        moved_at=at,
        lost_reason="Price" if stage == "Lost" else "",
    )


@pytest.fixture
def week(cast: Cast) -> dict[str, Opportunity]:
    """A week in which one of each happened, to deals in three currencies of which one has no rate."""
    with organization_scope(cast.acme):
        set_rates(organization=cast.acme, rates={"USD": "0.9137"}, on=date(2026, 11, 1))
        account, begun = an_account(cast.acme), datetime(2026, 11, 2, 9, tzinfo=UTC)

        def deal(name: str, amount: int, currency: str = "EUR", day: date = QUARTER, **fields: Any) -> Opportunity:
            fields = {"owner": cast.rui, "opened_at": begun, **fields}
            return a_deal(
                cast.acme, account, name=name, amount_minor=amount, currency=currency, close_date=day, **fields
            )

        deals = {
            "stays": deal("Stays", 100_01),
            "dear": deal("Dearer", 333_33, "USD"),
            "cheap": deal("Cheaper", 200_02, owner=cast.mia),
            "in": deal("Pulled in", 50_00, day=LATER),
            "out": deal("Pushed out", 70_07, "USD"),
            "won": deal("Won one", 900_00),
            "lost": deal("Lost one", 111_11, "USD"),
            "gone": deal("Gone one", 5_05),
            "forward": deal("Forward", 40_00),
            "rateless": deal("Rateless", 1_000_000, "XOF"),
        }
        record(cast, date(2026, 11, 17))
        record(cast, date(2026, 11, 22))
        change(cast, deals["dear"], amount_minor=444_44)
        change(cast, deals["cheap"], amount_minor=150_01)
        change(cast, deals["in"], close_date=QUARTER)
        change(cast, deals["out"], close_date=LATER)
        change(cast, deals["won"], amount_minor=850_00)
        move(cast, deals["won"], "Won")
        move(cast, deals["lost"], "Lost")
        delete_record(organization=cast.acme, record=deals["gone"], version=1, actor=None, deleted_at=MONDAY)
        move(cast, deals["forward"], "Solution")
        deals["new"] = deal("New one", 77_77, opened_at=MONDAY)
        deals["quick"] = deal("Quick win", 9_99, opened_at=MONDAY)
        move(cast, deals["quick"], "Won", MONDAY + timedelta(hours=1))
    return deals


def told(cast: Cast, member: Member, since: Since, due: Due = Due.QUARTER, **days: date) -> tuple[Movements, Waterfall]:
    organization = member.organization
    ends = compared(organization=organization, now=NOW, since=since, **days)
    assert ends is not None
    converter = converter_for(member, organization=organization, today=TODAY)
    found = pipeline_changes(
        viewer=Viewer(organization, member, TODAY),
        since=ends.since,
        until=ends.until,
        window=window_of(organization=organization, due=due, today=TODAY),
        converter=converter,
    )
    return found, waterfall_of(found, converter)


def effects(shown: Waterfall) -> dict[str, tuple[int, int]]:
    return {bar.kind.value: (bar.count, bar.effect_minor) for bar in shown.bars}


def test_each_thing_that_happened_has_its_place_and_all_adds_up(cast: Cast, week: dict[str, Opportunity]) -> None:
    with organization_scope(cast.acme):
        found, shown = told(cast, cast.lena, Since.WEEK)

        still = Opportunity.objects.alive().open().filter(close_date__lt=date(2027, 1, 1))
        sums = dict(still.order_by().values_list("currency").annotate(worth=Sum("amount_minor")))
    seen = effects(shown)
    assert {kind: count for kind, (count, _effect) in seen.items()} == {
        "new": 2,
        "pulled_in": 1,
        "up": 1,
        "down": 2,
        "pushed_out": 1,
        "won": 2,
        "lost": 1,
        "removed": 1,
    }
    assert seen["down"][1] == -(200_02 - 150_01) - 50_00
    assert (seen["won"][1], seen["removed"][1], seen["new"][1]) == (-850_00 - 9_99, -5_05, 77_77 + 9_99)
    assert shown.opening.amount_minor + sum(effect for _count, effect in seen.values()) == shown.closing.amount_minor
    assert {code: minor for code, minor in found.closing.effect.items() if minor} == sums
    assert (shown.closing_count, shown.opening_count) == (still_count(cast), 9)
    assert shown.closing.left_out == {"XOF": 1_000_000}
    ways = {(one.source, one.target): one.count for one in found.flows}
    with organization_scope(cast.acme):
        first, third = (str(a_stage(cast.acme, name).pk) for name in ("Qualify", "Solution"))
    assert ways[first, third] == ways[first, "lost"] == ways[first, "pushed_out"] == 1
    assert (ways["new", first], ways["new", "won"], ways[first, "won"]) == (1, 1, 1)


def still_count(cast: Cast) -> int:
    with organization_scope(cast.acme):
        return int(Opportunity.objects.alive().open().filter(close_date__lt=date(2027, 1, 1)).count())


def test_among_all_open_deals_another_day_is_told_and_changes_no_total(
    cast: Cast, week: dict[str, Opportunity]
) -> None:
    with organization_scope(cast.acme):
        _found, shown = told(cast, cast.lena, Since.WEEK, Due.ALL)

    assert (effects(shown)["pulled_in"], effects(shown)["pushed_out"]) == ((1, 0), (1, 0))
    moved = next(bar for bar in shown.bars if bar.kind == Kind.PULLED_IN)
    assert moved.value.amount_minor == 50_00


def test_between_two_recorded_days_later_changes_do_not_count(cast: Cast, week: dict[str, Opportunity]) -> None:
    with organization_scope(cast.acme):
        record(cast, date(2026, 11, 23))
        change(cast, week["stays"], NOW, amount_minor=1)
        move(cast, week["in"], "Won", NOW)

        then, _ = told(cast, cast.lena, Since.DATES, first=date(2026, 11, 17), last=date(2026, 11, 23))
        still, quiet = told(cast, cast.lena, Since.DATES, first=date(2026, 11, 17), last=date(2026, 11, 22))

    assert {kind: one.count for kind, one in then.steps.items() if one.count} == {
        **dict.fromkeys(("new", "won"), 2),
        **dict.fromkeys(("pulled_in", "up", "pushed_out", "lost", "removed"), 1),
        "down": 2,
    }
    assert all(not one.count for one in still.steps.values())
    assert quiet.change_minor == 0


def test_since_the_last_stand_up_counts_what_came_after_nine_on_a_working_day(
    cast: Cast, week: dict[str, Opportunity]
) -> None:
    nine = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # nine in Berlin
    with organization_scope(cast.acme):
        change(cast, week["stays"], nine + timedelta(minutes=1), amount_minor=200_02)
        found, shown = told(cast, cast.lena, Since.STAND_UP)
        assert {kind.value for kind, one in found.steps.items() if one.count} == {"up"}
        assert effects(shown)["up"] == (1, 100_01)

        early = last_stand_up(organization=cast.acme, now=nine - timedelta(minutes=1))
        assert early is not None
        assert early.at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
        Holiday.objects.create(organization=cast.acme, day=date(2026, 11, 23), name="A day off")
        cast.acme.refresh_from_db()
        rested = last_stand_up(organization=cast.acme, now=nine - timedelta(minutes=1))
        assert rested is not None
        assert rested.at == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def test_what_moved_it_names_deals_in_lines_that_add_up(cast: Cast, week: dict[str, Opportunity]) -> None:
    with organization_scope(cast.acme):
        ends = compared(organization=cast.acme, now=NOW, since=Since.DATES, first=date(2026, 11, 22))
        assert ends is not None
        converter = converter_for(cast.lena, organization=cast.acme, today=TODAY)
        moved = what_moved_it(
            viewer=Viewer(cast.acme, cast.lena, TODAY),
            since=ends.since,
            until=ends.until,
            window=Window(date(2026, 10, 1), date(2027, 1, 1)),
            converter=converter,
        )

    assert [one.name for one in moved.lines] == ["Won one", "Dearer", ""] or moved.lines[0].name == "Won one"
    assert len(moved.lines) == 3
    assert sum(one.amount_minor for one in moved.lines) == moved.change_minor
    assert moved.lines[0].amount_minor == 850_00 - 90_00  # it counted by its chance of ten per cent
    assert (moved.lines[2].deal_id, moved.lines[2].count > 1) == (None, True)


def test_days_that_can_not_be_compared_are_refused_in_words(cast: Cast, week: dict[str, Opportunity]) -> None:
    with organization_scope(cast.acme):
        for first, last, words in (
            (date(2026, 11, 22), date(2026, 11, 17), "before the last"),
            (TODAY, None, "before today"),
            (date(2026, 10, 1), date(2026, 10, 9), "nothing was recorded"),
        ):
            with pytest.raises(UnableToCompare, match=words):
                compared(organization=cast.acme, now=NOW, since=Since.DATES, first=first, last=last)
        ends = compared(organization=cast.acme, now=NOW, since=Since.DATES, first=date(2026, 10, 1))
    assert ends is not None
    assert ends.is_short
    assert ends.since.recorded is not None
    assert ends.since.recorded.snapshot_date == date(2026, 11, 17)


class TestPage:
    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(timezone, "now", lambda: NOW)

    @pytest.fixture
    def page(self, cast: Cast, client_for: Callable[[Member], Client]) -> Callable[..., Any]:
        def get(member: Member, name: str = "pipeline:changes", **asked: str) -> Any:
            slug = member.organization.slug
            return client_for(member).get(reverse(name, args=[slug]), asked)

        return get

    def test_it_says_what_changed_and_shows_the_deals_behind_a_figure(
        self, cast: Cast, week: dict[str, Opportunity], page: Callable[..., Any]
    ) -> None:
        text = page(cast.rui).content.decode()

        assert all(name in text for name in ("Won one", "Gone one", "Quick win", "Pushed out", "Forward"))
        assert "1 were won" not in text
        assert "without XOF" in text or "XOF" in text
        won = page(cast.rui, kind="won").content.decode()
        assert "Quick win" in won
        assert "Cheaper" not in won
        with organization_scope(cast.acme):
            first, third = (str(a_stage(cast.acme, name).pk) for name in ("Qualify", "Solution"))
        ribbon = page(cast.rui, source=first, target=third).content.decode()
        assert "Forward" in ribbon
        assert "Quick win" not in ribbon

    def test_it_asks_the_database_little_however_many_deals_changed(
        self,
        cast: Cast,
        week: dict[str, Opportunity],
        client_for: Callable[[Member], Client],
    ) -> None:
        client = client_for(cast.rui)
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("pipeline:changes", args=[cast.acme.slug]))

        # Savepoints stand for the transaction that a request has outside of tests.
        assert len([one for one in asked if "SAVEPOINT" not in one["sql"]]) <= 12

    def test_an_address_that_asks_for_nonsense_is_refused(self, cast: Cast, page: Callable[..., Any]) -> None:
        for asked in ({"since": "ever"}, {"first": "soon"}, {"kind": "stolen"}, {"due": "x"}):
            assert page(cast.rui, **asked).status_code == 400

    def test_on_the_first_day_it_says_when_there_will_be_something(self, cast: Cast, page: Callable[..., Any]) -> None:
        assert "Nothing recorded yet" in page(cast.rui).content.decode()

    def test_the_file_has_the_deals_that_the_member_may_export(
        self, cast: Cast, week: dict[str, Opportunity], page: Callable[..., Any]
    ) -> None:
        def names(member: Member) -> set[str]:
            answer = page(member, "pipeline:changes-export")
            assert answer.status_code == 200
            rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
            return {row["name"] for row in rows}

        everything = names(cast.lena)
        assert len(everything) == 10
        assert everything - names(cast.rui) == {"Cheaper"}  # another squad's
        assert names(cast.mia) == {"Cheaper"}
        assert page(cast.cora, "pipeline:changes-export").status_code == 403

    def test_a_stranger_sees_nothing_of_it(
        self, cast: Cast, week: dict[str, Opportunity], client_for: Callable[[Member], Client]
    ) -> None:
        for name in ("pipeline:changes", "pipeline:changes-export"):
            assert client_for(cast.sam).get(reverse(name, args=[cast.acme.slug])).status_code == 404
        own = client_for(cast.sam).get(reverse("pipeline:changes", args=[cast.globex.slug])).content.decode()
        assert "Won one" not in own
