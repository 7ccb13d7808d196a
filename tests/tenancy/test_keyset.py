"""Keyset paging: cursors that fit one list only."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from tenancy.keyset import InvalidCursor, Sort, chosen_sort, decode_cursor, encode_cursor

NAME = Sort("name", "name_key")
VALUE = Sort("value", "amount_minor", descending=True, nullable=True)


@pytest.mark.parametrize(
    "value", ["ärz", 12, None, date(2026, 3, 2), datetime(2026, 3, 2, 8, 0, 0, 123, tzinfo=UTC), uuid4()]
)
@pytest.mark.parametrize("backward", [True, False])
def test_a_cursor_holds_what_was_put_in(value: object, backward: bool) -> None:
    pk = uuid4()

    cursor = encode_cursor(scope="deals", sort=NAME, value=value, pk=pk, backward=backward)

    assert decode_cursor(cursor, scope="deals", sort=NAME) == (value, pk, backward)


def test_a_cursor_fits_no_other_list_and_no_other_order() -> None:
    cursor = encode_cursor(scope="deals", sort=NAME, value="a", pk=uuid4(), backward=False)

    for scope, sort in [("accounts", NAME), ("deals", VALUE), ("deals", NAME.reversed())]:
        with pytest.raises(InvalidCursor):
            decode_cursor(cursor, scope=scope, sort=sort)


@pytest.mark.parametrize("cursor", ["x", "a:b:c", "🦊", "." * 2_000])
def test_a_cursor_that_we_did_not_make_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(cursor, scope="deals", sort=NAME)


def test_a_sort_is_chosen_from_the_list_only() -> None:
    assert chosen_sort((VALUE, NAME), "") == VALUE
    assert chosen_sort((VALUE, NAME), "-name") == NAME.reversed()
    assert chosen_sort((VALUE, NAME), "value") == VALUE.reversed()
    for unknown in ("owner", "--name", "name_key"):
        with pytest.raises(KeyError):
            chosen_sort((VALUE, NAME), unknown)
