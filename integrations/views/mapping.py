"""Mapping the columns of an import's files, and mending what the check found."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from integrations import queries
from integrations.forms import (
    DELIMITERS,
    ENCODINGS,
    MendedRowsForm,
    sent_cells,
    sent_format,
    sent_rules,
    sent_values,
)
from integrations.imports.file_kind import UnreadableFile
from integrations.imports.targets import target_or_none, targets
from integrations.models import Import, ImportFile
from integrations.operations import mapping
from integrations.operations.checking import UnableToChange
from integrations.operations.file_settings import rules_of
from integrations.operations.mended_rows import take_mended_rows
from integrations.operations.progress import progress_of
from integrations.operations.summary import open_decisions
from integrations.operations.uploads import format_of
from integrations.operations.values import value_questions
from integrations.views.column_rows import CUSTOM_KINDS, cause_lines, column_rows, format_words, preview_lines
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes


@member_can(Action.IMPORT_RECORDS)
@require_http_methods(["GET", "POST"])
def import_page(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Map the columns of one file and see its problems; POST saves the mapping and has the rows checked."""
    made = _get_import(request, import_id)
    if not made.is_open:
        return redirect("integrations:import-progress", organization=request.organization.slug, import_id=made.pk)
    found = _get_file(request, made)
    if request.method == "POST":
        return _changed(request, made, found, lambda: _save_mapping(request, made, found))
    return render(request, "integrations/import.html", _page(request, made, found))


