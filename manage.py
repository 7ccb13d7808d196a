#!/usr/bin/env python
"""Django's command line, with the local servers found and the database role that each command needs."""

import os
import sys
from pathlib import Path

from agile_sales.local import state

OWNER_COMMANDS = {"migrate", "sqlmigrate", "showmigrations", "makemigrations", "squashmigrations", "optimizemigration"}
SYSTEM_COMMANDS = {"relay", "beat"}
STATE_DIR = Path(__file__).resolve().parent / ".local"


def main() -> None:
    """Run the command that was asked for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agile_sales.settings")
    if os.environ.get("AGILE_SALES_OFFLINE") != "True":
        state.fill(os.environ, STATE_DIR)
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in OWNER_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    elif command in SYSTEM_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "system")
    # A command may take its time; a page may not.
    os.environ.setdefault("LONG_WORK", "True")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in a worker: more threads only wait for each other

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    except OperationalError:
        if words := state.words_when_down(os.environ):
            sys.exit(words)
        raise


if __name__ == "__main__":
    main()
