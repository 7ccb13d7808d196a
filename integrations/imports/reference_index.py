"""Who a reference means: an existing record or a row of another file of the same set."""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from integrations.imports.fields import Field, Problem
from integrations.imports.targets import Found, ImportTarget, target_or_none
from integrations.imports.values import name_key, squashed
from tenancy.models import Organization

KnownRows = Callable[[str, Collection[str]], set[str]]
"""For a target and texts: those that a row of another file of the set is called by, as its id or its name."""
RowNames = Callable[[str], Iterable[str]]
"""For a target: the names of rows in the files of the set."""


@dataclass(frozen=True)
class Resolved:
    """What a reference came to: an id, a row of the set that has none yet, or what is wrong."""

    id: UUID | None = None
    is_in_set: bool = False
    is_first_of_several: bool = False
    code: str = ""
    message: str = ""
    suggestion: str = ""


@dataclass
class ReferenceIndex:
    """Resolves the references of one file, in this order: id of the source, name, saved alias, row of the set."""

    organization: Organization
    source: str
    aliases: Mapping[str, Mapping[str, str]]
    known_rows: KnownRows = field(default=lambda target, texts: set())
    row_names: RowNames = field(default=lambda target: ())
    _near: dict[str, dict[str, str]] = field(default_factory=dict)
    _suggestions: dict[tuple[str, str], str] = field(default_factory=dict)

    def resolve(self, target_name: str, texts: Collection[str]) -> dict[str, Resolved]:
        """What each text means as a record of the target."""
        target = target_or_none(target_name)
        if target is None or not texts:
            return {}
        aliases = self.aliases.get(target_name, {})
        meant = {text: aliases.get(name_key(text), text) for text in texts}
        wanted = {*texts, *meant.values()}
        existing = target.find(organization=self.organization, source=self.source, texts=wanted)
        found = {text: _pick(existing.get(text, [])) or _pick(existing.get(meant[text], [])) for text in texts}
        first = {text: text.partition(";")[0].strip() for text in texts if ";" in text and found[text] is None}
        if first:
            # An export that joins several records in one cell names the most important one first.
            primary = self.resolve(target_name, set(first.values()))
            texts = set(texts) - first.keys()
        missing = {text for text in texts if (known := found[text]) is None or known.code}
        in_set = self.known_rows(target_name, {*missing, *(meant[text] for text in missing)}) if missing else set()
        result = {text: replace(primary[one], is_first_of_several=True) for text, one in first.items()}
        for text in texts:
            known = found[text]
            if known is not None and not known.code:
                result[text] = known
            elif text in in_set or meant[text] in in_set:
                result[text] = Resolved(is_in_set=True)
            elif known is not None:
                result[text] = known
            else:
                suggestion = self._suggest(target, text)
                result[text] = Resolved(
                    code="unknown_reference", message=f"names no {target.label_one} we know", suggestion=suggestion
                )
        return result

    def _suggest(self, target: ImportTarget, text: str) -> str:
        key = (target.name, text)
        if key not in self._suggestions and len(self._suggestions) < 500:
            names = self._names_of(target)
            short = squashed(text)
            near = names.get(short) or next(
                (names[name] for name in difflib.get_close_matches(short, names, n=1, cutoff=0.87)), ""
            )
            self._suggestions[key] = near
        return self._suggestions.get(key, "")

    def _names_of(self, target: ImportTarget) -> dict[str, str]:
        if target.name not in self._near:
            names = [*target.names(organization=self.organization, limit=5_000), *self.row_names(target.name)]
            self._near[target.name] = {squashed(name): name for name in names if name}
        return self._near[target.name]


def _pick(found: list[Found]) -> Resolved | None:
    if not found:
        return None
    by_id = [one for one in found if one.by_id]
    for group in (by_id, found, [one for one in found if one.same_source]):
        if len({one.id for one in group}) == 1:
            return Resolved(id=group[0].id)
    return Resolved(code="ambiguous_reference", message=f"is the name of {len(found)} records; use an id")


def reference_problem(found: Field, header: str, text: str, resolved: Resolved) -> Problem:
    """A reference that means nobody: it holds a row back only where the record cannot be without it."""
    rest = "The row is held back." if found.required else "The record is kept with this left empty."
    return Problem(
        resolved.code,
        f"{resolved.message}. {rest}",
        header,
        text[:200],
        is_warning=not found.required,
        suggestion=resolved.suggestion,
    )
