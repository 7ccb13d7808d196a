"""The keys of a file's rows: the first of rows with one key is taken; the others are held back, or numbered."""

from array import array
from collections import Counter

import numpy as np

from integrations.imports.fields import Problem
from integrations.imports.row_parser import ParsedRow, Values
from integrations.imports.targets import ImportTarget
from integrations.models import ImportFile, ImportRow
from integrations.operations.batches import batch_around, batches_of
from tenancy.models import Organization

KEY_LENGTH = 200


class DoubleRows:
    """Knows the key of each row of a file so far, as a number of eight bytes in the order of the rows."""

    def __init__(self, *, organization: Organization, import_file: ImportFile, target: ImportTarget) -> None:
        self.organization = organization
        self.file = import_file
        self.target = target
        self.seen: set[int] = set()
        self.hashes = array("q")
        self.repeats: Counter[str] = Counter()
        self.firsts: dict[str, tuple[int, Values]] = {}

    def remember(self, count: int) -> None:
        """Know the first `count` rows again, from what a killed check has staged."""
        keys = [0] * count
        for rows in batches_of(organization=self.organization, file_id=self.file.pk):
            for row in rows:
                keys[row.number] = self._note(row.key)
        held = ImportRow.objects.for_organization(self.organization).filter(import_file=self.file)
        for number, key in held.exclude(key="").values_list("number", "key").iterator():
            keys[number] = self._note(key)
        self.hashes = array("q", keys)

    def _note(self, key: str) -> int:
        number = hash(key)
        self.seen.add(number)
        if self.target.numbers_repeats and "#" in key:
            self.repeats[key.rpartition("#")[0]] += 1
        return number

    def of(self, rows: list[ParsedRow], *, first_number: int) -> list[str]:
        """The keys of the next rows; doubles get their problem."""
        keys: list[str] = []
        doubles: list[tuple[ParsedRow, str]] = []
        here: dict[str, tuple[int, Values]] = {}
        seen, key_of = self.seen, self.target.key_of
        for row in rows:
            key = "" if row.is_held_back else key_of(row.values)[:KEY_LENGTH] or f"line {row.line}"
            number = hash(key)
            if key and number in seen:
                if self.target.numbers_repeats and not row.values.get("external_id"):
                    self.repeats[key] += 1
                    key = f"{key}#{self.repeats[key] + 1}"
                    number = hash(key)
                else:
                    doubles.append((row, key))
            elif key:
                here[key] = (row.line, row.values)
            if key:
                seen.add(number)
            self.hashes.append(number)
            keys.append(key)
        if doubles:
            self._hold_doubles(doubles, here, first_number)
        return keys

    def _hold_doubles(
        self, doubles: list[tuple[ParsedRow, str]], here: dict[str, tuple[int, Values]], first_number: int
    ) -> None:
        missing = {key for _, key in doubles} - here.keys()
        firsts = here | (self._earlier(missing, first_number) if missing else {})
        for row, key in doubles:
            line, values = firsts.get(key, (0, {}))
            if line and values == row.values:
                row.problems.append(Problem("double_row", f"The row says the same as line {line}, which is taken."))
            elif line:
                message = f"The row has the same key as line {line} but says something else. Keep one of them."
                row.problems.append(Problem("double_key", message, value=key))

    def _earlier(self, keys: set[str], before: int) -> dict[str, tuple[int, Values]]:
        """The lines and values of rows of earlier batches, by key; a row that was held back itself takes nobody's."""
        found = {key: self.firsts[key] for key in keys if key in self.firsts}
        wanted = keys - found.keys()
        if wanted:
            by_hash = {hash(key): key for key in wanted}
            places = np.nonzero(
                np.isin(np.frombuffer(self.hashes, dtype=np.int64)[:before], np.fromiter(by_hash, dtype=np.int64))
            )[0]
            last = -1
            for place in sorted(map(int, places)):
                if place <= last or wanted <= found.keys():
                    continue
                rows = batch_around(organization=self.organization, file_id=self.file.pk, row_number=place)
                for row in rows:
                    last = max(last, row.number)
                    if row.key in wanted:
                        found.setdefault(row.key, (row.line, row.values))
            if len(self.firsts) > 2_000:
                self.firsts.clear()
            self.firsts |= {key: found[key] for key in wanted if key in found}
        return found
