"""One large and one small company, drawn once for all tests of this folder."""

from datetime import date

import pytest

from simulation.company import Company, draw_company
from simulation.profile import DRIVES, HYDRAULICS

END_DATE = date(2026, 11, 22)


@pytest.fixture(scope="session")
def drives() -> Company:
    """Acme Drives in the size of the demo."""
    return draw_company(DRIVES, accounts=2000, seed=7, end_date=END_DATE)


@pytest.fixture(scope="session")
def hydraulics() -> Company:
    """The other company of the demo."""
    return draw_company(HYDRAULICS, accounts=400, seed=8, end_date=END_DATE)
