"""Columns that an organisation brought itself, as they were known: those of its files, and scores of other systems.

They stand beside our features under ``custom.<name>``, the name being the one that a person knows.
"""

import datetime
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coe.queries.background import rows
from coe.scoring.features import CUSTOM
from coe.scoring.table import Column, Kind, read_column
from tenancy.models import Organization

MOST_MODELS = 10

# The record's kind is one of ours; everything else is a parameter.
BROUGHT = """
SELECT false, key, name, kind, at_closing FROM pipeline_customcolumn
 WHERE organization_id = %(org)s AND record = %(record)s
 UNION ALL
SELECT DISTINCT true, '', model_name, 'number', false FROM pipeline_externalscore
 WHERE organization_id = %(org)s AND {record}_id IS NOT NULL
 ORDER BY 1, 3
"""
VALUES = """
SELECT a.place, v.values
  FROM unnest(%(ids)s::uuid[], %(at)s::timestamptz[]) WITH ORDINALITY AS a (id, at, place)
  JOIN LATERAL (
       SELECT c.values FROM pipeline_customvalues c
        WHERE c.organization_id = %(org)s AND c.{record}_id = a.id AND c.known_at <= a.at
        ORDER BY c.known_at DESC, c.id DESC LIMIT 1) v ON true
"""
SCORES = """
SELECT a.place, s.score
  FROM unnest(%(ids)s::uuid[], %(at)s::timestamptz[]) WITH ORDINALITY AS a (id, at, place)
  JOIN LATERAL (
       SELECT e.score FROM pipeline_externalscore e
        WHERE e.organization_id = %(org)s AND e.{record}_id = a.id AND e.model_name = %(model)s
          AND e.scored_at <= a.at AND e.recorded_at <= a.at
        ORDER BY e.scored_at DESC, e.id DESC LIMIT 1) s ON true
"""


def own_columns(
    *,
    organization: Organization,
    record: str,
    ids: Sequence[uuid.UUID | None],
    at: datetime.datetime | Sequence[datetime.datetime],
    suffix: str = "",
) -> dict[str, Column]:
    """Return the custom columns and external scores of these records, a row each, as known at a moment or at several.

    ``record`` is account or opportunity. A column that is known only at closing is there, and empty: it is left out by
    name (``closing_columns``). ``suffix`` comes behind each name.
    """
    definitions, models = _brought(organization, record)
    if not definitions and not models:
        return {}
    moments = [at] * len(ids) if isinstance(at, datetime.datetime) else list(at)
    given: dict[str, Any] = {"org": organization.pk, "ids": [one and str(one) for one in ids], "at": moments}
    found: dict[str, Column] = {}
    if definitions:
        cells: dict[str, list[object]] = {one.key: [None] * len(ids) for one in definitions}
        for place, values in rows(VALUES.format(record=record), given):
            for key, value in (json.loads(values) if isinstance(values, str) else values).items():
                if key in cells:
                    cells[key][place - 1] = value
        for one in definitions:
            name = f"{CUSTOM}{one.name}{suffix}"
            known = [None] * len(ids) if one.at_closing else cells[one.key]
            found[name] = read_column(name, known, kind=Kind(one.kind))
    for model in models:
        scores: list[object] = [None] * len(ids)
        for place, score in rows(SCORES.format(record=record), {**given, "model": model}):
            scores[place - 1] = score
        name = f"{CUSTOM}Score by {model}{suffix}"
        found[name] = read_column(name, scores, kind=Kind.NUMBER)
    return found


def closing_columns(*, organization: Organization, record: str) -> list[str]:
    """Return the names of the columns that the mapping says are known only when it is over."""
    return [f"{CUSTOM}{one.name}" for one in _brought(organization, record)[0] if one.at_closing]


@dataclass(frozen=True, slots=True)
class _Definition:
    key: str
    name: str
    kind: str
    at_closing: bool


def _brought(organization: Organization, record: str) -> tuple[list[_Definition], list[str]]:
    """Return the custom columns of a kind of record, and the other systems' models that speak of it."""
    found = rows(BROUGHT.format(record=record), {"org": organization.pk, "record": record})
    columns = [
        _Definition(key, name, kind, at_closing) for is_model, key, name, kind, at_closing in found if not is_model
    ]
    return columns, [name for is_model, _, name, _, _ in found if is_model][:MOST_MODELS]
