"""A mapping written as a file, for imports by command: what a person would decide on the page.

```json
{"source": "maven", "currency": "USD",
 "files": {"sales_pipeline.csv": {
     "target": "opportunities",
     "columns": {"opportunity_id": "external_id", "close_value": {"field": "amount", "decimal_mark": "point"},
                 "authority": "custom", "go_live": {"field": "custom", "kind": "date", "at_closing": true}},
     "values": {"stage": {"Won": {"create": "Won", "kind": "won"}}}}},
 "aliases": {"products": {"GTXPro": "GTX Pro"}}}
```

The field "custom" keeps a column of accounts or deals under its own name, as a number, category, date or flag.
A file that it does not name keeps its suggestion; a column that it does not name is left out; a target of "" leaves the
file out.
"""

from collections.abc import Mapping
from typing import Any

from integrations.imports.fields import ColumnRule
from integrations.imports.targets import target_or_none
from integrations.models import Import, ImportFile
from integrations.operations.checking import UnableToChange
from integrations.operations.mapping import check_rules, name_custom_columns, save_alias
from integrations.operations.uploads import suggest_rules
from tenancy.models import Organization


class BadMap(ValueError):
    """The map cannot be read; the message says where."""


def apply_map(*, organization: Organization, made: Import, data: Mapping[str, Any]) -> None:
    """Set the mapping of an import's files as the map says. In the caller's transaction.

    :raises BadMap: for words that no map has, columns that the file lacks, or fields that the target lacks.
    """
    unknown = set(data) - {"source", "currency", "files", "aliases", "empty_clears"}
    if unknown:
        raise BadMap(f"A map has no {', '.join(sorted(unknown))}.")
    made.currency = str(data.get("currency", made.currency))
    made.empty_clears = bool(data.get("empty_clears", False))
    made.save(update_fields=["currency", "empty_clears"])
    for target, names in data.get("aliases", {}).items():
        for text, name in names.items():
            save_alias(organization=organization, made=None, target=target, text=text, name=name)
    by_name = {found.name: found for found in made.uploaded_files()}
    for name, wanted in data.get("files", {}).items():
        if name in by_name:
            _apply_to_file(organization, by_name[name], wanted)


def _apply_to_file(organization: Organization, found: ImportFile, wanted: Mapping[str, Any]) -> None:
    unknown = set(wanted) - {"target", "columns", "values", "format"}
    if unknown:
        raise BadMap(f"{found.name}: a file has no {', '.join(sorted(unknown))}.")
    target = str(wanted.get("target", found.target))
    if target and target_or_none(target) is None:
        raise BadMap(f"{found.name}: there is no target {target!r}.")
    if target != found.target:
        found.rules = [rule.as_json() for rule in suggest_rules(import_file=found, target_name=target)]
    found.target, found.is_target_sure = target, True
    if "columns" in wanted:
        found.rules = [rule.as_json() for rule in _rules(organization, found, wanted["columns"])]
    found.value_map = {**found.value_map, **wanted.get("values", {})}
    found.format = {**found.format, **wanted.get("format", {})}
    found.save()


def _rules(organization: Organization, found: ImportFile, columns: Mapping[str, Any]) -> list[ColumnRule]:
    missing = set(columns) - set(found.headers)
    if missing:
        raise BadMap(f"{found.name} has no column {', '.join(sorted(missing))}.")
    try:
        rules = [
            ColumnRule.from_json(
                {"header": header, **(said if isinstance(said, dict) else {"field": said}), "is_sure": True}
            )
            for header in found.headers
            for said in [columns.get(header, "")]
        ]
        rules = name_custom_columns(organization=organization, import_file=found, rules=rules)
        check_rules(import_file=found, rules=rules)
    except (ValueError, UnableToChange) as error:
        raise BadMap(f"{found.name}: {error}") from error
    return rules
