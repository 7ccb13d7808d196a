"""How often an API token, and all the tokens of its organisation together, may call."""

import logging
from dataclasses import dataclass

from django.conf import settings

from tenancy.http import TokenOwner
from tenancy.limits import Limit, LimiterUnavailable, Verdict, take_all

logger = logging.getLogger(__name__)
WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Metered:
    """A limit that a call counts against, and how it stands."""

    name: str
    limit: Limit
    verdict: Verdict


def meter(owner: TokenOwner) -> list[Metered]:
    """Count a call and return how the limits stand; none while Valkey does not answer.

    Then everybody may call: the limits keep one integration from crowding out the others, and a token that could not
    read or write its own organisation's records would be the greater harm.
    """
    limits = {
        "token": Limit(f"api token {owner.token_id}", settings.API_CALLS_OF_TOKEN, WINDOW_SECONDS),
        "organization": Limit(
            f"api organization {owner.organization_id}", settings.API_CALLS_OF_ORGANIZATION, WINDOW_SECONDS
        ),
    }
    try:
        verdicts = take_all(list(limits.values()))
    except LimiterUnavailable as error:
        logger.warning("An API call was not counted: %s", error)
        return []
    return [Metered(name, limits[name], verdict) for name, verdict in zip(limits, verdicts, strict=True)]
