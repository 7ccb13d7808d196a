"""Import files from the command line, with the same steps and the same report as the page."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.models import Import, SavedMapping
from integrations.operations.checking import check_import, request_check
from integrations.operations.committing import UnableToCommit, commit_import, request_commit
from integrations.operations.map_files import BadMap, apply_map
from integrations.operations.summary import open_decisions, summary_of
from integrations.operations.uploads import FORMATS, UnableToUpload, Upload, start_import
from integrations.operations.values import value_questions
from tenancy.models import Organization
from tenancy.scoping import organization_scope

PIECE = 1024 * 1024


class Command(BaseCommand):
    """`import_records --organization S --format csv --map M PATH…`"""

    help = "Import accounts, deals, orders and more from CSV files, with a report."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--organization", required=True, help="Slug of the organisation.")
        parser.add_argument("--format", choices=sorted(FORMATS), default="csv", help="Where the files come from.")
        parser.add_argument("--map", default="", help="Name of a saved mapping, or a JSON file.")
        parser.add_argument("--source", default="", help="Name of the source; records match on it and their id.")
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--commit", action="store_true", help="Write the records (this is the default).")
        how.add_argument("--dry-run", action="store_true", help="Check the rows and write nothing.")
        parser.add_argument("paths", nargs="+", type=Path, help="Files, or folders with CSV files.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Upload, map, check and commit; exit code 1 when something must be decided or nothing can be imported."""
        organization = Organization.objects.filter(slug=options["organization"], is_active=True).first()
        if organization is None:
            raise CommandError(f"There is no organisation {options['organization']!r}.")
        now = timezone.now()
        saved_name, written_map = self._read_map(organization, options["map"])
        uploads = [Upload(path.name, _pieces(path)) for path in _files(options["paths"])]
        try:
            with organization_scope(organization, task="import_records"):
                made = start_import(
                    organization=organization,
                    uploads=uploads,
                    source_name=options["source"] or str(written_map.get("source", "")),
                    file_format=options["format"],
                    requested_by=None,
                    now=now,
                    mapping_name=saved_name,
                )
                apply_map(organization=organization, made=made, data=written_map)
        except (UnableToUpload, BadMap) as error:
            raise CommandError(str(error)) from error
        made = self._check(organization, made)
        with organization_scope(organization, task="import_records"):
            decide = open_decisions(organization=organization, made=made)
        if decide or options["dry_run"]:
            self._report(made, decide, as_json=options["json"])
            if decide:
                raise CommandError("Nothing was written: decide these in a map, or on the page.", returncode=1)
            return
        try:
            with organization_scope(organization, task="import_records"):
                request_commit(organization=organization, made=made, requested_by=None, now=now, queue=False)
        except UnableToCommit as error:
            self._report(made, [], as_json=options["json"])
            raise CommandError(str(error), returncode=1) from error
        commit_import(organization=organization, import_id=made.pk, now=now)
        self._report(_reload(organization, made), [], as_json=options["json"])

    def _read_map(self, organization: Organization, given: str) -> tuple[str, dict[str, Any]]:
        if not given:
            return "", {}
        if not given.endswith(".json"):
            with organization_scope(organization, task="import_records"):
                if not SavedMapping.objects.for_organization(organization).filter(name=given).exists():
                    raise CommandError(f"There is no saved mapping {given!r}.")
            return given, {}
        try:
            data = json.loads(Path(given).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"The map {given} cannot be read: {error}") from error
        if not isinstance(data, dict):
            raise CommandError(f"The map {given} is not a JSON object.")
        return "", data

    def _check(self, organization: Organization, made: Import) -> Import:
        self._check_once(organization, made)
        with organization_scope(organization, task="import_records"):
            loaded = Import.objects.for_organization(organization).prefetch_related("files").get(pk=made.pk)
            if not _decide_what_is_sure(organization, loaded):
                return loaded
        self._check_once(organization, made)
        return _reload(organization, made)

    def _check_once(self, organization: Organization, made: Import) -> None:
        with organization_scope(organization, task="import_records"):
            request_check(organization=organization, made=made, queue=False)
        check_import(organization=organization, import_id=made.pk, now=timezone.now())

    def _report(self, made: Import, decide: list[str], *, as_json: bool) -> None:
        summary = summary_of(made)
        if as_json:
            self.stdout.write(json.dumps({**summary, "decide": decide}, indent=2, ensure_ascii=False))
            return
        for found in summary["files"]:
            if "skipped" in found:
                self.stdout.write(f"{found['file']}: left out. {found['skipped']}")
                continue
            self.stdout.write(
                f"{found['file']}: {found['rows']:,} {found['label'].lower()}: {found['new']:,} new, "
                f"{found['changed']:,} changed, {found['same']:,} same, {found['held_back']:,} held back"
            )
            for cause in [*found["problems"], *found["warnings"]]:
                words = [*(value["value"] for value in cause["values"]), f"line {cause['first_line']}"]
                self.stdout.write(f"  {cause['count']:>7,} × {cause['message']} ({', '.join(words)})")
        for sentence in decide:
            self.stdout.write(f"Decide: {sentence}")


def _decide_what_is_sure(organization: Organization, made: Import) -> bool:
    """Take the values whose meaning is sure (the very name of an existing stage); whether there were any."""
    any_taken = False
    for found in made.uploaded_files():
        for question in value_questions(organization=organization, import_file=found):
            taken = {
                decision.text: decision.decision
                for decision in question.decisions
                if not decision.is_decided and decision.is_sure
            }
            if taken:
                found.value_map = {
                    **found.value_map,
                    question.field.name: {**found.value_map.get(question.field.name, {}), **taken},
                }
                found.save(update_fields=["value_map"])
                any_taken = True
    return any_taken


def _reload(organization: Organization, made: Import) -> Import:
    with organization_scope(organization, task="import_records"):
        loaded: Import = Import.objects.for_organization(organization).prefetch_related("files").get(pk=made.pk)
        return loaded


def _files(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(child for child in path.iterdir() if child.suffix.lower() in (".csv", ".tsv", ".txt"))
        elif path.is_file():
            found.append(path)
        else:
            raise CommandError(f"There is no file {path}.")
    return found


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece
