"""`manage.py relay`: hands recorded work to the broker and positions to events, until it is stopped."""

import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from tenancy import figures, relay


class Command(BaseCommand):
    """Runs as agile_system; any number of relays may run, rows are taken with SKIP LOCKED."""

    help = "Hand out the work and the events that operations recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--once", action="store_true", help="do one round and stop")
        parser.add_argument("--pause", type=float, default=0.25, help="seconds between rounds without work")

    def handle(self, *args: Any, once: bool, pause: float, **options: Any) -> None:
        """Go round until SIGTERM or SIGINT."""
        stop = threading.Event()
        figures_due = 0.0
        if not once:
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            signal.signal(signal.SIGINT, lambda *_: stop.set())
        while not stop.is_set():
            try:
                handed = relay.tick()
                if time.time() >= figures_due:
                    figures_due = time.time() + figures.EVERY_SECONDS
                    figures.report()
            except (OperationalError, InterfaceError) as error:
                self.stderr.write(f"The database cannot be reached; trying again: {error}")
                connection.close()
                handed, wait = 0, 1.0
            else:
                wait = pause
            if once:
                return
            if not handed:
                stop.wait(wait)
