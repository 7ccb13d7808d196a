"""The address of a website: one rule for forms, the API and imports."""

import re

_LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"
_HOST = rf"(?:{_LABEL}\.){{1,10}}(?:[^\W\d_]{{2,63}}|xn--[a-z0-9-]{{1,59}})"
_ADDRESS = re.compile(rf"(?:https?://)?{_HOST}(?::[0-9]{{1,5}})?(?:[/?#][^\s<>\"\\]*)?", re.IGNORECASE)
WORDS = "a web address such as velora.example or https://velora.example"


class NoWebAddress(ValueError):
    """A text that names no website, or more than that: a program, say."""


def web_address(text: str) -> str:
    """Return the text, which is a host name, with http:// or https:// before it or without, and maybe a path.

    :raises NoWebAddress: for every other scheme, and for what is no host name.
    """
    if len(text) > 300 or not _ADDRESS.fullmatch(text):
        raise NoWebAddress(f"is not {WORDS}")
    return text
