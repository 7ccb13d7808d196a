"""Taking back what one did: exactly the fields that the change touched, unless somebody changed them since."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction

from pipeline.models import (
    UNDO_TIME,
    Account,
    Activity,
    ChangeKind,
    Contact,
    CrmRecord,
    Inquiry,
    Opportunity,
    Order,
    Product,
    UndoChange,
    UndoStep,
)
from pipeline.operations.accounts import UnableToNestAccount, refuse_circle
from pipeline.operations.changes import Differences, as_json, payload_of, write_changes
from pipeline.operations.history import TRACKED, keep_history
from pipeline.operations.noting import LINES, NotedChange
from pipeline.operations.orders import lines_from, said_lines, write_lines
from pipeline.queries.changes import last_change
from tenancy.access import Action, reach_of
from tenancy.events import record_event
from tenancy.models import Member, Organization
from tenancy.working_time import local_day

UNDOABLE: dict[str, tuple[type[CrmRecord], Action]] = {
    "account": (Account, Action.EDIT_ACCOUNTS),
    "contact": (Contact, Action.EDIT_ACCOUNTS),
    "opportunity": (Opportunity, Action.EDIT_OPPORTUNITIES),
    "order": (Order, Action.EDIT_ORDERS),
    "product": (Product, Action.EDIT_PRODUCTS),
    "activity": (Activity, Action.LOG_ACTIVITY),
    "inquiry": (Inquiry, Action.EDIT_INQUIRIES),
}
"""Record type → its model, and the right that changing it needs."""


GROWING_TIME = timedelta(days=1)
"""How long work in the background may take before its step is forgotten."""


class UnableToUndo(ValueError):
    """The step is over, or was taken back already; the message says so."""


class _Refused(Exception):
    def __init__(self, why: str, by: Member | None = None, at: datetime | None = None) -> None:
        self.why, self.by, self.at = why, by, at


@dataclass(frozen=True)
class Refusal:
    """A record that stays as it is: why in words, and who changed it since when."""

    record: str
    why: str
    by: str = ""
    at: datetime | None = None


@dataclass
class Undone:
    """What taking a step back did."""

    words: str
    restored: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def keep_undo_step(
    *,
    organization: Organization,
    member: Member,
    changes: Sequence[NotedChange],
    words: str,
    page: str,
    made_at: datetime,
    is_growing: bool = False,
) -> UndoStep:
    """Keep what a member just did, and forget steps whose time is over. The time of a growing one begins at its end."""
    _forget_old(organization, made_at)
    step: UndoStep = UndoStep.objects.create(
        organization=organization,
        member=member,
        words=words,
        page=page,
        made_at=made_at,
        expires_at=made_at + (GROWING_TIME if is_growing else UNDO_TIME),
    )
    add_to_step(organization=organization, step=step, changes=changes)
    return step


def add_to_step(*, organization: Organization, step: UndoStep, changes: Sequence[NotedChange]) -> None:
    """Keep more changes of a step that is made in parts."""
    UndoChange.objects.bulk_create(
        UndoChange(
            organization=organization,
            step=step,
            kind=change.kind,
            record_type=change.record_type,
            record_id=change.record_id,
            before={name: as_json(value) for name, value in change.before.items()},
            after={name: as_json(value) for name, value in change.after.items()},
            version=change.version,
        )
        for change in changes
    )


def _forget_old(organization: Organization, now: datetime) -> None:
    """Forget the values of steps whose time is over; a day later the steps themselves."""
    UndoChange.objects.for_organization(organization).filter(step__expires_at__lt=now).delete()
    UndoStep.objects.for_organization(organization).filter(expires_at__lt=now - 96 * UNDO_TIME).delete()


@transaction.atomic
def undo(*, organization: Organization, step: UndoStep, member: Member, undone_at: datetime) -> Undone:
    """Take a step back. What somebody changed since stays as it is, and is named.

    :raises UnableToUndo: when its time is over, or it was taken back already.
    """
    step = begin_undo(organization=organization, step=step, undone_at=undone_at)
    undone = Undone(step.words)
    changes = UndoChange.objects.for_organization(organization).filter(step=step)
    # Backwards: what came last depends on what came before it.
    undo_changes(
        organization=organization,
        changes=list(changes.order_by("-id")),
        member=member,
        undone_at=undone_at,
        undone=undone,
    )
    if not undone.restored:  # so that it can be tried again
        step.undone_at = None
        step.save(update_fields=["undone_at"])
    return undone


def begin_undo(*, organization: Organization, step: UndoStep, undone_at: datetime) -> UndoStep:
    """Lock a step and mark it taken back.

    :raises UnableToUndo: when its time is over, or it was taken back already.
    """
    locked: UndoStep = UndoStep.objects.for_organization(organization).select_for_update().get(pk=step.pk)
    if locked.undone_at is not None:
        raise UnableToUndo("This was undone already.")
    if undone_at >= locked.expires_at:
        minutes = int(UNDO_TIME.total_seconds()) // 60
        raise UnableToUndo(f"This is older than {minutes} minutes, so it can no longer be undone in one go.")
    locked.undone_at = undone_at
    locked.save(update_fields=["undone_at"])
    return locked


def undo_changes(
    *,
    organization: Organization,
    changes: Sequence[UndoChange],
    member: Member,
    undone_at: datetime,
    undone: Undone,
) -> None:
    """Take these changes back and write into `undone` what became of each."""
    for change in changes:
        restoring = _Restoring(organization, change, member, undone_at)
        try:
            with transaction.atomic():
                undone.restored.append(restoring.run())
        except _Refused as refused:
            by = refused.by.name if refused.by else ""
            undone.refused.append(Refusal(restoring.label, refused.why, by, refused.at))
        except IntegrityError:
            undone.refused.append(Refusal(restoring.label, "Its old values belong to another record by now."))


class _Restoring:
    """The way back of one record."""

    def __init__(self, organization: Organization, change: UndoChange, member: Member, at: datetime) -> None:
        self.organization, self.change, self.member, self.at = organization, change, member, at
        self.model, self.action = UNDOABLE[change.record_type]
        self.label = ""

    def run(self) -> str:
        """Restore the record and return its name."""
        rows = self.model.objects.for_organization(self.organization)
        record: CrmRecord | None = rows.select_for_update().filter(pk=self.change.record_id).first()
        if record is None:
            raise _Refused("It is gone.")
        self.label = str(record)
        if reach_of(self.member, self.action) is None:
            raise _Refused("Your role may no longer change it.")
        may = self._may_change()
        self._refuse_if_changed(record)
        differences = self._write(record)
        if not may and not self._may_change():
            raise _Refused("It is no longer yours to change.")
        self._tell(record, differences)
        return self.label

    def _may_change(self) -> bool:
        """Whether the member may change the record as it is now. Who gave one away may take it back, so both count."""
        rows = self.model.objects.for_organization(self.organization)
        if not hasattr(rows, "visible_to"):
            return True
        day = local_day(self.organization, self.at)
        return bool(rows.visible_to(self.member, self.action, as_of=day).filter(pk=self.change.record_id).exists())

    def _refuse_if_changed(self, record: CrmRecord) -> None:
        if self.change.kind == ChangeKind.CREATED:
            same = record.version == self.change.version and record.deleted_at is None
        else:
            same = all(self._now(record, name) == value for name, value in self.change.after.items())
            same = same and (record.deleted_at is None or "deleted_at" in self.change.after)
        if not same:
            event = last_change(organization=self.organization, subject_id=record.pk)
            if event is None:
                raise _Refused("It was changed since.")
            raise _Refused("It was changed since.", event.actor, event.recorded_at)

    def _now(self, record: CrmRecord, name: str) -> Any:
        if name == LINES:
            assert isinstance(record, Order)
            return said_lines(record)
        return as_json(getattr(record, _field(record, name).attname))

    def _write(self, record: CrmRecord) -> Differences:
        if self.change.kind == ChangeKind.CREATED:
            fields: dict[str, Any] = {"deleted_at": self.at}
        else:
            fields = {name: self._old(record, name) for name in self.change.before if name != LINES}
        if isinstance(record, Account) and fields.get("parent") is not None:
            try:
                refuse_circle(self.organization, record, fields["parent"])
            except UnableToNestAccount as error:
                raise _Refused(str(error)) from error
        old_stage = record.stage if isinstance(record, Opportunity) else None
        has_lines = LINES in self.change.before
        differences = write_changes(
            organization=self.organization,
            record=record,
            version=record.version,
            fields=fields,
            at=self.at,
            touch=has_lines,
        )
        if isinstance(record, Order) and has_lines:
            lines = lines_from(self.organization, self.change.before[LINES])
            write_lines(self.organization, record, lines, self.at)
        if isinstance(record, Opportunity) and differences.keys() & TRACKED.keys():
            keep_history(
                organization=self.organization,
                opportunity=record,
                differences=differences,
                old_stage=old_stage,
                actor=self.member,
                occurred_at=self.at,
            )
        return differences

    def _old(self, record: CrmRecord, name: str) -> Any:
        """Return the old value as the model holds it; a reference must still be there and in use."""
        column, value = _field(record, name), self.change.before[name]
        if value is None or not isinstance(column, models.ForeignKey):
            return column.to_python(value)
        rows: Any = column.related_model
        target = rows.objects.for_organization(self.organization).filter(pk=value).first()
        if target is None:
            raise _Refused("What it belonged to is gone.")
        if getattr(target, "retired_at", None) is not None:
            raise _Refused("Its stage is no longer in use.")
        return target

    def _tell(self, record: CrmRecord, differences: Differences) -> None:
        payload: dict[str, Any] = {"step": str(self.change.step_id), "was": self.change.kind}
        if isinstance(record, (Contact, Activity, Inquiry)):
            # What people said, and their names and numbers, stay out of the event: it lives longer than they may.
            payload["fields"] = sorted(differences)
        else:
            payload |= payload_of(differences)
        if account_id := getattr(record, "account_id", None):
            payload["account"] = str(account_id)
        record_event(
            organization=self.organization,
            type=f"{self.change.record_type}.change_undone",
            subject=record,
            payload=payload,
            actor=self.member,
            occurred_at=self.at,
        )


def _field(record: CrmRecord, name: str) -> "models.Field[Any, Any]":
    column = record._meta.get_field(name)
    assert isinstance(column, models.Field)
    return column
