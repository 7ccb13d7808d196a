"""`manage.py simulate_company --slug S --accounts N --seed K`: a company of any size, as a new organisation."""

import time
from argparse import ArgumentParser
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from simulation.company import UnableToSimulate, draw_company
from simulation.loader import UnableToLoad, load_company
from simulation.profile import PROFILES, CompanyProfile
from simulation.truth import truth_of, write_truth


class Command(BaseCommand):
    """Draws a company and stores it."""

    help = "Create an organisation with a simulated company in it: accounts, deals, activities, orders, answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name what can be chosen."""
        parser.add_argument("--slug", required=True, help="the new organisation's part of the address")
        parser.add_argument("--accounts", type=int, required=True, help="how many customers and prospects")
        parser.add_argument("--seed", type=int, required=True, help="the same seed draws the same company")
        parser.add_argument("--name", help="the organisation's name; the slug in capitals if not given")
        parser.add_argument("--profile", choices=sorted(PROFILES), default="drives", help="what the company makes")
        parser.add_argument("--months", type=int, default=18, help="months of deals and activities (18)")
        parser.add_argument("--end-date", help="last day of the known past, YYYY-MM-DD (yesterday)")
        parser.add_argument("--currencies", help="shares of the accounts' currencies, such as EUR=90,GBP=10")
        parser.add_argument(
            "--truth", type=Path, help="where to write who is really going to buy, for tests of scoring"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say in words why not."""
        profile = PROFILES[options["profile"]]
        slug: str = options["slug"]
        started = time.monotonic()
        try:
            if options["currencies"]:
                profile = replace(profile, currency_mix=_mix(options["currencies"]))
            company = draw_company(
                profile,
                accounts=options["accounts"],
                seed=options["seed"],
                end_date=_end_date(options["end_date"], profile),
                months=options["months"],
                domain=f"{slug}.example",
            )
            self.stdout.write(f"drew {slug} in {time.monotonic() - started:.1f} s")
            name = options["name"] or slug.replace("-", " ").title()
            loaded = load_company(company, slug=slug, name=name, progress=self.stdout.write)
        except (UnableToSimulate, UnableToLoad) as error:
            raise CommandError(str(error)) from None
        if options["truth"]:
            try:
                write_truth(options["truth"], truth_of(company, loaded))
            except OSError as error:
                raise CommandError(
                    f"The company is stored, but its truth can't be written to {options['truth']}: {error.strerror}."
                ) from None
        self.stdout.write(f"{slug}: {len(company.accounts):,} accounts in {time.monotonic() - started:.1f} s")


def _end_date(text: str | None, profile: CompanyProfile) -> date:
    """Return the day that was asked for, else yesterday at the company's place: today is not over yet."""
    if text is None:
        return datetime.now(ZoneInfo(profile.time_zone)).date() - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--end-date must be a day like 2026-09-30, not {text!r}.") from None


def _mix(text: str) -> dict[str, float]:
    """Return the shares of "EUR=90,GBP=10"."""
    mix: dict[str, float] = {}
    for part in text.split(","):
        currency, _, share = part.strip().partition("=")
        try:
            mix[currency.strip().upper()] = float(share)
        except ValueError:
            raise CommandError(f"--currencies must look like EUR=90,GBP=10; {part.strip()!r} does not.") from None
    return mix
