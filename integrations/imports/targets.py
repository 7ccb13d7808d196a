"""Import targets: what rows of a file can become. The engine knows no app; each app registers its own in `ready()`."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any
from uuid import UUID

from integrations.imports.custom_columns import custom_field, is_custom
from integrations.imports.fields import ColumnRule, Field, FieldType
from integrations.imports.row_parser import Values
from integrations.imports.suggestions import TargetWords
from integrations.imports.undoing import Undone
from integrations.imports.values import name_key
from tenancy.models import Member, Organization


@dataclass(frozen=True)
class ImportContext:
    """What every row of a file shares while it is compared or written."""

    organization: Organization
    source: str
    currency: str
    zone: tzinfo
    now: datetime
    earliest_at: datetime | None
    latest_at: datetime | None
    empty_clears: bool = False
    actor: Member | None = None
    mapped: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """For each MAPPED field: the file's value (as a key) to what the target made of the person's choice."""
    custom: tuple[ColumnRule, ...] = ()
    """The rules of the columns that are kept as they are."""
    looked_up: dict[str, Any] = field(default_factory=dict)
    """What a target has looked up for the chunk at hand."""


@dataclass(frozen=True)
class ImportRecord:
    """A row that was read without a problem, with its references resolved (None where they are not known)."""

    line: int
    key: str
    values: Values
    references: Mapping[str, UUID | None]
    sequence: int = 0
    was_new: bool = False
    """Whether the check found no record of the row; one may have come since."""


@dataclass(frozen=True)
class Found:
    """An existing record that a reference may mean."""

    id: UUID
    name: str
    by_id: bool = False
    same_source: bool = False


@dataclass(frozen=True)
class Comparison:
    """What writing a row would do: `changes` maps a column to (old, new) when the record exists."""

    is_new: bool
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass
class Written:
    """What writing a chunk did. `before` has the old values of changed records by id."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    created: list[str] = field(default_factory=list)
    before: list[dict[str, Any]] = field(default_factory=list)
    unchanged_keys: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class WrittenBefore:
    """What a chunk wrote, as its done-mark has it, and under which names of tasks."""

    created: Sequence[str]
    before: Sequence[dict[str, Any]]
    task: str
    own_tasks: Sequence[str]
    written_at: datetime


@dataclass(frozen=True)
class ValueOption:
    """An existing value that a file's value can be mapped to (a stage), with its kind."""

    id: str
    label: str
    kind: str
    name: str


@dataclass(frozen=True)
class ChangeText:
    """One changed field of one record, in words, for the review."""

    label: str
    old: str
    new: str


