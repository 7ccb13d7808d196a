"""What writing customer records has in common: who is named as having done it, when, and what a refusal means."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.utils import timezone

from integrations.api.writing import DeletingView, WritingView
from pipeline.operations import StaleVersion, delete_record
from tenancy.models import Organization


class RecordWritingView(WritingView):
    """Writes customer records. The audit trail names the token; nobody of the organisation did it in person."""

    stale: ClassVar[tuple[type[Exception], ...]] = (StaleVersion,)

    @cached_property
    def organization(self) -> Organization:
        """The organisation of the token; what is kept of it is read when somebody asks, and few changes do."""
        return Organization.from_db("default", ["id"], [self.organization_id])

    @cached_property
    def now(self) -> datetime:
        """The moment of the request."""
        return timezone.now()

    def acting(self) -> Mapping[str, Any]:
        """Return what every operation wants to know."""
        return {"organization": self.organization, "actor": None}


class RecordDeletingView(RecordWritingView, DeletingView):
    """Deletes customer records as the pages do: for 30 days they can be restored."""

    def delete_record(self, record: Any) -> None:
        """Delete the record."""
        delete_record(record=record, version=record.version, deleted_at=self.now, **self.acting())
