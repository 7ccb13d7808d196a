"""The history of imported deals: what a first load implies, and what a later one changes."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from integrations.imports.record_changes import RowChange
from integrations.imports.targets import ImportContext
from integrations.imports.undoing import Restored
from pipeline.models import OpportunityHistory, StageKind, TrackedField
from pipeline.operations.imports.stages import ChosenStage
from tenancy.bulk import CopiedRows, copy_rows

COLUMNS = (
    "opportunity_id", "field", "old", "new", "old_stage_id", "new_stage_id", "old_amount_minor", "new_amount_minor",
    "actor_id", "occurred_at", "recorded_at", "reconstructed",
)  # fmt: skip
FIELDS = {
    "amount_minor": TrackedField.AMOUNT,
    "close_date": TrackedField.CLOSE_DATE,
    "owner_id": TrackedField.OWNER,
    "account_id": TrackedField.ACCOUNT,
}


def deal_history(context: ImportContext, changes: Sequence[RowChange | Restored]) -> CopiedRows:
    """The history of new and changed deals, ready to be inserted.

    Of a new deal the file tells its beginning and its end. The amount and date of a closed deal are known from its end
    only: what they were before, nobody recorded, and a method that learns from history must not see them earlier. Who
    owned it before we saw it is not known either, so owner and account have no beginning here.
    """
    stages = {stage.id: stage for stage in context.mapped.get("stage", {}).values() if stage.id is not None}
    first = min(
        (stage for stage in stages.values() if stage.kind == StageKind.OPEN), key=lambda s: s.position, default=None
    )
    writer = _Rows(context, stages, first)
    return copy_rows(
        organization=context.organization,
        model=OpportunityHistory,
        columns=COLUMNS,
        rows=(row for change in changes for row in writer.rows_of(change)),
    )


class _Rows:
    def __init__(self, context: ImportContext, stages: Mapping[UUID, ChosenStage], first: ChosenStage | None) -> None:
        self.stages = stages
        self.first = first
        self.now = context.now
        self.actor_id = context.actor.pk if context.actor is not None else None

    def rows_of(self, change: RowChange | Restored) -> Iterator[tuple[Any, ...]]:
        return self._beginning(change) if change.old is None else self._later(change)

    def _beginning(self, change: RowChange | Restored) -> Iterator[tuple[Any, ...]]:
        new = change.new
        opened_at, closed_at = new["opened_at"], new["closed_at"]
        if closed_at is None:
            yield self._stage(change, None, new["stage_id"], opened_at, opened_at)
        else:
            first = self.first.id if self.first is not None else None
            if first is not None:
                yield self._stage(change, None, first, opened_at, opened_at)
            yield self._stage(change, first, new["stage_id"], closed_at, closed_at)
        known_at = opened_at if closed_at is None else closed_at
        for column, field in FIELDS.items():
            if field in (TrackedField.AMOUNT, TrackedField.CLOSE_DATE) and new[column] is not None:
                yield self._value(change, field, None, new[column], known_at, known_at)

    def _later(self, change: RowChange | Restored) -> Iterator[tuple[Any, ...]]:
        assert change.old is not None
        old, new = change.old, change.new
        if change.differs("stage_id"):
            closed_at = new["closed_at"]
            occurred_at = closed_at if closed_at is not None and closed_at <= self.now else self.now
            occurred_at = max(occurred_at, old["stage_entered_at"])
            yield self._stage(change, old["stage_id"], new["stage_id"], occurred_at, self.now)
        for column, field in FIELDS.items():
            if change.differs(column):
                yield self._value(change, field, old[column], new[column], self.now, self.now)

    def _stage(
        self, change: RowChange | Restored, old: UUID | None, new: UUID, occurred_at: datetime, recorded_at: datetime
    ) -> tuple[Any, ...]:
        names = [self.stages[stage].name if stage in self.stages else "" for stage in (old, new) if stage is not None]
        before, after = ("", *names) if old is None else (names[0], names[1])
        return (
            change.id, TrackedField.STAGE.value, before, after, old, new, None, None,
            self.actor_id, occurred_at, recorded_at, change.old is None,
        )  # fmt: skip

    def _value(
        self,
        change: RowChange | Restored,
        field: TrackedField,
        old: Any,
        new: Any,
        occurred_at: datetime,
        recorded_at: datetime,
    ) -> tuple[Any, ...]:
        amounts = (old, new) if field == TrackedField.AMOUNT else (None, None)
        return (
            change.id, field.value, _text(old), _text(new), None, None, *amounts,
            self.actor_id, occurred_at, recorded_at, change.old is None,
        )  # fmt: skip


def _text(value: Any) -> str:
    return "" if value is None else str(value)
