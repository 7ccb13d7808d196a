"""The grid of the people's forecast: rows by hierarchy, squad, territory, segment or month, and what each says."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models.functions import TruncMonth
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from pipeline.models import ForecastSubmission, Segment
from pipeline.queries.forecast_people import ForecastTree, Scope, forecast_tree, scope_of
from pipeline.queries.forecast_sums import (
    BEST_CASE,
    COLUMNS,
    COMMIT,
    CUMULATIVE,
    OVERDUE,
    UNDATED,
    DealSums,
    all_of,
    period_deals,
    sums_by,
)
from pipeline.queries.period_forecasts import likely_amounts
from pipeline.queries.quotas import quotas_of
from pipeline.queries.submissions import Stale, Subject, newest_submissions, why_stale
from pipeline.querysets import OpportunityQuerySet
from tenancy.access import Action
from tenancy.conversion import Converter, Total, rounded
from tenancy.models import Member, Organization, Unit
from tenancy.periods import Period

EVERYBODY = Scope(None, None)
NOBODY_AT_ALL = Scope(frozenset(), frozenset())
SELLERS = (Member.Role.SQUAD_LEAD, Member.Role.MEMBER)
FEW_ROWS = 14
"""So many rows are shown opened from the start."""


class By(StrEnum):
    """What the rows are; the value is how an address says it."""

    HIERARCHY = "hierarchy"
    SQUAD = "squad"
    TERRITORY = "territory"
    SEGMENT = "segment"
    MONTH = "month"


@dataclass(frozen=True)
class Promise:
    """Two numbers as people say them: cumulative, what is won is in both. Exact minor units of the grid's currency."""

    commit: Fraction = Fraction(0)
    best_case: Fraction = Fraction(0)

    def __add__(self, other: "Promise") -> "Promise":
        return Promise(self.commit + other.commit, self.best_case + other.best_case)

    @property
    def commit_minor(self) -> int:
        """The first number, rounded."""
        return rounded(self.commit)

    @property
    def best_case_minor(self) -> int:
        """The second number, rounded."""
        return rounded(self.best_case)


@dataclass
class Row:
    """One row: a unit, a person, or another group of deals."""

    key: str
    name: str
    level: int = 1
    subject: Unit | Member | None = None
    sums: DealSums = field(default_factory=DealSums)
    adds_up: Promise = Promise()  # its deals, and what people below have submitted
    submission: ForecastSubmission | None = None
    said: Promise | None = None  # None also where the currency of the submission has no rate
    stale: Stale = Stale.FRESH
    quota: int | None = None
    is_quota_from_below: bool = False
    likely: int | None = None  # the model's P50
    may_submit: bool = False
    may_set_quota: bool = False
    below: list["Row"] = field(default_factory=list)
    is_open: bool = True

    @property
    def counts_as(self) -> Promise:
        """What the row says to the one above: what was submitted, else what it adds up to."""
        return self.said or self.adds_up

    @property
    def is_person(self) -> bool:
        """Whether it is a person's."""
        return isinstance(self.subject, Member)

    def walk(self) -> Iterator["Row"]:
        """Yield the row and all below it, as they are read."""
        yield self
        for one in self.below:
            yield from one.walk()

    def shown(self) -> Iterator["Row"]:
        """Yield the row and those below it that are opened."""
        yield self
        if self.is_open:
            for one in self.below:
                yield from one.shown()


@dataclass
class Grid:
    """The grid of one period in one currency. Figures are asked by :meth:`figure`, so that nobody adds differently."""

    period: Period
    by: By
    currency: str
    is_cumulative: bool
    tops: list[Row] = field(default_factory=list)
    total: Row | None = None  # of groups that are no tree
    is_over: bool = False  # then nothing is submitted any more
    left_out: Counter[str] = field(default_factory=Counter)  # open deals without a day, or of before the period

    def rows(self) -> list[Row]:
        """Return what is shown."""
        return [row for top in self.tops for row in top.shown()]

    def every_row(self) -> Iterator[Row]:
        """Yield all rows, opened or not."""
        for top in self.tops:
            yield from top.walk()

    def find(self, key: str) -> Row | None:
        """Return the row of a key."""
        return next((row for row in self.every_row() if row.key == key), None)

    def figure(self, row: Row, column: str) -> Total:
        """Return what a row has in a column."""
        columns = CUMULATIVE.get(column, (column,)) if self.is_cumulative else (column,)
        return row.sums.worth(columns, currency=self.currency)

    def figures(self, row: Row) -> list[tuple[str, Total, int]]:
        """Return all columns of a row: which, what its deals come to, and how many they are."""
        return [(column, self.figure(row, column), row.sums.counts[column]) for column in COLUMNS]

    @property
    def total_figures(self) -> list[tuple[str, Total, int]]:
        """All columns of the last row."""
        return [] if self.total is None else self.figures(self.total)

    @cached_property
    def whole(self) -> Total:
        """What all deals of the grid come to: it knows by which rates, and what could not be counted."""
        return all_of(top.sums for top in self.tops).worth(COLUMNS, currency=self.currency)