class ImportTarget(ABC):
    """One kind of record that files can bring.

    `links` are references to the target itself (an account's parent): they are written when all rows are there.
    `required_any` are groups of fields of which one must be mapped. `numbers_repeats` tells whether rows with the same
    natural key are different records (lines of an order) rather than doubles. `takes_custom` tells whether columns that
    no field stands for can be kept.
    """

    name: str
    label: str
    label_one: str
    fields: tuple[Field, ...]
    file_words: tuple[str, ...] = ()
    required_any: tuple[tuple[str, ...], ...] = ()
    links: tuple[str, ...] = ()
    numbers_repeats: bool = False
    takes_custom: bool = False

    @property
    def words(self) -> TargetWords:
        """What the suggestions need to know."""
        return TargetWords(self.name, self.fields, self.file_words, self.required_any)

    @cached_property
    def references(self) -> tuple[Field, ...]:
        """The fields that name a record of some target."""
        return tuple(found for found in self.fields if found.type is FieldType.REFERENCE)

    @property
    def depends_on(self) -> set[str]:
        """The targets whose rows must be written before these."""
        return {found.refers_to for found in self.references if found.refers_to != self.name}

    def field_named(self, name: str) -> Field | None:
        """The field of that name."""
        return next((found for found in self.fields if found.name == name), None)

    def field_of(self, rule: ColumnRule) -> Field | None:
        """The field that a column is mapped to, be it a custom one."""
        return custom_field(rule) if is_custom(rule.field) else self.field_named(rule.field)

    def custom_kinds(self, *, organization: Organization) -> Mapping[str, str]:
        """The kinds of the custom columns that earlier files brought, by key."""
        return {}

    def define_custom(  # noqa: B027  (most targets keep no custom columns)
        self, *, organization: Organization, rules: Sequence[ColumnRule], now: datetime
    ) -> None:
        """Make the custom columns of a file known before its rows are written."""

    def finish(self, values: Values) -> None:  # noqa: B027  (most targets have nothing to add)
        """Have the last word on a row's values, such as a name made of two.

        :raises ValueProblem: when they cannot be right together.
        """

    def key_of(self, values: Values) -> str:
        """The row's external id: its own, or else its natural name."""
        return str(values.get("external_id") or "") or self.natural_key(values)

    @abstractmethod
    def natural_key(self, values: Values) -> str:
        """What identifies a row that brings no id."""

    def name_of(self, values: Values) -> str:
        """The name by which other files may call the row."""
        return name_key(str(values.get("name") or ""))

    def dates_of(self, values: Values) -> Iterable[str]:
        """The source's own moments in a row, in ISO form: when it knew or did something."""
        return ()

    @abstractmethod
    def find(self, *, organization: Organization, source: str, texts: Collection[str]) -> dict[str, list[Found]]:
        """Existing records by external id of the source, or by name; several where a name is not unique."""

    @abstractmethod
    def names(self, *, organization: Organization, limit: int) -> list[str]:
        """Names of existing records, for finding what a misspelt reference means."""

    def value_options(self, *, organization: Organization, found: Field) -> list[ValueOption]:
        """What values of a MAPPED field can be mapped to."""
        return []

    def mapped_values(
        self, *, organization: Organization, found: Field, value_map: Mapping[str, Mapping[str, str]], create: bool
    ) -> dict[str, Any]:
        """What the target needs for each mapped value; with `create`, what is missing is made first."""
        return {}

    @abstractmethod
    def compare(self, context: ImportContext, records: Sequence[ImportRecord]) -> list[Comparison]:
        """What writing these rows would do, without doing it."""

    def ahead(self, context: ImportContext, records: Sequence[ImportRecord]) -> Callable[[], Any] | None:
        """The part of :meth:`write` that needs no database and nothing of the chunk before, for another thread."""
        return None

    @abstractmethod
    def write(self, context: ImportContext, records: Sequence[ImportRecord], made_ready: Any = None) -> Written:
        """Write the rows of one chunk inside the caller's transaction; `made_ready` is what :meth:`ahead` led to."""

    def write_links(self, context: ImportContext, records: Sequence[ImportRecord]) -> Written:
        """Write the references of the rows to rows of the same target."""
        return Written()

    def compare_links(self, context: ImportContext, records: Sequence[ImportRecord]) -> list[Comparison]:
        """What :meth:`write_links` would do."""
        return []

    def kind_of(self, found: Field, values: Values) -> str:
        """What the row itself says about the kind of its MAPPED value (a deal that is closed and won)."""
        return ""

    @abstractmethod
    def undo(self, context: ImportContext, written: WrittenBefore) -> Undone:
        """Take one chunk back inside the caller's transaction; what others have changed since stays."""

    @abstractmethod
    def describe(
        self, *, organization: Organization, changes: Sequence[Mapping[str, tuple[Any, Any]]]
    ) -> list[list[ChangeText]]:
        """The changes of records in words."""


_targets: dict[str, ImportTarget] = {}


def register_target(target: ImportTarget) -> None:
    """Make a target known to imports; called from `AppConfig.ready()`."""
    _targets[target.name] = target


def targets() -> list[ImportTarget]:
    """All targets, in the order in which they can be written: what is referred to comes first."""
    ordered: list[ImportTarget] = []
    waiting = list(_targets.values())
    while waiting:
        placed = {target.name for target in ordered}
        ready = [target for target in waiting if not (target.depends_on & set(_targets)) - placed]
        if not ready:
            raise RuntimeError(f"Import targets refer to each other in a circle: {[t.name for t in waiting]}.")
        ordered += ready
        waiting = [target for target in waiting if target not in ready]
    return ordered


def target_named(name: str) -> ImportTarget:
    """The target of that name.

    :raises KeyError: when no app has registered it.
    """
    return _targets[name]


def target_or_none(name: str) -> ImportTarget | None:
    """The target of that name, if there is one."""
    return _targets.get(name)
