"""What the addresses for many records share: accounts that a row knows by the source's own id, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from integrations.api import bodies
from integrations.api.bodies import Values
from integrations.api.bulk import RowOutcomes
from pipeline.api import references
from pipeline.operations import Upserted


def by_external_id(name: str, description: str) -> Any:
    """Return a field that names an account by the id that the same source knows it by."""
    words = f"{description} By the external_id that the same source knows it by; it must be here already."
    return bodies.text(name, 200, words, empty=None)


@dataclass
class FoundRows:
    """Rows whose accounts were found, and the words for the others."""

    rows: dict[str, Values] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)

    def then(self, done: Upserted) -> RowOutcomes:
        """Return what became of all the rows."""
        outcomes = RowOutcomes(refused={**self.refused, **done.refused})
        for key, (record_id, version) in done.unchanged.items():
            outcomes.done[key] = ("unchanged", record_id, version)
        for change in done.changes:
            outcome = "created" if change.old is None else "changed"
            outcomes.done[change.key] = (outcome, change.id, change.version)
        return outcomes


def with_accounts(organization_id: UUID, source: str, rows: Mapping[str, Values], name: str, column: str) -> FoundRows:
    """Return the rows with the account that the field `name` means in `column`; one query for all of them."""
    wanted = {values[name] for values in rows.values() if values.get(name)}
    known: dict[str, UUID] = {}
    if wanted:
        accounts = references.accounts(organization_id).filter(source=source, external_id__in=wanted)
        known = dict(accounts.order_by().values_list("external_id", "pk"))
    found = FoundRows()
    for key, values in rows.items():
        if name not in values:
            found.rows[key] = values
            continue
        stated = values[name]
        rest = {one: value for one, value in values.items() if one != name}
        if column in values:
            found.refused[key] = (name, f"State {column} or {name}, not both.")
        elif stated and stated not in known:
            found.refused[key] = (name, f"There is no account that {source} knows by this {name}.")
        else:
            found.rows[key] = {**rest, column: known[stated] if stated else None}
    return found
