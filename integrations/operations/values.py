"""Values that a person must decide about, such as the stages of a file, with what we would suggest."""

from dataclasses import dataclass

from integrations.imports.fields import Choice, Field, FieldType
from integrations.imports.targets import ValueOption, target_or_none
from integrations.imports.values import name_key
from integrations.models import ImportFile
from tenancy.models import Organization


@dataclass(frozen=True)
class ValueDecision:
    """One value of a file: how often it occurs, what was decided, else what is suggested.

    `use` is the id of an existing value, `create` the name of a new one with its `kind`. `is_sure` is true only where
    the file's value is the very name of an existing one, or its rows say the kind themselves.
    """

    text: str
    count: int
    use: str = ""
    create: str = ""
    kind: str = ""
    is_decided: bool = False
    is_sure: bool = False

    @property
    def decision(self) -> dict[str, str]:
        """The form in which it is saved; empty as long as something is missing."""
        if self.use:
            return {"use": self.use}
        return {"create": self.create, "kind": self.kind} if self.create and self.kind else {}


@dataclass(frozen=True)
class ValueQuestion:
    """All values of one field of a file, and what they can be mapped to."""

    field: Field
    header: str
    options: list[ValueOption]
    decisions: list[ValueDecision]

    @property
    def kinds(self) -> tuple[Choice, ...]:
        """What a new value can be."""
        return self.field.kinds

    @property
    def open_count(self) -> int:
        """How many values are not decided."""
        return sum(1 for decision in self.decisions if not decision.is_decided)


def value_questions(*, organization: Organization, import_file: ImportFile) -> list[ValueQuestion]:
    """What a person has to decide, or has decided, about the values of a file."""
    target = target_or_none(import_file.target)
    if target is None:
        return []
    headers = {str(rule.get("field", "")): str(rule["header"]) for rule in import_file.rules}
    questions = []
    for found in target.fields:
        counted = import_file.found_values.get(found.name)
        if found.type is not FieldType.MAPPED or not counted or found.name not in headers:
            continue
        options = target.value_options(organization=organization, found=found)
        decided = import_file.value_map.get(found.name, {})
        decisions = [_decision(text, counts, decided.get(text), options, found) for text, counts in counted.items()]
        decisions.sort(key=lambda decision: -decision.count)
        questions.append(ValueQuestion(found, headers[found.name], options, decisions))
    return questions


def _is_called(kind: Choice, text: str) -> bool:
    return name_key(text) in {name_key(word) for word in (kind.code, kind.label, *kind.words)}


def _decision(
    text: str, counts: dict[str, int], decided: dict[str, str] | None, options: list[ValueOption], found: Field
) -> ValueDecision:
    count = counts.get("count", 0)
    if decided and (decided.get("use") in {option.id for option in options} or "create" in decided):
        return ValueDecision(
            text, count, decided.get("use", ""), decided.get("create", ""), decided.get("kind", ""), is_decided=True
        )
    same = next((option for option in options if name_key(option.name) == name_key(text)), None)
    # Where every row says the same of itself, the kind is the file's own word and no guess from a name.
    said = [kind.code for kind in found.kinds if counts.get(kind.code, 0) == count]
    kind = said[0] if said and count else ""
    if not kind and same is None:
        # Only put forward on the page; nothing is written by it before a person has said so.
        guess = next((found_kind.code for found_kind in found.kinds if _is_called(found_kind, text)), "")
        return ValueDecision(text, count, create=text, kind=guess)
    if same is not None and kind in ("", same.kind):
        return ValueDecision(text, count, use=same.id, kind=same.kind, is_sure=True)
    return ValueDecision(text, count, create=text, kind=kind, is_sure=bool(kind))
