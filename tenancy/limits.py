"""How often something may be done: exact limits over a sliding window, kept in Valkey.

Counting and asking are one script, so that calls at the same moment can't all see the last free place: of sixty at once
with a limit of ten, ten pass. The window slides: no stretch of its length ever holds more than the limit, not even
around the turn of a minute. A refused call counts for nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

_MICROSECONDS = 1_000_000
_TIMEOUT_SECONDS = 0.5

# A list a key holds the moments of the calls that count, the oldest first: at most `limit` of them, and each is put in
# and taken out once. What was pushed last is never older than what was pushed before, whatever the clocks say.
_TAKE = """
local now = tonumber(ARGV[1])
if now < 0 then
    local clock = redis.call('TIME')
    now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
end
local answer, moments, free = {1}, {}, true
for i, key in ipairs(KEYS) do
    local limit, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local last = tonumber(redis.call('LINDEX', key, -1) or 0)
    local at = math.max(now, last)
    local oldest = tonumber(redis.call('LINDEX', key, 0) or at + 1)
    while oldest <= at - window do
        redis.call('LPOP', key)
        oldest = tonumber(redis.call('LINDEX', key, 0) or at + 1)
    end
    local used = redis.call('LLEN', key)
    moments[i] = at
    answer[2 * i] = limit - used
    answer[2 * i + 1] = used > 0 and oldest + window - at or window
    free = free and used < limit
end
if not free then
    answer[1] = 0
    return answer
end
for i, key in ipairs(KEYS) do
    redis.call('RPUSH', key, string.format('%.0f', moments[i]))
    redis.call('PEXPIRE', key, math.ceil(tonumber(ARGV[2 * i + 1]) / 1000))
    answer[2 * i] = answer[2 * i] - 1
end
return answer
"""


class LimiterUnavailable(RuntimeError):
    """Valkey does not answer, so nobody can say whether the limit is reached: the caller decides what that means."""


@dataclass(frozen=True)
class Limit:
    """At most `limit` calls under `key` in any `seconds`. The key may name a person: only its hash is kept."""

    key: str
    limit: int
    seconds: int


@dataclass(frozen=True)
class Verdict:
    """Whether a call may go on, how many more may follow at once, and when the next place becomes free."""

    allowed: bool
    remaining: int
    resets_in: int  # whole seconds, rounded up, at least one


def take(key: str, *, limit: int, seconds: int, now: datetime | None = None) -> Verdict:
    """Count one call under `key`, unless that would be more than `limit` within `seconds`.

    Without `now` Valkey's own clock counts, which is the same for all the processes that ask.

    :raises LimiterUnavailable: when Valkey does not answer.
    """
    return take_all([Limit(key, limit, seconds)], now=now)[0]


def take_all(limits: Sequence[Limit], *, now: datetime | None = None) -> list[Verdict]:
    """Count one call under each of several limits, or under none of them where one is reached.

    Each verdict tells of its own limit; all are `allowed`, or those are not that stand in the way.

    :raises LimiterUnavailable: when Valkey does not answer.
    """
    moment = -1 if now is None else round(now.timestamp() * _MICROSECONDS)
    arguments: list[int] = [moment]
    for one in limits:
        arguments += [one.limit, one.seconds * _MICROSECONDS]
    keys = [f"limit:{hashlib.sha256(one.key.encode()).hexdigest()}" for one in limits]
    try:
        counted, *rest = _script(settings.REDIS_URL)(keys=keys, args=arguments)
    except (redis.RedisError, OSError) as error:
        raise LimiterUnavailable("The limits are kept in Valkey, and it does not answer.") from error
    verdicts = []
    for remaining, microseconds in zip(rest[::2], rest[1::2], strict=True):
        allowed = bool(counted) or remaining > 0
        verdicts.append(Verdict(allowed, max(0, remaining), max(1, -(-int(microseconds) // _MICROSECONDS))))
    return verdicts


@cache
def _script(url: str) -> Any:
    """Return the script on a pool of connections; a connection that died while it was idle is opened again, once."""
    client = redis.Redis.from_url(
        url,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        socket_timeout=_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
    return client.register_script(_TAKE)
