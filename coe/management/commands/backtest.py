"""`manage.py backtest`: what the model would have said then, held against what came, for whoever wants to check."""

import json
from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from coe.queries import card_in_force, training_rows
from coe.queries.backtests import MOST_ROWS, PERIODS, backtest_of
from tenancy.models import Organization
from tenancy.scoping import organization_scope
from tenancy.working_time import first_zone


class Command(BaseCommand):
    """Chooses, tunes and calibrates anew at each of the last month ends, by what was settled then, and tries it."""

    help = "Try the account model on past months of an organisation, learning only from what was known by then."

    def add_arguments(self, parser: CommandParser) -> None:
        """Say whose, and as of when."""
        parser.add_argument("--organization", required=True, help="the organisation's part of the address")
        parser.add_argument("--as-of", help="nothing known later counts, YYYY-MM-DD (now)")
        parser.add_argument(
            "--periods", type=int, default=PERIODS, help=f"month ends to try, the last ones ({PERIODS})"
        )
        parser.add_argument("--rows", type=int, default=MOST_ROWS, help=f"rows to draw at most ({MOST_ROWS})")
        parser.add_argument("--json", action="store_true", help="print everything as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        organization = Organization.objects.filter(slug=options["organization"]).first()
        if organization is None:
            raise CommandError(f"There is no organisation {options['organization']}.")
        as_of = _moment(options["as_of"], organization)
        with organization_scope(organization, task="backtest"):
            rows = training_rows(
                organization=organization,
                until=as_of,
                card=card_in_force(organization=organization, as_of=as_of),
                horizon_days=int(organization.setting("score_horizon_days")),
                most_rows=options["rows"],
            )
        if rows is None:
            raise CommandError("No month lies far enough back to know what came of it.")
        found = {
            "organization": organization.slug,
            "as_of": as_of.isoformat(),
            **backtest_of(rows, periods=options["periods"]),
        }
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=1))
        else:
            self._print(found)

    def _print(self, found: dict[str, Any]) -> None:
        say = self.stdout.write
        say(f"{found['organization']} as of {found['as_of']}: {found['rows']:,} rows, {found['positives']:,} bought")
        for one in found["periods"]:
            counts = f"learnt {one['learnt_from']:>7,}  tried {one['tried']:>7,}  bought {one['positives']:>6,}"
            losses = f"log-loss {one['log_loss']:.4f} (base {one['base_log_loss']:.4f})"
            say(f"  {one['from']}  {counts}  {losses}  {one['method']}")
        for name in ("auc", "lift_10", "lift_20", "gain", "calibration_slope", "ece_beyond_chance"):
            say(f"  {name:<18} {_figure(found['figures'].get(name))}")
        for name, figures in found["baselines"].items():
            say(f"  {name:<12} auc {_figure(figures['auc'])}  lift_10 {_figure(figures['lift_10'])}")
        for title, segments in found["by"].items():
            for one in segments:
                said = f"said {one['said']:.1%}, came {one['came']:.1%}, {one['held']}"
                say(f"  {title} {one['name']:<16} {one['rows']:>7,} rows  {said}  auc {_figure(one['auc'])}")
        if found["why_not"]:
            say(found["why_not"])


def _figure(one: dict[str, Any] | None) -> str:
    if one is None or one["value"] is None:
        return "–" + (f" ({one['why']})" if one and one["why"] else "")
    interval = "" if one["low"] is None else f" ({one['low']:.3f} to {one['high']:.3f})"
    return f"{one['value']:.3f}{interval}"


def _moment(words: str | None, organization: Organization) -> datetime:
    """Return the moment that the text means; a day means its end, local time."""
    if not words:
        return timezone.now()
    zone = first_zone(organization.time_zone)
    if len(words) > len("2026-11-23") and (moment := parse_datetime(words)) is not None:
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if (day := parse_date(words)) is None:
        raise CommandError(f"{words} is no day and no moment.")
    return datetime.combine(day + timedelta(days=1), time(), zone)
