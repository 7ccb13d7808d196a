"""`manage.py simulate_company --slug S --accounts N --seed K`: a company of any size, as a new organisation."""

import time
from argparse import ArgumentParser
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from simulation.beginnings import UnableToLoad, set_aside_unfinished
from simulation.company import BATCH_SIZE, Frame, UnableToSimulate, draw_frame
from simulation.profile import PROFILES, CompanyProfile
from simulation.streaming import stream_company
from simulation.truth import TruthFile


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

        parser.add_argument(
            "--batch-size",
            type=int,
            default=BATCH_SIZE,
            help=f"accounts drawn and stored at once ({BATCH_SIZE:,}): decides memory, and which company it is",
        )
        parser.add_argument(
            "--again", action="store_true", help="first set aside the unfinished simulation under this slug"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say in words why not."""
        started = time.monotonic()
        slug: str = options["slug"]
        truth: TruthFile | None = None
        try:
            frame = _frame(options)
            if options["truth"]:
                truth = _truth_file(options["truth"])
            if options["again"]:
                self._say(f"the unfinished {slug} is under {set_aside_unfinished(slug)} now")
            name = options["name"] or slug.replace("-", " ").title()
            stream_company(frame, slug=slug, name=name, truth=truth, progress=self._say)
            if truth is not None:
                _finish(truth, options["truth"])
                truth = None
        except (UnableToSimulate, UnableToLoad) as error:
            raise CommandError(str(error)) from None
        finally:
            if truth is not None:
                truth.drop()
        seconds = time.monotonic() - started
        self._say(f"{slug}: {frame.accounts:,} accounts in {seconds:.1f} s, {frame.accounts / seconds:,.0f} a second")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _frame(options: dict[str, Any]) -> Frame:
    profile = PROFILES[options["profile"]]
    if options["currencies"]:
        profile = replace(profile, currency_mix=_mix(options["currencies"]))
    return draw_frame(
        profile,
        accounts=options["accounts"],
        seed=options["seed"],
        end_date=_end_date(options["end_date"], profile),
        months=options["months"],
        domain=f"{options['slug']}.example",
        batch_size=options["batch_size"],
    )


def _truth_file(path: Path) -> TruthFile:
    try:
        return TruthFile(path)
    except OSError as error:
        raise CommandError(f"Nothing is stored: its truth can't be written to {path}: {error.strerror}.") from None


def _finish(truth: TruthFile, path: Path) -> None:
    try:
        truth.finish()
    except OSError as error:
        raise CommandError(
            f"The company is stored, but its truth can't be written to {path}: {error.strerror}."
        ) from None


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
