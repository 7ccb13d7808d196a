"""What every form page does: keep what was typed, say what is wrong, and settle it when somebody was faster."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from pipeline.forms.record import RecordForm
from pipeline.models import CrmRecord
from pipeline.operations import (
    StaleVersion,
    UnableToChangeInquiry,
    UnableToLogActivity,
    UnableToMoveStage,
    UnableToNestAccount,
)
from pipeline.queries.changes import last_change
from tenancy.http import MemberRequest

UNABLE = (UnableToChangeInquiry, UnableToLogActivity, UnableToMoveStage, UnableToNestAccount)


@dataclass(frozen=True)
class FormPage:
    """What a form page says around its form."""

    title: str
    save_word: str
    list_name: str
    list_url: str
    back_url: str
    template: str = "pipeline/record_form.html"
    extra: Mapping[str, Any] = field(default_factory=dict)


def answer_form(
    request: MemberRequest,
    *,
    page: FormPage,
    make_form: Callable[..., RecordForm],
    initial: Mapping[str, Any],
    values: Callable[[Any], Mapping[str, Any]],
    save: Callable[[RecordForm], str],
    also_valid: Callable[[], bool] = lambda: True,
) -> HttpResponse:
    """Show the form, or save what was typed and go to the address that `save` returns.

    What was typed is never lost: 422 with the errors, 409 with both values where somebody else was faster.
    """
    if request.method != "POST":
        return _show(request, page, make_form(initial=initial), status=200)
    form = make_form(data=request.POST)
    is_valid, others_valid = form.is_valid(), also_valid()
    if not is_valid or not others_valid:
        return _show(request, page, form, status=422)
    try:
        with transaction.atomic():
            return redirect(save(form))
    except StaleVersion as stale:
        return _settle(request, page, form, stale.current, make_form, values)
    except UNABLE as error:
        form.add_error(None, str(error))
        return _show(request, page, form, status=422)


def _settle(
    request: MemberRequest,
    page: FormPage,
    form: RecordForm,
    current: CrmRecord,
    make_form: Callable[..., RecordForm],
    values: Callable[[Any], Mapping[str, Any]],
) -> HttpResponse:
    """Show both values where two people changed the same, and take over what only the other one changed."""
    theirs = values(current)
    conflicts = form.conflicts_with(theirs)
    merged = make_form(data=form.merged_with(theirs, version=current.version))
    merged.is_valid()
    who = last_change(organization=request.organization, subject_id=current.pk)
    extra = {"conflicts": conflicts, "changed_by": who, "is_conflict": True}
    return _show(request, page, merged, status=409, **extra)


def _show(request: HttpRequest, page: FormPage, form: RecordForm, *, status: int, **extra: Any) -> HttpResponse:
    return render(request, page.template, {"page": page, "form": form, **page.extra, **extra}, status=status)
