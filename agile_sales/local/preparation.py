"""What has to be done once before the product can start, and how we know that it was."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from pathlib import Path

import psycopg2
from psycopg2 import sql


def files_mark(project: Path, patterns: Iterable[str], *extra: str) -> str:
    """Return a mark that changes with the names and contents of these files, and with `extra`."""
    digest = hashlib.sha256("\0".join(extra).encode())
    found = {path.relative_to(project) for pattern in patterns for path in project.glob(pattern) if path.is_file()}
    # What is collected into .local/ is a result, and must not make itself look changed.
    for path in sorted(path for path in found if not path.parts[0].startswith(".")):
        digest.update(f"{path}\0".encode())
        digest.update(hashlib.sha256((project / path).read_bytes()).digest())
    return digest.hexdigest()


def keyed_mark(key: str, text: str) -> str:
    """Return a mark of a secret that does not give it away."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


class Marks:
    """What was done to a database, noted on the database itself: a new or another one is never taken for done."""

    def __init__(self, owner_url: str) -> None:
        self._url = owner_url

    def is_done(self, step: str, mark: str) -> bool:
        """Say whether the step was done with the same mark, on a schema that nobody has changed since."""
        return self._read().get(step) == [mark, self._schema()]

    def note(self, step: str, mark: str) -> None:
        """Note that the step is done."""
        marks = self._read() | {step: [mark, self._schema()]}
        with psycopg2.connect(self._url) as connection, connection.cursor() as cursor:
            statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
            cursor.execute(statement.format(sql.Identifier(connection.info.dbname), sql.Literal(json.dumps(marks))))
        connection.close()

    def _read(self) -> dict[str, list[str]]:
        text = self._value(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        try:
            marks = json.loads(text or "{}")
        except ValueError:
            return {}
        return marks if isinstance(marks, dict) else {}

    def _schema(self) -> str:
        """Return a mark of the applied migrations; empty when there are none."""
        if self._value("SELECT to_regclass('public.django_migrations')::text") is None:
            return ""
        return (
            self._value("SELECT md5(string_agg(app || '.' || name, ' ' ORDER BY app, name)) FROM django_migrations")
            or ""
        )

    def _value(self, query: str) -> str | None:
        connection = psycopg2.connect(self._url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                row = cursor.fetchone()
                return row[0] if row else None
        finally:
            connection.close()
