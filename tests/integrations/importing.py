"""How tests import: the steps of the page in one call, with the work of the worker done in place."""

from datetime import UTC, datetime

from integrations.models import Import
from integrations.operations.checking import check_import, request_check
from integrations.operations.committing import commit_import, request_commit
from integrations.operations.uploads import Upload, start_import
from tenancy.scoping import organization_scope

NOW = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)


def upload(organization, files, *, source="csv", by=None, now=NOW, mapping=""):
    """Upload files (name → text or bytes) and return the import."""
    uploads = [
        Upload(name, [content if isinstance(content, bytes) else content.encode()]) for name, content in files.items()
    ]
    with organization_scope(organization):
        return start_import(
            organization=organization,
            uploads=uploads,
            source_name=source,
            requested_by=by,
            now=now,
            mapping_name=mapping,
        )


def check(organization, made, *, now=NOW):
    """Check all rows by the mapping as it is."""
    with organization_scope(organization):
        made = Import.objects.get(pk=made.pk)
        request_check(organization=organization, made=made, queue=False)
    check_import(organization=organization, import_id=made.pk, now=now)
    return reload(organization, made)


def commit(organization, made, *, now=NOW):
    """Write what was checked."""
    with organization_scope(organization):
        made = Import.objects.get(pk=made.pk)
        request_commit(organization=organization, made=made, requested_by=None, now=now, queue=False)
    commit_import(organization=organization, import_id=made.pk, now=now)
    return reload(organization, made)


def reload(organization, made):
    """The import with its files, as the database has it now."""
    with organization_scope(organization):
        return Import.objects.prefetch_related("files").get(pk=made.pk)


def files_of(made):
    """The files of a loaded import by name."""
    return {found.name: found for found in made.files.all()}


def change_file(organization, made, name, **values):
    """Set what a person would set on the mapping page."""
    with organization_scope(organization):
        found = made.files.get(name=name)
        for key, value in values.items():
            setattr(found, key, value)
        found.save()
        return found
