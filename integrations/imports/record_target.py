"""Targets whose rows become rows of one table, written set by set: compare, COPY, upsert by source and external id."""

import json
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection, models
from uuid_utils.compat import uuid7 as new_id

from integrations.imports.custom_columns import is_custom, key_of
from integrations.imports.record_changes import Columns, NewRows, RowChange, json_form
from integrations.imports.targets import (
    ChangeText,
    Comparison,
    Found,
    ImportContext,
    ImportRecord,
    ImportTarget,
    Written,
    WrittenBefore,
    targets,
)
from integrations.imports.undoing import TableUndo, Undone
from integrations.imports.values import name_key, tidy
from tenancy.bulk import CopiedRows, copy_rows, insert_copied, upsert_rows
from tenancy.models import Organization


class RecordTarget(ImportTarget):
    """A target that is one table with `source` and `external_id`.

    `columns` are what an import may change, `insert_only` what only a new row gets, `link_columns` the columns of the
    references to the table itself. A cell that says nothing leaves an existing value alone, unless the import says
    otherwise. `one_after_another` tells whether a row is made of what the chunk before has written.
    """

    model: ClassVar[type[models.Model]]
    columns: ClassVar[tuple[str, ...]]
    insert_only: ClassVar[tuple[str, ...]] = ()
    link_columns: ClassVar[Mapping[str, str]] = {}
    always: ClassVar[frozenset[str]] = frozenset()
    json_columns: ClassVar[tuple[str, ...]] = ()
    name_column: ClassVar[str] = "name"
    name_key_column: ClassVar[str] = "name_key"
    has_deleted: ClassVar[bool] = True
    one_after_another: ClassVar[bool] = False
    labels: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def mapped_columns(self, context: ImportContext, record: ImportRecord, old: Columns | None) -> Columns:
        """The columns that the row says something about."""

    @abstractmethod
    def new_columns(self, context: ImportContext, record: ImportRecord) -> Columns:
        """All columns of a new record, for what the row says nothing about."""

    def prepare(self, context: ImportContext, records: Sequence[ImportRecord], existing: Mapping[str, Columns]) -> None:
        """Look up what :meth:`mapped_columns` needs for a whole chunk."""

    def following(self, context: ImportContext, changes: Sequence[RowChange]) -> list[CopiedRows]:
        """The rows of other tables that follow from new and changed records, such as their history. No database."""
        return []

    def written(self, context: ImportContext, changes: Sequence[RowChange]) -> None:
        """Do what else follows from new and changed records."""

    # --- comparing and writing ------------------------------------------------------------------------------------

    def compare(self, context: ImportContext, records: Sequence[ImportRecord]) -> list[Comparison]:
        """What writing these rows would do."""
        existing = self._existing(context, [record.key for record in records], lock=False)
        self.prepare(context, records, existing)
        return [self._compare(context, record, existing.get(record.key)) for record in records]

    def _compare(self, context: ImportContext, record: ImportRecord, old: Columns | None) -> Comparison:
        if old is None:
            return Comparison(is_new=True)
        new = self._columns_of(context, record, old)
        texts = {
            column: (self.value_text(column, old[column], old), self.value_text(column, new[column], new))
            for column in self.columns
            if old[column] != new[column]
        }
        return Comparison(is_new=False, changes=texts)

    def ahead(self, context: ImportContext, records: Sequence[ImportRecord]) -> Callable[[], NewRows] | None:
        """Rows that the check knew nobody of are made ready while the chunk before them is written."""
        if self.one_after_another or not all(record.was_new for record in records):
            return None
        self.prepare(context, records, {})
        return partial(self._new_rows, context, records)

    def write(
        self, context: ImportContext, records: Sequence[ImportRecord], made_ready: NewRows | None = None
    ) -> Written:
        """Insert new rows and change those that differ; rows that say what is there already are left alone."""
        result = Written()
        if made_ready is None and all(record.was_new for record in records):
            self.prepare(context, records, {})
            made_ready = self._new_rows(context, records)
        if made_ready is not None:
            # Inserted without a look; who came since the check is compared after all.
            records = self._insert(context, made_ready, result)
        if records:
            self._upsert(context, records, result)
        return result

    def _new_rows(self, context: ImportContext, records: Sequence[ImportRecord]) -> NewRows:
        names = [*self.columns, *self.insert_only]
        pick = itemgetter(*names)
        changes = [RowChange(record, new_id(), None, self._columns_of(context, record, None)) for record in records]
        rows = copy_rows(
            organization=context.organization,
            model=self.model,
            columns=["id", "source", "external_id", *names],
            rows=[(change.id, context.source, change.record.key, *pick(change.new)) for change in changes],
        )
        return NewRows(changes, rows, self.following(context, changes))

    def _insert(self, context: ImportContext, new: NewRows, result: Written) -> Sequence[ImportRecord]:
        """Insert what has no record yet; return the rows that have one."""
        organization = context.organization
        changes, following, known = new.changes, new.following, list[ImportRecord]()
        inserted = insert_copied(organization=organization, copied=new.rows, unless_known_by=["source", "external_id"])
        if inserted < len(changes):
            ids = [change.id for change in changes]
            rows = self.model._default_manager.filter(organization_id=organization.pk, pk__in=ids)
            ours = set(rows.values_list("pk", flat=True))
            known = [change.record for change in changes if change.id not in ours]
            changes = [change for change in changes if change.id in ours]
            following = self.following(context, changes)
        result.inserted += len(changes)
        result.created += [str(change.id) for change in changes]
        self._follow(context, changes, following)
        return known

    def _follow(self, context: ImportContext, changes: Sequence[RowChange], following: Sequence[CopiedRows]) -> None:
        for rows in following:
            insert_copied(organization=context.organization, copied=rows)
        self.written(context, changes)

    def _upsert(self, context: ImportContext, records: Sequence[ImportRecord], result: Written) -> None:
        existing = self._existing(context, [record.key for record in records], lock=True)
        self.prepare(context, records, existing)
        pending: list[tuple[ImportRecord, Columns | None, Columns]] = []
        for record in records:
            old = existing.get(record.key)
            new = self._columns_of(context, record, old)
            if old is not None and all(old[column] == new[column] for column in self.columns):
                result.unchanged += 1
                result.unchanged_keys.add(record.key)
            else:
                pending.append((record, old, new))
        if not pending:
            return
        names = [*self.columns, *self.insert_only]
        done = upsert_rows(
            organization=context.organization,
            model=self.model,
            columns=["source", "external_id", *names],
            rows=([context.source, record.key, *(new[name] for name in names)] for record, _, new in pending),
            conflict=["source", "external_id"],
            update=self.columns,
            touch={"version": "t.version + 1", "updated_at": "now()"},
        )
        changes = [RowChange(record, done.ids[(context.source, record.key)], old, new) for record, old, new in pending]
        result.inserted += done.inserted
        result.updated += done.updated
        result.created += sorted(map(str, done.inserted_ids))
        result.before += [
            {
                "id": str(change.id),
                **{name: json_form(change.old[name]) for name in self.columns if change.differs(name)},
            }
            for change in changes
            if change.old is not None
        ]
        self._follow(context, changes, self.following(context, changes))

    def _columns_of(self, context: ImportContext, record: ImportRecord, old: Columns | None) -> Columns:
        said = self.mapped_columns(context, record, old)
        if old is None:
            return {**self.new_columns(context, record), **{name: v for name, v in said.items() if v is not None}}
        if not context.empty_clears:
            said = {name: value for name, value in said.items() if value not in (None, "") or name in self.always}
        return {**old, **said}

    def _existing(self, context: ImportContext, keys: Collection[str], *, lock: bool) -> dict[str, Columns]:
        names = ["id", "external_id", *self.columns, *self.insert_only, *self.link_columns.values()]
        listed = ", ".join(f'"{name}"' for name in names)
        # By hand, because two thousand parameters cost the ORM more than the database; the names are our own.
        sql = (
            f'SELECT {listed} FROM "{self.model._meta.db_table}"'  # noqa: S608 # nosec B608 # our names; values are parameters
            f" WHERE organization_id = %s AND source = %s AND external_id = ANY(%s) ORDER BY id"
        )
        with connection.cursor() as cursor:
            cursor.execute(
                f"{sql} FOR UPDATE" if lock else sql, [context.organization.pk, context.source, list(set(keys))]
            )
            found = {str(row[1]): dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
        for columns in found.values():
            columns |= {name: json.loads(columns[name]) for name in self.json_columns}
        return found

    # --- links to rows of the same table --------------------------------------------------------------------------

    def compare_links(self, context: ImportContext, records: Sequence[ImportRecord]) -> list[Comparison]:
        """What writing the links would do; a link to a row without a record yet counts when it is written."""
        existing = self._existing(context, [record.key for record in records], lock=False)
        result = []
        for record in records:
            old = existing.get(record.key)
            if old is None:
                result.append(Comparison(is_new=True))
                continue
            wanted = self._links_of(record, old)
            result.append(
                Comparison(
                    is_new=False,
                    changes={name: (str(old[name] or ""), str(value)) for name, value in wanted.items()},
                )
            )
        return result

    def write_links(self, context: ImportContext, records: Sequence[ImportRecord]) -> Written:
        """Set the references of the rows to rows of the same table."""
        existing = self._existing(context, [record.key for record in records], lock=True)
        result = Written()
        for record in records:
            old = existing.get(record.key)
            wanted = self._links_of(record, old) if old is not None else {}
            if old is None or not wanted:
                result.unchanged += 1
                continue
            self.model._default_manager.filter(pk=old["id"], organization_id=context.organization.pk).update(**wanted)
            result.updated += 1
            result.before.append({"id": str(old["id"]), **{name: json_form(old[name]) for name in wanted}})
        return result

    def _links_of(self, record: ImportRecord, old: Columns) -> dict[str, UUID]:
        found = {}
        for name, column in self.link_columns.items():
            wanted = record.references.get(name)
            # A record is never its own parent: files of head offices say so.
            if wanted is not None and wanted not in (old[column], old["id"]):
                found[column] = wanted
        return found

    # --- taking back ----------------------------------------------------------------------------------------------

    def undo(self, context: ImportContext, written: WrittenBefore) -> Undone:
        """Remove what is new and restore what was changed, but for what others have changed since."""
        done = TableUndo(
            organization=context.organization,
            model=self.model,
            columns=[*self.columns, *self.link_columns.values()],
            json_columns=self.json_columns,
            name_column=self.name_column,
            removal=self.removal(context),
            task=written.task,
            own=written.own_tasks,
            words={one.model: one.label.lower() for one in targets() if isinstance(one, RecordTarget)},
            written_at=written.written_at,
            now=context.now,
        ).undo(created=written.created, before=written.before)
        self.undone(context, done)
        return done

    def removal(self, context: ImportContext) -> Columns:
        """The columns that say that a record is gone."""
        return {"deleted_at": context.now}

    def undone(self, context: ImportContext, done: Undone) -> None:
        """Do what follows from removed and restored records, such as their history."""

    # --- references to this target --------------------------------------------------------------------------------

    def find(self, *, organization: Organization, source: str, texts: Collection[str]) -> dict[str, list[Found]]:
        """Records by external id of the source (their own id or their natural key), and by name."""
        result: dict[str, list[Found]] = {}
        by_key: dict[str, list[str]] = {}
        by_name: dict[str, list[str]] = {}
        for text in texts:
            by_name.setdefault(name_key(text), []).append(text)
            for key in {text, name_key(text)}:
                by_key.setdefault(key, []).append(text)
        # Two index scans: one query with OR would read the whole organisation.
        for row in self._rows("source = %s AND external_id = ANY(%s)", organization, [source, list(by_key)]):
            for text in by_key.get(row[1], []):
                result.setdefault(text, []).append(Found(row[0], row[3], by_id=True, same_source=True))
        names = [tidy(text) for text in texts]
        in_names = " = ANY(ARRAY(SELECT lower(t) FROM unnest(%s::text[]) t))"
        for row in self._rows(self._name_key_sql() + in_names, organization, [names]):
            for text in by_name.get(name_key(row[3]), []):
                result.setdefault(text, []).append(Found(row[0], row[3], same_source=row[2] == source))
        return result

    def _name_key_sql(self) -> str:
        return f'"{self.name_key_column}"' if self.name_key_column else f'lower("{self.name_column}")'

    def _rows(self, condition: str, organization: Organization, parameters: list[Any]) -> list[tuple[Any, ...]]:
        alive = " AND deleted_at IS NULL" if self.has_deleted else ""
        # The names are those of our own columns.
        sql = (
            f'SELECT id, external_id, source, "{self.name_column}" FROM "{self.model._meta.db_table}"'  # noqa: S608 # nosec B608 # our names; values are parameters
            f" WHERE organization_id = %s AND {condition}{alive}"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [organization.pk, *parameters])
            return list(cursor.fetchall())

    def names(self, *, organization: Organization, limit: int) -> list[str]:
        """Names of existing records."""
        rows = self.model._default_manager.filter(organization_id=organization.pk)
        if self.has_deleted:
            rows = rows.filter(deleted_at=None)
        return [str(name) for name in rows.values_list(self.name_column, flat=True)[:limit]]

    # --- words ----------------------------------------------------------------------------------------------------

    def value_text(self, column: str, value: Any, columns: Columns) -> str:
        """A value as the review shows it; references keep their id until :meth:`describe` names them."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, datetime):
            return value.strftime("%-d %b %Y %H:%M")
        if isinstance(value, date):
            return value.strftime("%-d %b %Y")
        if isinstance(value, Decimal):
            return f"{value.normalize():f}"
        return str(value)

    def describe(
        self, *, organization: Organization, changes: Sequence[Mapping[str, Sequence[str]]]
    ) -> list[list[ChangeText]]:
        """The changes in words, with the names of what references point at."""
        names = self._reference_names(organization, changes)
        return [
            [
                ChangeText(self._label(column), names.get(old, old), names.get(new, new))
                for column, (old, new) in change.items()
                if column in self.labels or column in self.link_columns.values() or is_custom(column)
            ]
            for change in changes
        ]

    def _label(self, column: str) -> str:
        if column in self.labels:
            return self.labels[column]
        if is_custom(column):
            return key_of(column).replace("_", " ").capitalize()
        for name, link in self.link_columns.items():
            if link == column and (found := self.field_named(name)) is not None:
                return found.label
        return column

    def _reference_names(
        self, organization: Organization, changes: Iterable[Mapping[str, Sequence[str]]]
    ) -> dict[str, str]:
        wanted: dict[type[models.Model], set[str]] = {}
        for change in changes:
            for column, pair in change.items():
                if not column.endswith("_id"):
                    continue
                related = self.model._meta.get_field(column.removesuffix("_id")).related_model
                if isinstance(related, type):
                    wanted.setdefault(related, set()).update(text for text in pair if text)
        names: dict[str, str] = {}
        for related, ids in wanted.items():
            rows = related._default_manager.filter(organization_id=organization.pk, pk__in=ids)
            names |= {str(row.pk): str(getattr(row, "name", row)) for row in rows}
        return names
