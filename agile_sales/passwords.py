"""What a password may not be, beside too short and too much like its owner."""

import string
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator

_PADDING = string.digits + string.punctuation + string.whitespace


class GuessedFirstValidator(CommonPasswordValidator):
    """Refuses what is guessed first: the common passwords, also with digits and marks in front or behind.

    Most of the common ones are shorter than we ask for, and "football" becomes "football2027!" then.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Let the password pass, or not.

        :raises ValidationError: for one that is guessed first.
        """
        super().validate(password, user)
        word = password.lower().strip(_PADDING)
        if len(word) > 3:
            super().validate(word, user)
