"""Carrying a run through its steps: each in its own transaction together with its mark, so that it may die anywhere.

A run that is delivered again, or started again by hand, goes on behind the last step that has its mark.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError

from tenancy import locks
from tenancy.bulk import whole_tables
from tenancy.models import Organization, Run, RunStep
from tenancy.models.run import RunStatus
from tenancy.scoping import organization_scope

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StepResult:
    """What a step did, for the person who opens the run."""

    rows_read: int = 0
    rows_written: int = 0
    skipped: int = 0
    model_version: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


Step = Callable[..., StepResult]
Ahead = Callable[..., object]


def begins_with(ahead: Ahead) -> Callable[[Step], Step]:
    """Have a step begin with work that commits as it goes, before the transaction of its mark opens.

    It is called as the step is, outside of any transaction, and must be safe to run again, also beside itself.
    """

    def decorate(step: Step) -> Step:
        step.ahead = ahead  # type: ignore[attr-defined]  # functions may carry what belongs to them
        return step

    return decorate


def carry_out(
    *, organization: Organization, run_id: UUID, steps: Sequence[tuple[str, Step]], clock: Callable[[], datetime]
) -> Run:
    """Do the steps of a run that have no mark yet, in order, and return the run.

    A step is called with ``organization``, ``run`` and ``now``. When one fails, the run says which and why, the marks
    before it stay, and the error is raised.
    """
    run = _begin(organization, run_id, steps, clock)
    if run.status == RunStatus.DONE:
        return run
    for name, step in steps:
        _do(organization, run, name, step, clock)
    with _scope(organization, run):
        now = clock()
        unfinished = Run.objects.for_organization(organization).filter(pk=run.pk).exclude(status=RunStatus.DONE)
        unfinished.update(status=RunStatus.DONE, finished_at=now, error="")
        run.refresh_from_db()
    return run


def _scope(organization: Organization, run: Run) -> Any:
    return organization_scope(organization, actor=run.requested_by_id, task=f"{run.kind} {run.key}")


def _begin(
    organization: Organization, run_id: UUID, steps: Sequence[tuple[str, Step]], clock: Callable[[], datetime]
) -> Run:
    with organization_scope(organization):
        run = Run.objects.for_organization(organization).get(pk=run_id)
        if run.status == RunStatus.DONE:
            return run
        run.status = RunStatus.RUNNING
        run.started_at = run.started_at or clock()
        run.finished_at, run.error = None, ""
        run.save(update_fields=["status", "started_at", "finished_at", "error"])
        RunStep.objects.bulk_create(
            [
                RunStep(organization=organization, run=run, position=position, name=name)
                for position, (name, _) in enumerate(steps, start=1)
            ],
            ignore_conflicts=True,
        )
    return run


def _do(organization: Organization, run: Run, name: str, step: Step, clock: Callable[[], datetime]) -> None:
    this_step = RunStep.objects
    with _scope(organization, run):
        waiting = this_step.for_organization(organization).filter(run=run, name=name).exclude(status=RunStatus.DONE)
        if not waiting.update(status=RunStatus.RUNNING, started_at=clock(), finished_at=None, error=""):
            return
    try:
        if (ahead := getattr(step, "ahead", None)) is not None:
            ahead(organization=organization, run=run, now=clock())
        with _scope(organization, run):
            # Two runs of one organisation take turns; a second copy of this run finds the mark and steps aside.
            locks.hold(organization=organization, purpose=run.kind)
            mark = this_step.for_organization(organization).get(run=run, name=name)
            if mark.status == RunStatus.DONE:
                return
            with whole_tables():
                result = step(organization=organization, run=run, now=clock())
            mark.status, mark.finished_at, mark.error = RunStatus.DONE, clock(), ""
            mark.rows_read, mark.rows_written, mark.skipped = result.rows_read, result.rows_written, result.skipped
            mark.model_version, mark.detail = result.model_version, dict(result.detail)
            mark.save()
    except (OperationalError, InterfaceError):
        # The database went away and took the transaction with it; whoever called delivers the run again.
        raise
    except Exception as error:
        logger.exception("Step %s of %s failed", name, run)
        _record_failure(organization, run, name, f"{type(error).__name__}: {error}"[:2000], clock())
        raise


def _record_failure(organization: Organization, run: Run, name: str, words: str, now: datetime) -> None:
    with _scope(organization, run):
        RunStep.objects.for_organization(organization).filter(run=run, name=name).update(
            status=RunStatus.FAILED, finished_at=now, error=words
        )
        Run.objects.for_organization(organization).filter(pk=run.pk).update(
            status=RunStatus.FAILED, finished_at=now, error=words
        )
