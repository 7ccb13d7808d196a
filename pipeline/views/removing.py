"""Deleting a record and taking it back: no question before, an Undo after."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline import operations
from pipeline.models import CrmRecord
from pipeline.operations import StaleVersion, UnableToRestore, noted_changes
from pipeline.views.undo import open_step_of, undo_offer, undo_url
from tenancy.http import MemberRequest


def address(request: MemberRequest, name: str, *args: UUID) -> str:
    """Return the address of one of this organisation's pages."""
    return reverse(f"pipeline:{name}", args=[request.organization.slug, *args])


def remove(request: MemberRequest, *, record: CrmRecord, list_url: str, page_url: str) -> HttpResponse:
    """Delete the record and go to its list, which offers to take it back."""
    try:
        with noted_changes() as noted:
            operations.delete_record(
                organization=request.organization,
                record=record,
                version=_seen_version(request),
                actor=request.member,
                deleted_at=timezone.now(),
            )
    except StaleVersion:
        detail = _("Somebody changed this meanwhile, so it was not deleted. Look at it again first.")
        return render(request, "errors/409.html", {"detail": detail, "back_url": page_url}, status=409)
    undo_offer(request, _("%s was deleted.") % record, noted, page=page_url)
    return redirect(f"{list_url}?deleted={record.pk}")


def bring_back(request: MemberRequest, *, record: CrmRecord, list_url: str, page_url: str) -> HttpResponse:
    """Take a deletion back and go to the record."""
    try:
        operations.restore_record(
            organization=request.organization,
            record=record,
            version=record.version,
            actor=request.member,
            restored_at=timezone.now(),
        )
    except UnableToRestore as error:
        messages.warning(request, str(error))
        return redirect(list_url)
    messages.success(request, _("%s is back.") % record)
    return redirect(page_url)


@dataclass(frozen=True)
class JustDeleted:
    """A record that was deleted a moment ago, and the address that takes that back."""

    record: CrmRecord
    url: str


def just_deleted(request: MemberRequest, deleted: QuerySet[CrmRecord], kind: str) -> JustDeleted | None:
    """Return what was deleted a moment ago, as the list's address says; None when it says nothing."""
    try:
        record_id = UUID(request.GET.get("deleted", ""))
    except ValueError:
        return None
    record = deleted.filter(pk=record_id).first()
    if record is None:
        return None
    token = open_step_of(request, record_id)
    # After the minutes of Undo there are still the days in which a deletion can be taken back.
    return JustDeleted(record, undo_url(request, token) if token else address(request, f"{kind}-restore", record_id))


def _seen_version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() else 0
