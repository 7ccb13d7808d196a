"""The tables of imports (what was uploaded, how it is read, what became of every row) and of the API's changes."""

from integrations.models.idempotency import IdempotencyKey
from integrations.models.import_set import Import, ImportFile, ImportFilePart, ImportState
from integrations.models.mapping import SavedAlias, SavedMapping
from integrations.models.staging import ImportBatch, ImportChunk, ImportRow, RowOutcome, RowStatus

__all__ = [
    "IdempotencyKey",
    "Import",
    "ImportBatch",
    "ImportChunk",
    "ImportFile",
    "ImportFilePart",
    "ImportRow",
    "ImportState",
    "RowOutcome",
    "RowStatus",
    "SavedAlias",
    "SavedMapping",
]
