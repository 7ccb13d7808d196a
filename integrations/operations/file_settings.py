"""What checking and committing a file share: its target, parser, references and context."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from integrations.imports.column_profile import Reading, read_columns
from integrations.imports.custom_columns import is_custom, with_custom_fields
from integrations.imports.fields import ColumnRule, FieldType
from integrations.imports.inspection import read_rows
from integrations.imports.reference_index import ReferenceIndex
from integrations.imports.row_parser import RowParser
from integrations.imports.targets import ImportContext, ImportTarget, target_named, target_or_none, targets
from integrations.imports.values import name_key
from integrations.models import Import, ImportFile, SavedAlias
from integrations.operations.batches import CalledBy, batches_of
from integrations.operations.stored_files import opener_of
from integrations.operations.uploads import format_of
from tenancy.models import Organization

SUGGESTED_FROM = 5_000


def files_in_order(made: Import) -> list[ImportFile]:
    """The files that go somewhere, those that others refer to first."""
    order = {target.name: position for position, target in enumerate(targets())}
    used = [found for found in made.uploaded_files() if found.is_used and found.target in order]
    return sorted(used, key=lambda found: (order[found.target], found.position))


def rules_of(import_file: ImportFile) -> list[ColumnRule]:
    """The rules of the file's columns."""
    return [ColumnRule.from_json(rule) for rule in import_file.rules]


def has_links(import_file: ImportFile) -> bool:
    """Whether a column of the file refers to rows of its own kind."""
    links = target_named(import_file.target).links
    return any(rule.field in links for rule in rules_of(import_file))


def edits_of(import_file: ImportFile) -> dict[int, dict[int, str]]:
    """Cells that a person changed: line to column index to text."""
    return {
        int(line): {int(index): str(text) for index, text in cells.items()} for line, cells in import_file.edits.items()
    }


def read_file_columns(*, organization: Organization, import_file: ImportFile) -> list[Reading]:
    """How to read each column, from all the rows of the file."""
    target = target_named(import_file.target)
    rules = rules_of(import_file)
    types = {found.name: found.type for found in with_custom_fields(target.fields, rules)}
    opener = opener_of(organization=organization, file_id=import_file.pk)
    rows = (record.cells for record in read_rows(opener, format_of(import_file)))
    return read_columns(rows, rules, types)


def parser_of(
    *, organization: Organization, made: Import, import_file: ImportFile, readings: Sequence[Reading], today: date
) -> RowParser:
    """The parser of the file's rows."""
    target, rules = target_named(import_file.target), rules_of(import_file)
    return RowParser(
        fields=with_custom_fields(target.fields, rules),
        rules=rules,
        readings=readings,
        zone=ZoneInfo(organization.time_zone),
        today=today,
        currency=made.currency,
        fill_short_rows=format_of(import_file).fill_short_rows,
        edits=edits_of(import_file),
        finish=target.finish,
    )


def context_of(
    *, organization: Organization, made: Import, import_file: ImportFile, now: datetime, create: bool
) -> ImportContext:
    """What every row of the file shares. With `create`, values that a person decided to add are added."""
    target = target_named(import_file.target)
    mapped: dict[str, dict[str, Any]] = {}
    for found in target.fields:
        if found.type is FieldType.MAPPED:
            decisions = import_file.value_map.get(found.name, {})
            mapped[found.name] = {
                name_key(text): value
                for text, value in target.mapped_values(
                    organization=organization, found=found, value_map=decisions, create=create
                ).items()
            }
    custom = tuple(rule for rule in rules_of(import_file) if is_custom(rule.field))
    if create and custom:
        target.define_custom(organization=organization, rules=custom, now=now)
    return ImportContext(
        organization=organization,
        source=made.source,
        currency=made.currency,
        zone=ZoneInfo(organization.time_zone),
        now=now,
        earliest_at=made.earliest_at,
        latest_at=made.latest_at,
        empty_clears=made.empty_clears,
        actor=made.requested_by,
        mapped=mapped,
        custom=custom,
    )


def references_of(*, organization: Organization, made: Import, with_rows: bool) -> ReferenceIndex:
    """Resolves references; `with_rows` also among the checked rows of the set, which have no records yet."""
    aliases: dict[str, dict[str, str]] = {}
    for target, key, name in (
        SavedAlias.objects.for_organization(organization).values_list("target", "text_key", "name").order_by("id")
    ):
        aliases.setdefault(target, {})[key] = name
    if not with_rows:
        return ReferenceIndex(organization, made.source, aliases)
    rows = _SetRows(organization, made)
    return ReferenceIndex(organization, made.source, aliases, rows.known, rows.names)


class _SetRows:
    """The rows of an import's own files, as targets of references."""

    def __init__(self, organization: Organization, made: Import) -> None:
        self.organization = organization
        self.files: dict[str, list[ImportFile]] = {}
        self.called: dict[str, CalledBy] = {}
        for found in made.uploaded_files():
            self.files.setdefault(found.target, []).append(found)

    def known(self, target: str, texts: Collection[str]) -> set[str]:
        files, known = self.files.get(target), target_or_none(target)
        if not files or known is None:
            return set()
        if target not in self.called:
            self.called[target] = CalledBy(organization=self.organization, files=files, target=known)
        called = self.called[target]
        return {text for text in texts if text in called or name_key(text) in called}

    def names(self, target: str) -> Iterable[str]:
        batches = (
            rows
            for found in self.files.get(target, [])
            for rows in batches_of(organization=self.organization, file_id=found.pk)
        )
        names = (str(row.values["name"]) for rows in batches for row in rows if row.values.get("name"))
        return list(islice(names, SUGGESTED_FROM))


def reference_texts(target: ImportTarget, values: dict[str, Any], *, links: bool) -> dict[str, tuple[str, str]]:
    """The references of a row: field to (target, text); its links to rows of its own kind, or the others."""
    return {
        found.name: (found.refers_to, str(values[found.name]))
        for found in target.references
        if values.get(found.name) and (found.name in target.links) is links
    }
