"""A company that is too large for memory comes into the database batch by batch, as if it were drawn at once."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from pipeline.models import Account, Activity, Contact, Opportunity, Order, OrderLine, Product, Stage
from simulation import streaming
from simulation.company import Company, Frame, UnableToSimulate, draw_batch, draw_company, draw_frame
from simulation.firm_names import FirmNames
from simulation.loader import load_company
from simulation.profile import DRIVES
from simulation.streaming import stream_company
from simulation.truth import TruthFile, truth_of, write_truth
from tenancy.models import Member, Organization
from tenancy.scoping import organization_scope
from tests.manage import run_manage
from tests.simulation.conftest import END_DATE

BATCH = 40
OPTIONS: dict[str, Any] = {"slug": "north", "accounts": 100, "seed": 5, "months": 4, "batch_size": BATCH}


def _frame(accounts: int = 100, *, seed: int = 5, batch_size: int = BATCH) -> Frame:
    return draw_frame(
        DRIVES, accounts=accounts, seed=seed, end_date=END_DATE, months=4, domain="north.example", batch_size=batch_size
    )


def _run(**options: Any) -> str:
    out = StringIO()
    call_command("simulate_company", stdout=out, **{**OPTIONS, "end_date": END_DATE.isoformat(), **options})
    return out.getvalue()


@pytest.fixture
def broken_after_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third batch fails."""

    def draw(frame: Frame, number: int) -> Company:
        if number == 2:
            raise OSError(28, "No space left on device")
        return draw_batch(frame, number)

    monkeypatch.setattr(streaming, "draw_batch", draw)


def test_a_company_of_one_batch_is_the_company_drawn_at_once() -> None:
    whole = draw_company(DRIVES, accounts=60, seed=5, end_date=END_DATE, months=4, domain="north.example")

    assert asdict(draw_batch(_frame(60, batch_size=10_000), 0)) == asdict(whole)


def test_a_batch_is_the_same_whatever_was_drawn_before_it() -> None:
    once, again = _frame(), _frame()

    in_turn = [draw_batch(once, number) for number in range(3)]

    assert [len(batch.accounts) for batch in in_turn] == [33, 33, 34]
    assert asdict(draw_batch(again, 2)) == asdict(in_turn[2])


def test_batches_and_seeds_differ() -> None:
    batches = [draw_batch(_frame(), 0), draw_batch(_frame(), 1), draw_batch(_frame(seed=6), 1)]

    assert len({tuple(account.potential_minor for account in batch.accounts) for batch in batches}) == 3


def test_no_two_batches_give_out_the_same_name() -> None:
    shorts = Counter[str]()
    for batch in (0, 1, 2, 25, 26, 27, 51, 52, 99, 26 * 27):
        names = FirmNames(np.random.default_rng(3), batch=batch)  # the same numbers, as unlucky as can be
        for industry in DRIVES.industries * 20:
            shorts[names.firm("de", "DE", industry)[1]] += 1

    assert shorts.total() == 1200
    assert set(shorts.values()) == {1}


def test_everybody_who_sells_has_accounts_in_some_batch() -> None:
    frame = _frame(1200, batch_size=200)
    owned = Counter(account.owner for number in range(6) for account in draw_batch(frame, number).accounts)
    sellers = [*frame.staff.inside_sellers, *(seller for team in frame.staff.account_managers for seller in team)]

    assert set(sellers) <= set(owned)


@pytest.mark.django_db
def test_what_is_stored_goes_on_from_batch_to_batch() -> None:
    organization = stream_company(_frame(), slug="north", name="North").organization

    with organization_scope(organization):
        codes = Account.objects.order_by("external_id").values_list("external_id", flat=True)
        assert list(codes) == [f"A-{number:05d}" for number in range(1, 101)]
        for model in (Contact, Opportunity, Activity):
            numbers = sorted(int(code[2:]) for code in model.objects.values_list("external_id", flat=True))
            assert numbers == list(range(1, len(numbers) + 1))
        for rows, field in (
            (Account.objects.all(), "name"),
            (Account.objects.all(), "website"),
            (Order.objects.all(), "number"),
            (Contact.objects.all(), "email"),
        ):
            values = list(rows.values_list(field, flat=True))
            assert len(set(values)) == len(values) > 90
        assert Product.objects.count() == len(_frame().catalogue.products)
        assert Member.objects.count() == len(_frame().staff.members)
        assert Stage.objects.count() == 7
        assert set(OrderLine.objects.values_list("order__external_id", flat=True)) == set(
            Order.objects.values_list("external_id", flat=True)
        )
    assert (organization.name, organization.settings) == ("North", {})


@pytest.mark.django_db
def test_the_same_seed_stores_the_same_rows() -> None:
    def rows(slug: str) -> list[list[tuple[Any, ...]]]:
        organization = stream_company(_frame(), slug=slug, name=slug).organization
        with organization_scope(organization):
            return [
                list(Account.objects.order_by("external_id").values_list("name", "owner__email", "parent__name")),
                list(Opportunity.objects.order_by("external_id").values_list("name", "amount_minor", "account__name")),
                list(Order.objects.order_by("number").values_list("number", "amount_exact", "account__name")),
                list(Activity.objects.order_by("external_id").values_list("subject", "contact__email", "occurred_at")),
            ]

    assert rows("north") == rows("south")


