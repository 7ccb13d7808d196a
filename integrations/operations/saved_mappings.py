"""The meaning of a file's columns, kept for the next file with the same columns."""

from collections.abc import Sequence

from django.utils import timezone

from integrations.imports.fields import ColumnRule
from integrations.imports.inspection import fingerprint
from integrations.models import ImportFile, SavedMapping
from tenancy.models import Organization

KEPT_FORMAT = ("repair_text", "fill_short_rows")


def find_saved_mapping(*, organization: Organization, headers: Sequence[str], name: str = "") -> SavedMapping | None:
    """The mapping saved last for files with these columns, of that name if one is given."""
    rows = SavedMapping.objects.for_organization(organization).filter(fingerprint=fingerprint(headers))
    if name:
        rows = rows.filter(name=name)
    found: SavedMapping | None = rows.order_by("-updated_at").first()
    return found


def apply_saved_mapping(*, import_file: ImportFile, saved: SavedMapping) -> None:
    """Give a file the saved meaning of its columns, matched by their names."""
    by_header = {str(rule["header"]).casefold(): rule for rule in saved.rules}
    import_file.target, import_file.is_target_sure = saved.target, True
    import_file.mapping_name = saved.name
    import_file.value_map = saved.value_map
    import_file.rules = [
        {**by_header.get(str(header).casefold(), {}), "header": header} for header in import_file.headers
    ]
    settings = {name: saved.format[name] for name in KEPT_FORMAT if name in saved.format}
    import_file.format = {**import_file.format, **settings}


def save_mapping(*, organization: Organization, import_file: ImportFile, source: str, name: str) -> SavedMapping:
    """Keep the meaning of a file's columns under a name, for the next file with the same columns."""
    kept, _ = SavedMapping.objects.update_or_create(
        organization=organization,
        name=name,
        fingerprint=fingerprint(import_file.headers),
        defaults={
            "target": import_file.target,
            "source": source,
            "format": {key: import_file.format.get(key) for key in KEPT_FORMAT},
            "rules": [{**ColumnRule.from_json(rule).as_json(), "is_sure": True} for rule in import_file.rules],
            "value_map": import_file.value_map,
            "updated_at": timezone.now(),
        },
    )
    found: SavedMapping = kept
    return found
