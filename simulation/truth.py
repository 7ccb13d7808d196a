"""The planted truth about a stored company, in a file that only tests of scoring read; never in the database."""

import json
from pathlib import Path
from typing import Any

from simulation.company import Company
from simulation.future import HORIZON_DAYS
from simulation.loader import LoadedCompany, account_code


def truth_of(company: Company, loaded: LoadedCompany) -> dict[str, Any]:
    """Return the truth about a stored company as plain values, named by the accounts' ids in the source and here."""
    return {
        "organization": loaded.organization.slug,
        "profile": company.profile.key,
        "seed": company.seed,
        "cut": company.cut.isoformat(),
        "horizon_days": HORIZON_DAYS,
        "accounts": [
            {
                "external_id": account_code(truth.account),
                "id": str(loaded.accounts[truth.account]),
                "propensity": truth.propensity,
                "bought": truth.bought,
                "value_minor": truth.value_minor,
                "currency": company.accounts[truth.account].currency,
                "first_bought_on": truth.first_bought_on and truth.first_bought_on.isoformat(),
            }
            for truth in company.truth
        ],
    }


def write_truth(path: Path, truth: dict[str, Any]) -> None:
    """Write the truth where only tests look for it, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(truth, indent=1), encoding="utf-8")
