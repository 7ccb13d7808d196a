"""`manage.py seed_demo`: what `make demo` shows, made once."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from simulation.beginnings import UnableToLoad
from simulation.demo import seed_demo


class Command(BaseCommand):
    """Makes what is missing of the demo."""

    help = "Create the demo's two companies, its people and its first nights; running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        started = time.monotonic()
        try:
            seed_demo(now=timezone.now(), progress=self._say)
        except UnableToLoad as error:
            raise CommandError(str(error)) from None
        self._say(f"demo: filled in {time.monotonic() - started:.1f} s")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
