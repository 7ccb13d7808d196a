"""Typed readers of the environment: a wrong value stops the start with words, it is never guessed around."""

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def env_text(name: str, default: str | None = None) -> str:
    """Return the variable's text.

    :raises ImproperlyConfigured: when it is not set and there is no default.
    """
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(
            f"{name} is not set. `make demo` starts local servers and sets it; docs/operations.md lists what a "
            "production process needs."
        )
    return value


def env_bool(name: str, *, default: bool) -> bool:
    """Return True or False; anything else but those two words is refused."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value not in ("True", "False"):
        raise ImproperlyConfigured(f"{name} must be True or False, not {value!r}.")
    return value == "True"


def env_int(name: str, default: int) -> int:
    """Return a whole number."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """Return one of the words that are allowed."""
    value = os.environ.get(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(choices)}, not {value!r}.")
    return value


def env_list(name: str, default: list[str]) -> list[str]:
    """Return the comma-separated parts, without blanks around them."""
    value = os.environ.get(name)
    return default if value is None else [part.strip() for part in value.split(",") if part.strip()]


PATIENCE = "-c statement_timeout=600s -c lock_timeout=60s -c idle_in_transaction_session_timeout=900s"
"""Limits of a database session that does long work; a page gets the short ones of the role agile_app."""

DATABASE_VARIABLES = {"app": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "system": "DATABASE_SYSTEM_URL"}


def env_database() -> dict[str, Any]:
    """Return Django's settings of the database for the role of this process (DATABASE_ROLE: app, owner or system)."""
    role = env_text("DATABASE_ROLE", "app")
    if role not in DATABASE_VARIABLES:
        raise ImproperlyConfigured(f"DATABASE_ROLE must be app, owner or system, not {role!r}.")
    variable = DATABASE_VARIABLES[role]
    # Commands that never touch the database (checks, messages, the schema) also run without one.
    url = urlsplit(env_text(variable, "postgresql://nobody@127.0.0.1:1/unset" if _offline() else None))
    if url.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"{variable} must begin with postgresql://; other databases are not supported.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        "OPTIONS": {
            **dict(parse_qsl(url.query)),
            **({"options": PATIENCE} if env_bool("LONG_WORK", default=False) else {}),
        },
        "CONN_MAX_AGE": env_int("DATABASE_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }


def _offline() -> bool:
    return env_bool("AGILE_SALES_OFFLINE", default=False)
