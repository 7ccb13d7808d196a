"""Limits are exact: however many ask at once, as many pass as may."""

import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from tenancy import limits
from tenancy.limits import Limit, LimiterUnavailable, Verdict, give_back, take, take_all

NOW = timezone.now()
ROOT = Path(__file__).resolve().parents[2]
VALKEY = settings.REDIS_URL


@pytest.fixture
def key() -> str:
    """A key that no other test counts under."""
    return f"test {uuid4()}"


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(("limit", "seconds"), [(10, 300), (59, 60), (1, 1)])
def test_of_sixty_callers_at_once_exactly_the_limit_pass(key: str, limit: int, seconds: int) -> None:
    """ASVS V2.4.1: limits hold against automation that calls at the same moment."""
    start = Barrier(60)

    def call(_: int) -> Verdict:
        start.wait()
        return take(key, limit=limit, seconds=seconds, now=NOW)

    with ThreadPoolExecutor(60) as callers:
        verdicts = list(callers.map(call, range(60)))

    assert Counter(verdict.allowed for verdict in verdicts) == {True: limit, False: 60 - limit}
    assert sorted(verdict.remaining for verdict in verdicts if verdict.allowed) == list(range(limit))


def test_processes_share_one_limit_by_the_clock_of_the_server(key: str) -> None:
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from django.conf import settings\n"
        f"settings.configure(REDIS_URL={settings.REDIS_URL!r})\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from tenancy.limits import take\n"
        f"call = lambda _: take({key!r}, limit=10, seconds=600).allowed\n"
        "print(sum(ThreadPoolExecutor(20).map(call, range(20))))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]

    assert sum(int(process.communicate()[0]) for process in running) == 10


def test_no_stretch_of_the_window_holds_more_than_the_limit(key: str) -> None:
    """A window that began anew each minute would let twice the limit through around its turn."""
    passed = [second for second in range(200) if take(key, limit=5, seconds=60, now=at(second)).allowed]

    assert passed == [*range(5), *range(60, 65), *range(120, 125), *range(180, 185)]


def test_it_says_how_many_may_follow_and_when_the_next_place_is_free(key: str) -> None:
    def ask(seconds: float) -> Verdict:
        return take(key, limit=2, seconds=60, now=at(seconds))

    assert ask(0) == Verdict(allowed=True, remaining=1, resets_in=60)
    assert ask(10) == Verdict(allowed=True, remaining=0, resets_in=50)
    assert ask(10.5) == Verdict(allowed=False, remaining=0, resets_in=50)
    assert ask(59.999) == Verdict(allowed=False, remaining=0, resets_in=1)
    assert ask(60) == Verdict(allowed=True, remaining=0, resets_in=10)


def test_a_refused_call_counts_for_nothing(key: str) -> None:
    assert take(key, limit=1, seconds=60, now=at(0)).allowed
    for second in range(1, 60):
        assert not take(key, limit=1, seconds=60, now=at(second)).allowed

    assert take(key, limit=1, seconds=60, now=at(60)).allowed


def test_a_clock_that_goes_backwards_frees_no_place(key: str) -> None:
    assert take(key, limit=1, seconds=60, now=at(100)).allowed
    assert not take(key, limit=1, seconds=60, now=at(0)).allowed
    assert take(key, limit=1, seconds=60, now=at(160)).allowed


def test_of_several_limits_one_that_is_reached_leaves_the_others_uncounted(key: str) -> None:
    narrow, wide = Limit(f"{key} token", 2, 60), Limit(f"{key} organisation", 3, 60)
    other = Limit(f"{key} other token", 2, 60)

    first = [take_all([narrow, wide], now=NOW) for _ in range(4)]
    second = [take_all([other, wide], now=NOW) for _ in range(2)]

    assert [[verdict.allowed for verdict in pair] for pair in first] == [[True, True]] * 2 + [[False, True]] * 2
    assert [[verdict.allowed for verdict in pair] for pair in second] == [[True, True], [True, False]]
    assert [pair[1].remaining for pair in second] == [0, 0]


