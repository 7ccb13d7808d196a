"""Deciding what columns and values mean, and mending rows. Every change has the rows checked again."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.imports.custom_columns import CUSTOM, is_custom, named
from integrations.imports.fields import ColumnRule
from integrations.imports.inspection import MAX_COLUMNS, name_columns, read_table
from integrations.imports.targets import target_or_none
from integrations.imports.values import name_key
from integrations.models import Import, ImportFile, ImportRow, SavedAlias
from integrations.operations.checking import UnableToChange, request_check
from integrations.operations.file_settings import edits_of, rules_of
from integrations.operations.stored_files import opener_of
from integrations.operations.uploads import KEPT_SAMPLE_ROWS, format_of, suggest_rules
from tenancy.models import Organization


def change_target(*, organization: Organization, made: Import, import_file: ImportFile, target_name: str) -> None:
    """Say what the rows of a file are (nothing: the file is left out), with a fresh suggestion for its columns.

    :raises UnableToChange: for a target that does not exist, or once the import has begun.
    """
    if target_name and target_or_none(target_name) is None:
        raise UnableToChange("There is nothing of that name to import.")
    import_file.target, import_file.is_target_sure = target_name, True
    import_file.rules = [rule.as_json() for rule in suggest_rules(import_file=import_file, target_name=target_name)]
    import_file.value_map = {}
    import_file.mapping_name = ""
    _forget_check(import_file)
    import_file.save()
    request_check(organization=organization, made=made)


def change_rules(
    *,
    organization: Organization,
    made: Import,
    import_file: ImportFile,
    rules: Sequence[ColumnRule],
    value_map: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
    queue: bool = True,
) -> None:
    """Set the meaning of the columns, and of values such as stages.

    :raises UnableToChange: when two columns fill one field, or once the import has begun.
    """
    rules = name_custom_columns(organization=organization, import_file=import_file, rules=rules)
    check_rules(import_file=import_file, rules=rules)
    import_file.rules = [rule.as_json() for rule in rules]
    if value_map is not None:
        import_file.value_map = {name: dict(decisions) for name, decisions in value_map.items()}
    import_file.save(update_fields=["rules", "value_map"])
    request_check(organization=organization, made=made, queue=queue)


def name_custom_columns(
    *, organization: Organization, import_file: ImportFile, rules: Sequence[ColumnRule]
) -> list[ColumnRule]:
    """Give each column that is kept as it is a key, and a kind by what its first cells are.

    :raises UnableToChange: for records that keep no such columns.
    """
    target = target_or_none(import_file.target)
    custom = [rule for rule in rules if rule.field == CUSTOM or is_custom(rule.field)]
    if not custom:
        return list(rules)
    if target is None or not target.takes_custom:
        raise UnableToChange(f"{custom[0].header} cannot be kept: only accounts and deals have columns of their own.")
    samples = [[cells[index] for cells in import_file.sample if index < len(cells)] for index in range(len(rules))]
    return named(rules, samples, target.custom_kinds(organization=organization))


def check_rules(*, import_file: ImportFile, rules: Sequence[ColumnRule]) -> None:
    """Make sure that the rules fit the file and its target.

    :raises UnableToChange: saying which column to change.
    """
    target = target_or_none(import_file.target)
    known = {found.name for found in target.fields} if target is not None else set()
    filled: dict[str, str] = {}
    for rule in rules:
        if not rule.field:
            continue
        if rule.field not in known and not is_custom(rule.field):
            raise UnableToChange(f"{rule.header} is mapped to a field that does not exist.")
        if rule.field in filled:
            raise UnableToChange(f"{filled[rule.field]} and {rule.header} fill the same field. Skip one of them.")
        filled[rule.field] = rule.header


def change_format(
    *,
    organization: Organization,
    made: Import,
    import_file: ImportFile,
    changes: Mapping[str, object],
    queue: bool = True,
) -> None:
    """Change how the file is read: encoding, delimiter, whether it has names, damaged letters, short rows.

    :raises UnableToChange: when nothing can be read that way, or once the import has begun.
    """
    before = format_of(import_file)
    import_file.format = {**import_file.format, **changes}
    how = format_of(import_file)
    shape_changed = (before.codec, before.delimiter, before.has_header, before.repair_text) != (
        how.codec,
        how.delimiter,
        how.has_header,
        how.repair_text,
    )
    if shape_changed:
        _read_shape(organization, import_file)
    import_file.save()
    request_check(organization=organization, made=made, queue=queue)


def _read_shape(organization: Organization, import_file: ImportFile) -> None:
    how = format_of(import_file)
    opener = opener_of(organization=organization, file_id=import_file.pk)
    rows = []
    for record in read_table(opener, how):
        rows.append(record.cells)
        if len(rows) > KEPT_SAMPLE_ROWS:
            break
    if not rows:
        raise UnableToChange("Nothing can be read that way.")
    names, _ = name_columns(rows, how.has_header)
    if len(names) > MAX_COLUMNS:
        raise UnableToChange(f"Read that way the file has {len(names):,} columns, which is not what it is.")
    if list(names) != import_file.headers:
        import_file.headers = list(names)
        rules = suggest_rules(import_file=import_file, target_name=import_file.target)
        import_file.rules = [rule.as_json() for rule in rules]
    import_file.sample = [[cell[:200] for cell in cells] for cells in (rows[1:] if how.has_header else rows)]


def change_column(
    *, organization: Organization, made: Import, import_file: ImportFile, header: str, **changes: Any
) -> None:
    """Change one thing about one column: leave what cannot be read empty, use the digits, read days first.

    :raises UnableToChange: for a column that does not exist, or a change that none can have.
    """
    rules = rules_of(import_file)
    rule = next((found for found in rules if found.header == header), None)
    if rule is None:
        raise UnableToChange("This file has no such column.")
    try:
        changed = ColumnRule.from_json({**rule.as_json(), **changes})
    except ValueError as error:
        raise UnableToChange(str(error)) from error
    change_rules(
        organization=organization,
        made=made,
        import_file=import_file,
        rules=[changed if found is rule else found for found in rules],
    )


def replace_value(
    *, organization: Organization, made: Import, import_file: ImportFile, header: str, text: str, meant: str
) -> None:
    """Read one value of a column as another one, in every row that has it."""
    rule = next((found for found in rules_of(import_file) if found.header == header), None)
    if rule is None:
        raise UnableToChange("This file has no such column.")
    replace = {**rule.replace, name_key(text): meant}
    change_column(organization=organization, made=made, import_file=import_file, header=header, replace=replace)


def save_alias(*, organization: Organization, made: Import | None, target: str, text: str, name: str) -> None:
    """From now on a name in a file means another one: `GTXPro` is GTX Pro, in this import and in later ones."""
    SavedAlias.objects.update_or_create(
        organization=organization, target=target, text_key=name_key(text), defaults={"name": name}
    )
    if made is not None:
        request_check(organization=organization, made=made)


def edit_cells(
    *, organization: Organization, made: Import, import_file: ImportFile, cells: Mapping[int, Mapping[int, str]]
) -> None:
    """Mend cells of held-back rows: line to column index to text. The uploaded file stays as it came.

    A row of which no cell differs is left as it is; of one with the wrong number of cells all that were sent count.
    """
    edits = edits_of(import_file)
    rows = ImportRow.objects.for_organization(organization).filter(import_file=import_file, line__in=cells)
    for row in rows:
        sent = cells[row.line]
        changed = {index: text for index, text in sent.items() if _cell(row, index) != text}
        if changed:
            whole = sent if len(row.raw) != len(import_file.headers) else changed
            edits[row.line] = {**edits.get(row.line, {}), **whole}
    import_file.edits = {
        str(line): {str(index): text for index, text in changed.items()} for line, changed in edits.items()
    }
    import_file.save(update_fields=["edits"])
    request_check(organization=organization, made=made)


def _cell(row: ImportRow, index: int) -> str:
    return str(row.raw[index]) if index < len(row.raw) else ""


def _forget_check(import_file: ImportFile) -> None:
    import_file.questions, import_file.causes, import_file.counts = {}, [], {}
    import_file.found_values, import_file.rows_checked = {}, 0
