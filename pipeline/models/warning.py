"""What an open deal is warned of, and how each organisation wants that."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.db import models

from tenancy.models import Organization
from tenancy.models.organization import DEFAULT_SETTINGS

SETTING = "deal_warnings"


class WarningCode(models.TextChoices):
    """The warnings, the gravest first. None of them needs a recorded call, and none is about a person."""

    STALLED = "stalled", "It stands still"
    OVERDUE = "overdue", "The close date has passed"
    PUSHED = "pushed", "The close date was pushed out"
    NO_NEXT_STEP = "no_next_step", "There is no next step with a day to come"
    SILENT = "silent", "No conversation with the customer"
    FEW_PEOPLE = "few_people", "Too few people are known"


@dataclass(frozen=True)
class WarningRules:
    """How an organisation wants to be warned. Days are working days; what is `off` is neither shown nor reviewed."""

    off: frozenset[str] = frozenset()
    silent_days: int = 15
    stalled_days: int = 10
    pushes: int = 2
    people: int = 2
    small_amount_minor: int = 0  # below it one person is enough; 0: no deal is small

    @classmethod
    def of(cls, organization: Organization) -> Self:
        """Return the rules of an organisation: its own, else the shipped ones."""
        kept: Mapping[str, Any] = {**DEFAULT_SETTINGS[SETTING], **organization.setting(SETTING)}
        return cls(**{**kept, "off": frozenset(kept["off"])})

    def as_setting(self) -> dict[str, Any]:
        """Return them as the organisation keeps them."""
        return {**asdict(self), "off": sorted(self.off)}

    def wants(self, code: WarningCode) -> bool:
        """Whether a warning is switched on."""
        return code.value not in self.off
