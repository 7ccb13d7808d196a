"""Taking back what an import wrote into one table: new rows removed, changed ones as they were, others left and named.

Whatever somebody (or something) else has changed since is theirs and stays. Who changed what is read from the audit
trail, where an import writes under a name of its own.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.utils.translation import gettext as _

from tenancy.models import Member, Organization
from tenancy.tenant_model import TenantModel

Columns = dict[str, Any]


@dataclass(frozen=True)
class Restored:
    """A record that has its old values again: what it was until now, and what it is."""

    id: UUID
    old: Columns
    new: Columns

    def differs(self, column: str) -> bool:
        """Whether the column got another value."""
        return bool(self.old[column] != self.new[column])


@dataclass
class Undone:
    """What undoing one chunk did. `left` are records that were left as they are, with the reason."""

    removed: list[Columns] = field(default_factory=list)
    restored: list[Restored] = field(default_factory=list)
    left: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class TableUndo:
    """Undoes the rows of one table. `task` is the name under which the import wrote, `own` what else it wrote
    under, `words` are what people call the records of tables.
    """

    organization: Organization
    model: type[models.Model]
    columns: Sequence[str]
    json_columns: Collection[str]
    name_column: str
    removal: dict[str, Any]
    task: str
    own: Collection[str]
    words: Mapping[type[models.Model], str]
    written_at: datetime
    now: datetime

    def undo(self, *, created: Sequence[str], before: Sequence[dict[str, Any]]) -> Undone:
        """Remove and restore, in the caller's transaction."""
        done = Undone()
        ids = [*created, *(str(image["id"]) for image in before)]
        if not ids:
            return done
        rows = self._locked(ids)
        changes = self._changed_since(ids)
        self._remove([one for one in created if one in rows], rows, changes, done)
        self._restore([image for image in before if str(image["id"]) in rows], rows, changes, done)
        return done

    def _locked(self, ids: Sequence[str]) -> dict[str, Columns]:
        listed = ["id", *self.columns]
        names = ", ".join(f'"{name}"' for name in listed)
        gone = next(iter(self.removal))
        is_gone = f'"{gone}" IS NOT NULL' if self.removal[gone] is not False else f'NOT "{gone}"'
        # The names are those of our own columns.
        sql = (
            f'SELECT {is_gone}, {names} FROM "{self.model._meta.db_table}"'  # noqa: S608 # nosec B608 # our names; values are parameters
            " WHERE organization_id = %s AND id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [self.organization.pk, list(ids)])
            found = {
                str(row[1]): dict(zip(listed, row[1:], strict=True)) | {"is gone": row[0]} for row in cursor.fetchall()
            }
        for columns in found.values():
            columns |= {name: json.loads(columns[name]) for name in self.json_columns}
        return found

    def _changed_since(self, ids: Sequence[str]) -> dict[str, dict[str, tuple[UUID | None, str, datetime]]]:
        """For each row the columns that others changed after the import, with who and when."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                WITH ours AS (
                    SELECT row_id, min(occurred_at) AS at FROM tenancy_auditentry
                     WHERE organization_id = %(organization)s AND table_name = %(table)s
                       AND row_id = ANY(%(ids)s::uuid[]) AND task = %(task)s
                     GROUP BY row_id
                )
                SELECT e.row_id, k.name, e.actor_id, e.task, e.occurred_at
                  FROM tenancy_auditentry e LEFT JOIN ours USING (row_id)
                 CROSS JOIN LATERAL jsonb_object_keys(e.after) AS k (name)
                 WHERE e.organization_id = %(organization)s AND e.table_name = %(table)s
                   AND e.row_id = ANY(%(ids)s::uuid[]) AND e.action = 'update'
                   AND e.occurred_at > coalesce(ours.at, %(at)s) AND e.task <> ALL(%(own)s)
                   AND k.name = ANY(%(columns)s)
                 ORDER BY e.occurred_at
                """,
                {
                    "organization": self.organization.pk,
                    "table": self.model._meta.db_table,
                    "ids": list(ids),
                    "task": self.task,
                    "own": [self.task, *self.own],
                    "at": self.written_at,
                    "columns": list(self.columns),
                },
            )
            found: dict[str, dict[str, tuple[UUID | None, str, datetime]]] = {}
            for row_id, column, actor, task, at in cursor.fetchall():
                found.setdefault(str(row_id), {})[column] = (actor, task, at)
            return found

    # --- new rows ---------------------------------------------------------------------------------------------------

    def _remove(self, ids: Sequence[str], rows: dict[str, Columns], changes: dict[str, Any], done: Undone) -> None:
        alive = [one for one in ids if not rows[one]["is gone"]]
        used = self._used(alive)
        for one in alive:
            if one in changes:
                done.left.append(self._left(rows[one], changes[one].values()))
            elif one in used:
                done.left.append({**self._named(rows[one]), "why": _("%(what)s belong to it") % {"what": used[one]}})
            else:
                done.removed.append(rows[one])
        if not done.removed:
            return
        assignments = ", ".join(f'"{name}" = %s' for name in self.removal)
        with connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE "{self.model._meta.db_table}" SET {assignments}, version = version + 1, updated_at = %s'  # noqa: S608 # nosec B608 # our names; values are parameters
                " WHERE organization_id = %s AND id = ANY(%s::uuid[])",
                [*self.removal.values(), self.now, self.organization.pk, [str(row["id"]) for row in done.removed]],
            )

    def _used(self, ids: Sequence[str]) -> dict[str, str]:
        """Rows to which records that stay still refer, with what those are."""
        found: dict[str, str] = {}
        for related in self.model._meta.get_fields(include_hidden=True):
            if not isinstance(related, models.ManyToOneRel) or not issubclass(related.related_model, TenantModel):
                continue
            names = {one.name for one in related.related_model._meta.fields}
            if "deleted_at" not in names:
                continue  # what is counted from records (scores, histories) keeps nobody
            column = related.field.column
            with connection.cursor() as cursor:
                cursor.execute(
                    f'SELECT DISTINCT "{column}" FROM "{related.related_model._meta.db_table}"'  # noqa: S608 # nosec B608 # our names; values are parameters
                    f' WHERE organization_id = %s AND "{column}" = ANY(%s::uuid[]) AND deleted_at IS NULL',
                    [self.organization.pk, list(ids)],
                )
                for (used,) in cursor.fetchall():
                    named = related.related_model._meta.verbose_name_plural
                    found.setdefault(str(used), self.words.get(related.related_model, str(named)))
        return found

    # --- changed rows -----------------------------------------------------------------------------------------------

    def _restore(
        self, images: Sequence[dict[str, Any]], rows: dict[str, Columns], changes: dict[str, Any], done: Undone
    ) -> None:
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for image in images:
            # What was kept says which columns changed, never what they are called: names are those of the table.
            row, names = rows[str(image["id"])], tuple(name for name in self.columns if name in image)
            theirs = [change for name, change in changes.get(str(image["id"]), {}).items() if name in names]
            if theirs:
                done.left.append(self._left(row, theirs))
            elif names:
                groups.setdefault(names, []).append(image)
        for names, group in groups.items():
            self._write(names, group)
        restored = [str(image["id"]) for group in groups.values() for image in group]
        now = self._locked(restored) if restored else {}
        done.restored += [Restored(rows[one]["id"], rows[one], now[one]) for one in restored]

    def _write(self, names: Sequence[str], images: Sequence[dict[str, Any]]) -> None:
        assignments = ", ".join(f'"{name}" = b."{name}"' for name in names)
        table = self.model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE "{table}" AS t SET {assignments}, version = t.version + 1, updated_at = %s'  # noqa: S608 # nosec B608 # our names; values are parameters
                f' FROM jsonb_populate_recordset(NULL::"{table}", %s::jsonb) AS b'
                " WHERE t.organization_id = %s AND t.id = b.id",
                [self.now, json.dumps(images), self.organization.pk],
            )

    # --- words ------------------------------------------------------------------------------------------------------

    def _named(self, row: Columns) -> dict[str, str]:
        return {"id": str(row["id"]), "name": str(row.get(self.name_column) or row["id"])}

    def _left(self, row: Columns, theirs: Collection[tuple[UUID | None, str, datetime]]) -> dict[str, str]:
        actor, task, at = max(theirs, key=lambda change: change[2])
        who = Member.objects.for_organization(self.organization).filter(pk=actor).first() if actor else None
        by = who.name if who is not None else task
        if task.startswith("import "):
            why = _("a later import has changed it")
        else:
            why = _("%(who)s has changed it since") % {"who": by or _("somebody")}
        return {**self._named(row), "why": why, "at": at.isoformat(timespec="seconds")}
