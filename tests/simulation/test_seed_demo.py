"""`manage.py seed_demo`, with smaller companies than the demo's own."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client

from pipeline.models import Account, AccountScore, AccountScoreHistory, ForecastSubmission, Quota
from simulation import demo
from simulation.demo import DemoCompany, demo_password, seed_demo
from simulation.profile import DRIVES, HYDRAULICS
from tenancy.models import Member, Organization, Run, RunStep, User
from tenancy.scoping import organization_scope

pytestmark = pytest.mark.django_db

SMALL = (
    DemoCompany("acme", DRIVES, accounts=80, seed=1),
    DemoCompany("globex", HYDRAULICS, accounts=40, seed=2),
)


@pytest.fixture(autouse=True)
def _small_demo(monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "a-demo-password")
    monkeypatch.setattr(demo, "DEMO_COMPANIES", SMALL)
    settings.BASE_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow on purpose


@pytest.fixture
def seed() -> Callable[[], list[str]]:
    """Return a function that seeds the small demo and gives what was said."""

    def run() -> list[str]:
        said: list[str] = []
        seed_demo(now=datetime.now(UTC), progress=said.append, companies=SMALL)
        return said

    return run


def test_the_demos_people_can_sign_in_with_their_password(seed: Callable[[], list[str]]) -> None:
    seed()

    for key in "leader squadlead member coach expert analyst admin auditor".split():
        assert Client().login(email=f"{key}@acme.example", password="a-demo-password"), key
    assert Client().login(email="leader@globex.example", password="a-demo-password")
    assert not Client().login(email="leader@globex.example", password="another")


def test_each_has_a_role_and_the_squad_lead_has_accounts(seed: Callable[[], list[str]]) -> None:
    seed()

    roles = {"leader": "leader", "squadlead": "squad_lead", "member": "member", "coach": "coach", "expert": "expert"}
    roles |= {"analyst": "analyst", "admin": "admin", "auditor": "auditor"}
    with organization_scope(Organization.objects.get(slug="acme")):
        for key, role in roles.items():
            member = Member.objects.get(email=f"{key}@acme.example")
            assert member.role == role
            assert member.user is not None
            assert member.user.email == member.email
        assert Account.objects.filter(owner__email="squadlead@acme.example", segment="key").exists()


def test_the_stranger_is_a_member_of_one_company_only(seed: Callable[[], list[str]]) -> None:
    seed()

    stranger = User.objects.get(email="leader@globex.example")
    with organization_scope(Organization.objects.get(slug="acme")):
        assert not Member.objects.filter(user=stranger).exists()


def test_nights_have_run_and_scores_have_a_history(seed: Callable[[], list[str]]) -> None:
    seed()

    for slug, accounts in (("acme", 80), ("globex", 40)):
        with organization_scope(Organization.objects.get(slug=slug)):
            nights = list(Run.objects.filter(kind="night").order_by("scheduled_for"))
            assert [night.status for night in nights] == ["done"] * demo.PAST_NIGHTS
            assert [night.key for night in nights] == [night.scheduled_for.isoformat() for night in nights]
            assert all(night.started_at and night.as_of == night.created_at for night in nights)
            assert nights == sorted(nights, key=lambda night: night.finished_at or datetime.max.replace(tzinfo=UTC))
            assert RunStep.objects.filter(name="snapshot_pipeline", rows_written=0).count() == 0
            assert AccountScore.objects.count() == accounts
            assert AccountScore.objects.filter(previous_score=None).count() == 0
            # Kept where a night said something new of the account.
            assert AccountScoreHistory.objects.values("account").distinct().count() == accounts
            assert accounts < AccountScoreHistory.objects.count() <= accounts * demo.PAST_NIGHTS
            assert set(AccountScore.objects.values_list("run", flat=True)) == {nights[-1].pk}
            # What is asked of people, and what they promise.
            assert Quota.objects.exists()
            assert ForecastSubmission.objects.exists()


def test_a_second_time_changes_nothing(seed: Callable[[], list[str]]) -> None:
    seed()
    users = list(User.objects.order_by("email").values_list("email", "password"))
    with organization_scope(Organization.objects.get(slug="acme")):
        runs = list(Run.objects.order_by("key").values_list("key", "finished_at"))

    said = seed()

    assert "acme: there already" in said
    assert list(User.objects.order_by("email").values_list("email", "password")) == users
    with organization_scope(Organization.objects.get(slug="acme")):
        assert list(Run.objects.order_by("key").values_list("key", "finished_at")) == runs


def test_a_new_demo_password_counts_from_the_next_start(
    seed: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed()
    monkeypatch.setenv("DEMO_PASSWORD", "a-newer-password")

    seed()

    assert Client().login(email="admin@acme.example", password="a-newer-password")
    assert not Client().login(email="admin@acme.example", password="a-demo-password")


def test_an_organisation_that_is_not_from_here_is_left_as_it_is(seed: Callable[[], list[str]]) -> None:
    Organization.objects.create(slug="acme", name="Somebody's own")

    said = seed()

    assert "acme: there already, and not from here; left as it is" in said
    assert not User.objects.filter(email__endswith="@acme.example").exists()
    with organization_scope(Organization.objects.get(slug="acme")):
        assert not Run.objects.exists()


def test_the_command_says_how_far_it_is() -> None:
    out = StringIO()

    call_command("seed_demo", stdout=out)

    lines = out.getvalue().splitlines()
    assert any(line.startswith("acme: 80 accounts") for line in lines)
    assert any(line.startswith("globex: night of") for line in lines)
    assert lines[-1].startswith("demo: filled in")


def test_without_one_given_the_password_is_made_once_and_kept_for_its_owner(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DEMO_PASSWORD")

    password = demo_password()

    assert len(password) >= 12
    assert demo_password() == password
    kept = tmp_path / ".local" / "secrets" / "demo"
    assert kept.read_text() == password
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
