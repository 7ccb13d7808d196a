"""How often something may be done: exact limits over a sliding window, kept in Valkey.

Counting and asking are one script, so that calls at the same moment can't all see the last free place: of sixty at once
with a limit of ten, ten pass. The window slides: no stretch of its length ever holds more than the limit, not even
around the turn of a minute. A refused call counts for nothing; one that should not have counted gives its place back.

A Valkey that is gone says so at once. One that hangs would cost every call its time-out, so after a time-out it is left
alone for PAUSE_SECONDS: until then nobody asks it, and then one call does. Callers hear the same as when it is gone.
"""

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

_MICROSECONDS = 1_000_000
_TIMEOUT_SECONDS = 0.5
PAUSE_SECONDS = 3

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
    moments[i] = string.format('%.0f', at)
    answer[3 * i - 1] = limit - used
    answer[3 * i] = used > 0 and oldest + window - at or window
    answer[3 * i + 1] = moments[i]
    free = free and used < limit
end
if not free then
    answer[1] = 0
    return answer
end
for i, key in ipairs(KEYS) do
    redis.call('RPUSH', key, moments[i])
    redis.call('PEXPIRE', key, math.ceil(tonumber(ARGV[2 * i + 1]) / 1000))
    answer[3 * i - 1] = answer[3 * i - 1] - 1
end
return answer
"""
# The very moment that was put in: with the newest one in its place, a later call would be forgotten too early.
_GIVE_BACK = """
for i, key in ipairs(KEYS) do
    redis.call('LREM', key, -1, ARGV[i])
end
return 1
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
    moment: bytes = field(default=b"", compare=False, repr=False)  # what stands for the call, to give its place back


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
    counted, *rest = _counter(settings.REDIS_URL).run(_TAKE, limits, arguments)
    verdicts = []
    for remaining, microseconds, moment in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        allowed = bool(counted) or remaining > 0
        resets_in = max(1, -(-int(microseconds) // _MICROSECONDS))
        verdicts.append(Verdict(allowed, max(0, remaining), resets_in, moment))
    return verdicts


def give_back(limits: Sequence[Limit], verdicts: Sequence[Verdict]) -> None:
    """Free the places that one allowed call took, once it is known that it should not have counted.

    :raises LimiterUnavailable: when Valkey does not answer; then the call goes on counting.
    """
    _counter(settings.REDIS_URL).run(_GIVE_BACK, limits, [verdict.moment for verdict in verdicts])


class _Counter:
    """Valkey as far as it counts, and whether it is worth asking."""

    def __init__(self, url: str) -> None:
        # A connection that died while it was idle is opened again, once; waiting a second time for one that hangs
        # would only take twice as long.
        once_more = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError, ConnectionError))
        client = redis.Redis.from_url(
            url, socket_connect_timeout=_TIMEOUT_SECONDS, socket_timeout=_TIMEOUT_SECONDS, retry=once_more
        )
        self.scripts: dict[str, Any] = {text: client.register_script(text) for text in (_TAKE, _GIVE_BACK)}
        self.asks_again_at = 0.0  # by the monotonic clock; 0 while it answers
        self.lock = threading.Lock()

    def run(self, text: str, limits: Sequence[Limit], arguments: Sequence[int | bytes]) -> Any:
        if not self.may_ask():
            raise LimiterUnavailable("The limits are kept in Valkey, and it did not answer a moment ago.")
        keys = [f"limit:{hashlib.sha256(one.key.encode()).hexdigest()}" for one in limits]
        try:
            answer = self.scripts[text](keys=keys, args=arguments)
        except (redis.TimeoutError, TimeoutError) as error:
            self.asks_again_at = time.monotonic() + PAUSE_SECONDS
            raise LimiterUnavailable("The limits are kept in Valkey, and it did not answer in time.") from error
        except (redis.RedisError, OSError) as error:
            self.asks_again_at = 0.0
            raise LimiterUnavailable("The limits are kept in Valkey, and it does not answer.") from error
        self.asks_again_at = 0.0
        return answer

    def may_ask(self) -> bool:
        """Return whether a call may ask now; after a pause the first one may, and the others wait for what it finds."""
        if not self.asks_again_at:
            return True
        with self.lock:
            now = time.monotonic()
            if now < self.asks_again_at:
                return False
            self.asks_again_at = now + PAUSE_SECONDS
            return True


@cache
def _counter(url: str) -> _Counter:
    return _Counter(url)
