"""How well the engines foretell what happened in real data sets, none of them ours, beside published figures.

A data set is a module here with ``measure(data)``: the folder that AGILE_SALES_DATA names in, figures out.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quality: our value, between which bounds it must lie, and what others got."""

    name: str
    value: float
    gate: tuple[float | None, float | None] = (None, None)  # least, most; (None, None) is only told
    reference: str = ""

    @property
    def passed(self) -> bool:
        """Whether the value is within the bounds; something that is no number is not."""
        least, most = self.gate
        return (
            self.value == self.value and (least is None or self.value >= least) and (most is None or self.value <= most)
        )

    @property
    def bounds(self) -> str:
        """The bounds as a person reads them."""
        least, most = self.gate
        if least is not None and most is not None:
            return f"{least:g} to {most:g}"
        return f"at least {least:g}" if least is not None else f"at most {most:g}" if most is not None else "none"

    def as_gate(self) -> dict[str, Any]:
        """Return the figure as a line of the results."""
        return {
            "value": round(self.value, 4),
            "gate": self.bounds,
            "unit": "",
            "passed": self.passed,
            "reference": self.reference,
        }
