"""/api/v1/accounts and /api/v1/accounts/{id}."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values, both_or_neither, with_amounts
from integrations.api.bulk import BulkView, RowOutcomes, row_body
from integrations.api.components import money, reference
from integrations.api.members import MemberView
from integrations.api.views import RecordView, Row
from integrations.api.writing import CreatingView
from integrations.imports.countries import NAMES
from pipeline.api import references
from pipeline.api.bulk import by_external_id, with_accounts
from pipeline.api.components import AccountSerializer
from pipeline.api.writing import RecordDeletingView, RecordWritingView
from pipeline.models import Account, IcpFit, Lifecycle, Segment
from pipeline.operations import UnableToNestAccount, create_account, update_account, upsert_accounts
from pipeline.querysets import starting_with
from tenancy.keyset import Sort
from tenancy.likely_days import HAPPENED
from tenancy.models import Organization

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10",
    "source": "import:crm",
    "external_id": "001Qy00000AbCdE",
    "version": 4,
    "created_at": "2026-02-03T08:14:00Z",
    "updated_at": "2026-11-20T16:02:11Z",
    "name": "Velora E-Bikes",
    "parent_id": None,
    "owner": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "lifecycle": "customer",
    "segment": "key",
    "industry": "Mobility",
    "region": "North",
    "country": "NL",
    "city": "Utrecht",
    "website": "https://velora.example",
    "employees": 420,
    "annual_revenue": {"amount_minor": 9_800_000_000, "currency": "EUR"},
    "potential": {"amount_minor": 125_000_000, "currency": "EUR"},
    "customer_since": "2021-05-01",
    "icp_fit": "a",
    "custom": {"fleet_size": 140, "uses_leasing": True},
}


ONE_CURRENCY = "The amounts of an account are in one currency."
BODY = Body(
    "Account",
    [
        *bodies.from_source(),
        bodies.text("name", 300, "The name of the firm.", example="Velora E-Bikes", required=True),
        bodies.reference("parent_id", "account", references.accounts, "The account of the group that it belongs to."),
        bodies.reference("owner_id", "active member", references.members, "The person who owns it."),
        bodies.code("lifecycle", Lifecycle.values, "How far it has come with you.", example="customer", null=False),
        bodies.code("segment", Segment.values, "How large it is to you.", example="key"),
        bodies.text("industry", 120, "The industry.", example="Mobility"),
        bodies.text("region", 120, "The region.", example="North"),
        bodies.code(
            "country", sorted(NAMES), "The country.", words="the two letters of a country (ISO 3166)", example="NL"
        ),
        bodies.text("city", 120, "The city.", example="Utrecht"),
        bodies.website("website", "The address of its website.", example="https://velora.example"),
        bodies.whole("employees", 0, 10_000_000, "How many people work there.", example=420),
        bodies.money(
            "annual_revenue",
            f"What it earns in a year. {ONE_CURRENCY}",
            example={"amount_minor": 9_800_000_000, "currency": "EUR"},
        ),
        bodies.money(
            "potential",
            f"What it could buy from you in a year. {ONE_CURRENCY}",
            example={"amount_minor": 125_000_000, "currency": "EUR"},
        ),
        bodies.day("customer_since", "The day of its first purchase.", years_ahead=HAPPENED, example="2021-05-01"),
        bodies.code("icp_fit", IcpFit.values, "How well it matches the customers that you serve best.", example="a"),
    ],
    read_only=("owner", "currency", "custom"),
)
AMOUNTS = ("annual_revenue", "potential")


def columns_of(values: Values, current: Account | None = None) -> dict[str, Any]:
    """Return what a body states as the operations take it."""
    named = {"parent_id": "parent", "owner_id": "owner"}
    return {named.get(name, name): value for name, value in with_amounts(values, AMOUNTS, current).items()}


class AccountView(RecordView):
    """The accounts of an organisation."""

    required_scope, write_scope = "accounts:read", "accounts:write"
    singular, plural = "account", "accounts"
    record = AccountSerializer
    example = EXAMPLE
    columns = (
        *("id", "source", "external_id", "version", "created_at", "updated_at", "name", "name_key", "parent_id"),
        *("owner_id", "owner__name", "lifecycle", "segment", "industry", "region", "country", "city", "website"),
        *("employees", "annual_revenue_minor", "potential_minor", "currency", "customer_since", "icp_fit", "custom"),
    )

    expansions = {"owner": MemberView}

    def rows(self) -> QuerySet[Any, Any]:
        """Return the accounts that were not deleted."""
        accounts: QuerySet[Any, Any] = Account.objects.for_organization(self.organization_id).alive()
        return accounts

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return an account; what is not known is null."""
        return {
            "id": row["id"],
            "source": row["source"],
            "external_id": row["external_id"],
            "version": row["version"],
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "name": row["name"],
            "parent_id": row["parent_id"],
            "owner": reference(row, "owner"),
            "lifecycle": row["lifecycle"],
            "segment": row["segment"] or None,
            "industry": row["industry"] or None,
            "region": row["region"] or None,
            "country": row["country"] or None,
            "city": row["city"] or None,
            "website": row["website"] or None,
            "employees": row["employees"],
            "annual_revenue": money(row, "annual_revenue_minor"),
            "potential": money(row, "potential_minor"),
            "customer_since": row["customer_since"],
            "icp_fit": row["icp_fit"] or None,
            "custom": row["custom"],
        }


