"""What a model learns from: the accounts as they were known at past month ends, and who bought afterwards."""

import datetime
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coe.queries.background import market, rows
from coe.queries.features import LATE_BOOKINGS_DAYS, account_features, purchases_in_window
from coe.queries.silence import fallen_silent
from coe.scoring.card import RuleCard
from coe.scoring.features import FeatureBlock, Ids, joined, signal_points
from coe.scoring.silence import silence_points
from coe.scoring.table import DAY_ZERO, Floats, Table
from tenancy.models import Organization
from tenancy.working_time import first_zone

MOST_ROWS = 295_000  # chance may draw some more, and a choice of models that is given over 300,000 holds them twice
MOST_MONTHS, FEWEST_MONTHS = 24, 6
MOST_READ = 3_000_000  # rows looked at: a large organisation learns enough from fewer months
FIRST_DAYS = 90  # a cut-off needs something to look back on
SEED = 14


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """One row an account and month end, with what came of it. ``table.known_at`` is the day, ``groups`` the account."""

    table: Table
    outcome: Floats  # 1 where the account bought within the horizon, else 0
    points: Floats  # the rule card's log-odds points of each row
    revenue: Floats  # of the twelve months before, in minor units: a baseline for backtests
    segments: tuple[str, ...]
    territories: tuple[str, ...]
    account_ids: Ids
    cutoffs: tuple[float, ...]  # as in ``known_at``, the earliest first
    horizon_days: int
    embargo_days: int  # until late bookings are in
    known_rows: int  # before sampling
    known_positives: int
    shift: float  # to add to the log-odds of what is learnt from these rows: ln of the sampling rates (4.14)

    def __len__(self) -> int:
        """Return how many rows there are to learn from."""
        return self.table.rows

    @property
    def positives(self) -> int:
        """How many of them bought."""
        return int(self.outcome.sum())


def month_ends(
    *, organization: Organization, until: datetime.datetime, horizon_days: int, most: int = MOST_MONTHS
) -> list[datetime.datetime]:
    """Return the last moments of past months whose outcome is settled by ``until``, the earliest first.

    None lies before there is something to look back on.
    """
    zone = first_zone(organization.time_zone)
    settled = until - datetime.timedelta(days=horizon_days + LATE_BOOKINGS_DAYS)
    begun = _first_fact(organization, until)
    found: list[datetime.datetime] = []
    month = settled.astimezone(zone).date().replace(day=1)
    while begun is not None and len(found) < most:
        end = datetime.datetime.combine(month, datetime.time(), zone) - datetime.timedelta(seconds=1)
        if end < begun + datetime.timedelta(days=FIRST_DAYS):
            break
        found.append(end)
        month = (month - datetime.timedelta(days=1)).replace(day=1)
    return found[::-1]


def training_rows(
    *,
    organization: Organization,
    until: datetime.datetime,
    card: RuleCard,
    horizon_days: int = 90,
    most_rows: int = MOST_ROWS,
) -> TrainingRows | None:
    """Return what there is to learn from by ``until``; None without a month whose outcome is settled.

    Beyond ``most_rows`` all positives are kept (up to half of the rows) and negatives are drawn, always the same.
    Inside a transaction only.
    """
    months = _months(organization, until, horizon_days)
    buys = _Question(SEED, [_bought(organization, end, horizon_days) for end in months])
    _read(organization, months, horizon_days, most_rows, [buys])
    return buys.rows(months, horizon_days, lambda block: signal_points(block, card))