@dataclass(frozen=True)
class Asked:
    """What a grid is asked for. `member` is who looks; None is the organisation itself, which sees everything."""

    organization: Organization
    member: Member | None
    period: Period
    today: date
    now: datetime
    converter: Converter
    by: By = By.HIERARCHY
    is_cumulative: bool = False
    opened: Collection[str] | None = None  # keys of rows; None: as the size of the tree suggests


def forecast_grid(asked: Asked) -> Grid:
    """Return the grid, with the rows and in them the figures that the member may see."""
    tree = forecast_tree(organization=asked.organization, today=asked.today)
    scope = _scope(asked, tree, Action.VIEW_FORECAST)
    deals = period_deals(
        organization=asked.organization,
        period=asked.period,
        member=asked.member,
        today=asked.today,
        owners=scope.people,
        with_left_out=True,
    )
    grid = Grid(asked.period, asked.by, asked.converter.currency, asked.is_cumulative)
    grid.is_over = asked.period.end <= asked.today
    if asked.by == By.HIERARCHY:
        grid.tops = _Hierarchy(asked, tree, scope, _sums(asked, grid, deals, "owner")).tops()
        _open(grid, asked.opened)
        _say_what_is_likely(asked, grid, tree.root)
    else:
        grid.tops = _groups(asked, grid, tree, deals)
        grid.total = Row("all", _("All"), sums=all_of(row.sums for row in grid.tops))
        _say(asked, grid.total, None, {})
    return grid


def _sums(asked: Asked, grid: Grid, deals: OpportunityQuerySet, key: str) -> dict[Any, DealSums]:
    """Return the sums of the deals that have a place; what has none is counted on the way."""
    found = sums_by(organization=asked.organization, deals=deals, key=key, converter=asked.converter)
    for one in found.values():
        for left_out in (OVERDUE, UNDATED):
            grid.left_out[left_out] += one.counts.pop(left_out, 0)
    return {value: one for value, one in found.items() if one.deals}


def _scope(asked: Asked, tree: ForecastTree, action: Action) -> Scope:
    if asked.member is None:
        return EVERYBODY
    return scope_of(member=asked.member, action=action, tree=tree, today=asked.today)


class _Hierarchy:
    """Builds the rows of units and people."""

    def __init__(self, asked: Asked, tree: ForecastTree, scope: Scope, sums: Mapping[UUID | None, DealSums]) -> None:
        self.asked, self.tree, self.scope, self.sums = asked, tree, scope, sums
        self.submitted = newest_submissions(organization=asked.organization, period=asked.period)
        self.quotas = quotas_of(organization=asked.organization, period=asked.period)
        nothing = asked.member is None
        self.submits = NOBODY_AT_ALL if nothing else _scope(asked, tree, Action.SUBMIT_FORECAST)
        self.sets_quotas = NOBODY_AT_ALL if nothing else _scope(asked, tree, Action.SET_QUOTAS)
        self.people = self._people()

    def _people(self) -> Mapping[UUID, Member]:
        """Return who has a row: who has deals in the period, a quota or a submission, and who sells in a unit.

        Where nobody looks everybody has one, so that a system can submit for each.
        """
        wanted = {key for kind, key in (*self.submitted, *self.quotas) if kind == "member"} | self.sums.keys()

        def has_row(one: Member) -> bool:
            sells = one.role in SELLERS and one.pk in self.tree.home
            return one.pk in wanted or (one.is_active and (sells or self.asked.member is None))

        return {one.pk: one for one in self.tree.people if self.scope.has_person(one.pk) and has_row(one)}

    def _says_something(self, row: Row) -> bool:
        """Whether a unit is shown: not one in which nobody has a row."""
        assert row.subject is not None
        subject = ("unit", row.subject.pk)
        return bool(row.below) or self.asked.member is None or subject in self.submitted or subject in self.quotas

    def tops(self) -> list[Row]:
        """Return the rows at the top: the company, or whatever the member reaches of it."""
        root = self.tree.root
        loose = [one for one in self.people.values() if one.pk not in self.tree.home]
        if root is not None and self.scope.has_unit(root):
            # A unit whose parent has closed stands beside the company.
            tops = [self._unit(one, 1) for one in self.tree.children.get(None, ())]
            company = tops[0]
            company.below += [self._person(one, 2) for one in loose]
            if None in self.sums:
                company.below.append(Row("nobody", _("Nobody’s"), 2, sums=self.sums[None]))
            return [self._summed(one) for one in tops]
        reached = self.scope.units or frozenset()
        units = [one for one in self.tree.units if one in reached and self.tree.units[one].parent_id not in reached]
        covered = {person for unit in units for person in self.tree.people_of(unit)}
        others = [one for one in self.people.values() if one.pk not in covered]
        found = [*(self._unit(one, 1) for one in units), *(self._person(one, 1) for one in others)]
        return [self._summed(row) for row in found]

    def _unit(self, unit_id: UUID, level: int) -> Row:
        unit = self.tree.units[unit_id]
        row = Row(f"unit:{unit_id}", unit.name, level, unit)
        units = (self._unit(one, level + 1) for one in self.tree.children.get(unit_id, ()))
        row.below = [one for one in units if self._says_something(one)]
        row.below += [
            self._person(one, level + 1) for one in self.people.values() if self.tree.home.get(one.pk) == unit_id
        ]
        return row

    def _person(self, member: Member, level: int) -> Row:
        return Row(f"member:{member.pk}", member.name, level, member, sums=self.sums.get(member.pk, DealSums()))

    def _summed(self, row: Row) -> Row:
        """Fill in a row from those below it."""
        for one in row.below:
            self._summed(one)
        if row.below:
            row.sums = all_of(one.sums for one in row.below)
        kind = "member" if row.is_person else "unit"
        self._say(row, (kind, row.subject.pk) if row.subject is not None else None)
        return row

    def _say(self, row: Row, subject: Subject | None) -> None:
        if subject is None:
            _say(self.asked, row, None, {})
            return
        _say(self.asked, row, self.submitted.get(subject), self.quotas.get(subject, {}))
        has = Scope.has_person if row.is_person else Scope.has_unit
        row.may_submit = has(self.submits, subject[1])
        row.may_set_quota = has(self.sets_quotas, subject[1])


