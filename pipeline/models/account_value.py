"""What an account is worth: its wallet, its lifetime value, and the money that acting may change."""

from django.db import models
from django.db.models import Q

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class WalletBasis(models.TextChoices):
    """Where the figure for what an account could spend in a year comes from."""

    TEAM = "team", "Set by the account team"
    LEARNT = "learnt", "Learnt from firms like it"
    GROUP = "group", "From its segment and size"


class AccountValue(TenantModel):
    """The money around an account as of the last night, in minor units of `currency`; a year is twelve months.

    Spend and wallet are revenue. The rest is margin where costs are known (`is_margin`), else revenue.
    """

    account = TenantForeignKey("pipeline.Account", models.CASCADE, related_name="values", related_query_name="value")
    run = TenantForeignKey("tenancy.Run", models.PROTECT)
    currency = models.TextField()
    is_margin = models.BooleanField()
    spend_minor = models.BigIntegerField(help_text="Bought in the last year.")
    wallet_minor = models.BigIntegerField(help_text="What it could realistically spend in a year.")
    wallet_basis = models.TextField(choices=WalletBasis.choices)
    lifetime_value_minor = models.BigIntegerField(null=True, help_text="Of the purchases of the next year, discounted.")
    expected_purchases = models.FloatField(null=True, help_text="Within the next year.")
    active_chance = models.FloatField(null=True, help_text="That it still buys; known of repeat buyers only.")
    silence_chance = models.FloatField(null=True, help_text="That it has fallen silent when the horizon is over.")
    silence_low = models.FloatField(null=True, help_text="The 95 % interval of that chance.")
    silence_high = models.FloatField(null=True)
    silence_model = models.TextField(
        default="", db_default="", help_text="The version that says so; empty where the rhythm of purchases does."
    )
    repeat_rate = models.FloatField(null=True, help_text="Of the customers won in the same quarter who bought again.")
    idle_days = models.IntegerField(null=True, help_text="Since the last purchase.")
    usual_gap_days = models.IntegerField(null=True, help_text="Between two purchases; known from three of them on.")
    gain_minor = models.BigIntegerField(help_text="Chance to buy times what it would spend beside its open deals.")
    deals_minor = models.BigIntegerField(help_text="Open deals times their chance to be won.")
    grow_minor = models.BigIntegerField(help_text="Products that it has not, times the chance that it takes them.")
    protect_minor = models.BigIntegerField(help_text="What may be lost in silence and could be kept.")
    movable_minor = models.BigIntegerField(help_text="The part of these four that acting may change.")
    whitespace = models.JSONField(default=list, db_default=[], help_text="What it has not and others like it have.")
    not_counted = models.JSONField(
        default=list, db_default=[], help_text="Currencies of deals and purchases for which there is no rate."
    )
    as_of = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "account"], name="account_value_once"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="account_value_currency"),
            one_of("wallet_basis", WalletBasis, name="account_value_wallet_basis"),
        ]

    def __str__(self) -> str:
        return f"{self.spend_minor} of {self.wallet_minor} {self.currency}"

    @property
    def at_stake_minor(self) -> int:
        """The money at stake, of all four parts."""
        return self.gain_minor + self.deals_minor + self.grow_minor + self.protect_minor

    @property
    def silence_percent(self) -> float | None:
        """The chance to fall silent in per cent."""
        return None if self.silence_chance is None else 100 * self.silence_chance

    @property
    def headroom_minor(self) -> int:
        """What it could spend in a year and does not spend with us."""
        return max(0, self.wallet_minor - self.spend_minor)

    @property
    def share(self) -> float | None:
        """The share of the wallet that we have."""
        return min(1.0, self.spend_minor / self.wallet_minor) if self.wallet_minor > 0 else None
