"""The objects that every resource shares, as the OpenAPI document describes them, and how rows become them."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class MoneySerializer(serializers.Serializer[Any]):
    """An amount in the smallest unit of its currency: 1999 EUR is 19.99 euros, 1999 JPY is 1,999 yen."""

    amount_minor = serializers.IntegerField()
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217")


class ReferenceSerializer(serializers.Serializer[Any]):
    """Another record: its id and, for people, its name."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class ProblemFieldSerializer(serializers.Serializer[Any]):
    """What is wrong with one parameter or field."""

    name = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """What went wrong (RFC 9457). `code` is for programs and stays, `detail` is for people and may change."""

    type = serializers.CharField(help_text="about:blank: the status says what kind of problem it is.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField(required=False)
    errors = ProblemFieldSerializer(many=True, required=False)  # type: ignore[assignment]
    reference = serializers.CharField(required=False, help_text="Quote it when you ask us about a 500.")


def money(row: Mapping[str, Any], column: str) -> dict[str, Any] | None:
    """Return the amount in `column` with the row's currency, or None where there is none."""
    amount = row[column]
    return None if amount is None else {"amount_minor": amount, "currency": row["currency"]}


def reference(row: Mapping[str, Any], relation: str) -> dict[str, Any] | None:
    """Return the record behind `relation`, or None where the row has none."""
    key = row[f"{relation}_id"]
    return None if key is None else {"id": key, "name": row[f"{relation}__name"]}
