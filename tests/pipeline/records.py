"""Records that the tests of customer records begin with."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipeline.models import (
    Account,
    Activity,
    Contact,
    Inquiry,
    Opportunity,
    Order,
    Product,
    SatisfactionResponse,
    Stage,
)
from pipeline.operations import (
    NewLine,
    create_account,
    create_contact,
    create_default_pipeline,
    create_opportunity,
    create_order,
    create_product,
    log_activity,
    receive_inquiry,
)
from tenancy.models import Member, Organization

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NOON = MORNING + timedelta(hours=4)


def an_account(organization: Organization, owner: Member | None = None, **fields: Any) -> Account:
    """Add an account."""
    fields = {"name": "Velora E-Bikes", "currency": "EUR", **fields}
    return create_account(organization=organization, actor=owner, created_at=MORNING, owner=owner, **fields)


def a_contact(organization: Organization, account: Account | None = None, **fields: Any) -> Contact:
    """Add a contact."""
    fields = {"name": "Sanne de Wit", **fields}
    return create_contact(organization=organization, actor=None, created_at=MORNING, account=account, **fields)


def a_product(organization: Organization, **fields: Any) -> Product:
    """Add a product."""
    fields = {"name": "D4 drive", "code": "D4", "list_price_minor": 120_000, "currency": "EUR", **fields}
    return create_product(organization=organization, actor=None, created_at=MORNING, **fields)


def a_stage(organization: Organization, name: str = "Qualify") -> Stage:
    """Return a stage of the default pipeline."""
    pipeline = create_default_pipeline(organization=organization)
    stage: Stage = Stage.objects.for_organization(organization).get(pipeline=pipeline, name=name)
    return stage


def a_deal(
    organization: Organization,
    account: Account | None = None,
    owner: Member | None = None,
    stage: str = "Qualify",
    opened_at: datetime = MORNING,
    **fields: Any,
) -> Opportunity:
    """Open a deal."""
    fields = {
        "name": "2027 drive framework",
        "amount_minor": 120_000_000,
        "currency": "EUR",
        "close_date": date(2026, 6, 30),
        **fields,
    }
    return create_opportunity(
        organization=organization,
        stage=a_stage(organization, stage),
        actor=owner,
        opened_at=opened_at,
        account=account,
        owner=owner,
        **fields,
    )


def an_order(organization: Organization, account: Account | None = None, **fields: Any) -> Order:
    """Add an order of two lines."""
    lines = fields.pop("lines", [a_line(), a_line(product_name="Controller", quantity=Decimal("2.5"))])
    fields = {"number": "HD-20418", "order_date": date(2026, 2, 20), "currency": "EUR", **fields}
    return create_order(
        organization=organization, actor=None, created_at=MORNING, account=account, lines=lines, **fields
    )


def a_line(**fields: Any) -> NewLine:
    """Return a line of an order."""
    return NewLine(
        **{
            "product": None,
            "product_name": "D4 drive",
            "quantity": Decimal(10),
            "unit_price_e4": 1_999_900,
            "discount_bp": 500,
            **fields,
        }
    )


def an_activity(organization: Organization, account: Account | None = None, **fields: Any) -> Activity:
    """Log a call."""
    fields = {"kind": "call", "occurred_at": NOON, "member": None, **fields}
    return log_activity(organization=organization, logged_at=NOON, account=account, **fields)


def an_inquiry(organization: Organization, account: Account | None = None, **fields: Any) -> Inquiry:
    """Receive an inquiry."""
    fields = {
        "subject": "Hub drives for cargo bikes",
        "text": "What would 400 a year cost?",
        "channel": "web",
        **fields,
    }
    return receive_inquiry(organization=organization, actor=None, created_at=NOON, account=account, **fields)


def an_answer(organization: Organization, account: Account, **fields: Any) -> SatisfactionResponse:
    """Add a customer's answer."""
    moments = dict.fromkeys(("responded_at", "created_at", "updated_at", "recorded_at"), NOON)
    made: SatisfactionResponse = SatisfactionResponse.objects.create(
        organization=organization, account=account, **{"score": 9, **moments, **fields}
    )
    return made
