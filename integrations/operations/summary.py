"""What an import comes to, in the form that programs and people read."""

from typing import Any

from integrations.imports.fields import ColumnRule
from integrations.imports.targets import target_or_none
from integrations.models import Import, ImportFile
from integrations.operations.file_settings import rules_of
from integrations.operations.values import value_questions
from tenancy.models import Organization


def open_decisions(*, organization: Organization, made: Import) -> list[str]:
    """What nobody has decided yet, each as a sentence that says what to do."""
    found = []
    for import_file in made.uploaded_files():
        if import_file.refusal:
            continue
        name = import_file.name
        if import_file.target and not import_file.is_target_sure:
            found.append(f"{name}: say what its rows are; {import_file.target} is a guess.")
        found += [f"{name}: {_guess(rule)}" for rule in rules_of(import_file) if rule.field and not rule.is_sure]
        for question in value_questions(organization=organization, import_file=import_file):
            undecided = [d.text for d in question.decisions if not d.is_decided and not d.is_sure]
            if undecided:
                listed = ", ".join(undecided)
                found.append(f"{name}: say which {question.field.label.lower()} each of these is: {listed}.")
        for header, question_data in import_file.questions.items():
            if not question_data.get("kind"):
                continue
            examples = ", ".join(question_data.get("examples", []))
            found.append(f"{name}: {header} can be read in two ways ({examples}); choose one.")
    return found


def _guess(rule: ColumnRule) -> str:
    return f"say whether {rule.header} is {rule.field}; it is a guess."


def summary_of(made: Import) -> dict[str, Any]:
    """Counts and problems by file."""
    return {
        "import": str(made.pk),
        "source": made.source,
        "state": made.state,
        "files": [_file_summary(found) for found in made.uploaded_files()],
    }


def _file_summary(found: ImportFile) -> dict[str, Any]:
    if not found.is_used:
        reason = found.refusal or "Nothing that can be imported looks like this file."
        return {"file": found.name, "target": "", "skipped": reason}
    target = target_or_none(found.target)
    return {
        "file": found.name,
        "target": found.target,
        "label": target.label if target is not None else found.target,
        "rows": found.count("rows"),
        "new": found.count("inserted") if "inserted" in found.counts else found.count("new"),
        "changed": found.count("updated") if "updated" in found.counts else found.count("changed"),
        "same": found.count("unchanged") if "unchanged" in found.counts else found.count("same"),
        "held_back": found.count("held"),
        "with_warnings": found.count("warnings"),
        "problems": [_cause_summary(cause) for cause in found.causes if not cause["is_warning"]],
        "warnings": [_cause_summary(cause) for cause in found.causes if cause["is_warning"]],
    }


def _cause_summary(cause: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": cause["code"],
        "column": cause["column"],
        "message": f"{cause['column']} {cause['message']}".strip(),
        "count": cause["count"],
        "first_line": cause["line"],
        "values": [
            {name: value[name] for name in ("value", "count", "suggestion") if value[name]}
            for value in cause["values"][:5]
        ],
    }
