"""`manage.py beat`: queues each organisation's night at its own hour and clears up, until it is stopped."""

import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from agile_sales.night_calendar import queue_due_nights
from integrations.api.idempotency import forget_old_keys
from tenancy import figures


class Command(BaseCommand):
    """Runs as agile_system. A second beat is harmless: a night is a unique row."""

    help = "Queue the nights that are due."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--once", action="store_true", help="look once and stop")
        parser.add_argument("--pause", type=float, default=30, help="seconds between two looks")

    def handle(self, *args: Any, once: bool, pause: float, **options: Any) -> None:
        """Look at the clock until SIGTERM or SIGINT."""
        stop = threading.Event()
        if not once:
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            signal.signal(signal.SIGINT, lambda *_: stop.set())
        while not stop.is_set():
            try:
                queued = queue_due_nights(now=timezone.now())
                forget_old_keys(now=timezone.now())
            except (OperationalError, InterfaceError) as error:
                if once:
                    raise
                self.stderr.write(f"The database cannot be reached; trying again: {error}")
                connection.close()
            else:
                figures.publish("beat", at=time.time())
                if queued:
                    self.stdout.write(f"{queued} night{'s' if queued > 1 else ''} queued")
            if once:
                return
            stop.wait(pause)
