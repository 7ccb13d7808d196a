"""What the mapping page shows of columns and problems: made here, so that templates only print."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations.imports.encoding import LABELS
from integrations.imports.fields import DATED, NUMERIC, ColumnRule, Field, FieldType
from integrations.imports.inspection import DELIMITER_NAMES
from integrations.imports.targets import ImportTarget, target_or_none
from integrations.models import ImportFile
from integrations.operations.file_settings import rules_of
from integrations.operations.uploads import format_of


@dataclass(frozen=True)
class ColumnRow:
    """One column of the file on the page."""

    index: int
    rule: ColumnRule
    values: str
    field: Field | None
    problems: int
    warnings: int
    question: str
    reading: dict[str, str]

    @property
    def is_guess(self) -> bool:
        """Whether a person must confirm the field."""
        return bool(self.rule.field) and not self.rule.is_sure

    @property
    def is_custom(self) -> bool:
        """Whether the column is kept as it is."""
        return self.field is not None and self.field.is_custom

    @property
    def is_dated(self) -> bool:
        """Whether the column can be read day first or month first."""
        return self.field is not None and self.field.type in DATED

    @property
    def is_number(self) -> bool:
        """Whether the column has a decimal mark."""
        return self.field is not None and self.field.type in NUMERIC

    @property
    def is_amount(self) -> bool:
        """Whether the column may be in thousands or millions."""
        return self.field is not None and self.field.type in (FieldType.MONEY, FieldType.NUMBER) and not self.is_custom

    @property
    def can_be_emptied(self) -> bool:
        """Whether cells that cannot be read may be left empty."""
        if self.field is None or self.field.required or self.field.is_custom:
            return False
        return self.field.type in _READABLE

    @property
    def has_rule(self) -> bool:
        """Whether there is anything to set."""
        return self.is_dated or self.is_number or self.can_be_emptied or self.is_custom

    @property
    def clean_up(self) -> str:
        """The rule of the column in a few words."""
        if self.field is None:
            return ""
        words = [_type_words(self.field, self.rule, self.reading)]
        if self.is_custom and self.field.type is FieldType.TEXT:
            words = [_("Text")]
        if self.is_custom and self.rule.at_closing:
            words.append(_("known only at closing"))
        if self.rule.factor == 1_000:
            words.append(_("in thousands"))
        if self.rule.factor == 1_000_000:
            words.append(_("in millions"))
        if self.rule.unreadable == "empty":
            words.append(_("else empty"))
        if self.rule.unreadable == "digits":
            words.append(_("digits only"))
        if self.rule.replace:
            words.append(
                ngettext("%(count)d value replaced", "%(count)d values replaced", len(self.rule.replace))
                % {"count": len(self.rule.replace)}
            )
        return ", ".join(words)


_READABLE = (
    DATED
    | NUMERIC
    | {
        FieldType.BOOLEAN,
        FieldType.CHOICE,
        FieldType.COUNTRY,
        FieldType.EMAIL,
        FieldType.WEBSITE,
        FieldType.CURRENCY,
    }
)


CUSTOM_KINDS = (
    ("number", gettext_lazy("Number")),
    ("category", gettext_lazy("Text")),
    ("date", gettext_lazy("Date")),
    ("flag", gettext_lazy("Yes or no")),
)


def _type_words(found: Field, rule: ColumnRule, reading: dict[str, str]) -> str:
    match found.type:
        case FieldType.ID:
            return _("Keep zeros")
        case FieldType.DATE | FieldType.MOMENT:
            orders = {"day_first": _("Day first"), "month_first": _("Month first")}
            return orders.get(rule.date_order or reading.get("date_order", ""), _("Date"))
        case FieldType.MONEY | FieldType.UNIT_PRICE | FieldType.NUMBER | FieldType.INTEGER | FieldType.PERCENT:
            marks = {"comma": _("1.234,56 to number"), "point": _("1,234.56 to number")}
            return marks.get(
                rule.decimal_mark or reading.get("decimal_mark", ""),
                _("Share") if found.type is FieldType.PERCENT else _("Number"),
            )
        case FieldType.REFERENCE:
            target = target_or_none(found.refers_to)
            name = target.label_one if target is not None else found.refers_to
            return _("Match %(what)s by id or name") % {"what": name}
        case FieldType.CHOICE:
            return ", ".join(choice.label for choice in found.choices[:4])
        case FieldType.MAPPED:
            return _("As decided below")
        case FieldType.BOOLEAN:
            return _("Yes or no")
        case FieldType.COUNTRY:
            return _("Country name or code")
        case FieldType.CURRENCY:
            return _("Currency code or sign")
        case FieldType.EMAIL:
            return _("E-mail address")
        case FieldType.WEBSITE:
            return _("Web address")
        case _:
            return _("Trim")


def column_rows(import_file: ImportFile) -> list[ColumnRow]:
    """The columns of a file with their rules, values and problems."""
    target = target_or_none(import_file.target)
    rows = []
    for index, rule in enumerate(rules_of(import_file)):
        causes = [cause for cause in import_file.causes if cause["column"] == rule.header]
        rows.append(
            ColumnRow(
                index=index,
                rule=rule,
                values=", ".join(str(value) for value in import_file.sample_values(index)),
                field=target.field_of(rule) if target is not None else None,
                problems=sum(cause["count"] for cause in causes if not cause["is_warning"]),
                warnings=sum(cause["count"] for cause in causes if cause["is_warning"]),
                question=str(import_file.questions.get(rule.header, {}).get("kind", "")),
                reading=import_file.questions.get(rule.header, {}),
            )
        )
    return rows


@dataclass(frozen=True)
class Fix:
    """A one-click answer to a problem: what the button says and what it sends."""

    label: str
    kind: str
    header: str = ""
    value: str = ""
    meant: str = ""


@dataclass(frozen=True)
class CauseLine:
    """One cause of problems, with an example and what can be done."""

    code: str
    column: str
    title: str
    example: str
    count: int
    is_warning: bool
    fixes: list[Fix] = field(default_factory=list)
    can_edit: bool = False


def cause_lines(import_file: ImportFile) -> list[CauseLine]:
    """The problems of a file by cause, those that hold rows back first."""
    target = target_or_none(import_file.target)
    if target is None:
        return []
    fields = {rule.header: target.field_of(rule) for rule in rules_of(import_file) if rule.field}
    return [_cause_line(cause, fields.get(cause["column"]), target) for cause in import_file.causes]


def _cause_line(cause: dict[str, Any], found: Field | None, target: ImportTarget) -> CauseLine:
    values = cause["values"]
    words = [str(value["value"]) for value in values[:4]]
    rest = cause["distinct"] - len(words)
    listed = ", ".join(words) + (_(" and %(count)d more") % {"count": rest} if rest > 0 and words else "")
    where = _("line %(line)s") % {"line": f"{cause['line']:,}"}
    return CauseLine(
        code=cause["code"],
        column=cause["column"],
        title=_title(cause, found),
        example=f"{listed} · {where}" if listed else where,
        count=cause["count"],
        is_warning=cause["is_warning"],
        fixes=_fixes(cause, found),
        can_edit=not cause["is_warning"] and cause["code"] != "not_decided",
    )


def _title(cause: dict[str, Any], found: Field | None) -> str:
    column = cause["column"]
    match cause["code"]:
        case "quote_left_open":
            return _("A quote opens and never closes")
        case "too_many_cells":
            return _("The row has more cells than there are columns")
        case "too_few_cells":
            return _("The row has fewer cells than there are columns")
        case "ambiguous_date":
            return _("%(column)s can be read day first or month first") % {"column": column}
        case "ambiguous_number":
            return _("%(column)s can be a thousand or a fraction") % {"column": column}
        case "empty":
            return f"{column} {cause['message']}"
        case "double_key":
            return _("Two rows have one key and say different things")
        case "double_row":
            return _("The row is there twice; it is taken once")
        case "unknown_reference" if found is not None and cause["is_warning"]:
            return _("%(column)s names something we do not know; it is left empty") % {"column": column}
        case _:
            return f"{column} {cause['message']}".strip()


def _fixes(cause: dict[str, Any], found: Field | None) -> list[Fix]:
    column = cause["column"]
    fixes = []
    match cause["code"]:
        case "ambiguous_date":
            return [
                Fix(_("Day first"), "date_order", column, "day_first"),
                Fix(_("Month first"), "date_order", column, "month_first"),
            ]
        case "ambiguous_number":
            example = cause["values"][0]["value"] if cause["values"] else "1.234"
            thousand, fraction = ("comma", "point") if "." in example else ("point", "comma")
            return [
                Fix(_("%(value)s is thousands") % {"value": example}, "decimal_mark", column, thousand),
                Fix(_("%(value)s is a fraction") % {"value": example}, "decimal_mark", column, fraction),
            ]
        case "too_few_cells":
            return [Fix(_("Fill with empty cells"), "fill_short_rows")]
        case "unknown_reference" if found is not None:
            return [
                Fix(
                    _("Read %(value)s as %(meant)s") % {"value": value["value"], "meant": value["suggestion"]},
                    "alias",
                    column,
                    value["value"],
                    value["suggestion"],
                )
                for value in cause["values"]
                if value["suggestion"]
            ][:3]
        case "unknown_country":
            fixes = [
                Fix(
                    _("Read %(value)s as %(meant)s") % {"value": value["value"], "meant": value["suggestion"]},
                    "replace",
                    column,
                    value["value"],
                    value["suggestion"],
                )
                for value in cause["values"]
                if value["suggestion"]
            ][:3]
        case "not_a_number" if any(value["suggestion"] for value in cause["values"]):
            fixes = [Fix(_("Use the digits"), "digits", column)]
    if found is not None and not found.required and not cause["is_warning"] and found.type in _READABLE:
        fixes.append(Fix(_("Leave empty"), "empty", column))
    return fixes


def format_words(import_file: ImportFile) -> str:
    """How the file is written: rows, columns, delimiter, encoding."""
    how = format_of(import_file)
    rows = ngettext("%(count)s row", "%(count)s rows", import_file.row_count) % {"count": f"{import_file.row_count:,}"}
    columns = ngettext("%(count)s column", "%(count)s columns", len(import_file.headers)) % {
        "count": len(import_file.headers)
    }
    return ", ".join(
        [rows, columns, DELIMITER_NAMES.get(how.delimiter, how.delimiter), LABELS.get(how.codec, how.codec)]
    )


@dataclass(frozen=True)
class PreviewLine:
    """One field of the previewed row."""

    label: str
    value: str
    raw: str


def preview_lines(import_file: ImportFile, raw: list[str], parsed: dict[str, Any]) -> list[PreviewLine]:
    """A row as it will be taken, beside what the file says."""
    target = target_or_none(import_file.target)
    if target is None:
        return []
    lines = []
    for index, rule in enumerate(rules_of(import_file)):
        found = target.field_of(rule) if rule.field else None
        if found is None:
            continue
        text = raw[index] if index < len(raw) else ""
        value = parsed.get(found.name)
        shown = _shown(found, value)
        lines.append(PreviewLine(found.label, shown, text if text.strip() != shown else ""))
    return lines


def _shown(found: Field, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if found.type is FieldType.CHOICE:
        return next((choice.label for choice in found.choices if choice.code == value), str(value))
    if found.type is FieldType.MOMENT:
        return str(value).replace("T", " ")[:16]
    return str(value)
