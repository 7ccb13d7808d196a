"""The page of the process, and the forms that change it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline import operations, queries
from pipeline.forms.process import PipelineForm, StageForm, WhyForm, pipeline_values, stage_values
from pipeline.models import Pipeline, Stage
from pipeline.operations import StaleProcess, UnableToChangeProcess
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.units import open_units
from tenancy.working_time import local_day


@member_can(Action.VIEW_OPPORTUNITIES)
@require_safe
def process(request: MemberRequest) -> HttpResponse:
    """Show the pipelines with what their stages ask for, and what was changed of them when and why."""
    context = {
        "pipelines": queries.pipelines(organization=request.organization),
        "changes": queries.process_changes(organization=request.organization),
    }
    return render(request, "pipeline/process.html", context)


@member_can(Action.MANAGE_PIPELINES)
@require_http_methods(["GET", "HEAD", "POST"])
def process_new(request: MemberRequest) -> HttpResponse:
    """Add a pipeline; it begins with the shipped stages."""
    form = _pipeline_form(request, request.POST if request.method == "POST" else None)
    return _answer(
        request,
        form,
        title=_("New pipeline"),
        save=lambda: operations.create_pipeline(**_acting(request), **form.stated()),
    )


@member_can(Action.MANAGE_PIPELINES)
@require_http_methods(["GET", "HEAD", "POST"])
def process_pipeline(request: MemberRequest, pipeline_id: UUID) -> HttpResponse:
    """Change a pipeline's name and whom it is for."""
    found = Pipeline.objects.for_organization(request.organization)
    pipeline: Pipeline = get_object_or_404(found, pk=pipeline_id)
    shown = pipeline_values(pipeline, pipeline.availability.values_list("unit", flat=True))
    form = _pipeline_form(request, request.POST if request.method == "POST" else None, initial=shown)
    return _answer(
        request,
        form,
        title=_("Change %s") % pipeline.name,
        extra={"pipeline": pipeline},
        save=lambda: operations.change_pipeline(
            **_acting(request), pipeline=pipeline, version=form.cleaned_data["version"] or 0, **form.stated()
        ),
    )


@member_can(Action.MANAGE_PIPELINES)
@require_http_methods(["GET", "HEAD", "POST"])
def process_stage_new(request: MemberRequest, pipeline_id: UUID) -> HttpResponse:
    """Add a stage to a pipeline."""
    found = Pipeline.objects.for_organization(request.organization)
    pipeline: Pipeline = get_object_or_404(found, pk=pipeline_id)
    form = StageForm(request.POST if request.method == "POST" else None, initial={"is_strict": True})
    return _answer(
        request,
        form,
        title=_("New stage of %s") % pipeline.name,
        save=lambda: operations.create_stage(
            **_acting(request), pipeline=pipeline, kind=form.cleaned_data["kind"] or "open", **form.stated()
        ),
    )


@member_can(Action.MANAGE_PIPELINES)
@require_http_methods(["GET", "HEAD", "POST"])
def process_stage(request: MemberRequest, stage_id: UUID) -> HttpResponse:
    """Change what is said of a stage, and what it asks for."""
    stage = _stage(request, stage_id)
    form = StageForm(request.POST if request.method == "POST" else None, initial=stage_values(stage))
    del form.fields["kind"]
    return _answer(
        request,
        form,
        title=_("Change %s") % stage.name,
        extra={"stage": stage},
        save=lambda: operations.change_stage(
            **_acting(request), stage=stage, version=form.cleaned_data["version"] or 0, **form.stated()
        ),
    )


@member_can(Action.MANAGE_PIPELINES)
@require_POST
def process_stage_act(request: MemberRequest, stage_id: UUID) -> HttpResponse:
    """Change a stage's place, retire it, take it back into use, or delete one that no deal was ever in."""
    stage, form = _stage(request, stage_id), WhyForm(request.POST)
    said: dict[str, Any] = {**_acting(request), "stage": stage}
    acts: dict[str, Callable[[], object]] = {
        "earlier": lambda: operations.place_stage(**said, by=-1),
        "later": lambda: operations.place_stage(**said, by=1),
        "retire": lambda: operations.retire_stage(**said, reason=form.cleaned_data["reason"]),
        "restore": lambda: operations.restore_stage(**said),
        "delete": lambda: operations.delete_stage(**said),
    }
    return _act(request, form, said, acts)


@member_can(Action.MANAGE_PIPELINES)
@require_POST
def process_pipeline_act(request: MemberRequest, pipeline_id: UUID) -> HttpResponse:
    """Let new deals begin in a pipeline, retire it, take it back into use, or delete one that never held a deal."""
    found = Pipeline.objects.for_organization(request.organization)
    form = WhyForm(request.POST)
    said: dict[str, Any] = {**_acting(request), "pipeline": get_object_or_404(found, pk=pipeline_id)}
    acts: dict[str, Callable[[], object]] = {
        "default": lambda: operations.change_pipeline(**said, is_default=True),
        "retire": lambda: operations.change_pipeline(**said, is_active=False, reason=form.cleaned_data["reason"]),
        "restore": lambda: operations.change_pipeline(**said, is_active=True),
        "delete": lambda: operations.delete_pipeline(**said),
    }
    return _act(request, form, said, acts)


def _act(
    request: MemberRequest, form: WhyForm, said: dict[str, Any], acts: dict[str, Callable[[], object]]
) -> HttpResponse:
    act = acts.get(request.POST.get("do", ""))
    if act is None or not form.is_valid():
        messages.warning(request, _("That can’t be done here. Load the page again."))
        return redirect("pipeline:process", request.organization.slug)
    said["version"] = form.cleaned_data["version"] or 0
    try:
        act()
    except StaleProcess as error:
        undo_changes(request)
        messages.warning(request, _("Nothing was changed: somebody else changed %s meanwhile.") % error.current)
    except UnableToChangeProcess as error:
        undo_changes(request)
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Saved."))
    return redirect("pipeline:process", request.organization.slug)


def _answer(
    request: MemberRequest,
    form: WhyForm,
    *,
    title: str,
    save: Callable[[], object],
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                save()
            except StaleProcess as error:
                undo_changes(request)
                status = 409
                words = _("Somebody else changed %s meanwhile; nothing of yours is kept yet. Compare, then save again.")
                again = request.POST.copy()
                again["version"] = str(error.current.version)
                form.data = again
                form.add_error(None, words % error.current)
            except UnableToChangeProcess as error:
                undo_changes(request)
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Saved."))
                return redirect("pipeline:process", request.organization.slug)
    context = {"form": form, "title": title, **(extra or {})}
    return render(request, "pipeline/process_form.html", context, status=status)


def _acting(request: MemberRequest) -> dict[str, Any]:
    return {"organization": request.organization, "actor": request.member, "at": timezone.now()}


def _stage(request: MemberRequest, stage_id: UUID) -> Stage:
    found = Stage.objects.for_organization(request.organization).select_related("pipeline")
    stage: Stage = get_object_or_404(found, pk=stage_id)
    return stage


def _pipeline_form(request: MemberRequest, data: Any, **options: Any) -> PipelineForm:
    today = local_day(request.organization, timezone.now())
    return PipelineForm(data, units=open_units(organization=request.organization, on=today), **options)
