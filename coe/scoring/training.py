"""Everything that is reckoned of examples: the chosen model, its figures, what is typical, its bytes. No database."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from coe.scoring.code_version import code_version
from coe.scoring.drift import distributions, score_table
from coe.scoring.examples import Examples
from coe.scoring.explanation import typical_values
from coe.scoring.fold_figures import fold_figures
from coe.scoring.model_files import dump
from coe.scoring.quality import finite, quality_of
from coe.scoring.selection import Choice, choose_model


@dataclass(frozen=True, slots=True)
class Learned:
    """A chosen model, ready to be kept."""

    examples: Examples
    choice: Choice
    columns: Mapping[str, str]  # the kind of each column that it looks at
    metrics: Mapping[str, Any]
    typical: Mapping[str, Any]
    inputs: Mapping[str, Any]
    data: bytes


def learn(examples: Examples) -> Learned:
    """Choose a model for these examples and reckon everything that is kept with it.

    Whatever the examples are like, something is chosen: the card, or the base rate, with the reason in its sentence.
    """
    choice = choose_model(
        examples.table,
        examples.outcome,
        points=examples.points,
        known_at_closing=examples.known_at_closing,
        embargo=examples.embargo,
        shift=examples.shift,
        good=examples.good,
    )
    looked_at = examples.table.without(set(examples.table.columns) - set(choice.columns))
    return Learned(
        examples=examples,
        choice=choice,
        columns={name: column.kind.value for name, column in looked_at.columns.items()},
        metrics=finite(quality_of(choice, examples.panels) | {"folds": fold_figures(choice, examples)}),
        typical=finite(typical_values(looked_at, examples.panels.get("segment"), points=examples.points)),
        inputs=finite(distributions(looked_at) | _said(choice, examples)),
        data=dump(choice, code_version=code_version()),
    )


def _said(choice: Choice, examples: Examples) -> dict[str, Any]:
    """Return how the model's own scores of the latest rows are distributed."""
    if not examples.table.rows:
        return {}
    probabilities = choice.scorer.probabilities(examples.table, examples.points)
    return distributions(replace(score_table(probabilities), known_at=examples.table.known_at))
