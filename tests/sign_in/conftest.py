"""What the tests of signing in share."""

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords in one round, as the cast's are: what they cost is Django's."""
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1)
