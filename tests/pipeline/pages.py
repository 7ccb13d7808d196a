"""How the tests of pages ask for them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.forms import ChoiceField
from django.test import Client
from django.urls import reverse

from tenancy.models import Member

ClientFor = Callable[[Member], Client]


def url(page: str, /, *args: UUID, organization: str = "acme", **query: str) -> str:
    """Return the address of a page."""
    address = reverse(f"pipeline:{page}", args=[organization, *args])
    return f"{address}?{'&'.join(f'{key}={value}' for key, value in query.items())}" if query else address


def text_of(response: Any) -> str:
    """Return the page as text, with the blanks of its markup folded."""
    return " ".join(response.content.decode().split())


def as_typed(form: Any, **changed: str) -> dict[str, str]:
    """Return what a browser would send for a form that was opened, with some fields typed over."""
    data: dict[str, str] = {}
    for bound in form:
        for name, value in ((bound.html_name, bound.value()), (bound.html_initial_name, bound.initial)):
            shown = bound.field.prepare_value(value)
            if not shown and isinstance(bound.field, ChoiceField):
                choices: Any = bound.field.choices
                shown = next((key for key, _ in choices), "")  # what a browser has selected
            if shown is True:
                data[name] = "on"
            elif shown not in (None, False):
                data[name] = str(shown)
    return {key: value for key, value in (data | changed).items() if value != "False"}
