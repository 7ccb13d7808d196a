"""GET /api/v1/account-values and /api/v1/account-values/{account_id}: what accounts are worth."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import MoneySerializer, ReferenceSerializer, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from pipeline.models import AccountValue, Segment, WalletBasis
from tenancy.keyset import Sort

EUROS = {"amount_minor": 41_200_000, "currency": "EUR"}
EXAMPLE = {
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "is_margin": False,
    "spend": EUROS,
    "wallet": {"amount_minor": 69_000_000, "currency": "EUR"},
    "wallet_basis": "learnt",
    "share_of_wallet": 0.5971,
    "headroom": {"amount_minor": 27_800_000, "currency": "EUR"},
    "lifetime_value": {"amount_minor": 38_000_000, "currency": "EUR"},
    "expected_purchases": 6.2,
    "active_chance": 0.94,
    "silence": {"chance": 0.23, "low": 0.12, "high": 0.35, "model": "model-3-learned"},
    "repeat_rate": None,
    "idle_days": 41,
    "usual_gap_days": 34,
    "gain": {"amount_minor": 4_100_000, "currency": "EUR"},
    "deals": {"amount_minor": 12_000_000, "currency": "EUR"},
    "growth": {"amount_minor": 800_000, "currency": "EUR"},
    "protect": {"amount_minor": 700_000, "currency": "EUR"},
    "movable": {"amount_minor": 9_100_000, "currency": "EUR"},
    "whitespace": [
        {
            "product_id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2c01",
            "name": "D4 drive",
            "share": 0.61,
            "yearly": {"amount_minor": 2_500_000, "currency": "EUR"},
        }
    ],
    "not_counted": [],
    "run_id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2e01",
    "as_of": "2026-11-23T01:00:00Z",
}


class WhitespaceSerializer(serializers.Serializer[Any]):
    """A product that the account has not."""

    product_id = serializers.UUIDField()
    name = serializers.CharField()
    share = serializers.FloatField(help_text="Of the accounts like it that have it; no chance within a time.")
    yearly = MoneySerializer(help_text="What a year of it brings where it is bought.")


class SilenceSerializer(serializers.Serializer[Any]):
    """Whether a customer will have fallen silent when the horizon is over: no purchase for longer than nine in ten of
    its own gaps. Asked of customers with three days of purchases or more, the last within a year.
    """

    chance = serializers.FloatField()
    low = serializers.FloatField(allow_null=True, help_text="Of the 95 % interval.")
    high = serializers.FloatField(allow_null=True)
    model = serializers.CharField(help_text="The version that says so, with what it rests on.")


class AccountValueSerializer(serializers.Serializer[Any]):
    """The money around an account. Spend and wallet are revenue; the rest is margin where `is_margin`, else revenue."""

    account = ReferenceSerializer()
    is_margin = serializers.BooleanField()
    spend = MoneySerializer(help_text="Of the last twelve months.")
    wallet = MoneySerializer(help_text="What it could realistically spend in a year.")
    wallet_basis = serializers.ChoiceField(WalletBasis.choices)
    share_of_wallet = serializers.FloatField(allow_null=True)
    headroom = MoneySerializer()
    lifetime_value = MoneySerializer(allow_null=True, help_text="Of the next year's purchases, discounted.")
    expected_purchases = serializers.FloatField(allow_null=True, help_text="Within the next year.")
    active_chance = serializers.FloatField(allow_null=True, help_text="Of repeat buyers only.")
    silence = SilenceSerializer(allow_null=True, help_text="Where it is asked and something was learnt of it.")
    repeat_rate = serializers.FloatField(allow_null=True, help_text="Of customers won in the same quarter.")
    idle_days = serializers.IntegerField(allow_null=True, help_text="Since the last purchase.")
    usual_gap_days = serializers.IntegerField(allow_null=True)
    gain = MoneySerializer(help_text="Chance to buy times what it would spend beside its open deals.")
    deals = MoneySerializer(help_text="Open deals times their chance to be won.")
    growth = MoneySerializer(help_text="Products that it has not, times the chance that it takes them.")
    protect = MoneySerializer(help_text="What may be lost in silence and could be kept.")
    movable = MoneySerializer(help_text="The part of these four that acting may change.")
    whitespace = WhitespaceSerializer(many=True)
    not_counted = serializers.ListField(
        child=serializers.CharField(), help_text="Currencies of its money for which the organisation has no rate."
    )
    run_id = serializers.UUIDField()
    as_of = serializers.DateTimeField()


PARTS = {"gain": "gain_minor", "deals": "deals_minor", "growth": "grow_minor", "protect": "protect_minor"}
SILENCE = ("chance", "low", "high", "model")
NUMBERS = ("expected_purchases", "active_chance", "repeat_rate", "idle_days", "usual_gap_days")


class AccountValueView(RecordView):
    """What the accounts of an organisation are worth."""

    required_scope = "scores:read"
    singular, plural = "account_value", "account_values"
    record = AccountValueSerializer
    example = EXAMPLE
    columns = (
        *("id", "account_id", "account__name", "currency", "is_margin", "spend_minor", "wallet_minor"),
        *(
            "wallet_basis",
            "lifetime_value_minor",
            *NUMBERS,
            *PARTS.values(),
            "movable_minor",
            "whitespace",
            "not_counted",
        ),
        *(f"silence_{name}" for name in SILENCE),
        *("run_id", "as_of"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the values of accounts that were not deleted."""
        values: QuerySet[Any, Any] = AccountValue.objects.for_organization(self.organization_id)
        return values.filter(account__deleted_at=None)

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a value; what is not known is null."""
        spend, wallet = row["spend_minor"], row["wallet_minor"]

        def money(amount: int) -> dict[str, Any]:
            return {"amount_minor": amount, "currency": row["currency"]}

        lifetime = row["lifetime_value_minor"]
        return {
            "account": reference(row, "account"),
            "is_margin": row["is_margin"],
            "spend": money(spend),
            "wallet": money(wallet),
            "wallet_basis": row["wallet_basis"],
            "share_of_wallet": round(min(1.0, spend / wallet), 4) if wallet > 0 else None,
            "headroom": money(max(0, wallet - spend)),
            "lifetime_value": None if lifetime is None else money(lifetime),
            **{name: row[name] for name in NUMBERS},
            "silence": None if row["silence_chance"] is None else {name: row[f"silence_{name}"] for name in SILENCE},
            **{name: money(row[column]) for name, column in PARTS.items()},
            "movable": money(row["movable_minor"]),
            "whitespace": [
                {
                    **{name: one[name] for name in ("product_id", "name", "share")},
                    "yearly": money(one["yearly_minor"]),
                }
                for one in row["whitespace"]
            ],
            "not_counted": row["not_counted"],
            "run_id": row["run_id"],
            "as_of": row["as_of"],
        }


class AccountValueListView(AccountValueView, ListView):
    """What accounts are worth as of the last night, page by page in the order of their ids."""

    summary = "List account values"
    sorts = (Sort("account", "account_id"),)
    filters = (
        parameters.codes("segment", "account__segment", Segment.values, "How large the account is to you."),
        parameters.identifier("owner", "account__owner_id", "The person who owns the account."),
        parameters.codes("wallet_basis", "wallet_basis", WalletBasis.values, "Where the wallet comes from."),
    )


class AccountValueDetailView(AccountValueView, DetailView):
    """What one account is worth, by the account's id."""

    summary = "Get the value of an account"
    key = "account_id"
