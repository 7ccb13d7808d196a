"""Taking files in: each is looked at, kept, and given a target and a mapping that a person can change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Sum

from integrations.imports.fields import ColumnRule
from integrations.imports.file_kind import UnreadableFile
from integrations.imports.inspection import MAX_FILES, FileFormat, Inspection, inspect_file
from integrations.imports.suggestions import known_headers, suggest_columns, suggest_target
from integrations.imports.targets import target_or_none, targets
from integrations.models import Import, ImportFile
from integrations.operations.saved_mappings import apply_saved_mapping, find_saved_mapping
from integrations.operations.stored_files import opener_of, store_bytes
from tenancy.events import record_event
from tenancy.models import Member, Organization

FORMATS = {"csv": "CSV", "salesforce": "Salesforce", "hubspot": "HubSpot"}
KEPT_SAMPLE_ROWS = 30


class UnableToUpload(Exception):
    """The upload cannot be taken; the message says why."""


@dataclass(frozen=True)
class Upload:
    """A file as it came: its name and its content in pieces."""

    name: str
    pieces: Iterable[bytes]


def start_import(
    *,
    organization: Organization,
    uploads: Sequence[Upload],
    source_name: str,
    requested_by: Member | None,
    now: datetime,
    file_format: str = "csv",
    mapping_name: str = "",
) -> Import:
    """Keep the files and suggest what they are. A file that cannot be read is kept by name with what to do about it.

    Inside the caller's transaction.

    :raises UnableToUpload: without any file, with too many, or when earlier files fill the organisation's room.
    """
    if not uploads:
        raise UnableToUpload("Choose at least one file.")
    if len(uploads) > MAX_FILES:
        raise UnableToUpload(f"{len(uploads)} files were chosen; {MAX_FILES} can be imported at once.")
    kept = kept_bytes(organization=organization)
    if kept > settings.IMPORT_QUOTA_MB * 1024 * 1024:
        raise UnableToUpload(
            f"The files of earlier imports take {kept // 1024 // 1024:,} MB, which is all that an organisation may "
            f"keep. They are removed after {settings.IMPORT_KEPT_DAYS} days. Ask whoever runs this installation for "
            "more room."
        )
    made = Import.objects.create(
        organization=organization,
        source=source_code(source_name or file_format),
        format=file_format,
        currency=organization.currency,
        requested_by=requested_by,
        created_at=now,
    )
    sources = [
        _take_file(made=made, position=position, upload=upload, mapping_name=mapping_name)
        for position, upload in enumerate(uploads)
    ]
    known = next(filter(None, sources), "")
    if known and not source_name:
        # Files with the columns of an earlier import come from where those came from, and match its records.
        made.source = known
        made.save(update_fields=["source"])
    record_event(
        organization=organization,
        type="import.uploaded",
        subject=made,
        actor=requested_by,
        occurred_at=now,
        source=made.source,
        payload={"files": [upload.name for upload in uploads]},
    )
    return made


def kept_bytes(*, organization: Organization) -> int:
    """How much the uploaded files of an organisation take."""
    files = ImportFile.objects.for_organization(organization).filter(import_set__purged_at=None, refusal="")
    return int(files.aggregate(total=Sum("size"))["total"] or 0)


def source_code(name: str) -> str:
    """The source of records that come from a system of this name: ``import:csv``."""
    word = "-".join(name.casefold().split())[:60] or "csv"
    return f"import:{word}"


def _take_file(*, made: Import, position: int, upload: Upload, mapping_name: str) -> str:
    """Keep one file; return the source of the saved mapping that fits it, if there is one."""
    found = ImportFile(
        organization_id=made.organization_id,
        import_set=made,
        position=position,
        name=upload.name[:200],
        size=0,
        sha256="",
    )
    found.save()
    try:
        store_bytes(import_file=found, pieces=upload.pieces)
        return inspect_stored_file(import_file=found, made=made, mapping_name=mapping_name)
    except UnreadableFile as refusal:
        found.parts.all().delete()
        found.refusal = refusal.message
        found.save(update_fields=["refusal"])
    return ""


def inspect_stored_file(*, import_file: ImportFile, made: Import, mapping_name: str = "") -> str:
    """Look at a stored file and suggest its target and mapping; return the source of a saved mapping that fits.

    :raises UnreadableFile: when it is no table.
    """
    known = [target.words for target in targets()]
    opener = opener_of(organization=made.organization, file_id=import_file.pk)
    found = inspect_file(opener, is_known_header=known_headers(known))
    _keep_inspection(import_file, found)
    saved = find_saved_mapping(organization=made.organization, headers=found.headers, name=mapping_name)
    if saved is not None:
        apply_saved_mapping(import_file=import_file, saved=saved)
    else:
        suggestion = suggest_target(found.headers, found.sample, known, import_file.name)
        import_file.target, import_file.is_target_sure = suggestion.target, suggestion.is_sure
        import_file.rules = [rule.as_json() for rule in suggestion.rules]
    import_file.save()
    return saved.source if saved is not None else ""


def _keep_inspection(import_file: ImportFile, found: Inspection) -> None:
    import_file.format = found.format.as_json()
    import_file.headers = list(found.headers)
    import_file.sample = [[cell[:200] for cell in cells] for cells in found.sample[:KEPT_SAMPLE_ROWS]]
    import_file.notes = list(found.notes)
    import_file.row_count = found.row_count


def suggest_rules(*, import_file: ImportFile, target_name: str) -> list[ColumnRule]:
    """Rules for another target than the suggested one."""
    target = target_or_none(target_name)
    if target is None:
        return [ColumnRule(header) for header in import_file.headers]
    return list(suggest_columns(import_file.headers, import_file.sample, target.words))


def format_of(import_file: ImportFile) -> FileFormat:
    """How the file is written, as detected or as a person changed it."""
    return FileFormat.from_json(import_file.format)
