"""`manage.py doctor`: is this installation as it must be?"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agile_sales.doctor import examine


class Command(BaseCommand):
    """Looks and changes nothing. Run it with the environment of a web process."""

    help = "Check configuration, database roles, policies, migrations, broker, clocks, processes and queues."
    # It must also run where tables or settings are broken: that is what it is for.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        """Print the checks; exit with 1 when one of them found something."""
        found = dict(examine())
        if as_json:
            self.stdout.write(json.dumps({"healthy": not any(found.values()), "checks": found}))
        else:
            for name, problems in found.items():
                self.stdout.write(f"{'wrong' if problems else 'ok':<6}{name}")
                for problem in problems:
                    self.stdout.write(f"      - {problem}")
        if any(found.values()):
            raise SystemExit(1)