def _say(asked: Asked, row: Row, submission: ForecastSubmission | None, quota: Mapping[str, int]) -> None:
    """Fill in what is promised and asked of a row whose deals, and rows below, are known."""
    row.adds_up = by_deals(row.sums, currency=asked.converter.currency)
    if row.below:
        row.adds_up = sum((one.counts_as for one in row.below), Promise())
    if submission is not None:
        row.submission = submission
        factor = asked.converter.factor(submission.currency)
        if factor is not None:
            row.said = Promise(submission.commit_minor * factor.value, submission.best_case_minor * factor.value)
        row.stale = why_stale(submission, sums=row.sums, now=asked.now, is_over=asked.period.end <= asked.today)
    if quota:
        asked_for = asked.converter.total(quota)
        row.quota = asked_for.amount_minor if asked_for.parts else None
    elif any(one.quota is not None for one in row.below):
        row.quota, row.is_quota_from_below = sum(one.quota or 0 for one in row.below), True


def by_deals(sums: DealSums, *, currency: str) -> Promise:
    """Return what deals alone promise: commit and best case, each with all that is firmer."""
    commit, best_case = (sums.worth(CUMULATIVE[one], currency=currency).exact for one in (COMMIT, BEST_CASE))
    return Promise(commit, best_case)


def _open(grid: Grid, opened: Collection[str] | None) -> None:
    count = sum(1 for _row in grid.every_row())
    for row in grid.every_row():
        row.is_open = row.key in opened if opened is not None else count <= FEW_ROWS or row.level == 1


def _say_what_is_likely(asked: Asked, grid: Grid, root: UUID | None) -> None:
    """Fill in what the model says of the units that it speaks of."""
    own = asked.converter.factor(asked.organization.currency)
    if asked.member is None or own is None:
        return
    start = asked.period.start
    said = likely_amounts(
        organization=asked.organization,
        member=asked.member,
        today=asked.today,
        kind=asked.period.kind.value,
        starts=[start],
    )
    for row in grid.every_row():
        if isinstance(row.subject, Unit):
            likely = said.get((start, None if row.subject.pk == root else row.subject.pk))
            row.likely = None if likely is None else rounded(likely * own.value)


def _groups(asked: Asked, grid: Grid, tree: ForecastTree, deals: Any) -> list[Row]:
    """Return rows of deals that have something else in common than who owns them."""
    namers: dict[By, tuple[str, Callable[[Any], tuple[str, str]]]] = {
        By.SQUAD: ("owner", lambda owner: _squad_of(tree, owner)),
        By.TERRITORY: ("account__region", lambda name: (f"territory:{name or ''}", name or _("No territory"))),
        By.SEGMENT: (
            "account__segment",
            lambda code: (f"segment:{code or ''}", str(Segment(code).label) if code else _("No segment")),
        ),
        By.MONTH: ("month", lambda day: (f"month:{day.isoformat()}", date_format(day, "M Y"))),
    }
    key, named = namers[asked.by]
    if asked.by == By.MONTH:
        deals = deals.annotate(month=TruncMonth("close_date"))
    rows: dict[str, Row] = {}
    for value, sums in sorted(_sums(asked, grid, deals, key).items(), key=lambda pair: str(pair[0] or "~")):
        code, name = named(value)
        rows.setdefault(code, Row(code, name)).sums.add(sums)
    found = list(rows.values()) if asked.by == By.MONTH else sorted(rows.values(), key=lambda row: row.name.casefold())
    for row in found:
        _say(asked, row, None, {})
    return found


def _squad_of(tree: ForecastTree, owner: UUID | None) -> tuple[str, str]:
    here = tree.home.get(owner) if owner else None
    while here is not None and here in tree.units:
        unit = tree.units[here]
        if unit.kind == Unit.Kind.SQUAD:
            return f"unit:{unit.pk}", unit.name
        here = unit.parent_id
    return "squad:", _("Not in a squad")
