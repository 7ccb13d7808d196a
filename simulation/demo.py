"""The demo: two simulated companies, the people to sign in as, and their first nights."""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from agile_sales.local import passwords
from simulation.company import draw_company
from simulation.loader import SOURCE, load_company
from simulation.nights import run_past_nights
from simulation.profile import DRIVES, HYDRAULICS, CompanyProfile
from simulation.promises import make_promises
from simulation.truth import truth_of, write_truth
from tenancy.models import Member, Organization, User
from tenancy.scoping import organization_scope

Progress = Callable[[str], None]
PAST_NIGHTS = 5


@dataclass(frozen=True)
class DemoCompany:
    """A company of the demo."""

    slug: str
    profile: CompanyProfile
    accounts: int
    seed: int


DEMO_COMPANIES = (
    DemoCompany("acme", DRIVES, accounts=2000, seed=20261),
    DemoCompany("globex", HYDRAULICS, accounts=400, seed=20262),
)


def seed_demo(*, now: datetime, progress: Progress, companies: tuple[DemoCompany, ...] | None = None) -> None:
    """Make what is missing of the demo: companies, people, passwords, nights. Running it again changes nothing."""
    password = demo_password()
    for company in DEMO_COMPANIES if companies is None else companies:
        organization = Organization.objects.filter(slug=company.slug).first()
        is_new = organization is None
        if organization is None:
            organization = _create(company, now, progress)
        elif _is_simulated(organization):
            progress(f"{company.slug}: there already")
        else:
            progress(f"{company.slug}: there already, and not from here; left as it is")
            continue
        _let_people_in(organization, company.profile, password, progress)
        # Nights that begin after the organisation was made are the calendar's own.
        run_past_nights(organization=organization, nights=PAST_NIGHTS, now=organization.created_at, progress=progress)
        if is_new:
            _let_people_promise(organization, progress)


def demo_password() -> str:
    """Return the password of the demo's people: DEMO_PASSWORD, else the one kept in `.local/`, made at first use."""
    if given := os.environ.get("DEMO_PASSWORD"):
        return given
    state_dir = settings.BASE_DIR / ".local"
    state_dir.mkdir(exist_ok=True)
    return passwords.read_or_make(state_dir, "demo", lambda: secrets.token_urlsafe(9))


def _is_simulated(organization: Organization) -> bool:
    with organization_scope(organization):
        return Member.objects.for_organization(organization).filter(source=SOURCE).exists()


def _create(company: DemoCompany, now: datetime, progress: Progress) -> Organization:
    started = time.monotonic()
    today = now.astimezone(ZoneInfo(company.profile.time_zone)).date()
    drawn = draw_company(
        company.profile,
        accounts=company.accounts,
        seed=company.seed,
        end_date=today - timedelta(days=1),
        domain=f"{company.slug}.example",
    )
    progress(f"{company.slug}: drawn in {time.monotonic() - started:.1f} s")
    loaded = load_company(drawn, slug=company.slug, name=company.profile.name)
    # Where a local installation keeps its state the truth is kept as well, so that a score can be held against it.
    state_dir = settings.BASE_DIR / ".local"
    if state_dir.is_dir():
        write_truth(state_dir / "truth" / f"{company.slug}.json", truth_of(drawn, loaded))
    rows = sum(loaded.rows.values())
    progress(f"{company.slug}: {company.accounts:,} accounts, {rows:,} rows in {time.monotonic() - started:.1f} s")
    return loaded.organization


@transaction.atomic
def _let_people_promise(organization: Organization, progress: Progress) -> None:
    started = time.monotonic()
    quotas, promises = make_promises(organization=organization, now=organization.created_at)
    spent = time.monotonic() - started
    progress(f"{organization.slug}: {quotas} quotas and {promises} forecasts in {spent:.1f} s")


@transaction.atomic
def _let_people_in(organization: Organization, profile: CompanyProfile, password: str, progress: Progress) -> None:
    """Give the demo's people a sign-in with the demo's password; one that has been changed is set back."""
    addresses = {f"{persona.key}@{organization.slug}.example": persona.name for persona in profile.personas}
    users = {user.email: user for user in User.objects.filter(email__in=addresses)}
    # One password, so one hash: hashing is made to be slow, and nobody should wait for it eight times.
    known = {user.password for user in users.values()}
    encoded = next((hash_ for hash_ in known if check_password(password, hash_)), None) or make_password(password)
    changed = 0
    with organization_scope(organization, task="seed_demo"):
        members = Member.objects.for_organization(organization).filter(source=SOURCE, email__in=addresses)
        for member in members:
            user = users.get(member.email) or User.objects.create(email=member.email, name=member.name)
            if user.password != encoded:
                user.password = encoded
                user.save(update_fields=["password"])
                changed += 1
            if member.user_id != user.pk:
                member.user = user
                member.save(update_fields=["user", "updated_at"])
    if changed:
        progress(f"{organization.slug}: {changed} {'person' if changed == 1 else 'people'} can sign in")
