"""Problems gathered by cause: what a person mends once instead of row by row."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from integrations.imports.fields import Problem
from integrations.imports.row_parser import ParsedRow

KEPT_VALUES = 25
COUNTED_VALUES = 1_000


@dataclass
class _Cause:
    problem: Problem
    line: int
    count: int = 0
    values: Counter[str] = field(default_factory=Counter)
    lines: dict[str, int] = field(default_factory=dict)
    suggestions: dict[str, str] = field(default_factory=dict)


class CauseCount:
    """Counts problems by column and code, with the values that cause them, an example line and suggestions."""

    def __init__(self) -> None:
        self._causes: dict[tuple[str, str, bool], _Cause] = {}

    def add(self, row: ParsedRow) -> None:
        """Count the problems of one row."""
        for problem in row.problems:
            key = (problem.code, problem.column, problem.is_warning)
            cause = self._causes.setdefault(key, _Cause(problem, row.line))
            cause.count += 1
            value = problem.value
            if value in cause.values or len(cause.values) < COUNTED_VALUES:
                cause.values[value] += 1
                cause.lines.setdefault(value, row.line)
                if problem.suggestion:
                    cause.suggestions[value] = problem.suggestion

    def state(self) -> list[dict[str, Any]]:
        """Everything that was counted, in the form in which a check that was killed finds it again."""
        return [
            {
                "problem": cause.problem.as_json(),
                "line": cause.line,
                "count": cause.count,
                "values": dict(cause.values),
                "lines": cause.lines,
                "suggestions": cause.suggestions,
            }
            for cause in self._causes.values()
        ]

    @classmethod
    def from_state(cls, state: list[dict[str, Any]]) -> "CauseCount":
        """What :meth:`state` gave."""
        found = cls()
        for kept in state:
            problem = Problem(**kept["problem"])
            cause = _Cause(problem, kept["line"], kept["count"], Counter(kept["values"]))
            cause.lines, cause.suggestions = dict(kept["lines"]), dict(kept["suggestions"])
            found._causes[(problem.code, problem.column, problem.is_warning)] = cause
        return found

    def as_json(self) -> list[dict[str, Any]]:
        """The causes, those that hold rows back first, the most frequent first."""
        ordered = sorted(self._causes.values(), key=lambda cause: (cause.problem.is_warning, -cause.count))
        return [
            {
                "code": cause.problem.code,
                "column": cause.problem.column,
                "message": cause.problem.message,
                "is_warning": cause.problem.is_warning,
                "count": cause.count,
                "line": cause.line,
                "distinct": len(cause.values),
                "values": [
                    {
                        "value": value,
                        "count": count,
                        "line": cause.lines[value],
                        "suggestion": cause.suggestions.get(value, ""),
                    }
                    for value, count in cause.values.most_common(KEPT_VALUES)
                    if value
                ],
            }
            for cause in ordered
        ]