class AccountListView(AccountView, RecordWritingView, CreatingView):
    """Accounts, page by page. In the order of `id`, the default, no account is missed or comes twice while others
    change: right for a copy. Afterwards ask with `updated_after` for what changed.
    """

    summary = "List accounts"
    body = BODY

    def create(self, values: Values) -> Account:
        """Add the account."""
        both_or_neither(values)
        return create_account(created_at=self.now, **self.acting(), **columns_of(values))

    sorts = (
        Sort("id", "id"),
        Sort("name", "name_key"),
        Sort("potential", "potential_minor", nullable=True),
        Sort("updated_at", "updated_at"),
    )
    filters = (
        parameters.codes("lifecycle", "lifecycle", Lifecycle.values, "How far the firm has come with you."),
        parameters.codes("segment", "segment", Segment.values, "How large it is to you."),
        parameters.codes("icp_fit", "icp_fit", IcpFit.values, "How well it matches the customers that you serve best."),
        parameters.text("region", "region", "The region, as it is written.", example="North"),
        parameters.text("industry", "industry", "The industry, as it is written.", example="Mobility"),
        parameters.text("country", "country", "The country, two capital letters.", example="NL"),
        parameters.identifier("owner", "owner_id", "The person who owns it."),
        parameters.identifier("parent", "parent_id", "The account of the group that it belongs to."),
        parameters.beginning(
            "name", lambda prefix: starting_with("name_key", prefix), "How its name begins.", example="velo"
        ),
        parameters.text("source", "source", "Where it came from.", example="import:crm"),
        parameters.text(
            "external_id", "external_id", "The id that its source knows.", example="001Qy00000AbCdE", needs="source"
        ),
        parameters.moment("updated_after", "updated_at__gt", "Changed later than this moment."),
        parameters.moment("updated_before", "updated_at__lt", "Last changed before this moment."),
    )


class AccountDetailView(AccountView, RecordDeletingView):
    """One account by its id."""

    summary = "Get an account"
    body = BODY
    refusals = {UnableToNestAccount: "parent_id"}
    about = {"DELETE": "It is taken out of every list; what hangs on it stays. For 30 days it can be restored."}

    def change(self, record: Account, values: Values) -> None:
        """Change the account."""
        update_account(
            account=record,
            version=record.version,
            updated_at=self.now,
            **self.acting(),
            **columns_of(values, record),
        )


class AccountBulkView(BulkView):
    """Many accounts."""

    required_scope, write_scope = "accounts:read", "accounts:write"
    singular, plural = "account", "accounts"
    summary = "Add or change many accounts"
    body = row_body(BODY, [by_external_id("parent_external_id", "The account of the group that it belongs to.")])

    def columns(self, values: Values) -> Values:
        """Return what a row states as the operation takes it."""
        return with_amounts(values, AMOUNTS)

    def upsert(self, source: str, rows: Mapping[str, Values]) -> RowOutcomes:
        """Add or change the accounts."""
        found = with_accounts(self.organization_id, source, rows, "parent_external_id", "parent_id")
        organization = Organization.from_db("default", ["id"], [self.organization_id])
        return found.then(upsert_accounts(organization=organization, source=source, rows=found.rows, at=timezone.now()))