@member_can(Action.IMPORT_RECORDS)
@require_POST
def import_fix(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """One answer to one cause of problems, or a change of how the file is read."""
    made = _get_import(request, import_id)
    found = _get_file(request, made)
    return _changed(request, made, found, lambda: _apply_fix(request, made, found))


@member_can(Action.IMPORT_RECORDS)
@require_http_methods(["GET", "POST"])
def import_rows(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Rows with problems one by one, their cells editable; POST takes the cells."""
    made = _get_import(request, import_id)
    found = _get_file(request, made)
    if request.method == "POST":
        cells = sent_cells(request.POST)
        return _changed(
            request,
            made,
            found,
            lambda: mapping.edit_cells(organization=request.organization, made=made, import_file=found, cells=cells),
        )
    return render(request, "integrations/import_rows.html", _rows_page(request, made, found))


@member_can(Action.IMPORT_RECORDS)
@require_POST
def import_mend(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Take held-back rows that were mended in a spreadsheet."""
    made = _get_import(request, import_id)
    found = _get_file(request, made)
    form = MendedRowsForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, _("Choose the file with the mended rows."))
        return _back(request, made, found)

    def take() -> None:
        content = form.cleaned_data["mended"].read()
        count = take_mended_rows(organization=request.organization, made=made, import_file=found, content=content)
        if count:
            messages.success(
                request, ngettext("%(count)d row is mended.", "%(count)d rows are mended.", count) % {"count": count}
            )
        else:
            messages.warning(request, _("No row in this file differs from what is held back here."))

    return _changed(request, made, found, take)


def _get_import(request: MemberRequest, import_id: UUID) -> Import:
    made: Import = get_object_or_404(queries.imports_with_files(organization=request.organization), pk=import_id)
    return made


def _get_file(request: MemberRequest, made: Import) -> ImportFile:
    files = made.uploaded_files()
    wanted = request.POST.get("file") or request.GET.get("file") or ""
    if wanted:
        for found in files:
            if str(found.position) == wanted:
                return found
        raise Http404
    return next((found for found in files if _wants_attention(found)), None) or next(
        (found for found in files if found.is_used), files[0]
    )


def _wants_attention(found: ImportFile) -> bool:
    return found.is_used and bool(found.count("held") or not found.is_target_sure)


def _changed(request: MemberRequest, made: Import, found: ImportFile, change: Any) -> HttpResponse:
    """Make a change and go back to the page; say why if it cannot be made."""
    try:
        change()
    except (UnableToChange, UnreadableFile, ValueError) as refusal:
        undo_changes(request)
        context = _page(request, made, found)
        context["refusal"] = str(refusal)
        return render(request, "integrations/import.html", context, status=422)
    return _back(request, made, found)


def _back(request: MemberRequest, made: Import, found: ImportFile) -> HttpResponse:
    url = reverse("integrations:import", kwargs={"organization": request.organization.slug, "import_id": made.pk})
    return HttpResponseRedirect(f"{url}?file={found.position}")


def _save_mapping(request: MemberRequest, made: Import, found: ImportFile) -> None:
    target = request.POST.get("target", found.target)
    if target != found.target:
        mapping.change_target(organization=request.organization, made=made, import_file=found, target_name=target)
        return
    found.is_target_sure = True
    found.save(update_fields=["is_target_sure"])
    questions = value_questions(organization=request.organization, import_file=found)
    mapping.change_rules(
        organization=request.organization,
        made=made,
        import_file=found,
        rules=sent_rules(request.POST, rules_of(found)),
        value_map=sent_values(request.POST, questions, found.value_map),
    )


def _apply_fix(request: MemberRequest, made: Import, found: ImportFile) -> None:
    data = request.POST
    organization, header, value = request.organization, data.get("header", ""), data.get("value", "")
    match data.get("fix"):
        case "date_order" | "decimal_mark" as name:
            mapping.change_column(
                organization=organization, made=made, import_file=found, header=header, **{name: value}
            )
        case "empty" | "digits" as rule:
            mapping.change_column(
                organization=organization, made=made, import_file=found, header=header, unreadable=rule
            )
        case "replace":
            mapping.replace_value(
                organization=organization,
                made=made,
                import_file=found,
                header=header,
                text=value,
                meant=data.get("meant", ""),
            )
        case "alias":
            mapping.save_alias(
                organization=organization,
                made=made,
                target=_target_of(found, header),
                text=value,
                name=data.get("meant", ""),
            )
        case "fill_short_rows":
            mapping.change_format(
                organization=organization, made=made, import_file=found, changes={"fill_short_rows": True}
            )
        case "format":
            mapping.change_format(organization=organization, made=made, import_file=found, changes=sent_format(data))
        case _:
            raise UnableToChange(_("This fix does not exist."))


def _target_of(found: ImportFile, header: str) -> str:
    target = target_or_none(found.target)
    rule = next((rule for rule in rules_of(found) if rule.header == header), None)
    field = target.field_of(rule) if target is not None and rule is not None else None
    if field is None or not field.refers_to:
        raise UnableToChange(_("This column names no other record."))
    return field.refers_to


def _page(request: MemberRequest, made: Import, found: ImportFile) -> dict[str, Any]:
    target = target_or_none(found.target)
    rows = column_rows(found)
    causes = cause_lines(found)
    questions = value_questions(organization=request.organization, import_file=found)
    decisions = open_decisions(organization=request.organization, made=made) if made.is_checked else []
    context = {
        "made": made,
        "file": found,
        "files": made.uploaded_files(),
        "progress": progress_of(made),
        "target": target,
        "targets": targets(),
        "format": format_of(found),
        "format_words": format_words(found) if not found.refusal else "",
        "encodings": ENCODINGS,
        "delimiters": DELIMITERS,
        "columns": rows,
        "custom_kinds": CUSTOM_KINDS,
        "mapped_count": sum(1 for row in rows if row.rule.field and not row.is_guess),
        "guess_count": sum(1 for row in rows if row.is_guess),
        "skipped_count": sum(1 for row in rows if not row.rule.field),
        "questions": questions,
        "causes": [cause for cause in causes if not cause.is_warning],
        "warnings": [cause for cause in causes if cause.is_warning],
        "totals": queries.totals_of(made),
        "decisions": decisions,
        "step": 2,
    }
    if target is not None and found.counts:
        wanted = request.GET.get("row", "0")
        number = int(wanted) if wanted.isdigit() else 0
        row = queries.preview_row(organization=request.organization, import_file=found, number=number)
        if row is not None:
            context["preview"] = row
            context["preview_lines"] = preview_lines(found, row.cells, row.values)
    return context


def _rows_page(request: MemberRequest, made: Import, found: ImportFile) -> dict[str, Any]:
    column, code = request.GET.get("column", ""), request.GET.get("code", "")
    after = request.GET.get("after", "")
    page = queries.problem_rows(
        organization=request.organization,
        import_file=found,
        column=column,
        code=code,
        after=int(after) if after.isdigit() else -1,
    )
    headers = list(found.headers)
    return {
        "made": made,
        "file": found,
        "files": made.uploaded_files(),
        "rows": [
            {
                "row": row,
                "reasons": [problem for problem in row.problems if not problem.get("is_warning")] or row.problems,
                "cells": [
                    {"index": index, "header": header, "text": row.raw[index] if index < len(row.raw) else ""}
                    for index, header in enumerate(headers)
                    if _is_shown(row.problems, header, found.rules[index])
                ],
            }
            for row in page.rows
        ],
        "next": page.next_number,
        "column": column,
        "code": code,
        "step": 2,
        "totals": queries.totals_of(made),
    }


def _is_shown(problems: list[dict[str, Any]], header: str, rule: dict[str, Any]) -> bool:
    wrong = {problem.get("column", "") for problem in problems}
    # A problem of the whole row shows all the columns that go somewhere.
    return header in wrong or ("" in wrong and bool(rule.get("field")))
