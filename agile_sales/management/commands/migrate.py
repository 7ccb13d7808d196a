"""`manage.py migrate`, patient with a busy database: it waits briefly for a lock, steps back, and tries again."""

import random
import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections

LOCK_NOT_AVAILABLE = "55P03"
PAUSES = (0.5, 1, 2, 4, 8, 15, 30, 30)


class Command(Migrate):
    """A migration that waits for a lock makes everybody behind it wait; so it gives up after `--lock-timeout`.

    A migration is one transaction (or one statement that can be repeated), so a second try begins where the first one
    stopped.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ours to Django's options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-timeout", type=int, default=2000, help="milliseconds to wait for a lock before stepping back"
        )

    def handle(self, *args: Any, lock_timeout: int, **options: Any) -> None:
        """Migrate; where a lock can't be had, pause and try again.

        :raises CommandError: when a table stays busy; nothing is half done, run it again.
        """
        connection = connections[options["database"]]
        for pause in (*PAUSES, None):
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{lock_timeout}ms"])
                cursor.execute("SET statement_timeout = 0")
            try:
                super().handle(*args, **options)
                return
            except OperationalError as error:
                if getattr(error.__cause__, "pgcode", "") != LOCK_NOT_AVAILABLE:
                    raise
                connection.close()
                if pause is None:
                    raise CommandError("A table stays busy. Nothing is half done; run migrate again later.") from error
                self.stderr.write(f"A table is busy; trying again in {pause} s.")
                time.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311  (two at once should not meet again)
