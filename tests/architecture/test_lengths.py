"""How long a text may be is one rule: what a file brings in can be corrected by hand and sent by the API as it is."""

import pytest
from django import forms

from integrations.api.bodies import Body
from integrations.imports.fields import FieldType
from integrations.imports.targets import target_named
from pipeline.api import accounts, activities, contacts, opportunities, order_body, products, satisfaction_responses
from pipeline.forms.accounts import AccountForm
from pipeline.forms.activities import ActivityForm
from pipeline.forms.contacts import ContactForm
from pipeline.forms.opportunities import MoveForm, OpportunityForm
from pipeline.forms.orders import LineForm, OrderForm
from pipeline.forms.products import ProductForm

TEXTS = {FieldType.TEXT, FieldType.LONG_TEXT, FieldType.NAME, FieldType.ID, FieldType.WEBSITE}
# A name may come in two parts, which are one afterwards.
PARTS = {"first_name", "last_name"}

DOORS: list[tuple[str, Body, list[type[forms.Form]]]] = [
    ("accounts", accounts.BODY, [AccountForm]),
    ("contacts", contacts.BODY, [ContactForm]),
    ("products", products.BODY, [ProductForm]),
    ("opportunities", opportunities.BODY, [OpportunityForm, MoveForm]),
    ("activities", activities.BODY, [ActivityForm]),
    ("orders", order_body.BODY, [OrderForm]),
    ("order_lines", order_body.LINE, [LineForm]),
    ("satisfaction_responses", satisfaction_responses.BODY, []),
]


def lengths(target: str, body: Body, shown: list[type[forms.Form]]) -> dict[str, dict[str, int | None]]:
    """Return how long each text may be: field → door → characters."""
    found: dict[str, dict[str, int | None]] = {}
    for field in target_named(target).fields:
        if field.type not in TEXTS or field.name in PARTS:
            continue
        doors = found.setdefault(field.name, {"file": field.max_length})
        if field.name in body.by_name:
            doors["api"] = body.by_name[field.name].schema["maxLength"]
        for form in shown:
            if isinstance(there := form.base_fields.get(field.name), forms.CharField):
                doors[form.__name__] = there.max_length
    return found


@pytest.mark.parametrize(("target", "body", "shown"), DOORS, ids=[door[0] for door in DOORS])
def test_a_text_may_be_as_long_in_a_file_as_in_a_form_and_in_the_api(
    target: str, body: Body, shown: list[type[forms.Form]]
) -> None:
    found = lengths(target, body, shown)

    assert max(len(doors) for doors in found.values()) > 1
    assert {name: doors for name, doors in found.items() if len(set(doors.values())) > 1} == {}


def test_who_names_an_account_in_a_form_can_name_each() -> None:
    longest = target_named("accounts").fields
    name = next(field.max_length for field in longest if field.name == "name")

    assert ContactForm.base_fields["account"].max_length == name  # type: ignore[attr-defined]
    assert OpportunityForm.base_fields["account"].max_length == name  # type: ignore[attr-defined]
    assert OrderForm.base_fields["account"].max_length == name  # type: ignore[attr-defined]
