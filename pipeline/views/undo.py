"""Offering to take back what was just done, and taking it back."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pipeline import operations
from pipeline.models import UndoChange, UndoStep
from pipeline.operations import NotedChange, Refusal, UnableToUndo, Undone
from pipeline.operations.bulk import AT_ONCE, queue_bulk_change
from pipeline.operations.undo import begin_undo
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from ui.formats import format_moment, format_number

NAMED = 3
"""So many records that stay as they are a notice names; the rest it counts."""


def say_done(request: MemberRequest, words: str, noted: Sequence[NotedChange], *, page: str) -> None:
    """Say that something is done, with the way to take it back when it changed anything."""
    if not noted:
        messages.success(request, words)
        return
    messages.success(request, words, extra_tags=f"undo:{undo_offer(request, words, noted, page=page)}")


def undo_offer(request: MemberRequest, words: str, noted: Sequence[NotedChange], *, page: str) -> str:
    """Keep what was done and return the address that takes it back; afterwards that leads to `page`."""
    step = operations.keep_undo_step(
        organization=request.organization,
        member=request.member,
        changes=noted,
        words=words,
        page=page,
        made_at=timezone.now(),
    )
    return undo_url(request, step.pk)


def undo_url(request: MemberRequest, token: UUID) -> str:
    """Return the address that takes a step back."""
    return reverse("pipeline:undo", args=[request.organization.slug, token])


def open_step_of(request: MemberRequest, record_id: UUID) -> UUID | None:
    """Return the member's own step about one record that can still be taken back."""
    changes = UndoChange.objects.for_organization(request.organization).filter(
        record_id=record_id,
        step__member=request.member,
        step__undone_at=None,
        step__expires_at__gt=timezone.now(),
    )
    token: UUID | None = changes.order_by("-id").values_list("step_id", flat=True).first()
    return token


@member_can(Action.VIEW_HOME)
@require_POST
def undo(request: MemberRequest, token: UUID) -> HttpResponse:
    """Take back what the member did a moment ago, and show what is as it was."""
    steps = UndoStep.objects.for_organization(request.organization).filter(member=request.member)
    step = get_object_or_404(steps, pk=token)
    changes = UndoChange.objects.for_organization(request.organization).filter(step=step)
    try:
        if (total := changes.count()) > AT_ONCE:
            return _undo_later(request, step, total)
        undone = operations.undo(
            organization=request.organization, step=step, member=request.member, undone_at=timezone.now()
        )
    except UnableToUndo as error:
        messages.warning(request, str(error))
    else:
        say_undone(request, undone)
    return redirect(step.page)


def _undo_later(request: MemberRequest, step: UndoStep, total: int) -> HttpResponse:
    """Have so many records put back in the background, and show how far that is."""
    now = timezone.now()
    begin_undo(organization=request.organization, step=step, undone_at=now)
    bulk = queue_bulk_change(
        organization=request.organization,
        member=request.member,
        record_type="",
        query="",
        change={"do": "undo"},
        words=_("Taking back a change of %s records") % format_number(total),
        page=step.page,
        total=total,
        asked_at=now,
        step=step,
    )
    return redirect("pipeline:bulk", request.organization.slug, bulk.pk)


def say_undone(request: MemberRequest, undone: Undone) -> None:
    """Say what is as it was, and name what stays as it is."""
    count = len(undone.restored)
    if count == 1:
        messages.success(request, _("Undone. %s is as it was.") % undone.restored[0])
    elif count:
        words = _("Undone. %s records are as they were.") % format_number(count)
        messages.success(request, words)
    if undone.refused:
        messages.warning(request, refusal_words(undone.refused))


def refusal_words(refused: Sequence[Refusal]) -> str:
    """Return why records stay as they are: the first ones by name, with who changed them when."""
    named = "; ".join(_sentence(one) for one in refused[:NAMED])
    if len(refused) == 1:
        return _("Not undone: %s") % named
    count, rest = format_number(len(refused)), format_number(len(refused) - NAMED)
    if len(refused) > NAMED:
        return _("%(count)s were not undone: %(named)s And %(rest)s more.") % {
            "count": count,
            "named": named,
            "rest": rest,
        }
    return _("%(count)s were not undone: %(named)s") % {"count": count, "named": named}


def _sentence(refusal: Refusal) -> str:
    if refusal.by and refusal.at:
        when = format_moment(refusal.at, now=timezone.now())
        return _("%(record)s was changed by %(who)s, %(when)s.") % {
            "record": refusal.record,
            "who": refusal.by,
            "when": when,
        }
    return f"{refusal.record}: {refusal.why}" if refusal.record else refusal.why
