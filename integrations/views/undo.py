"""Taking a whole import back: asked once more before, told in full afterwards."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from integrations import queries
from integrations.exports.log import record_export
from integrations.exports.spreadsheet import csv_response
from integrations.operations.undoing import UnableToUndo, request_undo
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.onlookers import gives_files


@member_can(Action.IMPORT_RECORDS)
@require_http_methods(["GET", "POST"])
def import_undo(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Say what would be taken back; POST has a worker do it."""
    made = get_object_or_404(queries.imports_with_files(organization=request.organization), pk=import_id)
    to_progress = redirect("integrations:import-progress", organization=request.organization.slug, import_id=made.pk)
    if request.method == "GET":
        if not made.can_be_undone:
            return to_progress
        written = queries.written_totals(organization=request.organization, made=made)
        return render(request, "integrations/import_undo.html", {"made": made, "written": written})
    try:
        request_undo(organization=request.organization, made=made, requested_by=request.member, now=timezone.now())
    except UnableToUndo as refusal:
        undo_changes(request)
        messages.error(request, str(refusal))
    return to_progress


@member_can(Action.IMPORT_RECORDS)
@gives_files
@require_GET
def import_left(request: MemberRequest, import_id: UUID) -> HttpResponseBase:
    """Download the records that an undo has left as they are, each with its reason."""
    made = get_object_or_404(queries.imports_with_files(organization=request.organization), pk=import_id)
    organization = request.organization

    record_export(
        organization=organization,
        member=request.member,
        what="records left by an undo",
        exported_at=timezone.now(),
        rows=queries.written_totals(organization=organization, made=made)["left"],
    )

    def rows() -> Iterator[list[Sequence[Any]]]:
        for name, left in queries.left_records(organization=organization, import_id=made.pk):
            yield [(name, one["id"], one["name"], one["why"], one.get("at", "")) for one in left]

    return csv_response("left-by-undo.csv", ["File", "Record", "Name", "Why it was left", "Changed at"], rows())
