#!/usr/bin/env python
"""Django's command line, with the database role that each command needs."""

import os
import sys

OWNER_COMMANDS = {"migrate", "sqlmigrate", "showmigrations", "makemigrations"}
SYSTEM_COMMANDS = {"relay", "beat"}


def main() -> None:
    """Run the command that was asked for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agile_sales.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in OWNER_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    elif command in SYSTEM_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "system")
    # A command may take its time; a page may not.
    os.environ.setdefault("LONG_WORK", "True")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