def rows_of_both(
    *,
    organization: Organization,
    until: datetime.datetime,
    card: RuleCard,
    horizon_days: int = 90,
    most_rows: int = MOST_ROWS,
) -> tuple[TrainingRows | None, TrainingRows | None]:
    """Return what there is to learn about who buys, as ``training_rows`` does, and about who falls silent.

    The past is read once for both. Of silence there are rows of customers with a rhythm only, with the points of its
    own signs; its ``positives`` are those that fell silent. Inside a transaction only.
    """
    months = _months(organization, until, horizon_days)
    buys = _Question(SEED, [_bought(organization, end, horizon_days) for end in months])
    quiet = _Question(SEED + 1, [_silent(organization, end, horizon_days) for end in months])
    _read(organization, months, horizon_days, most_rows, [buys, quiet])
    return (
        buys.rows(months, horizon_days, lambda block: signal_points(block, card)),
        quiet.rows(months, horizon_days, silence_points),
    )


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of the accounts that a question is asked of at one month end."""

    good: Ids
    asked: Ids | None = None  # in order; None is everybody


@dataclass(slots=True)
class _Question:
    """One thing that is learnt: what came of it each month, and the rows that are kept of it."""

    seed: int
    outcomes: list[_Outcome]
    rates: tuple[float, float] = (1.0, 1.0)
    known_rows: int = 0
    known_positives: int = 0
    parts: list[tuple[FeatureBlock, NDArray[np.bool_]]] = field(default_factory=list)
    random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)

    def sample(self, accounts: int, most_rows: int) -> None:
        """Settle which shares of the rows are kept."""
        asked = sum(accounts if one.asked is None else len(one.asked) for one in self.outcomes)
        positives = sum(len(one.good) for one in self.outcomes)
        self.rates = _rates(positives, asked - positives, most_rows)

    def add(self, block: FeatureBlock, of: _Outcome) -> None:
        """Take the rows of a block of which the question is asked."""
        good = np.isin(block.account_ids, of.good)
        asked = np.ones(len(block), dtype=bool) if of.asked is None else np.isin(block.account_ids, of.asked)
        self.known_rows += int(asked.sum())
        self.known_positives += int(good.sum())
        drawn = self.random.random(len(block)) < np.where(good, *self.rates)
        kept = np.flatnonzero(asked & drawn)
        self.parts.append((block.take(kept), good[kept]))

    def rows(
        self, months: Sequence[datetime.datetime], horizon_days: int, points: Callable[[FeatureBlock], Floats]
    ) -> TrainingRows | None:
        """Return what was taken; None if nothing was."""
        if not self.known_rows:
            return None
        parts, self.parts = self.parts, []  # a question of many rows is not held beside the next one's
        account_ids = np.concatenate([block.account_ids for block, _ in parts])
        table = joined([block.table for block, _ in parts])
        _, groups = np.unique(account_ids, return_inverse=True)
        rate_good, rate_other = self.rates
        return TrainingRows(
            table=Table(table.rows, table.columns, table.known_at, groups.ravel().astype(np.int64)),
            outcome=np.concatenate([good for _, good in parts]).astype(np.float64),
            points=np.concatenate([points(block) for block, _ in parts]),
            revenue=np.concatenate([block.money.year_minor for block, _ in parts]),
            segments=tuple(word for block, _ in parts for word in block.words("segment")),
            territories=tuple(word for block, _ in parts for word in block.words("region")),
            account_ids=account_ids,
            cutoffs=tuple(float(end.date().toordinal() - DAY_ZERO) for end in months),
            horizon_days=horizon_days,
            embargo_days=LATE_BOOKINGS_DAYS,
            known_rows=self.known_rows,
            known_positives=self.known_positives,
            shift=math.log(rate_other / rate_good),
        )


def _read(
    organization: Organization,
    months: Sequence[datetime.datetime],
    horizon_days: int,
    most_rows: int,
    questions: Sequence[_Question],
) -> None:
    """Read the accounts as they were at each month end, once for all questions."""
    accounts = _accounts(organization)
    for question in questions:
        question.sample(accounts, most_rows)
    for place, end in enumerate(months):
        for block in _blocks(organization, end, horizon_days):
            for question in questions:
                question.add(block, question.outcomes[place])


def _months(organization: Organization, until: datetime.datetime, horizon_days: int) -> list[datetime.datetime]:
    most = min(MOST_MONTHS, max(FEWEST_MONTHS, MOST_READ // max(_accounts(organization), 1)))
    return month_ends(organization=organization, until=until, horizon_days=horizon_days, most=most)


def _bought(organization: Organization, start: datetime.datetime, horizon_days: int) -> _Outcome:
    end = start + datetime.timedelta(days=horizon_days)
    known_by = end + datetime.timedelta(days=LATE_BOOKINGS_DAYS)
    return _Outcome(purchases_in_window(organization=organization, start=start, end=end, known_by=known_by))


def _silent(organization: Organization, start: datetime.datetime, horizon_days: int) -> _Outcome:
    end = start + datetime.timedelta(days=horizon_days)
    asked, silent = fallen_silent(organization=organization, start=start, end=end)
    return _Outcome(asked[silent], asked)


def _blocks(organization: Organization, as_of: datetime.datetime, horizon_days: int) -> Iterator[FeatureBlock]:
    background = market(organization=organization, as_of=as_of, horizon_days=horizon_days)
    return account_features(organization=organization, as_of=as_of, background=background)


def _rates(positives: int, others: int, most: int) -> tuple[float, float]:
    """Return the shares of the good and the other rows that are kept."""
    if positives + others <= most:
        return 1.0, 1.0
    good = min(1.0, most / 2 / max(positives, 1))
    return good, min(1.0, (most - positives * good) / max(others, 1))


def _accounts(organization: Organization) -> int:
    ((count,),) = rows(
        "SELECT count(*) FROM pipeline_account WHERE organization_id = %(org)s AND deleted_at IS NULL",
        {"org": organization.pk},
    )
    return int(count)


def _first_fact(organization: Organization, until: datetime.datetime) -> datetime.datetime | None:
    """Return when the first order or deal became known."""
    given = {"org": organization.pk, "until": until}
    ((found,),) = rows(
        "SELECT least("
        "(SELECT min(recorded_at) FROM pipeline_order WHERE organization_id = %(org)s AND recorded_at <= %(until)s),"
        "(SELECT min(recorded_at) FROM pipeline_opportunity"
        "  WHERE organization_id = %(org)s AND recorded_at <= %(until)s))",
        given,
    )
    return found
