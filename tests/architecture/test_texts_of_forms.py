"""Every field of a form that takes a text holds it to the one rule; a new form can't forget it."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django import forms

from tenancy.form_fields import LineField
from tests.architecture.test_source import packages

FREE = {
    "FilterForm": "what one looks for is not kept",
    "BulkForm": "do names a button",
    "JoinForm": "a password is taken as it is typed",
    "_Code": "digits of an app, and recovery codes",
    "SampleForm": "the page of components keeps nothing",
}


def our_forms(kind: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    for child in kind.__subclasses__():
        if child.__module__.split(".")[0] in packages():
            yield child
        yield from our_forms(child)


@pytest.fixture(scope="module", autouse=True)
def _all_are_loaded() -> None:
    for package in packages():
        for found in pkgutil.walk_packages([package], f"{package}."):
            if "form" in found.name or ".views" in found.name or "_views" in found.name:
                importlib.import_module(found.name)


def test_texts_of_forms_are_lines_of_the_one_rule() -> None:
    loose, seen = [], 0
    for form in our_forms():
        if any(kind.__name__ in FREE for kind in form.__mro__) or "sign_in_forms" in form.__module__:
            continue
        for name, field in vars(form)["base_fields"].items():
            seen += isinstance(field, LineField)
            if type(field) is forms.CharField and not isinstance(field.widget, forms.PasswordInput):
                loose.append(f"{form.__qualname__}.{name}")
            if type(field) in (forms.DateField, forms.DateTimeField):
                loose.append(f"{form.__qualname__}.{name}")

    assert seen > 25
    assert sorted(loose) == []