@pytest.mark.django_db
def test_progress_has_a_rate_and_the_time_that_is_left() -> None:
    said: list[str] = []
    seconds: Iterator[int] = count(0, 10)

    stream_company(_frame(), slug="north", name="North", progress=said.append, clock=lambda: next(seconds))

    assert said[0].lstrip().startswith("33 of 100 accounts, ")
    assert said[0].endswith("; 3 accounts/s, 0 min 20 s left")
    assert said[2].endswith("; 3 accounts/s, 0 min 00 s left")
    assert "         100 accounts" in said


@pytest.mark.django_db
@pytest.mark.parametrize("accounts", [60, 100])
def test_the_truth_of_all_batches_is_one_file(tmp_path: Path, accounts: int) -> None:
    path = tmp_path / "truth.json"

    _run(truth=path, accounts=accounts)

    truth = json.loads(path.read_text())
    with organization_scope(Organization.objects.get(slug="north")):
        stored = {str(pk): code for pk, code in Account.objects.values_list("pk", "external_id")}
    assert {entry["id"]: entry["external_id"] for entry in truth["accounts"]} == stored
    assert [path.name for path in tmp_path.iterdir()] == ["truth.json"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_the_streamed_truth_is_the_one_written_at_once(tmp_path: Path) -> None:
    company = draw_batch(_frame(60, batch_size=60), 0)
    loaded = load_company(company, slug="north", name="North")
    write_truth(tmp_path / "once", truth_of(company, loaded))

    streamed = TruthFile(tmp_path / "streamed")
    streamed.add(company, slug="north", accounts=loaded.accounts)
    streamed.finish()

    assert (tmp_path / "streamed").read_text() == (tmp_path / "once").read_text()


@pytest.mark.django_db
@pytest.mark.usefixtures("broken_after_two")
def test_a_company_that_broke_off_says_so_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        _run(truth=tmp_path / "truth.json", name="North Drives")

    words = str(refused.value)
    assert "No space left on device" in words
    assert "66 of 100 accounts are stored under 'north'" in words
    assert "--again" in words
    organization = Organization.objects.get(slug="north")
    assert organization.name == "North Drives (unfinished simulation)"
    with organization_scope(organization):
        assert Account.objects.count() == 66
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
@pytest.mark.usefixtures("broken_after_two")
def test_it_can_be_repeated_and_what_was_there_moves_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = stream_company(_frame(40), slug="globex", name="Globex").organization
    with pytest.raises(CommandError):
        _run()
    with pytest.raises(CommandError, match=r"unfinished simulation under 'north' already\. Add --again"):
        _run()
    monkeypatch.setattr(streaming, "draw_batch", draw_batch)

    _run(again=True)

    whole, part = Organization.objects.get(slug="north"), Organization.objects.get(slug="north-unfinished-1")
    assert (whole.name, whole.is_active, part.is_active) == ("North", True, False)
    for organization, accounts in ((whole, 100), (part, 66), (stranger, 40)):
        with organization_scope(organization):
            assert Account.objects.count() == accounts


@pytest.mark.django_db
def test_what_is_whole_is_never_set_aside() -> None:
    _run()

    with pytest.raises(CommandError, match="no unfinished simulation under 'north'"):
        _run(again=True)

    assert Organization.objects.get().slug == "north"


@pytest.mark.django_db
def test_the_first_batch_is_stored_with_its_people_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulation.loader._SATISFACTION", ("no such column",))

    with pytest.raises(ValueError, match="no such column"):
        _run()

    assert not Organization.objects.exists()


def test_a_batch_is_no_handful() -> None:
    with pytest.raises(UnableToSimulate, match="at least 40 accounts, not 39"):
        _frame(batch_size=39)


@pytest.mark.django_db(transaction=True)
def test_memory_is_that_of_a_batch_whatever_the_number_of_batches() -> None:
    few, many = _peak("few", accounts=120), _peak("many", accounts=1200)

    assert many < 1.3 * few


MEASURE = """
import tracemalloc
from django.core.management import call_command

def simulate(slug, accounts):
    call_command("simulate_company", slug=slug, accounts=accounts, seed=1, months=3, batch_size=120)

simulate("{slug}-first", 40)  # what is imported and kept for good is no part of the question
tracemalloc.start()
simulate("{slug}", {accounts})
print(tracemalloc.get_traced_memory()[1])
"""


def _peak(slug: str, *, accounts: int) -> int:
    """Return the most bytes that the command held at once, in a process of its own.

    Not its resident size: in that the libraries weigh more than companies as small as a test can afford.
    """
    said = run_manage("shell", "-c", MEASURE.format(slug=slug, accounts=accounts)).stdout
    return int(said.split()[-1])