def test_what_is_kept_names_nobody_and_is_gone_after_the_window(key: str) -> None:
    kept: Any = redis.Redis.from_url(settings.REDIS_URL)
    before = set(kept.keys("limit:*"))
    take(f"{key} rui@acme.example", limit=3, seconds=60)

    (made,) = set(kept.keys("limit:*")) - before
    assert b"acme" not in made
    assert 0 < kept.pttl(made) <= 60_000


def test_without_valkey_it_says_so_and_does_not_guess(key: str) -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"), pytest.raises(LimiterUnavailable):
        take(key, limit=10, seconds=60)


def test_a_place_that_was_given_back_can_be_taken_again(key: str) -> None:
    limit = Limit(key, 2, 60)
    first = take_all([limit], now=at(0))
    take_all([limit], now=at(30))

    give_back([limit], first)

    assert take(key, limit=2, seconds=60, now=at(40)).allowed
    assert not take(key, limit=2, seconds=60, now=at(59)).allowed
    # What was given back is the first call and not the second: that one counts until its own time is over.
    assert not take(key, limit=2, seconds=60, now=at(89)).allowed
    assert take(key, limit=2, seconds=60, now=at(90)).allowed


def test_a_given_back_place_frees_one_of_each_limit(key: str) -> None:
    narrow, wide = Limit(f"{key} account", 1, 60), Limit(f"{key} place", 2, 60)

    for second in range(5):
        give_back([narrow, wide], take_all([narrow, wide], now=at(second)))

    assert [one.remaining for one in take_all([narrow, wide], now=at(9))] == [0, 1]


class TestValkeyThatHangs:
    """It accepts connections and says nothing, as a stopped process does."""

    @pytest.fixture
    def silent(self) -> Iterator[socket.socket]:
        limits._counter.cache_clear()
        with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
            server.setblocking(False)
            with override_settings(REDIS_URL=f"redis://127.0.0.1:{server.getsockname()[1]}/0"):
                yield server

    def connections(self, server: socket.socket) -> int:
        """Return how many connections came since this was asked before."""
        count = 0
        while True:
            try:
                server.accept()
            except BlockingIOError:
                return count
            count += 1

    def test_one_call_waits_and_those_after_it_do_not(self, key: str, silent: socket.socket) -> None:
        with pytest.raises(LimiterUnavailable, match="in time"):
            take(key, limit=10, seconds=60)
        assert self.connections(silent) == 1, "the time-out is waited for once"

        began = time.perf_counter()
        for _ in range(200):
            with pytest.raises(LimiterUnavailable, match="a moment ago"):
                take(key, limit=10, seconds=60)

        assert self.connections(silent) == 0
        assert time.perf_counter() - began < limits._TIMEOUT_SECONDS

    def test_after_the_pause_one_call_tries_for_all(self, key: str, silent: socket.socket) -> None:
        counter = limits._counter(settings.REDIS_URL)
        with pytest.raises(LimiterUnavailable):
            take(key, limit=10, seconds=60)
        self.connections(silent)
        counter.asks_again_at = time.monotonic()

        def call(_: int) -> str:
            with pytest.raises(LimiterUnavailable) as refused:
                take(key, limit=10, seconds=60)
            return str(refused.value)

        with ThreadPoolExecutor(20) as callers:
            said = Counter(words.rsplit(" ", 2)[1] for words in callers.map(call, range(20)))

        assert said == {"in": 1, "moment": 19}
        assert self.connections(silent) == 1

    def test_it_counts_again_when_it_answers_again(self, key: str, silent: socket.socket) -> None:
        with pytest.raises(LimiterUnavailable):
            take(key, limit=10, seconds=60)
        counter = limits._counter(settings.REDIS_URL)
        counter.scripts = limits._Counter(VALKEY).scripts
        assert limits.PAUSE_SECONDS <= 5, "a limit that is open or closed for long is none"
        counter.asks_again_at = time.monotonic()

        assert take(key, limit=10, seconds=60).remaining == 9
        assert take(key, limit=10, seconds=60).remaining == 8
