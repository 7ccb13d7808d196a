"""What writing a record changes: its columns before and after, and the rows that follow from new ones."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from integrations.imports.targets import ImportRecord
from tenancy.bulk import CopiedRows

Columns = dict[str, Any]


@dataclass(frozen=True)
class RowChange:
    """One record that was written: its id, what it was before (None for a new one) and what it is now."""

    record: ImportRecord
    id: UUID
    old: Columns | None
    new: Columns

    def differs(self, column: str) -> bool:
        """Whether the column got another value."""
        return self.old is None or self.old[column] != self.new[column]


@dataclass(frozen=True)
class NewRows:
    """New records that can be inserted as they are, with the rows of other tables that follow from them."""

    changes: list[RowChange]
    rows: CopiedRows
    following: list[CopiedRows]


def json_form(value: Any) -> Any:
    """A column value as a before-image keeps it."""
    if value is None or isinstance(value, (bool, int, str, dict)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)
