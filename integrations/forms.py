"""What people send about imports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from integrations.imports.custom_columns import CUSTOM, is_custom
from integrations.imports.fields import ColumnRule
from integrations.imports.inspection import MAX_FILES
from integrations.operations.uploads import FORMATS
from integrations.operations.values import ValueQuestion
from tenancy.form_fields import LineField


class SeveralFilesInput(forms.ClearableFileInput):
    """A field for several files at once."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Files that belong together."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """All the files that were sent."""
        sent = data if isinstance(data, (list, tuple)) else [data] if data else []
        if not sent:
            raise forms.ValidationError(_("Choose at least one file."), code="required")
        if len(sent) > MAX_FILES:
            raise forms.ValidationError(
                _("%(count)d files were chosen; %(limit)d can be imported at once."),
                params={"count": len(sent), "limit": MAX_FILES},
            )
        for item in sent:
            if not item.size:
                continue
            super().clean(item, initial)
        return cast("list[UploadedFile[Any]]", list(sent))


class UploadForm(forms.Form):
    """Files, and where they come from."""

    uploads = SeveralFilesField(label=_("Files"), allow_empty_file=True)
    source = LineField(
        label=_("Where they come from"),
        required=False,
        max_length=60,
        help_text=_("Such as ERP. Records match on this name and their id, so use the same one each time."),
    )
    format = forms.ChoiceField(label=_("Made by"), choices=list(FORMATS.items()), initial="csv")


class MendedRowsForm(forms.Form):
    """Held-back rows that were mended in a spreadsheet."""

    mended = forms.FileField(label=_("Mended rows"))


def sent_rules(data: QueryDict, current: list[ColumnRule]) -> list[ColumnRule]:
    """The rules of the columns as the mapping form sends them. What a person has seen and left is sure.

    :raises ValueError: for a word that no rule has.
    """
    confirmed = data.get("confirm")
    rules = []
    for index, rule in enumerate(current):
        name = data.get(f"field-{index}", rule.field)
        if not name and data.get("keep") == "all":
            name = CUSTOM
        is_new = name != rule.field
        kept: dict[str, object] = {} if is_new else {"replace": rule.replace}
        rules.append(
            ColumnRule.from_json(
                {
                    "header": rule.header,
                    "field": name,
                    "is_sure": rule.is_sure or is_new or confirmed in (None, str(index)),
                    "date_order": data.get(f"date-order-{index}", "" if is_new else rule.date_order),
                    "decimal_mark": data.get(f"decimal-mark-{index}", "" if is_new else rule.decimal_mark),
                    "factor": int(data.get(f"factor-{index}", 1 if is_new else rule.factor)),
                    "unreadable": data.get(f"unreadable-{index}", "hold" if is_new else rule.unreadable),
                    **_custom_rule(data, index, rule, is_new=is_new),
                    **kept,
                }
            )
        )
    return rules


def _custom_rule(data: QueryDict, index: int, rule: ColumnRule, *, is_new: bool) -> dict[str, object]:
    """What is said of a column that is kept as it is; an unticked box is sent by a hidden field beside it."""
    if is_new or not is_custom(rule.field):
        return {}
    kind, at_closing = data.get(f"kind-{index}", rule.kind), data.getlist(f"at-closing-{index}")
    return {"kind": kind or rule.kind, "at_closing": "on" in at_closing if at_closing else rule.at_closing}


def sent_values(
    data: QueryDict, questions: list[ValueQuestion], current: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> dict[str, dict[str, dict[str, str]]]:
    """What was decided about each value: an existing one, or a new one with its kind."""
    decided = {name: {text: dict(choice) for text, choice in values.items()} for name, values in current.items()}
    for question in questions:
        for index, decision in enumerate(question.decisions):
            choice = data.get(f"value-{question.field.name}-{index}")
            if choice is None:
                continue
            values = decided.setdefault(question.field.name, {})
            kind, _, rest = choice.partition(":")
            if kind == "use" and rest in {option.id for option in question.options}:
                values[decision.text] = {"use": rest}
            elif kind == "create" and rest in {known.code for known in question.kinds}:
                values[decision.text] = {"create": decision.text, "kind": rest}
            else:
                values.pop(decision.text, None)
    return decided


def sent_format(data: QueryDict) -> dict[str, object]:
    """How the file is to be read, from the form beside its name."""
    changes: dict[str, object] = {
        name: data.get(name) == "on" for name in ("has_header", "repair_text", "fill_short_rows")
    }
    if data.get("codec") in ENCODINGS:
        changes["codec"] = data["codec"]
    delimiter = DELIMITERS.get(data.get("delimiter", ""))
    if delimiter:
        changes["delimiter"] = delimiter
    return changes


ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": _("UTF-8 with a mark"),
    "utf-16": "UTF-16",
    "cp1252": _("Windows Western (1252)"),
    "cp1250": _("Windows Central European (1250)"),
    "mac_roman": "Mac Roman",
    "cp850": _("DOS Western (850)"),
}
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


def sent_cells(data: QueryDict) -> dict[int, dict[int, str]]:
    """Mended cells: `cell-<line>-<column>`."""
    cells: dict[int, dict[int, str]] = {}
    for name, text in data.items():
        parts = name.split("-")
        if len(parts) == 3 and parts[0] == "cell" and parts[1].isdigit() and parts[2].isdigit():
            cells.setdefault(int(parts[1]), {})[int(parts[2])] = str(text)[:20_000]
    return cells
