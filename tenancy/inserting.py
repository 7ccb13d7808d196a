"""The INSERT of one record, put together once for each model: Django makes its text anew for every row it writes, which
costs more than sending it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models


@cache
def insert_statement(model: type[models.Model]) -> str | None:
    """Return the statement that writes one row of `model` and returns what the database makes of it.

    None where the text depends on the values: then Django writes the row.
    """
    written = [field for field in model._meta.local_concrete_fields if not field.generated]
    returned = [field.get_col(model._meta.db_table) for field in model._meta.db_returning_fields]
    # That of bytes is the same as any other for our driver.
    if any(hasattr(field, "get_placeholder") and not isinstance(field, models.BinaryField) for field in written):
        return None
    name = connection.ops.quote_name
    table, columns = name(model._meta.db_table), ", ".join(name(str(field.column)) for field in written)
    places, back = (
        ", ".join(["%s"] * len(written)),
        ", ".join(f"{table}.{name(str(one.target.column))}" for one in returned),
    )
    statement = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 # nosec B608 # names of the model
    return f"{statement} RETURNING {back}" if back else statement


def insert_row(record: models.Model, fields: Sequence[Any]) -> list[Any] | None:
    """Write a new record and return the row of what the database made of it; None where Django must write it."""
    statement = insert_statement(type(record))
    if statement is None or any(hasattr(value, "resolve_expression") for value in vars(record).values()):
        return None
    values = [field.get_db_prep_save(field.pre_save(record, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [_converted(type(record), cursor.fetchone())] if cursor.description else []


@cache
def _converters(model: type[models.Model]) -> list[tuple[int, list[Any], Any]]:
    """Return place, converters and column of what the database returns in another form than Python's."""
    returned = [field.get_col(model._meta.db_table) for field in model._meta.db_returning_fields]
    found = [
        (place, [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)], column)
        for place, column in enumerate(returned)
    ]
    return [one for one in found if one[1]]


def _converted(model: type[models.Model], row: Sequence[Any]) -> Any:
    values = list(row)
    for place, converters, column in _converters(model):
        for convert in converters:
            values[place] = convert(values[place], column, connection)
    return values
