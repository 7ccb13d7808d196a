"""Why deals are lost: a list that each organisation keeps, so that reasons can be counted."""

from dataclasses import dataclass
from typing import Any, Self

from tenancy.models import Organization

SETTING = "lost_reasons"
MOST_REASONS, LONGEST_REASON = 30, 80


@dataclass(frozen=True)
class LostReasons:
    """The reasons that people choose from. Where `only` those are taken, own words are refused."""

    reasons: tuple[str, ...]
    only: bool

    @classmethod
    def of(cls, organization: Organization) -> Self:
        """Return the reasons of an organisation: its own, else the shipped ones."""
        kept: dict[str, Any] = organization.setting(SETTING)
        return cls(tuple(kept["reasons"]), bool(kept["only"]))

    def as_setting(self) -> dict[str, Any]:
        """Return them as the organisation keeps them."""
        return {"reasons": list(self.reasons), "only": self.only}

    def spelt(self, words: str) -> str | None:
        """Return a reason as the list spells it, other words as they are; None for words that are not taken."""
        words = words.strip()
        found = next((one for one in self.reasons if one.casefold() == words.casefold()), None)
        return found or (None if self.only and self.reasons else words)
