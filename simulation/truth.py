"""The planted truth about a stored company, in a file that only tests of scoring read; never in the database."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any
from uuid import UUID

from simulation.company import Company
from simulation.future import HORIZON_DAYS
from simulation.loader import LoadedCompany, account_code


def truth_of(company: Company, loaded: LoadedCompany) -> dict[str, Any]:
    """Return the truth about a stored company as plain values, named by the accounts' ids in the source and here."""
    return {
        **_head(company, loaded.organization.slug),
        "accounts": list(_entries(company, loaded.accounts, stored_before=0)),
    }


def write_truth(path: Path, truth: dict[str, Any]) -> None:
    """Write the truth where only tests look for it, readable by its owner alone."""
    _make(path)
    path.write_text(json.dumps(truth, indent=1), encoding="utf-8")


class TruthFile:
    """The same file, written batch by batch beside its place, and put there when the company is whole.

    :raises OSError: when it can't be written.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_name(f"{path.name}.part")
        _make(self._part)
        if path.is_dir():
            raise IsADirectoryError(21, "Is a directory", str(path))
        self._file = self._part.open("w", encoding="utf-8")
        self._accounts = 0

    def add(self, company: Company, *, slug: str, accounts: Sequence[UUID]) -> None:
        """Write down the next batch, whose accounts have these ids."""
        if not self._accounts:
            self._file.write(json.dumps(_head(company, slug), indent=1).removesuffix("\n}") + ',\n "accounts": [')
        for entry in _entries(company, accounts, stored_before=self._accounts):
            self._file.write(",\n" if self._accounts else "\n")
            self._file.write(indent(json.dumps(entry, indent=1), "  "))
            self._accounts += 1
        self._file.flush()

    def finish(self) -> None:
        """Close the file and put it into its place."""
        self._file.write("\n ]\n}")
        self._file.close()
        os.replace(self._part, self._path)

    def drop(self) -> None:
        """Remove what has been written, because there is no whole company that it is about."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)


def _head(company: Company, slug: str) -> dict[str, Any]:
    return {
        "organization": slug,
        "profile": company.profile.key,
        "seed": company.seed,
        "cut": company.cut.isoformat(),
        "horizon_days": HORIZON_DAYS,
    }


def _entries(company: Company, accounts: Sequence[UUID], *, stored_before: int) -> Iterator[dict[str, Any]]:
    for truth in company.truth:
        yield {
            "external_id": account_code(stored_before + truth.account),
            "id": str(accounts[truth.account]),
            "propensity": truth.propensity,
            "bought": truth.bought,
            "value_minor": truth.value_minor,
            "currency": company.accounts[truth.account].currency,
            "first_bought_on": truth.first_bought_on and truth.first_bought_on.isoformat(),
        }
