"""Removing what imports no longer need: the files as they came, the rows in between, and the way back."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum

from integrations.models import (
    Import,
    ImportBatch,
    ImportChunk,
    ImportFile,
    ImportFilePart,
    ImportRow,
    ImportState,
)
from tenancy.models import Organization

AT_WORK = (ImportState.MAPPED, ImportState.COMMITTING, ImportState.UNDOING)
AT_ONCE = 50


def purge_imports(*, organization: Organization, now: datetime) -> tuple[int, int]:
    """Remove the files of old imports; return how many imports and bytes. In the caller's transaction; safe to repeat.

    What an import did stays told: its files by name, its counts and causes. It cannot be undone any more.
    """
    until = now - timedelta(days=settings.IMPORT_KEPT_DAYS)
    old = Import.objects.for_organization(organization).filter(created_at__lt=until, purged_at=None)
    old = old.exclude(state__in=AT_WORK).exclude(committed_at__gte=until)
    ids = list(old.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])
    files = ImportFile.objects.for_organization(organization).filter(import_set__in=ids)
    size = files.aggregate(total=Sum("size"))["total"] or 0
    for model in (ImportFilePart, ImportBatch, ImportRow):
        model.objects.for_organization(organization).filter(import_file__import_set__in=ids).delete()
    files.update(sample=[], edits={}, found_values={}, check_state={}, progress=[])
    chunks = ImportChunk.objects.for_organization(organization).filter(import_file__import_set__in=ids)
    chunks.update(before=[], created=[], left=[])
    begun = (ImportState.UPLOADED, ImportState.CHECKED)
    imports = Import.objects.for_organization(organization).filter(pk__in=ids)
    imports.filter(state__in=begun).update(state=ImportState.CANCELLED)
    imports.update(purged_at=now)
    return len(ids), int(size)
