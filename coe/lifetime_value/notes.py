"""What the engine used in place of what it would have liked, and why: code and facts for programs, words for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

WORDS: Mapping[str, str] = {
    "NO_PURCHASES": "Nobody has bought anything yet, so nothing is expected.",
    "FEW_CUSTOMERS": (
        "{customers:,} customers, {repeaters:,} of whom bought again: too few to learn a purchase pattern from them"
        " alone (it takes {needed_customers:,} and {needed_repeaters:,}). BG/NBD leans on what is usual elsewhere, at"
        " the pace of each customer's segment."
    ),
    "TOO_FEW_CUSTOMERS": (
        "{customers:,} customers, {repeaters:,} of whom bought again: too few to learn a purchase pattern (it takes"
        " {needed_customers:,} and {needed_repeaters:,}). Each customer's own rate is drawn towards its segment's."
    ),
    "DROP_OUT_NOT_FOUND": (
        "{model} found no customers who stopped buying (drop-out {drop_out:.4f}), so its chance to be active says"
        " nothing; it was left out."
    ),
    "FIT_FAILED": "{model} could not be fitted; it was left out.",
    "NO_HOLDOUT": (
        "The history is too short to keep its last third aside, so the model was chosen by how well it describes the"
        " whole of it, less a penalty for each parameter."
    ),
    "CHOSEN": "{model} was used: none of {tried} foretold the last {weeks:.0f} weeks better by more than chance.",
    "ONLY_ONE_LEFT": "{model} was used.",
    "CHOSEN_IN_SAMPLE": "{model} describes the history best of {tried}.",
    "EMPIRICAL_RATE": "No model could be fitted: each customer's own rate is drawn towards that of its segment.",
    "SPEND_LEFT_TO_MEANS": (
        "Customers who buy often spend differently per purchase (correlation {correlation:.2f}), which Gamma-Gamma does"
        " not allow: each customer's own mean is drawn towards that of its segment."
    ),
    "SPEND_TOO_FEW": (
        "{repeaters:,} customers with repeat purchases: too few to learn how amounts vary (it takes"
        " {needed_repeaters:,}). Each customer's own mean is drawn towards that of its segment."
    ),
    "SPEND_FIT_FAILED": (
        "Gamma-Gamma gave no finite mean: each customer's own mean is drawn towards that of its segment."
    ),
    "WALLET_BY_GROUP": (
        "The wallet is the 80th percentile of the customer's segment and size, drawn towards that of all: {customers:,}"
        " customers with known spend (it takes {needed_customers:,} and facts about the firms to learn more)."
    ),
    "WALLET_FIT_FAILED": (
        "What is known of the firms could not be learnt from: the wallet is the 80th percentile of the customer's"
        " segment and size, drawn towards that of all."
    ),
    "SPEND_UNKNOWN": "The spend of {count:,} customers is no number; they count as spending nothing.",
    "RETURNS_LEFT_OUT": "{count:,} orders with negative amounts are returns, not purchases; they were left out.",
    "UNREADABLE_LEFT_OUT": "{count:,} orders without a date or with an amount that is no number were left out.",
}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a reader of the figures should know."""

    code: str
    facts: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The note as a sentence."""
        return WORDS[self.code].format(**self.facts)
